"""What must hold for any patient's record under any estimand, and for best responses and scores."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autologue.outcomes.estimands.estimand import Status
from autologue.outcomes.estimands.observe import observe, observe_all, time_and_status
from autologue.outcomes.estimands.published import ESTIMANDS
from autologue.outcomes.estimands.record import NewTherapy, PatientRecord
from autologue.outcomes.response.assessment import Assessment, Category, Response, best_response, time_to_response
from autologue.outcomes.response.mrd import Mrd, mrd_negative
from autologue.outcomes.scores.car_hematotox import MAXIMUM, car_hematotox
from autologue.outcomes.scores.laboratory import ANALYTES, Lab, in_unit

UNTIMED = settings(deadline=None)  # a busy machine is no failure
RANKS = {Category.COMPLETE: 3, Category.PARTIAL: 2, Category.STABLE: 1, Category.PROGRESSION: 0, Category.NOT_EVALUABLE: 1}
responses = st.sampled_from(Category).map(lambda category: Response("x", category.value, category, RANKS[category], "seen"))
days = st.integers(31, 900)


@st.composite
def assessments(draw: st.DrawFn, last: int = 900) -> tuple[Assessment, ...]:
    """Assessments after day 30 on different days."""
    found = draw(st.lists(st.tuples(st.integers(31, last), responses), max_size=6, unique_by=lambda pair: pair[0])) if last > 30 else []
    return tuple(Assessment(day, response) for day, response in found)


@st.composite
def records(draw: st.DrawFn) -> PatientRecord:
    """A patient enrolled and randomised on day 0 and infused on day 30, or not."""
    last = draw(days)
    within = st.integers(31, last)
    return PatientRecord(
        patient="A",
        enrolment=0,
        randomisation=0,
        salvage_start=1,
        infusion=draw(st.sampled_from([30, None])),
        last_contact=last,
        assessments=draw(assessments(last)),
        transplant=draw(st.none() | within),
        new_therapies=tuple(NewTherapy(day, flag) for day, flag in draw(st.lists(st.tuples(within, st.booleans()), max_size=2))),
        crossover=draw(st.none() | within),
        death=draw(st.sampled_from([None, last])),
    )


estimands = st.sampled_from(list(ESTIMANDS.values()))


@UNTIMED
@given(records(), estimands)
def test_a_time_lies_in_follow_up_and_has_a_reason(record: PatientRecord, estimand: Any) -> None:
    found = observe(record, estimand)
    assert found.reason
    assert (found.time is None) == (found.status is Status.EXCLUDED)
    if found.time is not None:
        assert 0 <= found.time <= record.last_contact


@UNTIMED
@given(records(), estimands, st.integers(-2000, 2000))
def test_the_origin_of_the_clock_does_not_matter(record: PatientRecord, estimand: Any, shift: int) -> None:
    names = ("enrolment", "randomisation", "salvage_start", "infusion", "last_contact", "transplant", "crossover", "death")
    moved: dict[str, Any] = {name: None if getattr(record, name) is None else getattr(record, name) + shift for name in names}
    moved["assessments"] = tuple(replace(each, day=each.day + shift) for each in record.assessments)
    moved["new_therapies"] = tuple(replace(each, day=each.day + shift) for each in record.new_therapies)
    assert observe(replace(record, **moved), estimand) == observe(record, estimand)


@UNTIMED
@given(records(), estimands)
def test_the_order_in_which_assessments_are_written_does_not_matter(record: PatientRecord, estimand: Any) -> None:
    assert observe(replace(record, assessments=record.assessments[::-1]), estimand) == observe(record, estimand)


def time(record: PatientRecord, name: str) -> float:
    """The time by an estimand whose analysis set holds every patient drawn here."""
    found = observe(record, ESTIMANDS[name]).time
    assert found is not None
    return found


@UNTIMED
@given(records())
def test_more_events_or_more_censoring_never_lengthen_a_time(record: PatientRecord) -> None:
    assert (
        time(record, "zuma_7_efs_label") <= time(record, "zuma_7_efs") or observe(record, ESTIMANDS["zuma_7_efs"]).status is Status.CENSORED
    )
    assert time(record, "karmma_3_pfs") <= time(record, "os_randomised")
    assert time(record, "os_salvage") == time(record, "os_randomised") - 1


@UNTIMED
@given(records())
def test_relapse_free_survival_is_not_longer_when_censored_at_new_therapy(record: PatientRecord) -> None:
    infused = replace(record, infusion=30)
    censored, uncensored = (observe(infused, ESTIMANDS[f"eliana_rfs_{how}"]).time for how in ("censored", "uncensored"))
    assert (censored is None) == (uncensored is None)
    assert censored is None or uncensored is None or censored <= uncensored


@UNTIMED
@given(records())
def test_weights_change_no_time_and_no_status(record: PatientRecord) -> None:
    one, other = observe(record, ESTIMANDS["karmma_3_pfs"]), observe(record, ESTIMANDS["cartitude_4_pfs"])
    assert (one.time, one.status) == (other.time, other.status)
    assert (other.weight == 0) == (other.status is Status.EVENT and (other.time or 0) <= 56)


@UNTIMED
@given(st.lists(records(), max_size=5), estimands)
def test_the_input_to_a_curve_has_one_pair_per_included_patient(cohort: list[PatientRecord], estimand: Any) -> None:
    observations = observe_all(cohort, estimand)
    times, statuses = time_and_status(observations)
    assert len(times) == len(statuses) == sum(found.status is not Status.EXCLUDED for found in observations)


@UNTIMED
@given(assessments(), st.integers(0, 60))
def test_confirmation_never_deepens_a_response_nor_hastens_it(course: tuple[Assessment, ...], confirm: int) -> None:
    plain, held = best_response(course).assessment, best_response(course, confirm_days=confirm).assessment
    if held is not None:
        assert plain is not None
        assert held.response.rank <= plain.response.rank
    first, confirmed = (time_to_response(course, since=0, confirm_days=days) for days in (None, confirm))
    if confirmed is not None:
        assert first is not None
        assert first <= confirmed


@UNTIMED
@given(st.floats(0, 1), st.floats(1e-6, 0.5), st.floats(1e-6, 0.5))
def test_negative_at_a_threshold_is_negative_at_a_higher_one(level: float, one: float, other: float) -> None:
    low, high = sorted((one, other))
    mrd = Mrd(level, "flow", 1e-7)
    assert not mrd_negative(mrd, threshold=low).negative or mrd_negative(mrd, threshold=high).negative


VALUES = {"platelets": (1, 600), "anc": (0, 9000), "haemoglobin": (4, 18), "crp": (0, 40), "ferritin": (5, 20_000)}
labs = st.fixed_dictionaries({name: st.floats(*limits) for name, limits in VALUES.items()})
WORSE = {"platelets": min, "anc": min, "haemoglobin": min, "crp": max, "ferritin": max}


def total(values: dict[str, float]) -> int:
    given_ = {name: Lab(value, ANALYTES[name].unit) for name, value in values.items()}
    return car_hematotox(given_.pop("platelets"), **given_).total


@UNTIMED
@given(labs, labs)
def test_worse_values_never_lower_car_hematotox(one: dict[str, float], other: dict[str, float]) -> None:
    worst = {name: pick(one[name], other[name]) for name, pick in WORSE.items()}
    assert max(total(one), total(other)) <= total(worst) <= MAXIMUM


@UNTIMED
@given(st.sampled_from(sorted(ANALYTES)), st.data())
def test_a_value_is_the_same_in_any_unit(analyte: str, data: st.DataObject) -> None:
    known = ANALYTES[analyte]
    value = data.draw(st.floats(known.low * 1.01, known.high * 0.99))
    unit = data.draw(st.sampled_from(sorted(known.units)))
    numerator, denominator = known.units[unit]
    assert in_unit(analyte, Lab(value * denominator / numerator, unit)) == pytest.approx(value)
