"""The settings of the playground: every range, default and label stands here alone."""

from typing import Any, NamedTuple

import numpy as np
import param

from jntk_viz.frame.numbers import stop
from jntk_viz.frame.settings import activation_setting, depth_setting, lam_setting, seed_setting
from jntk_viz.pages.playground.examples import EXAMPLES, example
from jntk_viz.pages.playground.points import PointsText

_DECADE = (
    1, 1.12, 1.25, 1.4, 1.6, 1.8, 2, 2.24, 2.5, 2.8, 3.15, 3.55, 4, 4.5, 5, 5.6, 6.3, 7.1, 8, 9
)  # fmt: skip
# Preferred numbers (ISO 3, R20): 183 times, so that twelve seconds of them look continuous.
TIMES = (0.0, *(float(f"{d}e{k}") for k in range(-1, 8) for d in _DECADE), 1e8, np.inf)
LAMBDAS = (0.0, *(float(f"{d}e{k}") for k in range(-4, 1) for d in (1, 2, 5)), 10.0)
WIDTHS = (16, 64, 256, 1024, np.inf)


class Kernel(NamedTuple):
    """Settings that kernels depend on: the points as text, and the network."""

    points: str
    depth: int
    activation: str

    @property
    def network(self) -> dict[str, Any]:
        """Keywords of kernels and networks."""
        return {"depth": self.depth, "activation": self.activation}


class PlaygroundState(param.Parameterized):
    """Everything that the page shows follows from these values."""

    example = param.Selector(
        default="stripes",
        objects={title: name for name, (title, _) in EXAMPLES.items()},
        label="Points to begin with",
    )
    lam = lam_setting(
        0.1,
        LAMBDAS,
        "Weight of the squared input Jacobian in the loss of the right network.",
        "Penalty λ",
    )
    t = param.Selector(
        default=1e3,
        objects={stop(t): t for t in TIMES},
        label="Training time t",
        doc="Of the gradient flow, the same for both networks; the last stop is t = ∞.",
    )
    epsilon = param.Number(
        0.25,
        bounds=(0.0, 0.5),
        step=0.01,
        label="Size of the attack ε",
        doc="The longest change of an input that an attacker may make; the globe's radius is 1.",
    )
    width = param.Selector(
        default=np.inf,
        objects={f"{width:.0f}" if np.isfinite(width) else "∞": width for width in WIDTHS},
        label="Width d",
        doc="Neurons in each layer. A finite network trains while you watch, beside its limit ∞.",
    )
    start = param.Selector(
        default="zero",
        objects={"f = 0 everywhere": "zero", "a random function": "draw"},
        label="Before training",
        doc="Networks begin as random functions; their mean is 0. Another one: Draw again.",
    )
    depth = depth_setting(3, 8)
    activation = activation_setting()
    seed = seed_setting("Seed of the points to begin with.")
    draw = seed_setting("Seed of the weights, or of the random function.")
    points = PointsText(
        "",
        label="Your points",
        doc="Points that were moved, added or deleted, after the example that they began as.",
    )

    @property
    def text(self) -> str:
        """The points on the globe, as text: the reader's own, or those of the example."""
        return self.points or example(self.example, self.seed)

    @property
    def finite(self) -> bool:
        """Is it a network of finite width that is looked at?"""
        return bool(np.isfinite(self.width))

    @property
    def drawn(self) -> int | None:
        """Seed of the random function that infinitely wide networks begin as; None for 0."""
        return self.draw if self.start == "draw" else None

    @property
    def drawn_again(self) -> str:
        """The seed that “Draw again” changes: of networks where they are random, else of points."""
        return "draw" if self.finite or self.start == "draw" else "seed"

    @property
    def kernel(self) -> Kernel:
        return Kernel(self.text, self.depth, self.activation)
