"""What a long computation that is kept calls on its way, so that it can be watched and stopped."""

from collections.abc import Callable


class Watcher:
    """A function to be called on the way, or none; to a cache all of them are the same.

        with Watcher(watch) as watcher:
            return _kept_computation(problem, watcher)

    An exception that the function raises ends the computation, and nothing is kept of it. A cache
    keeps the watcher, but not the function, behind which stands the page of a visitor.
    """

    def __init__(self, function: Callable | None = None):
        self.function = function

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.function = None

    def __call__(self, *arguments):
        if self.function is not None:
            self.function(*arguments)

    def __eq__(self, other):
        return isinstance(other, Watcher)

    def __hash__(self):
        return 0

    def beside(self, predictor: Callable) -> Callable:
        """The predictor, with a call of the watcher before each evaluation."""

        def watched(x):
            self()
            return predictor(x)

        return watched
