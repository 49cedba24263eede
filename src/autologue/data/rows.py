"""The rows of one patient in an event table: doses, samples, events, changes of inputs, in the order of time."""

from __future__ import annotations

import math
from collections.abc import Iterator

from autologue import units
from autologue.data.codes import Codes
from autologue.data.conventions import Convention
from autologue.data.reading import TimeToEvent
from autologue.errors import InputError
from autologue.model import Model
from autologue.patient import Observations, Patient
from autologue.regimen import Bolus, Infusion, Level

__all__ = ["Row", "patient_rows"]

Row = dict[str, str]  # a cell by role; covariates and known parameters by name with a plus before it
_Timed = tuple[float, int, Row]  # time, rank among rows of the same time
_AFTER = 4  # the rank of the row after all others of its time


def patient_rows(patient: Patient, codes: Codes, convention: Convention, model: Model | None) -> list[Row]:
    """Return the rows of one patient."""
    scale = _scale(patient)
    events = patient.regimen.events if patient.regimen else ()
    steps = {name: _steps(name, [e for e in events if isinstance(e, Level) and e.input == name], scale, model) for name in _inputs(codes)}
    timed: list[_Timed] = []
    for event in events:
        if not isinstance(event, Level):
            timed.append((event.time * scale, 2, _dose(event, codes, convention, scale)))
    for name, seen in patient.observations.items():
        timed += [(float(seen.times[k]), 3, _sample(seen, k, name, codes, convention, patient.id)) for k in range(len(seen))]
    timed += [row for name in patient.events for row in _events(patient, name, codes)]
    marks = {*patient.occasions, *(time for each in steps.values() for time, _ in each)}
    timed += [(time, 0, {"event": "2"}) for time in marks]
    if patient.occasions and not any(time < patient.occasions[0] for time, _, _ in timed):  # a change needs a row before it
        timed.append((0.0 if patient.occasions[0] > 0 else patient.occasions[0] - 1.0, 0, {"event": "2"}))
    if convention.next_value:  # a second row, from which on the new value stands
        timed += [(time, _AFTER, {"event": "2"}) for each in steps.values() for time, _ in each[1:]]
    timed = sorted(timed or [(0.0, 0, {"event": "2"})], key=lambda row: row[:2])
    fixed = {"id": codes.ids[patient.id], **_fixed(patient, codes)}
    return [
        {**fixed, "time": _text(time), **row, **_marks(row, time, patient, codes, convention), **_levels(steps, time, rank, convention)}
        for time, rank, row in timed
    ]


def _marks(row: Row, time: float, patient: Patient, codes: Codes, convention: Convention) -> Row:
    found = {"missing": "0" if row["event"] == "0" else "1"} if "missing" in convention.columns else {}
    return found | ({"occasion": str(1 + sum(start <= time for start in patient.occasions))} if codes.occasions else {})


def _levels(steps: dict[str, list[tuple[float, float]]], time: float, rank: int, convention: Convention) -> Row:
    """Return the level of each input on a row: the one from then on, or, where a value holds up to its row, the one until then."""
    found = {}
    for name, changes in steps.items():
        until = convention.next_value and rank < _AFTER
        done = [value for k, (at, value) in enumerate(changes) if at < time or (at == time and (k == 0 or not until))]
        if done:
            found[f"+{name}"] = _text(done[-1])
    return found


def _text(number: float) -> str:
    return str(int(number)) if number == int(number) and abs(number) < 1e15 else repr(float(number))


def _scale(patient: Patient) -> float:
    if patient.regimen is None or patient.regimen.time is None or patient.regimen.time == patient.time:
        return 1.0
    if patient.time is None:
        raise InputError(f"patient {patient.id}: doses are in {patient.regimen.time}, and nothing says the unit of the other times")
    return units.convert(1.0, patient.regimen.time, patient.time, what=f"times of doses of patient {patient.id}")


def _inputs(codes: Codes) -> list[str]:
    return [name for name, each in codes.covariates.items() if each.kind.value == "input"]


def _steps(name: str, levels: list[Level], scale: float, model: Model | None) -> list[tuple[float, float]]:
    """Return when an input changes, and to what."""
    changes: dict[float, float] = {}
    ordered = sorted(levels, key=lambda level: level.time)
    for k, level in enumerate(ordered):
        changes[level.time * scale] = level.value
        if math.isfinite(level.until) and all(level.until < later.time for later in ordered[k + 1 : k + 2]):
            if model is None or name not in model.inputs:
                raise InputError(f"input '{name}' ends at {level.until:g} and nothing says its value after; give model=")
            changes[level.until * scale] = model.inputs[name].value
    return sorted(changes.items())


def _fixed(patient: Patient, codes: Codes) -> Row:
    found = {f"+{name}": _text(value) for name, value in patient.known.items()}
    for name, value in patient.covariates.items():
        labels = {label: code for code, label in codes.covariates[name].labels.items()}
        found[f"+{name}"] = labels.get(value, value) if isinstance(value, str) else _text(float(value))
    return found


def _dose(event: Bolus | Infusion, codes: Codes, convention: Convention, scale: float) -> Row:
    row = {"event": "1", "amount": _text(event.amount), "compartment": codes.routes[event.into].code}
    if isinstance(event, Infusion):
        lasts = event.duration * scale
        row |= {"duration": _text(lasts)} if "duration" in convention.columns else {"rate": _text(event.amount / lasts)}
    if event.every:
        row["interval"] = _text(event.every * scale)
    if event.additional:
        row["additional"] = str(event.additional)
    if event.steady_state:
        row["steady"] = "1"
    return row


def _sample(seen: Observations, k: int, name: str, codes: Codes, convention: Convention, patient: str) -> Row:
    lower, upper, above, limit = (float(array[k]) for array in (seen.lower, seen.upper, seen.above, seen.limit))
    where = f"output '{name}' of patient {patient} at time {seen.times[k]:g}"
    row = {"event": "0", "analyte": codes.outputs[name].code, "censored": "0"}
    if lower == -math.inf and upper == math.inf:
        raise InputError(f"{where} may have any value; leave such a sample out")
    if lower == upper:
        row["value"] = _text(upper)
    elif upper == math.inf:
        row |= {"value": _text(lower), "censored": "-1"}
    else:
        row |= {"value": _text(upper), "censored": "1"}
        row |= {"limit": _text(lower)} if lower > -math.inf else {}
    conditioned = _conditioned(lower, upper, above, convention, where)
    if "blq" in convention.columns:
        row["blq"] = "1" if row["censored"] == "1" else "0"
    return row | conditioned | ({} if math.isnan(limit) else {"lloq": _text(limit)})


def _conditioned(lower: float, upper: float, above: float, convention: Convention, where: str) -> Row:
    """Return the LIMIT that conditions a row; raises InputError where the dialect has none."""
    if above > -math.inf and not convention.limit_conditions:
        raise InputError(
            f"{where} is conditional on a value above {above:g} (M2, M4), which {convention.name} says in the model; write it before"
        )
    bounded = -math.inf < lower < upper < math.inf
    if convention.limit_conditions and (bounded or above > -math.inf) and (above != lower if lower < upper else False):
        raise InputError(f"{where} lies between {lower:g} and {upper:g}, which nlmixr2 reads as M4; apply M3() or M4() first")
    return {"limit": _text(above)} if above > -math.inf else {}


def _events(patient: Patient, name: str, codes: Codes) -> Iterator[_Timed]:
    event, output = patient.events[name], codes.outputs[name]

    def row(time: float, mark: str) -> _Timed:
        return time, 3, {"event": "0", "analyte": output.code, "value": mark, "censored": "0"}

    yield row(event.entry, "0")
    seen = math.isfinite(event.latest)
    if not seen or (isinstance(output, TimeToEvent) and output.interval):
        yield row(event.earliest, "0")
    if seen:
        yield row(event.latest, "1")
