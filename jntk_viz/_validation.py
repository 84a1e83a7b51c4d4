"""Checks of arguments. Messages name the argument, what was expected, what came, the remedy."""

import operator

import jax
import numpy as np
import psutil

_UNIT_NORM_TOLERANCE = 1e-5  # rows normalised in float32 pass


def is_traced(*arrays) -> bool:
    """Whether any array is being transformed by JAX, so that its values cannot be looked at."""
    return any(isinstance(array, jax.core.Tracer) for array in arrays)


def check_matrix(x, name: str) -> np.ndarray:
    """A finite float64 matrix with at least one row and one column."""
    try:
        x = np.asarray(x, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"`{name}` must be a numeric array of shape (n, d0); it could not be read as numbers "
            f"({error}). Pass a rectangular array without text or missing cells."
        ) from error
    if x.ndim != 2 or 0 in x.shape:
        raise ValueError(
            f"`{name}` must be of shape (n, d0), one row a point, with n ≥ 1 and d0 ≥ 1; got shape "
            f"{x.shape}. A single point is x[None, :]."
        )
    if not np.isfinite(x).all():
        row, column = np.argwhere(~np.isfinite(x))[0]
        raise ValueError(
            f"`{name}` must be finite; row {row}, column {column} is {x[row, column]}. Remove or "
            "fill the rows with missing values."
        )
    return x


def check_points(x, name: str = "x", in_size: int | None = None) -> np.ndarray:
    """Points on the unit sphere as a float64 matrix whose rows have norm one to rounding."""
    x = check_matrix(x, name)
    with np.errstate(over="ignore"):  # an infinite norm is none of one
        norms = np.linalg.norm(x, axis=1)
    worst = int(np.argmax(np.abs(norms - 1)))
    if abs(norms[worst] - 1) > _UNIT_NORM_TOLERANCE:
        raise ValueError(
            f"`{name}` must have rows of unit norm, because the limit is taken on the unit sphere; "
            f"row {worst} has norm {norms[worst]:.6g}. Use jntk_viz.normalize({name})"
            + (", after removing rows that are zero." if norms[worst] == 0 else ".")
        )
    check_in_size(x, name, in_size)
    return x / norms[:, None]


def check_in_size(x, name: str, in_size: int | None) -> None:
    if in_size is not None and x.shape[-1] != in_size:
        raise ValueError(
            f"`{name}` must have d0 = {in_size} columns like the inputs it is used with; got shape "
            f"{x.shape}. Points of one call share one input dimension."
        )


def check_count(value, name: str, least: int = 1) -> int:
    """An integer of at least `least`."""
    try:
        count = operator.index(value)
    except TypeError:
        count = None
    if count is None or isinstance(value, bool) or count < least:
        raise ValueError(
            f"`{name}` must be an integer of at least {least}; got {value!r}. "
            f"Pass for instance {name}={max(least, 2)}."
        )
    return count


def check_number(value, name: str, *, positive: bool = False, infinite: bool = False) -> float:
    """A real number ≥ 0, or > 0 if `positive`; infinity only if `infinite`."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    if (
        np.isnan(number)
        or number < 0
        or (positive and number == 0)
        or (np.isinf(number) and not infinite)
    ):
        kind = f"a {'positive ' if positive else ''}number{'' if positive else ' ≥ 0'}"
        raise ValueError(
            f"`{name}` must be {kind}{', which may be inf' if infinite else ''}; got {value!r}. "
            f"Pass for instance {name}=0.1."
        )
    return number


def check_kappa(value) -> float:
    """An output scale whose square, times a kernel, is a number of float64."""
    kappa = check_number(value, "kappa", positive=True)
    if not 1e-100 <= kappa <= 1e100:
        raise ValueError(
            "`kappa` must lie between 1e-100 and 1e100, because kernels are multiplied by κ²; got "
            f"{value!r}. Pass for instance kappa=0.1."
        )
    return kappa


def check_lam(value) -> float:
    """A weight λ ≥ 0 of the regulariser that a kernel can be multiplied by."""
    lam = check_number(value, "lam")
    if lam > 1e100:
        raise ValueError(
            f"`lam` must be at most 1e100, because the kernel is multiplied by λ; got {value!r}. "
            "Pass for instance lam=0.1."
        )
    return lam


def check_targets(y, name: str, rows: int) -> np.ndarray:
    """Finite real targets, one for each row."""
    try:
        y = np.asarray(y, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"`{name}` must hold one number for each row; it could not be read as numbers "
            f"({error}). Map your two classes to -1 and +1."
        ) from error
    if y.shape != (rows,):
        raise ValueError(
            f"`{name}` must be of shape ({rows},), one label for each row of the inputs; got shape "
            f"{y.shape}. Use y.ravel() for a column."
        )
    if not np.isfinite(y).all():
        row = int(np.argmin(np.isfinite(y)))
        raise ValueError(
            f"`{name}` must be finite; entry {row} is {y[row]}. Remove the rows without a label."
        )
    return y


def check_labels(y, name: str, rows: int, remedy: str = "") -> np.ndarray:
    """Labels of two values, -1 and +1, one for each row."""
    y = check_targets(y, name, rows)
    unexpected = np.setdiff1d(y, [-1.0, 1.0])
    if unexpected.size:
        raise ValueError(
            f"`{name}` must take the two values -1 and +1; got also {unexpected[:5].tolist()}. "
            f"Map your two classes, for instance with np.where({name} == one, 1, -1). {remedy}"
        )
    return y


def check_choice(value, name: str, choices) -> str:
    if not isinstance(value, str) or value not in choices:
        raise ValueError(
            f"`{name}` must be one of {', '.join(map(repr, choices))}; got {value!r}. "
            "Pass one of these."
        )
    return value


def check_fits(shape: tuple[int, ...], name: str, remedy: str, itemsize: int = 8) -> None:
    """Refuse an array that would not fit in the memory that is free now."""
    size, free = itemsize * int(np.prod(shape, dtype=object)), psutil.virtual_memory().available
    if 2 * size > free:  # the array and one working copy
        raise ValueError(
            f"`{name}` is too large: with N(1+d0) = {shape[0] * shape[1]:,} rows the matrix takes "
            f"{size / 1e9:,.1f} GB ({size:,} bytes) and as much again to work on, but "
            f"{free / 1e9:,.1f} GB are free. {remedy}"
        )
