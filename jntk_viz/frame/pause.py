"""Calls that wait until the reader pauses."""

import math
import time

import panel as pn


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
