// Knobs, predictions and exercises of a lesson. Their states and answers lie beside them, packed.

const libraries = () => libraries.loading ??= loadLibraries()
const inside = element => element.querySelector(":scope > script[type='application/octet-stream']")
const isDark = () => document.documentElement.dataset.theme == "dark"

// ---- pictures ----
const shownFilms = new Set()

class Pictures {
  constructor(element) {
    this.inputs = [...element.querySelectorAll(":scope > .controls :is(input, select)")]
    this.said = element.querySelector(":scope > .said")
    this.element = element
    for (const input of this.inputs) input.addEventListener("input", () => this.show())
  }

  // `svg`: as paper wants them, sharp at any size.
  async draw(svg = false) {
    const data = inside(this.element)
    if (!data) return
    const text = data.textContent
    data.remove()
    this.header = await unpack(text)
    await libraries()
    const base = revived(this.header.document, this.header.arrays)
    if (svg) for (const root of base.roots) root.attributes.output_backend = "svg"
    const roots = this.header.roots
    const [views] = await Bokeh.embed.embed_items({d: base}, [
      {docid: "d", roots, root_ids: Object.keys(roots)},
    ])
    this.film = new Film(this.header, views.roots[0].model.document)
    this.back = new Map()
    shownFilms.add(this)
    this.show()
    this.element.dataset.drawn = "yes"
  }

  get state() {
    const count = input => input.options?.length ?? Number(input.max) + 1
    return this.inputs.reduce((index, input) => index * count(input) + Number(input.value), 0)
  }

  show() {
    this.inputs.forEach(sayWord)
    if (!this.film) return
    const sentence = this.header.states[this.state].text
    this.film.show(this.state)
    this.colour()
    if (this.said.shown == sentence) return
    this.said.innerHTML = this.said.shown = sentence
    formulas(this.said)
  }

  colour() {
    if (isDark() || this.back.size) recolour(this.film.doc, this.header.dark, this.back, isDark())
  }
}

// The word of a slider's stop, beside it and to screen readers.
function sayWord(input) {
  if (!input.dataset.words) return
  const word = input.dataset.words.split("|")[input.value]
  input.setAttribute("aria-valuetext", word)
  input.parentElement.querySelector("output").textContent = word
}

// Draw pictures when they come near the screen: a lesson opens at once however many it has.
const drawing = new IntersectionObserver(entries => {
  for (const {isIntersecting, target} of entries) {
    if (!isIntersecting) continue
    drawing.unobserve(target)
    target.pictures.draw().catch(failed)
  }
}, {rootMargin: "600px"})

function failed(error) {
  const status = document.getElementById("status")
  if (status) Object.assign(status, {hidden: false, textContent: `A picture cannot be shown: ${error}`})
  console.error(error)
}

// ---- predictions ----
const committed = new Set()

function prediction(form) {
  const choices = form.querySelector(".choices"), slider = choices.querySelector("input")
  form.addEventListener("submit", event => event.preventDefault())
  slider?.addEventListener("input", () => sayWord(slider))
  for (const button of choices.querySelectorAll("button")) {
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", "true")
      commit(form, Number(slider ? slider.value : button.value)).catch(failed)
    })
  }
}

async function commit(form, guess) {
  for (const input of form.querySelectorAll(".choices :is(button, input)")) input.disabled = true
  const {verdicts, shown} = await unpack(inside(form).textContent)
  form.querySelector(".verdict").innerHTML = verdicts[guess]
  // Pictures that do not show the guess are there once.
  fill(form.querySelector(".shown"), shown[shown.length > 1 ? guess : 0])
  await formulas(form.querySelector(".verdict"))
  committed.add(form.dataset.number)
  for (const place of document.querySelectorAll(".after[data-waits]")) {
    if (!place.dataset.waits.split(" ").every(one => committed.has(one))) continue
    const {html} = await unpack(inside(place).textContent)
    delete place.dataset.waits
    fill(place, html)
  }
}

function fill(place, html) {
  place.innerHTML = html
  activate(place)
  formulas(place)
}

// ---- exercises ----
const LEADS = {passed: "Right.", hint: "Not yet.", todo: "Your turn."}

function exercise(form) {
  const judge = form.dataset.kind == "number" ? judgeNumber : judgeChoices
  form.addEventListener("submit", async event => {
    event.preventDefault()
    const key = await unpack(inside(form).textContent)
    const [status, message] = judge(key, form)
    const said = form.querySelector(".feedback")
    said.dataset.status = status
    const lead = document.createElement("b")
    lead.textContent = LEADS[status]
    said.replaceChildren(lead, ` ${message}`)
  })
}

function judgeNumber({rules, truth, unit}, form) {
  const text = form.querySelector("input").value.trim()
  if (!text) return ["todo", "Write your number, then check it."]
  const value = Number(text.replace(",", ".").replace("−", "-"))
  if (!Number.isFinite(value)) return ["hint", `One finite number is asked for; this is “${text}”.`]
  for (const [wanted, near, status, message] of rules) {
    if (Math.abs(value - wanted) <= near * Math.abs(wanted)) return [status, message]
  }
  const direction = value > truth ? "too large" : "too small"
  const decades = value * truth > 0 ? Math.abs(Math.log10(value / truth)) : 0
  const by = decades > 1 ? ` by a factor of more than ${10 ** Math.floor(decades)}.`
    : ". Check each factor of the formula once more."
  return ["hint", `${text}${unit} is ${direction}${by}`]
}

function judgeChoices({truth, hints, remark}, form) {
  const selects = [...form.querySelectorAll("select")]
  if (selects.some(select => !select.value)) return ["todo", "Choose a cause for each, then check them."]
  const wrong = selects.filter(select => select.value != truth[select.name])
  if (!wrong.length) return ["passed", remark]
  const right = selects.length - wrong.length
  return ["hint", `${right} of ${selects.length} are right. ${hints[wrong[0].name]}`]
}

// ---- all of them ----
function activate(root) {
  for (const element of root.querySelectorAll(".film")) {
    element.pictures = new Pictures(element)
    drawing.observe(element)
  }
  root.querySelectorAll("form.prediction").forEach(prediction)
  root.querySelectorAll("form.exercise").forEach(exercise)
}

// Set formulas from top to bottom, and let the page answer in between.
async function formulas(root) {
  const texts = textsWithFormulas(root)
  if (!texts.length) return
  await libraries()
  const provider = await mathJax()
  let begun = performance.now()
  for (const text of texts) {
    typesetText(provider, text)
    if (performance.now() - begun < 30) continue
    await new Promise(later => setTimeout(later))
    begun = performance.now()
  }
}
