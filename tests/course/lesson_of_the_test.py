"""A small lesson with one of everything."""

import nbformat


def text(source):
    cell = nbformat.v4.new_markdown_cell(source)
    cell.metadata["slideshow"] = {"slide_type": "slide"}
    return cell


def code(source, hidden=False):
    cell = nbformat.v4.new_code_cell(source)
    cell.metadata["slideshow"] = {"slide_type": "-"}
    cell.metadata["tags"] = ["hide-input"] * hidden
    return cell


def save(path, cells) -> None:
    """Write a notebook."""
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)


TINY = [
    text(
        """# 1. Tiny

**Question.** How steep is $f$ for each $\\lambda$?

Time: about five minutes.

$$\\frac{1}{\\sqrt{d}}$$

See the [next lesson](02_damaged.ipynb).

<details><summary>Solution</summary><p>the whole solution</p></details>"""
    ),
    code(
        """import numpy as np

from jntk_viz import frame
from jntk_viz.lessons import check
from jntk_viz.lessons.pictures import curves
from jntk_viz.lessons.widgets import Answer, Knobs, Prediction, after

frame.use_theme()"""
    ),
    text("**Knobs** and predictions."),
    code(
        """def line(steepness, way):
    y = steepness * np.arange(5.0) * (1 if way == "up" else -1)
    return {"x": np.arange(5.0), "ys": [y], "labels": [""], "ylim": (-20, 20)}


Knobs(
    curves,
    line,
    steepness=[1, 2, 4],
    way=["up", "down"],
    words=lambda knobs, drawn: f"Steepness {knobs['steepness']}, {knobs['way']}",
)"""
    ),
    code(
        """def reveal(guess):
    picture = curves([1, 2], [[1, 2]], ["a"], xlabel="AXIS OF THE ANSWER")
    return Answer("twice as steep", "THIS WAS MEASURED: $2x$.", (picture,))


twice = Prediction("With twice the weight", reveal, choices=["half as steep", "twice as steep"])
twice""",
        hidden=True,
    ),
    code(
        """def reveal(guess):
    return 0.25, curves([1, 2], [[1, 2]], ["a"], level=guess, title=f"guess {guess:g}")


number = Prediction("How far", reveal, low=0, high=1, step=0.25, unit="m")
number""",
        hidden=True,
    ),
    code(
        """after(
    twice,
    number,
    show=["This **afterwards only**.", lambda: Knobs(curves, line, steepness=[1, 2], way=["up"])],
)""",
        hidden=True,
    ),
    text("**Your turn, 3c.** Which width?"),
    code('my_width = ...\n\ncheck("3c", my_width)'),
    code(
        'my_diagnosis = {"A": ..., "B": ..., "C": ..., "D": ..., "E": ...}\n\n'
        'check("7d", my_diagnosis)'
    ),
    code('def my_network(v, w, x, phi, kappa):\n    ...\n\n\ncheck("1a", my_network)'),
]
