// The script of an exported page: draws the first state, follows the controls.

// ---- controls ----
function build(header, changed) {
  const form = document.getElementById("controls")
  const inputs = header.controls.map((control, i) => {
    const box = document.createElement("div")
    const label = document.createElement("label")
    label.htmlFor = `control${i}`
    label.textContent = control.label
    if (control.doc) box.title = control.doc
    let input, output
    if (control.ordered) {
      input = document.createElement("input")
      Object.assign(input, {type: "range", min: 0, max: control.words.length - 1, step: 1})
      output = document.createElement("output")
      output.htmlFor = input.id
      label.append(output)
    } else {
      input = document.createElement("select")
      control.words.forEach((word, k) => input.add(new Option(word, k)))
    }
    input.id = `control${i}`
    input.name = control.name
    input.value = control.start
    input.disabled = control.words.length < 2
    input.addEventListener("input", changed)
    box.append(label, input)
    form.append(box)
    return {input, output, control}
  })
  form.addEventListener("submit", event => event.preventDefault())
  return inputs
}

const stops = inputs => inputs.map(({input}) => Number(input.value))
const number = inputs => inputs.reduce(
  (index, {input, control}) => index * control.words.length + Number(input.value), 0)

function readHash(inputs) {
  const wanted = new URLSearchParams(location.hash.slice(1))
  for (const {input, control} of inputs) {
    const at = control.keys.indexOf(wanted.get(control.name))
    if (at >= 0) input.value = at
  }
  return {predict: wanted.get("predict") == "true", present: wanted.get("present") == "true"}
}

function writeHash(inputs, ways) {
  const query = new URLSearchParams()
  for (const {input, control} of inputs) query.set(control.name, control.keys[input.value])
  for (const [way, on] of Object.entries(ways)) if (on) query.set(way, "true")
  history.replaceState(null, "", String(query) ? `#${query}` : location.pathname + location.search)
}

function say(header, state, inputs) {
  for (const {input, output, control} of inputs) {
    const word = control.words[input.value]
    if (input.type == "range") input.setAttribute("aria-valuetext", word)  // a menu says it itself
    if (output) output.textContent = word
  }
  const {texts, states} = header
  const [headline, ...panes] = states[state].texts.map(i => texts[i])
  const heading = document.getElementById("headline")
  if (heading.shown != headline) {
    const opened = heading.querySelector("details.aside")?.open
    heading.innerHTML = heading.shown = headline
    const details = heading.querySelector("details.aside")
    if (details && opened) details.open = true
  }
  document.querySelectorAll(".text").forEach((element, i) => {
    if (element.shown == panes[i]) return
    element.shown = panes[i]
    const root = element.shadowRoot ?? element.attachShadow({mode: "open"})
    root.innerHTML = panes[i]
  })
  document.querySelectorAll(".grid").forEach((grid, i) => {
    grid.hidden = states[state].grid != i
  })
  const live = document.getElementById("live")
  live.href = header.live + states[state].query
}

// The buttons of the page, and what they do to it.
function guide(header, inputs, changed) {
  const bar = new Bar(), past = new Past(stops(inputs)), sizes = new Map()
  const put = wanted => {
    inputs.forEach(({input}, i) => { input.value = wanted[i] })
    changed()
  }
  const start = header.controls.map(control => control.start)
  const prediction = header.question &&
    new Prediction(header.question, bar, () => String(stops(inputs)) != String(start) && put(start))
  if (prediction) prediction.controls = inputs
  let presenting = false
  const present = on => {
    presenting = on
    document.documentElement.classList.toggle("present", on)
    bar.press("present", on)
    showOnly(header.presented, on)
    enlarge(Bokeh.documents[0], on, sizes)
    changed()
  }
  const undo = () => put(past.back())
  if (prediction) {
    bar.add("predict", "Predict first", () => { prediction.ask(!prediction.on); changed() })
  }
  if (inputs.length) bar.add("undo", "Undo", undo)
  bar.add("link", "Copy link", () => copyLink(bar))
  if (header.presented.length) bar.add("present", "Present", () => present(!presenting))
  bar.add("dark", "Dark", () => {
    scheme.choose(scheme.isDark() ? "light" : "dark")
    changed()
  })
  addEventListener("keydown", event => {
    const typing = event.target.matches("input, select, textarea")
    if (event.key == "z" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); undo() }
    if (!presenting || event.ctrlKey || event.altKey || event.metaKey) return
    if (event.key == "Escape") present(false)
    const by = {ArrowRight: 1, ArrowLeft: -1, PageDown: 1, PageUp: -1}[event.key]
    const link = by && !typing && neighbour(by)
    if (link) location.href = link.href + "#present=true"
  })
  return {
    ways: () => ({predict: prediction?.on, present: presenting}),
    follow() {
      past.follow(stops(inputs))
      if (bar.buttons.undo) bar.buttons.undo.disabled = !past.before.length
      bar.press("dark", scheme.isDark())
    },
    take(ways) {
      if (prediction && prediction.on != ways.predict) prediction.ask(ways.predict)
      if (header.presented.length && presenting != ways.present) present(ways.present)
    },
  }
}

async function main() {
  setTheme()
  showTips()
  const status = document.getElementById("status")
  if (!window.DecompressionStream) {
    status.textContent = TOO_OLD
    return
  }
  const header = await unpack(document.getElementById("states").textContent)
  const base = revived(header.document, header.arrays)
  let film, reader
  const back = new Map()
  const changed = () => {
    const state = number(inputs)
    film?.show(state)
    setTheme()
    if (film && (scheme.isDark() || back.size)) {
      recolour(film.doc, header.dark, back, scheme.isDark())
    }
    say(header, state, inputs)
    reader?.follow()
    if (reader) writeHash(inputs, reader.ways())
  }
  const inputs = build(header, changed)
  const asked = readHash(inputs)
  say(header, number(inputs), inputs)
  const [views] = await Bokeh.embed.embed_items({d: base}, [
    {docid: "d", roots: header.roots, root_ids: Object.keys(header.roots)},
  ])
  film = new Film(header, views.roots[0].model.document)
  reader = guide(header, inputs, changed)
  changed()
  reader.take(asked)
  changed()
  system.addEventListener("change", changed)
  document.getElementById("formulas")?.addEventListener("toggle", typeset, {once: true})
  addEventListener("hashchange", () => {
    const ways = readHash(inputs)
    changed()
    reader.take(ways)
    changed()
  })
  status.remove()
  document.documentElement.dataset.ready = "yes"  // for whoever waits, such as a test
}

main().catch(error => {
  document.getElementById("status").textContent = `The pictures cannot be shown: ${error}`
  console.error(error)
})
