"""Protocols: what ships is read whole, and what is wrong is refused in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from autologue.errors import InputError
from autologue.protocol import read_protocol

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
        ('published = "eliana_published.toml"', "", "published is missing"),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        read_protocol(changed(tmp_path, old, new))
    assert sentence in str(caught.value)
    assert "mine.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.toml: cannot be read as a protocol"):
        read_protocol(tmp_path / "none.toml")
