"""Checks of arguments. Messages name the argument, what was expected, what came, the remedy."""

import numbers
import operator

import jax
import jax.numpy as jnp
import numpy as np
import psutil
from scipy import sparse

_UNIT_NORM_TOLERANCE = 1e-5  # rows normalised in float32 pass
_ROUNDING = 8 * np.finfo(np.float64).eps  # what is left of 1 after a division by the norm


def is_traced(*arrays) -> bool:
    """Whether any array is being transformed by JAX, so that its values cannot be looked at."""
    return any(isinstance(array, jax.core.Tracer) for array in arrays)


def check_numbers(values, name: str, expected: str, remedy: str) -> np.ndarray:
    """A float64 array of real numbers, of any shape; `expected` and `remedy` end the message."""
    came, way = _not_numbers(values)
    if not came:
        try:
            with np.errstate(over="ignore"):  # of wider floats, to infinity
                return np.asarray(values, dtype=np.float64)
        except (TypeError, ValueError, OverflowError) as error:
            came = f"it could not be read as numbers ({error})"
    raise ValueError(f"`{name}` must {expected}; {came}. {way or remedy}")


def _not_numbers(values) -> tuple[str, str]:
    """What is known not to be an array of real numbers although NumPy would make one of it."""
    if is_traced(values):
        return (
            "it is being transformed by JAX (grad, jit or vmap), and this function computes with "
            "NumPy",
            "Inside transformations use jntk, jacobian_nngp, robust_loss or a network itself.",
        )
    if sparse.issparse(values):
        return f"got a sparse {type(values).__name__}", "Pass its .toarray()."
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        return (
            f"got a masked array of which {np.ma.count_masked(values)} entries are masked, that "
            "is, missing",
            "Remove or fill the rows with masked entries.",
        )
    kinds = {"c": "complex numbers", "M": "dates", "m": "durations", "V": "records"}
    try:
        types = list(values.dtypes)  # a table's columns
    except (AttributeError, TypeError):
        types = [getattr(values, "dtype", None)]
    if types == [None] and isinstance(values, list | tuple):
        types = [_dtype_of(values)]
    for of_column in types:
        if (kind := kinds.get(getattr(of_column, "kind", ""))) is not None:
            real = kind == "complex numbers"
            return f"got {kind}", "Pass their .real part." if real else "Pass plain numbers."
    return "", ""


def _dtype_of(values):
    """The NumPy type of nested lists; None where they are ragged."""
    try:
        return np.asarray(values).dtype
    except (TypeError, ValueError, OverflowError):
        return None


def check_matrix(x, name: str) -> np.ndarray:
    """A finite float64 matrix with at least one row and one column."""
    x = check_numbers(
        x,
        name,
        "be a numeric array of shape (n, d0)",
        "Pass a rectangular array without text or missing cells.",
    )
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
    """Points on the unit sphere as a float64 matrix whose rows have norm one to rounding.

    Rows that have it are left as they are: dividing them by a norm that is one to rounding would
    only move them, and deep networks tell apart points that differ by rounding.
    """
    x = np.ascontiguousarray(check_matrix(x, name))  # so that equal rows get equal norms
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
    exact = np.abs(norms - 1) <= _ROUNDING
    return x / np.where(exact, 1.0, norms)[:, None]


def check_traced_points(x, name: str, in_size: int | None = None) -> jax.Array:
    """Points as far as they can be checked inside a JAX transformation, floating-point."""
    x = x if is_traced(x) else jnp.asarray(check_points(x, name))
    if x.ndim != 2 or 0 in x.shape:
        raise ValueError(
            f"`{name}` must be of shape (n, d0), one row a point, with n ≥ 1 and d0 ≥ 1; got shape "
            f"{x.shape}. A single point is x[None, :]."
        )
    check_in_size(x, name, in_size)
    if jnp.issubdtype(x.dtype, jnp.complexfloating):
        raise ValueError(f"`{name}` must be real; got {x.dtype}. Pass its .real part.")
    return x.astype(jnp.promote_types(x.dtype, jnp.float32))


def check_key(key, name: str = "key"):
    """One random key of JAX, of the new kind or the legacy one (uint32)."""
    dtype, shape = getattr(key, "dtype", None), getattr(key, "shape", None)
    if dtype is not None and jnp.issubdtype(dtype, jax.dtypes.prng_key):
        right = shape == ()
    else:
        legacy = isinstance(key, np.ndarray | jax.Array) and dtype == np.uint32
        right = legacy and shape in ((2,), (4,))  # of threefry, and of rbg
    if right:
        return key
    came = repr(key) if shape is None else f"an array of {dtype} and shape {shape}"
    raise ValueError(
        f"`{name}` must be one random key of JAX; got {came}. Pass {name}=jax.random.key(0), or of "
        "several keys one."
    )


def check_in_size(x, name: str, in_size: int | None) -> None:
    if in_size is not None and x.shape[-1] != in_size:
        raise ValueError(
            f"`{name}` must have d0 = {in_size} columns like the inputs it is used with; got shape "
            f"{x.shape}. Points of one call share one input dimension."
        )


def check_count(value, name: str, least: int = 1) -> int:
    """An integer of at least `least`."""
    if is_traced(value):
        raise ValueError(
            f"`{name}` must be an integer that is known when JAX compiles; got a traced value. "
            f"Close over it, or list it in jax.jit's static_argnames."
        )
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


def check_std(value, name: str, *, positive: bool = False) -> float:
    """A standard deviation ≥ 0, or > 0 if `positive`, known when JAX compiles; up to 1e50."""
    number = _plain_number(value)
    if not (0 <= number <= 1e50) or (positive and number == 0):
        least = "a number > 0" if positive else "a number ≥ 0"
        raise ValueError(
            f"`{name}` must be {least} and at most 1e50; got {_came(value)}. Pass for instance "
            f"{name}={'1.4' if positive else '0.3'}."
        )
    return number


def check_residual(value) -> float | None:
    """The weight α > 0 of a layer beside its skip, or None for a network without skips."""
    if value is None:
        return None
    number = _plain_number(value)
    if not 0 < number <= 1e50:
        raise ValueError(
            "`residual` must be the weight α > 0 of each layer beside its skip, at most 1e50, or "
            f"None for a plain network; got {_came(value)}. Pass for instance residual=0.5."
        )
    return number


def _plain_number(value) -> float:
    """A real number that is neither text, a truth value, an array nor traced; else NaN."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real):
        return float("nan")
    try:
        return float(value)
    except OverflowError:
        return float("inf")


def _came(value) -> str:
    if is_traced(value):
        return "a value that JAX is transforming; close over a plain number"
    if hasattr(value, "shape") and not isinstance(value, np.generic):
        return f"an array of shape {value.shape}"
    return repr(value)


def check_lam(value) -> float:
    """A weight λ ≥ 0 of the regulariser that a kernel can be multiplied by."""
    lam = check_number(value, "lam")
    if lam > 1e100:
        raise ValueError(
            f"`lam` must be at most 1e100, because the kernel is multiplied by λ; got {value!r}. "
            "Pass for instance lam=0.1."
        )
    return lam


def check_targets(y, name: str, rows: int, outputs: int | None = None) -> np.ndarray:
    """Finite real targets, one for each row, or for each row and output.

    outputs: how many the network has: (rows,) for one, (rows, outputs) for more; None allows
    (rows,) and (rows, C) for any C > 1.
    """
    y = check_numbers(y, name, "hold one number for each row", "Map your two classes to -1 and +1.")
    right = y.shape == (rows,) if outputs in (None, 1) else y.shape == (rows, outputs)
    if outputs is None and y.ndim == 2:
        right = len(y) == rows and y.shape[1] > 1
    if not right:
        several = {None: f" or ({rows}, C) with a column for each of C > 1 outputs", 1: ""}
        expected = f"({rows},){several[outputs]}" if outputs in several else f"({rows}, {outputs})"
        raise ValueError(
            f"`{name}` must be of shape {expected}, one label for each row of the inputs; got "
            f'shape {y.shape}. Use y.ravel() for a column; code classes as in classes="all" of '
            "load_dataset, +1 in the column of the row's class and -1 in the others."
        )
    if not np.isfinite(y).all():
        place = np.argwhere(~np.isfinite(y))[0]
        raise ValueError(
            f"`{name}` must be finite; entry {', '.join(map(str, place))} is {y[tuple(place)]}. "
            "Remove the rows without a label."
        )
    return y


def check_labels(y, name: str, rows: int, remedy: str = "") -> np.ndarray:
    """Labels of two values, -1 and +1, one for each row, or one for each row and class."""
    y = check_targets(y, name, rows)
    unexpected = np.setdiff1d(y, [-1.0, 1.0])
    if not unexpected.size:
        return y
    if y.ndim == 1:
        way = f"Map your two classes, for instance with np.where({name} == one, 1, -1)."
        if np.array_equal(y, np.rint(y)) and y.min() >= 0 and len(np.unique(y)) > 2:
            way += f" Of more classes make a column each: 2 * np.eye({int(y.max()) + 1})[y] - 1."
    elif np.array_equal(unexpected, [0.0]) and (y >= 0).all():
        way = f"These look one-hot: pass 2 * {name} - 1."
    else:
        way = "Put +1 into the column of the row's class and -1 into the others."
    raise ValueError(
        f"`{name}` must take the two values -1 and +1; got also {unexpected[:5].tolist()}. "
        f"{way} {remedy}"
    )


def check_columns_vary(y: np.ndarray, name: str) -> np.ndarray:
    """Labels of which each column, if there are columns, holds both values."""
    if y.ndim == 2 and (same := np.flatnonzero((y == y[0]).all(axis=0))).size:
        column = int(same[0])
        raise ValueError(
            f"`{name}` must hold both -1 and +1 in each column; column {column} is "
            f"{y[0, column]:g} in every row. Remove classes that do not occur, for instance with "
            f"{name}[:, ({name} > 0).any(axis=0)]; one class alone leaves nothing to learn."
        )
    return y


def check_classes(y, name: str, rows: int) -> np.ndarray:
    """Labels ±1 of two classes, (rows,), or of C, (rows, C): +1 in one column of each row."""
    y = check_labels(y, name, rows)
    if y.ndim == 2:
        chosen = (y > 0).sum(axis=1)
        if (wrong := np.flatnonzero(chosen != 1)).size:
            raise ValueError(
                f"`{name}` must be +1 in one column of each row, that of its class, and -1 in the "
                f"others; row {wrong[0]} has {chosen[wrong[0]]} of +1. Accuracy and margins are "
                "those of one class a row."
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
