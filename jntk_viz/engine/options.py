"""Command-line options that say where steps run, the same for every command that computes."""

import argparse
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from jntk_viz.engine.cluster import NoCluster, existing, own_workers

TLS = {"ca": "authority", "cert": "certificate", "key": "private key"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add `--runs`, `--workers`, `--scheduler` and the TLS files to a command."""
    add = parser.add_argument
    add(
        "--runs",
        type=positive,
        metavar="N",
        help="threads that compute (default: one for each core)",
    )
    add(
        "--workers",
        type=positive,
        metavar="N",
        help="processes that compute beside this one (default: threads of this one)",
    )
    add(
        "--scheduler",
        metavar="tcp://HOST:PORT",
        help="a Dask scheduler that runs, on whose workers to compute; they need jntk_viz too",
    )
    for kind, what in TLS.items():
        add(f"--tls-{kind}", type=Path, metavar="FILE", help=f"{what} for a tls:// scheduler")


def positive(text: str) -> int:
    """A whole number above 0, as argparse's `type`."""
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"expected a positive whole number, got {text!r}")
    return int(text)


def tls_files(arguments) -> dict[str, Path]:
    """The files that were given for a scheduler that speaks TLS."""
    files = {kind: getattr(arguments, f"tls_{kind}") for kind in TLS}
    return {kind: file for kind, file in files.items() if file}


def check_options(arguments) -> None:
    """Refuse options that contradict one another, before anything is started."""
    files = tls_files(arguments)
    if arguments.scheduler and arguments.workers:
        raise NoCluster("`--workers` starts workers here, `--scheduler` uses others: give one")
    if files and not arguments.scheduler:
        raise NoCluster("`--tls-ca`, `--tls-cert`, `--tls-key` are for `--scheduler tls://…`")
    if files and len(files) < len(TLS):
        raise NoCluster("`--tls-ca`, `--tls-cert` and `--tls-key` belong together: give all three")
    for file in files.values():
        if not file.is_file():
            raise NoCluster(f"there is no file {file}")


@contextmanager
def steps_run(arguments) -> Iterator[None]:
    """Meanwhile steps run where the command line says: threads, worker processes, or a cluster.

    Raises:
        NoCluster: for options that contradict one another, or where no scheduler answers.
    """
    check_options(arguments)

    from threadpoolctl import threadpool_limits

    from jntk_viz.engine.results import BESIDE_WORKERS, MOST_BYTES, RESULTS
    from jntk_viz.engine.runners import Cluster, Threads, use

    if arguments.scheduler:
        cluster = existing(arguments.scheduler, tls_files(arguments))
    elif arguments.workers:
        cluster = own_workers(arguments.workers)
    else:
        # A step runs on each core: BLAS with threads of its own in each would only wait for them.
        with closing(Threads(arguments.runs)) as threads, use(threads), threadpool_limits(1):
            yield
        return
    with cluster as client, use(Cluster(client)):
        RESULTS.bound(BESIDE_WORKERS)
        try:
            yield
        finally:
            RESULTS.bound(MOST_BYTES)
