// What every exported file does: unpacks its states, brings pictures to a state, colours them.
"use strict"

async function gunzip(text) {
  const packed = Uint8Array.from(atob(text), c => c.charCodeAt(0))
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))
  return new Response(stream).arrayBuffer()
}

async function unpack(text) {
  const whole = await gunzip(text)
  const length = new DataView(whole).getUint32(0, true)
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(whole, 4, length)))
  const start = Math.ceil((4 + length) / 8) * 8
  header.arrays = header.arrays.map(([at, size]) => whole.slice(start + at, start + at + size))
  return header
}

// Run the libraries that lie in the file compressed, one after the other (`html.packed_scripts`).
async function loadLibraries() {
  for (const element of document.querySelectorAll("script.library")) {
    const script = document.createElement("script")
    script.textContent = new TextDecoder().decode(await gunzip(element.textContent))
    document.head.append(script)
    element.remove()
  }
}

const TOO_OLD = "This browser is too old for the pictures: " +
  "Chrome and Edge from 80, Safari from 16.4, Firefox from 113 show them."

// A serialised value with its arrays put in, and fresh ids for models that come with it: one
// document may not hold two models of the same id.
let made = 0
function revived(node, arrays, ids = new Map()) {
  if (Array.isArray(node)) return node.map(part => revived(part, arrays, ids))
  if (node === null || typeof node != "object") return node
  if (node.type == "bytes") return {type: "bytes", data: new Uint8Array(arrays[node.data])}
  const copy = {}
  for (const [key, value] of Object.entries(node)) copy[key] = revived(value, arrays, ids)
  if (typeof copy.id == "string" && copy.id.startsWith("new")) {
    if (!ids.has(copy.id)) ids.set(copy.id, `made${made++}`)
    copy.id = ids.get(copy.id)
  }
  return copy
}

class Film {
  constructor(header, doc) {
    this.header = header
    this.doc = doc
    this.shown = header.keys.map(() => 0)  // the document is that of state 0
  }

  // Bring the pictures to a state: only what differs from what they show is changed.
  show(state) {
    const {keys, values, states, arrays} = this.header
    const wanted = states[state].values
    const events = []
    keys.forEach(([id, attr], i) => {
      if (wanted[i] == this.shown[i]) return
      const value = revived(JSON.parse(values[i][wanted[i]]), arrays)
      events.push({kind: "ModelChanged", model: {id}, attr, new: value})
    })
    this.shown = wanted
    if (events.length) this.doc.apply_json_patch({events})
  }
}

// Colours and palettes of the figures; `back` keeps what they are on light paper.
function recolour(doc, {colours, palettes}, back, isDark) {
  const other = new Map(palettes)
  for (const model of doc.all_models) {
    const coloured = [...model].filter(p => p.attr == "palette" || p.attr.endsWith("color"))
    for (const {attr, ...rest} of coloured.map(p => ({attr: p.attr, value: p.get_value()}))) {
      const plain = attr == "palette" ? rest.value.join(",") : rest.value?.value ?? rest.value
      if (typeof plain != "string") continue
      const key = `${model.id} ${attr}`
      const before = back.get(key)
      const light = before?.dark == plain ? before.light : plain
      const night = attr == "palette" ? other.get(light) ?? light : colours[light.toLowerCase()] ?? light
      back.set(key, {light, dark: night})
      const wanted = isDark ? night : light
      if (wanted == plain) continue
      const value = attr == "palette" ? wanted.split(",")
        : rest.value?.value === undefined ? wanted : {...rest.value, value: wanted}
      model.setv({[attr]: value})
    }
  }
}

// ---- formulas ----
// The MathJax that Bokeh ships, once it is ready.
async function mathJax() {
  const provider = Bokeh.require("models/text/providers").default_provider
  if (provider.status == "not_started" || provider.status == "loading") await provider.fetch()
  return provider
}
