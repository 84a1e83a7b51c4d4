"""The picture of this page on the landing page."""

from jntk_viz import eigenfeatures, load_dataset, train_test_split
from jntk_viz.drawing import elements as el
from jntk_viz.drawing.card import BARE
from jntk_viz.drawing.theme import BLUE, MUTED, ORANGE
from jntk_viz.engine.results import kept

# What the picture is drawn from before its numbers arrive.
EMPTY = {"accuracy": [], "robustness": [], "regularised_accuracy": [], "regularised_robustness": []}


@kept
def numbers(lam=0.1, depth=11, epsilon=0.1):
    """Accuracy and robust accuracy of every eigenfeature of iris, without and with the regulariser.

    Returns a dict of vectors: accuracy and robustness of standard training, then with λ.
    """
    training, test = train_test_split(load_dataset("iris"))

    def scores(weight):
        found = eigenfeatures(
            training.x, training.y, test.x, test.y, depth=depth, lam=weight, epsilon=epsilon
        )
        return found.usefulness, found.robustness

    plain, robust = scores(0.0), scores(lam)
    return {
        "accuracy": plain[0],
        "robustness": plain[1],
        "regularised_accuracy": robust[0],
        "regularised_robustness": robust[1],
    }


def picture(accuracy, robustness, regularised_accuracy, regularised_robustness):
    """Eigenfeatures by accuracy and robust accuracy; on the line an attack changes nothing."""
    line = el.Curve(([0, 1], [0, 1])).opts(color=MUTED, line_width=1.5, line_dash="dashed")
    dots = {"size": 6, "alpha": 0.8}
    robust = el.Scatter((regularised_accuracy, regularised_robustness)).opts(color=ORANGE, **dots)
    plain = el.Scatter((accuracy, robustness)).opts(color=BLUE, **dots)
    return (line * robust * plain).opts(**BARE, xlim=(0.1, 1), ylim=(-0.03, 1))
