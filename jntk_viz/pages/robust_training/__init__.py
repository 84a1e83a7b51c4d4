"""The page “Robust training in closed form”."""

from jntk_viz.frame.registry import Page, Stop

PAGE = Page(
    order=3,
    title="Robust training in closed form",
    short="Robust training",
    card=(
        "Robust accuracy against training time, with (orange) and without (dashed) the penalty: "
        "two peaks, two ends."
    ),
    stop=Stop(
        "robust_training?lam=0.1&t=0.1",
        "Solve training for every λ and t",
        "Robust accuracy rises and falls again: with the penalty (orange) it is 92 % at t = 20 and "
        "72 % at t = ∞, without (dashed) 90 % at t = 10 and 86 % at t = ∞.",
        move=("t", float("inf")),
    ),
)
