"""Pictures that play by themselves: the browser has all their numbers.

A class may leave a page open: nothing is asked of the server while a film plays, and nothing of
what it shows is sent there.
"""

from collections.abc import Sequence
from typing import Any

import panel_material_ui as pmui
from bokeh.models import ColumnDataSource

# Track k of the film, `film.data["c" + k]`, has a value for each picture, which is put into a
# column of a data source or is the text of a pane or a title. `film.place` runs over the pictures,
# numbered from 0. `film.before` is what the page shows otherwise, `film.shown` what was put there.
_PLAY = """
const last = film.data.c0.length - 1
const tracks = [...columns, ...[WORDS].map(model => [model, "text"])]
const held = (model) => model.data ?? model.text
const put = (model, value) =>
  model.setv(model.data ? {data: value} : {text: value}, {sync: false})
const decoded = (b) => b == 255 ? NaN : b / steps + lowest
const between = (one, other, share, old) => {
  if (one instanceof Uint8Array)
    return [new old[0].constructor(Float32Array.from(one, decoded), old[0].shape)]
  if (typeof one == "string" || one.length != other.length) return share < 0.5 ? one : other
  return share == 0 ? one : Float64Array.from(one, (v, i) => v + share * (other[i] - v))
}
const show = (place) => {
  const i = Math.min(Math.floor(place), last), news = new Map()
  // At rest on each picture for a moment.
  const part = Math.min(1, Math.max(0, 1.4 * (place - i) - 0.2))
  const share = part * part * (3 - 2 * part)
  tracks.forEach(([model, name], k) => {
    if (film.data["c" + k][0] == null) return
    const [one, other] = [i, Math.min(i + 1, last)].map(j => film.data["c" + k][j])
    const value = between(one, other, share, model.data?.[name])
    news.set(model, model.data ? {...(news.get(model) ?? model.data), [name]: value} : value)
  })
  for (const [model, value] of news) {
    put(model, value)
    film.shown.set(model, held(model))
  }
}
const changed = () => [...film.shown].filter(([model, value]) => held(model) !== value)
const touches = ["pointerdown", "keydown", "change"]  // as in `address.Browser`
const stop = () => {
  clearInterval(film.timer)
  film.timer = null
  button.data.label = "Play"
  if (!once) return
  for (const [model] of changed()) film.before.delete(model)  // the server's own, and newer
  for (const [model, value] of film.before) put(model, value)
  for (const each of touches) window.removeEventListener(each, film.stop, true)
}
const advance = () => {
  const now = performance.now()
  if (once && (film.place >= last || changed().length)) return stop()
  show(once ? film.place : last - Math.abs(last - film.place))
  film.place += once ? Math.min(now - film.then, 250) / pace : 1
  if (!once) film.place %= 2 * last
  film.then = now
}
if (film.timer) stop()
else {
  if (once || film.place == null) film.place = 0
  film.then = performance.now()
  film.shown = new Map()
  film.before = new Map(tracks.map(([model]) => [model, held(model)]))
  film.stop = stop
  film.timer = setInterval(advance, once ? 40 : pace)
  if (once) for (const each of touches) window.addEventListener(each, stop, true)
  button.data.label = "Pause"
  advance()
}
"""
# Who has asked their system for less motion presses Play themselves. A film that plays once is no
# more than an opening: a page that the reader has touched does not begin to move by itself.
_BEGIN = """
const still = matchMedia("(prefers-reduced-motion: reduce)").matches
const touched = () => "touched" in document.documentElement.dataset  // see `address.Browser`
// A moment later: what the server sends along with it, such as a new headline, would end it.
if (source.visible && !still) setTimeout(() => { if (!(once && touched())) { PLAY } }, 300)
"""


class Film:
    """Plays pictures in figures that stand already.

        film = Film([(source, "y")], [caption], pace=300)
        film.show([[y0, y1, y2], ["start", "middle", "end"]])

    - `columns`: (data source, column) pairs;  `words`: Panel panes, or titles of figures, whose
      text changes;
    - `pace`: milliseconds from one picture to the next;
    - `once`: numbers glide from picture to picture, and after the last one, or at the reader's
      first touch, the page is as it was. Else the film steps to its end and back until it is
      paused.
    - `lowest`, `steps`: an image of bytes b holds the numbers lowest + b / steps, NaN for 255.

    `button`: Pause and Play, seen from `show` on unless the film plays once: the first touch ends
    that. It has to be part of the page in any case.
    """

    def __init__(
        self,
        columns: Sequence[tuple[ColumnDataSource, str]],
        words: Sequence[Any],
        *,
        pace: int,
        once: bool = False,
        lowest: float = 0.0,
        steps: float = 1.0,
    ):
        self.source = ColumnDataSource(data={})
        # Not `disabled`: Material reads that when it draws the button and listens to changes only
        # after that, so one that comes between the two is lost.
        self.button = pmui.Button(
            label="Play", size="small", variant="outlined", width=90, visible=False,
            stylesheets=[":host { display: none !important; }"] if once else [],
        )  # fmt: skip
        names = [f"words{i}" for i in range(len(words))]
        arguments = {
            "film": self.source, "columns": [list(pair) for pair in columns],
            **dict(zip(names, words, strict=True)), "button": self.button, "pace": pace,
            "once": once, "lowest": lowest, "steps": steps,
        }  # fmt: skip
        play = _PLAY.replace("WORDS", ", ".join(names))
        self.button.js_on_click(args=arguments, code=play)
        self.button.jscallback(args=arguments, visible=_BEGIN.replace("PLAY", play))

    def show(self, tracks: Sequence[Sequence]) -> None:
        """Give the browser what it plays, which then begins.

        - `tracks`: for each of the columns, then of the words, its value in each picture; None
          everywhere for what stays.
        """
        self.source.data = {f"c{k}": list(track) for k, track in enumerate(tracks)}
        self.button.visible = True
