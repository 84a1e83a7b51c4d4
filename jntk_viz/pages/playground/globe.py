"""The two hemispheres on one plane: Lambert's equal-area projection, there and back.

The front, z ≥ 0, is the unit disc around FRONT, the back the unit disc around BACK, seen from
behind, so that the two discs touch where the same points of the sphere are. Within a disc

    (X, Y) = (x, y)/√(1 + z),    (x, y) = √(2 - X² - Y²) (X, Y),    z = 1 - X² - Y²

(for the back with -x and -z in place of x and z): equal areas of the sphere are equal areas here.
"""

import numpy as np

GAP = 0.06  # between a disc and the middle of the plane
FRONT, BACK = -1 - GAP, 1 + GAP  # where the discs' centres lie, on the line Y = 0
LIMITS = (-2.13, 2.13), (-1.24, 1.06)  # of the pictures
SIDE = 50  # places of a hemisphere in each direction at which f is computed
HALF = 1.05  # half the side of a square around a disc that they cover
_TURN = np.linspace(0, 2 * np.pi, 121)


def to_plane(x) -> np.ndarray:
    """The places (n, 2) of points x (n, 3) of unit norm."""
    x = np.asarray(x, float)
    side = np.where(x[:, 2] >= 0, 1.0, -1.0)
    scale = 1 / np.sqrt(1 + np.abs(x[:, 2]))
    centre = np.where(side > 0, FRONT, BACK)
    return np.column_stack([centre + side * scale * x[:, 0], scale * x[:, 1]])


def to_sphere(places) -> np.ndarray:
    """The points (n, 3) of unit norm at places (n, 2); past the rim of a disc it goes on beyond.

    Every place left of the middle belongs to the front.
    """
    places = np.asarray(places, float)
    side = np.where(places[:, 0] < 0, 1.0, -1.0)
    across = places[:, 0] - np.where(side > 0, FRONT, BACK)
    square = across**2 + places[:, 1] ** 2
    root = np.sqrt(np.maximum(2 - square, 0))
    x = np.column_stack([side * root * across, root * places[:, 1], side * (1 - square)])
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def places() -> np.ndarray:
    """Places at which f is computed, (2·SIDE², 2): the front by rows from below, then the back."""
    side = np.linspace(-HALF, HALF, SIDE)
    across, up = (part.ravel() for part in np.meshgrid(side, side))
    # In the corners of the squares, which nobody sees, the sphere would end.
    shrunk = np.minimum(1, 1.15 / np.maximum(np.hypot(across, up), 1e-9))
    across, up = shrunk * across, shrunk * up
    return np.concatenate([np.column_stack([centre + across, up]) for centre in (FRONT, BACK)])


def lattice(n: int) -> np.ndarray:
    """Points that cover the sphere evenly, (n, 3): Fibonacci's lattice."""
    k = np.arange(n) + 0.5
    z, turn = 1 - 2 * k / n, np.pi * (1 + 5**0.5) * k
    across = np.sqrt(1 - z**2)
    return np.column_stack([across * np.cos(turn), across * np.sin(turn), z])


def inside(places, margin: float = 0.0) -> np.ndarray:
    """Which places (n, 2) lie on one of the discs, or at most `margin` outside."""
    places = np.asarray(places, float)
    across = np.abs(places[:, 0]) - BACK
    return np.hypot(across, places[:, 1]) <= 1 + margin


def on_globe(places) -> np.ndarray:
    """Places (n, 2), those outside the discs moved to the nearest rim."""
    places = np.asarray(places, float)
    centre = np.where(places[:, 0] < 0, FRONT, BACK)[:, None] * [1, 0]
    across = places - centre
    return centre + across / np.maximum(1, np.linalg.norm(across, axis=1, keepdims=True))


def paths(points) -> tuple[np.ndarray, np.ndarray]:
    """Paths on the sphere, (n, k, 3), as (x, y) of one line on the plane, with NaN between them.

    A path is interrupted where it goes from one hemisphere to the other.
    """
    points = np.asarray(points, float)
    if not len(points):
        return np.zeros(0), np.zeros(0)
    n, k, _ = points.shape
    places = to_plane(points.reshape(-1, 3)).reshape(n, k, 2)
    # A gap of its own after every point, filled where the path goes on within the hemisphere.
    line = np.full((n, k, 2, 2), np.nan)
    line[:, :, 0] = places
    same = np.sign(places[:, 1:, 0]) == np.sign(places[:, :-1, 0])
    line[:, :-1, 1] = np.where(same[..., None], places[:, 1:], np.nan)
    flat = line.reshape(-1, 2)
    return flat[:, 0], flat[:, 1]


def caps(x, epsilon: float) -> np.ndarray:
    """Edges of the caps that changes |δ| ≤ ε < 1 can reach from each point, (n, 121, 3).

    (x + δ)/|x + δ| stays within the angle arcsin ε of x.
    """
    x = np.asarray(x, float)
    # Two directions perpendicular to x: its product with the axis that it is least parallel to.
    axis = np.eye(3)[np.argmin(np.abs(x), axis=1)]
    one = np.cross(x, axis)
    one /= np.linalg.norm(one, axis=1, keepdims=True)
    other = np.cross(x, one)
    round_ = np.cos(_TURN)[:, None] * one[:, None] + np.sin(_TURN)[:, None] * other[:, None]
    return np.sqrt(1 - epsilon**2) * x[:, None] + epsilon * round_


def rims() -> tuple[np.ndarray, np.ndarray]:
    """The edges of both discs as (x, y), with NaN between them."""
    across, up = np.append(np.cos(_TURN), np.nan), np.append(np.sin(_TURN), np.nan)
    return np.concatenate([FRONT + across, BACK + across]), np.tile(up, 2)
