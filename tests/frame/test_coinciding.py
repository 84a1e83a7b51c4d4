"""Every page that trains says of equal inputs what follows from them."""

from types import SimpleNamespace

import numpy as np
import pytest

from jntk_viz.datasets import load_dataset, train_test_split
from jntk_viz.frame.words import coinciding
from jntk_viz.pages.eigenfeatures import words as eigenfeatures_text
from jntk_viz.pages.jntk_constancy import words as jntk_constancy_text
from jntk_viz.pages.robust_training import words as robust_training_text

SINGULAR = "1 of the training points equals another, so Θ is singular"
NO_TEST = "1 of the test points equals a training point, which is no test"


def robust_training(train, test):
    prepared = SimpleNamespace(train=train, test=test, basis=None)
    return robust_training_text.about_data(SimpleNamespace(data="iris"), prepared)


def eigenfeatures(train, test):
    return eigenfeatures_text.about_data(SimpleNamespace(train=train, test=test), 0)


def jntk_constancy(train, test):
    problem = SimpleNamespace(
        x=train.x, x_test=test.x, learning_rate=1.0,
        dynamics=SimpleNamespace(stable_learning_rate=2.0),
    )  # fmt: skip
    return jntk_constancy_text.rate_notes(SimpleNamespace(points=50, rate=0.5), problem)


@pytest.mark.parametrize("words", [robust_training, eigenfeatures, jntk_constancy])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_each_page_says_it_where_it_is_so(words, seed):
    """Of irises 51 and 92, which are equal, seeds put one into each part, both into one, …"""
    train, test = train_test_split(load_dataset("iris"), seed=seed)
    said = words(train, test)
    assert (SINGULAR in said) == (seed == 1)
    assert (NO_TEST in said) == (seed == 0)


def test_several_points_are_counted():
    x = np.array([[1.0, 0], [0, 1], [1, 0], [1, 0]])
    assert coinciding(x).startswith("2 of the training points equal another")
    assert coinciding(x[1:2], x[1:].repeat(2, axis=0)).startswith("2 of the test points equal a")
    assert coinciding(x[:2], -x[:2]) == ""
