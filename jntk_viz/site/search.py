"""What the search of the documents finds in the pages and lessons beside them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from jntk_viz.folders import own_lessons
from jntk_viz.frame.registry import pages, part_of

_TAG = re.compile(r"<[^>]+>|\$[^$]+\$|!?\[|\]\([^)]*\)|[#*`]")


class Found(NamedTuple):
    """A file of the site as the search knows it: address without ".html", title, text."""

    address: str
    title: str
    text: str


def of_pages(out: Path) -> Iterator[Found]:
    """Every page with every preset that has been written into the folder `out`."""
    from jntk_viz.drawing.theme import use_theme
    from jntk_viz.frame.presets import load_presets

    use_theme()
    for page in pages():
        state = part_of(page.name, "page")
        content = _content(state)
        presets, _ = load_presets(page.name, content.state)
        about = [page.title, page.card, content.question]
        about += [formula.meaning for formula in content.formulas]
        for number, preset in enumerate(presets):
            name = f"{page.name}-{preset.name}" if number else page.name
            if not (out / f"{name}.html").is_file():
                continue
            asked = preset.predict.question if preset.predict else ""
            words = " ".join([preset.title, preset.say, asked, *about])
            yield Found(f"../{name}", f"{preset.title} – {page.title}", _TAG.sub(" ", words))


def _content(module) -> Any:
    """An object of the page's `Content`, with nothing computed."""
    from jntk_viz.frame.content import Content

    kind: Any
    (kind,) = (
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Content)
        and value.__module__ == module.__name__
    )
    return kind()


def of_lessons(out: Path, notebooks: Path | None = None) -> Iterator[Found]:
    """Every lesson that has been written into the folder `out`, from the package's or others."""
    for notebook in sorted((notebooks or own_lessons()).glob("*.ipynb")):
        if not (out / "lessons" / f"{notebook.stem}.html").is_file():
            continue
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
        title = next(
            (line.lstrip("# ") for text in texts for line in text.splitlines() if line[:2] == "# "),
            notebook.stem,
        )
        text = _TAG.sub(" ", " ".join(texts))
        yield Found(f"../lessons/{notebook.stem}", f"Lesson: {title}", text)


def add_to_index(app, found: list[Found]) -> None:
    """Let Sphinx's index of the documents, once it is made, know these files as well."""
    from docutils import nodes
    from docutils.utils import new_document

    index = app.builder.indexer
    for file in found:
        document = new_document(file.address)
        section = nodes.section("", nodes.title("", file.title), ids=["top"])
        section += nodes.paragraph("", file.text)
        document += section
        index.feed(file.address, f"{file.address}.html", file.title, document)
    target = Path(app.outdir) / app.builder.searchindex_filename
    with target.open("w", encoding="utf-8") as file:
        index.dump(file, app.builder.indexer_format)
