"""What every loader returns, and the two steps that every table goes through."""

from typing import NamedTuple

import numpy as np

from jntk_viz._validation import check_count, check_matrix, check_number

_ROUNDING = 8 * np.finfo(np.float64).eps


class _Fields(NamedTuple):
    x: np.ndarray
    y: np.ndarray
    names: tuple[str, ...]
    provenance: str


class Dataset(_Fields):
    """A classification problem on the unit sphere; unpacks into x, y, names, provenance.

    x: inputs, shape (n, d0), float64, rows of unit norm.
    y: labels, float64, each -1 or +1. Of two classes of shape (n,), and both occur. Of all classes
        of shape (n, C): +1 in the column of the row's class and -1 in the others, so that each
        column is the two-class problem of one class against the rest.
    names: the d0 feature names.
    provenance: source, licence, meaning of -1 and +1, and what was dropped or rescaled.
    classes: names of the classes: of -1 and of +1, or one for each column of y; () if not known.
    """

    classes: tuple[str, ...]

    def __new__(cls, x, y, names, provenance, classes=()):
        self = super().__new__(cls, x, y, names, provenance)
        self.classes = tuple(classes)
        return self

    def _replace(self, **changes):
        classes = changes.pop("classes", self.classes)
        return Dataset(*super()._replace(**changes), classes=classes)


def one_against_rest(members: np.ndarray, classes: int) -> np.ndarray:
    """Labels (n, C) of class numbers (n,): +1 in the column of the class, -1 in the others."""
    return np.where(members[:, None] == np.arange(classes), 1.0, -1.0)


def normalize(x) -> np.ndarray:
    """Scale every row to unit norm, x_i / |x_i|, since the theory lives on the unit sphere.

    x: shape (n, d0), any finite numbers; returns float64 of the same shape.
    Raises ValueError, naming `x` and the row, for a zero row (it has no direction), NaN, infinity
    or an array that is not a matrix.
    """
    x = check_matrix(x, "x")
    largest = np.abs(x).max(axis=1, keepdims=True)  # dividing by it first avoids overflow in |x|²
    if not largest.all():
        row = int(np.argmin(largest))
        raise ValueError(
            f"`x` must have no zero rows, because a zero vector has no direction to scale to unit "
            f"norm; row {row} is zero. Remove it, for instance with x[x.any(axis=1)]."
        )
    x = x / largest
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def standardize_columns(x, names) -> tuple[np.ndarray, tuple[str, ...], tuple[str, ...]]:
    """Columns of mean 0 and variance 1; constant columns are dropped.

    Mean and variance are taken over all rows, before any split into training and test part.
    Returns the (n, kept) array, the names kept and the names dropped.
    """
    x = check_matrix(x, "x")
    largest = np.abs(x).max(axis=0)
    centred = x / np.where(largest > 0, largest, 1.0)
    centred -= centred.mean(axis=0)
    # What rounding of the mean leaves of a constant is not information: it must not be blown up.
    centred[np.abs(centred) <= _ROUNDING] = 0.0
    deviation = np.sqrt((centred**2).mean(axis=0))
    varies = deviation > 0
    kept = tuple(name for name, keep in zip(names, varies, strict=True) if keep)
    dropped = tuple(name for name, keep in zip(names, varies, strict=True) if not keep)
    return centred[:, varies] / deviation[varies], kept, dropped


def principal_components(x, n_components: int) -> tuple[np.ndarray, tuple[str, ...], str]:
    """The first principal components of a table, to keep the kernel of N(1+d0) rows small.

    x: shape (n, d0);  n_components: 2 to d0 and at most n.
    Returns scores (n, n_components), their names, and a phrase that says what was kept.
    Raises ValueError that names `n_components`.
    """
    from sklearn.decomposition import PCA

    if check_count(n_components, "n_components", least=2) > min(x.shape):
        raise ValueError(
            f"`n_components` must be 2 to {min(x.shape)}, the number of columns (or of rows, where "
            f"there are fewer); got {n_components}. Pass None to keep all columns."
        )
    pca = PCA(n_components, svd_solver="full")
    scores = pca.fit_transform(x)
    share = pca.explained_variance_ratio_.sum()
    names = tuple(f"component {i + 1}" for i in range(n_components))
    return scores, names, f"{n_components} principal components kept ({share:.0%} of the variance)"


def standardized_dataset(x, y, names, source: str, classes=()) -> Dataset:
    """Standardise the columns, then scale the rows; `source` begins the provenance sentence."""
    z, kept, dropped = standardize_columns(x, names)
    done = "columns standardised"
    if dropped:
        columns = "column" if len(dropped) == 1 else "columns"
        done = f"constant {columns} {', '.join(dropped)} dropped, the others standardised"
    x = normalize(z)
    done = f"{source}; {done}, rows scaled to unit norm{describe_repeats(x)}."
    return Dataset(x, y, kept, done, classes)


def describe_repeats(x: np.ndarray) -> str:
    """Say in a provenance sentence that points coincide: their kernel matrix is singular."""
    repeats = count_coinciding(x)
    return f", {repeats} of them coinciding with another" if repeats else ""


def count_coinciding(x: np.ndarray, others: np.ndarray | None = None) -> int:
    """Count the points that are given already: by an earlier row of `x`, or by a row of `others`.

    x: shape (n, d0);  others: shape (m, d0). Equal means to 12 digits after the point.
    """
    x_rows = [row.tobytes() for row in x.round(12) + 0.0]  # −0 becomes 0
    if others is None:
        return len(x_rows) - len(set(x_rows))
    known = {row.tobytes() for row in others.round(12) + 0.0}
    return sum(row in known for row in x_rows)


def train_test_split(
    dataset: Dataset, *, test_fraction: float = 0.5, seed: int = 0
) -> tuple[Dataset, Dataset]:
    """Split a data set at random into a training and a test part with the same class shares.

    Rows are drawn one by one, so that equal inputs may come into both parts, where they test
    nothing, or be together in the training part, whose kernel matrix is then singular. The
    provenance of the parts says how many do; `count_coinciding` of jntk_viz.datasets counts them.

    test_fraction: share of the rows in the test part, between 0 and 1.
    seed: of the random choice; the same seed gives the same split.
    Raises ValueError if a class is too small to be in both parts.
    """
    from sklearn import model_selection  # as slow to import as the rest of the library together

    seed = check_count(seed, "seed", least=0)
    fraction = check_number(test_fraction, "test_fraction")
    if not 0 < fraction < 1:
        raise ValueError(
            f"`test_fraction` must be between 0 and 1; got {test_fraction!r}. "
            "Pass for instance test_fraction=0.5."
        )
    # scikit-learn rounds fractions up, and 0.07·100 = 7.000000000000001 would be 8 rows.
    count = round(fraction * len(dataset.y))
    of_class = dataset.y if dataset.y.ndim == 1 else dataset.y.argmax(axis=1)
    try:
        rows = model_selection.train_test_split(
            np.arange(len(dataset.y)), test_size=count, random_state=seed, stratify=of_class
        )
    except ValueError:  # whose words are of arguments that the caller has not given
        raise ValueError(
            f"`test_fraction` = {test_fraction!r} does not split the {len(dataset.y)} rows so that "
            f"{'both' if dataset.y.ndim == 1 else 'all'} classes are in both parts. Use more "
            "rows or a fraction nearer to 0.5."
        ) from None
    train, test = (
        Dataset(
            dataset.x[part],
            dataset.y[part],
            dataset.names,
            f"{dataset.provenance} {kind} part: {len(part)} of {len(dataset.y)} rows, chosen at "
            f"random within each class (seed {seed})",
            dataset.classes,
        )
        for kind, part in zip(("Training", "Test"), rows, strict=True)
    )
    twice, shared = count_coinciding(train.x), count_coinciding(test.x, train.x)
    singular = f"; {twice} of them equal to another, so its kernel matrix is singular"
    untested = f"; {shared} of them equal to training inputs, which is no test"
    return (
        train._replace(provenance=f"{train.provenance}{singular if twice else ''}."),
        test._replace(provenance=f"{test.provenance}{untested if shared else ''}."),
    )
