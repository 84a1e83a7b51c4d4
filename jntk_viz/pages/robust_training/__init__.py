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
        "robust_training?lam=0.1",
        "Solve that equation for every λ and t",
        "Slide the time. Robust accuracy rises and falls again, with the penalty (orange) and "
        "without (dashed). Is it the penalty, or stopping? Compare best with best, end with end.",
    ),
)
