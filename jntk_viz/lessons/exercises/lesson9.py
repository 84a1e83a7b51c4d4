"""Lesson 9: a small search of one's own."""

from dataclasses import dataclass

from jntk_viz.activations import Activation
from jntk_viz.datasets import load_dataset
from jntk_viz.lessons.checking import Mistake
from jntk_viz.lessons.feedback import HINT, PASSED, TODO, Feedback
from jntk_viz.spectrum import smallest_eigenvalue

WANTED = 1e-9


@dataclass(frozen=True)
class Search:
    """An activation whose λ_min on forty irises exceeds WANTED with one hidden layer."""

    name: str = "9a"
    signature: str = "my_activation(z)"
    mistakes: tuple[Mistake, ...] = ()

    def check(self, answer) -> Feedback:
        if answer is None or answer is Ellipsis:
            return Feedback(TODO, "Write a function of z, then run the cell again.")
        if not callable(answer):
            return Feedback(HINT, "Hand in the function itself, without calling it.")
        try:
            if answer(0.5) is None:
                return Feedback(TODO, "Replace the … with your code; it has to return a number.")
            activation = Activation("mine", answer)
            if not activation.smooth:
                return Feedback(
                    HINT,
                    "Your function is not smooth: it has a kink or a jump, or bends so "
                    "sharply that "
                    "its Hermite coefficients do not fall. The Jacobian NTK needs φ''.",
                )
            found = smallest_eigenvalue(load_dataset("iris").x[:40], depth=1, activation=activation)
        except Exception as error:  # noqa: BLE001 - whatever a student's function raises is told
            return Feedback(
                HINT,
                f"It raised {type(error).__name__}: {error} Use functions of jax.numpy, which act "
                "on arrays of any shape.",
            )
        reached = f"λ_min = {found.value:.1e}, noise floor {found.noise_floor:.1e}"
        if found.value >= WANTED and found.resolved:
            return Feedback(PASSED, f"{reached}: no depth was needed.")
        if not found.resolved:
            return Feedback(
                HINT,
                f"{reached}: below the noise. λ_min feels the high Hermite coefficients; which "
                "functions have large ones?",
            )
        return Feedback(
            HINT,
            f"{reached}: resolved, but below {WANTED:g}. Go further in the same "
            "direction: a function "
            "that varies faster.",
        )


EXERCISES = (Search(),)
