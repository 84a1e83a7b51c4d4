"""HTML on a page whose words change often."""

import panel as pn


class Words(pn.pane.HTML):
    """Panel's HTML pane, which sends new words to the browser and nothing else.

    Panel's own sends its style sheets along with every change. These are models, and at each new
    list of models Bokeh walks through the whole page; the browser reads the style sheets again.
    """

    priority = None  # never chosen for a plain string

    def _update(self, ref, model):
        model.text = self._transform_object(self.object)["object"]
