"""Serve the pages from this process: the port, the start, the log, and the announcement.

Panel and JAX are imported by the functions that need them, so that a port that is taken is told at
once.
"""

import errno
import logging
import signal
import socket
import sys
import traceback
import webbrowser
from concurrent.futures import ThreadPoolExecutor

from jntk_viz.compiled_code import keep_compiled_code
from jntk_viz.device import check_device
from jntk_viz.engine.options import check_options, steps_run
from jntk_viz.folders import (
    CannotServe,
    addresses_ahead,
    app_files,
    app_routes,
    apps_folder,
    use_folders,
)
from jntk_viz.server.memory import BESIDE_WORKERS_MB, MOST_MB, Keeper, limit_mb, set_apart

_TOKENS = 30 * 24 * 3600  # seconds that a page may wait on the shelf for its reader


def serve(arguments) -> int:
    """Serve all apps until Ctrl-C or SIGTERM; long work runs here, or on Dask's workers."""
    use_folders(arguments)
    check_options(arguments)
    port = claim_port(arguments.address, arguments.port)
    routes = app_routes(apps_folder())
    ahead = addresses_ahead(arguments, routes)
    # Until the server is there, Ctrl-C ends the process at once: imports may swallow an exception.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    print("Starting jntk_viz …", flush=True)
    keep_compiled_code()

    from jntk_viz.engine.runners import step_back

    # XLA's own threads, which are started with the device, then stand behind as well.
    with ThreadPoolExecutor(1, initializer=step_back) as behind:
        behind.submit(check_device).result()
    with steps_run(arguments):
        return serve_pages(arguments, routes, ahead, port)


def serve_pages(arguments, routes, ahead, port: int) -> int:
    """Start the server and run it until it is stopped."""
    warm_up()

    import panel as pn

    from jntk_viz.server.ready import Shelf
    from jntk_viz.server.warm import Warmer, import_apps

    shelf = Shelf(ahead, arguments.ready)
    shelf.install()
    server = make_server(arguments, routes, port)
    if arguments.warm:
        import_apps(app_files(routes))
        set_apart()
    # get_server has just made Ctrl-C stop the loop; let a plain `kill` do the same.
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
    url = f"http://{url_host(arguments.address)}:{port}{server.prefix}/"
    server.start()
    server.io_loop.add_callback(announce, url, arguments.address, arguments.show)
    warmer = Warmer(app_files(routes))

    async def work_ahead():
        if arguments.warm:
            await warmer.run()
        await shelf.keep_full(server, url.removesuffix("/"))

    if arguments.warm or arguments.ready > 1:
        server.io_loop.call_later(1, work_ahead)
    elsewhere = arguments.workers or arguments.scheduler
    keeper = Keeper(BESIDE_WORKERS_MB if elsewhere else MOST_MB, limit_mb())
    pn.state.on_session_created(keeper.page_opened)
    pn.state.on_session_destroyed(keeper.page_closed)
    server.io_loop.add_callback(keeper.run)
    server.io_loop.start()
    server.stop()
    print("\nStopped.")
    return 0


def make_server(arguments, routes, port: int):
    """Panel's server of the routes, protected, its log without visitors who have left."""
    from panel.io.server import get_server

    from jntk_viz.server.security import protection

    names = {"localhost", "127.0.0.1", url_host(arguments.address)}
    server = get_server(
        routes,
        port=port,
        address=arguments.address,
        prefix=arguments.prefix,
        websocket_origin=[f"{name}:{port}" for name in names] + arguments.allow_websocket_origin,
        show=False,
        verbose=False,
        session_token_expiration=_TOKENS,
        **protection(),
    )
    server.io_loop.asyncio_loop.set_exception_handler(pass_over_closed_pages)
    for name in ("tornado.application", "bokeh.server.protocol_handler", "bokeh.server.views.ws"):
        logging.getLogger(name).addFilter(keeps_in_log)
    return server


def claim_port(address: str, port: int) -> int:
    """`port`, or a free one for 0. Asked before the slow imports, to fail at once."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            if sys.platform != "win32":  # there it would allow a second server on one port
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
            return probe.getsockname()[1]
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            reason = f"port {port} is taken, perhaps by an earlier `jntk-viz serve`"
        else:
            reason = f"cannot listen on {address}, port {port}: {error.strerror or error}"
        remedy = f"`jntk-viz serve --port {min(port + 1, 65535)}`, or `--port 0` for any free port"
        raise CannotServe(f"{reason}. Try {remedy}") from error


def warm_up() -> None:
    """Import what every app imports, so that the first visitor does not wait for it."""
    import holoviews
    import pandas  # noqa: F401 - HoloViews imports it with its first mesh
    import panel_material_ui  # noqa: F401
    import scipy.linalg  # noqa: F401 - brings the BLAS that JAX uses
    from bokeh.settings import settings
    from threadpoolctl import threadpool_limits

    import jntk_viz.frame.shell  # noqa: F401
    from jntk_viz.drawing.private_api import make_bokeh_quick
    from jntk_viz.server.pace import pace_updates

    holoviews.extension("bokeh")
    # One page's eigenvalues take 20 ms on one BLAS thread; where several pages share the cores,
    # threads that wait for one another have made it two seconds.
    threadpool_limits(1)
    # Threads that compute hold Python's lock for so long when the event loop wants it back, which
    # is several times for each update: 5 ms is Python's default.
    sys.setswitchinterval(0.001)
    # Of each page that opens Bokeh would look for ranges without limits and the like, and at the
    # arguments of each callback. Tests do; here it takes a tenth of the time.
    settings.perform_document_validation = False
    settings.perform_error_diagnostics = False
    make_bokeh_quick()
    pace_updates()
    set_apart()  # what has been imported stays


def pass_over_closed_pages(loop, context) -> None:
    """Log what goes wrong in the event loop, except that a visitor left during an update."""
    if not visitor_left(context.get("exception")):
        loop.default_exception_handler(context)


def keeps_in_log(record) -> bool:
    """Whether the server's log keeps a record: all of them but those of visitors who left."""
    if record.msg == "Failed sending message as connection was closed":  # Bokeh, without exception
        return False
    return not (record.exc_info and visitor_left(record.exc_info[1]))


def visitor_left(error) -> bool:
    """Whether an exception only says that a visitor closed the page.

    Bokeh's ping, when it meets a closed connection first, parts it from its session, and the
    connection's own end then finds none: an assertion in `bokeh.server.connection`.
    """
    from tornado.websocket import WebSocketClosedError

    if isinstance(error, AssertionError):
        frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
        return bool(frames) and frames[-1].f_globals["__name__"] == "bokeh.server.connection"
    return isinstance(error, WebSocketClosedError)


def url_host(address: str) -> str:
    """The address as it stands in a URL; a server that listens everywhere is called localhost."""
    if address in ("", "0.0.0.0", "::"):
        return "localhost"
    return f"[{address}]" if ":" in address else address


def announce(url: str, address: str, show: bool) -> None:
    print(f"jntk_viz is ready at {url}  (Ctrl-C stops it)", flush=True)
    if address not in ("127.0.0.1", "localhost", "::1"):
        print("Everybody who reaches this machine over the network can open it.", flush=True)
    if show:
        webbrowser.open(url)
