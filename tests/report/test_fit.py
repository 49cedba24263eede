"""The report of a fit shows every part, and says what is shown."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "diagnose"))

from known_truth import cohort, judged

from autologue.diagnose import npde, residuals, visual_check
from autologue.report import render_report
from autologue.report.fit import fit_report


@pytest.fixture(scope="module")
def page() -> str:
    fit = judged(cohort(26, 200.0, seed=5))
    checks = {"Visual predictive check": visual_check(fit, simulations=100)}
    return render_report(fit_report(fit, residuals(fit), npde(fit, simulations=100), checks, record={"seed": 0}))


def test_every_part_is_there_and_named(page: str) -> None:
    for words in (
        "Estimates with 95 % intervals",
        "What speaks against them",
        "Convergence",
        "Visual predictive check: observed percentiles",
        "Individual fits, the first 24 of 26 patients",
        "Prediction distribution errors",
        "Shrinkage",
        "below quantification",
        "Not a medical device",
        "10.1016/j.csda.2004.07.002",
    ):
        assert words in page, words
    assert page.count("<figure>") == 7


def test_it_is_complete_in_itself(page: str) -> None:
    assert "http" not in page.replace("https://doi.org/", "")
    assert "<script src" not in page
    assert ">nan<" not in page.lower()
