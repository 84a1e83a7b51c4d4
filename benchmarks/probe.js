// Stamps, in a page of jntk_viz, a control's event and the frame that shows its effect.
//
//   await probe.shown("picture", 5000)   milliseconds since the last event; null if nothing came
//
// Kinds of effect: "picture" (new data, axes or layout of a figure, and its canvas painted since),
// "words" (a text changed and a frame passed), "progress" (the progress bar moved or went).
window.probe = (() => {
  const probe = { event: 0, since: 0, seen: [], lastChange: 0 }
  let painted = 0

  for (const type of ["keydown", "click", "pointerup"])
    window.addEventListener(type, event => { if (event.isTrusted) probe.event = event.timeStamp }, true)

  // Bokeh clears each canvas before it paints it.
  const clearRect = CanvasRenderingContext2D.prototype.clearRect
  CanvasRenderingContext2D.prototype.clearRect = function (...box) {
    painted = performance.now()
    return clearRect.apply(this, box)
  }

  function kindOf(change, document) {
    const model = document.get_model_by_id((change.model ?? change.column_source)?.id)
    if (model == null) return null
    if (model.type == "panel.models.markup.HTML") {
      const text = String(change.new ?? "")
      if (change.attr == "visible") return text.includes("false") ? null : "progress"
      if (change.attr != "text") return null
      return /progressbar|role=status/.test(text) || text.includes("role=&quot;status") ? "progress" : "words"
    }
    if (change.attr == "children") return "picture"
    const plotted = !model.type.includes(".") || model.type == "panel.models.layout.Column"
    return plotted ? "picture" : null
  }

  // After the frame that shows what has been changed at `since`, once a canvas has been painted.
  function afterPaint(since, needsCanvas, callback) {
    const look = now => {
      if (needsCanvas && painted < since) {
        if (performance.now() - since < 1000) requestAnimationFrame(look)
        return
      }
      const { port1, port2 } = new MessageChannel()  // runs when the frame has been handed over
      port1.onmessage = () => callback(performance.now())
      port2.postMessage(null)
    }
    requestAnimationFrame(look)
  }

  // Called for every change that is to be seen; `event` is what the reader had done by then.
  probe.changed = kind => {
    const since = performance.now(), event = probe.event
    probe.lastChange = since
    afterPaint(since, kind == "picture", at => probe.seen.push({ kind, event, at }))
  }

  function watch(document) {
    const apply = document.apply_json_patch
    document.apply_json_patch = function (patch, ...rest) {
      apply.call(document, patch, ...rest)
      const kinds = new Set((patch.events ?? []).map(change => kindOf(change, document)))
      for (const kind of kinds) if (kind) probe.changed(kind)
    }
  }
  const wait = setInterval(() => {
    if (!window.Bokeh?.documents?.length) return
    clearInterval(wait)
    watch(Bokeh.documents[0])
  }, 1)

  // What an earlier event brings about, or the mouse on its way, is not counted after a reset.
  probe.reset = () => { probe.seen = []; probe.since = performance.now() }

  probe.shown = (kind, timeout) => new Promise(resolve => {
    const start = performance.now()
    const look = () => {
      const first = probe.seen.find(one => one.kind == kind && one.event > probe.since)
      if (first) resolve(first.at - first.event)
      else if (performance.now() - start > timeout) resolve(null)
      else setTimeout(look, 4)
    }
    look()
  })

  // Resolves when nothing has come from the server for `pause` milliseconds.
  probe.quiet = (pause, timeout) => new Promise(resolve => {
    const start = performance.now()
    const look = () => {
      const now = performance.now()
      if (now - Math.max(probe.lastChange, start) > pause || now - start > timeout) resolve(null)
      else setTimeout(look, 20)
    }
    look()
  })

  // A page is useful when a figure has been painted and the headline says a number; on the landing
  // page, which has no headline, when a figure has something to draw.
  const html = model => model.type == "panel.models.markup.HTML" ? model.text : ""
  const plain = text => new DOMParser().parseFromString(text, "text/html").body.textContent
  const words = text => plain(plain(text))  // Panel has escaped the tags
  const filled = figure => figure.renderers.some(r => {
    const data = r.data_source?.data ?? {}
    return [...(data instanceof Map ? data.values() : Object.values(data))].some(c => c.length > 1)
  })
  function isUseful(models) {
    const figures = models.filter(model => model.type == "Figure" && model.inner_width > 0)
    if (!painted || !figures.length) return false
    const said = models.map(html).filter(text => text.includes("aria-live")).map(words)
    return said.length ? said.some(text => /\d/.test(text) && !text.includes("…")) : figures.some(filled)
  }
  const useful = setInterval(() => {
    const document = window.Bokeh?.documents?.[0]
    if (document == null || !isUseful([...document.all_models])) return
    clearInterval(useful)
    clearInterval(still)
    afterPaint(performance.now(), false, at => { probe.useful = at })
  }, 25)
  // Until then a still stands in for the pictures.
  const still = setInterval(() => {
    if (!document.getElementById("still")?.classList.contains("here")) return
    clearInterval(still)
    afterPaint(performance.now(), false, at => { probe.still = at })
  }, 5)
  return probe
})()
