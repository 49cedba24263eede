"""What a reading leaves out, guessed from the table and the model: outputs, routes, units, covariates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from autologue import units
from autologue.data.covariates import guess_covariates
from autologue.data.findings import Finding, Severity
from autologue.data.reading import Kind, Measured, Reading, Route, TimeToEvent, find_code
from autologue.data.records import Records
from autologue.data.table import short_code
from autologue.errors import UnitError, unknown
from autologue.model import Model
from autologue.terms import Hazard

__all__ = ["Guess", "complete_reading", "output_of"]

_TIME_NAMES = {"DAY": "day", "DAYS": "day", "HOURS": "hour"}
Key = tuple[str, str]  # code and matrix of a row


@dataclass(frozen=True)
class Guess:
    """A whole reading, the output of each row ('' for none), and what was found on the way."""

    reading: Reading
    output: pd.Series
    findings: tuple[Finding, ...]


def complete_reading(records: Records, reading: Reading, model: Model | None) -> Guess:
    """Return the reading with everything that it leaves out."""
    taken = {*records.columns.values(), *reading.known.values()}
    routes, wrong = _routes(records, reading, model)
    outputs, assigned, faults = _outputs(records, reading, model)
    covariates = reading.covariates
    if covariates is None:
        covariates = guess_covariates(records, taken, model.inputs if model else {})
    whole = replace(
        reading, columns=records.columns, outputs=outputs, routes=routes, covariates=covariates,
        time_unit=reading.time_unit or _time_unit(records),
    )  # fmt: skip
    checked = _check_model(whole, model) if model else []
    return Guess(whole, assigned, (*wrong, *faults, *checked, *_check_columns(records, whole)))


def _check_columns(records: Records, reading: Reading) -> list[Finding]:
    """Return an error for each declared column that the table lacks."""
    header = list(records.table.cells.columns)
    wanted = {name: each.column or name for name, each in (reading.covariates or {}).items()} | dict(reading.known)
    return [
        Finding(Severity.ERROR, f"'{name}' is read from {unknown('column', column, header)}")
        for name, column in wanted.items()
        if column not in header
    ]


def _time_unit(records: Records) -> str | None:
    if "time_unit" in records.rows:
        said = {text.lower().rstrip("s") for text in records.rows["time_unit"] if text}
        if len(said) == 1:
            text = said.pop()
            return {"hr": "hour", "h": "hour", "d": "day", "hour": "hour", "day": "day"}.get(text)
    return _TIME_NAMES.get(records.columns["time"].upper())


def _only(rows: pd.DataFrame, role: str, what: str) -> tuple[str, list[Finding]]:
    """Return the one value that a column has in some rows ('' where there is none); several are an error."""
    if role not in rows:
        return "", []
    found = [text for text in dict.fromkeys(rows[role]) if text]
    if len(found) > 1:
        first = rows.index[rows[role] == found[1]][0]
        sentence = (
            f"{what} are in {' and in '.join(found[:4])}, which are never joined silently: convert them, or give each a code of its own"
        )
        return "", [Finding(Severity.ERROR, sentence, (int(first),))]
    return (found[0] if found else ""), []


def _routes(records: Records, reading: Reading, model: Model | None) -> tuple[dict[str, Route], list[Finding]]:
    rows = records.rows[records.rows["is_dose"]]
    if "amount" not in rows and "dose" not in rows:
        return dict(reading.routes), []
    stated, faults = _only(rows, "dose_unit", "amounts of doses")
    routes = dict(reading.routes) or _guess_routes([str(code) for code in dict.fromkeys(rows["route"])], model)
    return {name: replace(route, unit=route.unit or stated) for name, route in routes.items()}, faults


def _guess_routes(codes: list[str], model: Model | None) -> dict[str, Route]:
    if model is None or not model.dosing:
        return {_identifier(code, "cmt", "dose"): Route(code=code) for code in codes or [""]}
    names = list(model.dosing)
    if len(names) == 1 and len(codes) <= 1:
        return {names[0]: Route(code=codes[0] if codes else "")}
    return {name: Route() for name in names}


def _identifier(code: str, kind: str, plain: str) -> str:
    name = re.sub(r"\W+", "_", code, flags=re.ASCII).strip("_").lower()
    return plain if not name else name if not name[0].isdigit() else f"{kind}_{name}"


def _outputs(records: Records, reading: Reading, model: Model | None) -> tuple[dict[str, Measured | TimeToEvent], pd.Series, list[Finding]]:
    """Return the outputs with code, unit and matrix, the output of each row, and the errors."""
    samples = records.rows[records.rows["is_sample"]]
    matrix = samples["matrix"] if "matrix" in samples else pd.Series("", index=samples.index, dtype=object)
    keys: list[Key] = list(dict.fromkeys(zip(samples["code"], matrix, strict=True)))
    declared = dict(reading.outputs) or _guess_outputs(records, keys, model)
    place = {key: output_of(key, declared, keys) for key in keys}
    assigned = pd.Series([place[key] or "" for key in zip(samples["code"], matrix, strict=True)], index=samples.index, dtype=object)
    faults = _unmatched(records, declared, place, by_user=bool(reading.outputs))
    found: dict[str, Measured | TimeToEvent] = {}
    for name, output in declared.items():
        mine = samples[assigned == name]
        code = output.code or next((code for (code, _), each in place.items() if each == name), "")
        if isinstance(output, TimeToEvent):
            found[name] = replace(output, code=code)
            continue
        unit, several = _only(mine, "unit", f"values of {name}")
        faults += several
        if output.unit and unit and not _same(output.unit, unit):
            faults.append(
                Finding(Severity.ERROR, f"{name} is declared in {output.unit}, but the table says {unit}", column=records.columns["unit"])
            )
        specimen, several = _only(mine, "matrix", f"values of {name}") if not output.matrix else (output.matrix, [])
        faults += several
        try:
            found[name] = replace(output, code=code, unit=output.unit or unit, matrix=specimen)
        except UnitError as problem:
            faults.append(Finding(Severity.ERROR, f"{name}: {problem}; declare the unit of the output", column=records.columns["unit"]))
            found[name] = replace(output, code=code, matrix=specimen)
    return found, assigned.reindex(records.rows.index, fill_value=""), faults


def _same(first: str, second: str) -> bool:
    try:
        return units.parse(first).matches(units.parse(second))
    except UnitError:
        return first == second


def output_of(key: Key, outputs: Mapping[str, Measured | TimeToEvent], keys: list[Key]) -> str | None:
    """Return the output to which rows with this code and matrix belong, or None."""
    code, matrix = key
    fitting = {
        n: o for n, o in outputs.items() if isinstance(o, TimeToEvent) or not (o.matrix and matrix) or o.matrix.lower() == matrix.lower()
    }
    if len(outputs) == 1 and len(keys) == 1 and short_code(next(iter(outputs.values())).code) in ("", code):
        return next(iter(outputs))
    if not code and len(fitting) > 1:
        return None
    several = [n for n, o in fitting.items() if short_code(o.code) == code and code]
    return several[0] if several else find_code(code, fitting if len(fitting) < len(outputs) and matrix else outputs)


def _guess_outputs(records: Records, keys: list[Key], model: Model | None) -> dict[str, Measured | TimeToEvent]:
    column = _identifier(records.columns.get("value", "dv"), "y", "dv")
    matrices = {code: [m for c, m in keys if c == code] for code, _ in keys}
    if model is None:
        found: dict[str, Measured | TimeToEvent] = {}
        for code, matrix in keys:
            name = _identifier(code, "dv" if "analyte" in records.columns else "cmt", column)
            if len(matrices[code]) > 1:
                name += f"_{_identifier(matrix, 'in', 'unknown')}"
            found[name if name not in found else f"{name}_{len(found)}"] = Measured(code=code, matrix=matrix)
        return found
    present = {name: Measured() for name in model.outputs} | _outcomes(model)
    if len(present) == 1:
        return present
    if "analyte" not in records.columns and len(keys) > 1:  # a number of a compartment is no number of an output
        codes = {code.upper(): code for code, _ in keys}
        return {name: replace(each, code=codes[name.upper()]) for name, each in present.items() if name.upper() in codes}
    seen = {output_of(key, present, keys) for key in keys}
    return {name: each for name, each in present.items() if name in seen or None in seen}


def _outcomes(model: Model) -> dict[str, Measured | TimeToEvent]:
    """Return how the outcomes of a model are read: times to event by rows of 0 and 1, counts and categories as numbers."""
    return {name: TimeToEvent() if isinstance(each, Hazard) else Measured(unit="1") for name, each in model.outcomes.items()}


def _unmatched(
    records: Records, declared: Mapping[str, Measured | TimeToEvent], place: Mapping[Key, str | None], *, by_user: bool
) -> list[Finding]:
    """Return what is wrong with codes that belong to no output, and outputs that no row belongs to."""
    column = records.columns.get("analyte") or records.columns.get("compartment") or records.columns.get("value", "")
    lost = [code or "(empty)" for (code, _), name in place.items() if name is None]
    empty = [name for name in declared if name not in place.values()] if by_user else []
    if empty:
        codes = ", ".join(code or "(empty)" for code, _ in place) or "none"
        return [
            Finding(Severity.ERROR, f"no row belongs to output '{name}'; the codes of the rows are {codes}: say its code", column=column)
            for name in empty
        ]
    if not lost:
        return []
    said = ", ".join(lost)
    if by_user:
        return [Finding(Severity.NOTE, f"rows with the code {said} are left out: no output that is declared has it", column=column)]
    remedy = "declare the outputs to be read, each with its code"
    return [
        Finding(Severity.ERROR, f"the code {said} is none of the outputs of the model ({', '.join(declared)}); {remedy}", column=column)
    ]


def _check_model(reading: Reading, model: Model) -> list[Finding]:
    """Return what does not fit the model: names, units, matrices."""
    found: list[str] = []
    for name, output in reading.outputs.items():
        stated = model.outcomes.get(name)
        if isinstance(output, TimeToEvent) or stated is not None:
            if stated is not None and isinstance(output, TimeToEvent) is not isinstance(stated, Hazard):
                want = "a time to event, TimeToEvent(...)" if isinstance(stated, Hazard) else "a number at visits, Measured('1')"
                found.append(f"'{name}' is declared as a {type(output).__name__}, and model {model.name} has it as {want}; declare it so")
            continue
        if name not in model.outputs:
            found.append(unknown(f"output of model {model.name}", name, [*model.outputs, *model.outcomes]))
            continue
        theirs = model.outputs[name]
        found += _misfit(f"output '{name}'", output.unit, theirs.unit)
        if output.matrix and theirs.matrix and output.matrix.lower() != theirs.matrix.lower():
            found.append(
                f"output '{name}' was measured in {output.matrix}, but the model speaks of {theirs.matrix}; they are never joined silently"
            )
    for name, route in reading.routes.items():
        if name in model.dosing:
            found += _misfit(f"doses of route '{name}'", route.unit.removesuffix("/kg"), model.dosing[name].unit.removesuffix("/kg"))
        elif model.dosing:
            found.append(unknown(f"dosing route of model {model.name}", name, model.dosing))
    for name, covariate in (reading.covariates or {}).items():
        if covariate.kind is Kind.INPUT and name not in model.inputs:
            found.append(unknown(f"input of model {model.name}", name, model.inputs))
    found += [unknown(f"parameter of model {model.name}", name, model.parameters) for name in reading.known if name not in model.parameters]
    return [Finding(Severity.ERROR, sentence) for sentence in found] + _namesakes(reading, model)


def _namesakes(reading: Reading, model: Model) -> list[Finding]:
    """Return a note of covariates that are called like a parameter: whether its value is known is not guessed."""
    names = {name.upper(): name for name in model.parameters}
    same = [name for name in reading.covariates or {} if name.upper() in names and names[name.upper()] not in reading.known]
    what = "is a covariate, though the model has a parameter of that name; where it holds the value of the parameter, say so with known="
    return [Finding(Severity.NOTE, f"{name} {what}") for name in same]


def _misfit(what: str, ours: str, theirs: str) -> list[str]:
    if not ours and not units.parse(theirs).dimensionless:
        name = what.split("'")[1]
        asked = f"--unit {name}={theirs}"
        said = f"nothing says the unit of {what}, and the model has it in {theirs}"
        return [f"{said}; say the unit of the data, as in {asked}, since units are never joined silently"]
    if ours and units.parse(ours).dimensions != units.parse(theirs).dimensions:
        copies = {frozenset({"copy", "mass"}), frozenset({"cell", "volume"})}
        sides = {frozenset(name for name, _ in units.parse(each).dimensions) for each in (ours, theirs)}
        remedy = "; convert_copies does it, given white cells, DNA per cell and copies per cell" if sides == copies else ""
        return [f"{what} is in {ours}, which cannot be converted to the {theirs} of the model{remedy}"]
    return []
