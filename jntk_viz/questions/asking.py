"""Inside a lesson's kernel: a prediction displays its question and its answer, for the bank."""

from typing import Any

from IPython.core.getipython import get_ipython

from jntk_viz.lessons.static import markdown
from jntk_viz.lessons.widgets import Prediction

MIME = "application/vnd.jntk-viz.question+json"
START = "from jntk_viz.questions import asking\n\nasking.start()"  # the first cell of a run


def start() -> None:
    """From now on the lesson's predictions display what is asked and what is found."""
    shell: Any = get_ipython()
    if shell is None:
        raise RuntimeError("`asking.start` belongs into a notebook's kernel; there is none here")
    formatter = shell.display_formatter.mimebundle_formatter
    formatter.for_type(Prediction, lambda shown: {MIME: question_of(shown)})


def question_of(shown: Prediction) -> dict[str, Any]:
    """What is asked, the answer, and what is said with it, as JSON holds it."""
    question = shown.question
    middle = (question.low + question.high) / 2
    answer = shown.measured(question.options[0] if question.options else middle)
    value = str(answer.value) if question.kind == "choice" else float(answer.value)
    return {
        "question": question.question, "kind": question.kind, "options": list(question.options),
        "low": question.low, "high": question.high, "unit": question.unit, "value": value,
        "text": markdown(answer.text), "explain": markdown(question.explain),
    }  # fmt: skip
