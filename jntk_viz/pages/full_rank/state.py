"""The settings of the full-rank page: every range, default and label stands here alone."""

from typing import NamedTuple

import param

from jntk_viz.engine.sources import Sources
from jntk_viz.frame.numbers import stop
from jntk_viz.frame.settings import (
    activation_setting,
    data_setting,
    depth_setting,
    lam_setting,
    seed_setting,
)

DEPTHS = tuple(range(1, 13))
THRESHOLDS = tuple(float(f"{digit}e{k}") for k in range(-10, 1) for digit in (1, 3))
TIMES = tuple(float(f"{digit}e{k}") for k in range(-2, 17) for digit in (1, 2, 5))[:-2]
LAMBDAS = (0.0, 0.01, 0.1, 1.0)
THETAS = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 90.0)
THETAS = (*THETAS, *(180 - theta for theta in reversed(THETAS[:-1])))  # degrees
ALL = 1000  # "as many points as there are"
MOST_ROWS = 3000  # n, of which the eigenvalues take about two seconds


class Source(NamedTuple):
    """A data set in use: options of its loader, and the largest number of points."""

    label: str
    options: dict
    most: int


SOURCES = Sources(
    {
        "iris": Source("Iris", {}, 100),
        "wine": Source("Wine", {}, 130),
        "breast_cancer": Source("Breast cancer, 6 components", {"n_components": 6}, 300),
        "circle": Source("Circle", {}, 101),
        "sphere": Source("Sphere in R⁴", {}, 256),
        "algerian_forest_fires": Source("Algerian forest fires", {}, 244),
        "banknote": Source("Banknotes", {}, 400),
        "sonar": Source("Sonar", {}, 48),
    },
    own=lambda label, dataset: Source(label, {}, max(2, MOST_ROWS // (1 + dataset.x.shape[1]))),
    points=lambda source, dataset: min(source.most, len(dataset.y)),
)


class Problem(NamedTuple):
    """Settings that the matrices of one sweep share; hashable, the key of what is kept."""

    data: str
    points: int
    seed: int
    kernel: str


class FullRankState(param.Parameterized):
    """Everything that the page shows follows from these values."""

    view = param.Selector(
        default="depth",
        objects={"Depth": "depth", "Angle": "angle", "Training time": "time"},
        label="What to look at",
    )
    data = data_setting(SOURCES, "iris")
    points = param.Selector(
        default=50,
        objects={"10": 10, "20": 20, "50": 50, "100": 100, "all": ALL},
        label="Points N",
        doc="Drawn from the data without repetition; repeated rows are left out.",
    )
    depth = depth_setting(2, DEPTHS[-1])
    activation = activation_setting(
        smooth=False,
        doc="Scaled so that E φ(z)² = 1. ReLU has a Jacobian NNGP, but no JNTK.",
    )
    kernel = param.Selector(
        default="jntk",
        objects={"JNTK": "jntk", "NTK": "ntk", "Jacobian NNGP": "jacobian_nngp"},
        label="Kernel",
        doc="The NTK is the value–value part of the JNTK.",
    )
    threshold = param.Selector(
        default=3e-4,
        objects={stop(value): value for value in THRESHOLDS},
        label="Threshold",
        doc="From which depth on is λₘᵢₙ larger than this?",
    )
    theta = param.Selector(
        default=2.0,
        objects={f"{theta:g}°": theta for theta in THETAS},
        label="Angle θ",
        doc="Between the two inputs; 180° makes them antipodal.",
    )
    case = param.Selector(
        default="depth",
        objects={"the data, by depth": "depth", "two points, by angle": "angle"},
        label="Training of",
        doc="Two points are labelled +1 and −1.",
    )
    lam = lam_setting(1.0, LAMBDAS)
    t = param.Selector(
        default=1e4,
        objects={stop(t): t for t in TIMES},
        label="Training time t",
        doc="Time of the gradient flow.",
    )
    seed = seed_setting("Seed by which the points are drawn.")

    @property
    def problem(self) -> Problem:
        return Problem(self.data, self.points, self.seed, self.kernel)
