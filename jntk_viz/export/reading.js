// How an exported page is read: dark, undo, a link to what is seen, prediction, presentation.
"use strict"

const ICONS = {
  undo: "M9 14 4 9l5-5 M4 9h10a6 6 0 0 1 0 12h-3",
  link: "M10 14a5 5 0 0 0 7 0l3-3a5 5 0 0 0-7-7l-1 1 M14 10a5 5 0 0 0-7 0l-3 3a5 5 0 0 0 7 7l1-1",
  dark: "M20 14.5A8 8 0 1 1 9.5 4 6.5 6.5 0 0 0 20 14.5z",
  present: "M3 5h18v11H3z M12 16v4 M8 20h8",
}

// ---- light and dark ----
// The reader's choice holds for all pages and documents of a site, which keep it under the same key.
const system = matchMedia("(prefers-color-scheme: dark)")
const scheme = {
  chosen() {
    try { return localStorage.getItem("theme") } catch { return this.here }  // storage is blocked
  },
  choose(theme) {
    this.here = theme
    try { localStorage.setItem("theme", theme) } catch { /* holds for this page alone */ }
  },
  isDark() {
    const theme = this.chosen()
    return theme == "dark" || (theme != "light" && system.matches)
  },
}
const setTheme = () => {
  document.documentElement.dataset.theme = scheme.isDark() ? "dark" : "light"
}

// ---- the buttons of the page ----
class Bar {
  constructor() {
    this.place = document.getElementById("bar")
    this.buttons = {}
    this.said = document.createElement("span")
    this.said.setAttribute("role", "status")
    this.place.append(this.said)
  }
  add(key, label, onclick) {
    const button = document.createElement("button")
    button.type = "button"
    button.title = label
    button.dataset.key = key
    if (ICONS[key]) {
      button.setAttribute("aria-label", label)
      button.innerHTML =
        `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${ICONS[key]}"/></svg>`
    } else {
      button.textContent = label
    }
    button.onclick = onclick
    this.buttons[key] = button
    this.place.insertBefore(button, this.said)
  }
  press(key, on) {
    this.buttons[key]?.setAttribute("aria-pressed", on)
  }
  say(words) {
    this.said.textContent = words
    clearTimeout(this.timer)
    this.timer = setTimeout(() => { this.said.textContent = "" }, 2500)
  }
}

async function copyLink(bar) {
  const address = location.href
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(address)
  } else {  // plain http, as in a classroom
    const area = document.createElement("textarea")
    area.value = address
    document.body.append(area)
    area.select()
    document.execCommand("copy")
    area.remove()
  }
  bar.say("Link copied")
}

// Stops of the controls as they were; a drag of a slider is one change.
class Past {
  constructor(now) { this.now = now; this.before = []; this.last = 0 }
  follow(stops, time = performance.now()) {
    if (String(stops) == String(this.now)) return
    if (time - this.last > 600) this.before.push(this.now)
    this.last = time
    this.now = stops
  }
  back() {
    this.last = 0
    if (this.before.length) this.now = this.before.pop()
    return this.now
  }
}

// ---- prediction ----
const digits = value => Number(value.toPrecision(3)).toString().replace("-", "−")

// Mean distance of a sketched line from the curve where both are, in parts of the curve's height.
function sketchDistance([gx, gy], [x, y], [logX, logY]) {
  const scaled = (values, log) => [...values].map(v => log ? Math.log10(v) : v)
  const order = [...gx.keys()].sort((a, b) => gx[a] - gx[b])
  const sx = scaled(order.map(i => gx[i]), logX), sy = scaled(order.map(i => gy[i]), logY)
  const cx = scaled(x, logX), cy = scaled(y, logY)
  const off = []
  cx.forEach((at, i) => {
    const k = sx.findIndex(value => value >= at)
    if (k < 0 || (k == 0 && sx[0] > at)) return
    const share = k == 0 || sx[k] == sx[k - 1] ? 1 : (at - sx[k - 1]) / (sx[k] - sx[k - 1])
    const line = k == 0 ? sy[0] : sy[k - 1] + share * (sy[k] - sy[k - 1])
    off.push(Math.abs(line - cy[i]))
  })
  const height = Math.max(...cy) - Math.min(...cy)
  return [off.length ? off.reduce((sum, v) => sum + v, 0) / off.length : NaN, height]
}

// One sentence that compares a guess with the answer, as the pages' own `predictions.verdict`.
function verdict(question, guess) {
  const {kind, value} = question
  if (kind == "number") {
    const unit = question.unit ? ` ${question.unit}` : ""
    const close = Math.abs(guess - value) <= 0.1 * (question.high - question.low)
    return `You said ${digits(guess)}${unit}; measured ${digits(value)}${unit}${close ? ": close" : ""}.`
  }
  if (kind == "order") {
    const right = value.filter((option, i) => option == guess[i]).length
    if (right == value.length) return "You put all of them in the right order."
    const first = right == 0 ? "You put none of them in its place"
      : `You put ${right} of ${value.length} in ${right == 1 ? "its place" : "their places"}`
    return `${first}. Measured: first ${value.join(", then ")}.`
  }
  if (kind == "sketch") {
    const [off, height] = sketchDistance(guess, value, question.log)
    if (Number.isNaN(off))
      return "Your line does not pass over the curve, so the two cannot be compared."
    const near = off <= 0.1 * height ? " A close guess." : ""
    return `On average your line is ${(height > 0 ? 100 * off / height : 0).toFixed(0)} % of the ` +
      `curve's height away from it.${near}`
  }
  return guess == value ? `You said “${guess}”, and so it is.`
    : `You said “${guess}”; it is “${value}”.`
}

class Prediction {
  // goToStart: brings the controls to the settings that the question is about.
  constructor(question, bar, goToStart) {
    Object.assign(this, {question, bar, goToStart, asking: false, on: false})
    this.place = document.getElementById("prediction")
    this.heading = document.querySelector("h1")
    this.title = this.heading.textContent
  }
  get models() { return Bokeh.documents[0] }
  ask(on) {
    this.on = on
    this.bar.press("predict", on)
    this.place.hidden = !on
    if (!on) { if (this.asking) this.reveal(); return }
    this.goToStart()
    this.asking = true
    this.heading.textContent = this.question.title
    this.cover(true)
    const asked = document.createElement("p")
    asked.innerHTML = "<b>Predict:</b> "
    asked.append(this.question.question)
    this.inputs = document.createElement("div")
    this.inputs.append(...this.makeInputs())
    this.said = document.createElement("p")
    this.said.setAttribute("role", "status")
    this.place.replaceChildren(asked, this.inputs, this.said)
  }
  button(text, onclick) {
    const button = document.createElement("button")
    button.type = "button"
    button.textContent = text
    button.onclick = onclick
    return button
  }
  makeInputs() {
    const {kind, options, unit, low, high, step} = this.question
    if (kind == "choice") return options.map(o => this.button(o, () => this.commit(o)))
    if (kind == "number") {
      const label = document.createElement("label"), input = document.createElement("input")
      const output = document.createElement("output")
      Object.assign(input, {type: "range", min: low, max: high, step, value: (low + high) / 2})
      const tell = () => { output.textContent = digits(Number(input.value)) }
      input.oninput = tell
      tell()
      label.append(`Your guess${unit ? ` (${unit})` : ""} `, output, input)
      return [label, this.button("Commit", () => this.commit(Number(input.value)))]
    }
    if (kind == "order") {
      const chosen = []
      const buttons = options.map(option => this.button(option, () => {
        const at = chosen.indexOf(option)
        at < 0 ? chosen.push(option) : chosen.splice(at, 1)
        buttons.forEach((button, i) => {
          const place = chosen.indexOf(options[i])
          button.textContent = (place < 0 ? "" : `${place + 1}. `) + options[i]
        })
      }))
      const commit = () => chosen.length == options.length ? this.commit(chosen)
        : this.say("Click all of them, in your order.")
      return [...buttons, this.button("Commit", commit)]
    }
    this.line = this.models.get_model_by_id(this.question.line)
    this.line.data = {xs: [], ys: []}
    const commit = () => {
      const {xs, ys} = Object.fromEntries(
        this.line.data instanceof Map ? this.line.data : Object.entries(this.line.data))
      xs.length ? this.commit([xs.at(-1), ys.at(-1)])
        : this.say("Draw a line into the picture first.")
    }
    return ["Draw your curve into the picture. ", this.button("Commit", commit)]
  }
  say(words) { this.said.textContent = words }
  commit(guess) {
    this.inputs.hidden = true
    const {text, explain} = this.question
    this.said.innerHTML = `<b></b> ${[text, explain].filter(Boolean).join(" ")}`
    this.said.firstChild.textContent = verdict(this.question, guess)
    this.reveal()
  }
  reveal() {
    this.asking = false
    this.heading.textContent = this.title
    this.cover(false)
  }
  // Axes stay in sight, and so does the reader's own line.
  cover(covered) {
    document.documentElement.classList.toggle("asking", covered)
    for (const {input} of this.controls) input.disabled = covered || input.options?.length == 1
    const pen = this.question.pen && this.models.get_model_by_id(this.question.pen)
    this.question.hide.forEach((id, i) => {
      const figure = this.models.get_model_by_id(id)
      for (const renderer of figure.renderers)
        if (!renderer.name?.startsWith("reader")) renderer.visible = !covered
      for (const legend of figure.legend ?? []) legend.visible = !covered
      if (covered) {
        this.titles ??= {}
        this.titles[id] = figure.title.text
        figure.title.text = pen && i == 0 ? this.question.draw : this.question.covered
      } else if (this.titles?.[id] !== undefined) {
        figure.title.text = this.titles[id]
        delete this.titles[id]
      }
    })
    if (pen) pen.active = covered
  }
}

// ---- presentation ----
const LARGER = 1.3
function enlarge(doc, on, sizes) {
  for (const model of doc.all_models) {
    for (const property of model) {
      if (!property.attr.endsWith("text_font_size")) continue
      const key = `${model.id} ${property.attr}`
      const value = property.get_value(), plain = value?.value ?? value
      if (typeof plain != "string" || !/^[\d.]+(px|pt|em)$/.test(plain)) continue
      if (!sizes.has(key)) sizes.set(key, plain)
      const was = sizes.get(key)
      const size = on ? parseFloat(was) * LARGER + was.replace(/[\d.]+/, "") : was
      if (size != plain) model.setv({[property.attr]: value?.value ? {...value, value: size} : size})
    }
  }
}

// Only the pictures to be presented, of the grid that is seen; all of it if none of them is there.
function showOnly(ids, on) {
  for (const grid of document.querySelectorAll(".grid")) {
    const cells = [...grid.querySelectorAll(".cell")]
    const large = cells.filter(cell => ids.some(id => cell.querySelector(`#place-${id}`)))
    const shown = large.length ? large : cells
    for (const cell of cells) cell.classList.toggle("aside", on && !shown.includes(cell))
    grid.classList.toggle("few", on && large.length > 0)
  }
}

// The arrow keys lead to the next settings of a site, as links of the second bar are ordered.
function neighbour(by) {
  const links = [...document.querySelectorAll("nav:nth-of-type(2) a")]
  const here = links.findIndex(link => link.hasAttribute("aria-current"))
  return here < 0 ? null : links[(here + by + links.length) % links.length]
}
