"""Small real tables that come with scikit-learn: nothing is downloaded.

scikit-learn is imported by the loaders: it takes longer to import than all the rest of the library.
"""

import numpy as np

from jntk_viz._validation import check_count

from .dataset import (
    Dataset,
    normalize,
    one_against_rest,
    principal_components,
    standardize_columns,
    standardized_dataset,
)


def iris(classes: str | None = None) -> Dataset:
    """Fisher's irises, 100×4: versicolor (−1) against virginica (+1), the two that overlap.

    classes: "all" for all three species, 150×4.
    """
    everything = _wants_all(classes)
    from sklearn.datasets import load_iris

    table = load_iris()
    species = tuple(map(str, table.target_names))
    if everything:
        source = "Iris (UCI 53, CC BY 4.0, bundled with scikit-learn)"
        return _all_classes(table, species, source)
    x, y = _two_classes(table, 1, 2)
    return standardized_dataset(
        x,
        y,
        table.feature_names,
        "Iris (UCI 53, CC BY 4.0, bundled with scikit-learn): versicolor is −1, virginica +1, "
        "setosa left out",
        species[1:],
    )


def wine(classes: str | None = None) -> Dataset:
    """Chemical analyses of wines, 130×13: cultivar 0 (−1) against cultivar 1 (+1).

    classes: "all" for all three cultivars, 178×13.
    """
    everything = _wants_all(classes)
    from sklearn.datasets import load_wine

    table = load_wine()
    cultivars = tuple(f"cultivar {i}" for i in range(3))
    if everything:
        source = "Wine (UCI 109, CC BY 4.0, bundled with scikit-learn)"
        return _all_classes(table, cultivars, source)
    x, y = _two_classes(table, 0, 1)
    return standardized_dataset(
        x,
        y,
        table.feature_names,
        "Wine (UCI 109, CC BY 4.0, bundled with scikit-learn): cultivar 0 is −1, cultivar 1 is +1, "
        "cultivar 2 left out",
        cultivars[:2],
    )


def breast_cancer(n_components: int | None = None) -> Dataset:
    """Breast tumours of Wisconsin, 569×30: benign (−1) against malignant (+1).

    n_components: keep that many principal components of the standardised columns, 2 to 30, for
        kernels of lower input dimension; None keeps the 30 columns.
    """
    from sklearn.datasets import load_breast_cancer

    table = load_breast_cancer()
    y = np.where(table.target == 0, 1.0, -1.0)  # scikit-learn's class 0 is malignant
    source = (
        "Breast cancer Wisconsin, diagnostic (UCI 17, CC BY 4.0, bundled with scikit-learn): "
        "benign is −1, malignant +1"
    )
    classes = ("benign", "malignant")
    if n_components is None:
        return standardized_dataset(table.data, y, table.feature_names.tolist(), source, classes)
    z, _, _ = standardize_columns(table.data, table.feature_names.tolist())
    x, names, kept = principal_components(z, n_components)
    done = f"{source}; columns standardised, {kept}, rows scaled to unit norm."
    return Dataset(normalize(x), y, names, done, classes)


def digits(classes: tuple[int, int] | str = (3, 8), standardize: bool = False) -> Dataset:
    """Handwritten digits, 8×8 grey values, about 360×64: two digits, −1 and +1 in that order.

    By default the mean image is subtracted and nothing else: all 64 pixels keep one common unit, so
    a row, a Jacobian or an attack of size ε can be shown as an image and means the same at every
    pixel. Without centring all images lie in one narrow cone (mean cosine 0.78 for 3 and 8) and
    kernels are badly conditioned. Standardised columns make a border pixel that is lit in one image
    worth up to three quarters of that image's squared norm, and classify slightly worse.

    classes: the two digits, 0 to 9, or "all" for the ten, 1797×64.   standardize: scale every pixel
        to variance 1 and drop those that never change (54 of the 64 remain for 3 and 8).
    """
    everything = isinstance(classes, str) and classes == "all"
    chosen = range(10) if everything else _two_digits(classes)
    from sklearn.datasets import load_digits

    table = load_digits()
    source = (
        "Optical recognition of handwritten digits (UCI 80, CC BY 4.0, bundled with scikit-learn): "
    )
    names = tuple(map(str, chosen))
    if everything:
        x, y, meaning = table.data, one_against_rest(table.target, 10), _meaning("the ten digits")
    else:
        x, y = _two_classes(table, *chosen)
        meaning = f"digit {names[0]} is −1, digit {names[1]} is +1, the others left out"
    if standardize:
        return standardized_dataset(x, y, table.feature_names, source + meaning, names)
    return Dataset(
        normalize(x - x.mean(axis=0)),
        y,
        tuple(table.feature_names),
        f"{source}{meaning}; mean image subtracted, rows scaled to unit norm.",
        names,
    )


def _wants_all(classes) -> bool:
    if classes is not None and not (isinstance(classes, str) and classes == "all"):
        raise ValueError(
            f'`classes` must be "all", for a column of labels for each class, or left out for '
            f'two of them; got {classes!r}. Pass classes="all".'
        )
    return classes is not None


def _meaning(classes: str) -> str:
    return f"a column of labels for each of {classes}, +1 in its rows and −1 in the others"


def _all_classes(table, names, source: str) -> Dataset:
    meaning = _meaning(", ".join(names))
    y = one_against_rest(table.target, len(names))
    return standardized_dataset(table.data, y, table.feature_names, f"{source}: {meaning}", names)


def _two_classes(table, minus: int, plus: int) -> tuple[np.ndarray, np.ndarray]:
    """The rows of two classes, the first labelled −1 and the second +1."""
    chosen = np.isin(table.target, [minus, plus])
    return table.data[chosen], np.where(table.target[chosen] == plus, 1.0, -1.0)


def _two_digits(classes) -> tuple[int, int]:
    try:
        minus, plus = (check_count(digit, "classes", least=0) for digit in classes)
    except (TypeError, ValueError):
        minus = plus = 0
    if minus == plus or max(minus, plus) > 9:
        raise ValueError(
            f'`classes` must be two different digits from 0 to 9, or "all"; got {classes!r}. '
            "Pass for instance classes=(3, 8)."
        )
    return minus, plus
