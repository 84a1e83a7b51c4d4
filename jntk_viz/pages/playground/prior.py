"""Random functions: what infinitely wide networks say before they are trained.

They and their slopes are one Gaussian process with the covariance K of `jacobian_nngp`. Drawn
jointly at points Z that cover the globe, with K(Z, Z) = V diag(e) Vᵀ and a standard normal z,

    (f, J)(x) = K(x, Z) V diag(e)^-½ z,

the mean of the process given its values and slopes at Z. What is left to chance elsewhere is a
millionth of the variance: K is smooth.
"""

import numpy as np

from jntk_viz import jacobian_nngp
from jntk_viz.engine.results import kept
from jntk_viz.pages.playground.globe import lattice
from jntk_viz.pages.playground.points import read_points
from jntk_viz.pages.playground.state import Kernel
from jntk_viz.pages.playground.surface import Outputs, seen

KNOWN = 150  # points Z
NOISE = 1e-11  # of the largest eigenvalue: below lies rounding error


@kept
def _directions(depth: int, activation: str) -> np.ndarray:
    """V diag(e)^-½ of the resolved eigenvalues, (4·KNOWN, k)."""
    covariance = jacobian_nngp(lattice(KNOWN), depth=depth, activation=activation)
    e, v = np.linalg.eigh(covariance.reshape(4 * KNOWN, 4 * KNOWN))
    resolved = e > NOISE * e[-1]
    return v[:, resolved] / np.sqrt(e[resolved])


def _features(x, depth: int, activation: str) -> np.ndarray:
    """K(x, Z) V diag(e)^-½ for x (m, 3): (m·4, k)."""
    across = jacobian_nngp(x, lattice(KNOWN), depth=depth, activation=activation)
    return across.reshape(4 * len(x), 4 * KNOWN) @ _directions(depth, activation)


@kept
def features_seen(depth: int, activation: str) -> np.ndarray:
    """Of the points `seen`: (SEEN·4, k). Times a standard normal vector they are a draw."""
    return _features(seen(), depth, activation)


@kept
def features_of(points: str, depth: int, activation: str) -> np.ndarray:
    """Of the reader's points: (N·4, k)."""
    return _features(read_points(points).x, depth, activation)


def draw_of(kernel: Kernel, seed: int) -> Outputs:
    """One random function; it does not depend on the points at which it is asked."""
    whole = features_seen(kernel.depth, kernel.activation)
    own = features_of(kernel.points, kernel.depth, kernel.activation)
    z = np.random.default_rng(seed).standard_normal(whole.shape[1])
    return Outputs((whole @ z).reshape(-1, 4), (own @ z).reshape(-1, 4))
