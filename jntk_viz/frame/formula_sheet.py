"""Typeset equations in which every explained symbol can be hovered, focused or tapped."""

import re
from typing import NamedTuple

import panel as pn
import panel_material_ui as pmui
import param
from panel.custom import JSComponent

from jntk_viz.drawing.theme import FONT, INK, LINE, MUTED, css, escape
from jntk_viz.frame.glossary import MARKS, TIPS, glossary_list, marked

# One TeX token: a command, or a single character that is no blank.
_TOKEN = re.compile(r"\\(?:[A-Za-z]+|.)|\S", re.DOTALL)
# Their argument is a word, in which single letters are no symbols.
_WORDS = {r"\text", r"\mathrm", r"\operatorname", r"\begin", r"\end", r"\mathcal", r"\xrightarrow"}
_SPACES = {r"\,", r"\;", r"\:", r"\!", r"\ ", r"\quad", r"\qquad"}


class Formula(NamedTuple):
    """One displayed equation and what it and its symbols mean.

    - `latex`: without dollar signs;  `meaning`: a plain sentence;  `symbols`: LaTeX -> plain words.

    A key of `symbols` may name several symbols, separated by commas, an argument, as in `f(x)`,
    and what a symbol stands for, as in `u = (f, J)`.

    - `code`: full name of the function that computes it;  `source`: paper or book, and where in it.
      Both are shown below it.
    """

    latex: str
    meaning: str = ""
    symbols: dict = {}  # noqa: RUF012 - read only
    code: str = ""
    source: str = ""


def tokens(latex):
    """The TeX tokens of a formula and where each begins and ends: [(token, start, end), ...]."""
    return [(m.group(), m.start(), m.end()) for m in _TOKEN.finditer(latex)]


def _plain(latex):
    return tuple(token for token, *_ in tokens(latex) if token not in _SPACES)


def symbols_of(key):
    """The symbols that one key of `Formula.symbols` explains, as tuples of tokens.

    "e,\\; V" -> e and V;  "f(x)" -> f(x) and f;  "u = (f, J)" -> u.
    """
    depth, parts = 0, [[]]
    for token in _plain(key):
        depth += (token in "({[") - (token in ")}]")
        if token == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    found = []
    for part in parts:
        left = part[: part.index("=")] if "=" in part else part
        heads = [left]
        if "(" in left[1:]:
            heads.append(left[: left.index("(")])
        before = left[: left.index(r"\cdot")] if r"\cdot" in left[1:] else ()
        if before and "{" not in before:  # a norm of anything, and no index as in K_{o\cdot}
            heads.append(before)
        found += [tuple(head) for head in heads if head and tuple(head) not in found]
    return found


def _is_another(symbol, following):
    """Does what follows a symbol make another one of it? x', u^*, Θ_t are not x, u, Θ."""
    if following[:1] in (("_",), ("'",)):
        return True
    if following[:1] == ("^",):
        # e^{...} is the exponential function, never an eigenvalue e.
        return symbol == ("e",) or following[1:2] in (("*",), (r"\star",))
    return False


def _word_spans(parts):
    """Numbers of the tokens inside `\\text{...}` and its like."""
    inside, depth, opened = set(), 0, None
    for i, (token, *_) in enumerate(parts):
        if opened is None and token in _WORDS:
            opened, depth = i, 0
        elif opened is not None:
            depth += (token == "{") - (token == "}")
            if depth == 0:
                opened = None
                continue
        if opened is not None:
            inside.add(i)
    return inside


def mark_symbols(latex, explained):
    r"""`latex` with every explained symbol as `{\class{jntk-sym jntk-sym-3}{...}}`.

    - `explained`: list of (tokens of the symbol, number); among several that fit, the longest, then
      the first. Returns the LaTeX and the set of numbers that were found.
    """
    parts = [part for part in tokens(latex) if part[0] not in _SPACES]
    words = _word_spans(parts)
    names = tuple(token for token, *_ in parts)
    by_length = sorted(explained, key=lambda entry: -len(entry[0]))
    out, position, i, used = [], 0, 0, set()
    while i < len(parts):
        for symbol, number in by_length:
            end = i + len(symbol)
            # A word such as \text{loss} can be explained as a whole.
            inside = i in words and symbol[0] not in _WORDS
            if inside or names[i:end] != symbol or _is_another(symbol, names[end : end + 2]):
                continue
            start, stop = parts[i][1], parts[end - 1][2]
            marked = rf"{{\class{{jntk-sym jntk-sym-{number}}}{{{latex[start:stop]}}}}}"
            out += [latex[position:start], marked]
            position, i = stop, end
            used.add(number)
            break
        else:
            i += 1
    return "".join([*out, latex[position:]]), used


def sheet_entries(entries):
    """Entries of a `Sheet`: a list of dicts, one for each `Formula`.

    A symbol that only another formula of the page explains can be hovered as well.
    """
    meanings, keys = [], []  # number -> words; (tokens, number, formula)
    for at, entry in enumerate(entries):
        for key, words in entry.symbols.items():
            keys += [(symbol, len(meanings), at) for symbol in symbols_of(key)]
            meanings.append(words)
    shown = []
    for at, entry in enumerate(entries):
        own = [(symbol, number) for symbol, number, home in keys if home == at]
        others = [(symbol, number) for symbol, number, home in keys if home != at]
        latex, used = mark_symbols(entry.latex, own + others)
        tips = {str(number): meanings[number] for number in sorted(used)}
        # Its own symbols are explained by the list; those of the glossary may mean another thing.
        listed = [[k, marked(escape(words), symbols=False)] for k, words in entry.symbols.items()]
        shown.append({
            "latex": latex, "meaning": entry.meaning, "tips": tips, "symbols": listed,
            "html": marked(escape(entry.meaning), symbols=False),
            "code": entry.code, "source": entry.source,
        })  # fmt: skip
    return shown


_STYLE = css(f"""
:host {{ font: 400 15px/1.4 {FONT}; color: {INK}; display: block; }}
.equation {{ font-size: 17px; overflow-x: auto; overflow-y: hidden; padding: 8px 4px; }}
.equation mjx-container {{ display: block; min-width: max-content; }}
p {{ margin: 0 6px 6px; max-width: 70em; }}
.code {{ margin-bottom: 14px; }} .code code {{ font-size: 14px; overflow-wrap: anywhere; }}
dl {{ margin: 0 6px 14px; display: grid; grid-template-columns: minmax(70px, max-content) 1fr;
      gap: 4px 14px; align-items: baseline; max-width: 70em; }}
dt, dd {{ margin: 0; overflow-wrap: anywhere; }}
.jntk-sym {{ cursor: help; outline: none; }}
.jntk-sym .area {{ fill: transparent; stroke: none; pointer-events: all; }}
.jntk-sym .line {{ stroke: {MUTED}; stroke-width: 40; stroke-dasharray: 60 60; }}
.jntk-sym:hover .area, .jntk-sym:focus .area {{ fill: {LINE}; }}
.jntk-sym:focus-visible .area {{ stroke: currentColor; stroke-width: 60; }}
{MARKS}""")


class Sheet(JSComponent):
    """Equations, their meaning, and their symbols, typeset by Bokeh's own MathJax.

    Made by `sheet`. Where MathJax is missing, the LaTeX itself is shown.
    """

    entries = param.List([], doc="Dicts from `sheet_entries`.")

    _stylesheets = [_STYLE]  # noqa: RUF012 - read only
    _esm = (
        TIPS
        + r"""
    export function render({ model, el }) {
      showTips()
      const fill = async () => {
        const tex = await typesetter()
        el.replaceChildren(...model.entries.flatMap(entry => formula(entry, tex)))
      }
      model.on("entries", fill)
      // Folded away, it is not typeset before somebody opens it.
      const seen = new IntersectionObserver(found => {
        if (found.some(f => f.isIntersecting)) { seen.disconnect(); fill() }
      })
      seen.observe(el)
      el.style.minHeight = "20px"
    }

    async function typesetter() {
      try {
        const provider = Bokeh.require("models/text/providers").default_provider
        if (provider.status == "not_started" || provider.status == "loading")
          await provider.fetch()
        return (source, display) => provider.MathJax.tex2svg(source, {display})
      } catch (error) {
        console.warn("no MathJax:", error)
        return source => make("code", "", source)
      }
    }

    function make(kind, name, text) {
      const element = document.createElement(kind)
      if (name) element.className = name
      if (text) element.textContent = text
      return element
    }

    function formula(entry, tex) {
      const parts = [make("div", "equation")]
      parts[0].append(tex(entry.latex, true))
      // To MathJax it is one image, which could hold no symbols to stop at.
      parts[0].querySelector("svg")?.removeAttribute("role")
      parts[0].setAttribute("role", "group")
      parts[0].setAttribute("aria-label", "Formula. " + entry.meaning)
      // A wide one scrolls, which the keyboard does from inside.
      if (!Object.keys(entry.tips).length) parts[0].tabIndex = 0
      requestAnimationFrame(() => explain(parts[0], entry.tips))
      if (entry.html) {
        parts.push(make("p"))
        parts[1].innerHTML = entry.html
      }
      if (entry.symbols.length) {
        const list = make("dl")
        for (const [source, words] of entry.symbols) {
          const term = make("dt")
          const image = tex(source, false)
          image.setAttribute("role", "img")
          image.setAttribute("aria-label", source.replaceAll(/[\\{}$]/g, " "))
          image.querySelector("svg")?.setAttribute("aria-hidden", "true")
          term.append(image)
          const meaning = make("dd")
          meaning.innerHTML = words
          list.append(term, meaning)
        }
        parts.push(list)
      }
      if (entry.code) {
        const line = make("p", "code", `Source: ${entry.source}. Computed by `)
        line.append(make("code", "", entry.code))
        parts.push(line)
      }
      return parts
    }

    function explain(equation, tips) {
      for (const symbol of equation.querySelectorAll(".jntk-sym")) {
        const number = [...symbol.classList].find(c => /jntk-sym-\d/.test(c)).slice(9)
        symbol.setAttribute("tabindex", "0")
        symbol.setAttribute("role", "img")
        symbol.setAttribute("aria-label", tips[number])
        underline(symbol)
      }
    }

    // A generous area to hit, and a dotted line that says there is something to learn.
    function underline(symbol) {
      const box = symbol.getBBox()
      const put = (kind, name, values) => {
        const shape = document.createElementNS("http://www.w3.org/2000/svg", kind)
        shape.setAttribute("class", name)
        for (const key in values) shape.setAttribute(key, values[key])
        symbol.prepend(shape)
      }
      // MathJax draws upwards, in thousandths of an em.
      const low = Math.min(box.y, 0) - 90
      put("line", "line", {x1: box.x, x2: box.x + box.width, y1: low, y2: low})
      put("rect", "area", {x: box.x - 30, y: low - 60, width: box.width + 60,
                           height: box.y + box.height - low + 120})
    }
    """
    )


def sheet(*entries):
    """The equations without a fold, for pages that have no Material widgets."""
    return Sheet(entries=sheet_entries(entries), sizing_mode="stretch_width", margin=(0, 4))


def formulas(*entries):
    """The folded section below a page: its equations, every symbol explained, and the glossary."""
    section = pmui.Accordion(
        ("Formulas and symbols", pn.Column(sheet(*entries), glossary_list())),
        sizing_mode="stretch_width",
        margin=(2, 4),
        disable_gutters=True,
        sx={
            "& .MuiAccordionSummary-root": {"minHeight": 36},
            "& .MuiAccordionSummary-content": {"margin": "4px 0"},
            "& .MuiAccordionSummary-content *": {"fontSize": 16, "fontWeight": 500},
        },
    )
    section.jscallback(args={"section": section}, active=_SCROLL_THERE)
    return section


# Opened below the pictures, the section would lie outside the window; typesetting takes a while.
_SCROLL_THERE = """
for (const element of document.querySelectorAll("body *")) {
  const main = element.shadowRoot?.querySelector(".main-content")
  const top = () => Bokeh.index.find_one(section).el.getBoundingClientRect().top
  const scroll = () => main.scrollBy({top: top() - 60, behavior: "smooth"})
  if (main) [350, 1200].forEach(wait => setTimeout(scroll, wait))
}
"""
