"""The settings of the constancy page: every range, default and label stands here alone."""

from typing import Any, NamedTuple

import numpy as np
import param

from jntk_viz.datasets import Dataset
from jntk_viz.engine.sources import Sources
from jntk_viz.frame.robustness import check_class_sizes
from jntk_viz.frame.settings import (
    Source,
    activation_setting,
    data_setting,
    depth_setting,
    lam_setting,
    seed_setting,
)

LAMBDAS = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
MOMENTS = 25  # steps after the start at which everything is measured
MOST_ROWS = 700  # N(1+d0): beyond it the kernel of a network takes too long to be watched


def most_points(in_size: int, wanted: int) -> int:
    """As many points as are wanted, if their kernel has few enough rows."""
    return min(wanted, max(2, MOST_ROWS // (1 + in_size)))


def _of_table(label: str, dataset: Dataset) -> Source:
    check_class_sizes(dataset)
    return Source(label, {})


SOURCES = Sources(
    {
        "iris": Source("Iris", {}),
        "wine": Source("Wine", {}),
        "breast_cancer": Source("Breast cancer, 6 components", {"n_components": 6}),
        "circle": Source("Circle", {"n": 63}),
        "sphere": Source("Sphere in R⁴", {"n": 64}),
        "algerian_forest_fires": Source("Algerian forest fires", {}),
        "banknote": Source("Banknotes", {}),
        "sonar": Source("Sonar", {}),
    },
    own=_of_table,
    points=lambda entry, dataset: most_points(dataset.x.shape[1], 32),
)


class Settings(NamedTuple):
    """Settings that a training depends on; hashable, the key of all that is computed of it."""

    data: str
    points: int
    networks: int
    activation: str
    depth: int
    kappa: float
    widest: int
    lam: float
    rate: float
    steps: int
    seed: int

    @property
    def widths(self) -> tuple[int, int, int]:
        """Of the three kinds of networks, the narrowest first."""
        return self.widest // 16, self.widest // 4, self.widest

    @property
    def moments(self) -> np.ndarray:
        """Steps at which everything is measured, from 0 to `steps`; (26,)."""
        return record_steps(self.steps)

    @property
    def kernel(self) -> dict[str, Any]:
        """Keywords of the limiting kernels."""
        return {"depth": self.depth, "activation": self.activation, "kappa": self.kappa}


def record_steps(steps: int) -> np.ndarray:
    """0 and 25 different steps from 1 to `steps` ≥ 25, spread as logarithmically as they can."""
    order = np.arange(MOMENTS)
    spread = np.geomspace(1, steps, MOMENTS).round().astype(int)
    return np.append(0, np.maximum.accumulate(spread - order) + order)


class JNTKConstancyState(param.Parameterized):
    """Everything that the page shows follows from these values."""

    view = param.Selector(
        default="training",
        objects={"Training": "training", "Outputs": "outputs", "Kernel": "kernel"},
        label="View",
    )
    data = data_setting(SOURCES, "iris")
    points = param.Integer(
        20,
        bounds=(2, 32),
        step=2,
        label="Points N",
        doc="Training points; up to 20 others are tested.",
    )
    widest = param.Selector(
        default=512,
        objects=[128, 256, 512, 1024, 2048],
        label="Widest network",
        doc="The other two are 4 and 16 times narrower. Doubling it takes about 5 times as long.",
    )
    networks = param.Integer(3, bounds=(1, 5), label="Networks", doc="How many of each width.")
    depth = depth_setting(2, 4)
    activation = activation_setting(
        doc="Smooth ones only: the Jacobian NTK contains φ″, which ReLU does not have."
    )
    lam = lam_setting(0.1, LAMBDAS)
    kappa = param.Selector(
        default=1.0,
        objects=[0.1, 0.25, 0.5, 1.0, 2.0, 4.0],
        label="Scale κ",
        doc="Output scale: multiplies the network; smaller, and the weights have to move further.",
    )
    rate = param.Selector(
        default=0.25,
        objects=[0.05, 0.1, 0.25, 0.5, 0.75, 0.95, 1.05, 1.5, 2.0],
        label="Learning rate ÷ limit",
        doc="The stability limit is 2N/eₘₐₓ, with eₘₐₓ the limiting kernel's largest eigenvalue.",
    )
    steps = param.Selector(default=300, objects=[30, 100, 300, 1000, 3000], label="Training steps")
    seed = seed_setting()
    moment = param.Integer(
        MOMENTS,
        bounds=(0, MOMENTS),
        label="Moment of training",
        doc="What is shown of the training: 0 is its start, 25 its end. Nothing is trained again.",
    )
    followed = param.Selector(
        default="widest",
        objects=["narrowest", "middle", "widest"],
        label="Network",
        doc="Whose first network is drawn beside the limit.",
    )
    against = param.Selector(
        default="limit",
        objects={"limit": "limit", "start": "start"},
        label="Difference from",
        doc="From the limiting kernel, or from the network's own kernel before training.",
    )

    @property
    def settings(self) -> Settings:
        """Settings of the training on screen."""
        return Settings(*(getattr(self, name) for name in Settings._fields))

    @property
    def width(self) -> int:
        """Of the network that is followed."""
        return self.settings.widths[self.which]

    @property
    def which(self) -> int:
        """The followed network's place among the widths."""
        return self.param.followed.objects.index(self.followed)

    @property
    def shown_step(self) -> int:
        """The step that is looked at."""
        return int(self.settings.moments[self.moment])
