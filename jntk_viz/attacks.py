"""How far a classifier's margin can be pushed by a small change of the input.

Inputs live on the unit sphere, so a perturbation δ with |δ| ≤ ε leads to (x + δ)/|x + δ|, and to
first order only the part of the input Jacobian tangent to the sphere counts.
"""

from collections.abc import Callable

import numpy as np

from ._validation import check_choice, check_count, check_labels, check_number, check_points

NORMS = ("l2", "linf")


def tangent_jacobian(outputs, x) -> np.ndarray:
    """J without its component along x: J - ⟨J, x⟩x, for (f, J) of shape (…, m, 1+d0)."""
    jacobian = np.asarray(outputs)[..., 1:]
    return jacobian - np.sum(jacobian * x, axis=-1, keepdims=True) * x


def first_order_margin(outputs, x, y, *, epsilon, norm="l2") -> np.ndarray:
    """The margin that a linear model predicts after the worst ε-perturbation: y f - ε |PJ|.

    P projects on the tangent space of the sphere; |·| is the dual norm, ℓ2 for "l2", ℓ1 for "linf".

    Args:
        outputs: (…, m, 1+d0), (f, J) at x of one or many predictors. x: (m, d0). y: (m,), ±1.
        epsilon: ε ≥ 0, in the units of x (unit norm). norm: "l2" or "linf".

    Returns:
        (…, m); the point is robust, to first order, where it is positive.
    """
    epsilon = check_number(epsilon, "epsilon")
    check_choice(norm, "norm", NORMS)
    dual = np.linalg.norm(tangent_jacobian(outputs, x), ord=2 if norm == "l2" else 1, axis=-1)
    return y * np.asarray(outputs)[..., 0] - epsilon * dual


def pgd_margin(
    predictor: Callable, x, y, *, epsilon, norm="l2", steps=20, restarts=4, seed=0
) -> np.ndarray:
    """The smallest margin y f that projected gradient descent finds within ε of each point.

    Starts at the point itself and at `restarts` other points of the ball, follows the tangent
    Jacobian downhill, and also tries the whole first-order step at once. An upper bound of the true
    worst case: more steps and restarts can only lower it. Madry et al. (ICLR 2018).

    Args:
        predictor: x (m, d0) on the sphere -> (f, J) (m, 1+d0), for instance
        RobustDynamics.predictor(t).
        x: (m, d0). y: (m,), ±1. epsilon: ε ≥ 0. norm: "l2" or "linf".
        steps: gradient steps from each start. restarts: random starts. seed: of those.

    Returns:
        (m,); the point is robust, as far as the search can tell, where it is positive.
    """
    search = {"epsilon": epsilon, "norm": norm, "steps": steps, "restarts": restarts, "seed": seed}
    return worst_points(predictor, x, y, **search)[0]


def worst_points(
    predictor: Callable, x, y, *, epsilon, norm="l2", steps=20, restarts=4, seed=0
) -> tuple[np.ndarray, np.ndarray]:
    """The margins of `pgd_margin`, (m,), and the points of the sphere that have them, (m, d0)."""
    x = check_points(x)
    y = check_labels(y, "y", len(x))
    epsilon = check_number(epsilon, "epsilon")
    check_choice(norm, "norm", NORMS)
    steps, restarts = check_count(steps, "steps"), check_count(restarts, "restarts", least=0)
    rng = np.random.default_rng(seed)
    starts = [_random_start(rng, x.shape, norm, restart) for restart in range(1 + restarts)]
    # 2.5ε/steps lets every start cross the ball. The first one goes the full way at once, as the
    # first-order attack does, then back to small steps.
    sizes = np.full((len(starts), steps + 1), 2.5 * epsilon / steps)
    sizes[0, 0], sizes[:, -1] = epsilon, 0
    together = max(1, _TOGETHER // len(x))
    found = [
        _descend(predictor, x, y, starts[i : i + together], sizes[i : i + together], epsilon, norm)
        for i in range(0, len(starts), together)
    ]
    margins, points = (np.concatenate(part) for part in zip(*found, strict=True))
    worst = np.argmin(margins, axis=0), np.arange(len(x))
    return margins[worst], points[worst]


_TOGETHER = 1000  # points that a predictor is asked for at once: fewer calls, bounded memory


def _descend(predictor, x, y, starts, sizes, epsilon, norm):
    """The smallest margins on the way from each of k starts, (k, m), and where, (k, m, d0)."""
    shape = (len(starts), *x.shape)
    x, y = np.tile(x, (len(starts), 1)), np.tile(y, len(starts))
    delta = epsilon * np.concatenate(starts)
    worst, found = np.full(len(x), np.inf), x.copy()
    for size in np.repeat(sizes, shape[1], axis=0).T:
        point = _on_sphere(x + delta)
        outputs = predictor(point)
        margin = y * outputs[:, 0]
        worse = margin < worst
        worst[worse], found[worse] = margin[worse], point[worse]
        downhill = -y[:, None] * tangent_jacobian(outputs, point)
        delta = _project(delta + size[:, None] * _steepest(downhill, norm), epsilon, norm)
    return worst.reshape(shape[:2]), found.reshape(shape)


def accuracy(margins) -> float:
    """Fraction of points whose margin is positive."""
    return float(np.mean(np.asarray(margins) > 0))


def _on_sphere(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def _steepest(direction, norm):
    """The step of unit norm along which a linear function grows most."""
    if norm == "linf":
        return np.sign(direction)
    length = np.linalg.norm(direction, axis=1, keepdims=True)
    return np.divide(direction, length, where=length > 0, out=np.zeros_like(direction))


def _project(delta, epsilon, norm):
    if norm == "linf":
        return np.clip(delta, -epsilon, epsilon)
    length = np.linalg.norm(delta, axis=1, keepdims=True)
    return delta * np.minimum(1.0, epsilon / np.maximum(length, 1e-300))


def _random_start(rng, shape, norm, restart):
    """The centre of the unit ball, then by turns extreme points of it and uniform ones.

    Uniform starts alone rarely come near the extreme points, where the worst case often lies.
    """
    if restart == 0:
        return np.zeros(shape)
    inside = restart % 2 == 0
    if norm == "linf":
        return rng.uniform(-1, 1, shape) if inside else rng.choice([-1.0, 1.0], shape)
    direction = _on_sphere(rng.normal(size=shape))
    return direction * (rng.uniform(size=(shape[0], 1)) ** (1 / shape[1]) if inside else 1.0)
