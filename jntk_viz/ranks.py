"""How far two quantities come in the same order."""

import numpy as np
import pandas as pd


def rank_correlation(a, b) -> float:
    """Spearman's ρ: the correlation of the ranks, of which equal values share the average.

    - `a`, `b`: (n,), neither of them constant.

    As `scipy.stats.spearmanr`, which takes 60 MB to import.
    """
    return float(np.corrcoef(pd.Series(a).rank(), pd.Series(b).rank())[0, 1])
