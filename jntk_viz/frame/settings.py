"""Settings that several pages have, described once: activation, depth, data set."""

import param

from jntk_viz.activations import ACTIVATIONS
from jntk_viz.engine.sources import Sources, menu

# Stated, and compared with `Activation.smooth` by a test: to find it out when pages are imported has
# XLA compile every activation, in the process that serves: 100 MB, and seconds at every start.
WITHOUT_JNTK = ("relu",)
_NAMES = {"gelu": "GeLU", "silu": "SiLU", "relu": "ReLU"}  # others as in the library


def activation_name(activation: str) -> str:
    """How an activation is called in menus and sentences: GeLU, SiLU, ReLU, erf, tanh, …"""
    return _NAMES.get(activation, activation)


def activation_setting(
    default: str = "gelu", *, smooth: bool = True, doc: str = ""
) -> param.Parameter:
    """The menu of activations. `smooth`: only those that have a JNTK."""
    known = [name for name in ACTIVATIONS if not (smooth and name in WITHOUT_JNTK)]
    return param.Selector(
        default=default,
        objects={activation_name(name): name for name in known},
        label="Activation φ",
        doc=doc or "Scaled so that E φ(z)² = 1 for z ~ N(0, 1).",
    )


def depth_setting(default: int, most: int) -> param.Parameter:
    """The slider of depths, from 1."""
    return param.Integer(default, bounds=(1, most), label="Depth L", doc="Number of hidden layers.")


def data_setting(sources: Sources, default: str) -> param.Parameter:
    """The menu of data sets."""
    return param.Selector(default=default, objects=list(sources), label="Data set")


def data_names(sources: Sources) -> dict[str, str]:
    """Menu entry -> data set, as it is on this machine now: some have to be downloaded first."""
    return menu(sources, lambda source: source.label)
