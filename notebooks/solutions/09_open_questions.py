"""A solution to lesson 9's exercise; there are many. The name is that of the notebook's cell."""

import jax.numpy as jnp


def my_activation(z):
    """A fast wave has large Hermite coefficients of high order, which λ_min feels."""
    return jnp.sin(4 * z) + jnp.cos(4 * z)
