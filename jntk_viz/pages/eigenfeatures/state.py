"""The settings of the eigenfeatures page: every range, default and label stands here alone."""

import param

from jntk_viz.frame.robustness import LAMBDAS, Problem, Source, sources
from jntk_viz.frame.settings import (
    activation_setting,
    data_setting,
    depth_setting,
    epsilon_setting,
    lam_setting,
    norm_setting,
    seed_setting,
)

ORDERED = (0.0, 0.1, 10.0)  # three λ that readers put in the order of their rank correlations
# The searching attack takes a moment for each feature, so only the leading ones are tried.
PGD_FEATURES = 25
EXAMPLES = 20  # digits to choose from
MOST = 3000  # more features than any data set here has


SOURCES = sources(
    {
        "iris": Source("Iris", {}, 50),
        "iris_all": Source("Iris, all 3 classes", {}, 75),
        "circle": Source("Circle", {"n": 63, "frequency": 2}, 31),
        "digits": Source("Digits 3 and 8, 8×8 pixels", {"classes": (3, 8)}, 40),
        "wine": Source("Wine", {}, 65),
        "wine_all": Source("Wine, all 3 classes", {}, 75),
        "breast_cancer": Source("Breast cancer, 6 components", {"n_components": 6}, 100),
        "algerian_forest_fires": Source("Algerian forest fires", {}, 122),
        "banknote": Source("Banknotes", {}, 200),
        "sonar": Source("Sonar", {}, 30),
    },
    most_rows=800,
    least=20,
    all_classes=True,
)


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
    lam = lam_setting(
        0.1,
        LAMBDAS[1:],
        "Weight of the squared input Jacobian; shown beside standard training, λ = 0.",
    )
    epsilon = epsilon_setting(0.1, 0.5)
    norm = norm_setting("Norm")
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
        doc="λ > 0 has 1+d₀ times as many features as λ = 0, most of them with tiny eigenvalues. "
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
    seed = seed_setting("Seed of the split into training and test part and of the bootstrap.")

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
