"""Finite networks in the parametrisation whose width can go to infinity."""

import contextlib
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from ._validation import (
    check_count,
    check_in_size,
    check_kappa,
    check_key,
    check_matrix,
    is_traced,
)
from .activations import Activation
from .architecture import Architecture


@dataclass(frozen=True)
class MLP:
    """A fully connected network with L hidden layers and one or more outputs.

        h⁰ = x,   g¹ = W¹x,   gˡ = Wˡhˡ⁻¹/√d (l ≥ 2),   hˡ = φ(gˡ),   f(x) = κ W^{L+1} hᴸ/√d

    All weights are N(0, 1) at the start; no biases; no scaling in the first layer, since inputs
    have unit norm (Kim & Yang, Section 2). Parameters are the list [W¹ (d, d0), W² (d, d), …, Wᴸ
    (d, d), W^{L+1} (C, d)] for C outputs. The network is defined off the unit sphere as well, the
    limit theorems are not.

    With weight_std σ_w, bias_std σ_b and residual α it is

        g¹ = σ_w W¹x + σ_b b¹,   gˡ = gˡ⁻¹ + α (σ_w Wˡhˡ⁻¹/√d + σ_b bˡ)

    without the first term and with α = 1 where `residual` is None. Biases are N(0, 1) as well;
    where σ_b > 0 they follow the weights in the list of parameters, [W¹, …, W^{L+1}, b¹ (d,), …, bᴸ
    (d,)].

    Args:
        in_size: d0 ≥ 1; width: d ≥ 1; depth: L ≥ 1.
        activation: a name in `ACTIVATIONS` or an `Activation`.
        kappa: κ > 0, the output scale.
        outputs: C ≥ 1. With more than one, values are (n, C) instead of (n,) and (f, J) is
            (n, 1+d0, C); each output alone is in law the network of one.
        weight_std: σ_w > 0. bias_std: σ_b ≥ 0. residual: α > 0, or None for a plain network.

    Raises:
        ValueError: naming the argument, what was expected, what came and the remedy.
    """

    in_size: int
    width: int
    depth: int
    activation: Activation = "gelu"  # type: ignore[assignment]  # names are looked up below
    kappa: float = 1.0
    outputs: int = 1
    weight_std: float = 1.0
    bias_std: float = 0.0
    residual: float | None = None

    def __post_init__(self):
        for name in ("in_size", "width", "outputs"):
            object.__setattr__(self, name, check_count(getattr(self, name), name))
        network = Architecture(
            self.depth, self.activation, self.weight_std, self.bias_std, self.residual
        )
        for name, value in {**network.keywords, "kappa": check_kappa(self.kappa)}.items():
            object.__setattr__(self, name, value)

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """Shapes of the weight matrices, first to last, and of the biases, if there are any."""
        hidden = [(self.width, self.width)] * (self.depth - 1)
        biases = [(self.width,)] * (self.depth if self.bias_std else 0)
        return [(self.width, self.in_size), *hidden, (self.outputs, self.width), *biases]

    @property
    def scales(self) -> list[float]:
        """Factor of each layer's product: σ_w, then ασ_w/√d, and κ/√d for the output."""
        hidden = (self.residual or 1.0) * self.weight_std * self.width**-0.5
        return [self.weight_std, *[hidden] * (self.depth - 1), self.kappa * self.width**-0.5]

    @property
    def bias_scales(self) -> list[float]:
        """Factor of each hidden layer's biases: σ_b, then ασ_b."""
        hidden = (self.residual or 1.0) * self.bias_std
        return [self.bias_std, *[hidden] * (self.depth - 1)]

    def weights(self, params) -> list:
        """The weight matrices among the parameters, first to last."""
        return params[: self.depth + 1]

    def biases(self, params) -> list:
        """The biases among the parameters, times their scales; zero where there are none."""
        found = params[self.depth + 1 :]
        scaled = [scale * b for scale, b in zip(self.bias_scales, found, strict=False)]
        return scaled or [0.0] * self.depth

    def init(self, key, dtype=None, sharding=None) -> list[jax.Array]:
        """Draw the weights; `dtype` is JAX's default float (float32 unless x64 is on) or float64.

        `sharding`, from `width_sharding`, spreads them over devices without gathering them on one.

        With float64 weights every function of this package computes in float64, whatever JAX's
        global flag says.

        Raises:
            ValueError: where `key` is not one random key, as from `jax.random.key(0)`.
        """
        check_key(key)
        with float_precision(dtype):
            keys = jax.random.split(key, len(self.shapes))
            if sharding is None:
                sharding = [None] * len(keys)
            return [
                _normal(k, shape, dtype or float, place)
                for k, shape, place in zip(keys, self.shapes, sharding, strict=True)
            ]

    def __call__(self, params, x) -> jax.Array:
        """f(x) for x of shape (n, d0); (n,), or (n, C). For use inside JAX transformations."""
        h, g, (*hidden, last) = x, None, self.weights(params)
        for weights, bias, scale in zip(hidden, self.biases(params), self.scales[:-1], strict=True):
            product = scale * h @ weights.T
            if self.bias_std:
                product = product + bias
            g = product if g is None or self.residual is None else g + product
            h = self.activation(g)
        return self.scales[-1] * h @ (last[0] if self.outputs == 1 else last.T)

    def value_and_jacobian(self, params, x) -> jax.Array:
        """(f, J) with J_α = ∂f/∂x_α the *input* Jacobian.

        One forward pass, and one backward pass for each output, whatever d0 is: rows do not
        interact, so the gradient of Σ_i f(x_i) holds every J(x_i).

        Args:
            params: as from `init`.
            x: (n, d0).

        Returns:
            (n, 1+d0), index 0 the value, 1..d0 the Jacobian; (n, 1+d0, C) of C > 1 outputs.
        """
        with precision_of(params):
            return _value_and_jacobian(self, params, self.check_inputs(params, x))

    def check_inputs(self, params, x, name: str = "x") -> jax.Array:
        """The inputs in the precision of the parameters, after checking both."""
        shapes = [jnp.shape(p) for p in params]
        if shapes != self.shapes:
            raise ValueError(
                f"`params` must be a list of arrays of shapes {self.shapes}; got {shapes}. "
                "Use the parameters that this network's init returned."
            )
        if is_traced(x):
            check_in_size(x, name, self.in_size)
        else:
            x = check_matrix(x, name)
            check_in_size(x, name, self.in_size)
        return jnp.asarray(x, params[0].dtype)


def _normal(key, shape, dtype, sharding):
    if sharding is None:
        return jax.random.normal(key, shape, dtype)
    draw = partial(jax.random.normal, shape=shape, dtype=dtype)
    return jax.jit(draw, out_shardings=sharding)(key)


def width_sharding(mlp: MLP, devices=None) -> list[NamedSharding]:
    """How to spread the weights of a wide network over several devices: by neurons.

        params = mlp.init(key, sharding=width_sharding(mlp))

    `finite_jntk`, `train` and the others follow where the weights lie; JAX inserts the
    communication. Matrices of one row, or of a width that does not divide, are on every device.

    Args:
        devices: some of `jax.devices()`, all of them if left out.
    """
    mesh = Mesh(np.array(devices or jax.devices()), ("neurons",))
    divides = mlp.width % mesh.size == 0

    def place(shape):
        return PartitionSpec("neurons") if divides and shape[0] == mlp.width else PartitionSpec()

    return [NamedSharding(mesh, place(shape)) for shape in mlp.shapes]


def float_precision(dtype):
    """A context in which `dtype` can be computed with: float64 needs JAX's x64 mode."""
    if dtype is not None and jnp.dtype(dtype) == jnp.float64:
        return jax.enable_x64(True)
    return contextlib.nullcontext()


def precision_of(params):
    """The context in which parameters of this precision are computed with."""
    return contextlib.nullcontext() if is_traced(*params) else float_precision(params[0].dtype)


@partial(jax.jit, static_argnums=0)
def _value_and_jacobian(mlp: MLP, params, x):
    value, pullback = jax.vjp(lambda x: mlp(params, x), x)
    if mlp.outputs == 1:
        (jacobian,) = pullback(jnp.ones_like(value))
        return jnp.concatenate([value[:, None], jacobian], axis=1)
    of_each = jnp.broadcast_to(
        jnp.eye(mlp.outputs, dtype=value.dtype)[:, None], (mlp.outputs, *value.shape)
    )
    (jacobians,) = jax.vmap(pullback, out_axes=-1)(of_each)
    return jnp.concatenate([value[:, None], jacobians], axis=1)
