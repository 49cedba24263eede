"""The gates that every model passes before anybody trusts it, each answered in words.

names, units, source, solvable, non-negative, closed form, mass balance, validation. A gate that cannot be asked because an
earlier one failed is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from autologue import library, units
from autologue.engine.reference import Floats, solve_reference
from autologue.errors import AutologueError, ModelError, unknown
from autologue.model import Crossing, Function, Model, Names, call
from autologue.qualify.dimensions import Context, Quantity, describe, fit
from autologue.regimen import Regimen
from autologue.terms.outcome import read_parameters
from autologue.units import ONE, Unit

__all__ = ["Finding", "check_model"]

_POINTS = 101  # times over the horizon at which a solution is looked at


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer of one gate: which gate, whether it passed, and in words what was found."""

    gate: str
    passed: bool
    message: str


@dataclass(frozen=True, slots=True)
class _Part:
    """A function of the model: label of its result ({} for the state), the units expected (None: any), and how it is read."""

    label: str
    function: Function
    expected: Mapping[str, Unit] | Unit | None
    smooth: bool = False
    partial: bool = False


def check_model(model: Model) -> list[Finding]:
    """Return what the gates find, failures first named by gate; every gate passed means `all(f.passed for f in found)`.

    >>> from autologue.library import load
    >>> [f.message for f in check_model(load("leon_triana_2021")) if not f.passed]
    []
    """
    findings = [*_functions(model), *_sources(model)]
    if all(f.passed for f in findings if f.gate == "names"):
        findings += _solution(model)
    return [*findings, *_validation(model)]


def _report(gate: str, problems: list[str], fine: str) -> list[Finding]:
    return [Finding(gate, False, problem) for problem in problems] or [Finding(gate, True, fine)]


class _Read(dict[str, Any]):
    """Values that remember which of them were read."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.seen: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        value = super().__getitem__(name)
        self.seen.add(name)
        return value


def _parts(model: Model) -> Iterator[_Part]:
    time = units.parse(model.time)
    states = {name: units.parse(state.unit) for name, state in model.states.items()}
    yield _Part("initial {}", model.initial, states)
    for number, phase in enumerate(model.phases, start=1):
        of_phase = f" of phase {number}" if len(model.phases) > 1 else ""
        yield _Part("d({})/dt" + of_phase, phase.rhs, {name: unit / time for name, unit in states.items()}, smooth=True)
        if phase.reset is not None:
            yield _Part("reset of {}" + of_phase, phase.reset, states, partial=True)
        yield from _ends(phase.until, f"the end{of_phase}", time)
    for name, output in model.outputs.items():
        yield _Part(f"output '{name}'", output.function, units.parse(output.unit))
    if model.closed_form is not None:
        yield _Part("closed form of {}", model.closed_form, states)
    for name, route in model.dosing.items():
        yield from _timing(route.bioavailability, f"bioavailability of '{name}'", ONE)
        yield from _timing(route.lag, f"lag of '{name}'", time)
    for rule in model.rules:
        yield from _ends(rule.when, f"rule '{rule.name}'", time)
    for name, function in model.conserved.items():
        yield _Part(f"conserved '{name}'", function, None)
    if model.birth_death is not None:
        for label in ("birth", "death"):
            yield _Part(f"{label} rate", getattr(model.birth_death, label), ONE / time, smooth=True)


def _timing(value: Any, label: str, unit: Unit) -> Iterator[_Part]:
    if callable(value):
        yield _Part(label, value, unit)


def _ends(until: Any, label: str, time: Unit) -> Iterator[_Part]:
    if isinstance(until, Crossing):
        yield _Part(label, until.function, None)
        yield from _timing(until.after, f"the earliest time of {label}", time)
    else:
        yield from _timing(until, label, time)


def _functions(model: Model) -> list[Finding]:
    """Ask the gates names and units: evaluate every function of the model once, on units."""
    time = units.parse(model.time)
    written = [units.parse(part.unit) for kind in (model.states, model.parameters, model.inputs, model.outputs) for part in kind.values()]
    known = describe(written, time)
    names, dimensions = [], []
    read = _Read({})
    read.seen |= read_parameters(model)  # whose units were checked where they were declared
    for part in _parts(model):
        context = Context(known, part.smooth)
        given = {name: Quantity(units.parse(q.unit), context) for name, q in model.parameters.items()}
        parameters = _Read(given)
        values = dict(
            t=Quantity(time, context, moving=True),
            y=Names("state", {n: Quantity(units.parse(s.unit), context, moving=True) for n, s in model.states.items()}),
            p=Names("parameter", parameters),
            u=Names("input", {n: Quantity(units.parse(i.unit), context) for n, i in model.inputs.items()}),
        )
        try:
            result = call(part.function, **values)
        except ModelError as problem:
            names.append(f"{part.label.format('state')}: {problem}")
            continue
        except Exception as problem:
            names.append(f"{part.label.format('state')}: {type(problem).__name__}: {problem}")
            continue
        read.seen |= parameters.seen
        names += _wrong_names(model, part, result)
        dimensions += _wrong_units(part, result, context)
    if not names:
        names += [f"parameter '{name}' is declared but no function reads it" for name in model.parameters if name not in read.seen]
    fine = f"{len(model.states)} states, {len(model.parameters)} parameters, every name known and used"
    return [*_report("names", names, fine), *_report("units", dimensions, "every sum, argument and result has the unit that it should")]


def _wrong_names(model: Model, part: _Part, result: Any) -> list[str]:
    if not isinstance(part.expected, Mapping):
        return []
    label = part.label.format("state")
    if not isinstance(result, Mapping):
        return [f"{label}: gives {type(result).__name__}; expected a dict of states"]
    wrong = [f"{label}: {unknown('state', name, model.states)}" for name in result if name not in model.states]
    missing = [] if part.partial else [f"{part.label.format(name)} is missing" for name in model.states if name not in result]
    return wrong + missing


def _wrong_units(part: _Part, result: Any, context: Context) -> list[str]:
    if isinstance(part.expected, Mapping):
        named = result.items() if isinstance(result, Mapping) else ()
        found = [(part.label.format(name), fit(v, part.expected[name], context)) for name, v in named if name in part.expected]
    elif part.expected is None:
        found = [(part.label, result.fault if isinstance(result, Quantity) else "")]
    else:
        found = [(part.label, fit(result, part.expected, context))]
    return [_sentence(label, problem) for label, problem in found if problem]


def _sentence(label: str, problem: str) -> str:
    if problem.startswith(("has unit", "gives a")):
        return f"{label} {problem}"
    words, _, place = problem.rpartition(" (")
    return f"{words} in {label} ({place}"


def _sources(model: Model) -> list[Finding]:
    problems = [
        f"parameter '{name}' ({quantity.value:g} {quantity.unit}) has no source; name the table it was read in, or write 'assumed: ...'"
        for name, quantity in model.parameters.items()
        if not quantity.source.strip()
    ]
    if not model.reference.strip():
        problems.append("the model has no reference; give the DOI of the paper, or say that it is unpublished")
    return _report("source", problems, "every number says where it was read")


def _solution(model: Model) -> list[Finding]:
    """Ask the gates that need a solution: typical patient, the whole horizon, no doses but the model's own."""
    plain = replace(model, rules=(), birth_death=None)
    times = np.linspace(0.0, model.horizon, _POINTS)
    try:
        found = solve_reference(plain, {}, times)
    except AutologueError as problem:
        return [Finding("solvable", False, str(problem))]
    except Exception as problem:
        return [Finding("solvable", False, f"the model fails while it is solved: {type(problem).__name__}: {problem}")]
    done = Finding("solvable", True, f"solved over {model.horizon:g} {model.time} with typical values")
    return [done, *_negative(model, times, found), *_closed_form(model, times, found), *_balance(plain, times)]


def _negative(model: Model, times: Floats, found: Mapping[str, Floats]) -> list[Finding]:
    problems = []
    for name, state in model.states.items():
        values = found[name]
        allowed = -(state.absolute or 1e-9 * max(float(np.abs(values).max()), 1e-300))
        if not state.signed and values.min() < allowed:
            first = int(np.argmax(values < allowed))
            sentence = f"state '{name}' is {values[first]:.4g} {state.unit} at time {times[first]:.4g}"
            problems.append(f"{sentence}; if it may be negative, say signed=True")
    return _report("non-negative", problems, "no state falls below zero")


def _closed_form(model: Model, times: Floats, found: Mapping[str, Floats]) -> list[Finding]:
    if model.closed_form is None:
        return []
    p, problems = Names("parameter", model.with_typical()), []
    exact = [call(model.closed_form, t=float(t), p=p) for t in times]
    for name in model.states:
        values = np.array([float(row[name]) for row in exact])
        off = np.abs(values - found[name]) / max(float(np.abs(values).max()), 1e-300)
        if off.max() > 1e-6:
            worst = int(off.argmax())
            sentence = f"closed form of '{name}' gives {values[worst]:.6g} at time {times[worst]:.4g}, the phases {found[name][worst]:.6g}"
            problems.append(sentence)
    return _report("closed form", problems, "the closed form agrees with the phases")


def _balance(model: Model, times: Floats) -> list[Finding]:
    if not model.conserved:
        return []
    found, p, problems = solve_reference(model, {}, times, regimen=Regimen()), Names("parameter", model.with_typical()), []
    u = Names("input", {name: given.value for name, given in model.inputs.items()})
    for label, function in model.conserved.items():
        states = [Names("state", {name: float(found[name][k]) for name in model.states}) for k in range(len(times))]
        total = np.array([float(call(function, t=float(t), y=y, p=p, u=u)) for t, y in zip(times, states, strict=True)])
        drift = np.abs(total - total[0])
        if drift.max() > 1e-6 * max(float(np.abs(total).max()), 1e-300):
            worst = int(drift.argmax())
            problems.append(f"'{label}' should stay at {total[0]:.6g} but is {total[worst]:.6g} at time {times[worst]:.4g}")
    return _report("mass balance", problems, f"{', '.join(model.conserved)} stays as it is")


def _validation(model: Model) -> list[Finding]:
    """Ask whether the validation file of a library model is there; other models need none."""
    if model.name not in library.names():
        return []
    folder = Path(library.__file__).resolve().parents[3]
    if not model.validation:
        return [Finding("validation", False, f"names no validation file; expected 'validation/{model.name}.py'")]
    if not (folder / "validation").is_dir():
        return [Finding("validation", True, f"{model.validation} is part of the repository, not of this installation")]
    there = (folder / model.validation).is_file()
    return [Finding("validation", there, f"{model.validation} {'reproduces what was published' if there else 'does not exist'}")]
