"""The kernel that stays put: networks of three widths in training, beside their infinite width."""

import panel as pn
import panel_material_ui as pmui

from jntk_viz import views
from jntk_viz.studies.jntk_constancy import JNTKConstancyState, source_labels, watch
from jntk_viz.views.jntk_constancy import Pictures
from jntk_viz.views.jntk_constancy_text import FORMULAS

# A change of any of these starts the training again.
TRAINED = (
    "data", "points", "networks", "activation", "depth", "kappa",
    "widest", "lam", "rate", "steps", "seed",
)  # fmt: skip


def app():
    """The page; its state is in the address."""
    views.use_theme()
    state = JNTKConstancyState()
    state.param.data.objects = source_labels()
    pictures, notice, job = Pictures(), views.Notice(), views.LatestWins()
    started = []

    def which():
        return state.param.followed.objects.index(state.followed)

    def show(progress):
        pictures.show(progress, which())

    def train(*_):
        if not started:  # the address is still being read
            return
        notice.set("")
        settings = state.snapshot()
        job.submit(lambda j: watch(settings, j), done=show, partial=show)

    def start():
        started.append(True)
        train()

    state.param.watch(notice.guarded(train), list(TRAINED))
    state.param.watch(notice.guarded(lambda _: pictures.follow(which())), "followed")
    again = pmui.Button(label="Train again", size="small", variant="contained", margin=(4, 10))
    again.on_click(notice.guarded(train))
    shown = [name for name in TRAINED if name != "seed"]
    data, points, networks, activation, depth, kappa, *rest = views.controls_for(
        state, *shown, "followed", slow=TRAINED
    )
    # In pairs, so that all controls are seen at once on a projector.
    controls = [data, pn.Row(points, networks), activation, pn.Row(depth, kappa), *rest, again]
    return views.page(
        "The kernel that stays put",
        "The wider the network, the less its Jacobian NTK moves while it trains",
        name="jntk_constancy",
        state=state,
        controls=controls,
        body=pictures.grid(),
        headline=pictures.headline,
        formulas=views.formulas(*FORMULAS),
        job=job,
        notice=notice,
        start=start,
    )


if __name__.startswith("bokeh"):  # true only where Panel serves the file
    app().servable()
