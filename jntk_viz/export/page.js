// The script of an exported page: draws the first state, follows the controls.

// ---- light and dark ----
const dark = matchMedia("(prefers-color-scheme: dark)")
const setTheme = () => { document.documentElement.dataset.theme = dark.matches ? "dark" : "light" }

// ---- formulas ----
async function typeset() {
  const provider = await mathJax()
  for (const element of document.querySelectorAll("[data-tex]")) {
    const display = element.classList.contains("equation")
    element.replaceChildren(provider.MathJax.tex2svg(element.dataset.tex, {display}))
    // To MathJax it is one image, which could hold no symbols to stop at.
    if (element.dataset.tips) element.querySelector("svg")?.removeAttribute("role")
    for (const [number, words] of Object.entries(JSON.parse(element.dataset.tips ?? "{}"))) {
      for (const symbol of element.querySelectorAll(`.jntk-sym-${number}`)) {
        symbol.setAttribute("tabindex", "0")
        symbol.setAttribute("role", "img")
        symbol.setAttribute("aria-label", words)
      }
    }
  }
}

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
}

function writeHash(inputs) {
  const query = new URLSearchParams()
  for (const {input, control} of inputs) query.set(control.name, control.keys[input.value])
  if (inputs.length) history.replaceState(null, "", `#${query}`)
}

function say(header, state, inputs) {
  for (const {input, output, control} of inputs) {
    const word = control.words[input.value]
    input.setAttribute("aria-valuetext", word)
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
  let film
  const back = new Map()
  const changed = () => {
    const state = number(inputs)
    film?.show(state)
    setTheme()
    if (film && (dark.matches || back.size)) recolour(film.doc, header.dark, back, dark.matches)
    say(header, state, inputs)
    writeHash(inputs)
  }
  const inputs = build(header, changed)
  readHash(inputs)
  say(header, number(inputs), inputs)
  const [views] = await Bokeh.embed.embed_items({d: base}, [
    {docid: "d", roots: header.roots, root_ids: Object.keys(header.roots)},
  ])
  film = new Film(header, views.roots[0].model.document)
  changed()
  dark.addEventListener("change", changed)
  document.getElementById("formulas")?.addEventListener("toggle", typeset, {once: true})
  addEventListener("hashchange", () => { readHash(inputs); changed() })
  status.remove()
  document.documentElement.dataset.ready = "yes"  // for whoever waits, such as a test
}

main().catch(error => {
  document.getElementById("status").textContent = `The pictures cannot be shown: ${error}`
  console.error(error)
})
