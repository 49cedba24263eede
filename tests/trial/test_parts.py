"""The parts of a trial, each held against something else: exact rules, the engine's own summaries, scipy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from autologue.engine.solve import Solver, solve
from autologue.engine.summary import FirstAbove, Maximum, Minimum
from autologue.errors import InputError
from autologue.protocol import Protocol, read_protocol
from autologue.trial import TrialResult, inflammation, leukaemia, predictive_interval, read_rows, sample_patients
from autologue.trial.panel import statistic
from autologue.trial.shelf import find_protocol


@pytest.fixture(scope="module")
def plan() -> Protocol:
    return read_protocol(find_protocol("eliana"))


def test_doses_follow_weight_within_their_ranges(plan: Protocol) -> None:
    patients = sample_patients(plan, 5000, seed=1)
    light = patients.weight <= 50
    per_kg = patients.dose[light] / patients.weight[light]
    assert per_kg.min() >= 0.2e6
    assert per_kg.max() <= 5.0e6
    assert patients.dose[~light].min() >= 0.1e8
    assert patients.dose[~light].max() <= 2.5e8
    assert stats.spearmanr(patients.age, patients.weight).statistic == pytest.approx(0.8, abs=0.08)
    assert abs(stats.spearmanr(patients.age, patients.burden).statistic) < 0.05


def test_a_patient_is_the_same_in_any_block(plan: Protocol) -> None:
    whole, part = sample_patients(plan, 50, seed=5), sample_patients(plan, 10, seed=5, first=30)
    np.testing.assert_array_equal(whole.dose[30:40], part.dose)


def test_an_interval_covers_its_share_and_its_error_shrinks_with_replicates() -> None:
    values = np.random.default_rng(0).normal(size=40_000)
    found = predictive_interval(values)
    assert found is not None
    assert (found.lower, found.upper) == (pytest.approx(-1.645, abs=0.03), pytest.approx(1.645, abs=0.03))
    exact = np.sqrt(0.05 * 0.95 / 40_000) / stats.norm.pdf(stats.norm.ppf(0.05))
    assert found.lower_error == pytest.approx(exact, rel=0.15)
    assert predictive_interval(np.array([np.nan])) is None


def test_rank_correlation_is_spearmans_among_patients_with_a_value() -> None:
    rng = np.random.default_rng(2)
    values, burden = rng.normal(size=(3, 40)), rng.normal(size=(3, 40))
    values[1, :10] = np.nan
    known = np.isfinite(values)
    expected = [stats.spearmanr(v[k], b[k]).statistic for v, b, k in zip(values, burden, known, strict=True)]
    np.testing.assert_allclose(statistic("rank correlation with burden", values, burden), expected, rtol=1e-12)


def test_peaks_read_from_the_grid_are_those_that_the_engine_follows(plan: Protocol) -> None:
    patients = sample_patients(plan, 200, seed=9)
    population = leukaemia.leukaemia_population(plan)
    people = leukaemia.leukaemic_patients(plan, patients, population.sample(200, seed=9))
    found, failed = leukaemia.leukaemia_variables(plan, people)
    exact = solve(population.model, people.parameters, times=np.array([180.0]), outputs=["leukaemic"], solver=Solver(rtol=1e-9),
                  summaries=[Maximum("car_t", start=1, stop=60), Minimum("leukaemic", start=1, stop=120)])  # fmt: skip
    assert failed == 0
    assert np.median(np.abs(found["car_peak_time"] - exact.summaries[:, 0, 1])) < 0.02
    np.testing.assert_allclose(found["car_peak"], exact.summaries[:, 0, 0], rtol=0.02)
    fall = np.log10(people["leukaemia_0"] / exact.summaries[:, 1, 0])
    np.testing.assert_allclose(found["nadir_fall"], fall, atol=0.02)
    np.testing.assert_allclose(found["burden_fall_180"], np.log10(people["leukaemia_0"] / exact.values[:, 0, 0]), atol=0.02)


def test_onset_read_from_the_grid_is_that_which_the_engine_follows(plan: Protocol) -> None:
    patients = sample_patients(plan, 200, seed=9)
    population = inflammation.inflammation_population(plan)
    people = inflammation.inflamed_patients(plan, patients, population.sample(200, seed=9))
    found, _ = inflammation.inflammation_variables(plan, people)
    exact = solve(population.model, people.parameters, times=np.array([720.0]), outputs=["inflammation"], solver=Solver(rtol=1e-9),
                  summaries=[Maximum("inflammation"), FirstAbove("inflammation", 154.0)])  # fmt: skip
    onset = exact.summaries[:, 1, 0] / 24
    assert (np.isfinite(found["onset"]) == np.isfinite(onset)).mean() > 0.99
    assert np.nanmax(np.abs(found["onset"] - onset)) < 0.1
    np.testing.assert_allclose(found["peak"], exact.summaries[:, 0, 0], rtol=2e-3)


def test_marrow_holds_what_the_card_says() -> None:
    assert leukaemia.typical_marrow_level() == pytest.approx(1e8)


GOOD = (
    'panel = "kinetics"\nquantity = "Cmax"\nunit = "copies/ug"\n'
    'variable = "cmax"\nstatistic = "median"\nkind = "unverified"\n'
    'reason = "x"\npublished = 1\nevidence = "M"\nsource = "y"\n'
)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('kind = "unverified"', 'kind = "independent"', "a recalled figure"),
        ('kind = "unverified"', 'kind = "verified"', "unknown kind 'verified'; did you mean unverified"),
        ('source = "y"\n', "", "has no source"),
        ('reason = "x"\n', "", "has no reason"),
        ("quantity =", "quantty =", "unknown key 'quantty'; did you mean quantity"),
        ("published = 1", "published = nan", "a finite number"),
        ('statistic = "median"\n', "", "go together"),
        ("published = 1", "published = 1\nlower = 0", "go together"),
        ("published = 1", "published = 1\nn = 0", "whole number"),
    ],
)
def test_a_bad_row_of_published_figures_is_one_sentence(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    path = tmp_path / "published.toml"
    assert old in GOOD
    path.write_text("[[row]]\n" + GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_rows(path)
    assert sentence in str(caught.value)
    assert "published.toml, row 1" in str(caught.value)


def test_windows_stand_beside_half_lives(quick: TrialResult) -> None:
    details = {line.row.variable: line.detail for line in quick.lines}
    assert "fitted from day" in details["half_life"]
    assert "extrapolated" in details["auc_inf"]
