"""Points made on the spot: they cover a circle or a sphere evenly."""

import numpy as np

from jntk_viz._validation import check_count

from .dataset import Dataset, normalize

_RELAXATION_STEPS = 100
_MOST_POINTS = 4096  # the relaxation holds three n×n matrices


def circle(n: int = 33, frequency: int = 1) -> Dataset:
    """Equally spaced points on the unit circle, labelled by the sign of a cosine.

    x_i = (cos θ_i, sin θ_i), θ_i = 2πi/n, y_i = sign cos(frequency·θ_i). A point exactly on a
    boundary belongs to the arc that begins there, going anticlockwise.

    n: number of points, at least 3. An odd n has no two antipodal points; an even n has n/2 such
        pairs, which are null directions of the kernels of odd activations.
    frequency: number of arcs of each class, 1 to n/2.
    """
    n = check_count(n, "n", least=3)
    frequency = check_count(frequency, "frequency")
    if 2 * frequency > n:
        raise ValueError(
            f"`frequency` must be at most n/2 = {n / 2:g}, or the labels alias; got {frequency}. "
            f"Pass n={2 * frequency + 1} or more."
        )
    i = np.arange(n)
    angle = 2 * np.pi * i / n
    # frequency·θ modulo a full turn, in units of 1/n turn: integers decide exactly at boundaries.
    turn = (frequency * i) % n
    y = np.where((4 * turn < n) | (4 * turn >= 3 * n), 1.0, -1.0)
    return Dataset(
        normalize(np.column_stack([np.cos(angle), np.sin(angle)])),
        y,
        ("cos θ", "sin θ"),
        f"Made: {n} equally spaced points on the unit circle, +1 where cos "
        f"{'' if frequency == 1 else frequency}θ is positive, −1 where it is negative.",
        ("−1", "+1"),
    )


def sphere(n: int = 256, d0: int = 4, seed: int = 0) -> Dataset:
    """Points that cover the unit sphere of R^d0 evenly, labelled y = sign(x₀ x₁).

    For d0 = 2 they are equally spaced from a random start. For d0 ≥ 3 random points repel one
    another until they have spread: gradient descent on the Riesz energy Σ_{i≠j} 1/|x_i − x_j|²,
    whose minimisers are asymptotically uniform. Small sets may settle into pairs of antipodal
    points (n = 2·d0 gives the cross-polytope), null directions of the kernels of odd activations.

    n: number of points, 4 to 4096 (the paper uses n = 256, d0 = 4).   d0: input dimension ≥ 2.
    seed: of the random start; the same seed gives the same points.
    """
    n = check_count(n, "n", least=4)
    d0 = check_count(d0, "d0", least=2)
    rng = np.random.default_rng(check_count(seed, "seed", least=0))
    if n > _MOST_POINTS:
        raise ValueError(
            f"`n` must be at most {_MOST_POINTS}, because spreading the points takes n² memory; "
            f"got {n}. Draw random points instead: normalize(rng.standard_normal((n, d0)))."
        )
    if d0 == 2:
        angle = 2 * np.pi * (np.arange(n) + rng.uniform()) / n
        x = normalize(np.column_stack([np.cos(angle), np.sin(angle)]))
    else:
        x = _spread(normalize(rng.standard_normal((n, d0))))
    y = np.where(x[:, 0] * x[:, 1] >= 0, 1.0, -1.0)
    if abs(y.sum()) == n:
        raise ValueError(
            f"`n` = {n} with `seed` = {seed} puts all points into one class; both labels must "
            "occur. Pass a larger n or another seed."
        )
    return Dataset(
        x,
        y,
        tuple(f"x{i}" for i in range(d0)),
        f"Made: {n} points that cover the unit sphere of R^{d0} evenly (seed {seed}), +1 where "
        "x0·x1 is positive, −1 where it is negative.",
        ("−1", "+1"),
    )


def _spread(x: np.ndarray) -> np.ndarray:
    """Let points on the sphere repel one another; steps shrink linearly to zero."""
    n, d0 = x.shape
    spacing = n ** (-1 / (d0 - 1))  # of the order of the distance between neighbours
    for step in range(_RELAXATION_STEPS):
        squared = 2 - 2 * (x @ x.T)
        np.fill_diagonal(squared, np.inf)
        weights = 1 / np.maximum(squared, 1e-12) ** 2
        # Σ_j w_ij (x_i − x_j), less its part along x_i, which would leave the sphere.
        push = -weights @ x
        push -= np.sum(push * x, axis=1, keepdims=True) * x
        size = np.linalg.norm(push, axis=1, keepdims=True)
        typical = np.median(size)
        if typical == 0:  # every point already sits in balance
            break
        # No point moves further than a typical one: two that start very close must not fly off.
        length = spacing * (1 - step / _RELAXATION_STEPS)
        x = normalize(x + length * push / np.maximum(size, typical))
    return x
