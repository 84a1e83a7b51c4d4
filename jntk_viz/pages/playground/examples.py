"""Points to begin with: each example shows one thing that training can do."""

from collections.abc import Callable

import numpy as np

from jntk_viz.datasets import load_dataset, normalize
from jntk_viz.engine.results import kept
from jntk_viz.pages.playground.globe import to_plane
from jntk_viz.pages.playground.points import Points, write_points


def _spread(n: int, seed: int) -> np.ndarray:
    """Points that cover the sphere evenly, (n, 3), turned at random."""
    rng = np.random.default_rng(seed)
    turned, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    return load_dataset("sphere", n=n, d0=3, seed=0).x @ turned


def _around(centre, n: int, width: float, rng) -> np.ndarray:
    """Points scattered around a centre, (n, 3)."""
    return normalize(np.asarray(centre, float) + width * rng.normal(size=(n, 3)))


def _random(n: int, seed: int) -> np.ndarray:
    """Points drawn uniformly from the sphere, (n, 3)."""
    return normalize(np.random.default_rng(seed).normal(size=(n, 3)))


def caps(seed: int):
    """Random points on two caps that a plane separates."""
    x = _random(24, seed)
    return x, np.where(x @ normalize([[-0.6, 0.5, 0.62]])[0] > 0, 1.0, -1.0)


def stripes(seed: int):
    """Four belts around the globe, of alternating class."""
    x = _spread(36, seed)
    return x, np.where(np.floor((x[:, 1] + 1) * 2) % 2 == 0, 1.0, -1.0)


def spiral(seed: int):
    """Two arms that wind around each other from the front to the back."""
    rng = np.random.default_rng(seed)
    along = np.linspace(0.12, 0.9, 17)
    polar, turn = np.pi * along, 2 * np.pi * (1.15 * along + rng.uniform())
    arms = []
    for start in (0.0, np.pi):
        around = turn + start
        height, across = np.cos(polar), np.sin(polar)
        arms.append(np.column_stack([across * np.cos(around), across * np.sin(around), height]))
    return np.concatenate(arms), np.repeat([1.0, -1.0], len(along))


def outlier(seed: int):
    """Two clouds, and one point of the wrong class in the middle of one of them."""
    rng = np.random.default_rng(seed)
    left, right = (-0.7, 0.25, 0.67), (0.72, -0.2, 0.67)
    x = np.concatenate([
        _around(left, 11, 0.25, rng), _around(right, 11, 0.25, rng), normalize([left])
    ])  # fmt: skip
    return x, np.concatenate([np.full(11, 1.0), np.full(11, -1.0), [-1.0]])


def noise(seed: int):
    """Random points on two halves of the globe, with five labels of thirty turned round."""
    x = _random(30, seed)
    y = np.where(x[:, 0] + 0.3 * x[:, 1] > 0, 1.0, -1.0)
    y[np.random.default_rng(seed).choice(len(y), 5, replace=False)] *= -1
    return x, y


def twins(seed: int):
    """Pairs of neighbours, one of each class, 12 degrees apart."""
    rng = np.random.default_rng(seed)
    centres = _spread(8, seed)
    step = np.cross(centres, rng.normal(size=centres.shape))
    step = np.tan(np.radians(6)) * normalize(step)
    return np.concatenate([normalize(centres + step), normalize(centres - step)]), np.repeat(
        [1.0, -1.0], len(centres)
    )


def iris(seed: int):
    """Versicolor and virginica irises, drawn at random, on their first three principal axes."""
    data = load_dataset("iris")
    chosen = np.random.default_rng(seed).choice(len(data.y), 40, replace=False)
    axes = np.linalg.svd(data.x - data.x.mean(axis=0))[2][:3]
    return normalize(data.x[chosen] @ axes.T), data.y[chosen]


EXAMPLES: dict[str, tuple[str, Callable]] = {
    "caps": ("Two caps", caps),
    "stripes": ("Stripes", stripes),
    "spiral": ("Spiral", spiral),
    "outlier": ("One outlier", outlier),
    "noise": ("Label noise", noise),
    "twins": ("Opposite twins", twins),
    "iris": ("Iris, three components", iris),
}


@kept
def example(name: str, seed: int) -> str:
    """The points of an example, as text."""
    x, y = EXAMPLES[name][1](seed)
    return write_points(Points(to_plane(x), y))
