"""Settings that several pages have, described once: data set, depth, activation, λ, ε, seed."""

from collections.abc import Iterable
from typing import NamedTuple

import param

from jntk_viz.activations import ACTIVATIONS
from jntk_viz.engine.sources import Sources, menu
from jntk_viz.frame.numbers import stop

# Stated, and compared with `Activation.smooth` by a test: to find it out when pages are imported
# has XLA compile every activation in the process that serves: 65 MB, and seconds at every start.
WITHOUT_JNTK = ("relu",)


class Source(NamedTuple):
    """A data set in use: its name in the menu, and options of its loader."""

    label: str
    options: dict


class Problem(NamedTuple):
    """Settings that kernels, labels and networks depend on; hashable, the key of what is kept."""

    data: str
    depth: int
    activation: str
    seed: int

    @property
    def kernel(self) -> dict:
        """Keywords of the limiting kernels."""
        return {"depth": self.depth, "activation": self.activation}


_NAMES = {"gelu": "GeLU", "silu": "SiLU", "relu": "ReLU"}  # others as in the library


def activation_name(activation: str) -> str:
    """Name of an activation in menus and sentences: GeLU, SiLU, ReLU, erf, tanh, …"""
    return _NAMES.get(activation, activation)


def activation_setting(
    default: str = "gelu",
    *,
    among: Iterable[str] = ACTIVATIONS,
    smooth: bool = True,
    doc: str = "",
) -> param.Parameter:
    """The menu of activations. `smooth`: only those that have a JNTK."""
    known = [name for name in among if not (smooth and name in WITHOUT_JNTK)]
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


def lam_setting(
    default: float,
    stops: Iterable[float],
    doc: str = "Weight of the squared input Jacobian in the loss; 0 is standard training.",
    label: str = "Regulariser λ",
) -> param.Parameter:
    """The slider of λ."""
    named = {stop(lam): lam for lam in stops}
    return param.Selector(default=default, objects=named, label=label, doc=doc)


def epsilon_setting(default: float, most: float) -> param.Parameter:
    """The slider of the size of an attack, from 0."""
    return param.Number(
        default,
        bounds=(0, most),
        step=0.01,
        label="Perturbation ε",
        doc="Size of the attack, in units of the inputs' norm, which is 1.",
    )


def norm_setting(label: str) -> param.Parameter:
    """The menu of norms in which an attack is measured."""
    return param.Selector(default="l2", objects={"L2": "l2", "L∞": "linf"}, label=label)


def seed_setting(doc: str = "Seed of the weights.") -> param.Parameter:
    """The seed, which “Draw again” changes."""
    return param.Integer(0, bounds=(0, 9999), doc=doc)
