"""The three small pictures on the landing page, each computed once per process."""

from functools import cache

import jax
import numpy as np

from jntk_viz import (
    MLP,
    LinearDynamics,
    accuracy,
    finite_jntk,
    first_order_margin,
    jacobian_nngp,
    jntk,
    load_dataset,
    sample_value_and_jacobian,
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
def robust_accuracy(lam=0.1, depth=2, epsilon=0.5):
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


PICTURES = {
    "gp_convergence": random_functions,
    "jntk_constancy": kernel_rows,
    "robust_training": robust_accuracy,
}
