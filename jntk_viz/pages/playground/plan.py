"""What the page asks for at its settings, and what of it there is to be shown."""

from typing import NamedTuple

from jntk_viz.engine.steps import Step
from jntk_viz.pages.playground.network import Compared, compared, train
from jntk_viz.pages.playground.state import TIMES, PlaygroundState
from jntk_viz.pages.playground.study import Trained, both

_EVERY = 4  # moments of a training, of which one is drawn on the way


class View(NamedTuple):
    """Two networks side by side at the time t, which is earlier than the setting in training.

    compared: of a network of finite width (left) and its limit (right); None for infinite ones.
    """

    networks: tuple[Trained, Trained]
    t: float
    compared: Compared | None = None


def plan(state: PlaygroundState, known) -> list[Step]:
    """Two infinitely wide networks in one step; or a finite one from the start up to t."""
    if not state.finite:
        return [both(state)]
    moments = _moments(state)
    reached = next((step for step in reversed(moments) if known.has(step.key)), None)
    if reached is None:
        return moments
    k = moments.index(reached)
    drawn = k == len(moments) - 1 or (k and k % _EVERY == 0)
    return [_comparison(state, known, reached), *moments] if drawn else moments


def view(state: PlaygroundState, known) -> View | None:
    """The newest that is known of what the settings ask for; None for nothing."""
    if not state.finite:
        networks = known.of(both(state).key)
        return None if networks is None else View(networks, state.t)
    for step in reversed(_moments(state)):
        if known.has(step.key):
            found = known.of(_comparison(state, known, step).key)
            if found is not None:
                return View((found.network, found.limit), TIMES[step.arguments[0]], found)
    return None


def _moments(state: PlaygroundState) -> list[Step]:
    s = state
    says = f"Training a network of width {s.width}"
    settings = s.kernel, s.lam, s.width, s.draw, s.start == "zero"
    return [Step(train, (k, *settings), says) for k in range(TIMES.index(s.t) + 1)]


def _comparison(state: PlaygroundState, known, moment: Step) -> Step:
    network, limit = known.of(moment.key)
    return Step(compared, (state.text, network, limit, state.epsilon), moment.says)
