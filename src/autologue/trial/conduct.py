"""Conducting a virtual trial: the patients of every replicate through three panels and through their whole course.

The panels are three papers. They share the age, weight and burden of a patient and nothing else: each samples its own random effects
under its own seed, so that no correlation between panels is implied.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from autologue import units
from autologue.engine.describe import fingerprint
from autologue.engine.solve import prepare, threads
from autologue.errors import InputError, UnitError, unknown
from autologue.parallel import in_threads
from autologue.protocol import Protocol
from autologue.survival.life_table import LifeTable
from autologue.trial.calibration.posterior import drawing_for
from autologue.trial.comparison import PANELS, Row, read_rows
from autologue.trial.curves import kinetic_curves, leukaemic_curves
from autologue.trial.followed import CONTROLS, follow_trial
from autologue.trial.interval import predictive_interval
from autologue.trial.panel import Panel, statistic, statistic_unit
from autologue.trial.patients import Patients, sample_patients
from autologue.trial.replicate import plan_course, replicate_share, starts
from autologue.trial.result import Line, TrialResult
from autologue.trial.share import Share
from autologue.trial.shelf import find_protocol, find_published, load_protocol
from autologue.trial.studies import Answer, Study, panel_seed, panel_size, studies_of

__all__ = ["conduct", "conduct_share", "work"]

Floats = NDArray[np.float64]
Progress = Callable[[int], None]
Block = tuple[Patients, list[Answer]]
COURSES = 200  # replicates of the whole course unless told; its Monte-Carlo error stands beside each figure
BLOCK = 25  # replicates that one thread samples and solves at once
COVARIATES = {"age": "year", "weight": "kg", "burden": "1", "dose_per_kg": "cells/kg", "dose_total": "cells"}


def conduct(
    protocol: Protocol | str, *, replicates: int = 1000, seed: int = 0, uncertain: bool = True, parts: Path | None = None,
    life_table: LifeTable | None = None, progress: Progress | None = None, course_replicates: int | None = None, scheduler: str = "",
    prior: bool = False, posterior: Path | None = None,
) -> TrialResult:  # fmt: skip
    """Conduct a trial `replicates` times and return what it predicts beside what was published.

    `protocol`: a Protocol, the name of one that ships (`eliana`) or the path of a file. With `uncertain` each pair of replicates has a
    draw of the uncertain numbers, else all have their central values. `course_replicates` says how often the whole course is followed:
    by default as often, but at most 200 times, for it is the dearer part. `parts` is a folder in which blocks of patients are kept, so that
    the same run can be resumed. `scheduler` is the address of a Dask scheduler whose workers follow the patients. `life_table` gives
    deaths from other causes (None: a hazard of links). `progress` is called with the number of replicates done since the last call;
    panels and patients are counted apart (see `work`).
    Links of the course are drawn from the posterior that ships, where there is one and it is not stale; with `prior` from their own
    uncertainty, and with `posterior` from a file that `calibrate_trials` made.
    The same protocol, published figures and seed give the same bits for any number of threads and workers, and replicate k is the same
    trial for any number of replicates. Raises InputError for what cannot be used.

    >>> result = conduct("eliana", replicates=4)
    >>> result.protocol.infused, sorted(result.panels), result.course.trial.count
    (79, ['inflammation', 'kinetics', 'leukaemia', 'patients'], 4)
    """
    _check_count(replicates, "replicates")
    followed_often = _course_replicates(replicates, course_replicates)
    file = find_protocol(protocol) if isinstance(protocol, str) else None
    plan = load_protocol(protocol) if isinstance(protocol, str) else protocol
    if plan.panels is None and not plan.course:
        raise InputError(f"{plan.file}: neither [assumptions] nor course; expected panels, a disease course, or both")
    result = TrialResult(
        protocol=plan, replicates=replicates, seed=seed, lines=(), panels={}, kinetics={}, leukaemia={}, models={},
        inputs=(file,) if file else (),
    )  # fmt: skip
    # draws that cannot be used are refused before the panels
    drawing = drawing_for(plan, prior=prior, posterior=posterior) if plan.course else None
    if plan.panels is not None:
        result = _with_panels(result, file, progress)
    if drawing is None:
        return result
    followed = follow_trial(
        plan, followed_often, drawing=drawing, seed=seed, uncertain=uncertain, parts=parts, life_table=life_table, progress=progress,
        scheduler=scheduler, prior=prior, posterior=posterior,
    )  # fmt: skip
    return replace(result, course=followed, models={**result.models, **followed.plan.models})


def conduct_share(
    protocol: Protocol | str, share: Share, *, parts: Path, replicates: int = 1000, seed: int = 0, uncertain: bool = True,
    life_table: LifeTable | None = None, progress: Progress | None = None, course_replicates: int | None = None, scheduler: str = "",
    prior: bool = False, posterior: Path | None = None,
) -> int:  # fmt: skip
    """Follow one share of the patients that `conduct` follows, keep them in the folder `parts`, and return their number.

    Each share is a process of its own, on any machine that writes to the folder; `conduct` with the same arguments then reads all of
    them. The files are Parquet, one row a patient, to be read by anything. Raises InputError as `conduct` does.
    """
    _check_count(replicates, "replicates")
    plan = load_protocol(protocol) if isinstance(protocol, str) else protocol
    drawn = drawing_for(plan, prior=prior, posterior=posterior).calibrated
    followed = plan_course(plan, seed=seed, uncertain=uncertain, calibrated=drawn, life_table=life_table)
    count = _course_replicates(replicates, course_replicates)
    return replicate_share(followed, count, share, parts=parts, progress=progress, scheduler=scheduler)


def work(protocol: Protocol, replicates: int, *, course_replicates: int | None = None, share: Share | None = None) -> int:
    """Return how many replicates `progress` will be told of in all, by `conduct` or (`share`) by `conduct_share`."""
    followed = _course_replicates(replicates, course_replicates)
    if share is not None:
        return sum(count for _, count in share.of(starts(followed)))
    return (protocol.panels is not None) * replicates + bool(protocol.course) * followed + bool(protocol.control) * min(followed, CONTROLS)


def _course_replicates(replicates: int, asked: int | None) -> int:
    if asked is None:
        return min(replicates, COURSES)
    _check_count(asked, "course replicates")
    return asked


def _check_count(count: int, what: str) -> None:
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise InputError(f"{count!r} {what} asked for; expected a whole number of at least 1")


def _with_panels(result: TrialResult, file: Path | None, progress: Progress | None) -> TrialResult:
    """Return the result with its panels, their comparison and their curves."""
    plan, seed = result.protocol, result.seed
    published = find_published(plan, beside=file)
    rows = read_rows(published)
    studies = studies_of(plan, rows, seed)
    _check_rows(rows, studies, published.name)
    patients, found = _replicated(plan, rows, studies, result.replicates, seed=seed, progress=progress)
    panels = {name: tuple(p for p in found if p.name == name) for name in PANELS}
    burden = panels["patients"][0].variables["burden"]
    return replace(
        result, panels=panels,
        lines=tuple(_line(row, panel, burden, plan) for row in rows for panel in (panels[row.panel] if row.variable else [None])),
        kinetics=kinetic_curves(seed=panel_seed(seed, "kinetics")),
        leukaemia=leukaemic_curves(plan, patients, seed=panel_seed(seed, "leukaemia")),
        models={s.population.model.name: fingerprint(prepare(s.population.model).system) for s in studies},
        inputs=(*result.inputs, published),
    )  # fmt: skip


def _check_rows(rows: Sequence[Row], studies: Sequence[Study], file: str) -> None:
    """Refuse a row whose variable or unit its panel does not have."""
    known: dict[str, Mapping[str, str]] = {"patients": COVARIATES, **{s.panel: s.units for s in studies}}
    for number, row in enumerate(rows, start=1):
        if not row.variable:
            continue
        where = f"{file}, row {number}"
        if row.variable not in known[row.panel]:
            raise InputError(f"{where}: {unknown(f'variable of panel {row.panel}', row.variable, known[row.panel])}")
        unit = statistic_unit(row.statistic, known[row.panel][row.variable])
        try:
            units.convert(1.0, unit, row.unit)
        except UnitError:
            raise InputError(f"{where}: unit '{row.unit}' does not fit {row.statistic} of {row.variable}; expected {unit}") from None


def _replicated(
    protocol: Protocol, rows: Sequence[Row], studies: Sequence[Study], replicates: int, *, seed: int, progress: Progress | None
) -> tuple[Patients, list[Panel]]:
    """Return all patients of all replicates, in order, and the panels; replicate k has patients k * size to (k + 1) * size - 1."""
    size = max(panel_size(protocol, rows, name) for name in PANELS)

    def block(first: int) -> Block:
        patients = sample_patients(protocol, min(BLOCK, replicates - first) * size, seed=seed, first=first * size)
        return patients, [study.block(patients, size) for study in studies]

    done = []
    for patients, answers in in_threads(block, range(0, replicates, BLOCK), workers=threads()):
        done.append((patients, answers))
        if progress:
            progress(len(patients) // size)
    columns = {field.name: np.concatenate([getattr(p, field.name) for p, _ in done]) for field in fields(Patients)}
    panels = [study.collect([answers[k] for _, answers in done]) for k, study in enumerate(studies)]
    return Patients(**columns), [_covariates(protocol, Patients(**columns), size), *panels]


def _covariates(protocol: Protocol, patients: Patients, size: int) -> Panel:
    """Return the patients themselves as a panel."""
    light = patients.weight <= protocol.dose.threshold.value
    values = {
        "age": patients.age,
        "weight": patients.weight,
        "burden": patients.burden,
        "dose_per_kg": np.where(light, patients.dose / patients.weight, np.nan),
        "dose_total": np.where(light, np.nan, patients.dose),
    }
    return Panel(
        name="patients", population="", model="", reference="", solver="", assumed="", failed=0,
        variables={name: value.reshape(-1, size) for name, value in values.items()}, units=COVARIATES,
    )  # fmt: skip


def _line(row: Row, panel: Panel | None, burden: Floats, protocol: Protocol) -> Line:
    """Return a row of the comparison for one panel (None: nothing predicts it)."""
    n = row.n or protocol.infused
    if panel is None or row.variable not in panel.variables:
        return Line(row, panel.population if panel else "", n, None, 0.0, "no visit near this day" if panel else "")
    values = panel.variables[row.variable][:, :n]
    factor = units.convert(1.0, statistic_unit(row.statistic, panel.units[row.variable]), row.unit)
    interval = predictive_interval(factor * statistic(row.statistic, values, burden[:, :n]))
    return Line(row, panel.population, n, interval, float(np.isfinite(values).mean()), _detail(row.variable, panel, n))


def _detail(variable: str, panel: Panel, n: int) -> str:
    """Return the window of a half-life, and the extrapolated fraction of an area, which belong to the number."""
    if f"{variable}_start" in panel.variables:
        start, end = (float(np.nanmedian(panel.variables[f"{variable}_{side}"][:, :n])) for side in ("start", "end"))
        return f"fitted from day {start:g} to {end:g} (medians)"
    if f"{variable}_extrapolated" in panel.variables:
        share = float(np.nanmedian(panel.variables[f"{variable}_extrapolated"][:, :n]))
        start, end = (float(np.nanmedian(panel.variables[f"half_life_{side}"][:, :n])) for side in ("start", "end"))
        return f"{100 * share:.2g} % extrapolated (median), by the slope from day {start:g} to {end:g}"
    return ""
