"""The landing page: what this is, a live picture and a link for each page, where to go next."""

from importlib.metadata import version

import jax
import panel as pn

from jntk_viz import views
from jntk_viz.studies import landing as study
from jntk_viz.views import landing as pictures
from jntk_viz.views.theme import ACCENT, FONT, INK, LINE

INTRODUCTION = """
<h1>An infinitely wide network, its slopes, and what makes it robust</h1>
<p>A very wide neural network and its <b>input Jacobian</b> (how fast the output moves when the
input does) are one Gaussian process, and training it with a penalty on that Jacobian becomes a
linear equation with a fixed kernel, the <b>Jacobian NTK</b>. Here you can watch finite networks
get there, and see what the penalty buys (theory:
<a href="https://proceedings.mlr.press/v235/kim24ah.html">Kim &amp; Yang, ICML 2024</a>).</p>
"""
CARDS = {
    "gp_convergence": (
        "Twelve random networks on the circle (orange), inside the limiting band (blue).",
        "Try: double the width twice. By how much does the error fall?",
    ),
    "jntk_constancy": (
        "One row of the kernel at width 16 (blue) and 512 (orange), and its limit (dashed).",
        "Try: train widths 64 and 1024 side by side. Which kernel moves?",
    ),
    "robust_training": (
        "Robust accuracy against training time, with (orange) and without (black) the penalty.",
        "Try: find the time at which to stop. What happens if you wait for ever?",
    ),
}
NEXT = """
<h2>Where to go next</h2>
<ul>
<li><b>Lessons</b> with the same pictures and the code behind them: <code>jntk-viz lab</code>
opens the folder <code>notebooks/</code> in JupyterLab.</li>
<li><b>The paper</b>: <a href="https://arxiv.org/abs/2312.03386">arXiv 2312.03386</a>,
<i>An Infinite-Width Analysis on the Jacobian-Regularised Training of a Neural Network</i>.</li>
<li><b>In Python</b>: <code>from jntk_viz import jntk, RobustDynamics</code>.</li>
</ul>
"""
TEXT = f"""
div {{ font: 400 16px/1.4 {FONT}; color: {INK}; }}
h1 {{ font: 500 25px/1.25 {FONT}; margin: 4px 0; }} h2 {{ font: 500 17px/1.3 {FONT}; margin: 0; }}
p, ul {{ margin: 4px 0; }} p {{ max-width: 62em; }} a {{ color: {ACCENT}; }}
h2 a {{ font-weight: 500; }}
"""
CARDS_CSS = """
:host { display: grid; gap: 14px; max-height: none !important;
  grid-template-columns: repeat(auto-fit, minmax(min(340px, 100%), 1fr)); }
"""


def text(html, **layout):
    return pn.pane.HTML(
        f"<div>{html}</div>", stylesheets=[TEXT], sizing_mode="stretch_width", **layout
    )


def card(entry, plot):
    what, try_this = CARDS[entry.name]
    link = f'<h2><a href="{entry.name}">{entry.title}</a></h2>'
    return pn.Column(
        text(link, margin=(8, 12, 0, 12)),
        pn.Column(plot.pane, height=180, sizing_mode="stretch_width", margin=(2, 6)),
        text(f"<p>{what}</p><p><b>{try_this}</b></p>", margin=(0, 12, 10, 12)),
        sizing_mode="stretch_width",
        margin=0,
        styles={"border": f"1px solid {LINE}", "border-radius": "6px"},
    )


def machine():
    """Device and versions, for the lecturer who wonders what is running."""
    device = jax.devices()[0]
    names = ("jntk-viz", "jax", "panel", "holoviews")
    return f"Running on {device.device_kind} with " + ", ".join(
        f"{name} {version(name)}" for name in names
    )


def app():
    """The landing page; its pictures are computed from the library after it has opened."""
    views.use_theme()
    plots, job = {}, views.LatestWins()
    for name, view in pictures.PICTURES.items():
        plots[name] = views.LivePlot(view, min_height=160, **pictures.EMPTY[view])

    def compute(job):
        for i, (name, picture) in enumerate(study.PICTURES.items()):
            job.progress(i / len(plots), "Computing the pictures")
            ready[name] = picture()
            job.emit(dict(ready))

    def show(numbers):
        views.update_all(*((plots[name], data) for name, data in numbers.items()))

    ready = {}
    cards = [card(entry, plots[entry.name]) for entry in views.PAGES if entry.name in plots]
    return views.plain_page(
        "jntk_viz",
        text(INTRODUCTION, margin=(6, 12)),
        views.job_bar(job, buttons=False),
        pn.Column(*cards, sizing_mode="stretch_width", margin=(0, 12), stylesheets=[CARDS_CSS]),
        text(NEXT + f"<p>{machine()}</p>", margin=(10, 12)),
        start=lambda: job.submit(compute, partial=show),
    )


if __name__.startswith("bokeh"):  # true only where Panel serves the file
    app().servable()
