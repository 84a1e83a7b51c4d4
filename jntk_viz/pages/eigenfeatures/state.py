"""The settings of the eigenfeatures page: every range, default and label stands here alone."""

from typing import NamedTuple

import param

from jntk_viz.datasets import Dataset
from jntk_viz.engine.sources import Sources
from jntk_viz.frame.numbers import stop
from jntk_viz.frame.settings import activation_setting, data_setting, depth_setting

LAMBDAS = (0.0, *(digit * 10.0**k for k in range(-3, 1) for digit in (1, 2, 5)), 10.0)
ORDERED = (0.0, 0.1, 10.0)  # three λ that readers put in the order of their rank correlations
FRAGILE = (0.8, 0.4)  # a feature right on 80 % of the points, and on 40 % or fewer under attack
# The searching attack takes a moment for each feature, so only the leading ones are tried.
PGD_FEATURES = 25
EXAMPLES = 20  # digits to choose from
MOST = 3000  # more features than any data set here has
MOST_ROWS = 800  # of the kernel of a visitor's table


class Source(NamedTuple):
    """How a data set is used here: options of its loader, and points to train on.

    One λ costs the eigenvalues of N(1 + min(d0, N)) rows, about a second for 1,500 of them.
    """

    label: str
    options: dict
    train: int


def own_source(label: str, dataset: Dataset) -> Source:
    """How a visitor's table is used: half of it to train on, but at most about 800 rows."""
    n, d0 = dataset.x.shape
    return Source(label, {}, min(n // 2, max(MOST_ROWS // (1 + d0), 20)))


SOURCES = Sources(
    {
        "iris": Source("Iris", {}, 50),
        "circle": Source("Circle", {"n": 63, "frequency": 2}, 31),
        "digits": Source("Digits 3 and 8, 8×8 pixels", {"classes": (3, 8)}, 40),
        "wine": Source("Wine", {}, 65),
        "breast_cancer": Source("Breast cancer, 6 components", {"n_components": 6}, 100),
        "algerian_forest_fires": Source("Algerian forest fires", {}, 122),
        "banknote": Source("Banknotes", {}, 200),
        "sonar": Source("Sonar", {}, 30),
    },
    own=own_source,
    points=lambda source, dataset: source.train,
)


class Problem(NamedTuple):
    """What kernel and labels depend on; hashable, the key of everything that is kept."""

    data: str
    depth: int
    activation: str
    seed: int


class EigenfeaturesState(param.Parameterized):
    """Everything that the page shows follows from these values."""

    view = param.Selector(
        default="scatter",
        objects={
            "Features": "scatter",
            "Rank correlation": "correlation",
            "Learned first": "learned",
        },
        label="View",
    )
    data = data_setting(SOURCES, "iris")
    depth = depth_setting(11, 11)
    activation = activation_setting()
    lam = param.Selector(
        default=0.1,
        objects={stop(lam): lam for lam in LAMBDAS[1:]},
        label="Regulariser λ",
        doc="Weight of the squared input Jacobian; shown beside standard training, λ = 0.",
    )
    epsilon = param.Number(
        0.1,
        bounds=(0, 0.5),
        step=0.01,
        label="Perturbation ε",
        doc="Size of the attack, in units of the inputs' norm, which is 1.",
    )
    norm = param.Selector(default="l2", objects={"L2": "l2", "L∞": "linf"}, label="Norm")
    attack = param.Selector(
        default="first_order",
        objects={"First order": "first_order", "PGD search": "pgd"},
        label="Attack",
        doc="First order: a linear model at the point. PGD searches the ε-ball; the leading "
        f"{PGD_FEATURES} features only.",
    )
    counted = param.Selector(
        default="all",
        objects={"All resolved": "all", "The leading N": "leading"},
        label="Features counted",
        doc="λ > 0 has 1+d0 times as many features as λ = 0, most of them with tiny eigenvalues. "
        "The leading N are as many as there are training points.",
    )
    standard = param.Integer(
        2,
        bounds=(1, MOST),
        softbounds=(1, 50),
        label="Feature of λ = 0, no.",
        doc="Rank by eigenvalue, 1 the largest. Or click on a dot.",
    )
    regularised = param.Integer(
        2,
        bounds=(1, MOST),
        softbounds=(1, 250),
        label="Feature of λ > 0, no.",
        doc="Rank by eigenvalue, 1 the largest. Or click on a dot.",
    )
    example = param.Integer(
        1, bounds=(1, EXAMPLES), label="Digit attacked", doc="Which test image is shown."
    )
    seed = param.Integer(
        0,
        bounds=(0, 9999),
        doc="Seed of the split into training and test part and of the bootstrap.",
    )

    @property
    def problem(self) -> Problem:
        return Problem(self.data, self.depth, self.activation, self.seed)

    @property
    def lams(self) -> tuple[float, float]:
        """Of the two trainings that are compared."""
        return 0.0, self.lam

    @property
    def size(self) -> dict:
        """The attack's `epsilon` and `norm`."""
        return {"epsilon": self.epsilon, "norm": self.norm}
