"""What names become in a table: columns of covariates, codes of outputs, routes, labels and patients."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from autologue.data.conventions import Convention
from autologue.data.reading import Covariate, Kind, Measured, Route, TimeToEvent
from autologue.data.roles import BOOKKEEPING, NAMES
from autologue.data.table import EMPTY, short_code
from autologue.errors import InputError
from autologue.patient import Cohort
from autologue.regimen import Level

__all__ = ["Codes", "make_codes"]

_RESERVED = frozenset(name for names in NAMES.values() for name in names) | BOOKKEEPING


@dataclass(frozen=True)
class Codes:
    """How a cohort is written: its time unit, outputs and routes with codes, covariates and known parameters with columns."""

    time: str | None
    outputs: Mapping[str, Measured | TimeToEvent]
    routes: Mapping[str, Route]
    covariates: Mapping[str, Covariate]
    known: Mapping[str, str]
    patients: Mapping[str, str]
    ids: Mapping[str, str]
    columns: Mapping[str, str]
    occasions: bool


def make_codes(cohort: Cohort, convention: Convention) -> Codes:
    """Return the codes of a cohort; raises InputError where one table cannot hold its patients."""
    times = {patient.time for patient in cohort}
    if len(times) > 1:
        raise InputError(f"the patients are in several time units ({', '.join(map(str, times))}); one table holds one")
    outputs, routes = _outputs(cohort, convention), _routes(cohort, convention)
    covariates = _covariates(cohort, convention)
    inputs = dict.fromkeys(e.input for p in cohort if p.regimen for e in p.regimen.events if isinstance(e, Level))
    known = dict.fromkeys(name for p in cohort for name in p.known)
    lacking = next((f"{name} of patient {p.id}" for p in cohort for name in known if name not in p.known), None)
    if lacking is not None:
        raise InputError(f"{lacking} is not known, while it is for others; a table holds a known parameter for all or for none")
    columns = _columns([*covariates, *inputs, *known], convention)
    every = {**covariates, **{name: Covariate(kind=Kind.INPUT) for name in inputs}}
    ids = [patient.id for patient in cohort]
    coded = (convention.numbers_only and not all(_plain_number(label) for label in ids)) or any(_awkward(label) for label in ids)
    numbered = {label: str(place) if coded else label for place, label in enumerate(ids, start=1)}
    return Codes(
        time=times.pop(), outputs=outputs, routes=routes,
        covariates={n: Covariate("" if columns[n] == n else columns[n], c.kind, c.labels) for n, c in every.items()},
        known={name: columns[name] for name in known}, patients={code: label for label, code in numbered.items()} if coded else {},
        ids=numbered, columns=columns, occasions=any(patient.occasions for patient in cohort),
    )  # fmt: skip


def _plain_number(label: str) -> bool:
    return label.isascii() and label.isdecimal() and len(label) < 15 and str(int(label)) == label


def _awkward(label: str) -> bool:
    """Whether a text would not come back from a cell as it is."""
    return label.upper() in EMPTY or label != label.strip() or bool(re.search(r"[\r\n\0]", label))


def _columns(names: Iterable[str], convention: Convention) -> dict[str, str]:
    """Return a column for each name, its own where that is free and usable."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for place, name in enumerate(names, start=1):
        usable = re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII) and name.upper() not in _RESERVED | taken
        usable = usable and not (convention.numbers_only and len(name) > 20)
        found[name] = name if usable else f"COL{place}"
        taken.add(found[name].upper())
    if len(set(found.values())) < len(found):
        raise InputError(f"covariates {', '.join(found)} cannot be told apart as columns; rename one")
    return found


def _outputs(cohort: Cohort, convention: Convention) -> dict[str, Measured | TimeToEvent]:
    found: dict[str, Measured | TimeToEvent] = {}
    events = {name: event for p in cohort for name, event in p.events.items()}
    for place, name in enumerate([*cohort.outputs, *events], start=1):
        code = str(place) if convention.name in ("nonmem", "monolix") or short_code(name) != name or _awkward(name) else name
        if name in events:
            if name in cohort.outputs:
                raise InputError(f"'{name}' is an output and an event; a table needs a name for each")
            interval = any(p.events[name].earliest < p.events[name].latest < float("inf") for p in cohort if name in p.events)
            found[name] = TimeToEvent(code=code, interval=interval)
            continue
        kinds = {(p.observations[name].unit, p.observations[name].matrix) for p in cohort if name in p.observations}
        if len(kinds) > 1:
            said = " and in ".join(f"{unit} ({matrix or 'matrix not said'})" for unit, matrix in sorted(kinds))
            raise InputError(f"output '{name}' is in {said} in different patients; convert it first, since one column holds one unit")
        unit, matrix = kinds.pop()
        found[name] = Measured(unit=unit, matrix=matrix, code=code)
    return found


def _routes(cohort: Cohort, convention: Convention) -> dict[str, Route]:
    found: dict[str, Route] = {}
    for patient in cohort:
        for event in patient.regimen.events if patient.regimen else ():
            if isinstance(event, Level):
                continue
            place = str(len(found) + 1)
            code = place if convention.name in ("nonmem", "monolix") or short_code(event.into) != event.into else event.into
            route = found.setdefault(event.into, Route(unit=event.unit, code=code))
            if route.unit != event.unit:
                raise InputError(f"doses into '{event.into}' are in {route.unit} and in {event.unit}; give all in one unit")
    return found


def _covariates(cohort: Cohort, convention: Convention) -> dict[str, Covariate]:
    found: dict[str, Covariate] = {}
    for name in dict.fromkeys(name for p in cohort for name in p.covariates):
        values = [p.covariates[name] for p in cohort if name in p.covariates]
        labels = list(dict.fromkeys(value for value in values if isinstance(value, str)))
        if not labels:
            found[name] = Covariate(kind=Kind.CONTINUOUS)
            continue
        if not all(isinstance(value, str) for value in values):
            raise InputError(f"covariate '{name}' is a number in some patients and a label in others; a column holds one kind")
        coded = convention.numbers_only or any(_awkward(label) or short_code(label) != label for label in labels)
        numbered = {str(place): label for place, label in enumerate(labels, start=1)}
        found[name] = Covariate(kind=Kind.CATEGORICAL, labels=numbered if coded else {})
    return found
