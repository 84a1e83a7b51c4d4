"""What work is made of: short steps, each a pure function of hashable arguments.

A page, an export or a study lists the steps that it wants, the most wanted first, and draws from
those whose results are known. Cancelling is not asking for the next one; progress is counting;
whoever asks for an equal step shares its result.
"""

import functools
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

from threadpoolctl import threadpool_limits

from jntk_viz.engine.results import ABSENT, RESULTS, kept


class Step(NamedTuple):
    """One function of `kept` with its arguments, to be computed in at most a second or so.

    function: as `kept` or `chained` returned it.
    says: what readers are told while it runs, such as "eigenvalues at λ = 0.1".
    waits: whether it waits for the network rather than computes.
    """

    function: Any
    arguments: tuple = ()
    says: str = ""
    waits: bool = False

    @property
    def key(self) -> tuple:
        """What its result is known by; everything that the result depends on."""
        return self.function, self.arguments

    @property
    def chain(self) -> tuple | None:
        """What the steps of one chain have in common; None for a step of no chain."""
        return (self.function, self.arguments[1:]) if hasattr(self.function, "begin") else None

    def follows(self, other: "Step") -> bool:
        """Are both steps of one chain? Then they cannot run at once."""
        return self.chain is not None and self.chain == other.chain

    def run(self) -> Any:
        """Compute the result, or take what is kept."""
        return self.function(*self.arguments)


def chained(begin: Callable) -> Callable[[Callable], Any]:
    """A long computation as a chain of short steps, each of which takes the last one's state.

        def begin(settings): return networks_at_start(settings)

        @chained(begin)
        def train(networks, k, settings):        # the k-th step, k = 0, 1, 2, …
            networks = trained_further(networks)
            return networks, measured(networks)  # the next state, and what is to be shown

        Step(train, (k, settings))               # its result is what is to be shown after step k

    Only the last state of a chain is kept. Where it was dropped, or has been lost with a worker,
    the chain is computed again from the beginning, with the same results.

    - `begin`: function of the settings, returns the first state. States must not be changed in
      place.
    """

    def decorate(advance):
        @kept
        @functools.wraps(advance)
        def link(k, *settings):
            reached, state = RESULTS.get(carried, settings, (-1, ABSENT))
            if state is ABSENT or reached >= k:
                reached, state = -1, begin(*settings)
            shown = None
            for i in range(reached + 1, k + 1):
                state, shown = advance(state, i, *settings)
                if i < k:
                    RESULTS.put(link, (i, *settings), shown)
            RESULTS.put(carried, settings, (k, state))
            return shown

        def carried(*settings):
            """The name by which the last state is kept."""

        def forget(k, *settings):
            RESULTS.pop(link, (k, *settings))
            RESULTS.pop(carried, settings)

        link.begin, link.forget = begin, forget
        return link

    return decorate


_turn = threading.RLock()


def alone(function):
    """The function, one call at a time in this process, on one BLAS thread.

    XLA's thread pool has hung for ever where two threads had networks factorised at once. And a
    network of width 1024 takes 24 ms on one BLAS thread of a busy machine, on two 1 to 3 s: the
    factorisations are many and small, and the threads wait for one another.
    """

    @functools.wraps(function)
    def wrapper(*arguments):
        with _turn, threadpool_limits(limits=1, user_api="blas"):
            return function(*arguments)

    return wrapper
