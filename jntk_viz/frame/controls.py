"""Widgets for a GUI-free `param.Parameterized` state: how they stand, follow it and wait."""

import math
import numbers
import time

import panel as pn
import panel_material_ui as pmui
import param

from jntk_viz.frame.glossary import explained
from jntk_viz.frame.presets import setting_names

_DRAG = 0.12  # seconds: two steps of a held key are 0.03 apart
_PERIOD = 300  # milliseconds between two moments that are played
_FRAME = 50  # milliseconds between two looks at the clock


def control_rows(content):
    """The widgets of a page (`Content.rows`); those that do not act now are put away."""
    rows = [(row,) if isinstance(row, str) else row for row in content.rows]
    buttons = content.buttons()
    names = [name for row in rows for name in row if name not in buttons]
    made = controls_for(content.state, *names, slow=content.slow)
    content.widgets = dict(zip(names, made, strict=True)) | buttons

    def put_away(*_):
        for name, widget in content.widgets.items():
            widget.visible = content.acts(name)

    content.state.param.watch(put_away, setting_names(content.state))
    put_away()
    shown = [[content.widgets[name] for name in row] for row in rows]
    return [row[0] if len(row) == 1 else pn.Row(*row, margin=0) for row in shown]


def controls_for(state, *names, slow=()):
    """One widget per named parameter of `state`, tied to it both ways.

    Selector of numbers (widths, λ, times) -> DiscreteSlider, other Selector -> Select, Integer and
    Number with bounds -> slider, Boolean -> Switch, String -> TextInput. The label is the
    parameter's `label`, the tooltip its `doc`.

    - `names`: parameters, in order.
    - `slow`: those whose change starts heavy work: a single step reaches `state` at once, a drag
      when the reader pauses; the others follow the drag.

    Returns a list of widgets. Raises `ValueError` for a parameter that has no widget.
    """
    return [_control(state, name, slow=name in slow) for name in names]


def _control(state, name, slow):
    parameter = state.param[name]
    widget = _widget(parameter, getattr(state, name))

    def to_state(event):
        if event.new is not None:
            setattr(state, name, event.new)

    # Not `value_throttled`: after Reset it does not fire for the value it had last, and Material's
    # DiscreteSlider reports the position instead of the value.
    widget.param.watch(after_pause(to_state, _DRAG, first=True) if slow else to_state, "value")
    state.param.watch(lambda event: widget.param.update(value=event.new), name)
    _follow_choices(state, name, widget)
    return widget


def _follow_choices(state, name, widget):
    """Keep the widget's choices equal to the parameter's, which a page may change."""
    if isinstance(state.param[name], param.Selector):

        def choices(_):
            widget.param.update(options=state.param[name].get_range(), value=getattr(state, name))

        state.param.watch(choices, name, what="objects")
    elif isinstance(state.param[name], param.Number):

        def bounds(_):
            low, high = state.param[name].get_soft_bounds()
            widget.param.update(start=low, end=high)

        state.param.watch(bounds, name, what="bounds")


def _widget(parameter, value):
    common = {
        "label": parameter.label,
        "description": explained(" ".join((parameter.doc or "").split())),
        "value": value,
        "margin": (4, 10),
        "sizing_mode": "stretch_width",
    }
    if isinstance(parameter, param.Selector):
        options = parameter.get_range()
        if all(_is_number(v) for v in options.values()):
            whole = all(isinstance(v, numbers.Integral) for v in options.values())
            given = isinstance(parameter.objects, dict) or list(options) != [
                str(v) for v in options.values()
            ]
            return pmui.DiscreteSlider(
                options=options if given else list(options.values()),
                formatter="%d" if whole else "%.3g",
                **common,
            )
        return pmui.Select(options=options, size="small", **common)
    if isinstance(parameter, param.Boolean):
        return pmui.Switch(**common)
    if isinstance(parameter, param.Number):
        low, high = parameter.get_soft_bounds()
        if low is None or high is None:
            raise ValueError(f"`{parameter.name}` needs bounds or softbounds to get a slider.")
        whole = isinstance(parameter, param.Integer)
        slider = pmui.IntSlider if whole else pmui.FloatSlider
        step = parameter.step or (1 if whole else (high - low) / 100)
        return slider(start=low, end=high, step=step, **common)
    if isinstance(parameter, param.String):
        return pmui.TextInput(size="small", **common)
    raise ValueError(
        f"`{parameter.name}` is a {type(parameter).__name__}, for which there is no widget; "
        "use Selector, Boolean, Integer, Number or String."
    )


def _is_number(value):
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def after_pause(function, seconds=0.3, first=False):
    """`function` to be called once, with the last arguments, when calls have paused for `seconds`.

    - `first`: a call that comes after a pause passes at once, so that a single step of a control
      does not wait; those of a drag that follow it do.

    Without a served page there is nobody dragging, so it is called at once.
    """
    waiting = []
    last = -math.inf

    def call(*args):
        nonlocal last
        earlier, last = last, time.monotonic()
        doc = pn.state.curdoc
        if doc is None or not doc.session_context or (first and last - earlier > seconds):
            function(*args)
            return
        for handle in waiting:
            doc.remove_timeout_callback(handle)

        def run():
            waiting.clear()
            function(*args)

        waiting[:] = [doc.add_timeout_callback(run, int(1000 * seconds))]

    return call


def play_button(state, name, label="▶ Play", period=_PERIOD, ready=lambda: True):
    """A button that moves an Integer or a Selector to its end, from the start if it is there.

    - `period`: milliseconds between two steps;  `ready`: function, is the present one drawn?
    """
    parameter = state.param[name]
    whole = isinstance(parameter, param.Integer)
    stops = range(parameter.bounds[0], parameter.bounds[1] + 1) if whole else parameter.objects

    def advance():
        if not ready():
            return False
        later = list(stops)[stops.index(getattr(state, name)) + 1 :]
        if later:
            setattr(state, name, later[0])
        return len(later) < 2

    def begin():
        if getattr(state, name) == stops[-1]:
            setattr(state, name, stops[0])
        return advance

    return _player(label, period, begin, margin=(4, 10))


def play_through(state, name, seconds, label="▶ Play"):
    """A button that moves a Selector of ordered values from its first to its last and back.

    - `seconds`: that one way takes, however long a picture takes: values are passed over if need
      be. It begins where the setting is, and stops where the reader presses it again, or at the
      first value.
    """
    stops = list(state.param[name].get_range().values())
    path = [*range(len(stops)), *range(len(stops) - 2, -1, -1)]

    def begin():
        begun, first = time.monotonic(), stops.index(getattr(state, name))
        first = 0 if first == len(stops) - 1 else first

        def advance():
            place = first + int((time.monotonic() - begun) / seconds * (len(stops) - 1))
            setattr(state, name, stops[path[min(place, len(path) - 1)]])
            return place >= len(path) - 1

        return advance

    return _player(label, _FRAME, begin, margin=(10, 6), width=86)


def _player(label, period, begin, **look):
    """A button that starts and stops playing.

    - `begin`: called when it starts; returns the function that is then called every `period`
      milliseconds, until that says True: at the end.
    """
    button = pmui.Button(label=label, size="small", variant="outlined", **look)
    running = []

    def stop():
        while running:
            running.pop().stop()
        button.label = label

    def click(_):
        if running:
            stop()
            return
        advance = begin()
        button.label = "■ Stop"
        running.append(
            pn.state.add_periodic_callback(lambda: stop() if advance() else None, period=period)
        )

    button.on_click(click)
    return button
