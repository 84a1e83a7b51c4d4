"""The command `jntk-viz`: serve or export the pages, open the lessons, rerun the paper, check.

Panel and JAX are imported by the subcommand that needs them: `--help` answers at once, and
importing this module stays free of any plotting library.
"""

import argparse
import errno
import gc
import logging
import os
import signal
import socket
import sys
import traceback
import webbrowser
from importlib.metadata import version
from io import TextIOWrapper
from pathlib import Path

from jntk_viz.export.command import add_export_parser
from jntk_viz.reproduction.command import add_reproduce_parser

DESCRIPTION = """\
Infinite-width kernels of a network and its input Jacobian, computed and shown live.
"""
EXAMPLES = """\
examples:
  jntk-viz serve                      the apps on port 5006, in a browser if there is one
  jntk-viz serve --port 0             the same on any free port
  jntk-viz serve --data ~/uci         with the UCI files that lie in ~/uci
  jntk-viz export --site public       every page as files for a static host
  jntk-viz reproduce                  the paper's experiments, and which claims hold
  jntk-viz lab                        the lessons in JupyterLab
  jntk-viz doctor                     is this installation sound?

`jntk-viz COMMAND --help` explains the options of one command.
"""
SERVE_EXAMPLES = """\
For a class, open the server to the local network and name the address that the class types:
  jntk-viz serve --address 0.0.0.0 --allow-websocket-origin 192.168.1.20:5006

Behind a reverse proxy that forwards https://example.org/jntk:
  jntk-viz serve --prefix jntk --allow-websocket-origin example.org
"""
# JupyterLab would ask the net for its newest version, and the reader whether to fetch news.
QUIET = (
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.news_url=None",
)


class CannotServe(Exception):
    """The pages or lessons cannot be shown; the message says why and what to do."""


def main(argv=None) -> int:
    """Run the command line `argv` (default: the process's own) and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A Windows console may know no ✓; better a question mark than a traceback.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    parser = build_parser()
    arguments = parser.parse_args(argv)
    if arguments.command is None:
        parser.print_help()
        return 0
    try:
        return arguments.command(arguments)
    except CannotServe as error:
        print(f"jntk-viz: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jntk-viz",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"jntk-viz {version('jntk-viz')}")
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    add_serve_parser(commands)
    add_export_parser(commands)
    add_reproduce_parser(commands)
    summary = "open the lessons in JupyterLab"
    lab_parser = commands.add_parser("lab", help=summary, description=f"{summary.capitalize()}.")
    add_show_option(lab_parser)
    lab_parser.set_defaults(command=lab)
    summary = "check versions, device, precision, cache, data and kernels"
    doctor = commands.add_parser("doctor", help=summary, description=f"{summary.capitalize()}.")
    doctor.set_defaults(command=run_doctor)
    return parser


def add_serve_parser(commands) -> None:
    serve_parser = commands.add_parser(
        "serve",
        help="serve every app and the landing page",
        description="Serve every app and the landing page from this machine; Ctrl-C stops it.",
        epilog=SERVE_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = serve_parser.add_argument
    add("--port", type=port_number, default=5006, help="0 takes any free one (default: 5006)")
    add("--address", default="127.0.0.1", help="where to listen (default: 127.0.0.1, this machine)")
    add("--data", type=Path, metavar="DIR", help="folder with the UCI files, as JNTK_VIZ_DATA")
    add("--presets", type=Path, metavar="DIR", help="folder with presets, as JNTK_VIZ_PRESETS")
    add_show_option(serve_parser)
    add(
        "--warm",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="compute every page's first pictures in the background, before visitors ask for them",
    )
    add("--prefix", default="", help="path in front of every address, for reverse proxies")
    add(
        "--allow-websocket-origin",
        action="append",
        default=[],
        metavar="HOST[:PORT]",
        help="another address that visitors may come by; can be given repeatedly",
    )
    serve_parser.set_defaults(command=serve)


def add_show_option(parser) -> None:
    parser.add_argument(
        "--show",
        action=argparse.BooleanOptionalAction,
        default=has_display(),
        help="open a browser (default: where there is a screen)",
    )


def port_number(text: str) -> int:
    if not (text.isdecimal() and int(text) < 2**16):
        raise argparse.ArgumentTypeError(f"expected a port from 0 to 65535, got {text!r}")
    return int(text)


def has_display() -> bool:
    """Whether a browser window can appear: on Windows and macOS yes, else with X or Wayland."""
    desktop = sys.platform in ("win32", "darwin")
    return desktop or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def run_doctor(_arguments) -> int:
    from jntk_viz.doctor import examine

    return 0 if examine() else 1


def lab(arguments) -> int:
    """Open JupyterLab on the lessons of the clone."""
    lessons = Path(__file__).parents[1] / "notebooks"
    if not lessons.is_dir():
        raise CannotServe(
            f"the lessons are not at {lessons}. They come with a clone, not with the installed "
            "package: clone the repository and `pip install -e .` there"
        )
    # Panel's own scripts from this machine, not from the net: lecture halls are often offline.
    os.environ.setdefault("PANEL_INLINE", "1")

    from jupyterlab.labapp import LabApp

    screen = [] if arguments.show else ["--no-browser"]
    LabApp.launch_instance([str(lessons), *QUIET, *screen])
    return 0


def apps_folder() -> Path:
    """The folder of the apps: inside an installed package, or beside it in a clone."""
    package = Path(__file__).parent
    # The package's own folder first: next to an installed package, `apps` could be anybody's.
    for folder in (package / "_apps", package.parent / "apps"):
        if (folder / "index.py").is_file():
            return folder
    raise CannotServe(
        f"no apps found beside {package}. Install jntk_viz from its wheel, or from a clone with "
        "`pip install -e .`"
    )


def app_routes(folder: Path) -> dict[str, Path]:
    """Path on the server → file: the landing page at / and /index, every other app by its name."""
    routes = {f"/{file.stem}": file for file in sorted(folder.glob("[!_]*.py"))}
    return {"/": folder / "index.py", **routes}


def serve(arguments) -> int:
    """Serve all apps in this process until Ctrl-C or SIGTERM."""
    use_folders(arguments)
    address = arguments.address
    port = claim_port(address, arguments.port)
    routes = app_routes(apps_folder())
    # Until the server is there, Ctrl-C ends the process at once: imports may swallow an exception.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    print("Starting jntk_viz …", flush=True)
    keep_compiled_code()
    warm_up()

    from panel.io.server import get_server

    names = {"localhost", "127.0.0.1", url_host(address)}
    server = get_server(
        routes,
        port=port,
        address=address,
        prefix=arguments.prefix,
        websocket_origin=[f"{name}:{port}" for name in names] + arguments.allow_websocket_origin,
        show=False,
        verbose=False,
    )
    server.io_loop.asyncio_loop.set_exception_handler(pass_over_closed_pages)
    for name in ("tornado.application", "bokeh.server.protocol_handler"):
        logging.getLogger(name).addFilter(keeps_in_log)
    # get_server has just made Ctrl-C stop the loop; let a plain `kill` do the same.
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
    url = f"http://{url_host(address)}:{port}{server.prefix}/"
    server.start()
    server.io_loop.add_callback(announce, url, address, arguments.show)

    from jntk_viz.views.warm import Warmer

    warmer = Warmer(dict.fromkeys(routes.values()) if arguments.warm else ())
    server.io_loop.call_later(1, warmer.run)
    server.io_loop.start()
    warmer.stop()
    server.stop()
    print("\nStopped.")
    return 0


def use_folders(arguments) -> None:
    """Let the pages find the folders that were named, as if by their environment variables."""
    for option, variable in (("data", "JNTK_VIZ_DATA"), ("presets", "JNTK_VIZ_PRESETS")):
        folder = getattr(arguments, option)
        if folder is None:
            continue
        folder = folder.expanduser()
        if not folder.is_dir():
            raise CannotServe(f"`--{option}` must name an existing folder; {str(folder)!r} is none")
        os.environ[variable] = str(folder.resolve())


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


def keep_compiled_code() -> None:
    """Let JAX keep what it compiles in the user's cache folder, for the next start."""
    import jax

    from jntk_viz.datasets import cache_folder

    # JAX adds this attribute at run time. The user may have named another folder.
    if not jax.config.jax_compilation_cache_dir:  # type: ignore[attr-defined]
        jax.config.update("jax_compilation_cache_dir", str(cache_folder() / "compiled"))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)


def warm_up() -> None:
    """Import what every app imports, so that the first visitor does not wait for it."""
    import holoviews
    import panel_material_ui  # noqa: F401
    import scipy.linalg  # noqa: F401 - brings the BLAS that JAX uses
    from panel.reactive import Syncable
    from threadpoolctl import threadpool_limits

    import jntk_viz.views  # noqa: F401

    holoviews.extension("bokeh")
    # One page's eigenvalues take 20 ms on one BLAS thread; where several pages share the cores,
    # threads that wait for one another have made it two seconds.
    threadpool_limits(1)
    # Panel holds each change of a control back for 50 ms to collect others. They are few; what is
    # computed for them takes longer, and meanwhile the newest replace the older ones anyway.
    if hasattr(Syncable, "_debounce"):
        Syncable._debounce = 10
    # What has been imported stays: the collector need not look through it again, for 0.3 s a time.
    gc.collect()
    gc.freeze()


def pass_over_closed_pages(loop, context) -> None:
    """Log what goes wrong in the event loop, except that a visitor left during an update."""
    if not visitor_left(context.get("exception")):
        loop.default_exception_handler(context)


def keeps_in_log(record) -> bool:
    """Whether Tornado's log keeps a record: all of them but those of visitors who left."""
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
