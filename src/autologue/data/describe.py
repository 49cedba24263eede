"""A reading in words, line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autologue.data.reading import Measured, Reading, TimeToEvent

__all__ = ["describe_reading", "reading_rows"]


def describe_reading(reading: Reading) -> str:
    """Return a reading as lines of two columns."""
    rows = reading_rows(reading)
    width = max(len(what) for what, _ in rows)
    return "\n".join(f"{what.ljust(width)}  {said}" for what, said in rows)


def reading_rows(reading: Reading) -> list[tuple[str, str]]:
    """Return what a reading says, as pairs of a thing and the words for it."""
    rows = [(role, f"column {column}") for role, column in reading.columns.items()]
    rows += [(f"output {name}", _output(output)) for name, output in reading.outputs.items()]
    for name, route in reading.routes.items():
        rows.append((f"route {name}", _listed(_unit(route.unit), f"code {route.code}" if route.code else "")))
    for name, covariate in (reading.covariates or {}).items():
        column = f"column {covariate.column}" if covariate.column not in ("", name) else ""
        labels = ", ".join(f"{code} is {label}" for code, label in covariate.labels.items())
        rows.append((f"covariate {name}", _listed(covariate.kind.value, column, labels)))
    rows += [(f"parameter {name}", f"known, column {column}") for name, column in reading.known.items()]
    return [*rows, *_rules(reading)]


def _rules(reading: Reading) -> list[tuple[str, str]]:
    from autologue.data.reading import Nominal

    times = "as they were"
    if isinstance(reading.times, Nominal):
        visits = f", visits {', '.join(f'{v:g}' for v in reading.times.visits)}" if reading.times.visits else ""
        times = f"as planned, within {reading.times.window:g}{visits}"
    rows = [("times", _listed(f"in {reading.time_unit}" if reading.time_unit else "unit not said", times))]
    if reading.infusion_day:
        rows.append(("infusion", f"on day {reading.infusion_day} of the table, which becomes time 0"))
    if reading.occasion_dose:
        rows.append(("occasions", f"each dose of {reading.occasion_dose} after the first begins one"))
    if reading.predose.value != "keep":
        rows.append(("before the dose", "samples that show nothing are left out"))
    if reading.resets.value != "refuse":
        rows.append(("resets", "a patient of its own begins"))
    return [*rows, ("convention", reading.convention.name)]


def _output(output: Measured | TimeToEvent) -> str:
    from autologue.data.reading import TimeToEvent

    code = f"code {output.code}" if output.code else ""
    if isinstance(output, TimeToEvent):
        return _listed("time to event", "between two rows" if output.interval else "at its row", code)
    limits = (("LLOQ", output.limit), ("LOD", output.detection))
    said = [f"{name} {value:g}" for name, value in limits if value is not None]
    return _listed(_unit(output.unit), output.matrix, code, *said)


def _unit(unit: str) -> str:
    return f"in {unit}" if unit else "unit not said"


def _listed(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
