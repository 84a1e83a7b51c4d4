"""The project's Markdown documents, with links that hold inside the site."""

import re
from collections.abc import Container
from pathlib import Path
from typing import NamedTuple

from jntk_viz.folders import own_documents, own_lessons

_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)")


class Guide(NamedTuple):
    """A document: its file in the site (without ending) and the Markdown file it is made from."""

    name: str
    source: Path


def guides() -> list[Guide]:
    """Those of the site, in the order of its contents."""
    documents = own_documents()
    return [
        Guide("teaching", own_lessons() / "README.md"),
        *(
            Guide(name, documents / f"{name}.md")
            for name in ("course", "serving", "security", "networks", "reproduction")
        ),
    ]


def text_of(guide: Guide, repository: str = "", beside: Container[str] = ()) -> str:
    """Its Markdown; what the site does not hold is linked in the repository, if that is known.

    - `repository`: address of the project, such as https://github.com/NAME/jntk_viz.
    - `beside`: addresses of the lessons that the site holds, such as "../lessons/00_start_here".
    """
    text = guide.source.read_text(encoding="utf-8")
    names = {other.source.name: other.name for other in guides()}
    names["README.md"] = "teaching"
    # `notebooks/` and `docs/` lie side by side in the project, wherever a package keeps them.
    folder = "notebooks" if guide.name == "teaching" else "docs"

    def linked(match: re.Match) -> str:
        words, target = match.groups()
        if "://" in target or target.startswith("#"):
            return match.group()
        file, _, place = target.partition("#")
        name = Path(file).name
        lesson = f"../lessons/{name.removesuffix('.ipynb')}"
        if lesson in beside:
            return f'<a href="{lesson}.html">{words}</a>'
        if name in names and name.endswith(".md"):
            return f"[{words}]({names[name]}.md{'#' + place if place else ''})"
        if repository:
            inside = _normal(f"{folder}/{file}")
            return f"[{words}]({repository.rstrip('/')}/tree/HEAD/{inside})"
        return words

    return _LINK.sub(linked, text)


def _normal(path: str) -> str:
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)
