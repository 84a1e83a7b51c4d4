"""How far a classifier's margin can be pushed by a small change of the input.

Of two classes the margin is y f, y = ±1. Of C classes, each with an output, it is the lead of the
right one over the largest other, min_{k≠y} (f_y - f_k): accuracy is by the largest output.

Inputs live on the unit sphere, so a perturbation δ with |δ| ≤ ε leads to (x + δ)/|x + δ|, and to
first order only the part of the input Jacobian tangent to the sphere counts.
"""

from collections.abc import Callable

import numpy as np

from ._validation import check_choice, check_classes, check_count, check_number, check_points

NORMS = ("l2", "linf")


def tangent_jacobian(outputs, x) -> np.ndarray:
    """J without its component along x: J - ⟨J, x⟩x, for (f, J) of shape (…, m, 1+d0)."""
    jacobian = np.asarray(outputs)[..., 1:]
    return jacobian - np.sum(jacobian * x, axis=-1, keepdims=True) * x


def first_order_margin(outputs, x, y, *, epsilon, norm="l2") -> np.ndarray:
    """The margin that a linear model predicts after the worst ε-perturbation: y f - ε |PJ|.

    P projects on the tangent space of the sphere; |·| is the dual norm, ℓ2 for "l2", ℓ1 for "linf".
    Of C classes

        min_{k≠y} (f_y - f_k) - ε |P(J_y - J_k)|

    whose smallest term need not belong to the class that comes second at the point itself.

    Args:
        outputs: (…, m, 1+d0), (f, J) at x of one or many predictors; of C classes (…, m, 1+d0, C).
        x: (m, d0). y: (m,), ±1; of C classes (m, C), +1 in the column of the right one, else -1.
        epsilon: ε ≥ 0, in the units of x (unit norm). norm: "l2" or "linf".

    Returns:
        (…, m); the point is robust, to first order, where it is positive.
    """
    epsilon = check_number(epsilon, "epsilon")
    check_choice(norm, "norm", NORMS)
    if np.ndim(y) == 2:
        return _leads_left(leads(outputs, y), x, epsilon, norm).min(axis=0)
    _check_single(outputs, y)
    return y * np.asarray(outputs)[..., 0] - epsilon * _dual_norm(outputs, x, norm)


def _check_single(outputs, y):
    shape = np.shape(outputs)
    if np.ndim(y) == 1 and shape[-2] != len(y):
        raise ValueError(
            f"`y` must be of shape (m, C) for (f, J) of C classes, (…, m, 1+d0, C), and (m,) for "
            f"(…, m, 1+d0); got shape {np.shape(y)} and outputs of shape {shape}. Pass the labels "
            'as load_dataset gives them with classes="all".'
        )


def clean_margin(values, y) -> np.ndarray:
    """y f, or the lead of the right class's output over the largest other, without a perturbation.

    Args:
        values: (…, m), f of one or many predictors; of C classes (…, m, C).
        y: (m,), ±1, or (m, C), +1 in the column of the right class.

    Returns:
        (…, m); the answer is right where it is positive.
    """
    if np.ndim(y) == 1:
        return y * np.asarray(values)
    return leads(np.asarray(values)[..., None, :], y)[..., 0].min(axis=0)


def leads(outputs, y) -> np.ndarray:
    """(f, J) of the right class minus those of each other, (C-1, …, m, 1+d0).

    - `outputs`: (…, m, 1+d0, C);  `y`: (m, C), +1 in the column of the right class.
    """
    outputs, m = np.asarray(outputs), len(y)
    y = check_classes(y, "y", m)
    if outputs.shape[-1] != y.shape[1] or outputs.ndim < 3 or outputs.shape[-3] != m:
        raise ValueError(
            f"`outputs` must be (f, J) of {y.shape[1]} classes at {m} points, (…, {m}, 1+d0, "
            f"{y.shape[1]}), because `y` has the shape {y.shape}; got shape {outputs.shape}. Take "
            "both from one data set."
        )
    right = np.argmax(y, axis=1)
    others = np.arange(y.shape[1] - 1)[:, None]
    others = others + (others >= right)  # (C-1, m), without the right class
    by_class = np.moveaxis(outputs, (-1, -3), (0, 1))  # (C, m, …, 1+d0)
    rows = np.arange(m)
    return np.moveaxis(by_class[right, rows] - by_class[others, rows], 1, -2)


def _leads_left(ahead, x, epsilon, norm):
    """Each lead after the worst ε-perturbation, to first order."""
    return ahead[..., 0] - epsilon * _dual_norm(ahead, x, norm)


def _dual_norm(outputs, x, norm):
    return np.linalg.norm(tangent_jacobian(outputs, x), ord=2 if norm == "l2" else 1, axis=-1)


def weakest_lead(outputs, y, x, epsilon, norm):
    """(f, J) of the margin that an attack of size ε should push, and the margin; (m, 1+d0), (m,).

    Of several leads the one that is smallest after a first-order step: the class that comes second
    may be out of reach where another is not.
    """
    if y.ndim == 1:
        _check_single(outputs, y)
        lead = y[:, None] * outputs
        return lead, lead[:, 0]
    ahead = leads(outputs, y)
    weakest = np.argmin(_leads_left(ahead, x, epsilon, norm), axis=0)
    return ahead[weakest, np.arange(len(y))], ahead[..., 0].min(axis=0)


def pgd_margin(
    predictor: Callable, x, y, *, epsilon, norm="l2", steps=20, restarts=4, seed=0
) -> np.ndarray:
    """The smallest margin that projected gradient descent finds within ε of each point.

    Starts at the point itself and at `restarts` other points of the ball, follows the tangent
    Jacobian downhill, and also tries the whole first-order step at once. An upper bound of the true
    worst case: more steps and restarts can only lower it. Madry et al. (ICLR 2018).

    Args:
        predictor: x (m, d0) on the sphere -> (f, J) (m, 1+d0), or (m, 1+d0, C) of C classes, for
            instance RobustDynamics.predictor(t).
        x: (m, d0). y: (m,), ±1, or (m, C), +1 in the column of the right class, else -1.
        epsilon: ε ≥ 0. norm: "l2" or "linf".
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
    y = check_classes(y, "y", len(x))
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
    x, y = (np.concatenate([part] * len(starts)) for part in (x, y))
    delta = epsilon * np.concatenate(starts)
    worst, found = np.full(len(x), np.inf), x.copy()
    for size in np.repeat(sizes, shape[1], axis=0).T:
        point = _on_sphere(x + delta)
        lead, margin = weakest_lead(predictor(point), y, point, epsilon, norm)
        worse = margin < worst
        worst[worse], found[worse] = margin[worse], point[worse]
        downhill = -tangent_jacobian(lead, point)
        delta = _project(delta + size[:, None] * _steepest(downhill, norm), epsilon, norm)
    return worst.reshape(shape[:2]), found.reshape(shape)


def accuracy(margins) -> float:
    """Fraction of points whose margin is positive: that are right, of C classes by the largest."""
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
