"""HTML on a page whose words change often, and samples of lines among words."""

import panel as pn


class Words(pn.pane.HTML):
    """Panel's HTML pane, which sends new words to the browser and nothing else.

    Panel's own sends its style sheets along with every change. These are models, and at each new
    list of models Bokeh walks through the whole page; the browser reads the style sheets again.
    """

    priority = None  # never chosen for a plain string

    def _update(self, ref, model):
        model.text = self._transform_object(self.object)["object"]


def line_sample(colour: str, style: str = "solid", thickness: float = 4) -> str:
    """A short piece of a picture's line as HTML, to stand before its name in a legend.

    - `style`: of a CSS border, such as "dashed".
    """
    return (
        f'<span style="display:inline-block;width:26px;border-top:{thickness}px {style} {colour};'
        'vertical-align:middle;margin:0 6px 2px 0"></span>'
    )
