"""A smooth function on the globe, from its values and slopes at points that cover it evenly.

Networks are asked at the points `seen` and nowhere else: of a moment of training little is kept,
and pictures and attacks take milliseconds. With centres c_j

    f(x) = Σ_j a_j exp(s(⟨x, c_j⟩ - 1)),    J(x) = s Σ_j a_j exp(s(⟨x, c_j⟩ - 1)) c_j

where a is the least-squares solution for all values and tangent slopes that are known. Functions
that networks learn from 40 points come out right to 1e-4 of their size.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.linalg import solve

from jntk_viz.attacks import tangent_jacobian
from jntk_viz.engine.results import kept
from jntk_viz.pages.playground.globe import SIDE, lattice, places, to_sphere

SEEN = 300  # points at which values and slopes are known
_CENTRES, _SHARP = 700, 12.0  # s: the bumps are 1/√s wide, twice the distance of the centres
_RIDGE = 1e-14  # of the trace: keeps a small where values in single precision do not tell it


class Outputs(NamedTuple):
    """(f, J) of one network at one time: at `seen`, (SEEN, 4), and at the reader's points, (N, 4).

    J has all three components, also the one away from the globe, which the penalty counts.
    """

    seen: np.ndarray
    points: np.ndarray

    def packed(self) -> bytes:
        """In single precision as one hashable value, so that a step can be about it."""
        return np.concatenate(self).astype(np.float32).tobytes()


def unpacked(outputs: bytes) -> Outputs:
    """The inverse of `Outputs.packed`."""
    rows = np.frombuffer(outputs, np.float32).astype(float).reshape(-1, 4)
    return Outputs(rows[:SEEN], rows[SEEN:])


@kept
def seen() -> np.ndarray:
    """The points, (SEEN, 3)."""
    return lattice(SEEN)


@kept
def _centres() -> np.ndarray:
    return lattice(_CENTRES)


def _bumps(x) -> np.ndarray:
    return np.exp(_SHARP * (x @ _centres().T - 1))


@kept
def _solver() -> np.ndarray:
    """From f and PJ at `seen`, (SEEN·4,), to a: (_CENTRES, SEEN·4)."""
    x, bumps = seen(), _bumps(seen())
    slopes = _SHARP * bumps[..., None] * _centres()  # (SEEN, _CENTRES, 3)
    tangent = slopes - np.einsum("ncd,nd->nc", slopes, x)[..., None] * x[:, None]
    rows = np.concatenate([bumps[:, None], np.moveaxis(tangent, 2, 1)], axis=1)
    rows = rows.reshape(-1, _CENTRES)
    square = rows.T @ rows
    return solve(square + _RIDGE * np.trace(square) * np.eye(_CENTRES), rows.T, assume_a="pos")


@kept
def _at_places() -> np.ndarray:
    return _bumps(to_sphere(places())).astype(np.float32)


@dataclass(frozen=True)
class Surface:
    """The function; called with x (m, 3) it returns (f, J), (m, 4), J along the globe.

    weights: a, (_CENTRES,).
    """

    weights: np.ndarray

    def __call__(self, x) -> np.ndarray:
        terms = _bumps(x) * self.weights
        outputs = np.column_stack([terms.sum(axis=1), _SHARP * terms @ _centres()])
        outputs[:, 1:] = tangent_jacobian(outputs, x)
        return outputs

    @property
    def field(self) -> np.ndarray:
        """f at the places of front and back, (2, SIDE, SIDE)."""
        return (_at_places() @ self.weights.astype(np.float32)).astype(float).reshape(2, SIDE, SIDE)


def surface(outputs) -> Surface:
    """The function whose (f, J) at `seen` are `outputs`, (SEEN, 4)."""
    rows = np.array(outputs, float)
    rows[:, 1:] = tangent_jacobian(rows, seen())
    return Surface(_solver() @ rows.ravel())
