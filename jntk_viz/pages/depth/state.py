"""The settings of the page on depth: every range, default and label stands here alone."""

from typing import NamedTuple

import param

from jntk_viz.architecture import Architecture
from jntk_viz.frame.numbers import stop
from jntk_viz.frame.settings import (
    activation_setting,
    epsilon_setting,
    lam_setting,
    seed_setting,
)

LAYERS = 40  # as deep as the pictures go
NETWORKS = 5  # finite ones beside the limit
ACTIVATIONS = ("erf", "tanh", "gelu")
WIDTHS = (32, 64, 128, 256, 512)
RESIDUALS = (0.0, 0.1, 0.2, 0.3, 0.5)
THETAS = (1.0, 2.0, 5.0, 10.0, 20.0, 45.0, 60.0, 90.0, 120.0, 150.0)  # degrees
WEIGHT_STDS, BIAS_STDS = (0.3, 2.0), (0.0, 1.5)
LAMS = (0.0, 0.01, 0.1, 1.0, 10.0)
COMPARED = 0.3  # α of the residual network beside a plain one


class Network(NamedTuple):
    """Settings of a network without depth and width; hashable, the key of what is kept."""

    activation: str
    weight_std: float
    bias_std: float
    residual: float | None

    def of_depth(self, depth: int) -> Architecture:
        """The network of this depth. Raises ValueError for settings that the library refuses."""
        return Architecture(depth, **self._asdict())

    @property
    def plain(self) -> "Network":
        return self._replace(residual=None)


class DepthState(param.Parameterized):
    """Everything that the page shows follows from these values."""

    view = param.Selector(
        default="signal",
        objects={"Two inputs": "signal", "Jacobian NTK": "kernel", "Training": "training"},
        label="What to look at",
    )
    weight_std = param.Number(
        1.5, bounds=WEIGHT_STDS, step=0.01, label="Weights σ_w",
        doc="Standard deviation of the weights; 1 is the paper's network.",
    )  # fmt: skip
    bias_std = param.Number(
        0.05, bounds=BIAS_STDS, step=0.01, label="Biases σ_b",
        doc="Standard deviation of the biases; 0 is the paper's network.",
    )  # fmt: skip
    skips = param.Selector(
        default=0.0,
        objects={"none" if a == 0 else stop(a): a for a in RESIDUALS},
        label="Skips, α",
        doc="Each layer adds α times its output to its input; “none” is a plain network.",
    )
    activation = activation_setting("erf", among=ACTIVATIONS)
    theta = param.Selector(
        default=20.0,
        objects={f"{theta:g}°": theta for theta in THETAS},
        label="Angle of the inputs",
        doc="Between the two inputs, which lie on the unit circle.",
    )
    width = param.Selector(
        default=256,
        objects={str(width): width for width in WIDTHS},
        label="Width d",
        doc=f"Neurons in each layer of the {NETWORKS} random networks beside the limit.",
    )
    lam = lam_setting(0.1, LAMS)
    epsilon = epsilon_setting(0.3, 1)
    seed = seed_setting("Seed of the weights, and of the parts to train, choose and test on.")

    @property
    def network(self) -> Network:
        return Network(self.activation, self.weight_std, self.bias_std, self.skips or None)

    @property
    def pair(self) -> tuple[Network, Network]:
        """The plain network with these scales, and the residual one."""
        plain = self.network.plain
        return plain, plain._replace(residual=self.skips or COMPARED)
