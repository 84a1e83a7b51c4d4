"""The reader's points on the globe, and the short text that holds them in an address."""

from typing import NamedTuple

import numpy as np
import param

from jntk_viz.pages.playground.globe import BACK, FRONT, inside, to_sphere

MOST = 40  # points
_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_CELLS = 2047  # of each coordinate of a place in its disc: steps of 0.001
_LENGTH = 4  # characters of one point: class, hemisphere, and 11 bits for each coordinate


class Points(NamedTuple):
    """places: (n, 2), on the plane of `globe`. y: (n,), ±1."""

    places: np.ndarray
    y: np.ndarray

    @property
    def x(self) -> np.ndarray:
        """(n, 3), of unit norm."""
        return to_sphere(self.places)


def write_points(points: Points) -> str:
    """The text that `read_points` reads, four letters a point; places are rounded to 0.001."""
    front = points.places[:, 0] < 0
    place = points.places - np.where(front, FRONT, BACK)[:, None] * [1, 0]
    cells = np.clip(np.rint((place + 1) / 2 * _CELLS), 0, _CELLS).astype(int)
    numbers = ((points.y > 0) * 2 + front << 22) + (cells[:, 0] << 11) + cells[:, 1]
    return "".join(
        _DIGITS[number >> shift & 63] for number in numbers.tolist() for shift in (18, 12, 6, 0)
    )


def read_points(text: str) -> Points:
    """The points of a text. Raises ValueError saying what is wrong with it."""
    if len(text) % _LENGTH or set(text) - set(_DIGITS):
        raise ValueError(
            f"must be {_LENGTH} letters, digits, - or _ for each point; copy a link to get it"
        )
    if len(text) > MOST * _LENGTH:
        raise ValueError(f"holds {len(text) // _LENGTH} points; at most {MOST} are taken")
    values = np.array([_DIGITS.index(letter) for letter in text]).reshape(-1, _LENGTH)
    numbers = values @ [1 << 18, 1 << 12, 1 << 6, 1]
    cells = np.column_stack([numbers >> 11 & _CELLS, numbers & _CELLS])
    front, y = numbers >> 22 & 1, np.where(numbers >> 23, 1.0, -1.0)
    place = 2 * cells / _CELLS - 1
    length = np.linalg.norm(place, axis=1, keepdims=True)
    if (length > 1 + 0.002).any():
        raise ValueError("holds a point outside the two discs")
    place /= np.maximum(length, 1)  # on the rim after rounding
    place[:, 0] += np.where(front, FRONT, BACK)
    points = Points(place, y)
    if fault := fault_of(points):
        raise ValueError(fault)
    return points


def fault_of(points: Points) -> str:
    """The reason why points cannot be trained on, as half a sentence; empty for none."""
    if len(points.y) > MOST:
        return f"holds {len(points.y)} points; at most {MOST} are taken"
    if not inside(points.places, 1e-9).all():
        return "holds a point outside the two discs"
    if not {-1.0, 1.0} <= set(points.y.tolist()):
        return "needs points of both classes"
    return ""


class PointsText(param.String):
    """A parameter that holds points as text, and only such text as can be read; empty for none."""

    def __set__(self, obj, val):
        if isinstance(val, str) and val:
            try:
                read_points(val)
            except ValueError as error:
                raise ValueError(f"Parameter '{self.name}' {error}") from None
        super().__set__(obj, val)
