"""The eigenfeatures page with all classes, against the library, without a browser."""

import numpy as np
import pytest
from programs import run_program

from jntk_viz import eigenfeatures, frame, load_csv, load_dataset, train_test_split
from jntk_viz.engine import sources
from jntk_viz.frame.robustness import Problem
from jntk_viz.pages.eigenfeatures import study
from jntk_viz.pages.eigenfeatures.page import Eigenfeatures
from jntk_viz.pages.eigenfeatures.script import script
from jntk_viz.pages.eigenfeatures.state import EigenfeaturesState

IRIS = Problem("iris_all", 2, "gelu", 0)


@pytest.fixture(scope="module", autouse=True)
def theme():
    frame.use_theme()


@pytest.fixture(scope="module")
def parts():
    return train_test_split(load_dataset("iris", classes="all"), seed=0)


@pytest.mark.parametrize(("lam", "norm"), [(0.0, "l2"), (0.1, "linf")])
def test_features_equal_the_library_in_total(parts, lam, norm):
    train, test = parts
    expected = eigenfeatures(
        train.x, train.y, test.x, test.y, lam=lam, epsilon=0.2, norm=norm, **IRIS.kernel
    )
    found = study.spectrum(IRIS, lam)
    scores = study.scores(found, epsilon=0.2, norm=norm)
    large = expected.eigenvalues > 1e-5 * expected.eigenvalues[0]
    assert large.sum() > 20
    np.testing.assert_array_equal(scores.usefulness[large], expected.usefulness[large])
    np.testing.assert_array_equal(scores.robustness[large], expected.robustness[large])
    assert found.share.sum() == pytest.approx(1, abs=1e-6)
    assert study.majority_share(IRIS) == np.mean(test.y > 0, axis=0).max()


def test_the_search_is_that_of_the_library(parts):
    train, test = parts
    expected = eigenfeatures(
        train.x, train.y, test.x, test.y, lam=0.1, epsilon=0.2, attack="pgd", count=3, **IRIS.kernel
    )
    for index in range(3):
        found = study.pgd_robustness(IRIS, 0.1, index, 0.2, "l2")
        assert found == expected.robustness[index]


def test_the_page_speaks_of_all_classes_in_every_view():
    page = Eigenfeatures()
    page.state.param.update(data="iris_all", depth=2)
    frame.Controller(page)
    page.shown = page.controls()
    page.controller.start()
    scores = study.scores(study.spectrum(IRIS, 0.1), epsilon=0.1)
    np.testing.assert_array_equal(page.plots["regularised"].data["usefulness"], scores.usefulness)
    assert len(page.plots["feature_regularised"].data["weights"][0]) == 4
    for view in ("scatter", "correlation", "learned"):
        page.state.view = view
        assert page.controller.error == ""
        assert "two classes at most" in page.controller.headline.pane.object


def test_the_script_prints_the_page_s_numbers():
    state = EigenfeaturesState(data="iris_all", depth=2, epsilon=0.2)
    printed = run_program(script(state))
    bar = study.majority_share(IRIS)
    for lam in (0.0, 0.1):
        scores = study.scores(study.spectrum(IRIS, lam), epsilon=0.2)
        assert int(printed[f"useful at lambda {lam:g}"]) == pytest.approx(scores.useful(bar), abs=2)


def test_the_script_keeps_to_the_span_of_a_wide_table(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    rows = [[f"{v:.3f}" for v in rng.normal(size=30)] + [f"k{i % 3}"] for i in range(24)]
    text = "\n".join(map(",".join, [[f"c{i}" for i in range(30)] + ["kind"], *rows]))
    (tmp_path / "wide.csv").write_text(text)
    monkeypatch.chdir(tmp_path)
    options = {"label": "kind", "classes": "all"}
    name = sources.register("wide.csv", load_csv("wide.csv", **options), **options)
    state = EigenfeaturesState(depth=2, epsilon=0.2)
    state.param["data"].objects = [name]
    state.data = name
    printed = run_program(script(state))
    bar = study.majority_share(state.problem)
    for lam in (0.0, 0.1):
        found = study.spectrum(state.problem, lam)
        scores = study.scores(found, epsilon=0.2)
        assert int(printed[f"features at lambda {lam:g}"]) == len(found.eigenvalues)
        assert int(printed[f"useful at lambda {lam:g}"]) == scores.useful(bar) > 0
    sources.forget(name)
