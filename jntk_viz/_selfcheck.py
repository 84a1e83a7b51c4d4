"""Compare this installation's limiting kernels with values that another library computed."""

import json
from importlib.resources import files

import numpy as np

from jntk_viz.kernels import jacobian_nngp, jntk

TOLERANCE = 1e-9


def kernel_errors():
    """The largest deviation of both kernels from the stored values, per name.

    The error is max |K - K_stored| / max |K_stored|. The stored case is three unit vectors in R²,
    two of them antipodal; where the values come from stands in `_selfcheck.json`.
    """
    stored = json.loads(files("jntk_viz").joinpath("_selfcheck.json").read_text("utf-8"))
    settings = {name: stored[name] for name in ("depth", "activation", "kappa")}
    errors = {}
    for kernel in (jacobian_nngp, jntk):
        expected = np.array(stored[kernel.__name__])
        computed = kernel(np.array(stored["inputs"]), **settings)
        errors[kernel.__name__] = float(np.abs(computed - expected).max() / np.abs(expected).max())
    return errors
