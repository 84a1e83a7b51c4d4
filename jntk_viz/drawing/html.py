"""HTML on a page whose words change often, and samples of lines among words."""

import re

from jntk_viz.drawing import private_api

_PERCENT = re.compile(r"(?<=[\d–])((?:</\w+>)?) %")


def unbroken(html: str) -> str:
    """HTML, or plain words, in which no line ends between a number and its percent sign."""
    return _PERCENT.sub("\\1\N{NO-BREAK SPACE}%", html)


class Words(private_api.Words):
    """A pane of HTML, sent to the browser as new words alone; see there."""

    written = staticmethod(unbroken)


def line_sample(colour: str, style: str = "solid", thickness: float = 4) -> str:
    """A short piece of a picture's line as HTML, to stand before its name in a legend.

    - `style`: of a CSS border, such as "dashed".
    """
    return (
        f'<span style="display:inline-block;width:26px;border-top:{thickness}px {style} {colour};'
        'vertical-align:middle;margin:0 6px 2px 0"></span>'
    )
