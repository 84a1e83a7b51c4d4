"""The settings of the breakdown page: every case with its knob, each range and default."""

from typing import Any, NamedTuple

import numpy as np
import param

from jntk_viz.frame.numbers import stop
from jntk_viz.frame.settings import seed_setting


class Knob(NamedTuple):
    """The setting that makes a case worse.

    title: of the case in the menu. name: of the setting. stops: its values; healthy and ill: the
    stop at which nothing breaks, and the one with which the page opens.
    """

    title: str
    name: str
    stops: tuple[float, ...]
    healthy: float
    ill: float

    def setting(self, label: str, doc: str) -> param.Selector:
        """The slider."""
        named = {"∞ (ReLU)" if np.isinf(value) else stop(value): value for value in self.stops}
        return param.Selector(default=self.ill, objects=named, label=label, doc=doc)


_PLATEAU = Knob("Loss plateau", "angle", (25.0, 12.0, 6.0, 3.0, 1.5), 25.0, 1.5)
# Not “Jacobian does not fall”: the reader may have been asked whether it does.
_JACOBIAN = Knob("Small λ", "lam", (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0), 0.3, 0.001)
_DEEP = Knob(
    "Exploding deep networks", "factor", (0.25, 0.5, 0.7, 1.0, 1.3, 1.6, 2.0), 1.0, 1.6
)  # fmt: skip
_POWER = Knob("Wrong normalisation", "power", (0.5, 0.625, 0.75, 0.875, 1.0), 0.5, 1.0)
_SPHERE = Knob("Inputs off the sphere", "radius", (1.0, 1.2, 1.5, 2.0, 3.0), 1.0, 2.0)
_RATE = Knob("Learning rate too large", "rate", (0.5, 0.9, 1.02, 1.1, 1.2, 1.3, 1.5), 0.5, 1.2)
_FLOAT32 = Knob("float32 arithmetic", "points", (8, 12, 16, 20, 24, 28), 8, 24)
_KINK = Knob("A kink: ReLU", "kink", (1.0, 2.0, 4.0, 8.0, 16.0, np.inf), 1.0, np.inf)
KNOBS = {
    "plateau": _PLATEAU, "jacobian": _JACOBIAN, "deep": _DEEP, "power": _POWER,
    "sphere": _SPHERE, "rate": _RATE, "float32": _FLOAT32, "kink": _KINK,
}  # fmt: skip


class Setting(NamedTuple):
    """The settings, with the value of the case's own knob."""

    case: str
    value: float
    cure: bool
    seed: int
    networks: int


class BreakdownState(param.Parameterized):
    """Everything that the page shows follows from these values; each case has a knob of its own."""

    case = param.Selector(
        default="plateau",
        objects={knob.title: case for case, knob in KNOBS.items()},
        label="What broke?",
        doc="Eight cases; each has one knob that makes it worse or better.",
    )
    angle = _PLATEAU.setting(
        "Angle δ of the twins",
        "In degrees. The closer two inputs with opposite labels, the longer the plateau.",
    )
    lam = _JACOBIAN.setting(
        "Regulariser λ",
        f"Weight of the squared input Jacobian in the loss. Healthy is {_JACOBIAN.healthy:g}.",
    )
    factor = _DEEP.setting(
        "E φ² of a layer",
        f"By what a layer multiplies the variance. Healthy is {_DEEP.healthy:g}.",
    )
    power = _POWER.setting(
        "Output divided by dᵃ, a =", "Healthy is a = 1/2; a = 1 is called the mean-field scaling."
    )
    radius = _SPHERE.setting(
        "Norm of the inputs", "The limiting kernels are those of inputs with norm 1."
    )
    rate = _RATE.setting(
        "Learning rate ÷ limit",
        "The limit is 2N/eₘₐₓ, with eₘₐₓ of the network's own kernel. "
        f"Healthy is {_RATE.healthy:g}.",
    )
    points = _FLOAT32.setting(
        "Points N", "On the circle; the closer they lie, the smaller the smallest eigenvalue."
    )
    kink = _KINK.setting(
        "Sharpness β", "gelu(β z)/β, scaled to unit variance: GeLU for 1, ReLU for ∞."
    )
    cure = param.Boolean(False, label="Cure", doc="Draws the cured run as well.")
    networks = param.Selector(
        default=3,
        objects=[1, 3, 5, 9],
        label="Networks",
        doc="How many of each kind are measured: medians are drawn with smallest and largest.",
    )
    seed = seed_setting()

    @property
    def setting(self) -> Setting:
        value: Any = getattr(self, KNOBS[self.case].name)
        return Setting(self.case, value, self.cure, self.seed, self.networks)
