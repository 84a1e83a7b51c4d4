"""A server of one bare Panel page, a slider and an HTML pane, beside which memory is compared."""

import panel as pn
from panel.io.server import get_server


def page():
    slider = pn.widgets.IntSlider(name="Number", start=0, end=9)
    return pn.Column(slider, pn.pane.HTML(pn.bind(lambda number: f"<b>{number}</b>", slider)))


if __name__ == "__main__":
    server = get_server({"/page": page}, port=0, address="127.0.0.1", show=False, verbose=False)
    server.start()
    print(f"ready at http://127.0.0.1:{server.port}/ ", flush=True)
    server.io_loop.start()
