"""A short program that reproduces the numbers of the robust-training page."""

import numpy as np

from jntk_viz.engine.sources import OWN, loading
from jntk_viz.frame.robustness import split
from jntk_viz.pages.robust_training.state import SOURCES, RobustTrainingState
from jntk_viz.pages.robust_training.study import DIVERGED, within_span

_HEAD = '''"""Robust training in closed form: {title}."""

import numpy as np

import jntk_viz as jv

lam, t, epsilon, norm = {lam!r}, {t}, {epsilon!r}, {norm!r}
kernel = {{"depth": {depth}, "activation": {activation!r}}}
data = {data}
train, test = jv.train_test_split(data, test_fraction=1 - {train} / len(data.y), seed={seed})
x, y = test.x[:{test}], test.y[:{test}]


def outputs(dynamics, t):
    """(f, J) at the test points, NaN where there is no predictor."""
{outputs}

def share(margins):
    """Part of the points whose margin is positive."""
    return float(np.mean(margins > 0)) if np.isfinite(margins).all() else np.nan


def scores(u):
    """Clean accuracy, first-order robust accuracy, median of the tangent Jacobian's length."""
    clean = jv.first_order_margin(u, x, y, epsilon=0)
{slope}
    robust = jv.first_order_margin(u, x, y, epsilon=epsilon, norm=norm)
    return share(clean), share(robust), float(np.median(slope))


dynamics = jv.RobustDynamics(train.x, train.y, lam=lam, **kernel)
standard = jv.RobustDynamics(train.x, train.y, lam=0.0, **kernel)
for name, run in (("", dynamics), ("standard_", standard)):
    clean, robust, jacobian = scores(outputs(run, t))
    print(f"{{name}}clean = {{clean!r}}")
    print(f"{{name}}robust = {{robust!r}}")
    print(f"{{name}}median_jacobian = {{jacobian!r}}")
print(f"robust_at_the_end = {{scores(outputs(dynamics, np.inf))[1]!r}}")
print(f"largest_eigenvalue = {{float(dynamics.eigenvalues[-1])!r}}")
print(f"noise_floor = {{float(dynamics.linear.noise_floor)!r}}")
'''

_SLOPE = "    slope = clean - jv.first_order_margin(u, x, y, epsilon=1)"

_SLOPE_OF_ALL = """    along_x = np.einsum("mdc,md->mc", u[:, 1:], x)
    tangent = u[:, 1:] - x[..., None] * along_x[:, None]
    slope = np.linalg.norm(tangent, axis=(1, 2))"""

_FLOW = """    return dynamics.predict(x, t)
"""

_DESCENT = """    learning_rate = {rate!r} * dynamics.linear.stable_learning_rate
    if round(min(t / learning_rate, 1e300)) == 0{unstable}:
        return np.full((len(x), 1 + x.shape[1], *y.shape[1:]), np.nan)
    with np.errstate(over="ignore"):
        learned = dynamics.linear.learned(t, learning_rate=learning_rate)
    if not np.abs(learned).max() < {diverged!r}:
        return np.full((len(x), 1 + x.shape[1], *y.shape[1:]), np.nan)
    return dynamics.predict(x, t, learning_rate=learning_rate)
"""

_FEATURES = '''

def ranks(values):
    """Their places in order, ties in the middle."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - counts / 2)[which]


for name, weight in (("", lam), ("standard_", 0.0)):
    features = jv.eigenfeatures(
        train.x, train.y, x, y, lam=weight, epsilon=epsilon, norm=norm, **kernel
    )
    rho = np.corrcoef(ranks(features.usefulness), ranks(features.robustness))[0, 1]
    print(f"{name}rank_correlation = {float(rho)!r}")
'''


def script(state: RobustTrainingState) -> str:
    """Python that uses public names only and prints the page's numbers as `name = value`.

    It goes the plain way, through the kernel of all N(1+d0) rows, also where the page keeps to the
    span of the training points; there the features that vanish are not counted on the page, and
    their rank correlation is left out.
    """
    source = SOURCES[state.data]
    outputs = _FLOW
    if state.speed:
        unstable = " or np.isinf(t)" if state.rate >= 1 else ""
        outputs = _DESCENT.format(rate=state.rate, unstable=unstable, diverged=DIVERGED)
    # A visitor's file may have any name: in the program's first string it could end the string.
    title = "one's own table" if state.data.startswith(OWN) else source.label
    head = _HEAD.format(
        title=title, lam=state.lam, t="np.inf" if np.isinf(state.t) else repr(state.t),
        epsilon=state.epsilon, norm=state.norm, depth=state.depth, activation=state.activation,
        data=loading(state.data, source.options),
        train=source.train, seed=state.seed, test=source.test, outputs=outputs,
        slope=_SLOPE if split(state.problem, source)[1].y.ndim == 1 else _SLOPE_OF_ALL,
    )  # fmt: skip
    if state.view == "features" and not within_span(split(state.problem, source)[0]):
        head += _FEATURES
    return head
