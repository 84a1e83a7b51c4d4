"""A tiny site for tests: two pages with one preset each, a lesson, a part of the reference."""

import nbformat
import yaml

from jntk_viz.frame.presets import read_preset

PRESETS = {
    "playground": """
name: tiny
title: Tiny
say: Slide t and see.
set: {example: caps, depth: 1, t: 10, lam: 0.1}
sweep: {t: [10, 100], lam: [0.1]}
predict:
  title: Two caps
  question: How many points withstand the attack with the penalty?
  kind: choice
  options: [fewer, as many, more of them]
  answer: robust_points
  hide: [standard, penalised]
  explain: It flattens f.
""",
    "gp_convergence": """
name: small
title: How wide is wide enough?
set: {view: covariance, width: 8, networks: 100, depth: 1, activation: erf, data: circle}
""",
}


def only_ours(page, study, folder=None):
    """One small preset of each page, in place of all of them."""
    return [read_preset(yaml.safe_load(PRESETS[page]), study.state)]


ARGUMENTS = {
    "pages": list(PRESETS), "reference": ["kernels", "lessons"],
    "quiet": True, "tell": lambda line: None,
}  # fmt: skip


def write_lesson(folder):
    """A lesson of two cells, in a folder of its own."""
    cells = [
        nbformat.v4.new_markdown_cell("# A tiny lesson\n\nOf the kernel $K$. (5 minutes)"),
        nbformat.v4.new_code_cell("6 * 7"),
    ]
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "00_tiny.ipynb")
    return folder
