"""The language of models: plain Python functions gathered in one frozen `Model`.

A right-hand side is `f(t, y, p, u)`: time, states, parameters and inputs, each read by name (`y.effector`). A function
may take any of the four, by name: `lambda y, p: ...`. The same functions are evaluated on floats, on arrays and on the
symbols from which the engine generates its kernel.
"""

from __future__ import annotations

import inspect
import keyword
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from autologue import units
from autologue.errors import ModelError, unknown
from autologue.regimen import Regimen
from autologue.terms.outcome import Outcome, check_outcomes
from autologue.variability import ResidualError, Variability

__all__ = ["BirthDeath", "Crossing", "Dosing", "Input", "Model", "Names", "Output", "Parameter", "Phase", "Rule", "State", "call"]

Function = Callable[..., Any]
_ARGUMENTS = ("t", "y", "p", "u")


class Names:
    """Values read by name: `p.t_max`; an unknown name is an error that offers the nearest."""

    __slots__ = ("_kind", "_values")

    def __init__(self, kind: str, values: Mapping[str, Any]) -> None:
        self._kind, self._values = kind, values

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise ModelError(unknown(self._kind, name, self._values)) from None


def call(function: Function, **available: Any) -> Any:
    """Call a model function with those of t, y, p, u that it names."""
    names = list(inspect.signature(function).parameters)
    wrong = [name for name in names if name not in available]
    if wrong:
        raise ModelError(f"a function of the model asks for '{wrong[0]}'; it may take {', '.join(available)} by these names")
    return function(*(available[name] for name in names))


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number of a model: typical value, unit, meaning, variability between patients (None: none), and where it was read."""

    value: float
    unit: str
    meaning: str
    variability: Variability | None = None
    source: str = ""

    def __post_init__(self) -> None:
        """Check the value, the unit and that the variability says its scale."""
        if isinstance(self.variability, (int, float)):
            raise ModelError(
                f"variability {self.variability!r} of a parameter '{self.meaning}' has no scale; "
                f"write LogNormal(sd={self.variability!r}) or LogNormal(variance={self.variability!r}), as the paper prints it"
            )
        if not isinstance(self.value, (int, float)) or not math.isfinite(self.value):
            raise ModelError(f"parameter '{self.meaning}' has value {self.value!r}; a finite number is expected")
        units.parse(self.unit)


@dataclass(frozen=True, slots=True)
class State:
    """A state: its unit, and how it may vanish.

    A self-replicating cell count has no `absolute` tolerance: it is solved to a purely relative one, because the one
    cell that decides between cure and relapse is far below any absolute tolerance. Depots, drugs and cytokines declare
    `absolute`, the amount below which nobody cares. `extinct_below` ends the state for good when it falls below that
    value (absorbing; refused where there is inflow). A state that may be negative says `signed=True`.
    """

    unit: str
    meaning: str = ""
    absolute: float | None = None
    extinct_below: float | None = None
    signed: bool = False

    def __post_init__(self) -> None:
        """Check unit and tolerances."""
        units.parse(self.unit)
        for name, value in (("absolute", self.absolute), ("extinct_below", self.extinct_below)):
            if value is not None and not (math.isfinite(value) and value > 0):
                raise ModelError(f"state '{self.meaning or self.unit}': {name}={value!r} must be a positive number, in {self.unit}")


@dataclass(frozen=True, slots=True)
class Input:
    """A piecewise-constant input `u`: comedication, lymphodepletion rate, time-varying covariate; `value` holds until changed.

    association: where its coefficient is no mechanism, what it is instead ("from non-randomised data, ..."). Such an input describes
    patients who had it; a question of what would follow from giving it is refused.
    """

    value: float
    unit: str
    meaning: str = ""
    association: str = ""


@dataclass(frozen=True, slots=True)
class Crossing:
    """The end of a phase, or the trigger of a rule, by state: `function` passes zero in `direction`, not before `after`."""

    function: Function
    direction: Literal["rising", "falling"]
    after: float | Function = 0.0

    def __post_init__(self) -> None:
        """Check the direction."""
        if self.direction not in ("rising", "falling"):
            raise ModelError(f"a crossing has direction {self.direction!r}; expected 'rising' or 'falling'")


@dataclass(frozen=True, slots=True)
class Phase:
    """A smooth piece of the course: right-hand side, end (a time, a function of p, or a Crossing) and reset of states there."""

    rhs: Function
    until: float | Function | Crossing | None = None
    reset: Function | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """Feedback: when `when` crosses, set inputs to `change` after `delay`, for `lasting` (then back to the default); at most `times` times.

    `at="threshold"` watches continuously; `at="visits"` looks only at the visits given to the simulation, and then asks
    whether the function is beyond zero in the direction.
    """

    name: str
    when: Crossing
    change: Mapping[str, float]
    delay: float = 0.0
    lasting: float = math.inf
    times: int = 1
    at: Literal["threshold", "visits"] = "threshold"

    def __post_init__(self) -> None:
        """Check delay, duration, number of times and changes."""
        if not (0 <= self.delay < math.inf):
            raise ModelError(f"rule '{self.name}': delay={self.delay!r} must be a finite time of at least zero")
        if not self.lasting > 0:
            raise ModelError(f"rule '{self.name}': lasting={self.lasting!r} must be a time above zero (left out: the change stays)")
        if not (isinstance(self.times, int) and self.times >= 1):
            raise ModelError(f"rule '{self.name}': times={self.times!r} must be a whole number of at least one")
        if self.at not in ("threshold", "visits"):
            raise ModelError(f"rule '{self.name}': at={self.at!r}; expected 'threshold' or 'visits'")
        wrong = [name for name, value in self.change.items() if not math.isfinite(value)]
        if wrong or not self.change:
            what = f"sets '{wrong[0]}' to {self.change[wrong[0]]!r}; expected a finite number" if wrong else "changes no input; name one"
            raise ModelError(f"rule '{self.name}' {what}")


@dataclass(frozen=True, slots=True)
class Dosing:
    """Where doses of one route go: a state, the unit of the dose, the share that arrives and the lag, constants or functions of p."""

    state: str
    unit: str
    bioavailability: float | Function = 1.0
    lag: float | Function = 0.0


@dataclass(frozen=True, slots=True)
class Output:
    """What is observed: a function of the states, its unit, the matrix it is measured in and its residual error."""

    function: Function
    unit: str
    error: ResidualError | None = None
    matrix: str = ""
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class BirthDeath:
    """The last cells as a chance event: below `below` cells, birth and death at the declared rates (Kendall 1948).

    `cells_per_unit` converts the state's unit to cells. The engine gives the exact extinction probability and sampled
    extinction times; a survivor is shown at its mean given survival.
    """

    state: str
    birth: Function
    death: Function
    below: float = 100.0
    cells_per_unit: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model as published: see the fields; everything is frozen and read by name.

    outcomes: times to event, counts and categories (`autologue.terms`); the model gets an output for each of their hazards and means.
    """

    name: str
    time: str
    states: Mapping[str, State]
    parameters: Mapping[str, Parameter]
    initial: Function
    phases: Sequence[Phase]
    outputs: Mapping[str, Output]
    reference: str
    title: str = ""
    disease: str = ""
    product: str = ""
    answers: Sequence[str] = ()
    silent_on: Sequence[str] = ()
    inputs: Mapping[str, Input] = field(default_factory=dict)
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    rules: Sequence[Rule] = ()
    dosing: Mapping[str, Dosing] = field(default_factory=dict)
    regimen: Regimen | None = None
    closed_form: Function | None = None
    birth_death: BirthDeath | None = None
    conserved: Mapping[str, Function] = field(default_factory=dict)
    horizon: float = 365.0
    provisional: str = ""
    validation: str = ""

    def __post_init__(self) -> None:
        """Freeze the mappings and check names, references between fields and units."""
        for name in ("states", "parameters", "outputs", "inputs", "outcomes", "dosing", "conserved"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        object.__setattr__(self, "phases", tuple(self.phases))
        object.__setattr__(self, "rules", tuple(self.rules))
        units.parse(self.time)
        _check_names(self)
        _check_links(self)
        check_outcomes(self)

    def with_typical(self, **values: float) -> dict[str, float]:
        """Return the typical parameter values by name, some of them replaced."""
        wrong = [name for name in values if name not in self.parameters]
        if wrong:
            raise ModelError(f"model {self.name}: {unknown('parameter', wrong[0], self.parameters)}")
        return {name: float(values.get(name, q.value)) for name, q in self.parameters.items()}


def _check_names(model: Model) -> None:
    if not model.states or not model.phases:
        raise ModelError(f"model {model.name} needs at least one state and one phase")
    for kind in ("states", "parameters", "outputs", "inputs", "dosing"):
        for name in getattr(model, kind):
            if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
                raise ModelError(f"model {model.name}: '{name}' in {kind} is not usable; expected a Python name without leading underscore")
    for kind, want in (("states", State), ("parameters", Parameter), ("outputs", Output), ("inputs", Input), ("dosing", Dosing)):
        for name, value in getattr(model, kind).items():
            if not isinstance(value, want):
                raise ModelError(f"model {model.name}: {kind}['{name}'] is a {type(value).__name__}; expected {want.__name__}(...)")
    shared = set(model.states) & set(model.parameters)
    if shared:
        raise ModelError(f"model {model.name}: '{sorted(shared)[0]}' names both a state and a parameter; rename one")


def _check_links(model: Model) -> None:
    for route, dosing in model.dosing.items():
        if dosing.state not in model.states:
            raise ModelError(f"model {model.name}, dosing '{route}': {unknown('state', dosing.state, model.states)}")
        units.convert(1.0, dosing.unit, model.states[dosing.state].unit, what=f"model {model.name}: dose '{route}'")
    for rule in model.rules:
        for name in rule.change:
            if name not in model.inputs:
                raise ModelError(f"model {model.name}, rule '{rule.name}': {unknown('input', name, model.inputs)}")
    tail = model.birth_death
    if tail is not None:
        if tail.state not in model.states:
            raise ModelError(f"model {model.name}, birth_death: {unknown('state', tail.state, model.states)}")
        if model.states[tail.state].extinct_below is not None:
            raise ModelError(
                f"model {model.name}: state '{tail.state}' has both extinct_below and a birth-death tail; declare one or the other"
            )
    for phase in model.phases[:-1]:
        if phase.until is None:
            raise ModelError(f"model {model.name}: only the last phase may have no end; give until= to each earlier one")
