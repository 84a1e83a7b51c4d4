"""The page's numbers by the library's public names alone, as a program to take away."""

import numpy as np

from jntk_viz.pages.breakdown.state import KNOBS, BreakdownState

_HEAD = '''"""When it breaks: {case}. Prints the main numbers of the page for its settings."""

import jax
import numpy as np
import jntk_viz as jv

SEED, CURE, NETWORKS = {seed}, {cure}, {networks}
{knob} = {written}


def circle(degrees):
    angle = np.radians(degrees)
    return np.column_stack([np.cos(angle), np.sin(angle)])


def key(network, width):
    """Of each network; the first 1 says that it is a patient's, not a healthy one's."""
    k = jax.random.key(SEED, impl="rbg")
    for number in (1, network, width):
        k = jax.random.fold_in(k, number)
    return k


i = np.arange(8)
x, y = circle(45.0 * i + 3), np.where(i % 4 < 2, 1.0, -1.0)
'''

_PLATEAU = """
x, y = circle(10 + np.array([0, ANGLE, 50, 90, 130])), np.array([1.0, -1, -1, 1, 1])
twins = jv.LinearDynamics(jv.jntk(x, depth=2, activation="erf"), y, lam=0)
level = (twins.eigenvectors[:, 0] @ twins.target) ** 2 / (2 * len(x))
if CURE:  # drop one of the twins
    x, y = np.delete(x, 1, axis=0), np.delete(y, 1)
theory = jv.LinearDynamics(jv.jntk(x, depth=2, activation="erf"), y, lam=0)
rate = 0.35 * theory.stable_learning_rate
mlp = jv.MLP(2, 256, 2, "erf")
losses = []
for network in range(NETWORKS):
    params = mlp.init(key(network, 256))
    run = jv.train(mlp, params, x, y, lam=0, learning_rate=rate, steps=1000, record_at=[0, 1000])
    losses.append(run.loss[-1])
print("plateau_level =", level)
print("steps_of_slowest_mode =", len(x) / (rate * theory.eigenvalues[0]))
print("loss_at_end =", np.median(losses))
"""

_JACOBIAN = """
mlp = jv.MLP(2, 1024, 1, "gelu")
fits, jacobians = [], []
for network in range(NETWORKS):
    params, lam, steps = mlp.init(key(network, 1024)), LAM, 1000
    if CURE:  # from step 100 on
        first = jv.train(
            mlp, params, x, y, lam=LAM, learning_rate=0.3, steps=100, record_at=[0, 100]
        )
        params, lam, steps = first.params, 0.3, 900
    run = jv.train(
        mlp, params, x, y, lam=lam, learning_rate=0.3, steps=steps, record_at=[0, steps]
    )
    fits.append(run.fit[-1])
    jacobians.append(run.jacobian[-1])
print("jacobian_part_at_end =", np.median(jacobians))
print("fit_part_at_end =", np.median(fits))
"""

_DEEP = """
if CURE:  # normalise
    FACTOR = 1.0
width, layers = 256, 30
mlp = jv.MLP(2, width, layers, "relu")
phi = mlp.activation
slope = phi.derivative(1)
variances, slopes = [], []
for network in range(NETWORKS):
    first, *hidden, last = mlp.init(key(network, width))
    g = x.astype(np.float32) @ first.T
    jacobian = np.broadcast_to(np.asarray(first).T, (8, 2, width))  # of g in x
    for weights in hidden:
        scale = (FACTOR / width) ** 0.5
        jacobian = scale * (jacobian * np.asarray(slope(g))[:, None]) @ np.asarray(weights).T
        g = scale * phi(g) @ weights.T
    variances.append(np.mean(np.asarray(g, float) ** 2))
    slopes.append(np.mean(np.sum(np.asarray(jacobian, float) ** 2, axis=1)))
print("variance_at_layer_30 =", np.median(variances))
print("expected_variance_at_layer_30 =", FACTOR**29)
print("squared_jacobian_at_layer_30 =", np.median(slopes))
"""

_POWER = """
if CURE:  # divide by the root of the width
    POWER = 0.5
# Two inputs, one hidden layer. kappa = d^(1/2 - a) divides the output by d^a altogether.
theory = jv.LinearDynamics(jv.jntk(x, depth=1), y, lam=0.1)
widths, drifts = (64, 256, 1024, 4096), []
for width in widths:
    kappa = width ** (0.5 - POWER)
    mlp = jv.MLP(2, width, 1, "gelu", kappa=kappa)
    rate = 0.25 * theory.stable_learning_rate / kappa**2  # the kernel is kappa^2 times larger
    for network in range(NETWORKS):
        params = mlp.init(key(network, width))
        run = jv.train(
            mlp, params, x, y, lam=0.1, learning_rate=rate, steps=30, record_at=[0, 30]
        )
        before, after = (np.asarray(jv.finite_jntk(mlp, p, x)) for p in (params, run.params))
        drifts.append(np.linalg.norm(after - before) / np.linalg.norm(before))
print("slope =", np.polyfit(np.log(np.repeat(widths, NETWORKS)), np.log(drifts), 1)[0])
print("expected_slope =", -2 * (1 - POWER))
print("drift_widest =", np.median(drifts[-NETWORKS:]))
"""

_SPHERE = '''
if CURE:  # jv.normalize(x)
    RADIUS = 1.0


def limit(radius):
    """With one layer, inputs r x are the activation phi(r z) at x; Jacobians lose a factor r."""
    gelu = jv.ACTIVATIONS["gelu"]
    stretched = jv.Activation("stretched", lambda z: gelu(radius * z))
    weight = np.array([1, 1 / radius, 1 / radius])
    kernel = jv.jntk(x, depth=1, activation=stretched) / stretched.scale**2
    return kernel * weight[:, None, None] * weight


sphere, size = jv.jntk(x, depth=1), np.linalg.norm(jv.jntk(x, depth=1))
mlp = jv.MLP(2, 4096, 1, "gelu")
errors = []
for network in range(NETWORKS):
    kernel = np.asarray(jv.finite_jntk(mlp, mlp.init(key(network, 4096)), RADIUS * x))
    errors.append(np.linalg.norm(kernel - sphere) / size)
print("error_at_width_4096 =", np.median(errors))
print("bias_that_remains =", np.linalg.norm(limit(RADIUS) - sphere) / size)
'''

_RATE = """
mlp = jv.MLP(2, 2048, 1, "gelu")
factors, losses = [], []
for network in range(NETWORKS):
    params = mlp.init(key(network, 2048))
    own = jv.LinearDynamics(np.asarray(jv.finite_jntk(mlp, params, x)), y, lam=0.1)
    limit = own.stable_learning_rate
    steps = 6 if CURE else 40
    run = jv.train(
        mlp, params, x, y, lam=0.1, learning_rate=RATE * limit, steps=steps,
        record_at=range(steps + 1),
    )
    u = np.sqrt([1, 0.1, 0.1]) * run.outputs[[0, 3]]  # the fastest direction at steps 0 and 3
    top = np.abs((u.reshape(2, -1) - own.target) @ own.eigenvectors[:, -1])
    factors.append((top[1] / top[0]) ** (1 / 3))
    if CURE:  # half the limit from step 6 on
        run = jv.train(
            mlp, run.params, x, y, lam=0.1, learning_rate=0.5 * limit, steps=34, record_at=[0, 34]
        )
    losses.append(run.loss[-1])
theory = jv.LinearDynamics(jv.jntk(x, depth=1), y, lam=0.1)
print("growth_factor =", np.median(factors))
print("expected_growth_factor =", abs(1 - 2 * RATE))
print("limit_2N_over_e_max =", theory.stable_learning_rate)
print("loss_at_end =", np.median(losses))
"""

_FLOAT32 = '''
n, depth, lam = POINTS, 8 if CURE else 2, 0.1
angle = 360 * np.arange(n) / n
x, test = circle(angle + 3), circle(9 * np.arange(40) + 1.7)
y = np.where(np.cos(np.radians(2 * angle)) > 1e-9, 1.0, -1.0)
root = np.sqrt(np.tile([1, lam, lam], n))
theta = root[:, None] * jv.jntk(x, depth=depth).reshape(3 * n, 3 * n) * root
cross = jv.jntk(test, x, depth=depth).reshape(120, 3 * n) * root
target = np.column_stack([y, 0 * y, 0 * y]).ravel()


def predict(dtype, order):
    """(f, J) at the test points at t = 10^8, all in one precision."""
    e, v = np.linalg.eigh(theta[np.ix_(order, order)].astype(dtype))
    learned = -np.expm1(-e * dtype(1e8 / n)) / e
    return cross[:, order].astype(dtype) @ (v @ (learned * (v.T @ target[order].astype(dtype))))


exact = predict(np.float64, np.arange(3 * n))
single = predict(np.float32, np.random.default_rng(SEED).permutation(3 * n))
eigenvalues = np.linalg.eigvalsh(theta)
print("error_at_late_times =", np.linalg.norm(single - exact) / np.linalg.norm(exact))
print("smallest_eigenvalue =", eigenvalues[0])
print("float32_noise_floor =", 3 * n * np.finfo(np.float32).eps * eigenvalues[-1])
'''

_KINK = '''
if CURE:  # take a smooth activation
    KINK = 1.0
if np.isinf(KINK):
    phi = jv.ACTIVATIONS["relu"]
else:
    phi = jv.Activation("sharp", lambda z: jax.nn.gelu(KINK * z, approximate=False))
mlp = jv.MLP(2, 16384, 1, phi)


def autodiff_kernel(params):
    """The JNTK by automatic differentiation, which takes phi'' of ReLU as 0."""
    gradients = jax.jacrev(lambda p: mlp.value_and_jacobian(p, x))(params)
    flat = np.concatenate([np.asarray(g, float).reshape(24, -1) for g in gradients], axis=1)
    return (flat @ flat.T).reshape(8, 3, 8, 3)


entries, errors = [], []
for network in range(NETWORKS):
    params = mlp.init(key(network, 16384))
    kernel = autodiff_kernel(params)
    entries.append(np.mean([kernel[j, a, j, a] for j in range(8) for a in (1, 2)]))
    run = jv.train(mlp, params, x, y, lam=0.1, learning_rate=0.7, steps=10, record_at=[0, 10])
    linear = jv.LinearDynamics(kernel, y, lam=0.1).train(
        10 * 0.7, learning_rate=0.7, initial=run.outputs[0]
    )
    difference = np.linalg.norm(run.outputs[-1][:, 1:] - linear[:, 1:])
    errors.append(difference / np.linalg.norm(linear[:, 1:]))
print("jacobian_entry =", np.median(entries))
print("error_widest =", np.median(errors))
'''

_BODIES = {
    "plateau": _PLATEAU, "jacobian": _JACOBIAN, "deep": _DEEP, "power": _POWER,
    "sphere": _SPHERE, "rate": _RATE, "float32": _FLOAT32, "kink": _KINK,
}  # fmt: skip


def script(state: BreakdownState) -> str:
    """A complete program that prints the main numbers of the patient, one `name = value` a line."""
    setting, knob = state.setting, KNOBS[state.case].name.upper()
    value = "np.inf" if np.isinf(setting.value) else repr(setting.value)
    return _HEAD.format(knob=knob, written=value, **setting._asdict()) + _BODIES[state.case]
