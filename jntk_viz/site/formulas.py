"""The formulas of the pages, typeset, each beside the function that computes it."""

import pkgutil
from collections.abc import Iterator
from typing import NamedTuple

from jntk_viz.export import html
from jntk_viz.export.contents import formula_html
from jntk_viz.frame.formula_sheet import Formula, sheet_entries
from jntk_viz.frame.registry import pages, part_of


class Placed(NamedTuple):
    """A formula and the page on which it stands."""

    page: str
    title: str
    formula: Formula


def all_formulas() -> Iterator[Placed]:
    """Those of all pages, in the order of the navigation."""
    for page in pages():
        for formula in getattr(part_of(page.name, "formulas"), "FORMULAS", ()):
            yield Placed(page.name, page.title, formula)


def computed_by(target: object) -> list[Placed]:
    """The formulas that a function or class of the library, or a method of it, computes."""
    return [placed for placed in all_formulas() if _is_of(placed.formula.code, target)]


def _is_of(code: str, target: object) -> bool:
    if not code:
        return False
    owner = code.rpartition(".")[0]
    return pkgutil.resolve_name(code) is target or (
        isinstance(target, type) and _resolved(owner) is target
    )


def _resolved(name: str) -> object:
    try:
        return pkgutil.resolve_name(name)
    except (ImportError, AttributeError):
        return None  # of a function the owner is a module of a name that was replaced


def anchor(page: str) -> str:
    """Where the formulas of a page stand in their document."""
    return page.replace("_", "-")


def html_of(placed: Placed) -> str:
    """Equation, meaning, symbols and source as HTML; the TeX is set by `setting`."""
    (entry,) = sheet_entries([placed.formula])
    return f'<div class="formula">{formula_html(entry)}</div>'


def setting() -> str:
    """The HTML that sets the formulas of a document, with what the pages of the site have."""
    return (
        f'{html.script_tags("../assets")}<script src="../assets/{html.FORMULAS}"></script>'
        "<script>typeset()</script>"
    )
