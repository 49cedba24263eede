"""What `autologue survival --json` writes: plain values of the whole analysis."""

from __future__ import annotations

from typing import Any

from autologue.report.survival_text import agreement, ticks
from autologue.survival.analysis import ArmAnalysis, SurvivalAnalysis

__all__ = ["analysis_values"]

BOUNDS = ("estimate", "lower", "upper")


def analysis_values(found: SurvivalAnalysis) -> dict[str, Any]:
    """Return the analysis as mappings, lists, numbers and text."""
    test, cox = found.log_rank, found.cox
    return {
        "unit": found.unit,
        "subjects": len(found.data),
        "events": int(found.data.event.sum()),
        "horizon": found.horizon,
        "restricted_mean_to": found.tau,
        "arms": {arm.name: _arm(found, arm) for arm in found.arms},
        "restricted_mean_difference": None if found.differences is None else found.differences.to_dict("index"),
        "reference": found.reference if len(found.arms) > 1 else None,
        "log_rank": None if test is None else {"chi_square": test.statistic, "degrees": test.degrees, "p_value": test.p_value},
        "cox": None if cox is None else {"terms": cox.table.to_dict("index"), "proportionality": cox.proportionality.to_dict("index")},
        "notes": list(dict.fromkeys(found.notes)),
    }


def _arm(found: SurvivalAnalysis, arm: ArmAnalysis) -> dict[str, Any]:
    km = arm.kaplan_meier
    rows = found.fit_table
    fits = rows[rows["arm"] == arm.name].drop(columns="arm").to_dict("records") if len(rows) else []
    for row, each in zip(fits, arm.fits, strict=True):
        row |= {"natural": each.fit.natural, "warnings": list(each.fit.warnings)}
    return {
        "subjects": len(arm.data),
        "events": int(arm.data.event.sum()),
        "follow_up": arm.data.follow_up,
        "median": km.median(),
        "restricted_mean": found.restricted_means.loc[arm.name].to_dict(),
        "milestones": km.at(list(found.milestones)).to_dict("records") if found.milestones else [],
        "numbers_at_risk": km.numbers_at_risk(ticks(found.data.follow_up, found.unit)).to_dict("records"),
        "kaplan_meier": km.table().to_dict("list"),
        "fits": fits,
        "curves": {each.key: {"time": each.curve.time.tolist(), **_band(each.curve.band())} for each in arm.fits},
        "agreement": agreement(found, arm) if arm.fits else "",
    }


def _band(table: Any) -> dict[str, list[float]]:
    return {name: table[name].tolist() for name in BOUNDS}
