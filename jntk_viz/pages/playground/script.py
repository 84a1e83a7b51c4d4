"""A short program that reproduces the numbers of the playground."""

from jntk_viz.pages.playground.points import read_points
from jntk_viz.pages.playground.state import PlaygroundState
from jntk_viz.pages.playground.study import SEARCH, SPREAD

_TEXT = '''"""The playground: two networks trained on the same points of the sphere."""

import numpy as np

import jntk_viz as jv

x = jv.normalize(np.array({x}))
y = np.array({y})
globe = jv.load_dataset("sphere", n={spread}, d0=3).x
for name, lam in (("standard", 0.0), ("penalised", {lam!r})):
    network = jv.RobustDynamics(x, y, depth={depth}, activation={activation!r}, lam=lam)
    f = network.predictor({t})
    margin = jv.pgd_margin(f, x, y, epsilon={epsilon!r}, {search})
    called = jv.first_order_margin(f(x), x, y, epsilon={epsilon!r})
    slopes = f(globe)[:, 1:]
    slopes = slopes - np.sum(slopes * globe, axis=1, keepdims=True) * globe
    print(f"{{name}}_accuracy = {{jv.accuracy(y * f(x)[:, 0])!r}}")
    print(f"{{name}}_robust = {{jv.accuracy(margin)!r}}")
    print(f"{{name}}_called_robust = {{jv.accuracy(called)!r}}")
    print(f"{{name}}_largest_slope = {{float(np.linalg.norm(slopes, axis=1).max())!r}}")
'''


def script(state: PlaygroundState) -> str:
    """Python that uses public names only and prints the page's numbers as `name = value`."""
    points = read_points(state.text)
    rows = ",\n".join(f"    {[round(v, 6) for v in row]}" for row in points.x.tolist())
    t = "np.inf" if state.t == float("inf") else repr(state.t)
    return _TEXT.format(
        x=f"[\n{rows},\n]", y=points.y.tolist(), spread=SPREAD, lam=state.lam, depth=state.depth,
        activation=state.activation, t=t, epsilon=state.epsilon,
        search=", ".join(f"{name}={value}" for name, value in SEARCH.items()),
    )  # fmt: skip
