"""Dask clusters for long work: worker processes of our own, or a scheduler that runs already.

Whoever reaches a Dask port can run code. So worker processes speak TLS with keys that are made for
the occasion, on the loopback address only, and no dashboard is opened.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

SECONDS_TO_CONNECT = 20
_SHARE = 0.6  # of the memory, that all worker processes may take together
# What Dask tells of itself on a port of its own asks for no key: every user of the machine could
# read the logs.
_NO_PAGES = {f"distributed.{kind}.http.routes": [] for kind in ("scheduler", "worker")}


class NoCluster(Exception):
    """There is no cluster to compute on; the message says why and what to do."""


@contextmanager
def own_workers(count: int) -> Iterator:
    """A Dask client of `count` worker processes on this machine, one step at a time in each.

    Dask restarts one that dies or takes more than its share of the memory.
    """
    from dask import config
    from dask.distributed import Client, LocalCluster, Security

    _keep_quiet()
    # On a GPU each process would take most of the card for itself.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    with (
        config.set(_NO_PAGES),
        LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            protocol="tls://",
            security=Security.temporary(),
            dashboard_address=None,
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # any port, for _NO_PAGES
            worker_dashboard_address=None,
            memory_limit=int(_SHARE * psutil.virtual_memory().total / count),
        ) as cluster,
        Client(cluster) as client,
    ):
        client.register_plugin(_quiet_workers())
        yield client


@contextmanager
def existing(address: str, tls: dict[str, Path] | None = None) -> Iterator:
    """A Dask client of the scheduler at `address`, such as "tls://10.0.0.1:8786".

    - `tls`: files by "ca", "cert" and "key", for an address that begins with tls.

    Raises:
        NoCluster: where none answers, has no workers, or has another version of this package.
    """
    from dask.distributed import Client, Security

    _keep_quiet()
    security = None
    if tls:
        names = {"ca": "tls_ca_file", "cert": "tls_client_cert", "key": "tls_client_key"}
        files = {names[kind]: str(file) for kind, file in tls.items()}
        security = Security(require_encryption=True, **files)
    try:
        client = Client(address, timeout=SECONDS_TO_CONNECT, security=security)
    except (OSError, ValueError, TypeError) as error:  # nobody there, no address, wrong files
        raise NoCluster(
            f"no scheduler answers at `--scheduler {address}` ({error}). Start one with "
            "`dask scheduler`, or leave the option out to compute here"
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=SECONDS_TO_CONNECT)
        except TimeoutError as error:
            raise NoCluster(
                f"the scheduler at `--scheduler {address}` has no workers. Start some with "
                f"`dask worker {address}`"
            ) from error
        _check_versions(client, address)
        yield client


def _check_versions(client, address: str) -> None:
    import jntk_viz

    there = client.run(_version)
    others = sorted({found for found in there.values() if found != jntk_viz.__version__})
    if others:
        raise NoCluster(
            f"workers of `--scheduler {address}` have jntk_viz {', '.join(others)}, this is "
            f"{jntk_viz.__version__}. Install the same version on the whole cluster"
        )


def _version() -> str:
    """On a worker: the version of this package, or that there is none."""
    try:
        import jntk_viz
    except ImportError:
        return "not installed"
    return jntk_viz.__version__


def _keep_quiet(level: int = logging.ERROR) -> None:
    """Keep Dask's notes on workers that come and go off the terminal."""
    for name in ("distributed", "distributed.worker", "distributed.scheduler", "distributed.nanny"):
        logging.getLogger(name).setLevel(level)
    logging.getLogger("tornado.application").addFilter(_is_not_of_an_interrupted_call)


def _is_not_of_an_interrupted_call(record: logging.LogRecord) -> bool:
    """False for Dask's NameError on cancelling a call that had not begun yet.

    `distributed.utils.sync` does so when Ctrl-C comes within a moment of the call; nothing is lost.
    """
    return "sync.<locals>.cancel" not in record.getMessage()


def _quiet_workers():
    """Keep workers quiet, too: at the server's end one may find the scheduler gone before it ends.

    What goes wrong in a step is told by its result.
    """
    from dask.distributed import WorkerPlugin

    class Quiet(WorkerPlugin):
        name = "quiet"

        def setup(self, worker):
            _keep_quiet(logging.CRITICAL)

    return Quiet()
