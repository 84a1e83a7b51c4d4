"""Results of the studies are kept within one bound on their bytes, whoever asks for how many."""

import numpy as np
import pytest
from cachetools import LRUCache

from jntk_viz.engine import results as module
from jntk_viz.engine import sources
from jntk_viz.engine.results import bytes_of, kept
from jntk_viz.pages.robust_training import study as robust_study


@pytest.fixture
def computed(monkeypatch):
    """Room for three arrays of 1000 numbers; the list of what has been computed."""
    monkeypatch.setattr(module, "_results", LRUCache(26_000, getsizeof=bytes_of))
    return []


@pytest.fixture
def numbers(computed):
    @kept
    def numbers(value, count=1000):
        """So many times the value."""
        computed.append(value)
        return np.full(count, float(value))

    return numbers


def test_what_was_used_longest_ago_goes_first(numbers, computed):
    for value in (1, 2, 3, 1, 4, 1):
        assert numbers(value)[0] == value
    assert computed == [1, 2, 3, 4]
    assert numbers.known(2) is None
    assert numbers(1) is numbers.known(1)
    numbers(2)
    assert computed == [1, 2, 3, 4, 2]


def test_functions_share_the_room_but_not_their_results(numbers, computed):
    @kept
    def others(value):
        computed.append(-value)
        return np.full(1000, -float(value))

    numbers(1), others(1)
    assert numbers(1)[0] == -others(1)[0]
    others(2), others(3)
    assert numbers.known(1) is None
    numbers(1)
    others.cache_clear()
    assert others.known(3) is None
    assert numbers.known(1) is not None


def test_what_is_larger_than_the_room_is_computed_each_time(numbers, computed):
    numbers(1)
    numbers(7, 10_000), numbers(7, 10_000)
    assert computed == [1, 7, 7]
    assert numbers.known(1) is not None


def test_an_error_and_a_result_of_none(computed):
    @kept
    def fails_first():
        computed.append("asked")
        if len(computed) == 1:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails_first()
    assert fails_first() is fails_first() is None
    assert len(computed) == 2


def test_it_looks_like_the_function(numbers):
    assert numbers.__doc__ == "So many times the value."
    assert numbers.__name__ == "numbers"


def test_a_class_with_a_problem_each_computes_each_kernel_once(monkeypatch):
    """What a page draws is still there when others have asked for other problems meanwhile."""
    loads = []

    def load(name, **options):
        loads.append(name)
        return sources.load(name, **options)

    monkeypatch.setattr(robust_study, "load", load)
    robust_study.prepare.cache_clear()
    problems = [robust_study.Problem("circle", 2, "erf", seed) for seed in range(16)]
    for problem in 2 * problems:
        robust_study.prepare(problem)
    assert len(loads) == len(problems)
