"""Copies of a Bokeh figure, for pages that show the same picture.

HoloViews takes a third of a second for a figure, a copy of what it has drawn a third of that.
"""

import dataclasses

from bokeh.model import Model
from bokeh.plotting import figure


class Original:
    """A figure of which copies are made. It stays as it is, and is never shown itself.

    Raises `ValueError` for parts that refer to one another in a circle, unless by the figure.
    """

    def __init__(self, original: figure):
        self._figure = original
        self._set = {model: _set_values(model) for model in original.references()}

    def copy(self) -> tuple[figure, dict[Model, Model]]:
        """A copy, and {model of the original: its copy}.

        Nothing that is changed in one is seen in another. Arrays in data sources are shared: they
        are replaced, not written into. Python callbacks are not copied.
        """
        blank = figure(x_axis_type=None, y_axis_type=None, tools=[])
        copies = {self._figure: blank}  # known before its parts are, some of which refer to it
        blank.update(**self._copied(self._set[self._figure], copies))
        return blank, copies

    def _copied(self, value, copies):
        """A property's value with copies in place of models."""
        if isinstance(value, Model):
            if value not in copies:
                copies[value] = type(value)(**self._copied(self._set[value], copies))
            return copies[value]
        if isinstance(value, dict):
            return {key: self._copied(each, copies) for key, each in value.items()}
        if isinstance(value, (list, tuple, set)):
            return type(value)(self._copied(each, copies) for each in value)
        # Where a glyph's numbers come from, and by which colour mapper they become colours.
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            parts = {part.name: getattr(value, part.name) for part in dataclasses.fields(value)}
            return dataclasses.replace(value, **self._copied(parts, copies))
        return value


def _set_values(model: Model) -> dict:
    """The properties of a model that have been set."""
    values = model.properties_with_values(include_defaults=False)
    return {name: _plain(v) for name, v in values.items() if not model.lookup(name).readonly}


def _plain(value):
    """Bokeh's own lists and dictionaries, which tell their owners of changes, as Python's."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value
