"""Training in the infinite-width limit: a linear differential equation, solved in closed form."""

from dataclasses import dataclass
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
from scipy.linalg import eigh_tridiagonal

from ._validation import (
    check_columns_vary,
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
        x_train: (N, d0). coefficients: (N, 1+d0), or (N, 1+d0, C) of C outputs, whose kernel is
            Θ times the identity.
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
        """(f, J) at x (m, d0), rows of unit norm; (m, 1+d0), or (m, 1+d0, C)."""
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
            return by_column(
                lambda c: np.asarray(block_product(scalars, x, self.x_train, c)), self.coefficients
            )


def by_column(function, columns) -> np.ndarray:
    """The linear `function` of an array (N, 1+d0), or of each column of an (N, 1+d0, C) one.

    One column after another, so that each is what it is alone to the last digit: products with
    several at once round in another order, which ill-conditioned kernels magnify.
    """
    if columns.ndim == 2:
        return function(columns)
    each = np.ascontiguousarray(np.moveaxis(columns, -1, 0))
    return np.stack([function(column) for column in each], axis=-1)


class _Modes:
    """The solution u(x, t) = u(x, 0) + Θ(x, X) c(t) in eigendirections of Θ_λ.

    Attributes: n, block, lam, y, eigenvalues (increasing), eigenvectors (columns), noise_floor,
    target, as in `LinearDynamics`. Several outputs have a last axis more, each its own column of y:
    their kernel Θ ⊗ I has the same eigendirections for all.
    """

    def __init__(self, n, block, y, lam):
        self.n, self.block, self.lam = n, block, lam
        self.y = check_targets(y, "y", n)
        weight = np.full((n, block), lam**0.5)
        weight[:, 0] = 1.0
        self._rows = np.flatnonzero(weight)
        self._root = weight.ravel()[self._rows]
        final = np.zeros((n, block, *self.y.shape[1:]))  # u* = (y, 0)
        final[:, 0] = self.y
        self.target = self._weighted(final)

    @property
    def outputs(self) -> tuple[int, ...]:
        """(C,) for C outputs, () for a single one: the last axis of all that is predicted."""
        return self.y.shape[1:]

    def _weighted(self, u):
        """Λ^½ u on the rows that have weight, (rows,) or (rows, C)."""
        rows = u.reshape(-1, *self.outputs)[self._rows]
        return (self._root * rows.T).T

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
        """c(t) from u(X, 0) = 0, shape (N, 1+d0), or (N, 1+d0, C)."""
        return self._moved(self.target, t, learning_rate)

    def _moved(self, missing, t, learning_rate):
        inverse = self._learned_over_e(t, learning_rate)
        columns = np.ascontiguousarray(missing.T).reshape(-1, len(missing))
        moved = [
            self._expansion(self.eigenvectors @ (inverse * (self.eigenvectors.T @ column)))
            for column in columns
        ]
        return np.stack(moved, axis=-1) if self.outputs else moved[0]

    def feature_coefficients(self, count=None) -> np.ndarray:
        """c of each resolved eigenfeature, largest eigenvalue first, shape (k, N, 1+d0).

        Λ^½ v_i (v_iᵀ Λ^½ u*)/e_i; c(t) from zero is their sum, each times the fraction learned.
        `count` asks for the first ones only. Of C outputs (k, N, 1+d0, C).
        """
        if self.outputs:
            directions, weights = self.feature_directions(count)
            return directions[..., None] * weights[:, None, None, :]
        resolved, vectors = self._resolved(count)
        weights = (vectors @ self.target) / self.eigenvalues[resolved]
        return self._expansion(weights[:, None] * vectors)

    def feature_directions(self, count=None) -> tuple[np.ndarray, np.ndarray]:
        """Λ^½ v_i, (k, N, 1+d0), and (v_iᵀ Λ^½ u*)/e_i, (k,) or (k, C): factors of the features.

        All outputs of a feature are multiples of one function, that of the direction.
        """
        resolved, vectors = self._resolved(count)
        weights = ((vectors @ self.target).T / self.eigenvalues[resolved]).T
        return self._expansion(vectors), weights

    def _resolved(self, count):
        """The `count` largest eigenvalues above rounding error: places, eigenvectors as rows."""
        resolved = np.flatnonzero(self.eigenvalues > self.noise_floor)[::-1][:count]
        return resolved, self.eigenvectors[:, resolved].T


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
        y: (N,), labels or real targets; (N, C) for C outputs, which share one eigendecomposition:
            then whatever has the shape (…, 1+d0) below has (…, 1+d0, C).
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
            missing = missing - self._weighted(self._checked(initial))
        return self._moved(missing, t, learning_rate)

    def _checked(self, initial) -> np.ndarray:
        """u(X, 0), which may be infinite: where descent that diverged is taken up again."""
        remedy = "Pass (f, J) on the training points."
        shape = (self.n, self.block, *self.outputs)
        expected = f"hold numbers of shape (N, 1+d0{', C' * len(self.outputs)}) = {shape}"
        initial = check_numbers(initial, "initial", expected, remedy)
        if initial.shape != shape:
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
        moved = by_column(lambda column: np.tensordot(cross_gram, column, axes=2), c)
        return moved if initial_test is None else moved + initial_test


@lru_cache(maxsize=16)
def _lanczos(steps: int):
    """The compiled Lanczos iteration: once for each shape, whatever the operator holds."""
    from matfree.decomp import tridiag_sym

    return jax.jit(tridiag_sym(steps, materialize=False, custom_vjp=False), static_argnums=0)


def _orthonormal(columns, floor=0.0):
    """Q and R with `columns` = Q R; Q spans what of them is longer than rounding and `floor`."""
    q, sizes, mixed = np.linalg.svd(columns, full_matrices=False)
    floor = max(floor, len(columns) * np.finfo(float).eps * sizes[0])
    kept = sizes > floor
    return q[:, kept], sizes[kept, None] * mixed[kept]


class KrylovDynamics(_Modes):
    """`LinearDynamics` of a training set whose Gram matrix is too large to form or diagonalise.

    The Lanczos iteration, from Λ^½ u* and with full reorthogonalisation (matfree), projects Θ_λ to
    a small tridiagonal matrix QᵀΘ_λQ = Y diag(e) Yᵀ. With (e, QY) in place of the eigenpairs the
    formulas of `LinearDynamics` hold for u(x, 0) = 0: those of the largest eigenvalues, which are
    learned first, converge first.

    Args:
        operator: a `JNTKOperator`, which holds x and λ. y: (N,), labels or real targets; (N, C)
            for C outputs, which share the steps: take as many times more.
        steps: products with Θ_λ, and as many vectors of N(1+d0) numbers to keep.

    Attributes:
        eigenvalues, eigenvectors: (k,) and (N(1+d0), k), Ritz pairs, k ≤ steps.
        residuals: (k,) ‖Θ_λ v - e v‖/e_max of each.
    """

    def __init__(self, operator: JNTKOperator, y, *, steps):
        steps = check_count(steps, "steps")
        n, d0 = operator.x.shape
        super().__init__(n, 1 + d0, y, operator.lam)
        start = np.zeros((n, 1 + d0, *self.outputs))
        start[:, 0] = self.y
        steps = min(steps, len(self.target))
        check_fits((n, 1 + d0, 3 * steps, 1), "steps", "Use fewer steps.")
        if self.outputs:
            self._project(operator, start.reshape(-1, *self.outputs), steps)
            return
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

    def _project(self, operator, start, steps):
        """The same from C columns at once: block Lanczos, Golub & Underwood (1977).

        The space is that of all columns together, so that one set of Ritz pairs serves all. Each
        product has C columns, fewer where columns depend on one another. (matfree and SciPy iterate
        on one vector.)
        """
        basis = np.empty((len(start), 0))
        block, first = _orthonormal(start)
        norm, projected = np.linalg.norm(start), []
        while True:
            basis = np.concatenate([basis, block], axis=1)
            rest = operator.product_of_columns(block)
            column = np.zeros((basis.shape[1], block.shape[1]))
            for _ in range(2):  # once more for what rounding has left
                part = basis.T @ rest
                rest, column = rest - basis @ part, column + part
            projected.append(column)
            floor = len(start) * np.finfo(float).eps * np.abs(column).max()
            block, last = _orthonormal(rest, floor)
            if not block.shape[1] or basis.shape[1] + block.shape[1] > steps:
                break
        size = basis.shape[1]
        small = np.concatenate([np.pad(c, ((0, size - len(c)), (0, 0))) for c in projected], axis=1)
        small = np.triu(small) + np.triu(small, 1).T
        values, ritz = np.linalg.eigh(small)
        self._set(values, basis[self._rows] @ ritz)
        self._first = ritz[: len(first)].T @ first / norm
        self._last = last @ ritz[-last.shape[1] :]
        rest = np.linalg.norm(self._last, axis=0)
        self.residuals = np.maximum(rest / values[-1], np.finfo(float).eps)

    def residual(self, t, *, learning_rate=None) -> float:
        """‖Θ_λ a(t) - (Λ^½ u* - v(t))‖/‖Λ^½ u*‖, Λ^½ a being c(t): the error of the projection.

        What the coefficients say on the training points against what must have been learned by t,
        v being what is left to learn; at t = inf the residual of the linear system. Never below
        the rounding error of float64.
        """
        fraction = self._learned_over_e(t, learning_rate)
        missed = self._last @ (fraction * self._first.T).T
        return max(float(np.linalg.norm(missed)), float(np.finfo(float).eps))


class RobustDynamics:
    """Robust training of an infinitely wide network: `LinearDynamics` with the limiting JNTK.

    Args:
        x: (N, d0), rows of unit norm. y: (N,), labels ±1; or (N, C), a column for each of C
            classes, +1 in the rows of the class and -1 in the others (as `load_dataset` gives with
            classes="all"). Not one-hot, so that each column is a two-class problem as (N,) is. The
            largest output is the same for both codings and margins of one-hot labels are half as
            large: f is linear in y, and what they differ by adds one function to all outputs.
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
        check_columns_vary(check_labels(y, "y", len(self.x), remedy), "y")
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
        """The function learned by time t, which may be inf, from a zero initial function.

        A random network does not start at zero. This is the mean over initialisations, or how far
        training has moved the initial function.
        """
        c = self.linear.coefficients(t, learning_rate=learning_rate)
        return KernelPredictor(self.x, c, **self.kernel)

    def predict(self, x_test, t, *, learning_rate=None) -> np.ndarray:
        """(f, J) at `x_test` (m, d0) at time t, which may be inf, from zero; shape (m, 1+d0).

        For y of shape (N, C) the shape is (m, 1+d0, C), each column what it is for y[:, c] alone.
        As t → ∞ the result does not depend on λ > 0: the labels are interpolated and the Jacobian
        vanishes at every training point. λ acts on the way there. With `learning_rate` it is
        gradient descent after t/learning_rate steps instead of the gradient flow.
        """
        return self.predictor(t, learning_rate=learning_rate)(x_test)
