"""The settings of the robust-training page: every range, default and label stands here alone."""

import numpy as np
import param

from jntk_viz.frame.numbers import stop
from jntk_viz.frame.robustness import LAMBDAS, MOST_TESTED, Problem, Source, sources
from jntk_viz.frame.settings import (
    activation_setting,
    data_setting,
    depth_setting,
    epsilon_setting,
    lam_setting,
    norm_setting,
    seed_setting,
)

TIMES = (*(digit * 10.0**k for k in range(-1, 10) for digit in (1, 2, 5)), 1e10, np.inf)
FLOW = 0.0  # the learning rate of the gradient flow
# Learning rates of gradient descent as fractions of 2N/e_max; above 1 the largest mode diverges.
RATES = (0.1, 0.5, 0.9, 0.99, 1.01, 1.1, 1.5)


SOURCES = sources(
    {
        "iris": Source("Iris", {}, 50),
        "iris_all": Source("Iris, all 3 classes", {}, 75),
        "circle": Source("Circle", {"n": 63, "frequency": 2}, 31),
        "digits": Source("Digits 3 and 8", {}, 28, 100),
        "digits_all": Source("Digits, all 10 classes", {}, 30, 100),
        "wine": Source("Wine", {}, 65),
        "wine_all": Source("Wine, all 3 classes", {}, 75),
        "breast_cancer": Source("Breast cancer, 6 components", {"n_components": 6}, 100),
        "algerian_forest_fires": Source("Algerian forest fires", {}, 122),
        "banknote": Source("Banknotes", {}, 200),
        "sonar": Source("Sonar", {}, 30, 100),
    },
    most_rows=1500,
    least=4,
    all_classes=True,
)


class RobustTrainingState(param.Parameterized):
    """Everything that the page shows follows from these values."""

    view = param.Selector(
        default="map",
        objects={"Map": "map", "Predictor": "predictor", "Eigenfeatures": "features"},
        label="What is shown",
    )
    data = data_setting(SOURCES, "iris")
    depth = depth_setting(2, 11)
    activation = activation_setting()
    lam = lam_setting(0.1, LAMBDAS)
    t = param.Selector(
        default=1e3,
        objects={stop(t): t for t in TIMES},
        label="Training time t",
        doc="Time of the gradient flow, or steps × learning rate; the last stop is t = ∞.",
    )
    epsilon = epsilon_setting(0.3, 1)
    norm = norm_setting("Norm of the change")
    shown = param.Selector(
        default="robust",
        objects={"Robust accuracy": "robust", "Clean accuracy": "clean", "Median |J|": "jacobian"},
        label="Colour of the map",
    )
    training = param.Selector(
        default="flow",
        objects={"Gradient flow": "flow", "Descent": "descent"},
        label="Training by",
        doc="The flow follows the gradient continuously; descent takes steps of size η.",
    )
    rate = param.Selector(
        default=0.5,
        objects={f"{rate:g}": rate for rate in RATES},
        label="η ÷ (2N/eₘₐₓ)",
        doc="Learning rate as a fraction of the largest stable one; above 1 descent diverges.",
    )
    plane = param.Selector(
        default="principal",
        objects={
            "First principal directions": "principal",
            "From class to class": "classes",
            "Around the test point": "point",
        },
        label="Slice of the sphere",
        doc="Which two-dimensional slice of the inputs' sphere the predictor is drawn on.",
    )
    point = param.Integer(
        0,
        bounds=(0, MOST_TESTED - 1),
        label="Test point",
        doc="The one that is followed; a click on the slice chooses the nearest.",
    )
    seed = seed_setting("Seed of the split into training and test part.")

    @property
    def problem(self) -> Problem:
        """Settings that the kernels depend on."""
        return Problem(self.data, self.depth, self.activation, self.seed)

    @property
    def speed(self) -> float:
        """FLOW, or the learning rate as a fraction of 2N/e_max: which `study.Path` is shown."""
        return self.rate if self.training == "descent" else FLOW

    @property
    def attack(self) -> dict:
        """Size and norm of the change that a test point has to stand."""
        return {"epsilon": self.epsilon, "norm": self.norm}

    @property
    def at(self) -> int:
        """The place of t among TIMES."""
        return TIMES.index(self.t)
