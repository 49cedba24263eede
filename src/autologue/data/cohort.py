"""From the rows of an event table to a cohort."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from autologue.data.covariates import read_covariates
from autologue.data.doses import Doses, read_doses
from autologue.data.findings import Finding, Severity, cell_fault, refuse
from autologue.data.guess import Guess, complete_reading
from autologue.data.reading import Covariate, Measured, Predose, Reading, TimeToEvent
from autologue.data.records import Records, parse_records
from autologue.data.samples import bound_samples, read_values
from autologue.data.table import Source, read_table
from autologue.data.timeline import lay_out, occasion_starts
from autologue.errors import InputError
from autologue.model import Model
from autologue.patient import Cohort, Event, Observations, Patient
from autologue.regimen import Bolus, Infusion, Level, Regimen

__all__ = ["GUESSED", "Parts", "guess_reading", "read_cohort", "read_parts"]

GUESSED = Reading()
_WEIGHTS = ("WT", "WEIGHT", "BW", "BWT", "WTBL")


@dataclass(frozen=True)
class Parts:
    """What a table holds before it becomes patients: its reading, rows with their intervals, and all that was found."""

    reading: Reading
    records: Records
    doses: Doses
    covariates: Mapping[str, Mapping[str, float | str]]
    levels: Mapping[str, list[Level]]
    known: Mapping[str, Mapping[str, float]]
    findings: tuple[Finding, ...]


def read_cohort(source: Source, *, model: Model | None = None, reading: Reading = GUESSED, name: str = "") -> Cohort:
    """Return the patients of an event table: a CSV or Parquet file, or a data frame.

    What `reading` leaves out is guessed from the names of columns and from `model`, which also checks names, units and matrices;
    `print(guess_reading(...))` shows the outcome. Raises InputError with row and column; `lint` lists everything.
    """
    parts = read_parts(source, model=model, reading=reading)
    refuse(parts.records.name, parts.findings)
    ids = list(dict.fromkeys(parts.records.rows["id"]))
    if not ids:
        raise InputError(f"{parts.records.name} holds no patient: at least one row with an id, a time and a value is expected")
    own = dict(tuple(parts.records.rows.groupby("id", sort=False)))
    patients = tuple(_patient(each, own[each], parts) for each in ids)
    return Cohort(patients, name or parts.records.name.rpartition(".")[0] or parts.records.name)


def guess_reading(source: Source, *, model: Model | None = None, reading: Reading = GUESSED) -> Reading:
    """Return the reading that `read_cohort` would use, with everything that was guessed; print it to see it."""
    return complete_reading(parse_records(read_table(source), reading.columns), reading, model).reading


def read_parts(source: Source, *, model: Model | None = None, reading: Reading = GUESSED) -> Parts:
    """Return everything that a table holds, with its faults; raises InputError only where it is no table with the columns needed."""
    records = parse_records(read_table(source), reading.columns, needed=("id", "time", "value"))
    guess = complete_reading(records, reading, model)
    records, findings = lay_out(records, guess.output, guess.reading, model)
    found = [*records.faults, *guess.findings, *findings]
    records, faults = _with_intervals(records, guess)
    doses, wrong = _doses(records, guess.reading, model)
    covariates, levels, odd = read_covariates(records, _present(records, guess.reading), next_value=guess.reading.convention.next_value)
    known, unfit = _known(records, guess.reading)
    return Parts(guess.reading, records, doses, covariates, levels, known, tuple(found + faults + wrong + odd + unfit))


def _with_intervals(records: Records, guess: Guess) -> tuple[Records, list[Finding]]:
    """Return the rows with lower, upper, above and limit of every sample of an output."""
    table = records.table
    measured = {n: o for n, o in guess.reading.outputs.items() if isinstance(o, Measured)}
    values = read_values(table, records.columns["value"], words=records.columns.get("words"), rows=records.rows.index)
    records = replace(records, rows=records.rows.assign(value=values.value, word=values.word))
    asked = records.rows["is_sample"] & records.rows["output"].ne("")
    asked_rows = set(records.rows.index[asked])
    found, faults = bound_samples(replace(records, rows=records.rows.assign(is_sample=asked)), values, measured, guess.reading.convention)
    wrong = [fault for fault in values.faults if asked_rows.intersection(fault.rows)]
    return replace(records, rows=records.rows.join(found).assign(is_sample=asked)), wrong + faults


def _doses(records: Records, reading: Reading, model: Model | None) -> tuple[Doses, list[Finding]]:
    """Return the doses; from the column of the one dose of each patient where there is no other."""
    if model is not None and not model.dosing:
        return {}, []
    if "amount" in records.columns:
        weighed, faults = _weighed(records, reading, model)
        doses, wrong = read_doses(weighed, reading.routes)
        return doses, faults + wrong
    if "dose" not in records.rows or records.columns["dose"] in reading.known.values() or not reading.routes:
        return {}, []
    route, each = next(iter(reading.routes.items()))
    found: Doses = {}
    for patient, amounts in records.rows["dose"].groupby(records.rows["id"], sort=False):
        known = amounts.dropna().unique()
        if len(known) > 1:
            row = amounts.index[amounts == known[1]][0]
            return {}, [records.fault(row, "dose", f"the one dose of patient {patient}, {known[0]:g}, in all rows")]
        found[str(patient)] = [Bolus(0.0, float(amount), each.unit or "1", route) for amount in known]
    return found, []


def _weighed(records: Records, reading: Reading, model: Model | None) -> tuple[Records, list[Finding]]:
    """Return the rows with the weight of the patient where doses are per kg and the model takes them whole."""
    per_kg = [n for n, route in reading.routes.items() if route.unit.endswith("/kg")]
    if model is None or not any(n in model.dosing and not model.dosing[n].unit.endswith("/kg") for n in per_kg):
        return records, []
    name = next((c for c in records.table.cells.columns if c.upper() in _WEIGHTS), None)
    if name is None:
        what = (
            f"doses of route '{per_kg[0]}' are per kg, and no column holds a weight ({', '.join(_WEIGHTS)}); give whole doses, or weights"
        )
        return records, [Finding(Severity.ERROR, what)]
    weight, faults = records.table.numbers(name)
    return replace(records, rows=records.rows.assign(weight=weight.reindex(records.rows.index))), faults


def _present(records: Records, reading: Reading) -> dict[str, Covariate]:
    header = set(records.table.cells.columns)
    return {name: each for name, each in (reading.covariates or {}).items() if (each.column or name) in header}


def _known(records: Records, reading: Reading) -> tuple[dict[str, dict[str, float]], list[Finding]]:
    """Return the parameters whose value the table holds, by patient: one value each."""
    found: dict[str, dict[str, float]] = {}
    faults: list[Finding] = []
    for name, column in reading.known.items():
        if column not in records.table.cells:
            continue
        numbers, wrong = records.table.numbers(column)
        faults += wrong
        numbers = numbers.reindex(records.rows.index)
        for patient, own in numbers.groupby(records.rows["id"], sort=False):
            values = own.dropna().unique()
            if len(values) != 1 and not wrong:
                row = own.index[-1] if not len(values) else own.index[own == values[1]][0]
                cell = records.table.cells.at[row, column]
                faults.append(cell_fault(row, column, f"one known value of {name} of patient {patient}", cell))
            elif len(values):
                found.setdefault(str(patient), {})[name] = float(values[0])
    return found, faults


def _patient(label: str, own: pd.DataFrame, parts: Parts) -> Patient:
    reading, doses = parts.reading, parts.doses.get(label, [])
    samples = own[own["is_sample"]]
    observations, events = {}, {}
    for name, output in reading.outputs.items():
        mine = samples[samples["output"] == name]
        if isinstance(output, TimeToEvent):
            if len(mine):
                events[name] = _event(label, name, mine, interval=output.interval)
            continue
        mine = mine[mine["lower"].notna() & mine["upper"].notna()]
        if len(mine):
            observations[name] = Observations(
                mine["time"], unit=output.unit or "1", lower=mine["lower"], upper=mine["upper"], above=mine["above"],
                limit=mine["limit"], matrix=output.matrix,
            )  # fmt: skip
    levels = parts.levels.get(label, [])
    given = (bool({"amount", "dose"} & set(parts.records.columns)) and (bool(reading.routes))) or bool(levels)
    again = [t for dose in doses if dose.into == reading.occasion_dose for t in _times(dose)]
    patient = Patient(
        id=label, observations=observations, regimen=Regimen(*doses, *levels, time=reading.time_unit) if given else None,
        covariates=parts.covariates.get(label, {}), known=parts.known.get(label, {}), occasions=occasion_starts(own, sorted(again)[1:]),
        events=events, time=reading.time_unit,
    )  # fmt: skip
    return drop_predose(patient) if reading.predose is Predose.DROP else patient


def _times(dose: Bolus | Infusion) -> list[float]:
    return [dose.time + k * dose.every for k in range(dose.additional + 1)]


def _event(label: str, name: str, rows: pd.DataFrame, *, interval: bool) -> Event:
    """Return the event of one patient from its rows: 0 while followed, 1 at the event."""
    times, marks = rows["time"].to_numpy(np.float64), rows["value"].to_numpy(np.float64)
    hit = np.flatnonzero(marks == 1.0)
    if not np.isin(marks, (0.0, 1.0)).all() or len(hit) > 1 or (len(hit) and hit[0] != len(marks) - 1):
        raise InputError(f"{name} of patient {label}: expected rows of 0 while followed, then one row of 1, or none")
    entry, last = float(times[0]), float(times[-1])
    if not len(hit):
        return Event(last, np.inf, entry=entry)
    return Event(float(times[-2]) if interval and len(times) > 1 else last, last, entry=entry)


def drop_predose(patient: Patient) -> Patient:
    """Return the patient without samples that show nothing (zero, or below the limit) up to the first dose."""
    given = [event.time for event in (patient.regimen.events if patient.regimen else ()) if not isinstance(event, Level)]
    start = min(given, default=0.0)
    kept = {}
    for name, seen in patient.observations.items():
        nothing = (seen.times <= start) & ((seen.upper <= 0.0) | (seen.censored & ~np.isposinf(seen.upper)))
        if not nothing.all():
            kept[name] = Observations(
                seen.times[~nothing], unit=seen.unit, lower=seen.lower[~nothing], upper=seen.upper[~nothing],
                above=seen.above[~nothing], limit=seen.limit[~nothing], matrix=seen.matrix,
            )  # fmt: skip
    return replace(patient, observations=kept)
