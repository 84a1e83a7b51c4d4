"""A program by public names alone that reproduces the numbers of the eigenfeatures page."""

from jntk_viz.engine.sources import loading
from jntk_viz.frame.robustness import FRAGILE, MOST_TESTED
from jntk_viz.pages.eigenfeatures.state import PGD_FEATURES, SOURCES, EigenfeaturesState
from jntk_viz.pages.eigenfeatures.study import prepare, span

_PROGRAM = '''"""Eigenfeatures of {data}: accuracy and robustness at ε = {epsilon} ({norm})."""

import numpy as np
from scipy.stats import spearmanr

import jntk_viz as jv

data = {load}
train, test = jv.train_test_split(data, test_fraction=1 - {n} / len(data.y), seed={seed})
x_test, y_test = test.x[:{most}], test.y[:{most}]
kernel = {{"depth": {depth}, "activation": "{activation}"}}
attack = {{"epsilon": {epsilon}, "norm": "{norm}"}}
majority = {majority}  # the bar for a useful feature


def measure(lam):
    """Accuracy and robustness of every feature, largest eigenvalue first."""
{body}

for lam in (0.0, {lam}):
    useful, robust = measure(lam){counted}
    accurate = useful >= {accurate}
    fragile = accurate & (robust <= {fragile})
    print(f"features at lambda {{lam:g}} = {{len(useful)}}")
    null = jv.survival_null(useful, robust, seed={seed})
    print(f"rank correlation at lambda {{lam:g}} = {{spearmanr(useful, robust).statistic:.6f}}")
    print(f"with shuffled survival rates at lambda {{lam:g}} = {{null.value:.6f}}")
    print(f"useful at lambda {{lam:g}} = {{np.sum(useful > majority)}}")
    print(f"accurate at lambda {{lam:g}} = {{np.sum(accurate)}}")
    print(f"accurate yet fragile at lambda {{lam:g}} = {{np.sum(fragile)}}")
'''
_WHOLE = """    found = jv.eigenfeatures(
        train.x, train.y, x_test, y_test, lam=lam, **kernel, **attack{search}
    )
    return found.usefulness, found.robustness
"""
_REDUCED = """    # Features orthogonal to all training points vanish: stay within their span.
    basis = np.linalg.svd(train.x, full_matrices=False)[2]
    linear = jv.LinearDynamics(jv.jntk(train.x @ basis.T, **kernel), train.y, lam=lam)
    c, weights = linear.feature_directions()
    c = np.concatenate([c[..., :1], c[..., 1:] @ basis], axis=-1){search}
    scores = []
    for direction, weight in zip(c, weights):
        coefficients = np.multiply.outer(direction, weight)
        feature = jv.KernelPredictor(train.x, coefficients, kappa=1.0, **kernel)
        clean = jv.first_order_margin(feature(x_test), x_test, y_test, epsilon=0)
        margin = {margin}
        scores.append((jv.accuracy(clean), jv.accuracy(margin)))
    return np.array(scores).T
"""


def script(state: EigenfeaturesState) -> str:
    """A Python program by public names that prints the page's numbers, one per line."""
    source = SOURCES[state.data]
    load = loading(state.data, source.options)
    pgd = state.attack == "pgd"
    if span(state.problem) is None:
        search = f', attack="pgd", count={PGD_FEATURES}' if pgd else ""
        body = _WHOLE.format(search=search)
    else:
        first_order = "jv.first_order_margin(feature(x_test), x_test, y_test, **attack)"
        searching = "jv.pgd_margin(feature, x_test, y_test, **attack)"
        search = f"[:{PGD_FEATURES}]" if pgd else ""
        body = _REDUCED.format(margin=searching if pgd else first_order, search=search)
    several = prepare(state.problem).test.y.ndim == 2
    leading = "\n    useful, robust = useful[: len(train.y)], robust[: len(train.y)]"
    return _PROGRAM.format(
        **{key: getattr(state, key) for key in ("data", "depth", "activation", "lam", "norm")},
        epsilon=round(state.epsilon, 10),
        seed=state.seed,
        load=load,
        most=MOST_TESTED,
        n=source.train,
        body=body,
        majority="np.mean(y_test > 0, axis=0).max()"
        if several
        else "max(np.mean(y_test > 0), np.mean(y_test < 0))",
        counted=leading if state.counted == "leading" else "",
        accurate=FRAGILE[0],
        fragile=FRAGILE[1],
    )
