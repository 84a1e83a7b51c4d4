"""A notebook that has been run, as a page, as slides and as a handout: one HTML file each."""

import re
from copy import deepcopy
from functools import cache
from html import escape
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbconvert.exporters import HTMLExporter
from nbconvert.preprocessors import TagRemovePreprocessor

from jntk_viz.course import fragments
from jntk_viz.course.exercises import name_of
from jntk_viz.course.recording import MIME
from jntk_viz.drawing import theme
from jntk_viz.export.html import document, packed_scripts, script_file, scripts
from jntk_viz.export.slides import slides_html
from jntk_viz.lessons import EXERCISES

_HERE = Path(__file__).parent
# Cells as nbconvert's plainest template has them; code can be folded.
_TEMPLATE = """\
{% extends 'index.html.j2' %}
{% block input_group %}
<details class="code"{% if cell.metadata.get('open') %} open{% endif %}><summary>Code</summary>
{{ super() }}
</details>
{% endblock %}
"""
# The browser itself sees to it that nothing is fetched from anywhere.
_OFFLINE = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
    "script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:\">"
)


class Place(NamedTuple):
    """A lesson in its course. stamp: says from what it was made. before, after: its neighbours."""

    name: str
    title: str
    stamp: str = ""
    before: str | None = None
    after: str | None = None


def page(lesson: nbformat.NotebookNode, place: Place) -> str:
    """The lesson with everything alive."""
    body = _cells(_alive(lesson, place.name))
    stamp = f'<meta name="jntk-course" content="{place.stamp}">'
    return _document(
        place.title, f"{_navigation(place)}<main>{body}</main>{_footer(place)}",
        files=("lesson.js",), head=f"{stamp}\n{_OFFLINE}\n",
    )  # fmt: skip


def slides(lesson: nbformat.NotebookNode, place: Place) -> str:
    """The lesson as slides, without code; controls are alive."""
    html = slides_html(
        _alive(lesson, place.name), place.title, _libraries(), _script("slides.js"),
        css=theme.dark_css() + _file("parts.css") + _file("slides.css"),
    )  # fmt: skip
    return _linked(html.replace("<head>", f"<head>{_OFFLINE}", 1))


def handout(lesson: nbformat.NotebookNode, place: Place) -> str:
    """The lesson on paper: pictures as they are at first, answers to predictions at the end."""
    cells, found = deepcopy(lesson), []
    for cell in cells.cells:
        given = [_part_of(output) for output in cell.get("outputs", [])]
        found += [fragments.answer_on_paper(part) for part in given if part]
    _put_in(cells, place.name, fragments.part_on_paper, fragments.exercise_on_paper)
    answers = "".join(found)
    last = f'<section class="answers"><h2>What was found</h2>{answers}</section>' if answers else ""
    body = _without_solutions(_cells(cells) + last)
    body = f'<button type="button" id="print">Print</button><main>{body}</main>'
    # A later declaration wins: a phone shows the whole width of the paper, as it does of a PDF.
    head = f'{_OFFLINE}\n<meta name="viewport" content="width=700">\n'
    return _document(place.title, body, files=("handout.js",), head=head, paper=True)


def _alive(lesson, name: str):
    cells = deepcopy(lesson)
    _put_in(cells, name, fragments.part, fragments.exercise)
    return cells


def _put_in(lesson, name: str, of_part, of_exercise) -> None:
    """Put HTML in the place of parts and of exercises; say which code is read with its output."""
    for cell in lesson.cells:
        if cell.cell_type != "code":
            continue
        asked = name_of(cell.source)
        if asked:
            html = of_exercise(EXERCISES[asked], cell.source, f"{name}.ipynb")
            cell.outputs = [_output(html)]
            cell.metadata.tags = [*cell.metadata.get("tags", []), "hide-input"]
            continue
        given = [_part_of(output) for output in cell.outputs]
        cell.metadata.open = bool(given) and not any(given)
        cell.outputs = [
            _output(of_part(part)) if part else output
            for part, output in zip(given, cell.outputs, strict=True)
        ]


def _part_of(output) -> dict | None:
    return output.get("data", {}).get(MIME)


def _output(html: str):
    return nbformat.v4.new_output("display_data", {"text/html": html})


def _cells(lesson) -> str:
    """The cells as HTML, without the sources that are hidden."""
    exporter = HTMLExporter(
        template_name="basic", raw_template=_TEMPLATE, exclude_input_prompt=True,
        exclude_output_prompt=True, exclude_anchor_links=True,
    )  # fmt: skip
    hidden = TagRemovePreprocessor(enabled=True, remove_input_tags={"hide-input"})
    exporter.register_preprocessor(hidden, enabled=True)
    html, _ = exporter.from_notebook_node(lesson)
    return _linked(html)


def _linked(html: str) -> str:
    """Links from notebook to notebook lead from page to page, except those that download one."""
    link = r'(<a (?![^>]*\bdownload\b)[^>]*href="[\w-]+)\.ipynb\b'
    return re.sub(link, r"\1.html", html)


def _without_solutions(html: str) -> str:
    """What a reader would unfold, such as hints and solutions, is only named."""
    folded = r"<details>\s*<summary>(.*?)</summary>.*?</details>"
    return re.sub(folded, r'<p class="note">\1: on the page.</p>', html, flags=re.DOTALL)


def _navigation(place: Place) -> str:
    links = [("index.html", "All lessons")]
    links += [(f"{place.before}.html", "← Before")] if place.before else []
    links += [(f"{place.after}.html", "Next →")] if place.after else []
    links += [(f"{place.name}.slides.html", "Slides"), (f"{place.name}.handout.html", "Handout")]
    items = "".join(f'<a href="{href}">{text}</a>' for href, text in links)
    return (
        f'<nav aria-label="Course">{items}<button type="button" id="theme">Dark</button></nav>'
        '<noscript><p class="note">Pictures, formulas and exercises need JavaScript.</p></noscript>'
        '<p id="status" role="alert" hidden></p>'
    )


def _footer(place: Place) -> str:
    notebook = escape(f"{place.name}.ipynb")
    return (
        "<footer><p>Everything here was computed beforehand; the page needs no server and no "
        f'network. The notebook behind it: <a href="{notebook}" download>{notebook}</a>, with '
        "<code>jntk-viz lab</code>.</p></footer>"
    )


def _document(title: str, body: str, *, files, head: str, paper: bool = False) -> str:
    css = theme.dark_css() + _file("parts.css") + _file("lesson.css")
    css += _file("handout.css") if paper else ""
    css = css.replace("FONT", theme.FONT)
    return document(
        title, body, script=_script(*files), css=css, libraries=_libraries(), head=head
    )  # fmt: skip


@cache
def _libraries() -> str:
    return packed_scripts(list(scripts().values()))


def _script(*files: str) -> str:
    shared = script_file("film.js") + script_file("formulas.js") + _file("parts.js")
    return shared + "".join(map(_file, files))


def _file(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
