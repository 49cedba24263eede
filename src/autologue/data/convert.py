"""Units of observations, and the step from copies per DNA to cells per volume, which needs what no table of copies holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue import units
from autologue.data.censoring import change_observations
from autologue.errors import InputError
from autologue.patient import Cohort, Observations, Patient

__all__ = ["Copies", "convert_copies", "convert_observations"]

Floats = NDArray[np.float64]
_NEEDED = "white cells per volume, the DNA in a cell and the copies in a CAR+ cell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """What ties copies per mass of DNA to CAR+ cells per volume: cells = copies per DNA x DNA per cell x white cells / copies per cell.

    white_cells: an output of the cohort (its last measured value within `within` before or after the sample, in the time of the
    cohort), or a covariate, in `white_cells_unit` for the latter. dna_per_cell: mass of DNA of a nucleated cell, in `dna_unit`.
    copies_per_cell: vector copies of a CAR+ cell of the product. Nothing has a default, since every one of them differs by assay, day
    and product.
    """

    white_cells: str = ""
    dna_per_cell: float | None = None
    copies_per_cell: float | None = None
    white_cells_unit: str = "cells/uL"
    dna_unit: str = "pg"
    within: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is missing, saying why it is needed."""
        for name, why in (
            (
                "white_cells",
                "copies are per DNA of all nucleated cells, and their number in blood falls and returns around lymphodepletion",
            ),
            ("dna_per_cell", "copies are counted per mass of DNA"),
            ("copies_per_cell", "a CAR+ cell may carry several copies"),
        ):
            if getattr(self, name) in ("", None):
                raise InputError(f"copies become cells only with {_NEEDED}; {name} is missing, and {why}: give {name}=")
        for name in ("dna_per_cell", "copies_per_cell"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} is {getattr(self, name)!r}; expected a number above zero")


def convert_copies(cohort: Cohort, output: str, *, to: str, by: Copies | None = None) -> Cohort:
    """Return the cohort with one output converted between copies per mass of DNA and cells per volume; limits go along.

    Raises InputError where `by` is missing, or where no white-cell count stands near a sample (which patient, at what time).
    """
    if by is None:
        raise InputError(f"copies per DNA and cells per volume are different measurements; give by=Copies(...) with {_NEEDED}")
    bridge = by

    def change(patient: Patient, name: str, seen: Observations) -> Observations:
        return _scaled(seen, _factor(patient, seen, to, bridge), to)

    return change_observations(cohort, change, outputs=(output,))


def _factor(patient: Patient, seen: Observations, to: str, by: Copies) -> Floats:
    """Return what each value is multiplied by."""
    white, unit = _white_cells(patient, seen.times, by)
    per_dna = white * float(by.dna_per_cell or 0.0) / float(by.copies_per_cell or 1.0)  # cells per volume for each copy per DNA
    bridge = units.parse(unit) * units.parse(by.dna_unit) / units.parse("copies")
    source, target = units.parse(seen.unit), units.parse(to)
    forward, backward = source * bridge / target, source / bridge / target
    if forward.dimensionless:
        return per_dna * forward.factor
    if backward.dimensionless:
        found: Floats = backward.factor / per_dna
        return found
    raise InputError(f"'{seen.unit}' and '{to}' are not copies per mass of DNA and cells per volume; expected e.g. copies/ug and cells/uL")


def _white_cells(patient: Patient, times: Floats, by: Copies) -> tuple[Floats, str]:
    if by.white_cells in patient.observations:
        counts = patient.observations[by.white_cells]
        measured = ~counts.censored & (counts.lower > 0)
        at, values = counts.times[measured], counts.lower[measured]
        distance = np.abs(times[:, None] - at[None, :])
        far = distance.min(axis=1, initial=np.inf) > by.within
        if far.any():
            raise InputError(
                f"patient {patient.id} has no measured {by.white_cells} within {by.within:g} of time {times[far][0]:g}; "
                "copies are not converted without it: widen within=, or leave such samples out"
            )
        return values[distance.argmin(axis=1)], counts.unit
    value = patient.covariates.get(by.white_cells)
    if not isinstance(value, float | int) or not value > 0:
        raise InputError(
            f"patient {patient.id} has no white-cell count '{by.white_cells}', neither as an output nor as a number above zero among the "
            "covariates; copies are not converted without it"
        )
    return np.full(len(times), float(value)), by.white_cells_unit


def _scaled(seen: Observations, factor: Floats | float, unit: str) -> Observations:
    arrays = {name: getattr(seen, name) * factor for name in ("lower", "upper", "above", "limit")}
    return Observations(seen.times, unit=unit, matrix=seen.matrix, **arrays)


def convert_observations(cohort: Cohort, output: str, *, to: str) -> Cohort:
    """Return the cohort with one output in another unit of the same kind; raises UnitError where the kinds differ."""

    def change(patient: Patient, name: str, seen: Observations) -> Observations:
        return _scaled(seen, units.convert(1.0, seen.unit, to, what=f"output '{name}' of patient {patient.id}"), to)

    return change_observations(cohort, change, outputs=(output,))
