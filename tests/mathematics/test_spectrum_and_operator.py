import numpy as np
import pytest
from oracles import unit_rows, worst

from jntk_viz import JNTKOperator, jntk, load_dataset, smallest_eigenvalue
from jntk_viz.kernels import kernel_scalars
from jntk_viz.operators import block_product


@pytest.mark.parametrize("lam", [0.0, 0.3, 1.0])
def test_operator_is_the_weighted_gram_matrix(lam):
    x = unit_rows(0, 7, 3)
    operator = JNTKOperator(x, depth=3, activation="silu", kappa=1.4, lam=lam)
    weight = np.array([1, lam**0.5, lam**0.5, lam**0.5])
    gram = weight[:, None, None] * jntk(x, depth=3, activation="silu", kappa=1.4) * weight
    assert operator.shape == (28, 28)
    assert operator.mv(np.ones(28)).flags.writeable
    assert worst([operator.mv(v) for v in np.eye(28)], gram.reshape(28, 28)) < 1e-14


@pytest.mark.parametrize("d0", [1, 2, 6])
def test_block_product_between_two_sets(d0):
    x1, x2 = unit_rows(1, 5, d0), unit_rows(2, 3, d0)
    v = np.random.default_rng(3).normal(size=(3, 1 + d0))
    scalars = kernel_scalars(x1, x2, depth=2)
    expected = np.tensordot(jntk(x1, x2, depth=2), v, axes=2)
    import jax

    with jax.enable_x64(True):
        assert worst(block_product(scalars, x1, x2, v), expected) < 1e-13


def test_operator_handles_what_would_not_fit():
    """Digits, all 64 pixels: the Gram matrix of these rows alone would take 4.4 GB."""
    x = load_dataset("digits").x
    operator = JNTKOperator(x, depth=2, lam=0.1)
    v = np.random.default_rng(0).normal(size=operator.shape[0])
    assert v @ operator.mv(v) > 0
    w = np.random.default_rng(1).normal(size=operator.shape[0])
    assert w @ operator.mv(v) == pytest.approx(v @ operator.mv(w), rel=1e-10)


@pytest.mark.parametrize("kernel", ["jntk", "ntk", "jacobian_nngp"])
def test_smallest_eigenvalue_of_a_known_spectrum(kernel):
    """One point: the kernel block is small enough to diagonalise by eye."""
    x = np.array([[1.0, 0.0]])
    result = smallest_eigenvalue(x, depth=2, activation="erf", kernel=kernel)
    value, floor = result
    assert value > 1e-3
    assert 0 < floor < 1e-13
    assert result.resolved
    if kernel == "ntk":
        assert value == pytest.approx(jntk(x, depth=2, activation="erf")[0, 0, 0, 0])


def test_smallest_eigenvalue_grows_with_depth_and_single_precision_cannot_see_it():
    x = load_dataset("sphere", n=48, d0=4).x
    values = [smallest_eigenvalue(x, depth=d) for d in (1, 3, 6)]
    assert values[0].value < values[1].value < values[2].value
    assert values[2].resolved
    single = smallest_eigenvalue(x, depth=1, dtype=np.float32)
    assert not single.resolved
    assert single.noise_floor > 1e6 * values[0].noise_floor


def test_exact_null_directions_are_not_called_resolved():
    x = unit_rows(4, 4, 3)
    assert not smallest_eigenvalue(x, depth=2, activation="relu", kernel="jacobian_nngp").resolved
    antipodal = np.concatenate([x, -x])
    assert not smallest_eigenvalue(antipodal, depth=2, activation="erf").resolved
    assert smallest_eigenvalue(antipodal, depth=2, activation="gelu").resolved
