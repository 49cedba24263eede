"""Times to event beside a fit: residuals of each patient, and the Kaplan-Meier curve within those of simulated cohorts.

Cox, Snell 1968, J R Stat Soc B 30:248-275: under the model the cumulative hazard at the event is exponential with mean 1. Therneau,
Grambsch, Fleming 1990, Biometrika 77:147-160, for martingale and deviance residuals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autologue import seeds, units
from autologue.engine.happening import draw_events, hazards_of
from autologue.errors import InputError, unknown
from autologue.fit import Fit
from autologue.likelihood.course import plan_courses
from autologue.patient import Cohort, Patient
from autologue.seeds import Purpose
from autologue.survival import KaplanMeier, kaplan_meier, time_to_event

__all__ = ["EventCheck", "event_check", "event_residuals", "followed"]

Floats = NDArray[np.float64]
BLOCK = 20_000  # patients in one call of the engine
POINTS = 101


def followed(fit: Fit, event: str) -> pd.DataFrame:
    """Return the patients followed for an event: place in the cohort, entry, earliest, latest, in the time of the model."""
    names = hazards_of(fit.start.model)
    if event not in names:
        raise InputError(unknown("time to event of the fit", event, names))
    rows = []
    for place, patient in enumerate(fit.cohort):
        if event in patient.events:
            seen, clock = patient.events[event], _clock(fit, place)
            rows.append((place, patient.id, seen.entry * clock, seen.earliest * clock, seen.latest * clock))
    if not rows:
        raise InputError(f"no patient of the fit is followed for '{event}'; expected one at least")
    return pd.DataFrame(rows, columns=["place", "patient", "entry", "earliest", "latest"])


def _clock(fit: Fit, place: int) -> float:
    patient = fit.cohort.patients[place]
    return units.convert(1.0, patient.time, fit.start.model.time) if patient.time else 1.0


def event_residuals(fit: Fit, event: str) -> pd.DataFrame:
    """Return one row a patient: patient, time, event (0 or 1), cox_snell, martingale, deviance, at the patient's own parameters.

    cox_snell: cumulative hazard from entry to the event or the end of follow-up; for an event known to lie between two times its mean
    there. martingale: event - cox_snell, 0 on average under the model and within (-inf, 1]. Own parameters follow the patient's own
    event, so that these residuals are a little too small where a patient's data say little; `event_check` is free of that.
    """
    table = followed(fit, event)
    seen = np.isfinite(table["latest"].to_numpy())
    times = table[["entry", "earliest", "latest"]].to_numpy()
    times[~seen, 2] = times[~seen, 1]
    sets = fit.parameters.to_numpy()[table["place"].to_numpy()]
    own = [np.unique(t) for t in times]
    total = _followed(fit, [fit.cohort.patients[k] for k in table["place"]], own, [f"cumulative_hazard_{event}"], sets)[:, 0]
    begin = np.concatenate([[0], np.cumsum([len(t) for t in own])])
    at = np.array([[total[begin[k] + np.searchsorted(own[k], t)] for t in times[k]] for k in range(len(own))])
    low, width = at[:, 1] - np.where(times[:, 0] > 0, at[:, 0], 0.0), at[:, 2] - at[:, 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = np.where(width > 1e-9, 1.0 - width / np.expm1(width), 0.5 * width)
    cox_snell = low + np.where(seen & (width > 0), inside, 0.0)
    martingale = seen - cox_snell
    with np.errstate(divide="ignore", invalid="ignore"):
        inner = -2.0 * (martingale + np.where(seen, np.log(np.maximum(cox_snell, 1e-300)), 0.0))
    deviance = np.sign(martingale) * np.sqrt(np.maximum(inner, 0.0))
    return pd.DataFrame(
        {
            "patient": table["patient"], "time": times[:, 2], "event": seen.astype(int), "cox_snell": cox_snell, "martingale": martingale,
            "deviance": deviance,
        }
    )  # fmt: skip


def _followed(fit: Fit, people: Sequence[Patient], times: Sequence[Floats], outputs: Sequence[str], sets: Floats) -> Floats:
    """Return outputs at the times of each patient (rows, outputs); patients may come again and again."""
    cohort = Cohort(tuple(replace(p, id=str(k)) for k, p in enumerate(people)))
    course = plan_courses(fit.population, cohort, times, outputs, fit.problem.likelihood.course.solver)
    lanes = course.lanes(np.arange(len(cohort)))
    buffer, status = lanes.predict(lanes.filled(sets))
    counts = [len(t) for t in times]
    lane = np.repeat(np.arange(len(cohort)), counts)
    place = np.concatenate([np.arange(c) for c in counts])
    found = np.column_stack([buffer[lanes.cells(lane, place, np.full(len(lane), k))] for k in range(len(outputs))])
    return found if status is None else np.where((status == 0)[lane][:, None], found, np.nan)


@dataclass(frozen=True, eq=False, slots=True)
class EventCheck:
    """curve: time, observed (Kaplan-Meier, NaN after follow-up), low, middle, high of the simulated curves; observed: the estimate itself.

    low and high hold `interval` of the simulated curves at each time. outside: share of the observed event times at which the observed
    curve lies outside; about 1 - interval where the model is right, though neighbouring times go together.
    """

    event: str
    curve: pd.DataFrame
    observed: KaplanMeier
    simulations: int
    interval: float
    outside: float


def event_check(fit: Fit, event: str, *, simulations: int = 500, interval: float = 0.9, seed: int = 0) -> EventCheck:
    """Return the Kaplan-Meier curve of an event within those of cohorts simulated from the fitted population.

    Simulated patients have the covariates, doses and entry of the observed ones, and their follow-up: where it ended by the event, its
    end is drawn from the Kaplan-Meier curve of the ends of follow-up beyond that time. An event known to lie between two times is put in
    the middle. Raises InputError for an event that nobody is followed for, fewer than 20 simulations or an interval outside 0 to 1.
    """
    if simulations < 20 or not 0.0 < interval < 1.0:
        raise InputError(f"{simulations} simulations with interval {interval}: expected 20 at least, and an interval between 0 and 1")
    table = followed(fit, event)
    seen = np.isfinite(table["latest"].to_numpy())
    entry, time = table["entry"].to_numpy(), np.where(seen, 0.5 * (table["earliest"] + table["latest"]), table["earliest"])
    observed = _curve(fit, entry, time, seen)
    grid = np.linspace(0.0, time.max(), POINTS)
    drawn, gone = _simulated(fit, event, table, time.max(), simulations, seed)
    ends = np.minimum(_ends(time, seen | _ended(fit, event, table), simulations, seed), gone)
    known = np.array([_survival(entry, when, end, grid, time) for when, end in zip(drawn, ends, strict=True)])
    tail = ((1.0 - interval) / 2.0, 0.5, (1.0 + interval) / 2.0)
    low, middle, high = np.nanquantile(known[:, : len(grid)], tail, axis=0)
    at = known[:, len(grid) :][:, seen]
    there = observed.at(time[seen])["estimate"].to_numpy()
    bounds = np.nanquantile(at, (tail[0], tail[2]), axis=0)
    outside = float(((there < bounds[0]) | (there > bounds[1])).mean()) if seen.any() else 0.0
    curve = pd.DataFrame({"time": grid, "observed": observed.at(grid)["estimate"], "low": low, "middle": middle, "high": high})
    return EventCheck(event, curve, observed, simulations, interval, outside)


def _curve(fit: Fit, entry: Floats, time: Floats, seen: NDArray[np.bool_]) -> KaplanMeier:
    frame = pd.DataFrame({"time": time, "status": seen.astype(int), "entry": entry})
    return kaplan_meier(time_to_event(frame, entry="entry", unit=fit.start.model.time))


def _others(fit: Fit, event: str) -> list[str]:
    """Return the terminal events besides this one."""
    outcomes = fit.start.model.outcomes
    return [name for name in hazards_of(fit.start.model) if name != event and getattr(outcomes[name], "terminal", False)]


def _ended(fit: Fit, event: str, table: pd.DataFrame) -> NDArray[np.bool_]:
    """Return whose follow-up another terminal event ended."""
    others, people = _others(fit, event), [fit.cohort.patients[k] for k in table["place"]]
    return np.array([any(o in p.events and np.isfinite(p.events[o].latest) for o in others) for p in people], dtype=bool)


def _simulated(fit: Fit, event: str, table: pd.DataFrame, horizon: float, simulations: int, seed: int) -> tuple[Floats, Floats]:
    """Return when the event and when another terminal one comes in each simulated patient (simulations, patients), or infinity."""
    problem, places, n = fit.problem, table["place"].to_numpy(), fit.problem.patients
    point = problem.point(fit.estimated.vector)
    inner, outer = (seeds.child_seed(seed, purpose, 3) for purpose in (Purpose.PARAMETERS, Purpose.SURVIVAL))
    found, size = np.empty((2, simulations, len(table))), max(BLOCK // n, 1)
    for first in range(0, simulations, size):
        copies = min(size, simulations - first)
        ids = np.arange(first * n, (first + copies) * n)
        z = seeds.normals(inner, Purpose.PARAMETERS, ids, max(problem.varying, 1))[:, : problem.varying]
        phi = np.repeat(point.centre[None], copies, axis=0)
        phi[:, :, : problem.varying] += (z @ point.root.T).reshape(copies, n, problem.varying)
        sets = problem.parameters(phi)[0].reshape(copies, n, -1)[:, places].reshape(copies * len(places), -1)
        people = [fit.cohort.patients[k] for k in places] * copies
        when = draw_events(
            fit.start.model, partial(_followed, fit, people, sets=sets), ids.reshape(copies, n)[:, places].reshape(-1), seed=outer,
            start=0.0, horizon=horizon, free={event: np.tile(table["entry"], copies)},
        )  # fmt: skip
        other = [when[name] for name in _others(fit, event)]
        last = np.fmin.reduce(other) if other else np.full(len(people), np.nan)
        found[:, first : first + copies] = np.stack([when[event], last]).reshape(2, copies, -1)
    found = np.where(np.isnan(found), np.inf, found)
    return found[0], found[1]


def _ends(time: Floats, seen: NDArray[np.bool_], simulations: int, seed: int) -> Floats:
    """Return the end of follow-up of each simulated patient (simulations, patients): the observed one, or one drawn beyond an event."""
    ends = np.tile(time, (simulations, 1))
    u = seeds.uniforms(seeds.child_seed(seed, Purpose.SURVIVAL, 4), Purpose.SURVIVAL, np.arange(simulations), len(time))
    censored = np.unique(time[~seen])
    at_risk = np.array([(time >= t).sum() for t in censored], dtype=float)
    left = np.cumprod(1.0 - np.array([(time[~seen] == t).sum() for t in censored]) / at_risk) if len(censored) else np.empty(0)
    for k in np.flatnonzero(seen):
        beyond = censored > time[k]
        before = left[~beyond][-1] if (~beyond).any() else 1.0
        share = left[beyond] / before
        place = (share[None, :] >= u[:, k, None]).sum(axis=1)  # the end is drawn where the curve falls below u
        options = np.append(censored[beyond], time.max())
        ends[:, k] = options[np.minimum(place, len(options) - 1)]
    return ends


def _survival(entry: Floats, when: Floats, end: Floats, grid: Floats, more: Floats) -> Floats:
    """Return the Kaplan-Meier curve of one simulated cohort at the grid and at more times, NaN after its follow-up."""
    time, seen = np.minimum(when, end), when <= end
    events = np.unique(time[seen])
    at_risk = ((time[None, :] >= events[:, None]) & (entry[None, :] < events[:, None])).sum(axis=1)
    count = np.searchsorted(np.sort(time[seen]), events, side="right") - np.searchsorted(np.sort(time[seen]), events, side="left")
    survival = np.concatenate([[1.0], np.cumprod(1.0 - count / np.maximum(at_risk, 1))])
    asked = np.concatenate([grid, more])
    found = survival[np.searchsorted(events, asked, side="right")]
    return np.where(asked <= time.max(), found, np.nan)
