"""What a report says of a conducted trial: flow, response, curves, toxicity, kinetics by response, and the patients of one replicate."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autologue.outcomes.arrays.labels import NOT_EVALUABLE, PARTIAL
from autologue.outcomes.arrays.observe import EVENT
from autologue.survival.replicated import at_risk_by_replicate, survival_by_replicate
from autologue.trial.events import CAUSES
from autologue.trial.flow import MONTH
from autologue.trial.statistics import Replicates, endpoint_times
from autologue.trial.table import Courses
from autologue.trial.toxicity.course import CRS_SCALES
from autologue.trial.variables import members

__all__ = ["STEPS", "best_responses_table", "curve_table", "flow_counts", "kinetics_by_response", "patients_of", "toxicity_table"]

Floats = NDArray[np.float64]
LEVELS = (5.0, 50.0, 95.0)
STEPS = 61  # points of a curve
MOST_MONTHS = 60.0


def _spread(values: Floats) -> dict[str, float]:
    """Return the median and the 90 % interval over replicates."""
    low, middle, high = np.nanpercentile(values, LEVELS) if np.isfinite(values).any() else (np.nan, np.nan, np.nan)
    return {"median": float(middle), "lower": float(low), "upper": float(high)}


def _counted(trial: Replicates, chosen: NDArray[np.bool_]) -> Floats:
    return np.asarray(np.asarray(trial.grouped(chosen, 1), bool).sum(axis=1), dtype=float)


def flow_counts(trial: Replicates) -> pd.DataFrame:
    """Return how many patients pass each step, and how many are lost between: columns step, median, lower, upper, kind (step or loss)."""
    t = trial.table
    screened = np.asarray(trial.grouped(t.screened, 1), float).sum(axis=1)
    steps: list[tuple[str, str, Floats]] = [("screened", "step", screened), ("enrolled", "step", _counted(trial, np.ones(len(t), bool)))]
    if t.infused.any():
        failed = ~t.manufactured & ~t.lost_waiting & np.isnan(t.salvage_start)
        dead = t.lost_waiting & (t.cause == CAUSES.index("waiting"))
        steps += [
            ("manufacturing failed", "loss", _counted(trial, failed)),
            ("died while waiting", "loss", _counted(trial, dead)),
            ("otherwise lost while waiting", "loss", _counted(trial, t.lost_waiting & ~dead)),
            ("infused", "step", _counted(trial, t.infused)),
        ]
    if np.isfinite(t.salvage_start).any():
        steps.append(("treated without cells", "step", _counted(trial, np.isfinite(t.salvage_start))))
    steps.append(("responded", "step", _counted(trial, members(t, "responders"))))
    with np.errstate(invalid="ignore"):
        followed = t.last_contact(trial.cut) < t.death
    steps.append(("alive at the data cut", "step", _counted(trial, followed)))
    return pd.DataFrame([{"step": name, "kind": kind, **_spread(values)} for name, kind, values in steps])


def best_responses_table(trial: Replicates) -> pd.DataFrame:
    """Return the share of infused patients (treated, where nobody is infused) with each best response: label, median, lower, upper."""
    t = trial.table
    base = t.infused if t.infused.any() else np.isfinite(t.salvage_start)
    total = _counted(trial, base)
    rows = []
    for number in np.argsort(-t.kinds.ranks, kind="stable"):
        if t.kinds.categories[number] in (NOT_EVALUABLE,) or t.kinds.categories[number] < PARTIAL:
            continue
        rows.append({"best response": t.kinds.names[number], **_spread(_counted(trial, base & (t.best_label == number)) / total)})
    rows.append({"best response": "any response", **_spread(_counted(trial, base & members(t, "responders")) / total)})
    return pd.DataFrame(rows)


def curve_table(trial: Replicates, endpoint: str, *, arm: int | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the predicted Kaplan-Meier curve with its predictive band, and the numbers at risk, over months.

    Columns time, estimate (median over replicates), lower, upper (90 %); and time, at_risk (median).
    """
    found = endpoint_times(trial, endpoint)
    chosen = found.known if arm is None else found.known & (trial.table.arm == arm)
    time = np.asarray(trial.grouped(np.where(chosen, found.time, np.nan), 1), float) / MONTH
    event = np.asarray(trial.grouped(found.status == EVENT, 1), bool)
    horizon = min(MOST_MONTHS, float(np.nanmax(time, initial=1.0)))
    grid = np.linspace(0.0, horizon, STEPS)
    curves = survival_by_replicate(time, event, grid)
    enough = np.isfinite(curves).mean(axis=0) >= 0.5
    low, middle, high = np.nanpercentile(curves[:, enough], LEVELS, axis=0)
    table = pd.DataFrame({"time": grid[enough], "estimate": middle, "lower": low, "upper": high})
    ticks = np.arange(0.0, horizon + 1e-9, 12.0 if horizon > 24 else 6.0)
    risk = np.median(at_risk_by_replicate(time, ticks), axis=0)
    return table, pd.DataFrame({"time": ticks, "at_risk": risk})


def toxicity_table(trial: Replicates) -> pd.DataFrame:
    """Return the share of infused patients by worst grade and scale: columns scale, grade, median, lower, upper."""
    t = trial.table
    total = _counted(trial, t.infused)
    rows = []
    for scale, grades in [(name, t.crs[name]) for name in CRS_SCALES] + [("icans_astct_2019", t.neuro)]:
        for grade in range(6):
            rows.append({"scale": scale, "grade": grade, **_spread(_counted(trial, t.infused & (grades == grade)) / total)})
    return pd.DataFrame(rows)


def kinetics_by_response(trial: Replicates) -> pd.DataFrame:
    """Return geometric means of exposure in responders and others: columns quantity, group, median, lower, upper."""
    t = trial.table
    responded = members(t, "responders")
    rows = []
    for quantity in ("cmax", "auc_28", "tmax"):
        value = getattr(t, quantity)
        for group, chosen in (("responders", responded & t.infused), ("others", ~responded & t.infused)):
            with np.errstate(divide="ignore", invalid="ignore"):
                kept = np.where(chosen & (value > 0), value if quantity == "tmax" else np.log(value), np.nan)
            per = np.asarray(trial.grouped(kept, 1), float)
            count = np.isfinite(per).sum(axis=1)
            with np.errstate(invalid="ignore", divide="ignore"):
                mean = np.nansum(per, axis=1) / count
            rows.append({"quantity": quantity, "group": group, **_spread(mean if quantity == "tmax" else np.exp(mean))})
    return pd.DataFrame(rows)


def patients_of(trial: Replicates, replicate: int = 0) -> Courses:
    """Return the patients of one replicate."""
    return trial.table.rows(np.arange(replicate * trial.size, (replicate + 1) * trial.size))
