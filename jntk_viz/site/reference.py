"""The reference: a document for each subject of the library, an entry for each public name."""

import importlib
import inspect
from collections.abc import Container, Iterator
from textwrap import indent
from types import ModuleType
from typing import NamedTuple

import jntk_viz
from jntk_viz.site.docstrings import as_rst, escape
from jntk_viz.site.formulas import all_formulas, anchor, computed_by, html_of, setting

# Of the tables the docstring would be that of `dict`.
TABLES = {
    "ACTIVATIONS": "All activations by name; each is an `Activation`.",
    "DATASETS": "All data sets by name, with their loaders; `load_dataset` loads one of them.",
}


class Subject(NamedTuple):
    """A document of the reference: its file, its heading, and (module, names) of its entries."""

    file: str
    title: str
    module: str
    names: tuple[str, ...]


def subjects() -> list[Subject]:
    """Public names by the module that defines them, then the modules for notebooks."""
    found: dict[str, list[str]] = {}
    for name in jntk_viz.__all__:
        found.setdefault(_home(name), []).append(name)
    entries = [_subject(home, "jntk_viz", names) for home, names in sorted(found.items())]
    lessons = importlib.import_module("jntk_viz.lessons")
    return [
        *entries,
        Subject("apps", "Pages in a notebook", "jntk_viz.apps", ()),
        Subject("lessons", "Exercises of the lessons", lessons.__name__, ("check", "closest")),
    ]


def _home(name: str) -> str:
    """The module below `jntk_viz` in which a public name is at home."""
    if name in TABLES:
        return {"ACTIVATIONS": "activations", "DATASETS": "datasets"}[name]
    return getattr(jntk_viz, name).__module__.split(".")[1]


def _subject(home: str, module: str, names: list[str]) -> Subject:
    first = _first_line(importlib.import_module(f"jntk_viz.{home}"))
    return Subject(home, first, module, tuple(names))


def _first_line(of) -> str:
    return (inspect.getdoc(of) or "").partition("\n")[0].rstrip(".")


def document(subject: Subject) -> str:
    """One document of the reference as reStructuredText."""
    title = escape(subject.title)
    parts = [f"{title}\n{'=' * (2 * len(title))}\n", f".. py:currentmodule:: {subject.module}\n"]
    module = importlib.import_module(subject.module)
    if subject.module != "jntk_viz":
        parts.append(f".. py:module:: {subject.module}\n\n{as_rst(module.__doc__ or '')}")
    parts += [_entry(module, name) for name in subject.names]
    if any(computed_by(getattr(module, name)) for name in subject.names):
        parts.append(_raw(setting()))
    return "\n".join(parts)


def _entry(module: ModuleType, name: str) -> str:
    target = getattr(module, name)
    if name in TABLES:
        named = ", ".join(f"``{key}``" for key in target)
        return f".. py:data:: {name}\n\n{_body(escape(TABLES[name]))}\n   Names: {named}.\n"
    kind = "autoclass" if isinstance(target, type) else "autofunction"
    members = "   :members:\n" if isinstance(target, type) else ""
    if isinstance(target, type) and any(_is_ours(base) for base in target.__mro__[1:]):
        members += "   :inherited-members: tuple\n"
    return f".. {kind}:: {name}\n{members}\n"


def _is_ours(base: type) -> bool:
    return base.__module__.startswith("jntk_viz.")


def _body(text: str) -> str:
    return indent(text, "   ") + "\n"


def _raw(html: str) -> str:
    return f".. raw:: html\n\n{_body(html)}"


def marked_up(app, what, name, target, options, lines: list[str]) -> None:
    """Sphinx's event `autodoc-process-docstring`: our docstrings, and the formulas behind them."""
    text = as_rst("\n".join(lines)) if lines else ""
    for placed in computed_by(target) if what in ("function", "class") else ():
        link = f"`{placed.title} <formulas.html#{anchor(placed.page)}>`__"
        text += f"\n.. rubric:: Formula\n\nOn the page {link}:\n\n{_raw(html_of(placed))}\n"
    lines[:] = text.splitlines()


def entries() -> Iterator[tuple[str, str]]:
    """(file, anchor) of every public name, as Sphinx writes them."""
    for subject in subjects():
        if not subject.names:
            yield f"{subject.file}.html", f"module-{subject.module}"
        for name in subject.names:
            yield f"{subject.file}.html", f"{subject.module}.{name}"


def where(code: str, written: list[Subject]) -> str | None:
    """The address in the reference of the function with this full name; None if it has none."""
    module, _, name = code.rpartition(".")
    owner = module.rpartition(".")[2]
    for subject in written:
        for public in subject.names:
            if public == name and module == f"jntk_viz.{subject.file}":
                return f"{subject.file}.html#{subject.module}.{name}"
            if public == owner and getattr(jntk_viz, public, None):
                return f"{subject.file}.html#{subject.module}.{owner}.{name}"
    return None


def formulas_document(written: list[Subject], beside: Container[str] = ()) -> str:
    """All formulas page by page, each with the function that computes it.

    - `written`: the documents of the reference that can be linked;  `beside`: addresses of the
      pages that can be, without ".html".
    """
    parts = ["Formulas\n========\n", "What the pages show, and the function that computes it.\n"]
    page = ""
    for placed in all_formulas():
        if placed.page != page:
            page = placed.page
            parts.append(
                f".. _{anchor(page)}:\n\n{placed.title}\n{'-' * (2 * len(placed.title))}\n"
            )
            if f"../{page}" in beside:
                parts.append(f"`Open the page <../{page}.html>`__\n")
        parts.append(_raw(html_of(placed)))
        address = where(placed.formula.code, written)
        code = placed.formula.code
        if code:
            shown = f"`{code} <{address}>`__" if address else f"``{code}``"
            parts.append(f"Computed by {shown}.\n")
    return "\n".join([*parts, _raw(setting())])
