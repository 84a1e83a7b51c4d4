"""The page “Robust training in closed form”."""

from jntk_viz.frame.registry import Page, Stop

PAGE = Page(
    order=3,
    title="Robust training in closed form",
    short="Robust training",
    card=("Robust accuracy against training time, with (orange) and without (dashed) the penalty."),
    stop=Stop(
        "robust_training?lam=0.1",
        "Solve that equation for every λ and t",
        "Slide the time. Robust accuracy rises, peaks, and falls below that of standard training: "
        "stopping in time is what makes the penalty pay.",
    ),
)
