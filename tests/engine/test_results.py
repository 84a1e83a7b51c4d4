"""Results are kept within one bound, and what belongs to a visitor goes with the visitor."""

import numpy as np

from jntk_viz.engine.results import Results, kept, owners_of


@kept
def zeros(n, name=""):
    return np.zeros(n)


def test_a_result_is_computed_once_and_known_without_computing():
    zeros.cache_clear()
    assert zeros.known(5, "a") is None
    first = zeros(5, "a")
    assert zeros(5, "a") is zeros.known(5, "a") is first
    zeros.forget(5, "a")
    assert zeros.known(5, "a") is None
    assert zeros(5, "a") is not first


def test_bytes_are_bounded_and_what_was_used_longest_ago_goes_first():
    store, size = Results(most_bytes=3000), np.zeros(100).nbytes
    for name in "abc":
        store.put(zeros, (name,), np.zeros(100))
    assert store.bytes == 3 * size
    assert store.get(zeros, ("a",)) is not None  # used: now b is the oldest
    store.put(zeros, ("d",), np.zeros(100))
    assert [store.get(zeros, (name,)) is None for name in "abcd"] == [False, True, False, False]
    store.put(zeros, ("large",), np.zeros(1000))  # would not fit alone
    assert store.get(zeros, ("large",)) is None
    assert store.bytes == 3 * size


def test_another_bound_drops_what_there_is():
    store = Results(most_bytes=3000)
    store.put(zeros, ("a",), np.zeros(100))
    store.bound(1000)
    assert store.bytes == 0
    for name in "ab":
        store.put(zeros, (name,), np.zeros(100))
    assert [store.get(zeros, (name,)) is None for name in "ab"] == [True, False]


def test_an_owner_is_found_among_arguments_at_any_depth():
    problem = ("own-12ab", 2, "gelu")
    assert [*owners_of((problem, 0.1))] == ["own-12ab"]
    assert [*owners_of((("iris", 2), "of our own-ership", 3))] == []
    assert [*owners_of("own-x")] == ["own-x"]


def test_of_two_visitors_one_leaves_with_all_that_was_computed_of_the_table_and_nothing_else():
    store = Results()
    store.admit("own-1")
    store.admit("own-2")
    for function in (zeros, owners_of):
        for name in ("own-1", "own-2", "iris"):
            store.put(function, ((name, 2), 0.1), np.ones(3))
    store.forget("own-1")
    for function in (zeros, owners_of):
        assert store.get(function, (("own-1", 2), 0.1)) is None
        for name in ("own-2", "iris"):
            assert store.get(function, ((name, 2), 0.1)) is not None
    # A step that was under way when the visitor left:
    store.put(zeros, (("own-1", 2), 0.2), np.ones(3))
    assert store.get(zeros, (("own-1", 2), 0.2)) is None


def test_one_function_is_cleared_and_others_stay():
    store = Results()
    store.put(owners_of, (1,), "other")
    store.put(zeros, (1,), "own")
    store.clear(zeros)
    assert store.get(zeros, (1,)) is None
    assert store.get(owners_of, (1,)) == "other"
    store.clear()
    assert store.bytes == 0
