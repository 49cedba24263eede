"""A claim passes by the printed precision and by nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from autologue.errors import InputError
from autologue.qualify.claims import claim, precision, print_claims, shared_folder


@pytest.mark.parametrize(("printed", "half"), [("30.11", 0.005), ("220", 0.5), ("9.53e7", 5e4), ("1.640e10", 5e6), ("0.80", 0.005)])
def test_precision_is_half_a_unit_of_the_last_digit(printed: str, half: float) -> None:
    assert precision(printed) == pytest.approx(half, rel=1e-12)


def test_words_are_no_number() -> None:
    with pytest.raises(InputError, match="'inf' is no number"):
        precision("inf")


@pytest.mark.parametrize(("ours", "passed"), [(30.1149, True), (30.1151, False), (float("nan"), False)])
def test_numbers_pass_within_precision(ours: float, passed: bool) -> None:
    assert claim("peak", source="Table 1", published="30.11", ours=ours)["passed"] is passed


@pytest.mark.parametrize(("published", "ours"), [(True, False), (False, True)])
def test_statements_pass_when_they_agree(published: bool, ours: bool) -> None:
    assert not claim("clears", source="text", published=published, ours=ours)["passed"]
    assert claim("clears", source="text", published=published, ours=published)["passed"]


def test_a_miss_without_a_note_is_a_failure_and_one_with_a_note_stays_visible(capsys: pytest.CaptureFixture[str]) -> None:
    missed = dict(source="text", published="3.34", ours=3.0)
    assert print_claims([claim("peak", **missed)]) == 1  # type: ignore[arg-type]
    assert print_claims([claim("peak", **missed, note="why")]) == 0  # type: ignore[arg-type]
    assert print_claims([claim("peak", source="text", published="3.34", ours=3.34)]) == 0
    shown = capsys.readouterr().out
    assert shown.count("MISSED") == 2
    assert shown.count("agrees") == 1


def test_the_reference_folder_is_named_or_beside_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUTOLOGUE_SHARED", raising=False)
    repository = tmp_path / "repository"
    assert shared_folder(repository) is None
    (tmp_path / "shared").mkdir()
    assert shared_folder(repository) == tmp_path / "shared"
    monkeypatch.setenv("AUTOLOGUE_SHARED", str(tmp_path / "elsewhere"))
    assert shared_folder(repository) is None
