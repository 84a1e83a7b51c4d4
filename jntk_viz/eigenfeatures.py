"""Eigenfeatures of the robust kernel predictor: what is learned, direction by direction."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from ._validation import check_choice, check_count, check_labels, check_number, check_points
from .attacks import NORMS, accuracy, first_order_margin, pgd_margin
from .dynamics import KernelPredictor, RobustDynamics
from .kernels import kernel_scalars
from .operators import block_product


@dataclass(frozen=True)
class Eigenfeatures:
    """Features f_i, largest eigenvalue first; their sum is the predictor at t → ∞.

    Attributes:
        eigenvalues: (k,), e_i of Θ_λ; only those above the rounding error of Θ_λ.
        usefulness: (k,), accuracy of sign f_i on the test points.
        robustness: (k,), accuracy under an ε-perturbation made against that feature alone.
        values: (m, k), f_i at the test points.
        coefficients: (k, N, 1+d0), f_i(x) = Σ_j Θ(x, x_j) c_j.
        unresolved: how many directions were left out, their eigenvalues being rounding error.
        dynamics: the `RobustDynamics` that they belong to.
        residuals: (k,) ‖Θ_λ v_i - e_i v_i‖/e_max, where found by Krylov iteration; else None.
    """

    eigenvalues: np.ndarray
    usefulness: np.ndarray
    robustness: np.ndarray
    values: np.ndarray
    coefficients: np.ndarray
    unresolved: int
    dynamics: RobustDynamics
    residuals: np.ndarray | None = None

    def feature(self, i: int) -> KernelPredictor:
        """f_i and its input Jacobian as a function of x."""
        return KernelPredictor(self.dynamics.x, self.coefficients[i], **self.dynamics.kernel)


def eigenfeatures(
    x,
    y,
    x_test,
    y_test,
    *,
    depth,
    activation="gelu",
    kappa=1.0,
    lam,
    epsilon,
    norm="l2",
    attack="first_order",
    count=None,
    krylov=None,
    seed=0,
    weight_std=1.0,
    bias_std=0.0,
    residual=None,
) -> Eigenfeatures:
    """Split the kernel predictor into eigenfeatures and measure each one's accuracy and robustness.

    With Θ_λ = Σ e_i v_i v_iᵀ on the training set and u* = (y, 0),

        f_i(x) = Θ_λ(x, X) v_i (v_iᵀ Λ^½ u*)/e_i        (Tsilivis & Kempe, NeurIPS 2022).

    Args:
        x: (N, d0), y: (N,) training points and labels ±1; x_test: (m, d0), y_test: (m,) likewise.
        depth: L ≥ 1; activation, kappa, weight_std, bias_std, residual: as in `jntk`.
        lam: λ ≥ 0, 0 being standard training.
        epsilon: ε ≥ 0, size of the perturbation. norm: "l2" or "linf".
        attack: "first_order" (y f - ε|PJ|, instant) or "pgd" (searches, slower).
        count: how many leading features; all resolved ones if left out.
        krylov: Lanczos steps, several times `count`, for sets whose Gram matrix is too large.
        seed: of the random starts of "pgd".

    Raises:
        ValueError: naming the argument, what was expected, what came and the remedy.
    """
    dynamics = RobustDynamics(
        x,
        y,
        depth=depth,
        activation=activation,
        kappa=kappa,
        lam=lam,
        krylov=krylov,
        weight_std=weight_std,
        bias_std=bias_std,
        residual=residual,
    )
    return dynamics_eigenfeatures(
        dynamics, x_test, y_test, epsilon=epsilon, norm=norm, attack=attack, count=count, seed=seed
    )


def dynamics_eigenfeatures(
    dynamics: RobustDynamics,
    x_test,
    y_test,
    *,
    epsilon,
    norm="l2",
    attack="first_order",
    count=None,
    seed=0,
) -> Eigenfeatures:
    """`eigenfeatures` of dynamics that are already diagonalised; arguments as there."""
    x_test = check_points(x_test, "x_test", in_size=dynamics.x.shape[1])
    y_test = check_labels(y_test, "y_test", len(x_test))
    epsilon = check_number(epsilon, "epsilon")
    check_choice(norm, "norm", NORMS)
    check_choice(attack, "attack", ("first_order", "pgd"))
    if count is not None:
        check_count(count, "count")
    coefficients = dynamics.linear.feature_coefficients(count)
    outputs = expansions(dynamics.x, coefficients, x_test, **dynamics.kernel)
    if attack == "first_order":
        margins = [
            first_order_margin(o, x_test, y_test, epsilon=epsilon, norm=norm) for o in outputs
        ]
    else:
        features = (KernelPredictor(dynamics.x, c, **dynamics.kernel) for c in coefficients)
        margins = [
            pgd_margin(f, x_test, y_test, epsilon=epsilon, norm=norm, seed=seed) for f in features
        ]
    resolved = np.flatnonzero(dynamics.eigenvalues > dynamics.linear.noise_floor)[::-1]
    residuals = getattr(dynamics.linear, "residuals", None)
    return Eigenfeatures(
        eigenvalues=dynamics.eigenvalues[resolved[:count]],
        usefulness=np.array([accuracy(y_test * o[:, 0]) for o in outputs]),
        robustness=np.array([accuracy(m) for m in margins]),
        values=outputs[:, :, 0].T,
        coefficients=coefficients,
        unresolved=len(dynamics.eigenvalues) - len(resolved),
        dynamics=dynamics,
        residuals=None if residuals is None else residuals[resolved[:count]],
    )


_ENTRIES = 2**22  # of the matrices in a batch of expansions: 32 MB each


def expansions(x_train, coefficients, x_test, **kernel) -> np.ndarray:
    """(f, J) of many kernel expansions Σ_j Θ(x, x_j) c_j at the test points, (k, m, 1+d0).

    Args:
        x_train: (N, d0). coefficients: (k, N, 1+d0). x_test: (m, d0).
        kernel: depth, activation, kappa and so on of Θ, as in `jntk`.
    """
    scalars = kernel_scalars(x_test, x_train, **kernel)
    with jax.enable_x64(True):
        scalars, x_test, x_train, coefficients = jax.tree.map(
            jnp.asarray, (scalars, x_test, x_train, coefficients)
        )
        return np.asarray(
            jax.lax.map(
                lambda c: block_product(scalars, x_test, x_train, c),
                coefficients,
                batch_size=max(1, _ENTRIES // scalars.value.size),
            )
        )
