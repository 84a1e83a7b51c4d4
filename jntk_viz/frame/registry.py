"""The pages there are: every folder of `jntk_viz/pages` whose package defines a `PAGE`.

A page is added by adding its folder; navigation, landing page, tour, presets, exports and tests
all go through `pages()`.
"""

from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import jntk_viz.pages


class Stop(NamedTuple):
    """A stop of the guided tour: a page with its settings, and what is to be seen.

    link: address of the page with the settings. do: what happens there, in some words. see: one
    sentence on what to look at. move: a setting and the value to which it then goes by itself.
    """

    link: str
    do: str
    see: str
    move: tuple[str, Any]

    @property
    def settings(self) -> dict[str, str]:
        """The settings of the link, as text."""
        return dict(parse_qsl(self.link.partition("?")[2]))


class Page(NamedTuple):
    """A page as the other pages know it.

    order: its place in the navigation. title: of the page. short: its name in the title bar.
    card: what its picture on the landing page shows; a screen reader says it. stop: of the tour.
    name: of its folder and its address; filled in by `pages`.
    """

    order: int
    title: str
    short: str
    card: str = ""
    stop: Stop | None = None
    name: str = ""


def pages() -> tuple[Page, ...]:
    """All pages in the order of the navigation."""
    return _pages(tuple(jntk_viz.pages.__path__))


@cache
def _pages(folders: tuple[str, ...]) -> tuple[Page, ...]:
    found = []
    for module in iter_modules(folders):
        page = getattr(part_of(module.name), "PAGE", None)
        if page is not None:
            found.append(page._replace(name=module.name))
    return tuple(sorted(found))


def part_of(name: str, part: str = "") -> ModuleType:
    """A module of the page `name`, such as its `card`; the page's package by default."""
    return import_module(".".join(filter(None, ["jntk_viz.pages", name, part])))


def files_of(name: str, file: str) -> list[Path]:
    """Where the page `name` has a file of this name: one path, or none."""
    places = (Path(folder) / name / file for folder in jntk_viz.pages.__path__)
    return [place for place in places if place.is_file()]
