"""See an infinitely wide neural network become robust.

The joint Gaussian process of a network and its input Jacobian, the Jacobian Neural Tangent Kernel
(JNTK), finite networks beside them, and the closed-form dynamics of Jacobian-regularised training
(Kim & Yang, ICML 2024, arXiv 2312.03386).

Importing the package changes no setting of JAX. Limiting kernels are float64 NumPy arrays whatever
JAX's global flag says; finite networks compute in the precision of their weights.
"""

from .activations import ACTIVATIONS, Activation, get_activation
from .attacks import accuracy, first_order_margin, pgd_margin
from .datasets import (
    DATASETS,
    Dataset,
    DatasetUnavailable,
    dataset_available,
    load_csv,
    load_dataset,
    normalize,
    train_test_split,
)
from .dynamics import KernelPredictor, KrylovDynamics, LinearDynamics, RobustDynamics
from .eigenfeatures import Eigenfeatures, eigenfeatures
from .finite import finite_jacobian_nngp, finite_jntk, sample_value_and_jacobian
from .kernels import jacobian_nngp, jntk
from .mlp import MLP, width_sharding
from .operators import JNTKOperator
from .spectrum import SmallestEigenvalue, smallest_eigenvalue
from .survival import SurvivalNull, survival_null, survival_rates
from .training import Trajectory, loss_parts, robust_loss, train, training_chunks

__all__ = [
    "ACTIVATIONS",
    "DATASETS",
    "MLP",
    "Activation",
    "Dataset",
    "DatasetUnavailable",
    "Eigenfeatures",
    "JNTKOperator",
    "KernelPredictor",
    "KrylovDynamics",
    "LinearDynamics",
    "RobustDynamics",
    "SmallestEigenvalue",
    "SurvivalNull",
    "Trajectory",
    "accuracy",
    "dataset_available",
    "eigenfeatures",
    "finite_jacobian_nngp",
    "finite_jntk",
    "first_order_margin",
    "get_activation",
    "jacobian_nngp",
    "jntk",
    "load_csv",
    "load_dataset",
    "loss_parts",
    "normalize",
    "pgd_margin",
    "robust_loss",
    "sample_value_and_jacobian",
    "smallest_eigenvalue",
    "survival_null",
    "survival_rates",
    "train",
    "train_test_split",
    "training_chunks",
    "width_sharding",
]

__version__ = "0.1.0"
