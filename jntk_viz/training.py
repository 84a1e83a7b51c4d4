"""Training finite networks with the Jacobian regulariser."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from ._validation import (
    check_choice,
    check_count,
    check_lam,
    check_number,
    check_targets,
    is_traced,
)
from .mlp import MLP, precision_of


@dataclass(frozen=True)
class Trajectory:
    """What `train` recorded, T moments of one run.

    Attributes:
        params: weights at the end.
        steps: (T,) steps taken; times: (T,) learning_rate · steps, the time of the gradient flow.
        fit: (T,) mean (f - y)²/2; jacobian: (T,) mean |J|²/2; the loss is fit + lam · jacobian.
        outputs: (T, n, 1+d0) (f, J) on the training points; outputs_eval: (T, m, 1+d0) or None.
            Of networks with C > 1 outputs (T, n, 1+d0, C) and (T, m, 1+d0, C).
        checkpoints: weights at each moment, or None.
        lam: λ of the run.
    """

    params: list
    steps: np.ndarray
    times: np.ndarray
    fit: np.ndarray
    jacobian: np.ndarray
    outputs: np.ndarray
    outputs_eval: np.ndarray | None
    checkpoints: list | None
    lam: float

    @property
    def loss(self) -> np.ndarray:
        return self.fit + self.lam * self.jacobian

    @property
    def diverged(self) -> bool:
        """Whether the loss stopped being finite: the learning rate is past 2N/e_max."""
        return not np.isfinite(self.loss).all()


def loss_parts(mlp: MLP, params, x, y) -> tuple[jax.Array, jax.Array]:
    """The two parts of the loss: mean |f(x_i) - y_i|²/2 and mean |J(x_i)|²/2.

    Both squares are sums over outputs, if there are several: |J| is the Frobenius norm.
    """
    with precision_of(params):
        return output_loss_parts(mlp.value_and_jacobian(params, x), jnp.asarray(y))


def output_loss_parts(outputs, y):
    """`loss_parts` from (f, J) of shape (…, n, 1+d0), or (…, n, 1+d0, C) where y is (n, C)."""
    if y.ndim == 2:
        fit = ((outputs[..., 0, :] - y) ** 2).sum(axis=-1).mean(axis=-1) / 2
        return fit, (outputs[..., 1:, :] ** 2).sum(axis=(-2, -1)).mean(axis=-1) / 2
    fit = ((outputs[..., 0] - y) ** 2).mean(axis=-1) / 2
    jacobian = (outputs[..., 1:] ** 2).sum(axis=-1).mean(axis=-1) / 2
    return fit, jacobian


def robust_loss(mlp: MLP, params, x, y, *, lam) -> jax.Array:
    """The Jacobian-regularised loss, 1/(2N) Σ_i [(f(x_i) - y_i)² + λ Σ_α J_α(x_i)²].

    Of networks with several outputs the sum of their losses, so that |J| is the Frobenius norm.

    Args:
        params: as from `mlp.init`.
        x: (N, d0). y: (N,), labels or real targets; (N, C) for C > 1 outputs.
        lam: λ ≥ 0.

    Returns:
        A scalar, differentiable in `params`.

    Raises:
        ValueError: naming the argument, what was expected, what came and the remedy.
    """
    if not is_traced(lam):
        lam = check_lam(lam)
    with precision_of(params):
        x = mlp.check_inputs(params, x)
        if not is_traced(y):
            y = check_targets(y, "y", len(x), mlp.outputs)
        fit, jacobian = loss_parts(mlp, params, x, jnp.asarray(y, params[0].dtype))
        return fit + lam * jacobian


def train(
    mlp: MLP,
    params,
    x,
    y,
    *,
    lam,
    learning_rate,
    steps,
    method="gradient_descent",
    record_at=None,
    x_eval=None,
    keep_params=False,
    on_record: Callable[[int], None] | None = None,
) -> Trajectory:
    """Minimise `robust_loss` from `params` by gradient descent or along the gradient flow.

    Descent is θ ← θ - η ∇loss; the flow θ' = -∇loss is followed to the same times t = η · step by
    an adaptive solver (diffrax, Tsit5), so that both can be compared with `RobustDynamics` at t.

    Args:
        params: as from `mlp.init`. x: (N, d0). y: (N,), labels or real targets; (N, C) for C > 1
            outputs, of classes +1 in the column of the row's class and -1 in the others.
        lam: λ ≥ 0. learning_rate: η > 0. steps: how many.
        method: "gradient_descent" or "gradient_flow".
        record_at: increasing step numbers; by default 0 and about 40 spread logarithmically.
        x_eval: (m, d0), other points at which (f, J) is recorded.
        keep_params: whether to keep the weights of each recorded moment.
        on_record: called with the step number at each record; an exception stops the run.

    Raises:
        ValueError: naming the argument, what was expected, what came and the remedy.
    """
    check_choice(method, "method", ("gradient_descent", "gradient_flow"))
    steps, eta = (
        check_count(steps, "steps"),
        check_number(learning_rate, "learning_rate", positive=True),
    )
    lam, record_at = check_lam(lam), _record_steps(record_at, steps)
    data = _prepare(mlp, params, x, y)
    advance = _descend if method == "gradient_descent" else _flow
    with precision_of(params):
        points = None if x_eval is None else mlp.check_inputs(params, x_eval, "x_eval")
        records, at = [], 0
        for step in record_at:
            params = advance(mlp, params, *data, lam, eta, step - at) if step > at else params
            at = step
            records.append(
                (
                    np.asarray(mlp.value_and_jacobian(params, data[0])),
                    None if points is None else np.asarray(mlp.value_and_jacobian(params, points)),
                    params if keep_params else None,
                )
            )
            if on_record is not None:
                on_record(step)
    outputs, evaluated, checkpoints = zip(*records, strict=True)
    fit, jacobian = output_loss_parts(np.stack(outputs), np.asarray(data[1]))
    return Trajectory(
        params=params,
        steps=record_at,
        times=eta * record_at,
        fit=fit,
        jacobian=jacobian,
        outputs=np.stack(outputs),
        outputs_eval=None if points is None else np.stack(evaluated),
        checkpoints=list(checkpoints) if keep_params else None,
        lam=lam,
    )


def training_chunks(
    mlp: MLP, params, x, y, *, lam, learning_rate, steps, chunk=10
) -> Iterator[tuple[int, list]]:
    """Gradient descent as a generator of (step, params), from step 0 on, every `chunk` steps.

    For watching a run while it happens: whoever stops asking stops the training.
    """
    steps, chunk = check_count(steps, "steps"), check_count(chunk, "chunk")
    lam, eta = check_lam(lam), check_number(learning_rate, "learning_rate", positive=True)
    data = _prepare(mlp, params, x, y)
    yield 0, params
    for step in range(0, steps, chunk):
        size = min(chunk, steps - step)
        with precision_of(params):
            params = jax.block_until_ready(_descend(mlp, params, *data, lam, eta, size))
        yield step + size, params


def _prepare(mlp: MLP, params, x, y):
    with precision_of(params):
        x = mlp.check_inputs(params, x)
        return x, jnp.asarray(check_targets(y, "y", len(x), mlp.outputs), x.dtype)


def _record_steps(record_at, steps: int) -> np.ndarray:
    if record_at is None:
        return np.unique(np.concatenate([[0], np.geomspace(1, steps, 40).round()])).astype(int)
    record_at = np.asarray(record_at)
    whole = record_at.ndim == 1 and record_at.size and np.all(record_at == record_at.astype(int))
    if not whole or np.any(np.diff(record_at) <= 0) or record_at[0] < 0 or record_at[-1] > steps:
        raise ValueError(
            f"`record_at` must be increasing step numbers from 0 to `steps` = {steps}; got "
            f"{record_at.tolist()}. Use for instance range(0, {steps} + 1, 10)."
        )
    return record_at.astype(int)


def _gradient(mlp: MLP, params, x, y, lam):
    return jax.grad(lambda p: robust_loss(mlp, p, x, y, lam=lam))(params)


@partial(jax.jit, static_argnums=0)
def _descend(mlp: MLP, params, x, y, lam, learning_rate, steps):
    def step(_, params):
        gradient = _gradient(mlp, params, x, y, lam)
        return jax.tree.map(lambda p, g: p - (learning_rate * g).astype(p.dtype), params, gradient)

    return jax.lax.fori_loop(0, steps, step, params)


@partial(jax.jit, static_argnums=0)
def _flow(mlp: MLP, params, x, y, lam, learning_rate, steps):
    import diffrax  # here, because it takes as long to import as the rest of the library

    def velocity(t, params, args):
        return jax.tree.map(jnp.negative, _gradient(mlp, params, x, y, lam))

    tolerance = 1e-8 if x.dtype == jnp.float64 else 1e-5
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(velocity),
        diffrax.Tsit5(),
        t0=0.0,
        t1=learning_rate * steps,
        dt0=None,
        y0=params,
        stepsize_controller=diffrax.PIDController(rtol=tolerance, atol=tolerance),
        saveat=diffrax.SaveAt(t1=True),
        max_steps=100_000,
    )
    return jax.tree.map(lambda p: p[-1], solution.ys)
