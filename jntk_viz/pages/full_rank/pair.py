"""Two inputs on the circle: how λ_min falls as they become parallel, and what is lost."""

from typing import NamedTuple

import numpy as np

from jntk_viz.engine.results import kept
from jntk_viz.engine.steps import Step
from jntk_viz.kernels import jacobian_nngp, jntk
from jntk_viz.pages.full_rank import study
from jntk_viz.pages.full_rank.state import THETAS, FullRankState
from jntk_viz.rates import PowerLaw, power_law
from jntk_viz.spectrum import Spectrum, gram_spectrum

NEAR = 10.0  # degrees: the power law is fitted below this angle …
CLEAR = 100  # … where λ_min is so many times the floor: rounding then changes it by 1 % at most
_HALF = np.geomspace(0.1, 90, 45)
ANGLES = np.concatenate([_HALF, (180 - _HALF)[-2::-1]])  # degrees
_RIGHT = {0.0: (1.0, 0.0), 90.0: (0.0, 1.0), 180.0: (-1.0, 0.0)}  # free of rounding


def points(*thetas: float) -> np.ndarray:
    """(1, 0) and the points at the given angles from it, in degrees: (1 + k, 2)."""
    angles = np.radians(thetas)
    x = np.column_stack([np.cos(angles), np.sin(angles)])
    for i, theta in enumerate(thetas):
        x[i] = _RIGHT.get(float(theta), x[i])
    return np.concatenate([[[1.0, 0.0]], x])


class Pair(NamedTuple):
    """Two points at one angle.

    spectrum: of their kernel. combination: (k, n), rows are the exact null directions, or, where
    there are none, the eigenvector of λ_min. Entries f, J∥, J⊥ of x, then of x': J∥ is the slope
    along the input, J⊥ along the circle. exact: how many of them vanish for every network.
    residual: |K v|/λ_max of those.
    """

    spectrum: Spectrum
    combination: np.ndarray
    exact: int
    residual: float


@kept
def pair(theta: float, kernel: str, activation: str, depth: int) -> Pair:
    """The kernel of two points at the angle θ (degrees), and which combination is nearly lost."""
    x = points(theta)
    matrix = study.gram(x, kernel, activation, depth)
    size = matrix.shape[0] * matrix.shape[1]
    square = matrix.reshape(size, size)
    exact = study.null_directions(x, kernel, activation, depth)
    vectors = exact if len(exact) else np.linalg.eigh(square)[1][:, :1].T
    return Pair(
        gram_spectrum(matrix),
        _readable(_along(x, vectors)),
        len(exact),
        study.null_residual(matrix, exact),
    )


def _along(x, vectors):
    """Rows (k, n) in coordinates along and across each input: an orthogonal change within J."""
    if vectors.shape[1] == len(x):  # values alone
        return vectors
    blocks = vectors.reshape(-1, len(x), 3)
    across = np.column_stack([-x[:, 1], x[:, 0]])
    along = [np.einsum("kid,id->ki", blocks[:, :, 1:], frame) for frame in (x, across)]
    return np.stack([blocks[:, :, 0], *along], axis=2).reshape(vectors.shape)


def _readable(vectors):
    """The same space by rows with as few entries as possible, each beginning positively.

    Gauss–Jordan elimination from the left; rows get length one.
    """
    rows, done = np.array(vectors), 0
    for column in range(rows.shape[1]):
        best = done + int(np.argmax(np.abs(rows[done:, column]))) if done < len(rows) else done
        if best == len(rows) or abs(rows[best, column]) < 1e-9:
            continue
        rows[[done, best]] = rows[[best, done]]
        rows[done] /= rows[done, column]
        others = np.arange(len(rows)) != done
        rows[others] -= np.outer(rows[others, column], rows[done])
        done += 1
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


class Sweep(NamedTuple):
    """Over ANGLES: λ_min of the kernel and of its values alone, and the float64 floor; (A,) each.

    small, opposite: power laws in θ and in 180° − θ (degrees) below NEAR, of what is CLEAR of the
    floor; None where λ_min does not fall there or cannot be resolved.
    """

    smallest: np.ndarray
    values: np.ndarray
    noise: np.ndarray
    small: PowerLaw | None
    opposite: PowerLaw | None


@kept
def sweep(kernel: str, activation: str, depth: int) -> Sweep:
    """λ_min of two points at every one of ANGLES; NaN where it is not numerically resolved."""
    compute = jacobian_nngp if kernel == "jacobian_nngp" else jntk
    # One Gram matrix holds all pairs with the first point.
    whole = compute(points(*ANGLES), depth=depth, activation=activation)
    block = 1 if kernel == "ntk" else whole.shape[1]
    results = np.array([_two(whole, k, block) + _two(whole, k, 1) for k in range(1, len(whole))])
    smallest, noise, values, _ = results.T
    clear = np.where(smallest > CLEAR * noise, smallest, np.nan)
    return Sweep(smallest, values, noise, _fit(ANGLES, clear), _fit(180 - ANGLES, clear))


def _two(whole, k, block):
    """(λ_min or NaN, floor) of points 0 and k."""
    matrix = whole[np.ix_([0, k], range(block), [0, k], range(block))]
    value = gram_spectrum(matrix).smallest
    return (value.value if value.resolved else np.nan, value.noise_floor)


def _fit(distance, smallest) -> PowerLaw | None:
    """The power law at small distances, if λ_min falls there by more than a factor of two.

    - `smallest`: (A,), NaN where it is not CLEAR of the floor.
    """
    near = (distance <= NEAR) & np.isfinite(smallest)
    if near.sum() < 4 or np.ptp(np.log(smallest[near])) < np.log(2):
        return None
    return power_law(distance[near], smallest[near])


_FITTED = np.array([ANGLES[0], 20.0])


def fitted_lines(found: Sweep) -> tuple[np.ndarray, np.ndarray]:
    """(angles, λ_min) of the power laws that were fitted, separated by NaN."""
    lines = [(_FITTED, found.small, _FITTED), (180 - _FITTED, found.opposite, _FITTED)]
    known = [(x, law(distance)) for x, law, distance in lines if law is not None]
    gap = [np.nan]
    x = [part for angles, _ in known for part in (angles, gap)]
    y = [part for _, values in known for part in (values, gap)]
    return (np.concatenate(x), np.concatenate(y)) if known else (np.array([]), np.array([]))


def spread(combination: np.ndarray) -> np.ndarray:
    """Combinations of values alone, (k, 2), as (k, 6) without slopes; others as they are."""
    if combination.shape[1] == 6:
        return combination
    wide = np.zeros((len(combination), 6))
    wide[:, ::3] = combination
    return wide


class Found(NamedTuple):
    """Results known for two points. pairs: θ → `Pair`."""

    sweep: Sweep
    pairs: dict


def pair_key(state: FullRankState) -> tuple[str, str, int]:
    """Settings of the kernel of two points besides their angle."""
    return state.kernel, state.activation, state.depth


def plan(state: FullRankState, known) -> list[Step]:
    """λ_min at every angle, then each of THETAS in full, beginning with the one on screen."""
    if study.refusal(state.kernel, state.activation):
        return []
    key = pair_key(state)
    near = sorted(THETAS, key=lambda other: abs(other - state.theta))
    each = [Step(pair, (other, *key), f"what is lost at {other:g}°") for other in near]
    return [Step(sweep, key, "λₘᵢₙ at every angle"), *each]


def found_of(state: FullRankState, known) -> Found | None:
    """Results known for two points; None before anything is."""
    key = pair_key(state)
    whole = known(sweep, *key)
    if whole is None:
        return None
    pairs = {theta: known(pair, theta, *key) for theta in THETAS}
    return Found(whole, {theta: one for theta, one in pairs.items() if one is not None})
