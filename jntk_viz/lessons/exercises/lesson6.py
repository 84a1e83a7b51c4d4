"""Lesson 6: a null model for accurate and robust features, and the margin that an attack leaves."""

import numpy as np

from jntk_viz.attacks import first_order_margin
from jntk_viz.lessons.checking import Exercise, Mistake

from .points import generator, sphere


def _null_cases(seed):
    """Scores of 8 and 30 features on 50 test points, all right somewhere, and a permutation."""
    rng = generator(9, seed)
    cases = []
    for count in (8, 30):
        right = rng.integers(20, 50, count)
        left = rng.binomial(right, rng.uniform(0.1, 0.9, count))
        cases.append((right / 50, left / 50, rng.permutation(count)))
    return cases


def _null(accuracy, robustness, order):
    """Feature by feature: of feature i's right answers, the part that order[i] keeps of its own."""
    return np.array([a * robustness[j] / accuracy[j] for a, j in zip(accuracy, order, strict=True)])


def _inverse(order):
    return np.argsort(order)


NULL = Exercise(
    name="6a",
    signature="my_null(accuracy, robustness, order)",
    truth=_null,
    cases=_null_cases,
    mistakes=(
        Mistake("Robust accuracies themselves are shuffled: look for a feature of your world that "
                "is robust more often than it is right.", lambda a, r, o: r[o]),
        Mistake("That is which part of its right answers each feature keeps in your world. Its "
                "accuracy turns it into a share of all points.", lambda a, r, o: (r / a)[o]),
        Mistake("Nothing was left to chance: these are the robust accuracies that came in. Use "
                "`order`.", lambda a, r, o: r),
        Mistake("Attacks are now equally destructive for every feature. In the real world some "
                "features suffer more; keep that, only whom it hits is up to `order`.",
                lambda a, r, o: a * np.mean(r / a)),
        Mistake("You move how many points are lost. A feature may then lose more than it has; move "
                "which part is lost.", lambda a, r, o: a - (a - r)[o]),
        Mistake("The same, cut off at 0 and at the accuracy, changes how destructive attacks are. "
                "Move which part of the right answers is lost.",
                lambda a, r, o: np.clip(a - (a - r)[o], 0, a)),
        Mistake("Cut off at the accuracy, the robust accuracies are no longer as destructive as "
                "they were. Move rates instead of shares.", lambda a, r, o: np.minimum(r[o], a)),
        Mistake("The accuracies are shuffled, too: each feature has to keep its own.",
                lambda a, r, o: a[o] * (r / a)),
        Mistake("This is the inverse permutation. Feature i gets what feature order[i] had.",
                lambda a, r, o: a * (r / a)[_inverse(o)]),
    ),
    remark="Nothing in this world links accuracy and survival. The rank correlation that it has "
    "anyway is the one to beat.",
)  # fmt: skip


def _margin_cases(seed):
    cases = []
    rng = generator(11, seed)
    for d0, epsilon in ((3, 0.3), (4, 0.1)):
        x = sphere(6, d0, 12, seed)
        cases.append(
            (rng.normal(size=6), rng.normal(size=(6, d0)), x, rng.choice([-1.0, 1.0], 6), epsilon)
        )
    return cases


def _margin(f, J, x, y, epsilon):
    outputs = np.concatenate([f[:, None], J], axis=1)
    return first_order_margin(outputs, x, y, epsilon=epsilon)


def _tangent(J, x):
    return J - np.sum(J * x, axis=1, keepdims=True) * x


def _length(J):
    return np.linalg.norm(J, axis=1)


MARGIN = Exercise(
    name="6b",
    signature="my_margin(f, J, x, y, epsilon)",
    truth=_margin,
    cases=_margin_cases,
    mistakes=(
        Mistake("Inputs stay on the sphere: only the part of J tangent to it counts. Take away "
                "⟨J, x⟩ x first.", lambda f, J, x, y, e: y * f - e * _length(J)),
        Mistake("The attack makes the margin smaller: minus ε|PJ|.",
                lambda f, J, x, y, e: y * f + e * _length(_tangent(J, x))),
        Mistake("The label is missing: the margin is y f, negative where the sign is wrong.",
                lambda f, J, x, y, e: f - e * _length(_tangent(J, x))),
        Mistake("|f| is positive even where the sign is wrong; the margin is y f.",
                lambda f, J, x, y, e: np.abs(f) - e * _length(_tangent(J, x))),
        Mistake("ε is missing.", lambda f, J, x, y, e: y * f - _length(_tangent(J, x))),
        Mistake("Take the length of PJ, not its square.",
                lambda f, J, x, y, e: y * f - e * _length(_tangent(J, x)) ** 2),
        Mistake("That is the ℓ1 length, which an ℓ∞ attack reaches. Here ε is a Euclidean length.",
                lambda f, J, x, y, e: y * f - e * np.abs(_tangent(J, x)).sum(axis=1)),
    ),
    remark="A point is robust, to first order, where this is positive.",
)  # fmt: skip

EXERCISES = (NULL, MARGIN)
