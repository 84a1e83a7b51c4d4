"""Angles between the points of a data set."""

import numpy as np

_AT_ONCE = 256  # rows


def smallest_angle(x: np.ndarray) -> float:
    """The smallest angle between two of the lines through the points, in radians."""
    closest, i, j = -1.0, 0, 0
    for start in range(0, len(x), _AT_ONCE):  # all N² cosines would take 200 MB at 5,000 rows
        cosine = np.abs(x[start : start + _AT_ONCE] @ x.T)
        cosine[np.arange(len(cosine)), start + np.arange(len(cosine))] = 0
        row, column = np.unravel_index(np.argmax(cosine), cosine.shape)
        if cosine[row, column] > closest:
            closest, i, j = cosine[row, column], start + int(row), int(column)
    sign = float(np.sign(x[i] @ x[j])) or 1.0
    # arccos is blunt near 1.
    return float(2 * np.arcsin(min(1.0, float(np.linalg.norm(x[i] - sign * x[j])) / 2)))
