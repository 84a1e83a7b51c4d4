"""The page's numbers by the library's public names alone, as a program to take away."""

from jntk_viz.pages.depth import training
from jntk_viz.pages.depth.kernel import DEPTHS, EVERY
from jntk_viz.pages.depth.state import LAYERS, DepthState

_HEAD = """\
import numpy as np

import jntk_viz as jv

network = {{
    "activation": "{activation}", "weight_std": {weight_std!r}, "bias_std": {bias_std!r},
    "residual": {residual!r},
}}
"""

_SIGNAL = """
theta = np.radians({theta!r})
x = np.array([[1.0, 0.0], [np.cos(theta), np.sin(theta)]])
weight, bias = network["weight_std"] ** 2, network["bias_std"] ** 2
skip, share = (0, 1) if network["residual"] is None else (1, network["residual"] ** 2)
covariance = weight * x @ x.T + bias  # of the pre-activations of layer 1
for depth in range(1, {depths}):
    try:
        kernel = jv.jacobian_nngp(x, depth=depth, **network)  # of values and slopes behind φ
    except ValueError as error:
        print("#", error)
        break
    print(f"correlation_{{depth}} = {{covariance[0, 1] / covariance[0, 0]:.8f}}")
    print(f"variance_{{depth}} = {{covariance[0, 0]:.8g}}")
    print(f"slope_{{depth}} = {{np.trace(kernel[0, 1:, 0, 1:]):.8g}}")
    covariance = skip * covariance + share * (weight * kernel[:, 0, :, 0] + bias)
"""

_KERNEL = """
x = jv.load_dataset("iris").x[::{every}]
for name, residual in (("plain", None), ("with_skips", {compared!r})):
    for depth in {kernel_depths!r}:
        try:
            found = jv.smallest_eigenvalue(x, depth=depth, **network | {{"residual": residual}})
        except ValueError as error:
            print("#", error)
            break
        largest = found.noise_floor / (5 * len(x) * np.finfo(float).eps)
        print(f"lambda_min_{{name}}_{{depth}} = {{found.value:.8g}}")
        print(f"noise_floor_{{name}}_{{depth}} = {{found.noise_floor:.8g}}")
        if found.resolved:
            print(f"condition_{{name}}_{{depth}} = {{largest / found.value:.8g}}")
"""


_TRAINING = """
data, folds, lam = jv.load_dataset("iris"), {folds}, {lam!r}
rng, fold = np.random.default_rng({seed}), np.empty(len(data.y), int)
order = [rng.permutation(np.flatnonzero(data.y == label)) for label in (-1, 1)]
fold[np.concatenate(order)] = np.arange(len(fold)) % folds
search = {{"epsilon": {epsilon!r}, "steps": {steps}, "restarts": {restarts}}}


def attacked(robust, t, part):
    x, y = data.x[part], data.y[part]
    predictor = robust.predictor(t * robust.linear.n / robust.eigenvalues[-1])
    return jv.pgd_margin(predictor, x, y, **search) > 0, y * predictor(x)[:, 0] > 0


for name, residual in (("plain", None), ("with_skips", {compared!r})):
    for depth in {training_depths!r}:
        kernel, best, end, times = network | {{"residual": residual, "depth": depth}}, [], [], []
        for k in range(folds):
            test, validation = fold == k, fold == (k + 1) % folds
            used = ~test & ~validation
            try:
                robust = jv.RobustDynamics(data.x[used], data.y[used], lam=lam, **kernel)
            except ValueError as error:
                print("#", error)
                break
            scores = {{}}
            for t in 10.0 ** np.arange({times}):
                right, clean = attacked(robust, t, validation)
                scores[t] = right.mean(), clean.mean(), -t
            times.append(max(scores, key=scores.get))
            best.extend(attacked(robust, times[-1], test)[0])
            end.extend(attacked(robust, np.inf, test)[0])
        else:
            print(f"best_{{name}}_{{depth}} = {{np.mean(best):.8g}}")
            print(f"end_{{name}}_{{depth}} = {{np.mean(end):.8g}}")
            print(f"steps_{{name}}_{{depth}} = {{np.exp(np.mean(np.log(times))):.8g}}")
"""


def script(state: DepthState) -> str:
    """A complete program that prints what the view on screen shows, one `name = value` a line."""
    body = {"signal": _SIGNAL, "kernel": _KERNEL, "training": _TRAINING}[state.view]
    return (_HEAD + body).format(
        **state.network._asdict(),
        theta=state.theta,
        depths=LAYERS + 1,
        kernel_depths=DEPTHS,
        every=EVERY,
        compared=state.pair[1].residual,
        lam=state.lam,
        epsilon=state.epsilon,
        seed=state.seed,
        folds=training.FOLDS,
        times=len(training.TIMES) - 1,
        training_depths=training.DEPTHS,
        **training.SEARCH,
    )
