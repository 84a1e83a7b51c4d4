"""Docstrings of this package as reStructuredText.

They are written to be read as they stand: equations are indented, and |J|, *, and names with
underscores mean themselves. Here they are marked up, so that Sphinx shows them as they read.
"""

import re
from textwrap import dedent, indent

# A section's name as it is written -> as it is shown.
SECTIONS = {
    "Args": "Arguments",
    "Attributes": "Attributes",
    "Returns": "Returns",
    "Raises": "Raises",
    "Yields": "Yields",
}
_HEADER = re.compile(rf"({'|'.join(SECTIONS)}):\s*$")
_ENTRY = re.compile(r"(?P<names>[A-Za-z_][\w, *]*): +(?P<text>.*)")
# The next entry on the same line, as in "in_size: d0 ≥ 1; width: d ≥ 1".
_ANOTHER = re.compile(r"(?<=[.;]) (?=[A-Za-z_]\w*(?:, \w+)*: )")
_CODE = re.compile(r"`+([^`]+)`+")
_SPECIAL = re.compile(r"([\\*|])|(?<=\w)(_)(?!\w)")


def as_rst(docstring: str) -> str:
    """A docstring as reStructuredText: text, indented blocks as they are, sections as lists."""
    lines = _cleaned(docstring)
    parts, heading, body = [], "", []
    for line in [*lines, "Returns:"]:  # the last one ends the section before
        match = _HEADER.match(line)
        if match is None:
            body.append(line)
            continue
        parts.append(_section(heading, body))
        heading, body = match[1], []
    return "\n\n".join(filter(None, parts)) + "\n"


def _cleaned(docstring: str) -> list[str]:
    first, _, rest = docstring.expandtabs().strip("\n").partition("\n")
    return [first.strip(), *dedent(rest).splitlines()]


def _section(heading: str, lines: list[str]) -> str:
    if not heading:
        return _blocks(lines)
    body = dedent("\n".join(lines)).strip("\n").splitlines()
    entries = _entries(body) if heading in ("Args", "Attributes", "Raises") else None
    shown = _definitions(entries) if entries else _blocks(body)
    return f".. rubric:: {SECTIONS[heading]}\n\n{shown}"


def _entries(lines: list[str]) -> list[tuple[str, list[str]]] | None:
    """(names, text) of each entry; None where the section is no list of entries."""
    entries: list[tuple[str, list[str]]] = []
    for line in _ANOTHER.sub("\n", "\n".join(lines)).splitlines():
        match = _ENTRY.match(line)
        if match:
            entries.append((match["names"], [match["text"]]))
        elif not entries:
            return None
        else:
            entries[-1][1].append(line.strip())
    return entries


def _definitions(entries: list[tuple[str, list[str]]]) -> str:
    """A definition list; the first line of each names what is defined."""
    items = []
    for names, text in entries:
        said = escape(" ".join(filter(None, text)))
        terms = ", ".join(f"``{name.strip()}``" for name in names.split(","))
        items.append(f"{terms}\n{indent(said, '   ')}")
    return "\n".join(items)


def _blocks(lines: list[str]) -> str:
    """Paragraphs, lists, and indented blocks, which keep their lines."""
    text = dedent("\n".join(lines)).strip("\n")
    parts = []
    for block in re.split(r"\n\s*\n", text):
        if not block.strip():
            continue
        if all(line.startswith(" ") for line in block.splitlines()):
            parts.append(f".. code-block:: none\n\n{indent(dedent(block), '   ')}")
        elif block.startswith("- "):
            parts.append(_list(block))
        else:
            parts.append(escape(" ".join(line.strip() for line in block.splitlines())))
    return "\n\n".join(parts)


def _list(block: str) -> str:
    items = re.split(r"\n(?=- )", block)
    return "\n".join(f"- {escape(' '.join(item[2:].split()))}" for item in items)


def escape(text: str) -> str:
    """Plain words in which `names` are code and everything else means itself."""
    parts, position = [], 0
    for match in _CODE.finditer(text):
        parts += [_escaped(text[position : match.start()]), f"``{match[1].strip()}``"]
        # An inline literal has to end before a blank or a sign.
        if match.end() < len(text) and text[match.end()].isalnum():
            parts.append("\\ ")
        position = match.end()
    return "".join([*parts, _escaped(text[position:])])


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda match: "\\" + match.group(), text)
