"""Measures of the records of a run, for pictures and sentences."""

from typing import NamedTuple

import numpy as np

from jntk_viz.pages.jntk_constancy.training import Progress, Record
from jntk_viz.rates import PowerLaw, power_law
from jntk_viz.spectrum import SmallestEigenvalue

QUANTITIES = ("drift", "to_limit", "deviation")


class Summary(NamedTuple):
    """All networks at one step that all of them have reached.

    errors: quantity → (widths, errors), one for each network. laws: quantity → their PowerLaw.
    diverged: width → step, of the networks that were lost by then.
    """

    step: int
    errors: dict[str, tuple[np.ndarray, np.ndarray]]
    laws: dict[str, PowerLaw]
    diverged: dict[int, int]

    def median(self, quantity: str, width: int) -> float:
        """Over the networks of one width; NaN if there is none yet."""
        widths, errors = self.errors[quantity]
        return float(np.median(errors[widths == width])) if width in widths else np.nan


class Regime(NamedTuple):
    """Is the width error below λ_min, as the theorem needs it for the whole of the training?

    widths, errors: (n,) of each network, the largest ‖Θ_t - Θ‖ (operator norm) until now.
    law: their PowerLaw. smallest: λ_min(Θ) and its noise floor.
    widest: the widest width of which there is a network; error: the median there.
    needed: where the fitted line falls to λ_min, an extrapolation; low, high: with the slopes at
    the ends of the 95 % interval. inf where the line does not fall, NaN where λ_min is not resolved
    or there is no line.
    """

    widths: np.ndarray
    errors: np.ndarray
    law: PowerLaw | None
    smallest: SmallestEigenvalue
    widest: int
    error: float
    needed: float
    low: float
    high: float

    @property
    def reached(self) -> bool:
        """At the widest network, by the median; never where λ_min is not resolved."""
        return self.smallest.resolved and self.error < self.smallest.value


def lines(records: list[Record], widths, quantity: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each width (steps, values) of one quantity, networks separated by NaN.

    Step 0 is left out: the axis of steps is logarithmic.
    """
    result = []
    for width in widths:
        curve: list[tuple[float, float]] = []
        of_width = [r for r in records if r.width == width and r.step and not r.diverged]
        for number in sorted({r.network for r in of_width}):
            curve += [(r.step, getattr(r, quantity)) for r in of_width if r.network == number]
            curve.append((np.nan, np.nan))
        steps, values = np.array(curve, dtype=float).reshape(-1, 2).T
        result.append((steps, values))
    return result


def first_network(records: list[Record], width: int) -> list[Record]:
    """The records of the first network of a width, as far as it got."""
    return [r for r in records if r.width == width and r.network == 0 and not r.diverged]


def at_moment(records: list[Record], width: int, step: int) -> Record | None:
    """The first network of a width at `step`, or at the last step before that it has reached."""
    own = [r for r in first_network(records, width) if r.step <= step]
    return own[-1] if own else None


def trajectories(records: list[Record], width: int, rows, column: int):
    """One column of u_t = (f, J) at a few points over the steps, of a network and of the ODE.

    rows: points by number, training points first. Returns two pairs (steps, values), points
    separated by NaN.
    """
    own = [r for r in first_network(records, width) if r.step]
    steps = np.tile(np.array([r.step for r in own] + [np.nan]), len(rows))
    result = []
    for which in ("outputs", "ode"):
        values = np.array([getattr(r.snapshot, which)[rows, column] for r in own], dtype=float)
        values = np.vstack([values.reshape(-1, len(rows)), np.full((1, len(rows)), np.nan)])
        result.append((steps, values.T.ravel()))
    return tuple(result)


def errors_at(records: list[Record], until: float = np.inf) -> Summary:
    """Errors of all networks at the last step ≤ `until` that all of them have reached, with slopes.

    Networks that diverged are left out and named.
    """
    records = [r for r in records if r.step <= until]
    latest = {(r.width, r.network): r for r in records}
    diverged = {r.width: r.step for r in records if r.diverged}
    alive = [key for key, r in latest.items() if not r.diverged]
    step = min((latest[key].step for key in alive), default=0)
    at_step = [r for r in records if r.step == step and (r.width, r.network) in alive]
    errors, laws = {}, {}
    for quantity in QUANTITIES:
        pairs = [(r.width, getattr(r, quantity)) for r in at_step]
        errors[quantity], law = _fitted(pairs)
        if law is not None:
            laws[quantity] = law
    return Summary(step, errors, laws, diverged)


def _fitted(pairs):
    """(widths, errors) of pairs that are positive and finite, and their power law if there is."""
    pairs = [(w, e) for w, e in pairs if np.isfinite(e) and e > 0]
    widths, values = np.array(pairs, dtype=float).reshape(-1, 2).T
    law = power_law(widths, values) if len(np.unique(widths)) > 1 else None
    return (widths, values), law


def regime(progress: Progress, until: float = np.inf) -> Regime:
    """The width error of all networks up to the step `until`, against λ_min."""
    largest: dict[tuple[int, int], float] = {}
    for r in progress.records:
        if r.step <= until and not r.diverged:
            key = (r.width, r.network)
            largest[key] = max(largest.get(key, 0.0), r.operator)
    (widths, errors), law = _fitted([(width, e) for (width, _), e in largest.items()])
    smallest = progress.problem.smallest
    widest = int(widths.max()) if widths.size else 0
    error = float(np.median(errors[widths == widest])) if widths.size else np.nan
    needed = low = high = np.nan
    if law is not None and smallest.resolved:
        low, needed, high = (
            _width_where(widths, errors, slope, smallest.value)
            for slope in (law.low, law.slope, law.high)
        )
    return Regime(widths, errors, law, smallest, widest, error, needed, low, high)


def _width_where(widths, errors, slope: float, level: float) -> float:
    """Where a line of `slope` through the middle of all points, on log axes, falls to `level`."""
    if np.isnan(slope):
        return np.nan
    x, y = np.log(widths).mean(), np.log(errors).mean()
    if slope >= 0 and y > np.log(level):
        return np.inf
    with np.errstate(over="ignore"):
        return float(np.exp(x + (np.log(level) - y) / slope))


def finished(progress: Progress | None) -> bool:
    """Has every network come to the end of the training, or diverged?"""
    if progress is None or not progress.records:
        return False
    settings = progress.settings
    latest = {(r.width, r.network): r for r in progress.records}
    ended = [r.diverged or r.step == settings.steps for r in latest.values()]
    return len(ended) == 3 * settings.networks and all(ended)


def fate(progress: Progress) -> str:
    """Fate of the networks and of the linear equation, in the words of the presets."""
    grows = progress.settings.rate > 1
    lost = bool(errors_at(progress.records).diverged)
    if not grows:
        return "networks diverge" if lost else "both stay finite"
    return "both diverge" if lost else "only the equation diverges"
