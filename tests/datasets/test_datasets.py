"""Data sets: what is made and what comes with scikit-learn; unit rows, splits, names, options."""

import socket

import numpy as np
import pytest
import sklearn.datasets
from dataset_checks import assert_two_classes_on_sphere
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.preprocessing import StandardScaler

from jntk_viz.datasets import (
    DATASETS,
    Dataset,
    count_coinciding,
    dataset_available,
    load_dataset,
    normalize,
    train_test_split,
)
from jntk_viz.datasets.dataset import standardize_columns
from jntk_viz.frame.words import coinciding


@pytest.mark.parametrize(
    ("name", "options", "shape", "positive"),
    [
        ("iris", {}, (100, 4), 50),
        ("wine", {}, (130, 13), 71),
        ("breast_cancer", {}, (569, 30), 212),
        ("breast_cancer", {"n_components": 5}, (569, 5), 212),
        ("digits", {}, (357, 64), 174),
        ("digits", {"classes": (9, 4)}, (361, 64), 181),
        ("digits", {"standardize": True}, (357, 54), 174),
        ("circle", {}, (33, 2), 17),
        ("circle", {"n": 40, "frequency": 3}, (40, 2), 20),
        ("sphere", {}, (256, 4), None),
        ("sphere", {"n": 20, "d0": 2, "seed": 3}, (20, 2), None),
        ("sphere", {"n": 8, "d0": 4}, (8, 4), None),
    ],
)
def test_made_and_bundled_sets(name, options, shape, positive):
    data = load_dataset(name, **options)
    assert_two_classes_on_sphere(data)
    assert data.x.shape == shape
    assert positive is None or (data.y > 0).sum() == positive


def test_iris_is_standardised():
    table = sklearn.datasets.load_iris()
    expected = StandardScaler().fit_transform(table.data[50:])
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    data = load_dataset("iris")
    np.testing.assert_allclose(data.x, expected, atol=1e-12)
    np.testing.assert_array_equal(data.y, [-1.0] * 50 + [1.0] * 50)


def test_all_principal_components_are_a_rotation():
    full = load_dataset("breast_cancer").x
    rotated = load_dataset("breast_cancer", n_components=30).x
    np.testing.assert_allclose(rotated @ rotated.T, full @ full.T, atol=1e-10)


def test_digits_keep_the_unit_of_the_pixels():
    table = sklearn.datasets.load_digits()
    eights = np.isin(table.target, [3, 8])
    difference = table.data[eights] - table.data[eights].mean(axis=0)
    data = load_dataset("digits")
    cosine = np.sum(data.x * difference, axis=1) / np.linalg.norm(difference, axis=1)
    np.testing.assert_allclose(cosine, 1, atol=1e-12)
    np.testing.assert_array_equal(data.y > 0, table.target[eights] == 8)


# ---------------------------------------------------------------- circle and sphere


@pytest.mark.parametrize("n", [9, 33, 101])
@pytest.mark.parametrize("frequency", [1, 2, 4])
def test_circle_has_even_gaps_alternating_arcs_and_no_antipodes(n, frequency):
    x, y, _, _ = load_dataset("circle", n=n, frequency=frequency)
    angle = np.unwrap(np.arctan2(x[:, 1], x[:, 0]))
    np.testing.assert_allclose(np.diff(angle), 2 * np.pi / n, atol=1e-12)
    np.testing.assert_array_equal(y, np.sign(np.cos(frequency * angle)))
    assert (y != np.roll(y, 1)).sum() == 2 * frequency
    assert (x @ x.T).min() > -1 + 1e-6


def test_circle_points_on_a_boundary_belong_to_the_arc_that_begins_there():
    np.testing.assert_array_equal(load_dataset("circle", n=8).y, [1, 1, -1, -1, -1, -1, 1, 1])


@pytest.mark.parametrize(("n", "d0", "separation", "reach"), [(256, 4, 22, 21), (64, 3, 22, 19)])
def test_sphere_is_covered_evenly(n, d0, separation, reach):
    """Degrees between nearest points and from anywhere to the nearest point.

    Random points have 2.5 (1.1) and 31 (35): this cannot pass without the spreading.
    """
    x = load_dataset("sphere", n=n, d0=d0).x
    cosines = x @ x.T - 2 * np.eye(n)
    assert np.degrees(np.arccos(cosines.max())) > separation
    probes = normalize(np.random.default_rng(0).standard_normal((20_000, d0)))
    assert np.degrees(np.arccos((probes @ x.T).max(axis=1).min())) < reach
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(x.T @ x / n, np.eye(d0) / d0, atol=1e-3)


def test_sphere_labels_and_seeds():
    first, again, other = (load_dataset("sphere", n=50, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.x, again.x)
    assert np.abs(first.x - other.x).max() > 0.1
    np.testing.assert_array_equal(first.y, np.sign(first.x[:, 0] * first.x[:, 1]))


# ---------------------------------------------------------------- unit rows, columns, splits


@given(hnp.arrays(np.float64, (3, 2), elements=st.floats(-1e300, 1e300).filter(bool)))
def test_normalize_gives_unit_rows_in_the_same_direction(x):
    unit = normalize(x)
    np.testing.assert_allclose(np.linalg.norm(unit, axis=1), 1, atol=1e-12)
    np.testing.assert_array_equal(np.sign(unit) * np.sign(x) >= 0, True)


@pytest.mark.parametrize(
    ("x", "words"),
    [
        ([[1.0, 2], [0, 0]], ["`x`", "row 1", "zero"]),
        ([[1.0, 2], [3, np.nan]], ["`x`", "row 1", "nan"]),
        ([[np.inf, 2], [3, 1]], ["`x`", "row 0", "inf"]),
        ([1.0, 2], ["`x`", "shape"]),
        (np.ones((2, 2, 2)), ["`x`", "shape"]),
        (np.ones((0, 2)), ["`x`", "shape"]),
    ],
)
def test_normalize_refuses(x, words):
    with pytest.raises(ValueError, match="`x`") as error:
        normalize(x)
    assert all(word in str(error.value) for word in words)


def test_standardize_drops_columns_that_differ_only_by_rounding():
    sums = [0.1 + 0.2, 0.3, 0.3]
    z, kept, dropped = standardize_columns(
        np.column_stack([sums, [1.0, 2, 4], [5.0, 5, 5]]), ["sum", "varies", "five"]
    )
    assert (kept, dropped) == (("varies",), ("sum", "five"))
    np.testing.assert_allclose([z.mean(), z.std()], [0, 1], atol=1e-12)


def test_split_keeps_class_shares_and_loses_no_row():
    data = load_dataset("wine")
    train, test = train_test_split(data, test_fraction=0.3, seed=4)
    assert len(test.y) == 39
    assert abs((train.y > 0).mean() - (test.y > 0).mean()) < 0.02
    rows = np.vstack([train.x, test.x])
    np.testing.assert_array_equal(np.unique(rows, axis=0), np.unique(data.x, axis=0))
    again, _ = train_test_split(data, test_fraction=0.3, seed=4)
    np.testing.assert_array_equal(again.x, train.x)
    assert "Training part: 91 of 130 rows" in train.provenance
    _, seven = train_test_split(load_dataset("iris"), test_fraction=0.07)
    assert len(seven.y) == 7
    for part in (train, test):
        assert_two_classes_on_sphere(part)


def test_equal_inputs_are_counted_and_said():
    """Two of the irises are equal: together in one part, or one is no test of the other."""
    said = set()
    for seed in range(3):
        train, test = train_test_split(load_dataset("iris"), seed=seed)
        cosines = train.x @ train.x.T - 2 * np.eye(50)
        twice = int((cosines > 1 - 1e-12).sum()) // 2
        shared = int((test.x @ train.x.T > 1 - 1e-12).sum())
        assert count_coinciding(train.x) == twice
        assert count_coinciding(test.x, train.x) == shared
        assert ("kernel matrix is singular" in train.provenance) == bool(twice)
        assert ("1 of them equal to training inputs" in test.provenance) == bool(shared)
        words = coinciding(train.x, test.x)
        assert ("Θ is singular" in words) == bool(twice)
        assert ("no test" in words) == bool(shared)
        said.add((twice, shared))
    assert said == {(0, 1), (1, 0), (0, 0)}
    assert count_coinciding(np.array([[0.0, 1.0], [-0.0, 1.0]])) == 1


@pytest.mark.parametrize("fraction", [0, 1, -0.5, 1.5, "half", float("nan"), 0.001])
def test_split_refuses(fraction):
    with pytest.raises(ValueError, match="`test_fraction`"):
        train_test_split(load_dataset("iris"), test_fraction=fraction)


def test_a_class_that_cannot_be_split_is_said_in_our_words_alone():
    iris = load_dataset("iris")
    few = Dataset(iris.x[48:51], iris.y[48:51], iris.names, iris.provenance)
    with pytest.raises(ValueError, match=r"3 rows .* Use more rows") as refused:
        train_test_split(few)
    assert "populated" not in str(refused.value)
    assert refused.value.__suppress_context__


# ---------------------------------------------------------------- names and options


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("irises", {}, ["`name`", "'iris'", "'sonar'", "'irises'"]),
        ("iris", {"n": 3}, ["`n`", "options: classes"]),
        ("digits", {"classs": (1, 2)}, ["`classs`", "classes, standardize"]),
        ("sonar", {"n": 3}, ["`n`", "data_dir, download"]),
        ("csv", {"path": "x.csv"}, ["`label`", "must be given"]),
        ("circle", {"n": 2}, ["`n`", "at least 3"]),
        ("circle", {"n": 10, "frequency": 6}, ["`frequency`", "at most n/2"]),
        ("circle", {"n": 5.5}, ["`n`", "integer"]),
        ("sphere", {"d0": 1}, ["`d0`", "at least 2"]),
        ("sphere", {"n": 10**6}, ["`n`", "4096"]),
        ("sphere", {"seed": -1}, ["`seed`"]),
        ("breast_cancer", {"n_components": 31}, ["`n_components`", "2 to 30"]),
        ("breast_cancer", {"n_components": 1}, ["`n_components`", "at least 2"]),
        ("digits", {"classes": (3, 3)}, ["`classes`", "two different digits"]),
        ("digits", {"classes": (3, 10)}, ["`classes`", "0 to 9"]),
        ("digits", {"classes": 3}, ["`classes`", "two different digits"]),
        ("digits", {"classes": (1, 2, 3)}, ["`classes`", "two different digits"]),
    ],
)
def test_bad_names_and_options(name, options, words):
    with pytest.raises(ValueError, match="`") as error:
        load_dataset(name, **options)
    assert all(word in str(error.value) for word in words), error.value


def test_what_is_made_or_bundled_needs_no_network(monkeypatch):
    def refuse(*args):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    for name, source in DATASETS.items():
        if source.kind in ("made", "bundled"):
            assert dataset_available(name)
            assert_two_classes_on_sphere(load_dataset(name))
        elif source.kind == "uci":
            dataset_available(name)
