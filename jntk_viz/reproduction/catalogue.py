"""The studies there are, in the order of the report."""

import difflib

from jntk_viz.reproduction.architectures import Architectures
from jntk_viz.reproduction.feature_robustness import FeatureRobustness
from jntk_viz.reproduction.finite_width_rates import FiniteWidthRates
from jntk_viz.reproduction.full_rank import FullRank
from jntk_viz.reproduction.jntk_drift import JNTKDrift
from jntk_viz.reproduction.jntk_initialisation import JNTKInitialisation
from jntk_viz.reproduction.lam_time import LamTime
from jntk_viz.reproduction.nngp_convergence import NNGPConvergence
from jntk_viz.reproduction.real_data import RealData
from jntk_viz.reproduction.study import Study
from jntk_viz.reproduction.training_ode import TrainingODE

STUDIES: tuple[type[Study], ...] = (
    NNGPConvergence,
    JNTKInitialisation,
    JNTKDrift,
    TrainingODE,
    LamTime,
    FeatureRobustness,
    FullRank,
    FiniteWidthRates,
    RealData,
    Architectures,
)


def chosen(names: list[str]) -> list[Study]:
    """Studies by name, in the order of the report; all of them for an empty list.

    Raises:
        ValueError: for a name that no study has, with the nearest one that there is.
    """
    known = [study.name for study in STUDIES]
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            meant = f" Did you mean {near[0]}?" if near else ""
            raise ValueError(
                f"`--study` must be one of {', '.join(known)}; got {name!r}.{meant} "
                "`jntk-viz reproduce --list` says what they ask."
            )
    return [study() for study in STUDIES if not names or study.name in names]
