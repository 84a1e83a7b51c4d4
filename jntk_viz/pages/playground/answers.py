"""Answers to the predictions that readers are asked for on the playground."""

from jntk_viz.frame.numbers import percent
from jntk_viz.frame.parts import Answer
from jntk_viz.pages.playground.state import PlaygroundState
from jntk_viz.pages.playground.study import both

SAFER, SAME, LESS = "more of them", "as many", "fewer"


def robust_points(state: PlaygroundState, known) -> Answer | None:
    """More points, as many or fewer: those that withstand the attack with the penalty."""
    networks = known.of(both(state).key)
    if networks is None:
        return None
    standard, penalised = (network.robust for network in networks)
    value = SAME if standard == penalised else SAFER if penalised > standard else LESS
    return Answer(
        value,
        f"Without the penalty {percent(standard)} of the points, with it {percent(penalised)}.",
    )


def robust_share(state: PlaygroundState, known) -> Answer | None:
    """Percent of the points that withstand the attack with the penalty."""
    networks = known.of(both(state).key)
    if networks is None:
        return None
    standard, penalised = (network.robust for network in networks)
    return Answer(
        100 * penalised,
        f"With the penalty {percent(penalised)} of the points withstand it, without it "
        f"{percent(standard)}.",
    )
