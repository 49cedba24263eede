"""Doses of an event table, as regimens."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autologue.data.findings import Finding, Severity, refuse
from autologue.data.reading import Route, find_code
from autologue.data.records import Records, parse_records
from autologue.data.table import read_table
from autologue.errors import InputError
from autologue.regimen import Bolus, Infusion, Regimen

__all__ = ["read_doses", "read_regimens"]

Doses = dict[str, list[Bolus | Infusion]]


def read_doses(records: Records, routes: Mapping[str, Route]) -> tuple[Doses, list[Finding]]:
    """Return the doses of each patient, in the order of the rows; a column `weight` multiplies amounts in a unit per kg."""
    found: Doses = {}
    faults: list[Finding] = []
    rows = records.rows[records.rows["is_dose"]]
    if "amount" not in rows:
        return found, faults
    for row, record in zip(rows.index, rows.to_dict("records"), strict=True):
        name = find_code(str(record["route"]), routes)
        if record["amount"] != record["amount"] or record["time"] != record["time"]:
            continue
        if name is None:
            column = records.columns.get("compartment", records.columns.get("event", ""))
            faults.append(Finding(Severity.ERROR, _no_route(str(record["route"]), routes), (int(row),), column))
            continue
        try:
            found.setdefault(record["id"], []).append(_dose(record, name, routes[name].unit or "1"))
        except InputError as problem:
            faults.append(Finding(Severity.ERROR, str(problem), (int(row),)))
    return found, faults


def _no_route(label: str, routes: Mapping[str, Route]) -> str:
    what = f"CMT {label}" if label.isdecimal() or not label else f"CMT '{label}'"
    names = ", ".join(routes) or "none is declared"
    return f"{what} is not one of the dosing routes ({names}); use its name, its code, or 1 to {len(routes)}"


def _dose(record: Mapping[Any, Any], name: str, unit: str) -> Bolus | Infusion:
    amount = float(record["amount"])
    if unit.endswith("/kg") and "weight" in record:
        unit, amount = unit.removesuffix("/kg"), amount * float(record["weight"])
        if not record["weight"] > 0:
            raise InputError(f"a dose per kg of a patient whose weight is {record['weight']:g}; expected a weight above zero")
    number = {key: 0.0 if record.get(key) is None or record[key] != record[key] else float(record[key]) for key in _OPTIONS}
    common: dict[str, Any] = {"every": number["interval"], "additional": int(number["additional"]), "steady_state": number["steady"] == 1}
    lasts = _lasts(float(record["amount"]), number["rate"], number["duration"])
    if lasts:
        return Infusion(record["time"], amount, lasts, unit, name, **common)
    return Bolus(record["time"], amount, unit, name, **common)


_OPTIONS = ("interval", "additional", "steady", "rate", "duration")


def _lasts(amount: float, rate: float, duration: float) -> float:
    """Return how long an infusion lasts, 0 for a bolus."""
    if rate < 0:
        what = {-1.0: "the rate", -2.0: "the duration"}.get(rate, "what")
        raise InputError(f"RATE {rate:g} leaves {what} of the infusion to the model, which is not supported; give a rate or a duration")
    if rate > 0 and duration > 0 and abs(amount / rate - duration) > 1e-6 * duration:
        raise InputError(
            f"RATE {rate:g} makes the infusion last {amount / rate:g}, but its duration is {duration:g}; leave one of them out"
        )
    return duration if duration > 0 else amount / rate if rate > 0 else 0.0


def read_regimens(path: str | Path, *, routes: Mapping[str, str], time: str | None = None) -> dict[Any, Regimen]:
    """Read the dose rows (EVID 1 or 4, or AMT > 0) of an event table, CSV or Parquet: patient -> Regimen.

    `routes` maps a dosing route of the model to the unit its amounts are in; CMT is a route's name or its number. Ids that are whole
    numbers are integers. Raises InputError with file, row and column.
    """
    records = parse_records(read_table(path), {}, needed=("id", "time", "amount"))
    doses, faults = read_doses(records, {name: Route(unit) for name, unit in routes.items()})
    ids = list(dict.fromkeys(records.rows["id"]))
    timeless = records.rows.index[records.rows["is_dose"] & records.rows["time"].isna()]
    refuse(records.name, [*records.faults, *(records.fault(row, "time", "the time of the dose") for row in timeless), *faults])
    whole = all(label.isascii() and label.isdecimal() and len(label) < 18 and str(int(label)) == label for label in ids)
    return {int(label) if whole else label: Regimen(*doses.get(label, ()), time=time) for label in ids}
