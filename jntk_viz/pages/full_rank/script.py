"""The page's numbers by the library's public names alone, as a program to take away."""

from jntk_viz.engine.sources import loading
from jntk_viz.pages.full_rank.pair import CLEAR, NEAR
from jntk_viz.pages.full_rank.state import DEPTHS, SOURCES, FullRankState

_HEAD = "import numpy as np\n\nimport jntk_viz as jv\n\n"

_MADE = {
    "circle": 'data = jv.load_dataset("circle", n={wanted} | 1)\nx, y = data.x, data.y\n',
    "sphere": 'data = jv.load_dataset("sphere", n={wanted}, seed={seed})\nx, y = data.x, data.y\n',
}
_DRAWN = """\
data = {loaded}
different = np.sort(np.unique(data.x, axis=0, return_index=True)[1])
drawn = np.sort(np.random.default_rng({seed}).permutation(different)[:{wanted}])
x, y = data.x[drawn], data.y[drawn]
"""
_PAIR = """\
theta = {theta!r}  # degrees
x = np.array([[1.0, 0.0], {second}])
y = np.array([1.0, -1.0])
"""
_SECOND = {0.0: "[1.0, 0.0]", 90.0: "[0.0, 1.0]", 180.0: "[-1.0, 0.0]"}
_TURNED = "[np.cos(np.radians(theta)), np.sin(np.radians(theta))]"

_DEPTH = """
settings = {{"activation": "{activation}", "kernel": "{kernel}"}}
above = []
for depth in range(1, {depths}):
    smallest = jv.smallest_eigenvalue(x, depth=depth, **settings)
    print(f"lambda_min_{{depth}} = {{smallest.value:.10g}}")
    above.append(smallest.value > {threshold!r})
    if depth == {depth}:
        print(f"noise_floor = {{smallest.noise_floor:.10g}}")
        print(f"resolved = {{int(smallest.resolved)}}")
        single = jv.smallest_eigenvalue(x, depth=depth, dtype=np.float32, **settings)
        print(f"float32_noise_floor = {{single.noise_floor:.10g}}")
        print(f"float32_lambda_min = {{single.value:.10g}}")
# The first depth from which on λ_min stays above the threshold.
first = max([0, *(i + 1 for i, larger in enumerate(above) if not larger)]) + 1
print(f"first_depth_above = {{first if above[-1] else 'never'}}")
"""

_ANGLE = """
settings = {{"depth": {depth}, "activation": "{activation}", "kernel": "{kernel}"}}
smallest = jv.smallest_eigenvalue(x, **settings)
print(f"lambda_min = {{smallest.value:.10g}}")
print(f"noise_floor = {{smallest.noise_floor:.10g}}")
print(f"resolved = {{int(smallest.resolved)}}")
# The power of θ by which λ_min falls below {near:g}°, from what is clear of the noise floor.
logs = []
for angle in np.radians(np.geomspace(0.1, {near:g}, 40)):
    near = np.array([[1.0, 0.0], [np.cos(angle), np.sin(angle)]])
    found = jv.smallest_eigenvalue(near, **settings)
    if found.value > {clear} * found.noise_floor:
        logs.append([np.log(angle), np.log(found.value)])
if len(logs) > 3:
    print(f"power = {{np.polyfit(*np.transpose(logs), 1)[0]:.10g}}")
"""

_TIME = """
theta_gram = jv.jntk(x, depth={depth}, activation="{activation}")
dynamics = jv.LinearDynamics(theta_gram, y, lam={lam!r})
resolved = dynamics.eigenvalues > dynamics.noise_floor
times = dynamics.n * np.log(100) / dynamics.eigenvalues[resolved]  # until 1 % is left
print(f"modes = {{resolved.size}}")
print(f"unresolved = {{int(np.sum(~resolved))}}")
print(f"slowest_resolved_time = {{times.max():.10g}}")
weights = (dynamics.eigenvectors.T @ dynamics.target) ** 2
left = 1 - dynamics.learned({t!r})
print(f"learned = {{int(np.sum(times <= {t!r}))}}")
print(f"loss_left = {{weights @ left**2 / weights.sum():.10g}}")
"""


def script(state: FullRankState) -> str:
    """A complete program that prints what the view on screen says, one `name = value` a line."""
    two = state.view == "angle" or (state.view == "time" and state.case == "angle")
    body = {"depth": _DEPTH, "angle": _ANGLE, "time": _TIME}[state.view]
    values = {name: getattr(state, name) for name in state.param if name != "name"}
    values |= {"depths": DEPTHS[-1] + 1, "near": NEAR, "clear": CLEAR}
    return _HEAD + (_pair(state) if two else _points(state)) + body.format(**values)


def _pair(state) -> str:
    return _PAIR.format(theta=state.theta, second=_SECOND.get(state.theta, _TURNED))


def _points(state) -> str:
    source = SOURCES[state.data]
    loaded = loading(state.data, source.options)
    template = _MADE.get(state.data, _DRAWN)
    wanted = min(state.points, source.most)
    return template.format(loaded=loaded, seed=state.seed, wanted=wanted)
