"""From the rows of an event table to a cohort."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from autologue.data.censoring import take_samples
from autologue.data.covariates import read_covariates
from autologue.data.doses import Doses, read_doses
from autologue.data.events import read_events
from autologue.data.findings import Finding, Severity, cell_fault, refuse
from autologue.data.guess import Guess, complete_reading
from autologue.data.reading import Covariate, Measured, Predose, Reading
from autologue.data.records import Records, parse_records
from autologue.data.samples import bound_samples, read_values
from autologue.data.table import Source, read_table
from autologue.data.timeline import lay_out, occasion_starts
from autologue.model import Model
from autologue.patient import Cohort, Event, Observations, Patient
from autologue.regimen import Bolus, Infusion, Level, Regimen

__all__ = ["GUESSED", "Parts", "guess_reading", "read_cohort", "read_parts"]

GUESSED = Reading()
_WEIGHTS = ("WT", "WEIGHT", "BW", "BWT", "WTBL")


@dataclass(frozen=True)
class Parts:
    """What a table holds before it becomes patients: its reading, rows with their intervals, and all that was found.

    takes_doses: whether the model has a route for them; where it has none (its course starts from its initial state) they only mark
    time, for samples before the dose and occasions.
    """

    reading: Reading
    records: Records
    doses: Doses
    covariates: Mapping[str, Mapping[str, float | str]]
    levels: Mapping[str, list[Level]]
    known: Mapping[str, Mapping[str, float]]
    events: Mapping[str, Mapping[str, Event]]
    takes_doses: bool
    findings: tuple[Finding, ...]


def read_cohort(source: Source, *, model: Model | None = None, reading: Reading = GUESSED, name: str = "") -> Cohort:
    """Return the patients of an event table: a CSV or Parquet file, or a data frame.

    What `reading` leaves out is guessed from the names of columns and from `model`, which also checks names, units and matrices;
    `print(guess_reading(...))` shows the outcome. Raises InputError with row and column; `lint` lists everything.
    """
    parts = read_parts(source, model=model, reading=reading)
    refuse(parts.records.name, parts.findings)
    rows = parts.records.rows
    samples = _observations(rows, parts.reading)
    occasions = dict(tuple(rows.groupby("id", sort=False))) if "occasion" in rows else {}
    patients = (_patient(label, samples.get(label, {}), occasions.get(label), parts) for label in dict.fromkeys(rows["id"]))
    return Cohort(tuple(patients), name or parts.records.name.rpartition(".")[0] or parts.records.name)


def guess_reading(source: Source, *, model: Model | None = None, reading: Reading = GUESSED) -> Reading:
    """Return the reading that `read_cohort` would use, with everything that was guessed; print it to see it."""
    return complete_reading(_records(source, reading), reading, model).reading


def _records(source: Source, reading: Reading) -> Records:
    return parse_records(read_table(source), reading.columns, dose_rows_observe=reading.convention.dose_rows_observe)


def read_parts(source: Source, *, model: Model | None = None, reading: Reading = GUESSED) -> Parts:
    """Return everything that a table holds, with its faults; raises InputError only where it is no table with the columns needed."""
    records = _records(source, reading)
    guess = complete_reading(records, reading, model)
    records, findings = lay_out(records, guess.output, guess.reading, model)
    found = [*records.faults, *guess.findings, *findings]
    records, faults = _with_intervals(records, guess)
    doses, wrong = _doses(records, guess.reading, model)
    covariates, levels, odd = read_covariates(records, _present(records, guess.reading), next_value=guess.reading.convention.next_value)
    known, unfit = _known(records, guess.reading)
    events, untimely = read_events(records, guess.reading)
    found += [*faults, *wrong, *odd, *unfit, *untimely]
    if records.rows.empty:
        found.append(Finding(Severity.ERROR, "the table holds no patient: at least one row with an id, a time and a value is expected"))
    takes_doses = model is None or bool(model.dosing)
    if doses and not takes_doses and model is not None:
        what = f"model {model.name} takes no doses, as its course starts from its initial state; those of the table only mark time"
        found += [Finding(Severity.NOTE, what), *_conflicting(doses, guess.reading, model)]
    return Parts(guess.reading, records, doses, covariates, levels, known, events, takes_doses, tuple(found))


def _conflicting(doses: Doses, reading: Reading, model: Model) -> list[Finding]:
    """Return patients with several infusion times, of which a course that starts with one can be neither."""
    found = []
    for label, own in () if reading.occasion_dose else doses.items():
        times = sorted({dose.time for dose in own})
        if len(times) > 1:
            when = " and ".join(f"{t:g}" for t in times[:3])
            what = f"patient {label} has infusions at {when}, and model {model.name} starts with one at 0"
            found.append(Finding(Severity.ERROR, f"{what}; leave the rows of one of them, or ask a model that takes doses"))
    return found


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


def _observations(rows: pd.DataFrame, reading: Reading) -> dict[str, dict[str, Observations]]:
    """Return the samples by patient and output."""
    found: dict[str, dict[str, Observations]] = {}
    for name, output in reading.outputs.items():
        if not isinstance(output, Measured):
            continue
        mine = rows[rows["is_sample"] & (rows["output"] == name) & rows["lower"].notna() & rows["upper"].notna()]
        arrays = {field: mine[field].to_numpy(np.float64) for field in ("time", "lower", "upper", "above", "loq")}
        for label, places in mine.groupby("id", sort=False).indices.items():
            own = {field: array[places] for field, array in arrays.items()}
            found.setdefault(str(label), {})[name] = Observations(
                own["time"], unit=output.unit or "1", lower=own["lower"], upper=own["upper"], above=own["above"], limit=own["loq"],
                matrix=output.matrix,
            )  # fmt: skip
    return found


def _patient(label: str, observations: Mapping[str, Observations], own: pd.DataFrame | None, parts: Parts) -> Patient:
    reading, doses, levels = parts.reading, parts.doses.get(label, []), parts.levels.get(label, [])
    given = doses if parts.takes_doses else []
    dosed = parts.takes_doses and {"amount", "dose"} & set(reading.columns) and reading.routes
    again = sorted(t for dose in doses if dose.into == reading.occasion_dose for t in _times(dose))
    patient = Patient(
        id=label, observations=observations, regimen=Regimen(*given, *levels, time=reading.time_unit) if dosed or levels else None,
        covariates=parts.covariates.get(label, {}), known=parts.known.get(label, {}), occasions=occasion_starts(own, again[1:]),
        events=parts.events.get(label, {}), time=reading.time_unit,
    )  # fmt: skip
    return drop_predose(patient, start=min((dose.time for dose in doses), default=None)) if reading.predose is Predose.DROP else patient


def _times(dose: Bolus | Infusion) -> list[float]:
    return [dose.time + k * dose.every for k in range(dose.additional + 1)]


def drop_predose(patient: Patient, *, start: float | None = None) -> Patient:
    """Return the patient without samples that show nothing (zero, or below the limit) up to `start`: by default the first dose, or 0."""
    given = [event.time for event in (patient.regimen.events if patient.regimen else ()) if not isinstance(event, Level)]
    first = min(given, default=0.0) if start is None else start
    kept = {}
    for name, seen in patient.observations.items():
        nothing = (seen.times <= first) & ((seen.upper <= 0.0) | (seen.censored & ~np.isposinf(seen.upper)))
        if not nothing.all():
            kept[name] = take_samples(seen, ~nothing)
    return replace(patient, observations=kept)
