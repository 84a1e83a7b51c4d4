"""When it breaks: eight ways for wide networks and their theory to fail, each with its cure."""

import panel as pn

from jntk_viz import frame
from jntk_viz.engine.shared_results import RESULTS
from jntk_viz.pages.breakdown import study
from jntk_viz.pages.breakdown.pictures import Pictures
from jntk_viz.pages.breakdown.words import FORMULAS, answers

KNOBS = {name: case.knob for name, case in study.CASES.items()}


def app():
    """The page; its state is in the address."""
    frame.use_theme()
    state = study.BreakdownState()
    pictures, notice, job = Pictures(), frame.Notice(), frame.LatestWins()
    known, started = [], []

    def show(outcome):
        known[:] = [outcome]
        pictures.show(outcome)

    def changed(*_):
        """Another case shows its axes and its card at once; its numbers follow."""
        pictures.choose(state.case)
        for name, knob in zip(KNOBS, knobs, strict=True):
            knob.visible = name == state.case
        networks.visible = state.case != "float32"  # which is about arithmetic
        if started and not (known and known[0].setting == state.setting):
            setting = state.setting
            work = RESULTS.shared(("breakdown", setting), lambda j: study.explore(j, setting))
            job.submit(work, done=show, partial=show)

    def start():
        started.append(True)
        known.clear()  # what was drawn before the page was in the browser may be a part only
        changed()

    slow = (*KNOBS.values(), "networks")
    case, *knobs, cure, networks = frame.controls_for(
        state, "case", *KNOBS.values(), "cure", "networks", slow=slow
    )
    names = ["case", *KNOBS.values(), "cure", "networks", "seed"]
    state.param.watch(notice.guarded(changed), names)
    changed()
    return frame.page(
        "When it breaks",
        "What does it look like when wide-network theory fails, and what helps?",
        name="breakdown",
        state=state,
        controls=[case, *knobs, pn.Row(networks, cure)],
        body=pictures.grid(),
        headline=pictures.headline,
        formulas=frame.formulas(*FORMULAS),
        job=job,
        notice=notice,
        start=start,
        plots=pictures.plots,
        script=study.script,
        answers=answers(lambda: known[0] if known and known[0].setting == state.setting else None),
        slow=slow,
    )
