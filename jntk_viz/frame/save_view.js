// One picture of all that is seen: the question, the pictures, the legend, the sentence, the link.
// All lengths are CSS pixels of the screen; `scale` turns them into pixels of the file.

const MARGIN = 20, GAP = 10
const views = Object.values(saver.data.figures).map(([id]) => view_of(id)).filter(Boolean)
if (views.length == 0) {
  status.text = "There is no picture on the page now."
  return
}
const boxes = views.map(view => view.el.getBoundingClientRect())
const left = Math.min(...boxes.map(box => box.left)), top = Math.min(...boxes.map(box => box.top))
const width = Math.max(600, Math.max(...boxes.map(box => box.right)) - left)
const height = Math.max(...boxes.map(box => box.bottom)) - top
const {model} = views[0], ink = model.title?.text_color ?? "#222222"
const paper = model.border_fill_color ?? "#ffffff"
const family = saver.data.font, measure = document.createElement("canvas").getContext("2d")

// Words and samples of lines, as they stand below one another; a sentence wraps at the width.
const pieces = []
let y = MARGIN
const lines = (html, pixels, weight = 400) => {
  const body = new DOMParser().parseFromString(html, "text/html").body
  body.querySelectorAll("details").forEach(more => more.remove())
  const font = measure.font = `${weight} ${pixels}px ${family}`
  let x = 0
  const word = text => {
    const long = measure.measureText(text).width
    if (x > 0 && x + long > width) { x = 0; y += 1.35 * pixels }
    if (x == 0 && !text.trim()) return
    const last = pieces.at(-1)
    if (x > 0 && last.text != null) last.text += text
    else pieces.push({x: MARGIN + x, y: y + pixels, font, text})
    x += long
  }
  const walk = node => {
    if (node.nodeType == Node.TEXT_NODE) node.data.split(/(?<=[\s&])/).forEach(word)
    else if (node.style?.borderTopWidth) {
      if (x > 0 && x + 150 > width) { x = 0; y += 1.35 * pixels }
      const {borderTopColor: colour, borderTopWidth: thick, borderTopStyle: dashes} = node.style
      const at = {x: MARGIN + x, y: y + 0.65 * pixels, long: 26}
      pieces.push({...at, colour, thick: parseFloat(thick), dashed: dashes == "dashed"})
      x += 32
    } else node.childNodes.forEach(walk)
  }
  walk(body)
  if (x > 0) y += 1.35 * pixels + GAP
}
const escaped = text => new Option(text).innerHTML
lines(escaped(saver.data.words.heading ?? ""), 24, 500)
const pictures = boxes.map(box => ({x: MARGIN + box.left - left, y: y + box.top - top, box}))
y += height + GAP
lines(saver.data.words.legend ?? "", 15)
lines(saver.data.words.sentence ?? "", 18)
lines(escaped(location.href), 12)
const whole = {width: width + 2 * MARGIN, height: y + MARGIN - GAP}

const [wide, high] = saver.data.sizes[size.data.value]
const scale = Math.min(
  wide ? wide / whole.width : SHARPNESS, high ? high / whole.height : Infinity)
const file = {width: wide || whole.width * scale, height: high || whole.height * scale}
const shift = {x: (file.width / scale - whole.width) / 2, y: (file.height / scale - whole.height) / 2}

async function png(blobs) {
  const canvas = document.createElement("canvas")
  canvas.width = Math.round(file.width)
  canvas.height = Math.round(file.height)
  const pen = canvas.getContext("2d")
  pen.fillStyle = paper
  pen.fillRect(0, 0, canvas.width, canvas.height)
  pen.scale(scale, scale)
  pen.translate(shift.x, shift.y)
  for (const [i, blob] of blobs.entries()) {
    const {x, y, box} = pictures[i]
    pen.drawImage(await createImageBitmap(blob), x, y, box.width, box.height)
  }
  for (const {x, y, font, text, long, colour, thick, dashed} of pieces) {
    pen.font = font
    pen.fillStyle = ink
    pen.strokeStyle = colour
    pen.lineWidth = thick
    pen.setLineDash(dashed ? [6, 4] : [])
    if (text != null) pen.fillText(text, x, y)
    else pen.stroke(new Path2D(`M${x} ${y}h${long}`))
  }
  return new Promise(done => canvas.toBlob(done, "image/png"))
}

async function svg(blobs) {
  const texts = await Promise.all(blobs.map(blob => blob.text()))
  const parser = new DOMParser()
  const inside = texts.map((text, i) => {
    const root = parser.parseFromString(text, "image/svg+xml").documentElement
    root.setAttribute("x", pictures[i].x)
    root.setAttribute("y", pictures[i].y)
    // Names are unique in a file: each picture has clips and gradients of its own.
    const named = [...root.querySelectorAll("[id]")].map(node => node.id)
    return named.reduce(
      (all, id) => all.replaceAll(`"${id}"`, `"${id}-${i}"`).replaceAll(`#${id})`, `#${id}-${i})`)
        .replaceAll(`"#${id}"`, `"#${id}-${i}"`),
      new XMLSerializer().serializeToString(root))
  })
  const words = pieces.map(({x, y, font, text, long, colour, thick, dashed}) => text == null
    ? `<path d="M${x} ${y}h${long}" stroke="${colour}" stroke-width="${thick}"`
      + `${dashed ? ' stroke-dasharray="6 4"' : ""}/>`
    : `<text x="${x}" y="${y}" xml:space="preserve" fill="${ink}" `
      + `style="font:${escaped(font).replaceAll('"', "'")}">${escaped(text)}</text>`)
  const view = `${-shift.x} ${-shift.y} ${file.width / scale} ${file.height / scale}`
  const long = size.data.value.startsWith("Paper") ? `width="180mm"`
    : `width="${file.width / (wide ? 1 : scale)}" height="${file.height / (wide ? 1 : scale)}"`
  return new Blob([
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ${long}`,
    ` viewBox="${view}"><rect x="${-shift.x}" y="${-shift.y}" width="${file.width / scale}"`,
    ` height="${file.height / scale}" fill="${paper}"/>${inside.join("")}${words.join("")}</svg>`,
  ], {type: "image/svg+xml"})
}

const made = Promise.all(exported(views, scale)).then("KIND" == "png" ? png : svg)
save(made, saver.data.page + "-view.KIND")
