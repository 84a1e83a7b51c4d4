"""When it breaks: eight ways in which wide networks and their theory come to grief.

Every case has one knob that makes it worse, a healthy run, the patient, and a cure; each is
measured on networks (or in the arithmetic in question) and predicted by theory. The cases are in
`breakdown_training` and `breakdown_kernels`; here they become one state and one experiment.
"""

from typing import NamedTuple

import numpy as np
import param

from jntk_viz.pages.breakdown import training as breakdown_training
from jntk_viz.pages.breakdown.case import CURED, HEALTHY, ILL, NOTHING, ROLES, Case, Run, Series
from jntk_viz.pages.breakdown.kernels import DEEP, FLOAT32, SPHERE
from jntk_viz.pages.breakdown.kink import KINK
from jntk_viz.pages.breakdown.scripts import program
from jntk_viz.pages.breakdown.training import JACOBIAN, PLATEAU, POWER, RATE

CASES: dict[str, Case] = {
    "plateau": PLATEAU,
    "jacobian": JACOBIAN,
    "deep": DEEP,
    "power": POWER,
    "sphere": SPHERE,
    "rate": RATE,
    "float32": FLOAT32,
    "kink": KINK,
}
NAMES = {
    "plateau": "Loss plateau",
    "jacobian": "Jacobian does not fall",
    "deep": "Exploding deep networks",
    "power": "Wrong normalisation",
    "sphere": "Inputs off the sphere",
    "rate": "Learning rate too large",
    "float32": "float32 arithmetic",
    "kink": "A kink: ReLU",
}


class Setting(NamedTuple):
    """What there is to compute; hashable."""

    case: str
    value: float
    cure: bool
    seed: int
    networks: int


class BreakdownState(param.Parameterized):
    """Everything that the page shows follows from these values; each case has a knob of its own."""

    case = param.Selector(
        default="plateau",
        objects={name: key for key, name in NAMES.items()},
        label="What broke?",
        doc="Eight cases; each has one knob that makes it worse or better.",
    )
    angle = param.Selector(
        default=1.5,
        objects=list(PLATEAU.stops),
        label="Angle δ of the twins",
        doc="In degrees. The closer two inputs with opposite labels, the longer the plateau.",
    )
    lam = param.Selector(
        default=0.001,
        objects=list(JACOBIAN.stops),
        label="Regulariser λ",
        doc="Weight of the squared input Jacobian in the loss. Healthy is 0.3.",
    )
    factor = param.Selector(
        default=1.6,
        objects=list(DEEP.stops),
        label="E φ² of a layer",
        doc="By what a layer multiplies the variance. Healthy is 1.",
    )
    power = param.Selector(
        default=1.0,
        objects=list(POWER.stops),
        label="Output divided by dᵃ, a =",
        doc="Healthy is a = 1/2; a = 1 is called the mean-field scaling.",
    )
    radius = param.Selector(
        default=2.0,
        objects=list(SPHERE.stops),
        label="Norm of the inputs",
        doc="The limiting kernels are those of inputs with norm 1.",
    )
    rate = param.Selector(
        default=1.2,
        objects=list(RATE.stops),
        label="Learning rate ÷ limit",
        doc="The limit is 2N/e_max, with e_max of the network's own kernel. Healthy is 0.5.",
    )
    points = param.Selector(
        default=24,
        objects=list(FLOAT32.stops),
        label="Points N",
        doc="On the circle; the closer they lie, the smaller the smallest eigenvalue.",
    )
    kink = param.Selector(
        default=np.inf,
        objects={"∞ (ReLU)" if np.isinf(b) else f"{b:g}": b for b in KINK.stops},
        label="Sharpness β",
        doc="gelu(βz)/β, scaled to unit variance: GeLU for 1, ReLU for ∞.",
    )
    cure = param.Boolean(False, label="Cure", doc="Treats the patient and draws the result.")
    networks = param.Selector(
        default=3,
        objects=[1, 3, 5, 9],
        label="Networks",
        doc="How many of each kind are measured: medians are drawn with smallest and largest.",
    )
    seed = param.Integer(0, bounds=(0, 9999), doc="Seed of the weights.")

    @property
    def setting(self) -> Setting:
        value = getattr(self, CASES[self.case].knob)
        return Setting(self.case, value, self.cure, self.seed, self.networks)


class Outcome(NamedTuple):
    """What is known of a setting so far.

    severities: knob's value → (median, smallest, largest). theory: severity against the knob.
    """

    setting: Setting
    runs: dict[str, Run]
    severities: dict[float, tuple[float, float, float]]
    theory: Series = NOTHING

    @property
    def case(self) -> Case:
        return CASES[self.setting.case]

    @property
    def complete(self) -> bool:
        """Whether all that the headline speaks of has been measured."""
        return {HEALTHY, ILL} | ({CURED} if self.setting.cure else set()) <= set(self.runs)

    def value(self, role: str) -> float:
        """The knob's value of a run."""
        at_patient = role != HEALTHY or self.case.own_healthy
        return self.setting.value if at_patient else self.case.healthy


def explore(job, setting: Setting) -> Outcome:
    """Measure the healthy run, the patient, the cure if wanted, then the knob's other stops.

    job.progress(fraction, text) is called between two networks and may raise to stop;
    job.emit(Outcome) after each part.
    """
    case = CASES[setting.case]
    roles = ROLES if setting.cure else (HEALTHY, ILL)
    others = [stop for stop in case.stops if stop != setting.value]
    parts, done = len(roles) + len(others), 0
    outcome = Outcome(setting, {}, {})

    def tick():
        job.progress(done / parts, text)

    for role in roles:
        text = {HEALTHY: "A healthy run", ILL: "The patient", CURED: "The cure"}[role]
        run = case.measure(outcome.value(role), role, setting.seed, tick, networks=setting.networks)
        outcome = outcome._replace(runs={**outcome.runs, role: run})
        if role == ILL:
            outcome = outcome._replace(severities={setting.value: run.severity})
        done += 1
        job.emit(outcome)
    text = "The knob's other stops"
    outcome = outcome._replace(theory=_theory(case, tick))
    for stop in others:
        tick()
        outcome = outcome._replace(
            severities={**outcome.severities, stop: _severity(case, stop, setting, tick)}
        )
        done += 1
        job.emit(outcome)
    job.progress(1.0, text)
    return outcome


def _severity(case: Case, value: float, setting: Setting, tick) -> tuple[float, float, float]:
    arguments = value, ILL, setting.seed, tick, setting.networks
    return case.quick(*arguments) if case.quick else case.measure(*arguments).severity


def _theory(case: Case, tick) -> Series:
    """The severity by theory along the knob."""
    expected = []
    for value in case.dense:
        tick()
        expected.append(case.expected(value))
    return Series(np.array([case.position(v) for v in case.dense]), np.array(expected))


def dose_response(outcome: Outcome) -> dict[str, Series]:
    """The second picture: severity against the knob. Keys: roles, and "theory"."""
    case = outcome.case
    stops = sorted(outcome.severities)
    ill = _points([case.position(s) for s in stops], [outcome.severities[s] for s in stops])
    result = {ILL: ill, "theory": outcome.theory}
    for role in (HEALTHY, CURED):
        if role in outcome.runs:
            where = case.position(outcome.value(role))
            result[role] = _points([where], [outcome.runs[role].severity])
    return result


def _points(x, severities) -> Series:
    middle, low, high = np.array(severities, dtype=np.float64).reshape(-1, 3).T
    return Series(np.array(x, dtype=np.float64), middle, low, high)


def plateau_cures(angle: float) -> dict[str, float]:
    """Treatment → steps that the slowest eigendirection then needs, by the limiting kernel."""
    slowest = breakdown_training.slowest
    return {
        "twice the width": slowest(angle),
        "twice the learning rate": slowest(angle, times_rate=2.0),
        "eight layers": slowest(angle, depth=breakdown_training.DEEP),
        "dropping one of the two inputs": slowest(angle, twin=False),
    }


def script(state: BreakdownState) -> str:
    """A Python program of public names that prints the main numbers of the patient."""
    return program(*state.setting)
