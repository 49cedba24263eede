"""The words and tables of a survival analysis, for the terminal and the report alike; nothing here draws."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from autologue.survival.analysis import ArmAnalysis, SurvivalAnalysis

__all__ = [
    "agreement",
    "compared",
    "counted",
    "fit_rows",
    "hazard_rows",
    "interval_text",
    "key_lines",
    "observed_rows",
    "p_text",
    "percent_text",
    "risk_rows",
    "ticks",
    "warning_rows",
]

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


def interval_text(estimate: float, lower: float, upper: float, *, decimals: int | None = None) -> str:
    """Return an estimate with its bounds, all with as many decimals as give the estimate three digits; no bounds where none are known.

    >>> interval_text(12.06, 7.514, 23.1), interval_text(math.inf, 12.5, math.inf), interval_text(-12.4, -16.5, -8.32)
    ('12.1 (7.5–23.1)', 'not reached (from 12.5)', '−12.4 (−16.5 to −8.3)')
    """
    if math.isnan(estimate):
        return "not observed"
    if math.isinf(estimate) and not math.isfinite(lower):
        return "not reached"
    shown = estimate if math.isfinite(estimate) else lower
    places = decimals if decimals is not None else min(max(2 - math.floor(math.log10(abs(shown))), 0), 4) if shown else 2

    tiny = decimals is None and 0 < abs(shown) < 1e-3

    def said(value: float) -> str:
        return (f"{value:.3g}" if tiny else f"{value:.{places}f}").replace("-", "−")

    if math.isinf(estimate):
        return f"not reached (from {said(lower)})"
    if math.isnan(lower):
        return said(estimate)
    low, high = said(lower), said(upper) if math.isfinite(upper) else ""
    inside = f"{low} to {high}" if lower < 0 and high else f"{low}–{high}" if high else f"from {low}"
    return f"{said(estimate)} ({inside})"


def percent_text(estimate: float, lower: float, upper: float, *, decimals: int = 1) -> str:
    """Return a share with its bounds in percent.

    >>> percent_text(0.512, 0.4, 0.61), percent_text(0.512, 0.4, 0.61, decimals=0)
    ('51.2 (40.0–61.0)', '51 (40–61)')
    """
    return interval_text(100 * estimate, 100 * lower, 100 * upper, decimals=decimals)


def p_text(p: float) -> str:
    """Return a p-value as papers print it.

    >>> p_text(0.0312), p_text(0.62), p_text(3e-8)
    ('0.031', '0.62', '<0.0001')
    """
    return "<0.0001" if p < 1e-4 else f"{p:.2g}"


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
    low, high = f"{min(values):.0f}", f"{max(values):.0f}"
    put = f"at {low} %" if low == high else f"between {low} and {high} %"
    return (
        f"Best AIC: {best}; {len(values)} families are within 2 of the best, which the data do not tell apart, and they put {when} {put}."
    )


def compared(found: SurvivalAnalysis) -> str:
    """Return the log-rank test and the differences of restricted means in sentences; nothing where there is one arm."""
    if found.log_rank is None or found.differences is None:
        return ""
    test, unit = found.log_rank, f"{found.unit}s"
    degrees = f"{counted(test.degrees, 'degree')} of freedom"
    said = [f"Log-rank test: chi-square {test.statistic:.2f} on {degrees}, p {_equals(test.p_value)}."]
    for arm, row in found.differences.to_dict("index").items():
        difference = interval_text(*(row[name] for name in BOUNDS))
        known = "" if math.isnan(row["p_value"]) else f", p {_equals(row['p_value'])}"
        said.append(f"Restricted mean to {found.tau:.4g} {unit}, {arm} less {found.reference}: {difference} {unit}{known}.")
    return " ".join(said)


def _equals(p: float) -> str:
    """Return what stands after the letter p.

    >>> _equals(0.04), _equals(1e-9)
    ('= 0.04', '< 0.0001')
    """
    text = p_text(p)
    return text.replace("<", "< ") if text.startswith("<") else f"= {text}"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "event"), counted(2, "event")
    ('1 event', '2 events')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def key_lines(found: SurvivalAnalysis) -> dict[str, str]:
    """Return by arm what a figure says of it: events of subjects, the median with its interval, and with several arms the hazard ratio.

    A line under "" belongs to the only arm, or with several to all: the log-rank test.
    """
    lines = {}
    for arm in found.arms:
        median = interval_text(*(arm.kaplan_meier.median()[name] for name in BOUNDS))
        line = f"{counted(int(arm.data.event.sum()), 'event')} in {len(arm.data)}, median {median.replace('(', '(95 % CI ')} {found.unit}s"
        if found.cox is not None and (term := f"arm {arm.name}") in found.cox.table.index:
            ratio = interval_text(*found.cox.table.loc[term, ["hazard_ratio", "lower", "upper"]].astype(np.float64), decimals=2)
            adjusted = "adjusted " if len(found.cox.table) > len(found.arms) - 1 else ""
            line += f", {adjusted}hazard ratio {ratio.replace('(', '(95 % CI ')}"
        lines[arm.name if len(found.arms) > 1 else ""] = line
    if found.log_rank is not None:
        lines[""] = f"Log-rank p {_equals(found.log_rank.p_value)}"
    return lines


def observed_rows(found: SurvivalAnalysis) -> pd.DataFrame:
    """Return by arm: subjects, events, median, restricted mean and survival at the milestones that any arm was followed to."""
    rows = []
    seen = [time for time in found.milestones if any(not arm.kaplan_meier.at(time)["estimate"].isna().all() for arm in found.arms)]
    for arm in found.arms:
        median, mean = arm.kaplan_meier.median(), found.restricted_means.to_dict("index")[arm.name]
        row: dict[str, object] = {"Arm": arm.name, "Subjects": len(arm.data), "Events": int(arm.data.event.sum())}
        row[f"Median, {found.unit}s"] = interval_text(*(median[name] for name in BOUNDS))
        row[f"Mean to {found.tau:.4g}"] = interval_text(*(mean[name] for name in BOUNDS))
        for time in seen:
            at = arm.kaplan_meier.at(time).iloc[0]
            row[f"At {time:g}, %"] = percent_text(at.estimate, at.lower, at.upper)
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
    ratios = [interval_text(*row, decimals=2) for row in columns.itertuples(index=False, name=None)]
    tests = {"p": table["p_value"], "p of a changing ratio": found.cox.proportionality["p_rank"]}
    said = {name: [p_text(p) for p in values] for name, values in tests.items()}
    against = f" against {found.reference}"
    terms = [str(term).removeprefix("arm ") + (against if str(term).startswith("arm ") else "") for term in table.index]
    return pd.DataFrame({"Term": terms, "Hazard ratio": ratios, **said})


def fit_rows(found: SurvivalAnalysis, arm: ArmAnalysis) -> pd.DataFrame:
    """Return the families of an arm side by side, as text: criteria, survival at milestones, mean time to the horizon."""
    table = found.fit_table[found.fit_table["arm"] == arm.name]
    rows = {
        "Family": table["family"] + np.where(table["converged"], "", " (did not settle)"),
        "Par.": table["parameters"].astype(str),
        "AIC": [f"{value:.1f}" for value in table["aic"]],
        "ΔAIC": ["" if math.isnan(value) else f"{value:.1f}" for value in table["delta_aic"]],
        "BIC": [f"{value:.1f}" for value in table["bic"]],
    }
    for time in found.milestones:
        rows[f"At {time:g}, %"] = [percent_text(*row, decimals=0) for row in _bounds(table, f"survival_{time:g}")]
    rows["Mean"] = [interval_text(*row) for row in _bounds(table, "mean")]
    return pd.DataFrame(rows)


def warning_rows(arm: ArmAnalysis) -> pd.DataFrame:
    """Return what must be known of each family of an arm before its curve is used; no rows where there is nothing."""
    said = [(each.fit.family.name, text) for each in arm.fits for text in each.fit.warnings]
    return pd.DataFrame(said, columns=["Family", "What to bear in mind"])


def _bounds(table: pd.DataFrame, name: str) -> list[tuple[float, float, float]]:
    columns = table[[name, f"{name}_lower", f"{name}_upper"]].astype(np.float64)
    return list(columns.itertuples(index=False, name=None))
