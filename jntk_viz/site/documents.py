"""Reference, guides and search of the site: written as text, built by Sphinx."""

import re
import shutil
import tempfile
from collections.abc import Container, Iterable
from importlib.metadata import version
from io import StringIO
from pathlib import Path

from jntk_viz.site import SiteError, guides, reference, search
from jntk_viz.whole_files import write_whole_text

_HERE = Path(__file__).parent
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def build_documents(
    out: Path, *, repository: str = "", beside: Iterable[search.Found] = (), names=None
) -> list[str]:
    """Write all documents into the folder `out`; returns Sphinx's warnings.

    Args:
        repository: address of the project; without it files that the site lacks are not linked.
        beside: other files of the site that the search finds.
        names: of the reference's documents, for a quick look; by default all.

    Raises `SiteError` where Sphinx is missing.
    """
    try:
        from sphinx.application import Sphinx
        from sphinx.util.docutils import docutils_namespace, patch_docutils
    except ImportError as error:
        raise SiteError(
            f"the documents are built by Sphinx, and {error.name} is missing: "
            "pip install 'jntk-viz[site]'"
        ) from error
    found = list(beside)
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder) / "source", Path(folder) / "made"
        write_sources(source, repository, names, {file.address for file in found})
        warnings = StringIO()
        with patch_docutils(str(source)), docutils_namespace():
            app = Sphinx(
                source, None, made, Path(folder) / "trees", "html",
                confoverrides=settings(), status=None, warning=warnings,
            )  # fmt: skip
            app.connect("autodoc-process-docstring", reference.marked_up)
            app.connect("html-page-context", _level_headings, priority=900)  # after Furo
            app.build()
            search.add_to_index(app, found)
        _move(made, out)
    lines = _COLOURS.sub("", warnings.getvalue()).splitlines()
    return [line for line in lines if line.strip()]


def _level_headings(app, page, template, context, tree) -> None:
    """Say of which level the headings of the navigation are, which Furo leaves out."""
    for part in ("furo_navigation_tree", "body"):
        html = context.get(part) or ""
        context[part] = html.replace('role="heading"', 'role="heading" aria-level="2"')


def settings() -> dict[str, object]:
    """What Sphinx's `conf.py` would say."""
    return {
        "project": "jntk_viz",
        "version": version("jntk-viz"),
        "release": version("jntk-viz"),
        "language": "en",
        "extensions": ["sphinx.ext.autodoc", "sphinx.ext.viewcode", "myst_parser"],
        "autodoc_member_order": "bysource",
        "autodoc_typehints": "none",
        "autodoc_class_signature": "mixed",
        "myst_heading_anchors": 3,
        "toc_object_entries_show_parents": "hide",
        "html_theme": "furo",
        "html_title": "jntk_viz",
        "templates_path": [str(_HERE / "templates")],
        "html_static_path": [str(_HERE / "static")],
        "html_css_files": ["documents.css"],
        "html_show_sphinx": False,
        "html_show_copyright": False,
        "html_copy_source": False,
        "html_show_sourcelink": False,
        # The line below a hit would be fetched, which browsers forbid where there is no server.
        "html_show_search_summary": False,
        "html_theme_options": {
            "announcement": "site",  # what it says stands in templates/page.html
        },
    }


def write_sources(
    folder: Path, repository: str = "", names=None, beside: Container[str] = ()
) -> None:
    """Write what Sphinx reads: one text for each document, and the contents.

    - `beside`: addresses of the pages and lessons that can be linked, without ".html".
    """
    subjects = [s for s in reference.subjects() if names is None or s.file in names]
    found = guides.guides()
    for guide in found:
        write_whole_text(folder / f"{guide.name}.md", guides.text_of(guide, repository, beside))
    for subject in subjects:
        write_whole_text(folder / f"{subject.file}.rst", reference.document(subject))
    write_whole_text(folder / "formulas.rst", reference.formulas_document(subjects, beside))
    write_whole_text(folder / "index.rst", contents([g.name for g in found], subjects))


def contents(guide_names: list[str], subjects: list[reference.Subject]) -> str:
    """The first document: what there is."""
    parts = ["Reference and guides", "====================", ""]
    for caption, names in (
        ("Teaching and serving", guide_names),
        ("The library", ["formulas", *(subject.file for subject in subjects)]),
    ):
        parts += [".. toctree::", f"   :caption: {caption}", "   :maxdepth: 1", ""]
        parts += [f"   {name}" for name in names]
        parts.append("")
    parts += ["All names", "---------", ""]
    for subject in subjects:
        linked = (f":py:obj:`{name} <{subject.module}.{name}>`" for name in subject.names)
        named = ", ".join(linked) or f":py:mod:`{subject.module}`"
        parts += [f"- :doc:`{subject.file}`: {named}"]
    return "\n".join([*parts, "", ":ref:`genindex`", ""])


def _move(made: Path, out: Path) -> None:
    """Replace the documents of an earlier run, files that are no longer made included."""
    shutil.rmtree(made / ".doctrees", ignore_errors=True)
    for leftover in (".buildinfo", "objects.inv"):
        (made / leftover).unlink(missing_ok=True)
    if out.exists():
        shutil.rmtree(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(made, out)
