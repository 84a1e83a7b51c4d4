"""Calls that wait until the reader pauses."""

from bokeh.document import Document
from panel.io.state import set_curdoc

from jntk_viz.frame import controls


def test_a_single_step_passes_at_once_and_a_drag_when_it_pauses(monkeypatch):
    now, calls, page = [100.0], [], Document()
    page._session_context = object  # as if it were served
    monkeypatch.setattr(controls.time, "monotonic", lambda: now[0])
    step = controls.after_pause(calls.append, seconds=0.3, first=True)
    later = controls.after_pause(calls.append, seconds=0.3)
    with set_curdoc(page):
        for value, when in ((1, 0.0), (2, 0.1), (3, 0.2)):
            now[0] = 100 + when
            step(value)
        assert calls == [1]
        (waiting,) = page.session_callbacks
        assert waiting.timeout == 300
        waiting.callback()
        assert calls == [1, 3]
        now[0] = 101
        step(4)
        assert calls == [1, 3, 4]
        later(5)
        assert calls == [1, 3, 4]
