"""Eigenfeatures of the robust kernel predictor: what is learned, direction by direction."""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from ._validation import check_choice, check_classes, check_count, check_number, check_points
from .attacks import NORMS, accuracy, clean_margin, first_order_margin, pgd_margin
from .dynamics import KernelPredictor, RobustDynamics
from .kernels import kernel_scalars
from .operators import block_product


@dataclass(frozen=True)
class Eigenfeatures:
    """Features f_i, largest eigenvalue first; their sum is the predictor at t → ∞.

    Attributes:
        eigenvalues: (k,), e_i of Θ_λ; only those above the rounding error of Θ_λ.
        usefulness: (k,), accuracy of sign f_i on the test points; of C classes, of the largest
            output of f_i, "in total".
        robustness: (k,), accuracy under an ε-perturbation made against that feature alone.
        values: (m, k), f_i at the test points; of C classes (m, k, C).
        coefficients: (k, N, 1+d0), f_i(x) = Σ_j Θ(x, x_j) c_j; of C classes (k, N, 1+d0, C).
        unresolved: how many directions were left out, their eigenvalues being rounding error.
        dynamics: the `RobustDynamics` that they belong to.
        residuals: (k,) ‖Θ_λ v_i - e_i v_i‖/e_max, where found by Krylov iteration; else None.
        pair_usefulness, pair_robustness: (k, C, C) of C classes, None of two: accuracy of the sign
            of (f_i)_a - (f_i)_b on the test points of the classes a and b alone, and the same under
            attack. Symmetric; NaN for a = b and where neither class is among the test points.
    """

    eigenvalues: np.ndarray
    usefulness: np.ndarray
    robustness: np.ndarray
    values: np.ndarray
    coefficients: np.ndarray
    unresolved: int
    dynamics: RobustDynamics
    residuals: np.ndarray | None = None
    pair_usefulness: np.ndarray | None = None
    pair_robustness: np.ndarray | None = None

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

    Of C classes the kernel is Θ_λ ⊗ I, so an eigenvalue belongs to all outputs at once, and f_i is
    the projection of the predictor on its C eigenvectors v_i ⊗ 1_c, whatever basis of them is
    taken: one function g_i(x) = Θ_λ(x, X) v_i for all outputs, times the vector
    w_i = (v_iᵀ Λ^½ u*_c)/e_i. Its largest output is therefore that of the largest w_i where g_i > 0
    and that of the smallest where g_i < 0: a single feature tells two sides apart, never more, and
    its accuracy in total is at most the share of two classes. What it is worth between any two
    classes, where its answer is the sign of g_i (w_ia - w_ib), says `pair_usefulness`.

    Args:
        x: (N, d0), y: (N,) training points and labels ±1; x_test: (m, d0), y_test: (m,) likewise.
            Of C classes y: (N, C), y_test: (m, C), +1 in the column of a row's class, else -1.
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
    y_test = check_classes(y_test, "y_test", len(x_test))
    check_classes(dynamics.linear.y, "y", len(dynamics.x))
    outputs = dynamics.linear.outputs
    if y_test.shape[1:] != outputs:
        raise ValueError(
            f"`y_test` must be of shape {(len(x_test), *outputs)}, coded as the training labels "
            f"are; got {y_test.shape}. Split one data set into both parts."
        )
    epsilon = check_number(epsilon, "epsilon")
    check_choice(norm, "norm", NORMS)
    check_choice(attack, "attack", ("first_order", "pgd"))
    if count is not None:
        check_count(count, "count")
    attacked = partial(
        _attacked, dynamics, x_test, attack=attack, epsilon=epsilon, norm=norm, seed=seed
    )
    measure = _measure_several if outputs else _measure_two
    resolved = np.flatnonzero(dynamics.eigenvalues > dynamics.linear.noise_floor)[::-1]
    residuals = getattr(dynamics.linear, "residuals", None)
    return Eigenfeatures(
        eigenvalues=dynamics.eigenvalues[resolved[:count]],
        unresolved=len(dynamics.eigenvalues) - len(resolved),
        dynamics=dynamics,
        residuals=None if residuals is None else residuals[resolved[:count]],
        **measure(dynamics, x_test, y_test, count, attacked),
    )


def _attacked(dynamics, x_test, y, coefficients, outputs, *, attack, epsilon, norm, seed):
    """Margins of expansions under attack, (k, m); `outputs` are their (f, J) at the test points."""
    if attack == "first_order":
        return [first_order_margin(o, x_test, y, epsilon=epsilon, norm=norm) for o in outputs]
    expanded = (KernelPredictor(dynamics.x, c, **dynamics.kernel) for c in coefficients)
    return [pgd_margin(f, x_test, y, epsilon=epsilon, norm=norm, seed=seed) for f in expanded]


def _measure_two(dynamics, x_test, y_test, count, attacked) -> dict:
    """The features of two classes: fields of `Eigenfeatures`."""
    coefficients = dynamics.linear.feature_coefficients(count)
    outputs = expansions(dynamics.x, coefficients, x_test, **dynamics.kernel)
    margins = attacked(y_test, coefficients, outputs)
    return {
        "usefulness": np.array([accuracy(clean_margin(o[:, 0], y_test)) for o in outputs]),
        "robustness": np.array([accuracy(m) for m in margins]),
        "values": outputs[:, :, 0].T,
        "coefficients": coefficients,
    }


def _measure_several(dynamics, x_test, y_test, count, attacked) -> dict:
    """The features of C classes: fields of `Eigenfeatures`.

    All outputs being multiples of g_i, an attack has only two aims: to make g_i negative where the
    right answer needs it positive, and the other way round.
    """
    directions, weights = dynamics.linear.feature_directions(count)
    outputs = expansions(dynamics.x, directions, x_test, **dynamics.kernel)
    side = np.ones(len(x_test))
    total, pairs = _shares(weights, outputs[..., 0] > 0, outputs[..., 0] < 0, y_test)
    kept = [np.array(attacked(y, directions, outputs)) > 0 for y in (side, -side)]
    robust, robust_pairs = _shares(weights, kept[0], kept[1], y_test)
    return {
        "usefulness": total,
        "robustness": robust,
        "values": outputs[..., 0].T[..., None] * weights,
        "coefficients": directions[..., None] * weights[:, None, None, :],
        "pair_usefulness": pairs,
        "pair_robustness": robust_pairs,
    }


def _shares(weights, positive, negative, y_test) -> tuple[np.ndarray, np.ndarray]:
    """Accuracy in total, (k,), and of each pair of classes, (k, C, C).

    weights: (k, C), w. positive, negative: (k, m), where g is sure to be so.
    """
    member, right = y_test > 0, np.argmax(y_test, axis=1)
    lead = weights[:, right][:, :, None] - weights[:, None, :]  # (k, m, C) over each other class
    beaten = np.where(lead > 0, positive[..., None], (lead < 0) & negative[..., None])
    total = np.all(beaten | member, axis=-1).mean(axis=1)
    count = np.tensordot(member.astype(float), beaten.astype(float), axes=(0, 1))  # (C, k, C)
    count = np.moveaxis(count, 0, 1)
    rows = member.sum(axis=0)
    among = (rows[:, None] + rows).astype(float)
    among[(among == 0) | np.eye(len(rows), dtype=bool)] = np.nan
    return total, (count + count.mT) / among


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
