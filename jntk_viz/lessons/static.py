"""What a lesson's controls leave on paper: exported HTML and slides, where no kernel answers.

Jupyter keeps several forms of an output and shows the first that it can. These are the last ones:
the picture at the settings that a lesson opens with, and the question without its answer.
"""

from uuid import uuid4

from jntk_viz.drawing.figures import figure_json
from jntk_viz.drawing.theme import INK, LINE, escape

_BOX = f"max-width: 860px; color: {INK}; font-size: 110%; line-height: 1.4"
_CHIP = f"display: inline-block; border: 1px solid {LINE}; padding: 1px 9px; margin: 2px 6px 2px 0"


# Names that Python cannot spell as the lessons do.
SIGNS = {"lam": "λ", "epsilon": "ε"}


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


def prediction(asked: str, question, said: str, figure=None) -> str:
    """The question and what can be answered; once committed, the verdict and its picture."""
    if question.kind == "choice":
        answers = "".join(f'<div style="{_CHIP}">{escape(o)}</div>' for o in question.options)
    else:
        unit = f" {escape(question.unit)}" if question.unit else ""
        answers = (
            f"<div>A number from {_number(question.low)} to {_number(question.high)}{unit}</div>"
        )
    picture = "" if figure is None else _picture(figure)
    return f'<div class="jntk-static" style="{_BOX}">{asked}{answers}{said}{picture}</div>'
