"""A page of given parts with nothing to compute, for tests of what is around them."""

from jntk_viz import frame


class Given(frame.Content):
    """Shows what it is given. `answers`: key -> function without arguments."""

    question = "Why?"

    def __init__(self, state, body, *, rows=(), plots=None, words="", answers=None, name=""):
        super().__init__(state)
        self.given, self.words, self.given_answers = body, words, answers or {}
        self.rows, self.plots, self.name = rows, plots or {}, name

    def plan(self, known):
        return []

    def draw(self, known):
        pass

    def say(self, known):
        return self.words

    def body(self):
        return self.given

    def answers(self):
        return {key: lambda _, told=told: told() for key, told in self.given_answers.items()}


def page_of(state, body, **parts):
    """The page; arguments as of `Given`."""
    return frame.show(Given(state, body, **parts))
