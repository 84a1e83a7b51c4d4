"""What observed values and slopes say about a Gaussian process: parsing and conditioning."""

import re
from typing import NamedTuple

import numpy as np
import param

STEP = 5  # degrees between the angles at which functions on the circle are computed
MOST = 8  # observations; the narrowest network has as many weights in its last layer
LARGEST = 100.0
_ENTRY = re.compile(r"(\d{1,3}):([+-]?\d+(?:\.\d*)?(?:e[+-]?\d{1,2})?):([vs])")
# A combination of observations whose variance is this small beside the largest is taken for none:
# the kernel is exact to about 1e-14.
_NULL = 1e-10


class Observation(NamedTuple):
    """The value ("v") or the slope ("s", per radian) seen at an angle in degrees."""

    angle: int
    value: float
    kind: str


def parse_observations(text: str) -> tuple[Observation, ...]:
    """Read "90:1.2:v;180:0:s": angle in degrees, what was seen, and v(alue) or s(lope).

    Raises ValueError, quoting the entry, for anything else.
    """
    seen: dict[tuple[int, str], Observation] = {}
    for entry in text.split(";") if text else []:
        match = _ENTRY.fullmatch(entry)
        if match is None:
            raise ValueError(
                f"{entry!r} is no observation. Write angle:value:v or angle:slope:s, such as "
                "90:1.2:v;180:0:s."
            )
        angle, value, kind = int(match[1]), float(match[2]), match[3]
        if angle >= 360 or angle % STEP:
            raise ValueError(f"{entry!r}: the angle must be 0, {STEP}, … or {360 - STEP} degrees.")
        if abs(value) > LARGEST:
            raise ValueError(f"{entry!r}: what was seen must lie within ±{LARGEST:g}.")
        if (angle, kind) in seen:
            raise ValueError(f"{entry!r}: this has been observed before in the same list.")
        seen[angle, kind] = Observation(angle, value, kind)
    if len(seen) > MOST:
        raise ValueError(f"holds {len(seen)} observations; at most {MOST} are taken.")
    return tuple(seen.values())


def format_observations(observations) -> str:
    """The text that `parse_observations` reads; numbers are kept to three digits."""
    return ";".join(f"{o.angle}:{o.value:.3g}:{o.kind}" for o in observations)


def with_observation(text: str, new: Observation) -> str:
    """`text` and one more observation, which replaces one of the same kind at the same angle."""
    old = [o for o in parse_observations(text) if (o.angle, o.kind) != (new.angle, new.kind)]
    if len(old) == MOST:
        raise ValueError(f"At most {MOST} observations are taken. Remove one, or clear them all.")
    return format_observations([*old, new])


def without_observation(text: str, angle: int, kind: str) -> str:
    """`text` without what was observed of this kind at this angle."""
    old = parse_observations(text)
    return format_observations([o for o in old if (o.angle, o.kind) != (angle, kind)])


class Observations(param.String):
    """A parameter that holds observations as text, and only such text as can be read."""

    def _validate_value(self, val, allow_None):
        super()._validate_value(val, allow_None)
        try:
            parse_observations(val)
        except ValueError as error:
            raise ValueError(f"Parameter '{self.name}' {error}") from None


class Posterior(NamedTuple):
    """A centred Gaussian vector given some of its entries.

    mean: (m,). covariance: (m, m). gain: (m, k), the mean is gain @ values. gap: the largest part
    of the values that no draw could have had, 0 unless they contradict one another. surprise: root
    mean square of the values in units of what was to be expected of them, about 1 for a draw.
    """

    mean: np.ndarray
    covariance: np.ndarray
    gain: np.ndarray
    gap: float
    surprise: float


def condition(covariance, rows, values, noise: float = 0.0) -> Posterior:
    """Condition a centred Gaussian vector on some of its entries, seen with or without noise.

    With o for the observed rows and A = K_oo + noise² I the gain is G = K_·o A⁻¹, the mean G y, the
    covariance K - G K_o·. Directions in which A is zero to rounding are left out: a process that is
    odd, say, has f(x) + f(-x) = 0, and seeing both tells no more than seeing one.

    Args:
        covariance: (m, m). rows: (k,), indices of what was seen. values: (k,).
        noise: standard deviation of each observation, independent.
    """
    values, rows = np.asarray(values, float), np.asarray(rows, int)
    if not len(rows):
        empty = np.empty((len(covariance), 0))
        return Posterior(np.zeros(len(covariance)), covariance, empty, 0.0, 0.0)
    across = covariance[:, rows]
    variances, vectors = _spectrum(across[rows], noise)
    inverse = (vectors / variances) @ vectors.T
    gain = across @ inverse
    seen = vectors.T @ values
    lost = values - vectors @ seen
    return Posterior(
        mean=gain @ values,
        covariance=covariance - gain @ across.T,
        gain=gain,
        gap=float(np.abs(lost).max()),
        surprise=float(np.sqrt(np.mean(seen**2 / variances))),
    )


def _spectrum(observed, noise):
    """Eigenvalues and vectors of K_oo + noise² I that are not zero to rounding."""
    variances, vectors = np.linalg.eigh(observed + noise**2 * np.eye(len(observed)))
    keep = variances > _NULL * variances[-1]
    return variances[keep], vectors[:, keep]


def evidence(covariances, covariance, rows, values, noise: float = 0.0) -> np.ndarray:
    """How well each of several centred Gaussian vectors explains what was seen: weights, sum 1.

    Proportional to the density of the values, over the directions that `covariance`, the limiting
    one, does not rule out.

    Args:
        covariances: (p, m, m). covariance: (m, m). rows, values, noise: as for `condition`.
    """
    if not len(rows):
        return np.full(len(covariances), 1 / len(covariances))
    rows = np.asarray(rows, int)
    block = np.ix_(rows, rows)
    variances, vectors = _spectrum(covariance[block], noise)
    own = vectors.T @ (covariances[:, *block] + noise**2 * np.eye(len(rows))) @ vectors
    own = own + _NULL * variances[-1] * np.eye(len(variances))
    seen = vectors.T @ np.asarray(values, float)
    distance = seen @ np.linalg.solve(own, np.broadcast_to(seen[:, None], (*own.shape[:2], 1)))
    log = -0.5 * (np.linalg.slogdet(own)[1] + distance[:, 0])
    weights = np.exp(log - log.max())
    return weights / weights.sum()


def root(covariance) -> np.ndarray:
    """Symmetric square root; eigenvalues that rounding made negative count as zero."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
