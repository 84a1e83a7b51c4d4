"""Run the plan of a study without a page, or a page without a browser."""

from jntk_viz import frame
from jntk_viz.frame.content import Known


def run_plan(plan, state, most=None):
    """Compute the steps of `plan(state, known)` in their order, at most so many.

    Returns what is known then, and the steps in the order in which they were computed.
    """
    known, done = Known(), []
    while most is None or len(done) < most:
        missing = [step for step in plan(state, known) if step.key not in {s.key for s in done}]
        if not missing:
            break
        known.hold(missing[0].key, missing[0].run())
        done.append(missing[0])
    return known, done


def started(content, **settings):
    """A page without a browser, with its controller, everything computed."""
    content.state.param.update(**settings)
    frame.Controller(content)
    content.shown = content.controls()
    content.controller.start()
    assert content.controller.error == ""
    return content
