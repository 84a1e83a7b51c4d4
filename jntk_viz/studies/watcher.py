"""What a long computation that is kept calls on its way, so that it can be watched and stopped."""

from collections.abc import Callable


class Watcher:
    """A function to be called on the way, or none; to a cache all of them are the same.

    An exception that the function raises ends the computation, and nothing is kept of it.
    """

    def __init__(self, function: Callable | None = None):
        self.function = function

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
