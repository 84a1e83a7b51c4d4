"""The report of the reproduction as one HTML file: which claims hold, pictures, where from."""

import json
import re
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd

from jntk_viz.drawing import theme
from jntk_viz.drawing.figures import figure_json
from jntk_viz.export import html
from jntk_viz.reproduction import report_pictures as views
from jntk_viz.reproduction.result import Result, said_of
from jntk_viz.reproduction.study import FAILS, HOLDS, OPEN, Chart, Claim, Heatmap
from jntk_viz.whole_files import write_whole_text

_MARKS = {HOLDS: ("✓", "holds"), FAILS: ("✗", "fails"), OPEN: ("–", "open")}
_MOST_NUMBERS = 400  # rows of a table below a picture; what is longer lies in the Parquet file
_SCRIPT = """\
for (const element of document.querySelectorAll("script.figure")) {
  Bokeh.embed.embed_item(JSON.parse(element.textContent));
}
"""


def write_report(file: Path, results: list[Result]) -> Path:
    """Write the report and return its path."""
    theme.use_theme()
    write_whole_text(file, document(results))
    return file


def document(results: list[Result]) -> str:
    """The whole file; nothing in it is fetched from elsewhere."""
    scale = results[0].about["scale"]
    body = "\n".join([_opening(results, scale), *map(_study, results), _footer(results)])
    return html.document(
        f"Reproduction at {scale} scale",
        body,
        script=_SCRIPT,
        css=html.style("report.css").replace("HEIGHT", str(views.HEIGHT)),
        components=("bokeh",),
    )


def _opening(results: list[Result], scale: str) -> str:
    claims = [claim for result in results for claim in result.claims]
    tally = ", ".join(
        f"{escape(verdict)}: <b>{sum(claim.verdict == verdict for claim in claims)}</b>"
        for verdict in _MARKS
    )
    unfinished = [r for r in results if r.about["tasks_finished"] < r.about["tasks"]]
    partial = ""
    if unfinished:
        done, of = (sum(r.about[key] for r in results) for key in ("tasks_finished", "tasks"))
        partial = (
            f'<p class="failed">Not finished: {done} of {of} tasks are done. What stands here is '
            "of those; run the same command again to go on.</p>"
        )
    rows = "".join(
        f'<tr class="study-name"><td colspan="4">{i}. <a href="#{result.study.name}">'
        f"{escape(result.study.title)}</a></td></tr>" + "".join(map(_claim_row, result.claims))
        for i, result in enumerate(results, 1)
    )
    return f"""<header>
<h1>Which claims hold: an infinite-width analysis of Jacobian regularisation, rerun</h1>
<p class="source">Claims of Kim &amp; Yang, <i>An Infinite-Width Analysis on the
Jacobian-Regularised Training of a Neural Network</i>,
<a href="https://proceedings.mlr.press/v235/kim24ah.html">ICML 2024</a>, in our words.
Scale: {scale}.</p>
</header>
<main>
{partial}<p class="tally">{len(claims)} claims; {tally}.</p>
<div class="scroll"><table class="claims" id="claims">
<thead><tr><th>Claim</th><th>Source</th><th>Measured, with 95 % intervals</th><th>Verdict</th></tr>
</thead><tbody>{rows}</tbody></table></div>
<p class="source">✓ holds: the whole interval lies where the claim puts it. ✗ does not hold: the
whole interval lies elsewhere. – not reached at this scale: neither, or not measured.</p>"""


def _claim_row(claim: Claim, with_definitions: bool = False) -> str:
    mark, name = _MARKS[claim.verdict]
    definitions = ""
    if with_definitions and claim.definitions:
        definitions = f'<div class="definitions">{escape(claim.definitions)}</div>'
    return (
        f"<tr><td>{escape(claim.statement)}</td><td>{escape(claim.source)}</td>"
        f"<td>{escape(claim.measured)}{definitions}</td>"
        f'<td class="verdict {name}"><span aria-hidden="true">{mark}</span> '
        f"{escape(claim.verdict)}</td></tr>"
    )


def _study(result: Result) -> str:
    study, about = result.study, result.about
    figures = "".join(_figure(study.name, i, chart) for i, chart in enumerate(result.charts))
    rows = "".join(_claim_row(claim, with_definitions=True) for claim in result.claims)
    return f"""<section>
<h2 id="{study.name}">{escape(study.title)}</h2>
<p>{escape(study.question)}</p>
<p class="source">{escape(study.source)}. {about["tasks_finished"]} of {about["tasks"]} tasks,
{about["seconds"]:.0f} s of computing.</p>
{_problems(result)}<div class="figures">{figures}</div>
<details><summary>Its claims, with the definitions tried</summary><div class="scroll">
<table class="claims"><tbody>{rows}</tbody></table></div></details>
<details><summary>Columns of <code>{study.name}.parquet</code>, {len(result.table)} rows</summary>
<div class="scroll">{_columns(result)}</div></details>
<p class="said">{_with_code(said_of([result]))} Numbers: <code>{study.name}.parquet</code>, with
meaning and unit of every column in its metadata.</p>
</section>"""


def _problems(result: Result) -> str:
    """Tasks that failed and conclusions that could not be made, in full."""
    failed = "".join(
        f"<li><code>{escape(json.dumps(failure['task']))}</code>: {escape(failure['message'])}"
        f"<details><summary>Traceback</summary><pre>{escape(failure['details'])}</pre></details>"
        "</li>"
        for failure in result.failures
    )
    parts = [f"<p>Tasks that failed; the next run tries them again:</p><ul>{failed}</ul>"]
    parts = parts if failed else []
    if result.problem:
        parts.append(
            "<p>Not everything could be concluded from the rows:</p>"
            f"<pre>{escape(result.problem)}</pre>"
        )
    return f'<div class="failed">{"".join(parts)}</div>\n' if parts else ""


def _figure(study: str, index: int, chart: Chart | Heatmap) -> str:
    figure, place = views.figure(chart), f"{study}-{index}"
    if figure is None:
        return (
            f"<figure><h3>{escape(chart.title)}</h3><figcaption>Nothing measured yet. "
            f"{escape(chart.caption)}</figcaption></figure>"
        )
    signs = "".join(f"<li>{sign} {escape(label)}</li>" for label, sign in views.legend(chart))
    legend = f'<ul class="legend">{signs}</ul>' if signs else ""
    return f"""<figure><h3>{escape(chart.title)}</h3>{legend}
<div class="picture" id="{place}" role="img"
aria-label="{escape(chart.title)}. The numbers are below."></div>
<script type="application/json" class="figure">{figure_json(figure, place)}</script>
<figcaption>{escape(chart.caption)}</figcaption>{_numbers(study, chart)}</figure>
"""


def _numbers(study: str, chart: Chart | Heatmap) -> str:
    head, rows = views.numbers(chart)
    if len(rows) > _MOST_NUMBERS:
        return f'<p class="source">{len(rows)} numbers: see <code>{study}.parquet</code>.</p>'
    return (
        '<details><summary>Numbers</summary><div class="scroll"><table class="numbers">'
        f"<thead><tr>{_cells(head, 'th')}</tr></thead><tbody>"
        + "".join(f"<tr>{_cells(map(_number, row))}</tr>" for row in rows)
        + "</tbody></table></div></details>"
    )


def _columns(result: Result) -> str:
    """What each column means and what occurs in it."""
    rows = "".join(
        f"<tr>{_cells([name, column.meaning, column.unit, _occurring(result.table[name])])}</tr>"
        for name, column in result.study.columns.items()
    )
    head = _cells(["column", "meaning", "unit", "values"], "th")
    return f'<table class="columns"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _occurring(values: pd.Series) -> str:
    """The different values of a column, or how they are spread where there are many."""
    there = values.dropna()
    different = there.unique()
    if len(different) <= 12:
        return ", ".join(map(_number, different)) or "none yet"
    if not pd.api.types.is_numeric_dtype(there):
        return f"{len(different)} different"
    low, middle, high = np.quantile(there.astype(float), (0, 0.5, 1))
    return f"{low:.3g} to {high:.3g}, median {middle:.3g}"


def _number(value) -> str:
    """A number as in a table; text as it is; nothing for what is not there."""
    if value is None or value != value:
        return "—"
    if isinstance(value, str | int | np.integer | np.bool_):
        return str(value)
    return f"{value:.4g}".replace("inf", "∞")


def _with_code(text: str) -> str:
    """Text in which backticks mark code."""
    return re.sub("`(.*?)`", r"<code>\1</code>", escape(text))


def _cells(texts, tag: str = "td") -> str:
    return "".join(f"<{tag}>{escape(str(text))}</{tag}>" for text in texts)


def _footer(results: list[Result]) -> str:
    return f"""</main>
<footer><h2>How this was made</h2>
<p class="said">{_with_code(said_of(results))}</p>
<p class="said">Beside this file: the rows of every study as Parquet, <code>claims.json</code> for
programs, <code>claims.md</code> for a README.</p></footer>"""
