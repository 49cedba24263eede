"""Landmarks, ties, bad dates and the input to a survival curve."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from autologue.errors import InputError
from autologue.outcomes.estimands.estimand import AnalysisSet, Estimand, Handling, Origin, Status
from autologue.outcomes.estimands.general import DOR, OS_INFUSED, OS_RANDOMISED, PFS_INFUSED
from autologue.outcomes.estimands.observe import observe, observe_all, time_and_status
from autologue.outcomes.estimands.record import NewTherapy, PatientRecord
from autologue.outcomes.response.assessment import Assessment, Category, Response


def seen(*visits: tuple[float, Category]) -> tuple[Assessment, ...]:
    return tuple(Assessment(day, Response("x", category.value, category, 0, "")) for day, category in visits)


def record(**changes: Any) -> PatientRecord:
    return PatientRecord(**{"patient": "A", "infusion": 0, "last_contact": 500, **changes})


LANDMARK = replace(PFS_INFUSED, name="landmark", landmark=90)
CR, SD, PD = Category.COMPLETE, Category.STABLE, Category.PROGRESSION


@pytest.mark.parametrize(
    ("visits", "time", "status", "words"),
    [
        (((28, CR), (85, CR), (200, PD)), 110, Status.EVENT, "timed from the landmark, day 90"),
        (((28, CR), (85, CR), (200, CR)), 110, Status.CENSORED, "timed from the landmark"),
        (((28, CR), (80, PD)), None, Status.EXCLUDED, "not at risk at the landmark"),
        (((28, CR), (90, PD)), None, Status.EXCLUDED, "not at risk at the landmark"),
        (((28, CR), (60, CR)), None, Status.EXCLUDED, "not at risk at the landmark"),
        (((28, CR), (85, SD), (200, PD)), None, Status.EXCLUDED, "not in response at the landmark"),
    ],
)
def test_landmark_for_responders(visits: Any, time: float | None, status: Status, words: str) -> None:
    result = observe(record(assessments=seen(*visits)), LANDMARK)
    assert (result.time, result.status) == (time, status)
    assert words in result.reason


def test_of_two_things_on_one_day_the_event_comes_first() -> None:
    both = record(assessments=seen((28, SD), (80, PD)), new_therapies=(NewTherapy(80),))
    assert observe(both, PFS_INFUSED).status is Status.EVENT


def test_censoring_at_new_therapy_goes_back_to_the_last_assessment_and_says_why() -> None:
    result = observe(record(assessments=seen((28, SD), (80, PD)), new_therapies=(NewTherapy(60),)), PFS_INFUSED)
    assert (result.time, result.status) == (28, Status.CENSORED)
    assert "censored for new therapy on day 60 after infusion" in result.reason


def test_progression_before_infusion_is_set_aside_or_refused() -> None:
    before = record(infusion=40, enrolment=0, assessments=seen((20, PD), (70, SD)))
    assert observe(before, PFS_INFUSED).time == 30
    strict = replace(PFS_INFUSED, before_zero_ignored=False)
    with pytest.raises(InputError, match=r"patient A: progression on day 20 is before time zero \(infusion, day 40\)"):
        observe(before, strict)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"death": 100, "last_contact": 200}, "last_contact on day 200 is after death on day 100"),
        ({"transplant": 600}, "transplant on day 600 is after the last contact on day 500"),
        ({"infusion": 10, "randomisation": 20}, "infusion on day 10 is before randomisation on day 20"),
        ({"death": float("nan")}, "death is dated nan"),
        ({"new_therapies": (NewTherapy(700),)}, "new therapy on day 700"),
        ({"assessments": seen((501, SD))}, "assessment (stable) on day 501"),
    ],
)
def test_impossible_records_are_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as caught:
        record(**changes)
    assert words in str(caught.value)


def test_several_things_may_happen_on_one_day() -> None:
    one_day = PatientRecord(patient="A", enrolment=0, randomisation=0, infusion=0, death=0, last_contact=0)
    assert (observe(one_day, OS_INFUSED).time, observe(one_day, OS_INFUSED).status) == (0, Status.EVENT)


def test_death_before_time_zero_is_refused() -> None:
    late = replace(OS_RANDOMISED, origin=Origin.INFUSION, analysis_set=AnalysisSet.RANDOMISED)
    dead = PatientRecord(patient="A", randomisation=0, infusion=None, death=20, last_contact=20)
    assert observe(dead, late).status is Status.EXCLUDED
    salvage = replace(OS_RANDOMISED, origin=Origin.SALVAGE_START)
    with pytest.raises(InputError, match="is after death"):
        observe(PatientRecord(patient="A", randomisation=0, salvage_start=30, death=20, last_contact=30), salvage)


def test_estimands_that_make_no_sense_are_refused() -> None:
    with pytest.raises(InputError, match="ignores death"):
        replace(OS_INFUSED, death=Handling.IGNORE)
    with pytest.raises(InputError, match="analysis set responders"):
        Estimand(name="x", title="", origin=Origin.RESPONSE, analysis_set=AnalysisSet.INFUSED, reference="")


def test_excluded_patients_do_not_reach_the_curve() -> None:
    cohort = [record(assessments=seen((28, CR), (90, PD))), record(infusion=None), record(assessments=seen((28, CR), (60, CR)))]
    observations = observe_all(cohort, DOR)
    assert [found.status for found in observations] == [Status.EVENT, Status.EXCLUDED, Status.CENSORED]
    assert time_and_status(observations) == ([62, 32], [1, 0])
