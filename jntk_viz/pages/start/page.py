"""The landing page: what this is, a live picture and a link for each page, where to go next."""

from functools import partial
from importlib.metadata import version

import jax
import panel as pn

from jntk_viz import frame
from jntk_viz.drawing.html import Words, unbroken
from jntk_viz.drawing.plane import keep_square
from jntk_viz.drawing.recolour import name_figure
from jntk_viz.drawing.theme import ACCENT, AMBER, BLUE, FONT, INK, LINE, PAPER, PHONE, css, escape
from jntk_viz.engine.steps import Step
from jntk_viz.frame.registry import part_of
from jntk_viz.frame.tour import link, steps
from jntk_viz.pages.start import words
from jntk_viz.pages.start.pictures import Opening
from jntk_viz.pages.start.state import StartState

OPENS_WITH = "playground"  # the page whose card moves, and stands above the others

TEXT = css(f"""
div {{ font: 400 15px/1.35 {FONT}; color: {INK}; }}
h1 {{ font: 500 22px/1.2 {FONT}; margin: 2px 0; }} h2 {{ font: 500 17px/1.3 {FONT}; margin: 0; }}
p, ul, ol {{ margin: 3px 0; }} .wide {{ font-size: 16px; max-width: 75em; }}
ol, ul {{ padding-left: 24px; max-width: 62em; }} li {{ margin: 4px 0; }}
a {{ color: {ACCENT}; }} li a {{ font-weight: 500; }}
a:focus-visible {{ outline: 2px solid {ACCENT}; outline-offset: 2px; }}
.questions {{ font-size: 17px; }}
b.plus, b.minus {{ font-weight: 500; border-bottom: 3px solid {AMBER}; }}
b.minus {{ border-color: {BLUE}; }}
""")
# The picture beside its words, or above them where there is little room.
TWO_CSS = """
:host { display: grid; gap: 8px; align-items: center; max-height: none !important;
  grid-template-columns: repeat(auto-fit, minmax(min(420px, 100%), 1fr)); }
"""
CARDS_CSS = """
:host { display: grid; gap: 8px; max-height: none !important;
  grid-template-columns: repeat(auto-fit, minmax(min(280px, 100%), 1fr)); }
"""
# The link of a heading lies over its whole card, the nearest element that has a position.
WHOLE_CARD = css(f"""
:host {{ position: static !important; }}
a::after {{ content: ""; position: absolute; inset: 0; z-index: 1; border-radius: 6px; }}
a:hover::after, a:focus-visible::after {{ outline: 2px solid {ACCENT}; }}
/* A visitor has enough to read: with a mouse or keys the sentence comes when the card is chosen. */
@media (hover: hover) {{
  p {{ position: absolute; top: 100%; left: -2px; right: -2px; z-index: 2; margin: 0;
    padding: 6px 12px; background: {PAPER}; border: 2px solid {ACCENT}; border-top: 0;
    border-radius: 0 0 6px 6px; visibility: hidden; }}
  h2:has(a:hover) + p, h2:has(a:focus-visible) + p {{ visibility: visible; }}
}}
""")


def text(html, **layout):
    return pn.pane.HTML(
        f"<div>{unbroken(html)}</div>", stylesheets=[TEXT], sizing_mode="stretch_width", **layout
    )


def card_of(entry, place):
    """The place of a picture, what it shows, and the link to its page."""
    heading = f'<h2><a href="{entry.name}">{entry.title}</a></h2>'
    said = text(f"{heading}<p>{entry.card}</p>", margin=(4, 10, 6, 10))
    said.stylesheets = [*said.stylesheets, WHOLE_CARD]
    return pn.Column(
        place,  # first: below a title of two lines it would not stand in line with the others
        said,
        sizing_mode="stretch_width",
        margin=0,
        styles={"border": css(f"1px solid {LINE}"), "border-radius": "6px", "position": "relative"},
    )


def place_of(plot, name, **layout):
    """Where a picture will stand once it is drawn; `name` is for screen readers."""
    plot.when_drawn(partial(name_figure, name=name))
    return pn.Column(sizing_mode="stretch_width", **layout)


def tour():
    """The guided tour: one link a stop, with its settings in the address."""
    stops = [page.stop for page in steps() if page.stop]
    items = "".join(
        f'<li><a href="{escape(link(i))}">{stop.do}</a>. {stop.see}</li>'
        for i, stop in enumerate(stops, 1)
    )
    return f"{words.TOUR}<ol>{items}</ol>"


def machine():
    """Device and versions, for the lecturer who wonders what is running."""
    device = jax.devices()[0]
    names = ("jntk-viz", "jax", "panel", "holoviews")
    return f"Running on {device.device_kind} with " + ", ".join(
        f"{name} {version(name)}" for name in names
    )


class Start(frame.Content):
    """The small pictures; a visitor sees at once those that an earlier one has had computed."""

    name = ""
    rows = ("epsilon",)

    def __init__(self):
        super().__init__(StartState())
        self.cards = {entry.name: part_of(entry.name, "card") for entry in frame.pages()}
        self.plots = {
            name: frame.LivePlot(
                card.picture, min_height=120, **(card.numbers.known() or card.EMPTY)
            )
            for name, card in self.cards.items()
        }
        for name, card in self.cards.items():
            if hasattr(card, "SQUARE"):
                keep_square(self.plots[name], *card.SQUARE)
        self.film = Opening(self.plots[OPENS_WITH], self.cards[OPENS_WITH])
        self.robust = self.cards["robust_training"]
        self.attack = frame.LivePlot(self.robust.attack_picture, **self.robust.NO_ATTACK)
        keep_square(self.attack, *self.robust.ATTACK_LIMITS)
        self.read = Words(sizing_mode="stretch_width", stylesheets=[TEXT])

    def plan(self, known):
        played = self.cards[OPENS_WITH]
        return [
            *(Step(card.numbers, (), "Computing the pictures") for card in self.cards.values()),
            Step(played.film, (), "Computing the pictures that move"),
            Step(self.robust.attack, (self.state.epsilon,), "Attacking a digit"),
        ]

    def draw(self, known):
        numbers = {name: known(card.numbers) for name, card in self.cards.items()}
        frame.update_all(
            *((self.plots[name], found) for name, found in numbers.items() if found is not None)
        )
        film = known(self.cards[OPENS_WITH].film)
        if film is not None and not self.film.button.visible:
            self.film.show_card(film)
        attacked = known(self.robust.attack, self.state.epsilon)
        if attacked is not None:
            self.attack.update(**self.robust.of_attack(attacked))
            self.read.object = words.about_attack(self.state.epsilon, attacked)

    def say(self, known):
        return ""


def beside(picture, *parts):
    """A picture and what stands beside it."""
    column = pn.Column(*parts, sizing_mode="stretch_width", margin=(0, 12))
    return pn.Column(
        picture, column, sizing_mode="stretch_width", margin=(4, 12), stylesheets=[TWO_CSS]
    )


def opening(start):
    """What a visitor sees first: a picture that plays, what it shows, where questions lead."""
    plot = start.plots[OPENS_WITH]
    name_figure(plot.figure, next(e.card for e in frame.pages() if e.name == OPENS_WITH))
    picture = pn.Column(
        plot.pane, height=330, sizing_mode="stretch_width", margin=0,
        stylesheets=[f"{PHONE} {{ :host {{ height: 210px !important; }} }}"],
    )  # fmt: skip
    heading = text(words.HEADING, margin=(0, 76, 0, 10))  # beside the buttons of the page
    playing = pn.Row(start.film.button, start.film.time, min_height=46)
    return beside(picture, heading, text(words.OPENING), playing, text(words.QUESTIONS))


def what_is_an_attack(start, place):
    """A digit, the change, the sum, and how two networks read it, at a size that readers choose."""
    return beside(place, text(words.ATTACK), *start.controls(), start.read)


def on_a_phone(part, place):
    """The part, which stands in this place there; elsewhere parts stand as they are listed."""
    part.stylesheets = [*part.stylesheets, f"{PHONE} {{ :host {{ order: {place}; }} }}"]
    return part


def app():
    """The landing page."""
    frame.use_theme()
    start = Start()
    controller = frame.Controller(start)
    others = [entry for entry in frame.pages() if entry.name != OPENS_WITH]
    plots = [start.plots[entry.name] for entry in others]
    places = [
        place_of(plot, entry.card, height=130, margin=(6, 6, 0, 6))
        for entry, plot in zip(others, plots, strict=True)
    ]
    cards = list(map(card_of, others, places))
    attacked = place_of(start.attack, words.ATTACK_SEEN, height=230, margin=0)
    return frame.PlainPage(
        "jntk_viz",
        opening(start),
        on_a_phone(
            pn.Column(*cards, sizing_mode="stretch_width", margin=(4, 12), stylesheets=[CARDS_CSS]),
            3,
        ),
        on_a_phone(what_is_an_attack(start, attacked), 2),
        frame.job_bar(controller, buttons=False),
        on_a_phone(text(tour(), margin=(4, 12)), 1),
        on_a_phone(text(words.THEORY + words.NEXT + f"<p>{machine()}</p>", margin=(8, 12)), 4),
        start=controller.start,
        late=zip([*places, attacked], [*plots, start.attack], strict=True),
    )
