"""When it breaks: eight ways in which wide networks and their theory come to grief.

Every case has one knob that makes it worse, a healthy run, the patient, and a cure; each is
measured on networks (or in the arithmetic in question) and predicted by theory. The cases are in
`training`, `kernels` and `kink`; here they become one experiment.
"""

from typing import NamedTuple

import numpy as np

from jntk_viz.engine.results import kept
from jntk_viz.engine.steps import Step, chained
from jntk_viz.pages.breakdown.case import (
    CURED,
    HEALTHY,
    ILL,
    NOTHING,
    ROLES,
    Case,
    Run,
    Series,
    extent,
)
from jntk_viz.pages.breakdown.kernels import DEEP, FLOAT32, SPHERE
from jntk_viz.pages.breakdown.kink import KINK
from jntk_viz.pages.breakdown.state import BreakdownState, Setting
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
PARTS = {HEALTHY: "A healthy run", ILL: "The broken run", CURED: "The cured run"}
OTHERS = "The knob's other stops"


def nothing_measured(*_) -> tuple:
    """The state in which a run begins."""
    return ()


@chained(nothing_measured)
def measured(pieces, k: int, case: str, value: float, role: str, seed: int):
    """Measure one network more, width after width, and summarise those that are complete.

    Shows a `Run` after the last width of each network, None before.
    """
    this = CASES[case]
    i, j = divmod(k, len(this.widths))
    pieces = (*pieces, this.measure(value, role, seed, i, this.widths[j]))
    if j + 1 < len(this.widths):
        return pieces, None
    shape = i + 1, len(this.widths)
    columns = (np.array(column) for column in zip(*pieces, strict=True))
    stacked = (column.reshape(*shape, *column.shape[1:]) for column in columns)
    return pieces, this.run(value, role, *stacked)


@chained(nothing_measured)
def severity(values, k: int, case: str, value: float, seed: int):
    """Measure the severity of one patient more, where that is less work than its run."""
    values = (*values, CASES[case].quick(value, ILL, seed, k))
    return values, extent(values)


@kept
def expected(case: str, value: float) -> float:
    """The severity by theory at a value of the knob."""
    return CASES[case].expected(value)


class Outcome(NamedTuple):
    """Results of a setting, as far as they are known.

    severities: knob's value → (median, smallest, largest). theory: severity against the knob.
    """

    setting: Setting
    runs: dict[str, Run]
    severities: dict[float, tuple[float, float, float]]
    theory: Series = NOTHING

    @property
    def case(self) -> Case:
        return CASES[self.setting.case]

    def place(self, role: str) -> float:
        """The knob's value at which a run is drawn; a cure is drawn above its patient."""
        return self.case.value(role if role == HEALTHY else ILL, self.setting.value)


def roles(setting: Setting) -> tuple[str, ...]:
    """The runs that a setting asks for."""
    return ROLES if setting.cure else (HEALTHY, ILL)


def run_steps(setting: Setting, role: str, patient: float, says: str) -> list[Step]:
    """Steps of a run, given the patient's value of the knob; the result of the last is drawn."""
    case = CASES[setting.case]
    networks = setting.networks if case.of_networks else 1
    settings = setting.case, case.value(role, patient), role, setting.seed
    each = len(case.widths)
    told = (f"{says}, network {k // each + 1} of {networks}" for k in range(networks * each))
    return [
        Step(measured, (k, *settings), words if case.of_networks else says)
        for k, words in enumerate(told)
    ]


def severity_steps(setting: Setting, stop: float) -> list[Step]:
    """Steps that give the severity at a stop of the knob, by the result of the last."""
    if CASES[setting.case].quick is None or stop == setting.value:
        return run_steps(setting, ILL, stop, OTHERS)
    networks = range(setting.networks)
    return [Step(severity, (k, setting.case, stop, setting.seed), OTHERS) for k in networks]


def theory_steps(setting: Setting) -> list[Step]:
    """Steps that give the severity by theory along the knob."""
    dense = CASES[setting.case].dense
    return [Step(expected, (setting.case, value), "Theory along the knob") for value in dense]


def plan(state: BreakdownState, known) -> list[Step]:
    """The healthy run, the patient, the cure if wanted, the theory, then the knob's other stops."""
    setting = state.setting
    runs = [run_steps(setting, role, setting.value, PARTS[role]) for role in roles(setting)]
    stops = CASES[setting.case].knob.stops
    others = [severity_steps(setting, stop) for stop in stops if stop != setting.value]
    parts = [
        *(_rest(run, known) for run in runs),
        theory_steps(setting),
        *(_rest(other, known) for other in others),
    ]
    return [step for part in parts for step in part]


def _rest(chain: list[Step], known) -> list[Step]:
    """The last step alone where it is known: the others need not be."""
    return chain[-1:] if known.has(chain[-1].key) else chain


def outcome_of(setting: Setting, known) -> Outcome:
    """Results known for a setting."""
    case = CASES[setting.case]
    runs = {
        role: known.of(run_steps(setting, role, setting.value, "")[-1].key)
        for role in roles(setting)
    }
    found = {stop: known.of(severity_steps(setting, stop)[-1].key) for stop in case.knob.stops}
    theory = [known.of(step.key) for step in theory_steps(setting)]
    x = np.array([case.position(value) for value in case.dense])
    return Outcome(
        setting,
        {role: run for role, run in runs.items() if run is not None},
        {
            stop: one.severity if isinstance(one, Run) else one
            for stop, one in found.items()
            if one is not None
        },
        NOTHING if None in theory else Series(x, np.array(theory)),
    )


def dose_response(outcome: Outcome) -> dict[str, Series]:
    """The second picture: severity against the knob. Keys: roles, and "theory"."""
    position, severities = outcome.case.position, outcome.severities
    stops = sorted(severities)
    ill = _points([position(stop) for stop in stops], [severities[stop] for stop in stops])
    result = {ILL: ill, "theory": outcome.theory}
    for role in (HEALTHY, CURED):
        if role in outcome.runs:
            where = position(outcome.place(role))
            result[role] = _points([where], [outcome.runs[role].severity])
    return result


def _points(x, severities) -> Series:
    middle, low, high = np.array(severities, dtype=np.float64).reshape(-1, 3).T
    return Series(np.array(x, dtype=np.float64), middle, low, high)
