"""Protocols: what ships is read whole, and what is wrong is refused in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from autologue.errors import InputError
from autologue.outcomes import ESTIMANDS
from autologue.outcomes.estimands.estimand import AnalysisSet, Handling, Origin
from autologue.protocol import read_protocol
from autologue.protocol.endpoints import HANDLINGS, SETS, ZEROS

SHIPPED = Path(__file__).resolve().parents[1] / "src" / "autologue" / "trial" / "protocols" / "eliana.toml"


def changed(folder: Path, old: str, new: str) -> Path:
    """The shipped protocol with one passage replaced, which must be there."""
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    path = folder / "mine.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_the_shipped_protocol_says_what_the_trial_did() -> None:
    plan = read_protocol(SHIPPED)
    assert (plan.enrolled, plan.infused, plan.registration.value) == (97, 79, "NCT02435849")
    assert (plan.dose.threshold.value, plan.dose.light.median.value, plan.dose.heavy.upper.value) == (50.0, 3.1e6, 2.5e8)
    assert plan.visits.days[:4] == (0.0, 1.0, 3.0, 7.0)
    assert plan.visits.limit.unit == "copies/ug"
    assert plan.covariates["burden"].continuous().median == pytest.approx(0.74)


def test_units_are_converted(tmp_path: Path) -> None:
    weeks = changed(
        tmp_path, 'value = [0, 1, 3, 7, 11, 14, 21, 28, 60, 90, 180, 270, 365], unit = "day"', 'value = [0, 1, 4], unit = "week"'
    )
    assert read_protocol(weeks).visits.days == (0.0, 7.0, 28.0)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("[visits]", "[vists]", "unknown key 'vists'; did you mean visits"),
        ("threshold =", "treshold =", "unknown key in [dose] 'treshold'; did you mean threshold"),
        ("[0, 1, 3, 7,", "[0, 3, 1, 7,", "visits.days goes from 3 to 1; expected visits in rising order"),
        ("[0, 1, 3, 7,", "[-1, 1, 3, 7,", "has the negative time -1"),
        ('value = 39, unit = "kg", source', "value = 39, source", "covariates.weight.median has no unit"),
        ('value = 39, unit = "kg"', 'value = 39, unit = "day"', "has unit 'day'; expected kg"),
        ("value = 39,", "value = -39,", "covariates.weight.median has value -39"),
        ("value = 39,", "value = nan,", "covariates.weight.median has value nan"),
        ("value = 39,", 'value = "39",', "covariates.weight.median has value '39'"),
        ("value = 39,", "value = 390,", "expected lower < median < upper"),
        ("infused = { value = 79,", "infused = { value = 0,", "patients.infused is 0 patients; expected a whole number of at least 1"),
        ("infused = { value = 79,", "infused = { value = 98,", "more than the 97 enrolled"),
        ("age_weight = { value = 0.8,", "age_weight = { value = 1.0,", "zero or more and below 1"),
        ('distribution = "logit-normal"', 'distribution = "logit-norm"', "did you mean logit-normal"),
        ("limit = { value = 50,", "limit = { value = 0,", "an assay limit above zero"),
        ('source = "dose rule of the product"', 'source = " "', "expected a text as source"),
        ("[trial]", "[trial", "cannot be read as a protocol"),
        ('course = "leukaemia"', 'course = "leukemia"', "course: unknown course 'leukemia'; did you mean leukaemia"),
        ("[28, 60, 90,", "[28, 90, 60,", "response.days goes from 90 to 60; expected visits in rising order"),
        ("[28, 60, 90,", "[4, 60, 90,", "response.window is 3 day; expected less than half of the shortest time between visits (4 day)"),
        ('"all_nccn"', '"all_ncnn"', "unknown criteria 'all_ncnn'; did you mean all_nccn"),
        ('crs = { value = "crs_penn"', 'crs = { value = "crs_upenn"', "unknown scale 'crs_upenn'; did you mean crs_penn"),
        (
            'time_zero = "infusion"\n',
            "",
            "endpoints.event_free_survival has no time zero; expected time_zero, one of enrolment, randomisation",
        ),
        (
            'time_zero = "infusion"',
            'time_zero = "randomisation"',
            "endpoints.event_free_survival.time_zero is 'randomisation', which no patient",
        ),
        ('["enrolment", "infusion", "responders"]', '["enrolment", "randomisation"]', "analysis.sets is 'randomisation', which no patient"),
        ('["enrolment", "infusion", "responders"]', '["intention"]', "unknown analysis set 'intention'"),
        (
            'covariate = "burden", at_least = 5',
            'covariate = "burden", at_least = 99.5',
            "eligibility.burden (burden at least 99.5 %) rejects everybody",
        ),
        ('covariate = "burden", at_least = 5', 'covariate = "burden"', "eligibility.burden has no bound"),
        ('covariate = "burden"', 'covariate = "burdn"', "unknown covariate 'burdn'; did you mean burden"),
        ('estimand = "os_infused" }', 'estimand = "os_infused", time_zero = "infusion" }', "has an estimand and time_zero"),
        ("[manufacturing]\n", "[manufacture]\n", "unknown key 'manufacture'; did you mean manufacturing"),
        (
            "cut_off = { value = 52,",
            "cut_off = { value = 20,",
            "analysis.cut_off is month 20; expected a time after the end of accrual, month 24",
        ),
        ("failing = { value = 0.0825,", "failing = { value = 1.0825,", "zero or more and below 1"),
        ("deaths = { value = 0.7,", "deaths = { value = 7,", "a share from 0 to 1"),
        ('published = "eliana_published.toml"', "", "published is missing"),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        read_protocol(changed(tmp_path, old, new))
    assert sentence in str(caught.value)
    assert "mine.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_course_without_its_parts_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('like = "zuma_1"\nresponse = false\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"mine\.toml: \[response\] is missing; expected it, because the course 'lymphoma' needs it"):
        read_protocol(path, shelf=SHIPPED.parent)


def test_a_protocol_follows_another_in_all_it_does_not_say(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('like = "zuma_1"\n[patients]\nenrolled = { value = 60, unit = "1", source = "assumption" }\ninfused = false\n')
    plan, base = read_protocol(path, shelf=SHIPPED.parent), read_protocol(SHIPPED.parent / "zuma_1.toml")
    assert (plan.enrolled, plan.infused) == (60, 60)
    assert plan.covariates == base.covariates
    assert plan.response == base.response


@pytest.mark.parametrize("name", ["mine.toml", "zuma_7"])
def test_a_protocol_like_itself_or_nothing_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(f'like = "{name}"\n', encoding="utf-8")
    with pytest.raises(InputError, match=f"like is '{name}'; expected another protocol"):
        read_protocol(path, shelf=SHIPPED.parent)


@pytest.mark.parametrize("path", sorted((SHIPPED.parents[4] / "examples" / "designs").glob("*.toml")), ids=lambda path: path.stem)
def test_randomised_designs_can_be_said(path: Path) -> None:
    plan = read_protocol(path, shelf=SHIPPED.parent)
    assert {arm.treatment for arm in plan.arms.values()} == {"car_t", "comparator"}
    assert any(endpoint.estimand in ESTIMANDS for endpoint in plan.endpoints.values())


def test_the_words_of_endpoints_are_those_of_estimands() -> None:
    assert set(ZEROS) == set(Origin)
    assert set(SETS) == set(AnalysisSet)
    assert set(HANDLINGS) == set(Handling)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.toml: cannot be read as a protocol"):
        read_protocol(tmp_path / "none.toml")
