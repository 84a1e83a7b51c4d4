"""The settings of the Gaussian-process page: every range, default and label stands here alone."""

from typing import NamedTuple

import param

from jntk_viz.datasets import Dataset
from jntk_viz.datasets.uploads import MOST_COLUMNS
from jntk_viz.engine.sources import Sources
from jntk_viz.frame.settings import (
    Problem,
    Source,
    activation_setting,
    data_setting,
    depth_setting,
    seed_setting,
)
from jntk_viz.pages.gp_convergence.observations import (
    STEP,
    Observation,
    Observations,
    parse_observations,
)

WIDTHS = (8, 16, 32, 64, 128, 256, 512, 1024)
POINTS = 12
LEVEL = 4.0  # the largest value or slope that the slider observes


def own_source(label: str, dataset: Dataset) -> Source:
    """A visitor's table, unless it has too few rows."""
    if len(dataset.y) < POINTS:
        raise ValueError(
            f"`table` must have at least {POINTS} rows for this page; got {len(dataset.y)}. "
            "Add rows, or take it to another page."
        )
    return Source(label, {})


# Others have too many features to be watched.
SOURCES = Sources(
    {
        "iris": Source("Iris", {}),
        "wine": Source("Wine", {}),
        "breast_cancer": Source("Breast cancer, 5 components", {"n_components": 5}),
        "circle": Source("Circle", {"n": 63}),
        "sphere": Source("Sphere in R⁴", {"n": 64}),
        "algerian_forest_fires": Source("Algerian forest fires", {}),
        "banknote": Source("Banknotes", {}),
    },
    own=own_source,
    points=lambda entry, dataset: POINTS,
)


class Ensemble(NamedTuple):
    """Settings of networks on the circle besides their width; κ only multiplies them."""

    depth: int
    activation: str
    seed: int


class GPConvergenceState(param.Parameterized):
    """Everything that the page shows follows from these values."""

    view = param.Selector(
        default="functions",
        objects={"Functions": "functions", "Densities": "densities", "Covariance": "covariance"},
        label="View",
    )
    width = param.Selector(
        default=32, objects=list(WIDTHS), label="Width d", doc="Neurons in each hidden layer."
    )
    depth = depth_setting(2, 5)
    activation = activation_setting(smooth=False, doc="Scaled so that E φ(z)² = 1.")
    kappa = param.Number(
        1.0, bounds=(0.1, 3), step=0.1, label="Output scale κ", doc="Multiplies f and J."
    )
    observed = Observations(
        "",
        label="Observations",
        doc="Such as 90:1.2:v;180:0:s: at 90 degrees the value 1.2, at 180 the slope 0.",
    )
    angle = param.Integer(
        90, bounds=(0, 360 - STEP), step=STEP, label="Angle θ (degrees)",
        doc="Where the words give numbers, and where the buttons observe.",
    )  # fmt: skip
    level = param.Number(
        1.0, bounds=(-LEVEL, LEVEL), step=0.1, label="Observed there",
        doc="The value of f, or its slope per radian, that the buttons observe.",
    )  # fmt: skip
    noise = param.Number(
        0.0, bounds=(0, 0.5), step=0.05, label="Noise σ of observations",
        doc="At 0 every function passes exactly through what was observed.",
    )  # fmt: skip
    ends = param.Boolean(
        False, label="Where they end, d → ∞",
        doc="Draws of the limit: what each of the functions becomes as the width grows.",
    )  # fmt: skip
    networks = param.Selector(
        default=1000,
        objects=[100, 250, 500, 1000, 2000, 4000],
        label="Random networks",
        doc="How many are drawn for the densities and the cloud.",
    )
    data = data_setting(SOURCES, "iris")
    point = param.Integer(
        1, bounds=(1, POINTS), label="Input x", doc="Which of the 12 well spread points."
    )
    # The page offers as many as the data set has features.
    alpha = param.Integer(
        1,
        bounds=(1, MOST_COLUMNS),
        label="Slope along feature α",
        doc="Of the input feature whose derivative of f is shown.",
    )
    heat = param.Selector(
        default="one",
        objects={"of one network": "one", "over all networks drawn": "all"},
        label="Covariance shown",
        doc="Of one network: over its last layer, the hidden ones being fixed.",
    )
    seed = seed_setting()

    @property
    def problem(self) -> Problem:
        return Problem(self.data, self.depth, self.activation, self.seed)

    @property
    def ensemble(self) -> Ensemble:
        return Ensemble(self.depth, self.activation, self.seed)

    @property
    def observations(self) -> tuple[Observation, ...]:
        return parse_observations(self.observed)
