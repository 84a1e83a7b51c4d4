"""Slides of a lesson: one HTML file that needs no kernel and no network.

nbconvert's own slides take reveal.js, MathJax and three more scripts from other hosts, and cut off
what is higher than the screen. Here reveal.js is the copy that Panel ships, formulas are set by the
MathJax that Bokeh ships, and a slide that is higher than 720 pixels scrolls.
"""

import re
from pathlib import Path

import nbformat
import panel
from nbconvert.exporters import SlidesExporter
from nbconvert.preprocessors import ExecutePreprocessor

from jntk_viz.export.html import inside_tag, script_file, script_tags

_HERE = Path(__file__).parent
_TEMPLATE = """\
{% extends 'index.html.j2' %}
{% block html_head_js %}{% endblock %}
{% block html_head_js_mathjax %}{% endblock %}
{% block jupyter_widgets %}{% endblock %}
{% block footer_js %}SLIDES_SCRIPTS{% endblock %}
"""
# Scripts that load Bokeh and Panel, controls that wait for a kernel. The file has Bokeh inside;
# of a control, its form on paper is left.
_FOR_A_KERNEL = (
    "application/javascript",
    "application/vnd.holoviews_load.v0+json",
    "application/vnd.holoviews_exec.v0+json",
    "application/vnd.jupyter.widget-view+json",
)


def write_slides(lesson: Path, folder: Path, *, execute: bool = True) -> Path:
    """Run a lesson and write NAME.slides.html into `folder`; returns the path of that file.

    - `lesson`: a notebook with the metadata `slideshow`;  `execute`: False takes its outputs as
      they are.
    """
    notebook = nbformat.read(lesson, as_version=4)
    if execute:
        runner = ExecutePreprocessor(timeout=600, store_widget_state=False)
        runner.preprocess(notebook, {"metadata": {"path": str(lesson.parent)}})
    notebook.metadata.pop("widgets", None)
    keep_on_paper(notebook)
    scripts = "".join(map(script_file, ("film.js", "formulas.js", "slides.js")))
    html = slides_html(notebook, lesson.stem, script_tags(), scripts)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{lesson.stem}.slides.html"
    target.write_text(html, encoding="utf-8")
    return target


def slides_html(notebook, title: str, libraries: str, script: str, css: str = "") -> str:
    """A notebook that has been run as slides, in one file.

    - `libraries`: HTML with BokehJS;  `script`: typesets and starts reveal.js;  `css`: comes last.
    """
    exporter = SlidesExporter(
        raw_template=_TEMPLATE, exclude_input=True, exclude_input_prompt=True,
        exclude_output_prompt=True, reveal_transition="none",
    )  # fmt: skip
    html, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": title}})
    return _self_contained(html, libraries, script, css)


def keep_on_paper(notebook) -> None:
    """Take the outputs away that only a kernel could fill with life."""
    for cell in notebook.cells:
        cell.outputs = [out for out in cell.get("outputs", []) if _on_paper(out)]


def _on_paper(output) -> bool:
    """Take away what only a kernel could show; is anything left?"""
    data = output.get("data")
    if data is None:
        return True
    loads = any("holoviews_" in kind or kind == "application/javascript" for kind in data)
    for kind in _FOR_A_KERNEL:
        data.pop(kind, None)
    return not loads and bool(data)


def _self_contained(html: str, libraries: str, script: str, css: str) -> str:
    """Put style sheets and scripts of this machine where links to other hosts stood."""
    places = sorted((Path(panel.__file__).parent / "dist/bundled").glob("reveal.js@*/dist"))
    if not places:
        raise FileNotFoundError(
            f"Panel {panel.__version__} ships no reveal.js. Install the version in "
            "constraints.txt; `jntk-viz doctor` checks versions."
        )
    reveal = places[-1]

    def text(file):
        return (reveal / file).read_text(encoding="utf-8")

    style = (_HERE / "slides.css").read_text(encoding="utf-8") + css
    # The theme's fonts lie beside it; the rest of the file uses those of the reader's system.
    theme = re.sub(r"@import url\([^)]*\);?", "", text("theme/simple.css"))
    html = re.sub(r"<link [^>]*dist/reveal\.css[^>]*>", lambda _: "", html)
    sheets = f"<style>{text('reveal.css')}</style>\n<style>{theme}</style>\n<style>{style}</style>"
    html = re.sub(r"<link [^>]*dist/theme/[^>]*>", lambda _: sheets, html)
    scripts = f"{libraries}<script>{inside_tag(text('reveal.min.js'))}</script>\n"
    return html.replace("SLIDES_SCRIPTS", f"{scripts}<script>{inside_tag(script)}</script>", 1)
