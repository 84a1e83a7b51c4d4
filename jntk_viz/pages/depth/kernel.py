"""The Jacobian NTK against depth: its smallest eigenvalue, condition, and noise floor."""

from typing import NamedTuple

import numpy as np

from jntk_viz.datasets import load_dataset
from jntk_viz.engine.results import kept
from jntk_viz.kernels import jntk
from jntk_viz.pages.depth.state import Network
from jntk_viz.spectrum import gram_spectrum

DEPTHS = (1, 2, 3, 4, 6, 8, 10, 13, 16, 20, 25, 30, 40)
EVERY = 5  # of iris' flowers one in so many: 20 inputs


class Ends(NamedTuple):
    """λ_min, λ_max and the floor n · eps · λ_max; NaN where the library refuses, with its words."""

    smallest: float
    largest: float
    floor: float
    refused: str = ""

    @property
    def resolved(self) -> bool:
        return self.smallest > self.floor

    @property
    def condition(self) -> float:
        """λ_max/λ_min; NaN where λ_min is not resolved."""
        return self.largest / self.smallest if self.resolved else np.nan


def inputs() -> np.ndarray:
    """(20, 4) rows of unit norm: every fifth flower of iris."""
    return load_dataset("iris").x[::EVERY]


@kept
def ends(network: Network, depth: int) -> Ends:
    """Both ends of the spectrum of the JNTK of this depth on `inputs()`."""
    try:
        gram = jntk(inputs(), depth=depth, **network._asdict())
    except ValueError as error:
        return Ends(np.nan, np.nan, np.nan, str(error))
    found = gram_spectrum(gram)
    smallest, largest = float(found.eigenvalues[0]), float(found.eigenvalues[-1])
    return Ends(smallest, largest, found.noise_floor)


class Course(NamedTuple):
    """Over DEPTHS, NaN where not known: λ_min where resolved, the floor, the floor in place of a
    λ_min below it, and λ_max/λ_min."""

    smallest: np.ndarray
    floor: np.ndarray
    below: np.ndarray
    condition: np.ndarray


def course(network: Network, known) -> Course:
    """The numbers of one network, as far as they are known."""
    found = [known(ends, network, depth) or Ends(np.nan, np.nan, np.nan) for depth in DEPTHS]
    return Course(
        np.array([e.smallest if e.resolved else np.nan for e in found]),
        np.array([e.floor for e in found]),
        np.array([np.nan if e.resolved else e.floor for e in found]),
        np.array([e.condition for e in found]),
    )
