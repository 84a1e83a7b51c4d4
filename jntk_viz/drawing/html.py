"""HTML on a page whose words change often, and samples of lines among words."""

from jntk_viz.drawing.private_api import Words

__all__ = ["Words", "line_sample"]


def line_sample(colour: str, style: str = "solid", thickness: float = 4) -> str:
    """A short piece of a picture's line as HTML, to stand before its name in a legend.

    - `style`: of a CSS border, such as "dashed".
    """
    return (
        f'<span style="display:inline-block;width:26px;border-top:{thickness}px {style} {colour};'
        'vertical-align:middle;margin:0 6px 2px 0"></span>'
    )
