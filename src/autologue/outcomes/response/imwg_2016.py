"""Myeloma response by M-protein and light chains.

International Myeloma Working Group, Kumar S et al. 2016, Lancet Oncol 17:e328-e346, doi:10.1016/S1470-2045(16)30206-6.
Light chains (dFLC, involved minus uninvolved) stand for M-protein only where neither serum nor urine is measurable at baseline
(serum 1 g/dL, urine 200 mg/24 h, dFLC 10 mg/dL). Responses need a second assessment: use `best_response(..., confirm_days=0)`.
A response must be shown: what was not recorded does not count towards it. Minimal response is reported as SD.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import isfinite

from autologue.errors import InputError
from autologue.outcomes.response.assessment import Assessment, Category, Response
from autologue.outcomes.truth import Truth, all_of, any_of, not_

__all__ = ["MyelomaFindings", "imwg_course", "imwg_response"]

CRITERIA = "imwg_2016"
MEASURABLE = {"serum_m": 1.0, "urine_m": 200.0, "dflc": 10.0}  # g/dL, mg/24 h, mg/dL
RISE = {"serum_m": 0.5, "urine_m": 200.0, "dflc": 10.0}  # least absolute rise of progression, same units
PLASMA_CELLS = 0.05


@dataclass(frozen=True, kw_only=True)
class MyelomaFindings:
    """Serum M-protein (g/dL), urine M-protein (mg/24 h), dFLC (mg/dL), FLC ratio, immunofixation, plasmacytoma, marrow; None: not recorded.

    `immunofixation_negative` is of serum and urine, `marrow_plasma_cells` a fraction, `clonal_cells` clonal plasma cells in the
    marrow, `new_lesion` a new bone lesion or plasmacytoma.
    """

    serum_m: float | None = None
    urine_m: float | None = None
    dflc: float | None = None
    flc_ratio_normal: bool | None = None
    immunofixation_negative: bool | None = None
    plasmacytoma: bool | None = None
    marrow_plasma_cells: float | None = None
    clonal_cells: bool | None = None
    new_lesion: bool = False

    def __post_init__(self) -> None:
        for name, high, unit in (
            ("serum_m", 20, "g/dL"),
            ("urine_m", 50_000, "mg/24 h"),
            ("dflc", 5_000, "mg/dL"),
            ("marrow_plasma_cells", 1, "a fraction"),
        ):
            value = getattr(self, name)
            if value is not None and not (isfinite(value) and 0 <= value <= high):
                raise InputError(f"{name} is {value:g}, expected 0 to {high:g} ({unit}); check the value and its unit")


def _markers(baseline: MyelomaFindings) -> tuple[str, ...]:
    """Return the markers that count: serum and urine as far as measurable, else light chains; raises InputError if there is none."""
    measurable = [name for name, least in MEASURABLE.items() if (getattr(baseline, name) or 0) >= least]
    markers = tuple(name for name in measurable if name != "dflc") or tuple(measurable)
    if not markers:
        raise InputError("no marker is measurable at baseline, expected serum_m >= 1 g/dL, urine_m >= 200 mg/24 h or dflc >= 10 mg/dL")
    return markers


def _fall(current: MyelomaFindings, baseline: MyelomaFindings, name: str, share: float) -> Truth:
    value = getattr(current, name)
    return None if value is None else bool(value <= (1 - share) * getattr(baseline, name) * (1 + 1e-12))


def _below(value: float | None, bound: float) -> Truth:
    return None if value is None else value < bound


def _rise(current: MyelomaFindings, lowest: MyelomaFindings, name: str) -> Truth:
    value, nadir = getattr(current, name), getattr(lowest, name)
    if value is None or nadir is None:
        return None
    step = value - nadir
    enough = step > RISE[name] if name == "dflc" else step >= RISE[name] - 1e-9
    return bool(enough and value >= 1.25 * nadir)


def _partial(current: MyelomaFindings, baseline: MyelomaFindings, markers: tuple[str, ...], *, deep: bool) -> Truth:
    """PR, or VGPR if `deep`: falls of each marker that counts, and the urine rule wherever M-protein is followed."""
    if markers == ("dflc",):
        return _fall(current, baseline, "dflc", 0.9 if deep else 0.5)
    serum = _fall(current, baseline, "serum_m", 0.9 if deep else 0.5) if "serum_m" in markers else True
    urine = _below(current.urine_m, 100 if deep else 200)
    if not deep and "urine_m" in markers:
        urine = any_of(urine, _fall(current, baseline, "urine_m", 0.9))
    return all_of(serum, urine)


def imwg_response(current: MyelomaFindings, *, baseline: MyelomaFindings, nadir: MyelomaFindings) -> Response:
    """Return the response at one visit; `nadir` holds the lowest earlier value of each marker, baseline included (see `imwg_course`).

    Raises InputError where nothing is measurable at baseline.

    >>> start = MyelomaFindings(serum_m=3.0, urine_m=0)
    >>> imwg_response(MyelomaFindings(serum_m=0.2, urine_m=0), baseline=start, nadir=start).label
    'VGPR'
    """
    markers = _markers(baseline)
    progression = any_of(current.new_lesion, *(_rise(current, nadir, name) for name in markers))
    if progression:
        words = "new lesion" if current.new_lesion else f"rise of 25 % or more from nadir in {' or '.join(markers)}, absolute rise reached"
        return Response(CRITERIA, "PD", Category.PROGRESSION, 0, words)
    complete = all_of(
        current.immunofixation_negative, not_(current.plasmacytoma), _below(current.marrow_plasma_cells, PLASMA_CELLS),
        current.flc_ratio_normal if markers == ("dflc",) else True,
    )  # fmt: skip
    table: tuple[tuple[str, Category, int, Truth, str], ...] = (
        (
            "sCR",
            Category.COMPLETE,
            5,
            all_of(complete, current.flc_ratio_normal, not_(current.clonal_cells)),
            "CR, normal ratio, no clonal cells",
        ),
        ("CR", Category.COMPLETE, 4, complete, "negative immunofixation, no plasmacytoma, below 5 % plasma cells"),
        ("VGPR", Category.PARTIAL, 3, _partial(current, baseline, markers, deep=True), f"fall of 90 % or more in {' and '.join(markers)}"),
        ("PR", Category.PARTIAL, 2, _partial(current, baseline, markers, deep=False), f"fall of 50 % or more in {' and '.join(markers)}"),
    )
    for label, category, rank, met, words in table:
        if met:
            return Response(CRITERIA, label, category, rank, words)
    if progression is None or table[-1][3] is None:
        missing = [name for name in (*markers, "urine_m") if getattr(current, name) is None]
        return Response(CRITERIA, "NE", Category.NOT_EVALUABLE, 1, f"{' and '.join(dict.fromkeys(missing))} not recorded")
    return Response(CRITERIA, "SD", Category.STABLE, 1, "neither partial response nor progression")


def imwg_course(visits: Sequence[tuple[float, MyelomaFindings]], *, baseline: MyelomaFindings) -> list[Assessment]:
    """Return one assessment per (day, findings), in order of day; the nadir of each marker runs along."""
    nadir, assessments = baseline, []
    for day, findings in sorted(visits, key=lambda visit: visit[0]):
        assessments.append(Assessment(day, imwg_response(findings, baseline=baseline, nadir=nadir)))
        nadir = _lower(nadir, findings)
    return assessments


def _lower(one: MyelomaFindings, other: MyelomaFindings) -> MyelomaFindings:
    values = {name: [v for v in (getattr(one, name), getattr(other, name)) if v is not None] for name in MEASURABLE}
    kept = {field.name: getattr(one, field.name) for field in fields(one)}
    return MyelomaFindings(**{**kept, **{name: min(found) if found else None for name, found in values.items()}})
