"""Reading how a trial is run."""

from __future__ import annotations

from typing import Any

from autologue.errors import InputError, unknown
from autologue.protocol.conduct import (
    Analysis,
    Bridging,
    Comedication,
    Lymphodepletion,
    Manufacturing,
    ResponsePlan,
    Screening,
    ToxicityPlan,
    Waiting,
)
from autologue.protocol.endpoints import SETS
from autologue.protocol.read_patients import SPREAD, read_log_spread
from autologue.protocol.section import Section

__all__ = ["read_conduct"]

CRITERIA = ("all_nccn", "lugano_burden", "imwg_2016")
CRS = ("crs_astct_2019", "crs_lee_2014", "crs_penn")


def read_conduct(whole: Section) -> dict[str, Any]:
    """Return the parts of the conduct that the file has, by name."""
    readers = {
        "screening": _screening,
        "manufacturing": _manufacturing,
        "waiting": _waiting,
        "bridging": _bridging,
        "lymphodepletion": _lymphodepletion,
        "response": _response,
        "toxicity": _toxicity,
        "analysis": _analysis,
    }
    return {name: read(whole.section(name)) for name, read in readers.items() if name in whole.table}


def _screening(section: Section) -> Screening:
    section.allow("failing")
    return Screening(section.number("failing", "1", below=1.0))


def _manufacturing(section: Section) -> Manufacturing:
    section.allow("failing", "attempts", "time")
    attempts = section.number("attempts", "1", above=1.0)
    if attempts.value != int(attempts.value):
        raise section.fault("attempts", f"has value {attempts.value:g}", "a whole number of at least 1")
    return Manufacturing(section.number("failing", "1", below=1.0), attempts, read_log_spread(section.section("time", SPREAD), "day"))


def _waiting(section: Section) -> Waiting:
    section.allow("loss", "deaths", "assessed")
    days, source = section.times("assessed", start="enrolment") if "assessed" in section.table else ((), "")
    return Waiting(section.number("loss", "1/month"), section.share("deaths"), days, source)


def _bridging(section: Section) -> Bridging:
    section.allow("share", "fall", "spread")
    return Bridging(section.share("share"), section.number("fall", "1", above=-10.0), section.number("spread", "1"))


def _lymphodepletion(section: Section) -> Lymphodepletion:
    section.allow("regimen", "share", "before")
    return Lymphodepletion(section.fact("regimen"), section.share("share"), section.number("before", "day"))


def _response(section: Section) -> ResponsePlan:
    section.allow("criteria", "days", "window", "by", "confirm", "complete_at")
    criteria = section.fact("criteria")
    if criteria.value not in CRITERIA:
        raise InputError(f"{section.where('criteria')}: {unknown('criteria', criteria.value, CRITERIA)}")
    days, source = section.times("days", start="the infusion")
    window = section.number("window", "day")
    gaps = [b - a for a, b in zip((0.0, *days), days, strict=False)]
    if 2 * window.value >= min(gaps):
        raise section.fault("window", f"is {window.value:g} day", f"less than half of the shortest time between visits ({min(gaps):g} day)")
    unit = {"lugano_burden": "mL", "imwg_2016": "g/dL"}.get(criteria.value, "1")
    complete = section.maybe("complete_at", unit)
    if criteria.value == "lugano_burden" and complete is None:
        raise section.fault("complete_at", "is missing", "the burden at or below which disease counts as undetectable, in mL")
    return ResponsePlan(criteria, days, source, window, section.maybe("by", "day"), section.maybe("confirm", "day"), complete)


def _toxicity(section: Section) -> ToxicityPlan:
    section.allow("crs", "neuro", "tocilizumab", "steroid")
    crs, neuro = section.fact("crs"), section.fact("neuro")
    for key, fact, known in (("crs", crs, CRS), ("neuro", neuro, ("icans_astct_2019",))):
        if fact.value not in known:
            raise InputError(f"{section.where(key)}: {unknown('scale', fact.value, known)}")
    return ToxicityPlan(crs, neuro, _comedication(section.section("tocilizumab")), _comedication(section.section("steroid")))


def _comedication(section: Section) -> Comedication:
    section.allow("from_crs", "from_neuro", "share")
    return Comedication(section.number("from_crs", "1", above=1.0, below=6.0), section.maybe("from_neuro", "1"), section.share("share"))


def _analysis(section: Section) -> Analysis:
    section.allow("sets", "accrual", "cut_off", "lost")
    entry = section.entry("sets", ("value", "source"))
    sets = entry["value"]
    if not isinstance(sets, list) or not sets:
        raise section.fault("sets", f"has value {sets!r}", f"a list of analysis sets among {', '.join(SETS)}")
    for name in sets:
        if name not in SETS:
            raise InputError(f"{section.where('sets')}: {unknown('analysis set', str(name), SETS)}")
    accrual, cut_off = section.number("accrual", "month"), section.number("cut_off", "month")
    if cut_off.value <= accrual.value:
        raise section.fault("cut_off", f"is month {cut_off.value:g}", f"a time after the end of accrual, month {accrual.value:g}")
    return Analysis(tuple(sets), entry["source"], accrual, cut_off, section.number("lost", "1/year"))
