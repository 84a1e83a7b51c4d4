"""Block kernels as square pictures: all f first, then all J₁, then all J₂, …"""

import numpy as np

from jntk_viz.drawing import elements as el
from jntk_viz.drawing.figures import name_ticks
from jntk_viz.drawing.theme import DIVERGING, INK, MUTED
from jntk_viz.frame.numbers import subscript


def by_block(kernel: np.ndarray) -> np.ndarray:
    """(n, 1+d0, n, 1+d0) as a matrix ordered all f, then all J_1, then all J_2, …"""
    rows = kernel.shape[0] * kernel.shape[1]
    return kernel.transpose(1, 0, 3, 2).reshape(rows, rows)


def block_ticks(blocks):
    """Middles of the blocks on the unit square, and their names, at most about seven."""
    shown = [0, *range(1, blocks, -(-(blocks - 1) // 6))]
    return [((k + 0.5) / blocks, f"J{subscript(k)}" if k else "f") for k in shown]


def name_blocks(figure, blocks):
    """Name the blocks of a heat map that is already drawn, for another number of them."""
    places, names = zip(*block_ticks(blocks), strict=True)
    name_ticks(figure.xaxis[0], places, names)
    name_ticks(figure.yaxis[0], [1 - place for place in places], names)


def heat_map(kernel, scale, colorbar=False, title=""):
    """A kernel (n, 1+d0, n, 1+d0) on the unit square, its blocks separated by lines.

    The heavy lines part f with f, f with J, J with f and J with J. `scale`: colours run from
    -scale to scale.
    """
    blocks = kernel.shape[1]
    ticks = block_ticks(blocks)
    image = el.Image(by_block(kernel), bounds=(0, 0, 1, 1)).opts(
        cmap=DIVERGING, clim=(-scale, scale), colorbar=colorbar, clabel=" ",
        colorbar_opts={"width": 12, "padding": 2} if colorbar else {},
    )  # fmt: skip
    edges = np.arange(1, blocks) / blocks
    thin = el.Segments(_lines(edges)).opts(color=MUTED, line_width=0.5, alpha=0.6)
    thick = el.Segments(_lines(edges[:1])).opts(color=INK, line_width=2)
    return el.Overlay([image, thin, thick]).opts(
        xlim=(0, 1), ylim=(0, 1), xticks=ticks, yticks=[(1 - p, name) for p, name in ticks],
        xlabel="", ylabel="", title=title, toolbar=None, show_grid=False,
    )  # fmt: skip


def _lines(places):
    """Vertical lines at `places` of the unit square, horizontal ones as far from its top."""
    zero, one = np.zeros_like(places), np.ones_like(places)
    vertical, horizontal = (places, zero, places, one), (zero, 1 - places, one, 1 - places)
    return tuple(np.concatenate(pair) for pair in zip(vertical, horizontal, strict=True))
