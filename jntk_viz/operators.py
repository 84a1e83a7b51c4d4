"""The Jacobian NTK as an operator: products without the matrix.

A block kernel has N(1+d0) rows, but its product with a vector needs only N×N by N×d0 products of
the six scalar matrices: O(N² d0) time and O(N²) memory instead of O(N² d0²).
"""

import jax
import jax.numpy as jnp
import numpy as np

from ._validation import check_fits, check_lam, check_numbers, check_points
from .kernels import LARGEST, kernel_scalars
from .layers import Scalars


@jax.jit
def block_product(scalars: Scalars, x1, x2, v) -> jax.Array:
    """Multiply the blocks of `kernels.assemble` by v without forming them.

    Each line is one term of the formulas there, summed over the second point j and index β.

    Args:
        scalars: the six numbers per pair, each (n1, n2).
        x1: (n1, d0); x2: (n2, d0).
        v: (n2, 1+d0).

    Returns:
        (n1, 1+d0).
    """
    v_value, v_slope = v[:, 0], v[:, 1:]
    radial = jnp.sum(x2 * v_slope, axis=1)  # Σ_β x'_β v_β
    c_slope = scalars.c @ v_slope
    cq_slope = scalars.cq @ v_slope
    value = scalars.value @ v_value + 2 * scalars.q @ radial + jnp.sum(x1 * c_slope, axis=1)
    along_x = 2 * scalars.q @ v_value + 4 * scalars.qq @ radial + 2 * jnp.sum(x1 * cq_slope, axis=1)
    across = (scalars.c * v_value + 2 * scalars.cq * radial + scalars.cc * (x1 @ v_slope.T)) @ x2
    return jnp.concatenate([value[:, None], c_slope + along_x[:, None] * x1 + across], axis=1)


@jax.jit
def weighted_product(v, scalars: Scalars, x, weight) -> jax.Array:
    """Λ^½ Θ Λ^½ v for flat v, `weight` (1+d0,) being the diagonal of one point's Λ^½."""
    v = weight * v.reshape(len(x), -1)
    return (weight * block_product(scalars, x, x, v)).ravel()


_column_products = jax.jit(jax.vmap(weighted_product, in_axes=(1, None, None, None), out_axes=1))


class JNTKOperator:
    """The matrix Θ_λ = Λ^½ Θ Λ^½ of a training set, Λ = diag(1, λ, …, λ), without forming it.

    Holds six N×N matrices, where the Gram matrix has N²(1+d0)² entries.

    Args:
        x: (N, d0), rows of unit norm.
        depth: L ≥ 1; activation, kappa, weight_std, bias_std, residual: as in `jntk`.
        lam: λ ≥ 0, the weight of the Jacobian regulariser.

    Raises:
        ValueError: naming the argument, what was expected, what came and the remedy.
    """

    def __init__(
        self,
        x,
        *,
        depth,
        activation="gelu",
        kappa=1.0,
        lam=1.0,
        weight_std=1.0,
        bias_std=0.0,
        residual=None,
    ):
        self.x = check_points(x)
        self.lam = check_lam(lam)
        n = len(self.x)
        check_fits((6 * n, 1, n, 1), "x", "Use fewer points.")
        scalars = kernel_scalars(
            self.x,
            depth=depth,
            activation=activation,
            kappa=kappa,
            weight_std=weight_std,
            bias_std=bias_std,
            residual=residual,
        )
        largest = max(float(np.abs(numbers).max()) for numbers in scalars)
        if not largest * max(self.lam, 1.0) <= LARGEST:
            raise ValueError(
                f"`lam` {self.lam:g} times the kernel, whose derivatives are as large as "
                f"{largest:.1e}, passes the range of float64. Take a smaller lam, depth or kappa."
            )
        weight = np.append(1.0, np.full(self.x.shape[1], self.lam**0.5))
        with jax.enable_x64(True):
            #: What `product(v, *arguments)` needs besides v, for use inside JAX transformations.
            self.arguments = jax.tree.map(jnp.asarray, (scalars, self.x, weight))

    @property
    def shape(self) -> tuple[int, int]:
        """(N(1+d0), N(1+d0))."""
        size = self.x.shape[0] * (1 + self.x.shape[1])
        return size, size

    dtype = np.dtype(np.float64)

    def mv(self, v) -> np.ndarray:
        """Θ_λ v for flat v, entry i·(1+d0) + α belonging to point i and index α."""
        expected = f"be of shape ({self.shape[0]},), that is N(1+d0) entries"
        remedy = "Flatten an (N, 1+d0) array with v.ravel()."
        v = check_numbers(v, "v", expected, remedy)
        if v.shape != self.shape[:1]:
            raise ValueError(f"`v` must {expected}; got {v.shape}. {remedy}")
        with jax.enable_x64(True):
            # A copy, because NumPy's view of a JAX array is read-only.
            return np.array(self.product(v, *self.arguments))

    def product_of_columns(self, columns) -> np.ndarray:
        """Θ_λ V for V (N(1+d0), k), the product with k vectors at once."""
        with jax.enable_x64(True):
            return np.asarray(_column_products(jnp.asarray(columns), *self.arguments))

    product = staticmethod(weighted_product)
