"""What the visitors of the load test do, and what they notice."""

import asyncio
import random
import time
from dataclasses import dataclass, field

from bokeh_client import Lost, Session

# Controls by label; all of them change a picture of the tab that is open.
SETTINGS = {
    "gp_convergence": ["Angle θ (degrees)", "Observed there", "Output scale κ"],
    "jntk_constancy": ["Moment of training"],
    "robust_training": ["Regulariser λ", "Training time t", "Perturbation ε", "Norm of the change"],
    "eigenfeatures": ["Regulariser λ", "Perturbation ε", "Norm"],
    "full_rank": ["Threshold", "Depth L", "Activation φ"],
    "breakdown": [],
}
NEW_KERNELS = {
    "robust_training": ["Depth L"],
    "eigenfeatures": ["Depth L"],
    "full_rank": ["Kernel"],
}
TRAINING = {
    "gp_convergence": ["Width d", "Depth L"],
    "jntk_constancy": ["Regulariser λ", "Scale κ", "Training steps"],
    "breakdown": ["What broke?", "Angle δ of the twins", "Learning rate ÷ limit"],
}
ARRIVAL = 20.0  # seconds within which all come
SOME = 6.0  # seconds between two moves at most
RARELY = 0.15  # share of moves that ask for another kernel
LONG = 90.0  # seconds after which somebody who watches a run changes a setting


@dataclass
class Run:
    """A long run as its visitor sees it; seconds. `shown`: until the page said anything of it."""

    page: str
    shown: float | None = None
    watched: float = 0.0
    waited: float = 0.0
    computed: float = 0.0
    ended: bool = False
    positions: list = field(default_factory=list)

    @property
    def said(self):
        """Whether the page showed that it computes, waits, or has the result already."""
        return self.shown is not None or self.ended


@dataclass
class Notes:
    """What all visitors have noticed: seconds of updates, runs, and what went wrong.

    `arriving`: seconds of updates while others still open their pages.
    """

    expected: int
    complete: float = float("inf")  # when the last one had a page or had failed (monotonic)
    opened: list = field(default_factory=list)
    arriving: list = field(default_factory=list)
    settings: list = field(default_factory=list)
    kernels: list = field(default_factory=list)
    runs: list = field(default_factory=list)
    shares: dict = field(default_factory=dict)  # who trains -> (computed, wanted to compute)
    failed: list = field(default_factory=list)

    @property
    def all_here(self):
        """Whether everybody has a page."""
        return self.complete < float("inf")

    def look_who_is_here(self):
        if not self.all_here and len(self.opened) + len(self.failed) >= self.expected:
            self.complete = time.monotonic()


class Visitor:
    """One person at one page, for `seconds` from when all are there; `trains`: starts long runs."""

    def __init__(self, base, page, number, trains, seconds, notes):
        self.page, self.number = page, number
        self.session = Session(f"{base}/{self.page}")
        self.trains, self.seconds, self.notes = trains, seconds, notes
        self.random = random.Random(number)

    async def stay(self):
        """Visit the page; what happens is noted."""
        try:
            await asyncio.sleep(self.random.uniform(0, ARRIVAL))
            start = time.monotonic()
            await self.session.open()
            self.notes.opened.append(time.monotonic() - start)
            self.notes.look_who_is_here()
            await (self.train() if self.trains else self.look_around())
            if self.session.lost:
                raise Lost(self.session.lost)
        except (Lost, OSError, TimeoutError) as error:
            self.notes.failed.append(f"{self.page}, visitor {self.number}: {error!r}")
            self.notes.look_who_is_here()
        finally:
            await self.session.close()

    @property
    def time_is_up(self):
        return time.monotonic() > self.notes.complete + self.seconds

    async def pause(self):
        await asyncio.sleep(self.random.uniform(1, SOME))

    async def look_around(self):
        """Move a control every few seconds."""
        while not self.time_is_up:
            await self.pause()
            await self.move()

    async def move(self):
        rarely = NEW_KERNELS.get(self.page)
        if rarely and self.random.random() < RARELY:
            labels, times = rarely, self.notes.kernels
        elif SETTINGS[self.page]:
            labels, times = SETTINGS[self.page], self.notes.settings
        else:
            self.session.move(self.random.choice(TRAINING[self.page]), self.random)
            return
        if self.page == "jntk_constancy" and self.session.status:
            return  # nothing has been trained that could be looked at
        controls = self.session.controls
        if "Perturbation ε" in controls and controls["Perturbation ε"].value == 0:
            labels = [label for label in labels if not label.startswith("Norm")]  # of no change
        labels = [label for label in labels if not self.session.only_goes_back(label)] or labels
        times = times if self.notes.all_here else self.notes.arriving
        moved = self.session.move(self.random.choice(labels), self.random)
        times.append(await self.session.answer(moved))

    async def train(self):
        """Start a run, watch it, look around, start the next."""
        while not self.time_is_up:
            await self.pause()
            self.session.move(self.random.choice(TRAINING[self.page]), self.random)
            await self.watch()

    async def watch(self):
        run, start = Run(self.page), time.monotonic()
        self.notes.runs.append(run)
        last = start
        # Who has begun a run sees its end, also when the time is up: how long one takes differs
        # from machine to machine.
        while time.monotonic() - start < LONG:
            await asyncio.sleep(0.05)
            now, status = time.monotonic(), self.session.status
            run.watched = now - start
            if self.session.lost:
                return
            if status and run.shown is None:
                run.shown = now - start
            if run.shown is None and now - start > 10:
                run.ended = True  # what it asked for was known
                return
            if not status and run.shown is not None:
                run.ended = True
                break
            if status.startswith("Waiting"):
                run.waited += now - last
                run.positions.append(status)
            elif status:
                run.computed += now - last
            last = now
        computed, wanted = self.notes.shares.get(self.number, (0.0, 0.0))
        self.notes.shares[self.number] = (
            computed + run.computed, wanted + run.computed + run.waited
        )  # fmt: skip


def places(sessions, trainers=1 / 3):
    """(page, whether long runs are started there) of each visitor."""
    training = round(trainers * sessions)
    pages = [list(TRAINING) if number < training else list(SETTINGS) for number in range(sessions)]
    return [(names[number % len(names)], number < training) for number, names in enumerate(pages)]


async def crowd(base, sessions, seconds, trainers=1 / 3):
    """`sessions` visitors, a share of them training, for so long from when the last one has come;
    returns their `Notes`."""
    notes = Notes(sessions)
    visitors = [
        Visitor(base, page, number, trains, seconds, notes)
        for number, (page, trains) in enumerate(places(sessions, trainers))
    ]
    await asyncio.gather(*(visitor.stay() for visitor in visitors))
    return notes


async def cycles(addresses, count, at_once=3):
    """Open and close pages in turn, `at_once` at a time; returns what failed."""
    failed = []

    async def some(first):
        for number in range(first, count, at_once):
            session = Session(addresses[number % len(addresses)])
            try:
                await session.open()
                await asyncio.sleep(0.2)
            except (Lost, OSError, TimeoutError) as error:
                failed.append(repr(error))
            finally:
                await session.close()

    await asyncio.gather(*(some(first) for first in range(at_once)))
    return failed
