"""Training in the infinite-width limit: a linear differential equation, solved in closed form."""

from dataclasses import dataclass
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
from scipy.linalg import eigh_tridiagonal

from ._validation import (
    check_count,
    check_fits,
    check_labels,
    check_lam,
    check_number,
    check_numbers,
    check_points,
    check_targets,
)
from .activations import Activation
from .architecture import Architecture
from .kernels import jntk, kernel_scalars
from .operators import JNTKOperator, block_product


@dataclass(frozen=True)
class KernelPredictor:
    """The function (f, J)(x) = Σ_i Θ(x, x_i) c_i of a kernel expansion, without its Gram matrix.

    Attributes:
        x_train: (N, d0). coefficients: (N, 1+d0).
        depth, activation, kappa, weight_std, bias_std, residual: of the limiting JNTK Θ.
    """

    x_train: np.ndarray
    coefficients: np.ndarray
    depth: int
    activation: Activation
    kappa: float
    weight_std: float = 1.0
    bias_std: float = 0.0
    residual: float | None = None

    def __call__(self, x) -> np.ndarray:
        """(f, J) at x (m, d0), rows of unit norm; (m, 1+d0)."""
        x = check_points(x, in_size=self.x_train.shape[1])
        scalars = kernel_scalars(
            x,
            self.x_train,
            depth=self.depth,
            activation=self.activation,
            kappa=self.kappa,
            weight_std=self.weight_std,
            bias_std=self.bias_std,
            residual=self.residual,
        )
        with jax.enable_x64(True):
            return np.asarray(block_product(scalars, x, self.x_train, self.coefficients))


class _Modes:
    """The solution u(x, t) = u(x, 0) + Θ(x, X) c(t) in eigendirections of Θ_λ.

    Attributes: n, block, lam, y, eigenvalues (increasing), eigenvectors (columns), noise_floor,
    target, as in `LinearDynamics`.
    """

    def __init__(self, n, block, y, lam):
        self.n, self.block, self.lam = n, block, lam
        self.y = check_targets(y, "y", n)
        weight = np.full((n, block), lam**0.5)
        weight[:, 0] = 1.0
        self._rows = np.flatnonzero(weight)
        self._root = weight.ravel()[self._rows]
        final = np.concatenate([self.y[:, None], np.zeros((n, block - 1))], axis=1)  # u* = (y, 0)
        self.target = self._root * final.ravel()[self._rows]

    def _set(self, eigenvalues, eigenvectors):
        self.eigenvalues, self.eigenvectors = np.asarray(eigenvalues), np.asarray(eigenvectors)
        self.noise_floor = len(self.target) * np.finfo(float).eps * float(self.eigenvalues[-1])

    @property
    def stable_learning_rate(self) -> float:
        """2N/e_max: gradient descent with a larger step diverges."""
        return 2 * self.n / float(self.eigenvalues[-1])

    def learned(self, t, *, learning_rate=None) -> np.ndarray:
        """1 - exp(-e t/N), the fraction of each eigendirection learned at time t; t may be inf."""
        t = check_number(t, "t", infinite=True)
        e = np.where(self.eigenvalues > self.noise_floor, self.eigenvalues, 0.0)
        if learning_rate is None:
            with np.errstate(over="ignore"):  # e t may be infinite before t is
                return -np.expm1(-np.multiply(e, t, where=e > 0, out=np.zeros_like(e)) / self.n)
        eta = check_number(learning_rate, "learning_rate", positive=True)
        steps = np.rint(t / eta)  # a float: there are more of them than integers of 64 bits
        if np.isfinite(steps):
            share = eta * e / self.n  # of what is missing, learned in each step
            below = share < 1
            # Of a tiny share 1 - share would keep few digits or none.
            logs = np.log1p(-share, where=below, out=np.zeros_like(share))
            with np.errstate(over="ignore"):
                gradual = -np.expm1(steps * logs)
            return np.where(below, gradual, 1 - (1 - np.where(below, 1.0, share)) ** steps)
        if eta >= self.stable_learning_rate:
            raise ValueError(
                f"`learning_rate` must be below 2N/e_max = {self.stable_learning_rate:.4g} for a "
                f"limit of so many steps to exist; got {eta:.4g}. Take a smaller step or a smaller "
                "t."
            )
        return (e > 0).astype(float)

    def _learned_over_e(self, t, learning_rate):
        """[1 - exp(-e t/N)]/e, zero where e is rounding error."""
        return np.divide(
            self.learned(t, learning_rate=learning_rate),
            self.eigenvalues,
            where=self.eigenvalues > self.noise_floor,
            out=np.zeros_like(self.eigenvalues),
        )

    def _expansion(self, vectors):
        """Coefficients (…, N, 1+d0) of Λ^½ v for the rows v of `vectors`."""
        c = np.zeros((*vectors.shape[:-1], self.n * self.block))
        c[..., self._rows] = self._root * vectors
        return c.reshape(*vectors.shape[:-1], self.n, self.block)

    def coefficients(self, t, *, learning_rate=None) -> np.ndarray:
        """c(t) from u(X, 0) = 0, shape (N, 1+d0)."""
        return self._moved(self.target, t, learning_rate)

    def _moved(self, missing, t, learning_rate):
        inverse = self._learned_over_e(t, learning_rate)
        return self._expansion(self.eigenvectors @ (inverse * (self.eigenvectors.T @ missing)))

    def feature_coefficients(self, count=None) -> np.ndarray:
        """c of each resolved eigenfeature, largest eigenvalue first, shape (k, N, 1+d0).

        Λ^½ v_i (v_iᵀ Λ^½ u*)/e_i; c(t) from zero is their sum, each times the fraction learned.
        `count` asks for the first ones only.
        """
        resolved = np.flatnonzero(self.eigenvalues > self.noise_floor)[::-1][:count]
        vectors = self.eigenvectors[:, resolved].T
        weights = (vectors @ self.target) / self.eigenvalues[resolved]
        return self._expansion(weights[:, None] * vectors)


class LinearDynamics(_Modes):
    """u' = -(1/N) Θ Λ (u - u*), the training of u = (f, J) on N points in the infinite-width limit.

    Here u* = (y, 0) and Λ = diag(1, λ, …, λ). With Θ_λ = Λ^½ Θ Λ^½ = V diag(e) Vᵀ the solution at
    any time and at any point x is

        u(x, t) = u(x, 0) + Θ(x, X) c(t)
        c(t) = Λ^½ V [(1 - exp(-e t/N))/e] Vᵀ Λ^½ (u* - u(X, 0))

    and gradient descent with step η has (1 - ηe/N)^(t/η) in place of exp(-e t/N). Kim & Yang
    (2024), Theorem 4.6 and after. Directions whose eigenvalue lies below the rounding error of Θ_λ
    do not move.

    Args:
        gram: (N, 1+d0, N, 1+d0), any JNTK, limiting or of a finite network.
        y: (N,), labels or real targets.
        lam: λ ≥ 0; 0 is training without the regulariser, in which J only follows.

    Attributes:
        eigenvalues: e, increasing; of all N(1+d0) directions, or of the N values for λ = 0.
        noise_floor: below it an eigenvalue is rounding error.
        eigenvectors: V, columns; target: Λ^½ u* on the same rows.
    """

    def __init__(self, gram, y, *, lam):
        remedy = "Pass the result of jntk(x) or finite_jntk(mlp, params, x)."
        gram = check_numbers(gram, "gram", "hold numbers", remedy)
        if gram.ndim != 4 or gram.shape[:2] != gram.shape[2:]:
            raise ValueError(
                f"`gram` must be of shape (N, 1+d0, N, 1+d0); got {gram.shape}. {remedy}"
            )
        n, block = gram.shape[:2]
        if not np.isfinite(gram).all():
            raise ValueError(
                "`gram` must be finite; got NaN or infinite entries. Check the network's weights, "
                "or for a limiting kernel take a smaller `depth` or `kappa`."
            )
        super().__init__(n, block, y, check_lam(lam))
        self.gram = gram
        with jax.enable_x64(True):
            matrix = gram.reshape(n * block, n * block)[np.ix_(self._rows, self._rows)]
            with np.errstate(over="ignore"):
                matrix = self._root[:, None] * matrix * self._root
            if not np.isfinite(matrix).all():
                raise ValueError(
                    f"`lam` {self.lam:g} times `gram`, whose largest entry is "
                    f"{np.abs(gram).max():.1e}, passes the range of float64. Take a smaller lam, "
                    "depth or kappa."
                )
            self._set(*jnp.linalg.eigh(matrix))

    def coefficients(self, t, *, learning_rate=None, initial=None) -> np.ndarray:
        """c(t), shape (N, 1+d0); `initial` is u(X, 0), zero if left out."""
        missing = self.target
        if initial is not None:
            missing = missing - self._root * self._checked(initial).ravel()[self._rows]
        return self._moved(missing, t, learning_rate)

    def _checked(self, initial) -> np.ndarray:
        """u(X, 0), which may be infinite: where descent that diverged is taken up again."""
        remedy = "Pass (f, J) on the training points."
        expected = f"hold numbers of shape (N, 1+d0) = {(self.n, self.block)}"
        initial = check_numbers(initial, "initial", expected, remedy)
        if initial.shape != (self.n, self.block):
            raise ValueError(f"`initial` must {expected}; got shape {initial.shape}. {remedy}")
        return initial

    def train(self, t, *, learning_rate=None, initial=None) -> np.ndarray:
        """(f, J) on the training points at time t, (N, 1+d0)."""
        return self.predict(
            self.gram, t, learning_rate=learning_rate, initial=initial, initial_test=initial
        )

    def predict(
        self, cross_gram, t, *, learning_rate=None, initial=None, initial_test=None
    ) -> np.ndarray:
        """(f, J) at m other points at time t, (m, 1+d0).

        Args:
            cross_gram: (m, 1+d0, N, 1+d0), the kernel between those points and the training points.
            t: time ≥ 0, may be inf. learning_rate: for gradient descent instead of the flow.
            initial: (N, 1+d0), u at t = 0 on the training points; initial_test: (m, 1+d0) likewise.
        """
        c = self.coefficients(t, learning_rate=learning_rate, initial=initial)
        moved = np.tensordot(cross_gram, c, axes=2)
        return moved if initial_test is None else moved + initial_test


@lru_cache(maxsize=16)
def _lanczos(steps: int):
    """The compiled Lanczos iteration: once for each shape, whatever the operator holds."""
    from matfree.decomp import tridiag_sym

    return jax.jit(tridiag_sym(steps, materialize=False, custom_vjp=False), static_argnums=0)


class KrylovDynamics(_Modes):
    """`LinearDynamics` of a training set whose Gram matrix is too large to form or diagonalise.

    The Lanczos iteration, from Λ^½ u* and with full reorthogonalisation (matfree), projects Θ_λ to
    a small tridiagonal matrix QᵀΘ_λQ = Y diag(e) Yᵀ. With (e, QY) in place of the eigenpairs the
    formulas of `LinearDynamics` hold for u(x, 0) = 0: those of the largest eigenvalues, which are
    learned first, converge first.

    Args:
        operator: a `JNTKOperator`, which holds x and λ. y: (N,), labels or real targets.
        steps: products with Θ_λ, and as many vectors of N(1+d0) numbers to keep.

    Attributes:
        eigenvalues, eigenvectors: (k,) and (N(1+d0), k), Ritz pairs, k ≤ steps.
        residuals: (k,) ‖Θ_λ v - e v‖/e_max of each.
    """

    def __init__(self, operator: JNTKOperator, y, *, steps):
        steps = check_count(steps, "steps")
        n, d0 = operator.x.shape
        super().__init__(n, 1 + d0, y, operator.lam)
        start = np.zeros((n, 1 + d0))
        start[:, 0] = self.y
        steps = min(steps, len(self.target))
        check_fits((n, 1 + d0, 3 * steps, 1), "steps", "Use fewer steps.")
        with jax.enable_x64(True):
            first = jnp.asarray(start.ravel())
            found = _lanczos(steps)(operator.product, first, *operator.arguments)
            beta = np.append(found.J_small[1], jnp.linalg.norm(found.residual))
        # Past an invariant subspace there is nothing but rounding error.
        diagonal = np.asarray(found.J_small[0])
        ends = np.flatnonzero(~(beta > len(self.target) * np.finfo(float).eps * diagonal.max()))
        size = ends[0] + 1 if ends.size else steps
        values, ritz = eigh_tridiagonal(diagonal[:size], beta[: size - 1])
        self._set(values, np.asarray(found.Q_tall)[:size, self._rows].T @ ritz)
        self._first, self._last = ritz[0], beta[size - 1] * ritz[-1]
        self.residuals = np.maximum(np.abs(self._last) / values[-1], np.finfo(float).eps)

    def residual(self, t, *, learning_rate=None) -> float:
        """‖Θ_λ a(t) - (Λ^½ u* - v(t))‖/‖Λ^½ u*‖, Λ^½ a being c(t): the error of the projection.

        What the coefficients say on the training points against what must have been learned by t,
        v being what is left to learn; at t = inf the residual of the linear system. Never below
        the rounding error of float64.
        """
        missed = self._last @ (self._learned_over_e(t, learning_rate) * self._first)
        return max(float(abs(missed)), float(np.finfo(float).eps))


class RobustDynamics:
    """Robust training of an infinitely wide network: `LinearDynamics` with the limiting JNTK.

    Args:
        x: (N, d0), rows of unit norm. y: (N,), labels ±1.
        depth: L ≥ 1; activation, kappa, weight_std, bias_std, residual: as in `jntk`.
        lam: λ ≥ 0, the weight of the Jacobian regulariser.
        krylov: Lanczos steps, for `KrylovDynamics` instead of the whole Gram matrix.

    Attributes:
        linear: the `LinearDynamics` or `KrylovDynamics`; x, kernel: the points and the keywords of
            their kernel.

    Raises:
        ValueError: naming the argument, what was expected, what came and the remedy.
    """

    def __init__(
        self,
        x,
        y,
        *,
        depth,
        activation="gelu",
        kappa=1.0,
        lam,
        krylov=None,
        weight_std=1.0,
        bias_std=0.0,
        residual=None,
    ):
        self.x = check_points(x)
        remedy = "For real targets use LinearDynamics(jntk(x, depth=…), y, lam=…)."
        check_labels(y, "y", len(self.x), remedy)
        check_lam(lam)
        network = Architecture(depth, activation, weight_std, bias_std, residual)
        self.kernel = {**network.keywords, "kappa": kappa}
        self.linear: LinearDynamics | KrylovDynamics
        if krylov is not None:
            operator = JNTKOperator(self.x, **self.kernel, lam=lam)
            self.linear = KrylovDynamics(operator, y, steps=krylov)
            return
        n, d0 = self.x.shape
        # The Gram matrix, its weighted copy and its eigenvectors.
        remedy = "Use krylov=200, which needs no Gram matrix, JNTKOperator, or fewer points."
        check_fits((n, 1 + d0, 3 * n, 1 + d0), "x", remedy)
        self.linear = LinearDynamics(jntk(self.x, **self.kernel), y, lam=lam)

    @property
    def eigenvalues(self) -> np.ndarray:
        """Eigenvalues of Θ_λ, increasing."""
        return self.linear.eigenvalues

    def predictor(self, t, *, learning_rate=None) -> KernelPredictor:
        """The function learned by time t, which may be inf, from a zero initial function."""
        c = self.linear.coefficients(t, learning_rate=learning_rate)
        return KernelPredictor(self.x, c, **self.kernel)

    def predict(self, x_test, t, *, learning_rate=None) -> np.ndarray:
        """(f, J) at `x_test` (m, d0) at time t, which may be inf, from zero; shape (m, 1+d0).

        As t → ∞ the result does not depend on λ > 0: the labels are interpolated and the Jacobian
        vanishes at every training point. λ acts on the way there. With `learning_rate` it is
        gradient descent after t/learning_rate steps instead of the gradient flow.
        """
        return self.predictor(t, learning_rate=learning_rate)(x_test)
