"""Lesson 9: a small search of one's own."""

import warnings
from dataclasses import dataclass

from jntk_viz.activations import Activation
from jntk_viz.datasets import load_dataset
from jntk_viz.frame.numbers import number
from jntk_viz.lessons.checking import Mistake, raised
from jntk_viz.lessons.feedback import HINT, PASSED, TODO, Feedback
from jntk_viz.spectrum import smallest_eigenvalue

WANTED = 1e-9


@dataclass(frozen=True)
class Search:
    """An activation with λ_min > WANTED on forty irises and one hidden layer."""

    name: str = "9a"
    signature: str = "my_activation(z)"
    mistakes: tuple[Mistake, ...] = ()
    judged_where_run = True  # the library differentiates the function: numbers cannot stand for it

    def check(self, answer) -> Feedback:
        return self.attempt(answer)

    def attempt(self, answer, seed: int = 0) -> Feedback:
        """The verdict itself, whatever the seed: the forty irises are given."""
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
                    "Your function is not smooth: it has a kink or a jump, or bends so sharply "
                    "that its Hermite coefficients do not fall. The Jacobian NTK needs φ''.",
                )
            # What the library warns of is said with the result, not beside a line of its code.
            with warnings.catch_warnings(record=True) as warned:
                found = smallest_eigenvalue(
                    load_dataset("iris").x[:40], depth=1, activation=activation
                )
        except Exception as error:  # noqa: BLE001 - whatever a student's function raises is told
            remedy = " Use functions of jax.numpy, which act on arrays of any shape."
            told = f"It raised {raised(error)}"
            return Feedback(HINT, told if "jax.numpy" in told else told + remedy)
        reached = (
            f"The smallest eigenvalue is {number(found.value)}, the noise floor "
            f"{number(found.noise_floor)}"
        )
        besides = "".join(f" Mind: {warning.message}" for warning in warned)
        if found.value >= WANTED and found.resolved:
            return Feedback(PASSED, f"{reached}: no depth was needed.{besides}")
        if not found.resolved:
            return Feedback(
                HINT,
                f"{reached}: not resolved. High Hermite coefficients lift it; which functions "
                f"have large ones?{besides}",
            )
        return Feedback(
            HINT,
            f"{reached}: resolved, but below {number(WANTED, 1)}. Go further in the same "
            f"direction: a function that varies faster.{besides}",
        )


EXERCISES = (Search(),)
