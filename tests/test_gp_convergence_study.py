"""The Gaussian-process study, its pictures and its words, without a browser."""

import holoviews as hv
import jax
import numpy as np
import pytest

from jntk_viz import (
    MLP,
    finite_jacobian_nngp,
    jacobian_nngp,
    load_dataset,
    sample_value_and_jacobian,
)
from jntk_viz.studies import gp_convergence as study
from jntk_viz.studies.rates import PowerLaw
from jntk_viz.views import LivePlot, use_theme
from jntk_viz.views import gp_convergence as pictures
from jntk_viz.views import gp_convergence_text as text

PROBLEM = study.Problem("circle", 1, "erf", seed=3)


def network_and_key(problem, width, kappa=1.0):
    x, _ = study.points(problem.data)
    key = jax.random.fold_in(jax.random.key(problem.seed), width)
    return MLP(x.shape[1], width, problem.depth, problem.activation, kappa), key, x


def test_points_are_rows_of_the_data_far_from_one_another():
    x = load_dataset("iris").x
    chosen, names = study.points("iris")
    assert chosen.shape == (12, 4)
    assert len(names) == 4
    distances = np.linalg.norm(chosen[:, None] - chosen, axis=-1)[np.triu_indices(12, 1)]
    first = np.linalg.norm(x[:12, None] - x[:12], axis=-1)[np.triu_indices(12, 1)]
    assert distances.min() > 5 * first.min()
    assert study.spread_points(np.array([[0.0], [0.1], [1.0], [0.6]]), 3).tolist() == [0, 2, 3]


def test_limit_is_the_librarys_kernel():
    state = study.GPConvergenceState(data="wine", depth=3, activation="relu", kappa=0.7)
    limit = study.limit(state)
    expected = jacobian_nngp(limit.x, depth=3, activation="relu", kappa=0.7)
    np.testing.assert_allclose(limit.covariance, expected, rtol=1e-12, atol=1e-15)
    pair = limit.pair(point=2, alpha=13)
    assert pair[0, 1] == limit.covariance[1, 0, 1, 13]
    assert limit.feature(20) == 13


def test_draws_are_the_librarys_whatever_is_asked_first():
    few = list(study.draw(PROBLEM, 512, 10))[-1]
    many = list(study.draw(PROBLEM, 512, 100))[-1]
    mlp, key, x = network_and_key(PROBLEM, 512, kappa=2.0)
    keys = [jax.random.fold_in(key, 100 + c) for c in range(2)]
    expected = [sample_value_and_jacobian(mlp, k, x, n_networks=64) for k in keys]
    assert many.shape == (100, 12, 3)
    np.testing.assert_array_equal(few, many[:10])
    np.testing.assert_allclose(2 * many, np.concatenate(expected)[:100], rtol=1e-5, atol=1e-6)


def test_width_error_is_the_librarys_and_does_not_depend_on_kappa():
    mlp, key, x = network_and_key(PROBLEM, 64, kappa=2.5)
    finite = finite_jacobian_nngp(mlp, jax.random.fold_in(key, 4), x, n_networks=1)
    limit = jacobian_nngp(x, depth=1, activation="erf", kappa=2.5)
    expected = np.linalg.norm(finite - limit) / np.linalg.norm(limit)
    assert study.width_error(PROBLEM, 64, 4) == pytest.approx(expected, rel=1e-4)


class Job:
    """Stands for the page: keeps what is handed over, stops the work after `most` reports."""

    def __init__(self, most=np.inf):
        self.most, self.reports, self.found = most, [], []

    def progress(self, fraction, text=""):
        self.reports.append(fraction)
        if len(self.reports) > self.most:
            raise KeyboardInterrupt

    def emit(self, found):
        self.found.append(found)


def test_exploring_refines_and_ends_at_minus_one_half():
    job = Job()
    found = study.explore(job, PROBLEM, 32, 1000)
    assert found.draws.shape == (1000, 12, 3)
    assert job.found[0].single is not None
    assert len(job.found[0].draws) == 0
    sizes = [len(f.draws) for f in job.found]
    assert sizes == sorted(sizes)
    assert sizes[1] < 1000
    assert job.reports == sorted(job.reports)
    assert np.isfinite(found.errors).all()
    law = study.fit_slope(found.errors)
    assert -0.58 < law.slope < -0.42
    assert law.low < law.slope < law.high
    assert study.typical_error(found) == np.median(found.errors[2])
    assert study.known(PROBLEM, 32, 250).draws.shape == (250, 12, 3)


def test_exploring_stops_when_superseded_and_keeps_what_it_has():
    problem = PROBLEM._replace(seed=4)
    with pytest.raises(KeyboardInterrupt):
        study.explore(Job(most=3), problem, 32, 4000)
    assert 0 < len(study.known(problem, 32, 4000).draws) < 4000


def test_seed_decides_everything():
    a, b = (study.width_error(PROBLEM._replace(seed=seed), 16, 0) for seed in (5, 6))
    assert a != b
    study._store.cache_clear()
    assert study.width_error(PROBLEM._replace(seed=5), 16, 0) == a


def test_fit_leaves_narrow_networks_out():
    errors = 0.8 * np.array(study.WIDTHS, float)[:, None] ** -0.5 * np.ones(study.REPEATS)
    errors[:3] *= 7
    law = study.fit_slope(errors)
    assert law.slope == pytest.approx(-0.5)
    assert float(law(256)) == pytest.approx(0.05)


def test_sampling_noise_is_the_error_of_exact_draws():
    limit = study.limit(study.GPConvergenceState(data="circle")).covariance
    rng, flat = np.random.default_rng(0), limit.reshape(36, 36)
    errors = [
        study.relative_error(
            study.empirical_covariance(
                rng.multivariate_normal(np.zeros(36), flat, 50, method="eigh").reshape(50, 12, 3)
            ),
            limit,
        )
        for _ in range(300)
    ]
    assert np.mean(np.square(errors)) ** 0.5 == pytest.approx(
        study.sampling_noise(limit, 50), rel=0.1
    )


def test_excess_kurtosis():
    rng = np.random.default_rng(0)
    normal, error = study.excess_kurtosis(rng.standard_normal(40_000))
    assert abs(normal) < 3 * error
    assert study.excess_kurtosis(rng.laplace(size=40_000))[0] == pytest.approx(3, abs=0.5)


def test_finite_covariance_of_one_and_of_all():
    draws = np.random.default_rng(0).standard_normal((50, 2, 2))
    single = np.ones((2, 2, 2, 2))
    found = study.Found(PROBLEM, 8, draws, single, np.zeros((8, 16)))
    np.testing.assert_array_equal(study.finite_covariance(found, "one", 2.0), 4 * single)
    mean = np.mean([np.multiply.outer(u, u) for u in draws], axis=0)
    np.testing.assert_allclose(study.finite_covariance(found, "all", 3.0), 9 * mean)
    assert study.finite_covariance(found._replace(single=None), "one", 1.0) is None
    assert study.finite_covariance(found._replace(draws=draws[:0]), "all", 1.0) is None


@pytest.fixture(scope="module", autouse=True)
def theme():
    use_theme()


def leaves(overlay):
    return list(overlay.traverse(lambda e: e, [hv.Element]))


def test_density_is_normalised_and_its_axes_follow_the_limit_alone():
    values = np.random.default_rng(0).standard_normal(5000)
    bars, curve, _ = leaves(pictures.density(values, 1.0, "words"))
    edges, heights = bars.edges, bars.dimension_values(1)
    assert np.sum(heights * np.diff(edges)) == pytest.approx(1, abs=1e-3)
    x, y = curve.dimension_values(0), curve.dimension_values(1)
    assert np.trapezoid(y, x) == pytest.approx(1, abs=1e-4)
    assert np.abs(np.interp((edges[1:] + edges[:-1]) / 2, x, y) - heights).max() < 0.05
    assert pictures.density_limits(2.0) == ((-8.4, 8.4), (0, 0.36))


def test_ellipses_are_contours():
    covariance = np.array([[2.0, 0.7], [0.7, 0.5]])
    points = pictures.ellipses(covariance)
    inside = points[np.isfinite(points[:, 0])]
    radii = np.sqrt(np.sum(inside @ np.linalg.inv(covariance) * inside, axis=1))
    np.testing.assert_allclose(np.sort(radii), np.repeat([1, 2], 97), rtol=1e-9)


def test_heat_map_has_f_first_and_blocks_in_order():
    covariance = np.arange(2 * 3 * 2 * 3.0).reshape(2, 3, 2, 3)
    matrix = pictures.by_block(covariance)
    assert matrix[1, 4] == covariance[1, 0, 0, 2]  # f at point 2 against J_2 at point 1
    image = leaves(pictures.heat_map(covariance, 1.0))[0]
    assert image[0.01, 0.99] == covariance[0, 0, 0, 0]  # f–f is at the upper left
    assert image[0.99, 0.99] == matrix[0, 5]
    assert [name for _, name in pictures.block_ticks(2)] == ["f", "J₁", "J₂"]
    assert len(pictures.block_ticks(13)) <= 7


def test_pictures_take_new_numbers_in_place_also_of_another_size():
    plot = LivePlot(pictures.heat_map, covariance=np.zeros((12, 5, 12, 5)), scale=1.0)
    plot.update(covariance=np.ones((12, 3, 12, 3)))
    pictures.set_block_ticks(plot.figure, 2)
    assert plot.figure.renderers[0].data_source.data["image"][0].shape == (36, 36)
    assert len(plot.figure.xaxis[0].ticker.ticks) == 3

    unknown = np.full((8, 16), np.nan)
    errors = LivePlot(pictures.errors_by_width, widths=study.WIDTHS, errors=unknown, width=32)
    known = np.array(study.WIDTHS, float)[:, None] ** -0.5 * np.ones(16)
    law = PowerLaw(-0.5, -0.52, -0.48, 0.0)
    errors.update(errors=known, fitted=law, width=64)
    ring = errors.figure.renderers[4].data_source.data
    assert [list(column) for column in ring.values()] == [[64.0], [0.125]]


def test_headline_says_the_numbers():
    state = study.GPConvergenceState(width=32)
    errors = np.full((8, 16), np.nan)
    found = study.Found(PROBLEM, 32, np.zeros((0, 12, 3)), None, errors)
    assert "drawing" in text.headline(state, found, None)
    errors[:] = np.array(study.WIDTHS, float)[:, None] ** -0.5
    words = text.headline(state, found, PowerLaw(-0.5, -0.52, -0.48, 0.0))
    assert all(part in words for part in ("18\N{NO-BREAK SPACE}%", "8.8", "−0.52 to −0.48"))
    state.width = 1024
    words = text.headline(state, found._replace(width=1024), None)
    assert "3.1" in words
    assert "at width 256 it was 6.2" in words


def test_note_blames_the_number_of_networks_only_where_it_should():
    state = study.GPConvergenceState(data="circle", networks=100, activation="erf", depth=1)
    limit = study.limit(state)
    rng, flat = np.random.default_rng(1), limit.covariance.reshape(36, 36)
    draws = rng.multivariate_normal(np.zeros(36), flat, 100, method="eigh").reshape(100, 12, 3)
    found = study.Found(state.problem, 32, draws, None, np.zeros((8, 16)))
    assert "more networks would lower it" in text.note(state, found, limit)
    assert "the rest is the width" in text.note(state, found._replace(draws=2 * draws), limit)
    assert "Averaged" not in text.note(state, found._replace(draws=draws[:50]), limit)
