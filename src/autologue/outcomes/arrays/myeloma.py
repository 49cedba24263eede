"""Myeloma response for many patients: `imwg_course` of each.

Three-valued answers are two arrays, who is known to meet something and who is known not to, so that what was not recorded stays unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from autologue.errors import InputError
from autologue.outcomes.arrays.labels import IMWG
from autologue.outcomes.response.imwg_2016 import MEASURABLE, PLASMA_CELLS, RISE

__all__ = ["MyelomaArrays", "imwg_labels"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Known = tuple[Flags, Flags]  # met, not met


@dataclass(frozen=True, eq=False, kw_only=True)
class MyelomaArrays:
    """Findings of `MyelomaFindings` for patients and visits (n, visits) in order of day; NaN: not recorded, answers are 1 or 0."""

    serum_m: Floats
    urine_m: Floats
    dflc: Floats
    flc_ratio_normal: Floats
    immunofixation_negative: Floats
    plasmacytoma: Floats
    marrow_plasma_cells: Floats
    clonal_cells: Floats
    new_lesion: Floats

    def __post_init__(self) -> None:
        shapes = {np.shape(getattr(self, field.name)) for field in fields(self)}
        if len(shapes) != 1:
            raise InputError(f"findings have shapes {sorted(shapes)}, expected one shape (patients, visits) for all")


def imwg_labels(findings: MyelomaArrays, *, serum_m: Floats, urine_m: Floats, dflc: Floats) -> NDArray[np.int8]:
    """Return labels of `IMWG` (n, visits); `serum_m` (g/dL), `urine_m` (mg/24 h) and `dflc` (mg/dL) are the baseline (n,).

    Raises InputError where a patient has no marker that is measurable at baseline.

    >>> none, yes = np.zeros((1, 3)), np.ones((1, 3))
    >>> seen = MyelomaArrays(
    ...     serum_m=np.array([[1.2, 0.2, 0.9]]), urine_m=none, dflc=none, flc_ratio_normal=none, immunofixation_negative=none,
    ...     plasmacytoma=none, marrow_plasma_cells=none, clonal_cells=yes, new_lesion=none)
    >>> found = imwg_labels(seen, serum_m=np.array([3.0]), urine_m=np.zeros(1), dflc=np.zeros(1))
    >>> [IMWG.names[k] for k in found[0]]
    ['PR', 'VGPR', 'PD']
    """
    start = {"serum_m": serum_m[:, None], "urine_m": urine_m[:, None], "dflc": dflc[:, None]}
    counts = _markers(start)
    progression = _any(_is(findings.new_lesion > 0), *(_or_no(_rise(findings, start, name), counts[name]) for name in MEASURABLE))
    ratio = _answer(findings.flc_ratio_normal)
    complete = _all(
        _answer(findings.immunofixation_negative), _not(_answer(findings.plasmacytoma)),
        _below(findings.marrow_plasma_cells, PLASMA_CELLS), _or_yes(ratio, counts["dflc"]),
    )  # fmt: skip
    stringent = _all(complete, ratio, _not(_answer(findings.clonal_cells)))
    deep, partial = (_partial(findings, start, counts, deep=deep) for deep in (True, False))
    number = IMWG.number
    unknown = ~(progression[0] | progression[1]) | ~(partial[0] | partial[1])
    return np.select(
        [progression[0], stringent[0], complete[0], deep[0], partial[0], unknown],
        [number("PD"), number("sCR"), number("CR"), number("VGPR"), number("PR"), number("NE")],
        number("SD"),
    ).astype(np.int8)


def _markers(start: dict[str, Floats]) -> dict[str, Flags]:
    """Return which markers count (n, 1): serum and urine as far as measurable, else light chains."""
    measurable = {name: np.nan_to_num(start[name]) >= least for name, least in MEASURABLE.items()}
    counts = measurable | {"dflc": measurable["dflc"] & ~measurable["serum_m"] & ~measurable["urine_m"]}
    nobody = np.flatnonzero(~(counts["serum_m"] | counts["urine_m"] | counts["dflc"]))
    if len(nobody):
        raise InputError(
            f"patient {nobody[0]}: no marker is measurable at baseline, "
            "expected serum_m >= 1 g/dL, urine_m >= 200 mg/24 h or dflc >= 10 mg/dL"
        )
    return counts


def _partial(findings: MyelomaArrays, start: dict[str, Floats], counts: dict[str, Flags], *, deep: bool) -> Known:
    """PR, or VGPR if `deep`: falls of each marker that counts, and the urine rule wherever M-protein is followed."""
    share = 0.9 if deep else 0.5
    serum = _or_yes(_fall(findings.serum_m, start["serum_m"], share), counts["serum_m"])
    urine = _below(findings.urine_m, 100.0 if deep else 200.0)
    if not deep:
        urine = _any(urine, _or_no(_fall(findings.urine_m, start["urine_m"], 0.9), counts["urine_m"]))
    light, protein = _fall(findings.dflc, start["dflc"], share), _all(serum, urine)
    only = counts["dflc"]
    return np.where(only, light[0], protein[0]), np.where(only, light[1], protein[1])


def _rise(findings: MyelomaArrays, start: dict[str, Floats], name: str) -> Known:
    """Whether a marker rose by 25 % from its lowest value so far and by its least absolute rise."""
    value = getattr(findings, name)
    nadir = np.fmin.accumulate(np.concatenate([start[name], value[:, :-1]], axis=1), axis=1)
    step = value - nadir
    with np.errstate(invalid="ignore"):
        enough = step > RISE[name] if name == "dflc" else step >= RISE[name] - 1e-9
        rose = enough & (value >= 1.25 * nadir)
    return rose, np.isfinite(step) & ~rose


def _fall(value: Floats, start: Floats, share: float) -> Known:
    with np.errstate(invalid="ignore"):
        met = value <= (1 - share) * start * (1 + 1e-12)
    return met, np.isfinite(value) & ~met


def _below(value: Floats, bound: float) -> Known:
    with np.errstate(invalid="ignore"):
        return value < bound, value >= bound


def _answer(value: Floats) -> Known:
    return value == 1, value == 0


def _is(met: Flags) -> Known:
    return met, ~met


def _not(answer: Known) -> Known:
    return answer[1], answer[0]


def _all(*answers: Known) -> Known:
    return reduce(np.logical_and, [a[0] for a in answers]), reduce(np.logical_or, [a[1] for a in answers])


def _any(*answers: Known) -> Known:
    return _not(_all(*(_not(a) for a in answers)))


def _or_yes(answer: Known, asked: Flags) -> Known:
    """Return the answer where it is asked for, met elsewhere."""
    return answer[0] | ~asked, answer[1] & asked


def _or_no(answer: Known, asked: Flags) -> Known:
    """Return the answer where it is asked for, not met elsewhere."""
    return answer[0] & asked, answer[1] | ~asked
