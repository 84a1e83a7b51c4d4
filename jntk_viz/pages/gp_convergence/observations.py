"""Observed values and slopes on the circle, and the text that holds them."""

import re
from typing import NamedTuple

import param

STEP = 5  # degrees between the angles at which functions on the circle are computed
MOST = 8  # observations; the narrowest network has as many weights in its last layer
LARGEST = 100.0
_ENTRY = re.compile(r"(\d{1,3}):([+-]?\d+(?:\.\d*)?(?:e[+-]?\d{1,2})?):([vs])")


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

    def __set__(self, obj, val):
        if isinstance(val, str):
            try:
                parse_observations(val)
            except ValueError as error:
                raise ValueError(f"Parameter '{self.name}' {error}") from None
        super().__set__(obj, val)
