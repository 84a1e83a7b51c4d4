"""The HoloViews elements of which the views are made.

A view draws with them as with HoloViews' own. Under `as_numbers`, which a `LivePlot` uses to
refresh a picture, the same view returns `Numbers` instead: what each element would have been made
of. Making a HoloViews element takes about a millisecond and setting its options three more, and of
all that a picture that stands already needs only the arrays.
"""

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import holoviews as hv
import numpy as np

_numbers = ContextVar("numbers", default=False)  # whether this is within `as_numbers`


@contextmanager
def as_numbers():
    """Let the elements of this module be `Numbers`, in this thread."""
    outside = _numbers.set(True)
    try:
        yield
    finally:
        _numbers.reset(outside)


@dataclass
class Numbers:
    """An element that has not been made: its class and the arguments for it. Has no options."""

    kind: type
    arguments: tuple
    named: dict

    def opts(self, *_args, **_options):
        return self

    def __mul__(self, other):
        return Numbers(hv.Overlay, ([self, other],), {})

    def same_as(self, other):
        """Would `other` be made of the same?"""
        return _same((self.arguments, self.named), (other.arguments, other.named))

    def made(self):
        """The HoloViews element."""
        return self.kind(*self.arguments, **self.named)

    def columns(self, names):
        """{name: vector} in the order of `names`, or None if HoloViews has to look at the data.

        They are what HoloViews makes of a tuple of vectors of numbers, one for each dimension.
        """
        data = self.arguments[0]
        if not isinstance(data, tuple) or len(data) != len(names):
            return None
        vectors = [np.asarray(values) for values in data]
        plain = all(v.ndim == 1 and v.dtype.kind in "fiu" for v in vectors)
        if not plain or len({len(v) for v in vectors}) > 1:
            return None
        return dict(zip(names, vectors, strict=True))


def _same(one, other):
    if hasattr(one, "__array__") or hasattr(other, "__array__"):
        one, other = np.asarray(one), np.asarray(other)
        if one.shape != other.shape or one.dtype != other.dtype:
            return False
        return np.array_equal(one, other, equal_nan=one.dtype.kind in "fc")
    if isinstance(one, (tuple, list)):
        alike = type(one) is type(other) and len(one) == len(other)
        return alike and all(map(_same, one, other))
    if isinstance(one, dict):
        alike = isinstance(other, dict) and one.keys() == other.keys()
        return alike and all(_same(one[key], other[key]) for key in one)
    return type(one) is type(other) and one == other


def leaves(element):
    """The single elements of an overlay, in drawing order."""
    if isinstance(element, Numbers):
        parts = element.arguments[0] if issubclass(element.kind, hv.Overlay) else None
    else:
        parts = element if isinstance(element, (hv.Overlay, hv.NdOverlay)) else None
    return [element] if parts is None else [leaf for part in parts for leaf in leaves(part)]


def name(element):
    """The name of an element's class, such as "Curve"."""
    return (element.kind if isinstance(element, Numbers) else type(element)).__name__


def label(element):
    """Name of an element in the legend; empty for none."""
    if isinstance(element, Numbers):
        return element.named.get("label", "")
    return element.label


def only(overlay, wanted):
    """The overlay without those of its elements for which `wanted(element)` is false."""
    kept = [leaf for leaf in leaves(overlay) if wanted(leaf)]
    return Numbers(hv.Overlay, (kept,), {}) if isinstance(overlay, Numbers) else overlay.clone(kept)


def _either(kind):
    """The class `kind` of HoloViews, or `Numbers` of it within `as_numbers`."""

    def make(*arguments, **named):
        if _numbers.get():
            return Numbers(kind, arguments, named)
        return kind(*arguments, **named)

    make.__name__, make.__doc__ = kind.__name__, f"`holoviews.{kind.__name__}`, or `Numbers` of it."
    return make


Area = _either(hv.Area)
Curve = _either(hv.Curve)
Histogram = _either(hv.Histogram)
HLine = _either(hv.HLine)
Image = _either(hv.Image)
Labels = _either(hv.Labels)
Overlay = _either(hv.Overlay)
Points = _either(hv.Points)
QuadMesh = _either(hv.QuadMesh)
Rectangles = _either(hv.Rectangles)
Scatter = _either(hv.Scatter)
Segments = _either(hv.Segments)
Spread = _either(hv.Spread)
Text = _either(hv.Text)
VLine = _either(hv.VLine)
VSpan = _either(hv.VSpan)
