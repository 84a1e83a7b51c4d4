"""The small pictures on the landing page, one for each page, computed once per process."""

from functools import cache

import jax
import numpy as np

from jntk_viz import (
    MLP,
    LinearDynamics,
    accuracy,
    eigenfeatures,
    finite_jntk,
    first_order_margin,
    jacobian_nngp,
    jntk,
    load_dataset,
    sample_value_and_jacobian,
    smallest_eigenvalue,
    train_test_split,
)

ANGLES = np.linspace(-np.pi, np.pi, 97)
CIRCLE = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
CENTRE = len(ANGLES) // 2  # the point at angle 0


@cache
def random_functions(width=512, depth=2, n_networks=12):
    """Functions of random networks on the circle, and twice the limiting standard deviation.

    Returns a dict: angle (n,), functions (n_networks, n), band (n,).
    """
    mlp = MLP(2, width, depth)
    draws = sample_value_and_jacobian(mlp, jax.random.key(1), CIRCLE, n_networks=n_networks)
    variance = np.diagonal(jacobian_nngp(CIRCLE, depth=depth)[:, 0, :, 0])
    return {
        "angle": ANGLES,
        "functions": np.asarray(draws)[..., 0],
        "band": 2 * np.sqrt(variance),
    }


@cache
def kernel_rows(widths=(16, 512), depth=2, n_networks=5):
    """The finite JNTK between the point at angle 0 and the circle, for random networks.

    Returns a dict: angle (n,), narrow and wide (n_networks, n), limit (n,).
    """
    keys = jax.random.split(jax.random.key(0), n_networks)
    point = CIRCLE[CENTRE : CENTRE + 1]

    def rows(width):
        mlp = MLP(2, width, depth)
        kernels = [finite_jntk(mlp, mlp.init(key), point, CIRCLE) for key in keys]
        return np.stack([np.asarray(kernel)[0, 0, :, 0] for kernel in kernels])

    narrow, wide = (rows(width) for width in widths)
    limit = jntk(point, CIRCLE, depth=depth)[0, 0, :, 0]
    return {"angle": ANGLES, "narrow": narrow, "wide": wide, "limit": limit}


@cache
def robust_accuracy(lam=0.1, depth=2, epsilon=0.3):
    """Share of robust test points of iris against training time, without and with the regulariser.

    Returns a dict: time (T,), standard (T,), regularised (T,).
    """
    training, test = train_test_split(load_dataset("iris"))
    gram = jntk(training.x, depth=depth)
    cross = jntk(test.x, training.x, depth=depth)
    time = np.logspace(-1, 7, 65)

    def curve(weight):
        dynamics = LinearDynamics(gram, training.y, lam=weight)
        outputs = (dynamics.predict(cross, t) for t in time)
        margins = (first_order_margin(u, test.x, test.y, epsilon=epsilon) for u in outputs)
        return np.array([accuracy(m) for m in margins])

    return {"time": time, "standard": curve(0.0), "regularised": curve(lam)}


@cache
def feature_scatter(lam=0.1, depth=11, epsilon=0.1):
    """Accuracy and robust accuracy of every eigenfeature of iris, without and with the regulariser.

    Returns a dict of vectors: accuracy and robustness of standard training, then with λ.
    """
    training, test = train_test_split(load_dataset("iris"))

    def scores(weight):
        found = eigenfeatures(
            training.x, training.y, test.x, test.y, depth=depth, lam=weight, epsilon=epsilon
        )
        return found.usefulness, found.robustness

    plain, robust = scores(0.0), scores(lam)
    return {
        "accuracy": plain[0],
        "robustness": plain[1],
        "regularised_accuracy": robust[0],
        "regularised_robustness": robust[1],
    }


@cache
def smallest_eigenvalues(depths=12, activations=("gelu", "erf"), points=20):
    """The smallest eigenvalue of the JNTK on some of iris against depth, and its noise floor.

    Returns a dict: depth (D,), values (2, D) for the two activations, floor (D,), the larger of
    their two noise floors in float32.
    """
    x = load_dataset("iris").x[:: 100 // points]
    every = range(1, depths + 1)
    found = [[smallest_eigenvalue(x, depth=d, activation=a) for d in every] for a in activations]
    double, single = np.finfo(np.float64).eps, np.finfo(np.float32).eps
    floors = np.array([[s.noise_floor * single / double for s in row] for row in found])
    return {
        "depth": np.arange(1, depths + 1),
        "values": np.array([[s.value for s in row] for row in found]),
        "floor": floors.max(axis=0),
    }


@cache
def losses(rates=(0.5, 1.1), lam=0.1, depth=2, steps=60):
    """Error of gradient descent with step sizes below and above the limit 2N/e_max.

    Returns a dict: step (k,), stable (k,), diverging (k,): mean square of f - y in training.
    """
    training, _ = train_test_split(load_dataset("iris"))
    dynamics = LinearDynamics(jntk(training.x, depth=depth), training.y, lam=lam)

    def curve(rate):
        eta = rate * dynamics.stable_learning_rate
        outputs = (dynamics.train(k * eta, learning_rate=eta)[:, 0] for k in range(steps + 1))
        return np.array([np.mean((f - training.y) ** 2) for f in outputs])

    stable, diverging = (curve(rate) for rate in rates)
    return {"step": np.arange(steps + 1), "stable": stable, "diverging": diverging}


PICTURES = {
    "gp_convergence": random_functions,
    "jntk_constancy": kernel_rows,
    "robust_training": robust_accuracy,
    "eigenfeatures": feature_scatter,
    "full_rank": smallest_eigenvalues,
    "breakdown": losses,
}
