"""Controls that pages share: a button that plays a setting, and widgets of one view."""

import time

import panel as pn
import panel_material_ui as pmui
import param

_PERIOD = 300  # milliseconds between two moments


def play_button(state, name, label="▶ Play", period=_PERIOD, ready=lambda: True):
    """A button that moves an Integer or a Selector to its end, from the start if it is there.

    - `period`: milliseconds between two steps;  `ready`: function, is the present one drawn?
    """
    parameter = state.param[name]
    whole = isinstance(parameter, param.Integer)
    stops = range(parameter.bounds[0], parameter.bounds[1] + 1) if whole else parameter.objects
    button = pmui.Button(label=label, size="small", variant="outlined", margin=(4, 10))
    running = []

    def stop():
        while running:
            running.pop().stop()
        button.label = label

    def advance():
        if not ready():
            return
        later = list(stops)[stops.index(getattr(state, name)) + 1 :]
        if later:
            setattr(state, name, later[0])
        if len(later) < 2:
            stop()

    def click(_):
        if running:
            stop()
            return
        if getattr(state, name) == stops[-1]:
            setattr(state, name, stops[0])
        button.label = "■ Stop"
        running.append(pn.state.add_periodic_callback(advance, period=period))

    button.on_click(click)
    return button


_FRAME = 50  # milliseconds between two looks at the clock


def play_through(state, name, seconds, label="▶ Play"):
    """A button that moves a Selector of ordered values from its first to its last and back.

    - `seconds`: that one way takes, however long a picture takes: values are passed over if need
      be. It begins where the setting is, and stops where the reader presses it again, or at the
      first value.
    """
    stops = list(state.param[name].get_range().values())
    button = pmui.Button(label=label, size="small", variant="outlined", margin=(10, 6), width=86)
    running = []
    path = [*range(len(stops)), *range(len(stops) - 2, -1, -1)]

    def stop():
        while running:
            running.pop()[0].stop()
        button.label = label

    def advance():
        _, begun, first = running[0]
        place = first + int((time.monotonic() - begun) / seconds * (len(stops) - 1))
        setattr(state, name, stops[path[min(place, len(path) - 1)]])
        if place >= len(path) - 1:
            stop()

    def click(_):
        if running:
            stop()
            return
        button.label = "■ Stop"
        first = stops.index(getattr(state, name))
        first = 0 if first == len(stops) - 1 else first
        callback = pn.state.add_periodic_callback(advance, period=_FRAME)
        running.append((callback, time.monotonic(), first))

    button.on_click(click)
    return button


def shown_in(state, widget, *views):
    """Show a widget only in the views where it acts."""

    def follow(*_):
        widget.visible = state.view in views

    state.param.watch(follow, "view")
    follow()
