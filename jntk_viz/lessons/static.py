"""What a lesson's controls leave on paper: exported HTML and slides, where no kernel answers.

Jupyter keeps several forms of an output and shows the first that it can. These are the last ones:
the picture at the settings that a lesson opens with, and the question without its answer.
"""

import re
from uuid import uuid4

from markdown_it import MarkdownIt

from jntk_viz.drawing.figures import figure_json
from jntk_viz.drawing.theme import INK, LINE, escape

_BOX = f"max-width: 860px; color: {INK}; font-size: 110%; line-height: 1.4"
_TABLE = "border-spacing: 14px 3px; margin: 8px 0 8px -14px; text-align: left"
_CHIP = f"display: inline-block; border: 1px solid {LINE}; padding: 1px 9px; margin: 2px 6px 2px 0"


# What the sliders of some names are called where Python cannot spell it.
SIGNS = {
    "lam": "λ", "epsilon": "ε", "t": "time t", "degrees": "angle δ (degrees)",
    "ratio": "step / limit", "weight_std": "weights σ_w", "bias_std": "biases σ_b",
    "alpha": "skips α",
}  # fmt: skip


# Within a line or across its break, never across a blank line.
_FORMULA = re.compile(r"\$\$.+?\$\$|\$(?:[^$\n]|\n(?!\n))+?\$", re.DOTALL)


def markdown(text: str) -> str:
    """Markdown as HTML, its LaTeX formulas left as they are for MathJax."""
    formulas: list[str] = []

    def keep(found) -> str:
        formulas.append(escape(found[0]))
        return f"\x02{len(formulas) - 1}\x03"

    html = MarkdownIt("commonmark").enable("table").render(_FORMULA.sub(keep, text))
    # In a widget no style sheet of Jupyter's reaches a table: its columns and lines would touch.
    html = html.replace("<table>", f'<table style="{_TABLE}">')
    return re.sub("\x02(\\d+)\x03", lambda place: formulas[int(place[1])], html)


def knobs(sliders, figures, sentence: str) -> str:
    """The settings that the pictures show, the pictures themselves, and the sentence below."""
    settings = "".join(_setting(name, slider) for name, slider in sliders.items())
    pictures = "".join(f'<div style="flex: 1">{_picture(figure)}</div>' for figure in figures)
    row = f'<div style="display: flex">{pictures}</div>'
    return f'<div class="jntk-static" style="{_BOX}">{settings}{row}{sentence}</div>'


def _setting(name, slider) -> str:
    """`width: 8 (or 32, 128, 512)`."""
    others = [label for label, _ in slider.options if label != slider.label]
    rest = f" (or {escape(', '.join(others))})" if others else ""
    sign = escape(SIGNS.get(name, name))
    return f'<div style="{_CHIP}">{sign}: <b>{escape(slider.label)}</b>{rest}</div>'


def _number(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def _picture(figure) -> str:
    """A Bokeh figure that draws itself in any page, as soon as that page has loaded Bokeh."""
    place = f"jntk-{uuid4()}"
    item = figure_json(figure)
    return f"""<div id="{place}"></div><script>(function draw() {{
      if (window.Bokeh?.embed) Bokeh.embed.embed_item({item}, "{place}");
      else setTimeout(draw, 100);
    }})();</script>"""


def afterwards(texts) -> str:
    """What follows a prediction: folded, since on paper nobody can commit a guess."""
    inside = "".join(texts)
    if not inside:
        return (
            f'<div class="jntk-static" style="{_BOX}">Shown after a guess, in the notebook.</div>'
        )
    summary = "<summary>What was found (after your guess)</summary>"
    return f'<details class="jntk-static" style="{_BOX}">{summary}{inside}</details>'


def prediction(asked: str, question, said: str, figures=()) -> str:
    """The question and what can be answered; once committed, the verdict and its pictures."""
    if question.kind == "choice":
        answers = "".join(f'<div style="{_CHIP}">{escape(o)}</div>' for o in question.options)
    else:
        unit = f" {escape(question.unit)}" if question.unit else ""
        answers = (
            f"<div>A number from {_number(question.low)} to {_number(question.high)}{unit}</div>"
        )
    pictures = "".join(map(_picture, figures))
    return f'<div class="jntk-static" style="{_BOX}">{asked}{answers}{said}{pictures}</div>'
