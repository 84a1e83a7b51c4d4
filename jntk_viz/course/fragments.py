"""The HTML of controls: alive, for pages and slides, and on paper, for handouts.

What is to be seen only after a guess is inside, compressed, and course.js puts it in its place.
"""

from collections.abc import Iterable, Sequence
from html import escape
from itertools import count
from typing import Any

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from jntk_viz.course.exercises import kind, packed_key
from jntk_viz.export.payload import pack

_numbers = count()  # of inputs, so that every label finds its own


def part(given: dict[str, Any]) -> str:
    """A part that `recording` made, alive."""
    return _ALIVE[given["kind"]](given)


def parts(several: Iterable[dict]) -> str:
    """Parts one below the other."""
    return "".join(map(part, several))


def _text(given) -> str:
    return f'<div class="text">{given["html"]}</div>'


def _film(given) -> str:
    controls = "".join(map(_control, given["controls"]))
    return (
        f'<div class="film">{f"<div class=controls>{controls}</div>" if controls else ""}'
        f'{_figures(given)}<div class="said" aria-live="polite">{given["text"]}</div>'
        f"{_inside(given['packed'])}</div>"
    )


def _figures(given) -> str:
    places = "".join(
        f'<div class="figure" id="{figure["place"]}" style="height: {figure["height"]}px" '
        f'role="group" aria-label="{escape(figure["title"].strip() or "picture")}"></div>'
        for figure in given["figures"]
    )
    return f'<div class="figures">{places}</div>'


def _control(control) -> str:
    label, words, number = escape(control["label"]), control["words"], f"knob{next(_numbers)}"
    if control["ordered"]:
        told = escape("|".join(words))
        return (
            f'<div><label for="{number}">{label} <output>{escape(words[0])}</output></label>'
            f'<input type="range" id="{number}" min="0" max="{len(words) - 1}" value="0" '
            f'data-words="{told}" aria-valuetext="{escape(words[0])}"></div>'
        )
    options = _options(words)
    return (
        f'<div><label for="{number}">{label}</label><select id="{number}">{options}</select></div>'
    )


def _options(words: Sequence[str]) -> str:
    return "".join(f'<option value="{i}">{escape(w)}</option>' for i, w in enumerate(words))


def _prediction(given) -> str:
    answers = {"verdicts": given["verdicts"], "shown": [parts(one) for one in given["shown"]]}
    inputs = _choices(given) if given["choice"] else _guess(given)
    return (
        f'<form class="prediction" data-number="{given["number"]}">'
        f"<p><b>Predict first.</b> {escape(given['question'])}</p>{inputs}"
        f'<div class="verdict" role="status"></div><div class="shown"></div>'
        f"{_inside(pack(answers, []))}</form>"
    )


def _choices(given) -> str:
    buttons = "".join(
        f'<button type="button" value="{i}">{escape(guess)}</button>'
        for i, guess in enumerate(given["guesses"])
    )
    return f'<div class="choices">{buttons}</div>'


def _guess(given) -> str:
    number, guesses = f"guess{next(_numbers)}", given["guesses"]
    unit = f" ({escape(given['unit'])})" if given["unit"] else ""
    middle = len(guesses) // 2
    return (
        f'<div class="choices"><div><label for="{number}">Your guess{unit} '
        f'<output>{escape(guesses[middle])}</output></label><input type="range" id="{number}" '
        f'min="0" max="{len(guesses) - 1}" value="{middle}" '
        f'data-words="{escape("|".join(guesses))}" aria-valuetext="{escape(guesses[middle])}">'
        '</div><button type="button" class="commit">Commit</button></div>'
    )


def _after(given) -> str:
    waits = " ".join(map(str, given["waits"]))
    packed = pack({"html": parts(given["parts"])}, [])
    return (
        f'<div class="after" data-waits="{waits}"><p class="note">More appears here after your '
        f"guess{'es' if len(given['waits']) > 1 else ''}.</p>{_inside(packed)}</div>"
    )


def _inside(packed: str) -> str:
    return f'<script type="application/octet-stream">{packed}</script>'


_ALIVE = {"text": _text, "film": _film, "prediction": _prediction, "after": _after}


# ---- exercises ----


def exercise(checked, source: str, notebook: str) -> str:
    """An exercise: numbers and choices are checked in the page, functions in the notebook.

    - `checked`: the exercise;  `source`: of its cell;  `notebook`: name of the file it is in.
    """
    how = kind(checked)
    if how == "function":
        return f'<div class="exercise">{starting_code(source)}<p>{_where(notebook)}</p></div>'
    inputs = _number_input(checked) if how == "number" else _cause_inputs(checked)
    return (
        f'<form class="exercise" data-kind="{how}"><div class="choices">{inputs}'
        '<button type="submit">Check</button></div>'
        f'<p class="feedback" role="status"></p>{_inside(packed_key(checked))}</form>'
    )


def _where(notebook: str) -> str:
    return (
        f"A function is checked where Python runs it, with hints: in the notebook "
        f'<a href="{escape(notebook)}" download>{escape(notebook)}</a>, which '
        "<code>jntk-viz lab</code> opens."
    )


def starting_code(source: str) -> str:
    """The code that an exercise begins with."""
    return highlight(source, PythonLexer(), HtmlFormatter())


def _number_input(checked) -> str:
    number = f"answer{next(_numbers)}"
    unit = f" {escape(checked.unit.strip())}" if checked.unit.strip() else ""
    return (
        f'<div><label for="{number}">Your number, {escape(checked.name)}</label>'
        f'<input id="{number}" inputmode="decimal" autocomplete="off" size="12">{unit}</div>'
    )


def _cause_inputs(checked) -> str:
    causes = sorted(set(checked.truth.values()))
    options = '<option value="">…</option>' + "".join(
        f"<option>{escape(cause)}</option>" for cause in causes
    )
    found = []
    for symptom in checked.truth:
        number = f"answer{next(_numbers)}"
        found.append(
            f'<div><label for="{number}">{escape(symptom)}</label>'
            f'<select id="{number}" name="{escape(symptom)}">{options}</select></div>'
        )
    return "".join(found)


# ---- on paper ----


def part_on_paper(given: dict[str, Any]) -> str:
    """A part as it is before anybody has guessed or moved anything; of answers, nothing."""
    if given["kind"] == "text":
        return _text(given)
    if given["kind"] == "film":
        settings = "".join(map(_setting, given["controls"]))
        return (
            f'<div class="film">{settings}{_figures(given)}<div class="said">{given["text"]}'
            f"</div>{_inside(given['packed'])}</div>"
        )
    if given["kind"] == "prediction":
        return _question_on_paper(given)
    return '<p class="note">What follows from it: on the last pages.</p>'


def _setting(control) -> str:
    first, *others = map(escape, control["words"])
    rest = f" (or {', '.join(others)})" if others else ""
    return f'<span class="chip">{escape(control["label"])}: <b>{first}</b>{rest}</span>'


def _question_on_paper(given) -> str:
    if given["choice"]:
        answers = "".join(f'<span class="box">☐ {escape(g)}</span>' for g in given["guesses"])
    else:
        first, last = escape(given["guesses"][0]), escape(given["guesses"][-1])
        answers = f"From {first} to {last}. My guess: ______________ {escape(given['unit'])}"
    return (
        f'<div class="prediction"><p><b>Predict first.</b> {escape(given["question"])}</p>'
        f"<p>{answers}</p></div>"
    )


def answer_on_paper(given: dict[str, Any]) -> str:
    """What was found, for the last pages of a handout: of a prediction, or of what comes after."""
    if given["kind"] == "after":
        return "".join(map(part_on_paper, given["parts"]))
    if given["kind"] != "prediction":
        return ""
    pictures = "".join(map(part_on_paper, given["shown"][0]))
    question = f"<h3>{escape(given['question'])}</h3>"
    return f'{question}<div class="found">{given["found"]}</div>{pictures}'


def exercise_on_paper(checked, source: str, notebook: str) -> str:
    """An exercise with room for the answer."""
    how = kind(checked)
    if how == "function":
        return (
            f'<div class="exercise">{starting_code(source)}<p>Write it in the notebook '
            f"<b>{escape(notebook)}</b>, which checks it.</p></div>"
        )
    if how == "number":
        unit = escape(checked.unit.strip())
        return f'<div class="exercise"><p>My number: ______________ {unit}</p></div>'
    causes = ", ".join(sorted(map(escape, set(checked.truth.values()))))
    blanks = "".join(f'<span class="box">{escape(s)}: ____________</span>' for s in checked.truth)
    return f'<div class="exercise"><p>{blanks}</p><p>Causes: {causes}</p></div>'
