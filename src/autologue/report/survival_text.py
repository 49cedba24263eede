"""The words and tables of a survival analysis, for the terminal and the report alike; nothing here draws."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from autologue.survival.analysis import ArmAnalysis, SurvivalAnalysis

__all__ = ["agreement", "compared", "fit_rows", "hazard_rows", "interval_text", "observed_rows", "risk_rows", "ticks"]

STEPS = {  # what readers count in, by unit of time
    "day": (1, 7, 14, 28, 90, 180, 365, 730, 1825, 3650),
    "week": (1, 2, 4, 8, 13, 26, 52, 104, 260),
    "month": (1, 2, 3, 6, 12, 24, 36, 60, 120),
}
BOUNDS = ("estimate", "lower", "upper")
MOST = 8  # steps of an axis


def ticks(end: float, unit: str) -> list[float]:
    """Return times for the axis and the numbers at risk, at most eight steps that a reader counts in.

    >>> ticks(34, "month"), ticks(4.1, "year")
    ([0.0, 6.0, 12.0, 18.0, 24.0, 30.0], [0.0, 1.0, 2.0, 3.0, 4.0])
    """
    power = 10.0 ** math.floor(math.log10(end / MOST))
    general = tuple(power * k for k in (1, 2, 5, 10))
    step = next(s for s in (*STEPS.get(unit, ()), *general) if end / s <= MOST)
    return [float(time) for time in np.arange(0.0, end * (1 + 1e-9), step)]


def interval_text(estimate: float, lower: float, upper: float, *, scale: float = 1.0) -> str:
    """Return an estimate with its bounds, three digits each; no bounds where none are known.

    >>> interval_text(0.512, 0.4, 0.61, scale=100), interval_text(math.inf, 12.5, math.inf)
    ('51.2 (40–61)', 'not reached (from 12.5)')
    """
    if math.isnan(estimate):
        return "not observed"
    if math.isinf(estimate):
        return f"not reached (from {_three(scale * lower)})" if math.isfinite(lower) else "not reached"
    if math.isnan(lower):
        return _three(scale * estimate)
    low, high = _three(scale * lower), _three(scale * upper) if math.isfinite(upper) else ""
    inside = f"{low} to {high}" if lower < 0 and high else f"{low}–{high}" if high else f"from {low}"
    return f"{_three(scale * estimate)} ({inside})"


def _three(value: float) -> str:
    return f"{float(f'{value:.3g}'):.10g}"


def agreement(found: SurvivalAnalysis, arm: ArmAnalysis) -> str:
    """Return in a sentence how far the families within 2 of the best AIC differ at the last milestone."""
    if not arm.usable:
        return "No family settled at an interior maximum; only the observed curve can be used."
    time = found.milestones[-1] if found.milestones else found.horizon
    values = [100 * float(each.curve.milestone(time)["estimate"].iloc[0]) for each in arm.close]
    best = arm.usable[0].fit.family.name
    when = f"survival at {time:g} {found.unit}s"
    if len(values) == 1:
        return f"Best AIC: {best}; no other family is within 2, and it puts {when} at {values[0]:.0f} %."
    return (
        f"Best AIC: {best}; {len(values)} families are within 2 of the best, which the data do not tell apart, "
        f"and they put {when} between {min(values):.0f} and {max(values):.0f} %."
    )


def compared(found: SurvivalAnalysis) -> str:
    """Return the log-rank test and the differences of restricted means in sentences; nothing where there is one arm."""
    if found.log_rank is None or found.differences is None:
        return ""
    test, unit = found.log_rank, f"{found.unit}s"
    degrees = f"{test.degrees} degree{'s' if test.degrees > 1 else ''} of freedom"
    said = [f"Log-rank chi-square {test.statistic:.2f} on {degrees}, p = {test.p_value:.2g}."]
    for arm, row in found.differences.to_dict("index").items():
        difference = interval_text(*(row[name] for name in BOUNDS))
        said.append(f"Restricted mean to {found.tau:.4g} {unit}, {arm} less {found.data.arms[0]}: {difference} {unit}.")
    return " ".join(said)


def observed_rows(found: SurvivalAnalysis) -> pd.DataFrame:
    """Return by arm: subjects, events, median, restricted mean and survival at milestones, with intervals."""
    rows = []
    for arm in found.arms:
        median, mean = arm.kaplan_meier.median(), found.restricted_means.to_dict("index")[arm.name]
        row: dict[str, object] = {"Arm": arm.name, "Subjects": len(arm.data), "Events": int(arm.data.event.sum())}
        row[f"Median, {found.unit}s"] = interval_text(*(median[name] for name in BOUNDS))
        row[f"Mean to {found.tau:.4g}"] = interval_text(*(mean[name] for name in BOUNDS))
        for time in found.milestones:
            at = arm.kaplan_meier.at(time).iloc[0]
            row[f"At {time:g}, %"] = interval_text(at.estimate, at.lower, at.upper, scale=100)
        rows.append(row)
    return pd.DataFrame(rows)


def risk_rows(found: SurvivalAnalysis) -> pd.DataFrame:
    """Return the numbers at risk, an arm a row and a time a column."""
    times = ticks(found.data.follow_up, found.unit)
    numbers = [[f"{n:g}" for n in arm.kaplan_meier.numbers_at_risk(times)["at_risk"]] for arm in found.arms]
    rows = pd.DataFrame(numbers, columns=[f"{time:g}" for time in times])
    rows.insert(0, "Arm", [arm.name for arm in found.arms])
    return rows


def hazard_rows(found: SurvivalAnalysis) -> pd.DataFrame:
    """Return hazard ratios with intervals, p-values and Schoenfeld's check; no rows where there is no Cox model."""
    if found.cox is None:
        return pd.DataFrame()
    table = found.cox.table
    columns = table[["hazard_ratio", "lower", "upper"]].astype(np.float64)
    ratios = [interval_text(*row) for row in columns.itertuples(index=False, name=None)]
    tests = {"p": table["p_value"], "p of a changing ratio": found.cox.proportionality["p_rank"]}
    said = {name: [f"{p:.2g}" for p in values] for name, values in tests.items()}
    return pd.DataFrame({"Term": [str(term) for term in table.index], "Hazard ratio": ratios, **said})


def fit_rows(found: SurvivalAnalysis, arm: ArmAnalysis) -> pd.DataFrame:
    """Return the families of an arm side by side, as text: criteria, survival at milestones, mean time to the horizon."""
    table = found.fit_table()
    table = table[table["arm"] == arm.name]
    rows = {
        "Family": table["family"] + np.where(table["converged"], "", " (did not settle)"),
        "Parameters": table["parameters"].astype(str),
        "AIC": [f"{value:.1f}" for value in table["aic"]],
        "Above best": ["" if math.isnan(value) else f"{value:.1f}" for value in table["delta_aic"]],
        "BIC": [f"{value:.1f}" for value in table["bic"]],
    }
    for time in found.milestones:
        rows[f"At {time:g}, %"] = _bounded(table, f"survival_{time:g}", 100)
    rows["Mean"] = _bounded(table, "mean", 1)
    return pd.DataFrame(rows)


def _bounded(table: pd.DataFrame, name: str, scale: float) -> list[str]:
    columns = table[[name, f"{name}_lower", f"{name}_upper"]].astype(np.float64)
    return [interval_text(*row, scale=scale) for row in columns.itertuples(index=False, name=None)]
