"""The sentence about equal inputs, which make a kernel singular and a test worthless."""

from jntk_viz.datasets import count_coinciding


def coinciding(train, test=None) -> str:
    """How many inputs are given twice, and what follows; "" if none is.

    - `train`: (n, d0) points whose kernel Θ is taken;  `test`: (m, d0) points tested on.
    """
    words = []
    if twice := count_coinciding(train):
        words.append(
            f"{twice} of the training points {'equals' if twice == 1 else 'equal'} another, so Θ "
            "is singular: λ_min = 0 up to rounding."
        )
    if shared := 0 if test is None else count_coinciding(test, train):
        words.append(
            f"{shared} of the test points {'equals' if shared == 1 else 'equal'} a training point, "
            "which is no test."
        )
    return " ".join(words)
