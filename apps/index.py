"""The landing page: what this is, a live picture and a link for each page, where to go next."""

from importlib.metadata import version
from typing import NamedTuple

import jax
import panel as pn

from jntk_viz import views
from jntk_viz.studies import landing as study
from jntk_viz.views import landing as pictures
from jntk_viz.views.recolour import name_figure
from jntk_viz.views.theme import ACCENT, FONT, INK, LINE, css, escape

INTRODUCTION = """
<h1>An infinitely wide network, its slopes, and what makes it robust</h1>
<p class="wide">A very wide neural network and its <b>input Jacobian</b> (how fast the output moves
when the input does) are one Gaussian process, and training it with a penalty on that Jacobian
becomes a linear equation with a fixed kernel, the <b>Jacobian NTK</b>. Here you can watch finite
networks get there, and see what the penalty buys (theory:
<a href="https://proceedings.mlr.press/v235/kim24ah.html">Kim &amp; Yang, ICML 2024</a>).</p>
"""
# What each picture shows; a screen reader says it instead of the picture.
CARDS = {
    "gp_convergence": "Twelve random networks on the circle (orange) in the limiting band (blue).",
    "jntk_constancy": "One row of the kernel at width 16 (blue) and 512 (orange), and its limit "
    "(dashed).",
    "robust_training": "Robust accuracy against training time, with (orange) and without (dashed) "
    "the penalty: two peaks, two ends.",
    "eigenfeatures": "Accuracy (→) and robustness (↑) of each feature of the kernel, with (orange) "
    "and without (blue) the penalty; none can lie above the line.",
    "full_rank": "Smallest eigenvalue against depth: GeLU (blue), erf (orange); grey is lost in "
    "float32.",
    "breakdown": "Training error at learning rates of 0.5 (blue) and 1.1 (orange) times the limit.",
}


class Stop(NamedTuple):
    """One stop of the guided tour: a page with its settings, what to do, what to look at."""

    link: str
    do: str
    see: str


TOUR = (
    Stop(
        "gp_convergence?width=8&ends=true",
        "Widen a random network",
        "Slide the width from 8 to 1024. Each orange function settles on the dashed one, which is "
        "what it becomes at infinite width; the headline says how far away it still is. The black "
        "line is the mean over all networks, zero, and the grey band two standard deviations.",
    ),
    Stop(
        "jntk_constancy?widest=512",
        "Train three widths at once",
        "The widest kernel moves least and lies closest to its limit. At infinite width it would "
        "not move at all, and training would be a linear equation.",
    ),
    Stop(
        "robust_training?lam=0.1",
        "Solve that equation for every λ and t",
        "Slide the time. Robust accuracy rises and falls again, with the penalty (orange) and "
        "without (dashed). Is it the penalty, or stopping? Compare best with best, end with end.",
    ),
    Stop(
        "eigenfeatures?data=circle&depth=2",
        "Take the kernel apart into features",
        "Every dot is one feature. How far below the diagonal it lies is what an attack costs; "
        "select a dot to see the function it stands for.",
    ),
    Stop(
        "full_rank?depth=1",
        "Ask whether the kernel is invertible",
        "Slide the depth. The smallest eigenvalue grows out of the grey, where rounding hides it: "
        "full rank is a matter of arithmetic before it is one of depth.",
    ),
    Stop(
        "breakdown?case=rate",
        "Break it",
        "At a learning rate past its limit the error grows step by step, as the linear equation "
        "says; then the network's kernel gives way and the error falls again. The other cases show "
        "how each assumption of the theory looks when it fails.",
    ),
)
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
TEXT = css(f"""
div {{ font: 400 15px/1.35 {FONT}; color: {INK}; }}
h1 {{ font: 500 22px/1.2 {FONT}; margin: 2px 0; }} h2 {{ font: 500 17px/1.3 {FONT}; margin: 0; }}
p, ul, ol {{ margin: 3px 0; }} .wide {{ font-size: 16px; max-width: 75em; }}
ol, ul {{ padding-left: 24px; max-width: 62em; }} li {{ margin: 4px 0; }}
a {{ color: {ACCENT}; }} li a {{ font-weight: 500; }}
a:focus-visible {{ outline: 2px solid {ACCENT}; outline-offset: 2px; }}
""")
CARDS_CSS = """
:host { display: grid; gap: 8px; max-height: none !important;
  grid-template-columns: repeat(auto-fit, minmax(min(380px, 100%), 1fr)); }
"""


def text(html, **layout):
    return pn.pane.HTML(
        f"<div>{html}</div>", stylesheets=[TEXT], sizing_mode="stretch_width", **layout
    )


def card(entry, plot):
    """A picture, what it shows, and the link to its page."""
    name_figure(plot.figure, CARDS[entry.name])
    link = f'<h2><a href="{entry.name}">{entry.title}</a></h2>'
    return pn.Column(
        text(link, margin=(6, 10, 0, 10)),
        pn.Column(plot.pane, height=130, sizing_mode="stretch_width", margin=(0, 6)),
        text(f"<p>{CARDS[entry.name]}</p>", margin=(0, 10, 6, 10)),
        sizing_mode="stretch_width",
        margin=0,
        styles={"border": css(f"1px solid {LINE}"), "border-radius": "6px"},
    )


def tour():
    """The guided tour: one link a stop, with its settings in the address."""
    stops = "".join(
        f'<li><a href="{escape(stop.link)}">{stop.do}</a>. {stop.see}</li>' for stop in TOUR
    )
    return f"<h2>A tour of five minutes</h2><ol>{stops}</ol>"


def machine():
    """Device and versions, for the lecturer who wonders what is running."""
    device = jax.devices()[0]
    names = ("jntk-viz", "jax", "panel", "holoviews")
    return f"Running on {device.device_kind} with " + ", ".join(
        f"{name} {version(name)}" for name in names
    )


def app():
    """The landing page; the pictures that no visitor has seen yet are computed once it is open."""
    views.use_theme()
    plots, job = {}, views.LatestWins()
    unseen = {
        n: picture for n, picture in study.PICTURES.items() if not picture.cache_info().currsize
    }
    for name, view in pictures.PICTURES.items():
        data = pictures.EMPTY[view] if name in unseen else study.PICTURES[name]()
        plots[name] = views.LivePlot(view, min_height=120, **data)

    def compute(job):
        for i, (name, picture) in enumerate(unseen.items()):
            job.progress(i / len(unseen), "Computing the pictures")
            ready[name] = picture()
            job.emit(dict(ready))

    def show(numbers):
        views.update_all(*((plots[name], data) for name, data in numbers.items()))

    ready = {}
    cards = [card(entry, plots[entry.name]) for entry in views.PAGES if entry.name in plots]
    return views.plain_page(
        "jntk_viz",
        text(INTRODUCTION, margin=(4, 12)),
        pn.Column(*cards, sizing_mode="stretch_width", margin=(4, 12), stylesheets=[CARDS_CSS]),
        views.job_bar(job, buttons=False),
        text(tour(), margin=(4, 12)),
        text(NEXT + f"<p>{machine()}</p>", margin=(8, 12)),
        start=(lambda: job.submit(compute, partial=show)) if unseen else None,
    )


if __name__.startswith("bokeh"):  # true only where Panel serves the file
    app().servable()
