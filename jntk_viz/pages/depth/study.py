"""Effects of depth: the steps of the page, and the results so far."""

from typing import NamedTuple

from jntk_viz.engine.steps import Step
from jntk_viz.pages.depth import kernel, phases, signal, training
from jntk_viz.pages.depth.state import LAYERS, NETWORKS, DepthState, Network

# The limit is computed up to these depths, so that steps are short: that the library goes no deeper
# may turn out only after seconds (of GeLU with large weights, after 65,536 terms of a series).
STAGES = (4, 10, 20, 30, LAYERS)


def plan(state: DepthState, known) -> list[Step]:
    """Curves first, then the diagram, then finite networks; or by depth, the shallow first."""
    if state.view == "kernel":
        return [
            Step(kernel.ends, (network, depth), f"depth {depth}")
            for depth in kernel.DEPTHS
            for network in state.pair
        ]
    if state.view == "training":
        return [
            training_step(state, network, depth)
            for depth in training.DEPTHS
            for network in state.pair
        ]
    network, theta = state.network, state.theta
    deeper = [Step(signal.limit, (network, theta, d), "layer by layer") for d in STAGES]
    drawn = [
        Step(signal.finite, (network, theta, state.width, state.seed, i), f"network {i + 1}")
        for i in range(NETWORKS)
    ]
    whole = Step(phases.diagram, (state.activation,), "the diagram")
    moments = _moments(state)
    ready = all(known.has(step.key) for step in moments)
    beside = [_plain(state)] if state.skips else []
    return [*deeper, *beside, *moments, *([_point(state), whole] if ready else []), *drawn]


def _moments(state) -> list[Step]:
    return [
        Step(phases.moments, (state.activation, i), "moments of the activation")
        for i in range(len(phases.VARIANCES))
    ]


def _point(state) -> Step:
    return Step(phases.here, (state.activation, state.weight_std, state.bias_std), "fixed point")


def _plain(state) -> Step:
    """The limit without skips, which stands beside the one with them."""
    return Step(signal.limit, (state.network.plain, state.theta, LAYERS), "without skips")


def training_step(state: DepthState, network: Network, depth: int) -> Step:
    """One depth of a network of `state.pair`, trained on iris with the reader's λ."""
    arguments = "iris", network, depth, (state.lam,), state.epsilon, state.seed
    return Step(training.trained, arguments, f"training at depth {depth}")


class Trainings(NamedTuple):
    """`training.Trained` of the plain and of the residual network by depth, None if not known."""

    plain: list
    residual: list

    @property
    def whole(self) -> bool:
        """Are both known at every depth?"""
        return not any(one is None for one in (*self.plain, *self.residual))


def trainings_of(state: DepthState, known) -> Trainings:
    """The trainings known so far."""
    return Trainings(
        *(
            [known.of(training_step(state, network, depth).key) for depth in training.DEPTHS]
            for network in state.pair
        )
    )


class Found(NamedTuple):
    """Results for the two inputs so far: parts are None or missing while they are not known.

    plain: the limit without skips, None where there are none anyway.
    """

    limit: signal.Signal
    plain: signal.Signal | None
    networks: list[signal.Signal]
    point: phases.FixedPoint | None
    diagram: phases.Diagram | None

    @property
    def whole(self) -> bool:
        """Has the limit been followed as deep as it goes?"""
        return len(self.limit.slope) == LAYERS


def found_of(state: DepthState, known) -> Found | None:
    """The results so far; None while nothing is known of the limit."""
    network = state.network
    curves = (known(signal.limit, network, state.theta, depth) for depth in reversed(STAGES))
    limit = next((curve for curve in curves if curve is not None), None)
    if limit is None:
        return None
    drawn = (
        known(signal.finite, network, state.theta, state.width, state.seed, i)
        for i in range(NETWORKS)
    )
    return Found(
        limit,
        known.of(_plain(state).key) if state.skips else None,
        [one for one in drawn if one is not None],
        known(phases.here, state.activation, state.weight_std, state.bias_std),
        known(phases.diagram, state.activation),
    )
