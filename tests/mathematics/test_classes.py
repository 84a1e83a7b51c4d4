"""Several outputs: each beside a single one, and classes beside margins counted one by one."""

import io
import itertools
import pickle
import re
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from oracles import unit_rows, worst
from scipy.linalg import expm

import jntk_viz as jv
from jntk_viz.attacks import clean_margin, tangent_jacobian
from jntk_viz.eigenfeatures import dynamics_eigenfeatures

X, X_TEST = unit_rows(0, 9, 3), unit_rows(1, 5, 3)
MEMBERS = np.array([0, 1, 2, 2, 1, 0, 0, 2, 1])
Y = 2 * np.eye(3)[MEMBERS] - 1
KERNEL = {"depth": 2, "activation": "erf", "kappa": 1.3}


# --- dynamics -------------------------------------------------------------------------------------


@pytest.mark.parametrize("lam", [0.0, 0.1])
def test_every_column_is_the_single_output_to_the_last_digit(lam):
    several = jv.RobustDynamics(X, Y, lam=lam, **KERNEL)
    eta = 0.5 * several.linear.stable_learning_rate
    for column in range(3):
        alone = jv.RobustDynamics(X, Y[:, column], lam=lam, **KERNEL)
        assert np.array_equal(several.eigenvalues, alone.eigenvalues)
        for t, options in ((0.5, {}), (40, {}), (np.inf, {}), (7 * eta, {"learning_rate": eta})):
            found = several.predict(X_TEST, t, **options)
            assert found.shape == (5, 4, 3)
            assert np.array_equal(found[..., column], alone.predict(X_TEST, t, **options))


def test_against_the_kronecker_product_of_the_kernel_with_the_identity():
    """u' = -(1/N) (Θ ⊗ I) Λ (u - u*) from any start, by the exponential of the whole matrix."""
    targets, lam, t = np.random.default_rng(0).normal(size=(9, 2)), 0.3, 4.0
    initial = np.random.default_rng(1).normal(size=(9, 4, 2))
    gram, cross = jv.jntk(X, **KERNEL), jv.jntk(X_TEST, X, **KERNEL)
    whole = np.kron(gram.reshape(36, 36), np.eye(2))
    weight = np.tile(np.repeat([1, lam, lam, lam], 2), 9)
    final = np.zeros((9, 4, 2))
    final[:, 0] = targets
    left = expm(-t / 9 * whole * weight) @ (initial - final).ravel()
    dynamics = jv.LinearDynamics(gram, targets, lam=lam)
    found = dynamics.train(t, initial=initial)
    assert worst(found, final + left.reshape(9, 4, 2)) < 1e-9
    alone = jv.LinearDynamics(gram, targets[:, 1], lam=lam)
    start = {"initial": initial[..., 1], "initial_test": initial[:5, :, 1]}
    several = dynamics.predict(cross, t, initial=initial, initial_test=initial[:5])
    assert np.array_equal(several[..., 1], alone.predict(cross, t, **start))


def test_one_hot_labels_would_give_the_same_answers_with_half_the_margin():
    gram, cross = jv.jntk(X, **KERNEL), jv.jntk(X_TEST, X, **KERNEL)
    signs, one_hot = (
        jv.LinearDynamics(gram, y, lam=0.1).predict(cross, 30)[:, 0] for y in (Y, (Y + 1) / 2)
    )
    assert np.array_equal(signs.argmax(axis=1), one_hot.argmax(axis=1))
    labels = Y[:5]
    assert worst(clean_margin(one_hot, labels), clean_margin(signs, labels) / 2) < 1e-9


@pytest.mark.parametrize("lam", [0.0, 0.2])
def test_krylov_iteration_of_all_columns(lam):
    dense = jv.RobustDynamics(X, Y, lam=lam, **KERNEL)
    krylov = jv.RobustDynamics(X, Y, lam=lam, krylov=60, **KERNEL)
    for t in (0.5, 20, np.inf):
        assert np.abs(krylov.predict(X_TEST, t) - dense.predict(X_TEST, t)).max() < 1e-6
        assert krylov.linear.residual(t) < 1e-8
    few = jv.KrylovDynamics(jv.JNTKOperator(X, lam=0.2, **KERNEL), Y, steps=8)
    assert few.eigenvectors.shape[1] == 6  # the columns' space has two dimensions beside the mean
    root = np.tile([1, *[0.2**0.5] * 3], 9)
    matrix = root[:, None] * jv.jntk(X, **KERNEL).reshape(36, 36) * root
    q = few.eigenvectors
    assert worst(q.T @ q, np.eye(6)) < 1e-12
    solution = few.coefficients(20).reshape(36, 3) / root[:, None]
    learned = q @ (few.learned(20)[:, None] * (q.T @ few.target))
    missed = np.linalg.norm(matrix @ solution - learned) / np.linalg.norm(few.target)
    assert few.residual(20) == pytest.approx(missed, rel=1e-6)
    pairs = np.linalg.norm(matrix @ q - q * few.eigenvalues, axis=0)
    assert few.residuals == pytest.approx(pairs / few.eigenvalues[-1], rel=1e-6, abs=1e-14)


# --- margins and attacks --------------------------------------------------------------------------

ANGLES = np.linspace(0.2, 6.1, 10)
CIRCLE = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
ON_CIRCLE = 2 * np.eye(3)[(3 * ANGLES / (2 * np.pi)).astype(int)] - 1
CURVED = jv.RobustDynamics(CIRCLE, ON_CIRCLE, depth=2, activation="erf", lam=0.05).predictor(200.0)


def around(angles):
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1)


@pytest.mark.parametrize("norm", ["l2", "linf"])
def test_first_order_margin_against_every_class_and_every_perturbation(norm):
    """Of a linear model the worst perturbation is a corner of the cube, or along the tangent."""
    rng, epsilon = np.random.default_rng(3), 0.07
    x, labels = unit_rows(4, 6, 2), 2 * np.eye(4)[[0, 1, 2, 3, 1, 2]] - 1
    outputs = rng.normal(size=(2, 6, 3, 4))  # of two predictors
    found = jv.first_order_margin(outputs, x, labels, epsilon=epsilon, norm=norm)
    assert found.shape == (2, 6)
    for p, i in itertools.product(range(2), range(6)):
        tangent = np.array([-x[i, 1], x[i, 0]])
        corners = [np.array(c) for c in itertools.product((-1, 1), repeat=2)]
        smallest, right = np.inf, labels[i].argmax()
        for k in set(range(4)) - {right}:
            lead = outputs[p, i, :, right] - outputs[p, i, :, k]
            for step in corners if norm == "linf" else (tangent, -tangent):
                moved = lead[0] + epsilon * (lead[1:] @ tangent) * (tangent @ step)
                smallest = min(smallest, moved)
        assert found[p, i] == pytest.approx(smallest, rel=1e-12)
    clean = jv.first_order_margin(outputs, x, labels, epsilon=0)
    assert np.array_equal(clean, clean_margin(outputs[..., 0, :], labels))
    by_largest = (outputs[..., 0, :].argmax(axis=-1) == labels.argmax(axis=1)).mean()
    assert jv.accuracy(clean) == by_largest


def test_two_columns_are_two_classes_with_twice_the_margin():
    single = jv.RobustDynamics(CIRCLE, ON_CIRCLE[:, 0], depth=2, lam=0.05)
    both = jv.RobustDynamics(
        CIRCLE, np.stack([-ON_CIRCLE[:, 0], ON_CIRCLE[:, 0]], axis=1), depth=2, lam=0.05
    )
    attack = {"epsilon": 0.2, "norm": "linf"}
    given = [(d.predictor(50.0), CIRCLE, d.linear.y) for d in (single, both)]
    one, two = (jv.first_order_margin(f(x), x, y, **attack) for f, x, y in given)
    assert worst(two, 2 * one) < 1e-12
    one, two = (jv.pgd_margin(*problem, **attack) for problem in given)
    assert worst(two, 2 * one) < 1e-9


@pytest.mark.parametrize("norm", ["l2", "linf"])
@pytest.mark.parametrize("epsilon", [0.1, 0.6])
def test_pgd_finds_the_worst_point_of_the_ball(norm, epsilon):
    points = around(ANGLES + 0.15)
    clean = jv.first_order_margin(CURVED(points), points, ON_CIRCLE, epsilon=0)
    found = jv.pgd_margin(
        CURVED, points, ON_CIRCLE, epsilon=epsilon, norm=norm, steps=40, restarts=12
    )
    assert np.all(found <= clean)
    grid = np.linspace(0, 2 * np.pi, 3601)
    values = CURVED(around(grid))[:, 0]
    radius, turn = np.meshgrid(np.linspace(0, 1, 40), np.linspace(0, 2 * np.pi, 401))
    square = around(turn)
    if norm == "linf":
        square = square / np.abs(square).max(axis=-1, keepdims=True)
    ball = (epsilon * radius[..., None] * square).reshape(-1, 2)
    scale = np.abs(values).max()
    for point, label, margin in zip(points, ON_CIRCLE, found, strict=True):
        reached = point + ball
        at = np.arctan2(reached[:, 1], reached[:, 0]) % (2 * np.pi)
        each = np.stack([np.interp(at, grid, column) for column in values.T], axis=1)
        smallest = clean_margin(each, np.tile(label, (len(each), 1))).min()
        assert smallest - 2e-3 * scale < margin < smallest + 4e-3 * scale


def linear(weights, x):
    """(f, J) of the linear classifier f = W x."""
    value = (x @ weights.T)[:, None]
    return np.concatenate([value, np.broadcast_to(weights.T, (len(x), *weights.T.shape))], axis=1)


def test_pgd_reaches_the_boundary_where_it_is_known():
    """Three sectors of 120°: from angle θ the boundary at 60° is sin(60° - θ) away."""
    predictor = partial(linear, around(2 * np.pi / 3 * np.arange(3)))
    angle = np.array([0.0, 0.3, 0.9])
    labels, distance = np.tile([1.0, -1, -1], (3, 1)), np.sin(np.pi / 3 - angle)
    for i, away in enumerate(distance):
        point = around(angle[i : i + 1])
        for share, robust in ((0.98, True), (1.02, False)):
            found = jv.pgd_margin(predictor, point, labels[:1], epsilon=share * away)
            assert (found[0] > 0) == robust


def test_pgd_is_not_held_up_by_a_runner_up_that_is_flat():
    """Class 1 comes second but does not move; class 2 is reached within ε."""

    def predictor(x):
        turn = np.arctan2(x[:, 1], x[:, 0])
        tangent = np.stack([-x[:, 1], x[:, 0]], axis=1)
        values = np.stack([np.ones_like(turn), np.full_like(turn, 0.5), 8 * turn], axis=1)
        slopes = np.stack([0 * tangent, 0 * tangent, 8 * tangent], axis=2)
        return np.concatenate([values[:, None], slopes], axis=1)

    found = jv.pgd_margin(predictor, np.array([[1.0, 0.0]]), [[1, -1, -1]], epsilon=0.2, restarts=0)
    assert found[0] == pytest.approx(1 - 8 * np.arcsin(0.2), abs=1e-3)


# --- eigenfeatures --------------------------------------------------------------------------------


@pytest.mark.parametrize("attack", ["first_order", "pgd"])
def test_eigenfeatures_counted_one_by_one(attack):
    # No symmetry of the circle: by one, two classes would tie, and rounding choose between them.
    angles = ANGLES + 0.2 * np.random.default_rng(0).normal(size=len(ANGLES))
    points, options = around(angles + 0.3), {"epsilon": 0.2, "attack": attack}
    dynamics = jv.RobustDynamics(around(angles), ON_CIRCLE, depth=2, activation="erf", lam=0.05)
    count = 5
    found = dynamics_eigenfeatures(dynamics, points, ON_CIRCLE, count=count, **options)
    assert found.values.shape == (10, count, 3)
    right = ON_CIRCLE.argmax(axis=1)
    for i in range(count):
        f = found.feature(i)
        outputs = f(points)
        assert worst(outputs[:, 0], found.values[:, i]) < 1e-10
        assert found.usefulness[i] == np.mean(outputs[:, 0].argmax(axis=1) == right)
        if attack == "first_order":
            margins = jv.first_order_margin(outputs, points, ON_CIRCLE, epsilon=0.2)
        else:
            margins = jv.pgd_margin(f, points, ON_CIRCLE, epsilon=0.2)
        assert found.robustness[i] == jv.accuracy(margins)
        for a, b in itertools.permutations(range(3), 2):
            rows = np.isin(right, [a, b])
            sign = np.where(right[rows] == a, 1.0, -1.0)
            lead = outputs[rows, :, a] - outputs[rows, :, b]
            assert found.pair_usefulness[i, a, b] == np.mean(sign * lead[:, 0] > 0)
            if attack == "first_order":
                margins = jv.first_order_margin(lead, points[rows], sign, epsilon=0.2)
                assert found.pair_robustness[i, a, b] == jv.accuracy(margins)
    assert np.isnan(found.pair_usefulness[:, 0, 0]).all()
    every = dynamics_eigenfeatures(dynamics, points, ON_CIRCLE, epsilon=0.2)
    # The kernel's eigenvalues span fourteen decades: more digits than these are rounding.
    assert worst(every.values.sum(axis=1), dynamics.predict(points, np.inf)[:, 0]) < 1e-5


def test_eigenfeatures_of_two_columns_are_those_of_two_classes():
    y = ON_CIRCLE[:, 0]
    both = np.stack([-y, y], axis=1)
    points, options = around(ANGLES + 0.3), {"depth": 2, "lam": 0.1, "epsilon": 0.1, "count": 6}
    one = jv.eigenfeatures(CIRCLE, y, points, y, **options)
    two = jv.eigenfeatures(CIRCLE, both, points, both, **options)
    assert one.pair_usefulness is None
    for name in ("usefulness", "robustness"):
        assert np.array_equal(getattr(one, name), getattr(two, name))
        assert np.array_equal(getattr(one, name), getattr(two, f"pair_{name}")[:, 0, 1])
    assert worst(two.values[..., 1], one.values) < 1e-9


# --- finite networks ------------------------------------------------------------------------------

MLP = jv.MLP(3, 16, 2, "erf", 1.2, outputs=3)
PARAMS = MLP.init(jax.random.key(0), jnp.float64)


def alone(column):
    """The network of one output among three, and its weights."""
    return jv.MLP(3, 16, 2, "erf", 1.2), [*PARAMS[:-1], PARAMS[-1][column : column + 1]]


def test_each_output_is_the_network_of_one():
    found = MLP.value_and_jacobian(PARAMS, X)
    assert found.shape == (9, 4, 3)
    losses = [jv.robust_loss(*alone(c), X, Y[:, c], lam=0.3) for c in range(3)]
    for c in range(3):
        assert worst(found[..., c], jv.MLP.value_and_jacobian(*alone(c), X)) < 1e-13
    assert float(jv.robust_loss(MLP, PARAMS, X, Y, lam=0.3)) == pytest.approx(float(sum(losses)))
    u = np.asarray(found)
    expected = (
        ((u[:, 0] - Y) ** 2).sum() + 0.3 * (np.linalg.norm(u[:, 1:], axis=(1, 2)) ** 2).sum()
    ) / 18
    assert float(jv.robust_loss(MLP, PARAMS, X, Y, lam=0.3)) == pytest.approx(expected, rel=1e-12)
    assert jv.MLP(3, 16, 2, outputs=1) == jv.MLP(3, 16, 2)


OTHERS = {"weight_std": 1.3, "bias_std": 0.4, "residual": 0.7}
BIASED = jv.MLP(3, 16, 2, "erf", 1.2, outputs=3, **OTHERS)


@pytest.mark.parametrize("mlp", [MLP, BIASED], ids=["standard", "biases and skips"])
def test_finite_jntk_of_several_outputs_against_jacrev(mlp):
    few, others = X[:3], X_TEST[:2]
    params = mlp.init(jax.random.key(0), jnp.float64)
    assert len(params) == 3 + 2 * (mlp.bias_std > 0)
    with jax.enable_x64(True):
        of_params = jax.jacrev(lambda p, x: mlp.value_and_jacobian(p, x))
        first, second = of_params(params, few), of_params(params, others)
        for x2, right in ((None, first), (others, second)):
            expected = sum(
                jnp.tensordot(a, b, axes=[list(range(3, a.ndim))] * 2)
                for a, b in zip(first, right, strict=True)
            )
            found = jv.finite_jntk(mlp, params, few, x2)
            assert found.shape == (3, 4, 3, 3 if x2 is None else 2, 4, 3)
            assert worst(found, expected) < 1e-12


def test_finite_jntk_of_one_among_several_outputs():
    block = jv.finite_jntk(*alone(1), X[:3])
    assert worst(jv.finite_jntk(MLP, PARAMS, X[:3])[:, :, 1, :, :, 1], block) < 1e-12


def test_finite_jntk_with_biases_is_the_limit_times_the_identity_on_average():
    network = {"depth": 2, "activation": "erf", "kappa": 1.2, **OTHERS, "bias_std": 1.5}
    mlp, count = jv.MLP(3, 512, outputs=2, **network), 24
    draws = [jv.finite_jntk(mlp, mlp.init(jax.random.key(s)), X[:3]) for s in range(count)]
    mean, error = np.mean(draws, axis=0), np.std(draws, axis=0) / count**0.5
    limit = jv.jntk(X[:3], **network)
    expected = np.einsum("iajb,cd->iacjbd", limit, np.eye(2))
    assert np.all(np.abs(mean - expected) < 5 * error + 4 / 512 * np.abs(limit).max())
    assert worst(mean, expected) < 0.1


@pytest.mark.parametrize("mlp", [MLP, BIASED], ids=["standard", "biases and skips"])
def test_outputs_are_independent_in_law(mlp):
    """Draws without weights against the covariance, and that against draws with weights."""
    count, x = 20_000, X[:2]
    draws = np.asarray(jv.sample_value_and_jacobian(mlp, jax.random.key(1), x, n_networks=count))
    assert draws.shape == (count, 2, 4, 3)
    one = lambda key: mlp.value_and_jacobian(mlp.init(key), x)  # noqa: E731
    keys = jax.random.split(jax.random.key(3), count)
    drawn = np.asarray(jax.lax.map(one, keys, batch_size=500))
    covariance = jv.finite_jacobian_nngp(mlp, jax.random.key(2), x, n_networks=count)
    scale, error = np.abs(covariance).max(), 6 / count**0.5
    for several in (draws, drawn):
        for a, b in itertools.product(range(3), repeat=2):
            found = np.einsum("nia,njb->iajb", several[..., a], several[..., b]) / count
            assert np.abs(found - (a == b) * covariance).max() < error * scale


def test_training_several_outputs_approaches_as_many_closed_forms():
    """Descent of one network against a closed form for each column, from where it started."""
    errors, lam, eta, steps = [], 0.1, 0.5, 30
    for width in (32, 2048):
        mlp = jv.MLP(3, width, 1, "erf", outputs=3)
        params = mlp.init(jax.random.key(3), jnp.float32)
        run = jv.train(
            mlp, params, X, Y, lam=lam, learning_rate=eta, steps=steps, record_at=[0, steps],
            x_eval=X_TEST,
        )  # fmt: skip
        gram, cross = (jv.jntk(x, X, depth=1, activation="erf") for x in (X, X_TEST))
        gap = []
        for c in range(3):
            start = {"initial": run.outputs[0, ..., c], "initial_test": run.outputs_eval[0, ..., c]}
            expected = jv.LinearDynamics(gram, Y[:, c], lam=lam).predict(
                cross, eta * steps, learning_rate=eta, **start
            )
            gap.append(run.outputs_eval[-1, ..., c] - expected)
        errors.append(np.abs(gap).max())
        size = np.abs(run.outputs_eval[-1] - run.outputs_eval[0]).max()
    assert errors[1] < 0.1 * size
    assert errors[1] < errors[0] / 3
    assert run.loss[-1] < 0.5 * run.loss[0]


# --- data -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "shape", "classes", "rows"),
    [
        ("iris", (150, 4), ("setosa", "versicolor", "virginica"), [50, 50, 50]),
        ("wine", (178, 13), ("cultivar 0", "cultivar 1", "cultivar 2"), [59, 71, 48]),
        (
            "digits",
            (1797, 64),
            tuple("0123456789"),
            [178, 182, 177, 183, 181, 182, 181, 179, 174, 180],
        ),
    ],
)
def test_all_classes(name, shape, classes, rows):
    data = jv.load_dataset(name, classes="all")
    assert data.x.shape == shape
    assert data.classes == classes
    assert np.array_equal(np.unique(data.y), [-1, 1])
    assert np.array_equal((data.y > 0).sum(axis=1), np.ones(len(data.x)))
    assert (data.y > 0).sum(axis=0).tolist() == rows
    assert "+1" in data.provenance
    x, y, names, provenance = data  # as it always was
    assert (x is data.x, y is data.y, names, provenance) == (True, True, data.names, data[3])
    train, test = jv.train_test_split(data, test_fraction=0.3)
    for part in (train, test, pickle.loads(pickle.dumps(test)), test._replace(names=())):
        assert part.classes == classes
    held = (test.y > 0).sum(axis=0)
    assert np.abs(held - 0.3 * np.array(rows)).max() <= 1


@pytest.mark.parametrize(
    ("name", "classes"),
    [
        ("iris", ("versicolor", "virginica")),
        ("wine", ("cultivar 0", "cultivar 1")),
        ("digits", ("3", "8")),
        ("breast_cancer", ("benign", "malignant")),
        ("circle", ("−1", "+1")),
    ],
)
def test_two_classes_stay_the_default_and_are_named(name, classes):
    data = jv.load_dataset(name)
    assert data.y.ndim == 1
    assert data.classes == classes


TABLE = "a,b,kind\n1,2,oak\n3,1,elm\n2,2,ash\n5,4,oak\n0,1,elm\n"


def test_all_classes_of_a_table():
    data = jv.load_csv(io.StringIO(TABLE), label="kind", classes="all")
    assert data.classes == ("ash", "elm", "oak")
    assert data.y.argmax(axis=1).tolist() == [2, 1, 0, 2, 1]
    assert np.array_equal(data.y.sum(axis=1), np.full(5, -1.0))
    assert "a column for each of ash, elm, oak" in data.provenance
    assert jv.load_csv(io.StringIO(TABLE), label="kind", classes=("oak", "elm")).classes == (
        "oak",
        "elm",
    )
    one = jv.load_csv(io.StringIO(TABLE.replace("oak", "all")), label="kind", classes="all")
    assert one.y.tolist() == [1, -1, -1, 1, -1]  # a class of that name: as before
    assert one.classes == ("rest", "all")


@pytest.mark.parametrize(
    ("load", "parts"),
    [
        (lambda: jv.load_dataset("iris", classes=("setosa",)), ["`classes`", '"all"']),
        (lambda: jv.load_dataset("wine", classes=7), ["`classes`", "got 7"]),
        (lambda: jv.load_dataset("digits", classes="ten"), ["`classes`", "'ten'", '"all"']),
        (lambda: jv.load_dataset("digits", classes=(1, 12)), ["`classes`", "0 to 9"]),
        (
            lambda: jv.load_csv(io.StringIO(TABLE), label="kind", classes="fir"),
            ["`classes`", "'fir'", "'ash'"],
        ),
        (
            lambda: jv.load_csv(io.StringIO(TABLE), label="kind", classes="all", positive="elm"),
            ["`positive`", "left out"],
        ),
        (
            lambda: jv.load_csv(
                io.StringIO("a,b,k\n" + "".join(f"{i},{i * i},n{i}\n" for i in range(30))),
                label="k",
                classes="all",
            ),
            ["at most 20 classes", "30 different"],
        ),
        (
            lambda: jv.load_csv(io.StringIO("a,b,k\n1,2,n\n2,1,n\n"), label="k", classes="all"),
            ["two values", "'n'"],
        ),
    ],
)
def test_classes_that_do_not_exist(load, parts):
    with pytest.raises(ValueError, match=re.escape(parts[0])) as error:
        load()
    assert all(part in str(error.value) for part in parts), error.value


# --- bad input ------------------------------------------------------------------------------------


def with_entry(value):
    y = Y.copy()
    y[4, 1] = value
    return y


LABELS = [
    (Y[:7], r"be of shape \(9,\) or \(9, C\).*got shape \(7, 3\)"),
    (Y[..., None], r"got shape \(9, 3, 1\)"),
    (Y[:, :1], r"got shape \(9, 1\)"),
    (with_entry(np.nan), r"entry 4, 1 is nan"),
    ((Y + 1) / 2, r"one-hot: pass 2 \* y - 1"),
    (MEMBERS, r"2 \* np\.eye\(3\)\[y\] - 1"),
    (with_entry(0.5), r"\+1 into the column of the row's class"),
    ([[1, -1], [1]] * 4 + [[1]], r"could not be read as numbers"),
    (np.concatenate([Y, -np.ones((9, 1))], axis=1), r"column 3 is -1 in every row"),
    (np.tile([1.0, -1], (9, 1)), r"column 0 is 1 in every row.*one class alone"),
]


@pytest.mark.parametrize(("y", "came"), LABELS)
@pytest.mark.parametrize(
    "call",
    [
        lambda y: jv.RobustDynamics(X, y, depth=1, lam=0.1),
        lambda y: jv.RobustDynamics(X, y, depth=1, lam=0.1, krylov=5),
        lambda y: jv.eigenfeatures(X, y, X, Y, depth=1, lam=0.1, epsilon=0.1),
    ],
)
def test_labels_of_several_classes(call, y, came):
    with pytest.raises(ValueError, match=rf"`y` must(.|\n)*{came}"):
        call(y)


@pytest.mark.parametrize(
    ("call", "came"),
    [
        (
            lambda: jv.pgd_margin(partial(linear, np.eye(3)), X, with_entry(1.0) * -1, epsilon=0.1),
            r"`y` must be \+1 in one column of each row",
        ),
        (
            lambda: jv.pgd_margin(partial(linear, np.eye(3)), X, Y[:, 0], epsilon=0.1),
            r"`y` must be of shape \(m, C\)",
        ),
        (
            lambda: jv.first_order_margin(np.zeros((9, 4)), X, Y, epsilon=0.1),
            r"`outputs` must be \(f, J\) of 3 classes at 9 points",
        ),
        (
            lambda: jv.eigenfeatures(X, Y, X, Y[:, 0], depth=1, lam=0.1, epsilon=0.1),
            r"`y_test` must be of shape \(9, 3\), coded as the training labels",
        ),
        (
            lambda: jv.eigenfeatures(X, -Y, X, Y, depth=1, lam=0.1, epsilon=0.1),
            r"`y` must be \+1 in one column of each row",
        ),
        (lambda: jv.MLP(3, 8, 2, outputs=0), r"`outputs` must be an integer of at least 1"),
        (
            lambda: jv.robust_loss(MLP, PARAMS, X, Y[:, 0], lam=0.1),
            r"`y` must be of shape \(9, 3\)",
        ),
        (
            lambda: jv.robust_loss(*alone(0), X, Y, lam=0.1),
            r"`y` must be of shape \(9,\), one label",
        ),
        (
            lambda: jv.LinearDynamics(jv.jntk(X, depth=1), Y, lam=0.1).train(
                1, initial=np.zeros((9, 4))
            ),
            r"`initial` must hold numbers of shape \(N, 1\+d0, C\) = \(9, 4, 3\)",
        ),
    ],
)
def test_what_does_not_belong_together(call, came):
    with pytest.raises(ValueError, match=came):
        call()


def test_the_tangent_jacobian_of_the_leads_is_what_counts():
    """A common part of all Jacobians, and what points along x, changes no margin."""
    x, labels = unit_rows(6, 4, 3), 2 * np.eye(3)[[0, 1, 2, 0]] - 1
    outputs = np.random.default_rng(7).normal(size=(4, 4, 3))
    moved = outputs.copy()
    moved[:, 1:] += np.random.default_rng(8).normal(size=(4, 3, 1)) + x[..., None] * [1, 2, 3]
    for norm in ("l2", "linf"):
        one, other = (
            jv.first_order_margin(u, x, labels, epsilon=0.4, norm=norm) for u in (outputs, moved)
        )
        assert worst(one, other) < 1e-12
    assert tangent_jacobian(outputs[..., 0], x).shape == (4, 3)
