"""The correlation of ranks is Spearman's."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from jntk_viz.ranks import rank_correlation


@pytest.mark.parametrize("values", [1000, 4], ids=["all differ", "many are equal"])
def test_rank_correlation_is_spearman_s(values):
    a, b = np.random.default_rng(0).integers(0, values, (2, 50)) / values
    assert rank_correlation(a, b) == pytest.approx(spearmanr(a, b).statistic, abs=1e-14)
    assert rank_correlation(a, np.exp(3 * a)) == pytest.approx(1)
    assert rank_correlation(a, -a) == pytest.approx(-1)
