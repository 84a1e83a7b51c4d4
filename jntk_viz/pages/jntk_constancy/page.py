"""The kernel that stays put: networks of three widths in training, beside their infinite width."""

import panel as pn
import panel_material_ui as pmui

from jntk_viz import frame
from jntk_viz.engine import sources
from jntk_viz.engine.shared_results import RESULTS
from jntk_viz.frame.player import play_button, shown_in
from jntk_viz.pages.jntk_constancy.script import script
from jntk_viz.pages.jntk_constancy.study import SOURCES, TRAINED, JNTKConstancyState
from jntk_viz.pages.jntk_constancy.tabs import Pictures
from jntk_viz.pages.jntk_constancy.training import watch
from jntk_viz.pages.jntk_constancy.words import FORMULAS

REMEMBERED = 4  # finished runs, so that going back to one needs no training


class Constancy:
    """The state, what has been trained under it, and the parts of the page."""

    def __init__(self):
        self.state = JNTKConstancyState()
        self.state.param.data.objects = sources.menu(SOURCES, lambda entry: entry[0])
        self.pictures, self.notice = Pictures(self.state), frame.Notice()
        self.job, self.started, self.runs = frame.LatestWins(), False, {}
        guarded = self.notice.guarded
        self.state.param.watch(guarded(self.train), list(TRAINED))
        looked_at = ["moment", "followed", "against", "view"]
        self.state.param.watch(guarded(lambda *_: self.pictures.look()), looked_at)

    def train(self, *_, again=False):
        """Train under the settings, unless this has been done."""
        if not self.started:  # the address is still being read
            return
        self.notice.set("")
        key = self.state.run_key
        if not again and key in self.runs:
            self.job.cancel()
            self.pictures.show(self.runs[key])
            return
        settings = self.state.snapshot()
        work = lambda job: watch(settings, job)  # noqa: E731
        if not again:
            work = RESULTS.shared(("jntk_constancy", *key), work)
        self.job.submit(work, done=self.finish, partial=self.pictures.show)

    def finish(self, progress):
        """Show a finished run and remember it in place of the oldest."""
        self.runs.pop(progress.settings.run_key, None)
        self.runs[progress.settings.run_key] = progress
        while len(self.runs) > REMEMBERED:
            del self.runs[next(iter(self.runs))]
        self.pictures.show(progress)

    def start(self):
        """The first training: the page stands in the browser."""
        self.started = True
        self.train()

    def controls(self):
        """Widgets in pairs, so that all are seen at once on a projector."""
        state = self.state
        names = [name for name in TRAINED if name != "seed"]
        data, points, networks, activation, depth, kappa, *rest = frame.controls_for(
            state, *names, slow=TRAINED
        )
        moment, followed, against = frame.controls_for(state, "moment", "followed", "against")
        shown_in(state, followed, "outputs", "kernel")
        shown_in(state, against, "kernel")
        again = pmui.Button(label="Train again", size="small", variant="contained", margin=(4, 10))
        again.on_click(self.notice.guarded(lambda *_: self.train(again=True)))
        return [
            data, pn.Row(points, networks), activation, pn.Row(depth, kappa), *rest,
            moment, pn.Row(again, play_button(state, "moment")), pn.Row(followed, against),
        ]  # fmt: skip


def app():
    """The page; its state is in the address."""
    frame.use_theme()
    it = Constancy()
    return frame.page(
        "The kernel that stays put",
        "The wider the network, the less its Jacobian NTK moves while it trains",
        name="jntk_constancy",
        state=it.state,
        controls=it.controls(),
        body=it.pictures.body(),
        headline=it.pictures.headline,
        formulas=frame.formulas(*FORMULAS),
        job=it.job,
        notice=it.notice,
        start=it.start,
        plots=it.pictures.plots,
        script=script,
        answers=it.pictures.answers(),
        slow=TRAINED,
        sources=SOURCES,
    )
