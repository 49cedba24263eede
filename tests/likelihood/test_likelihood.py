"""The likelihood of a cohort: against plain numpy, closed form against doses, gradients, and sentences for what cannot be."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pharmacokinetics import MODEL, population, theophylline
from scipy import stats

from autologue.errors import InputError, ModelError
from autologue.likelihood import REASONS, Likelihood
from autologue.patient import Cohort, Observations, Patient
from autologue.regimen import Bolus, Regimen
from autologue.variability import Constant, LogNormal, Proportional


def around(count: int, seed: int = 0) -> np.ndarray:
    return np.tile(population().typical_values(), (count, 1)) * np.exp(0.2 * np.random.default_rng(seed).normal(size=(count, 4)))


def concentration(t: np.ndarray, p: np.ndarray, dose: float) -> np.ndarray:
    ka, cl, v = p[:3]
    return dose * ka / v / (ka - cl / v) * (np.exp(-cl / v * t) - np.exp(-ka * t))


def test_chains_of_theophylline(shared: Path) -> None:
    cohort = theophylline(shared, limit=2.0)
    who = np.tile(np.arange(12), 3)
    parameters = around(36)
    found = Likelihood(cohort, population()).lanes(who).evaluate(parameters)
    for k, patient in enumerate(cohort.patients[w] for w in who):
        seen = patient.observations["concentration"]
        law = stats.norm(concentration(seen.times, parameters[k], patient.known["dose"]), 0.7)
        expected = np.where(seen.censored, law.logcdf(seen.upper), law.logpdf(seen.upper)).sum()
        assert found.log_density[k] == pytest.approx(expected, rel=1e-12)
    assert not found.status.any()


def test_doses_are_solved_and_agree_with_the_closed_form(shared: Path) -> None:
    parameters, who = around(24, seed=1), np.repeat(np.arange(12), 2)
    closed, solved = (Likelihood(theophylline(shared, doses=doses), population()).lanes(who) for doses in (False, True))
    np.testing.assert_allclose(solved.evaluate(parameters).prediction, closed.evaluate(parameters).prediction, rtol=2e-5, atol=1e-6)
    by_closed, by_solved = (lanes.gradient(parameters, ["ka", "cl", "v"]) for lanes in (closed, solved))
    np.testing.assert_allclose(by_solved.prediction, by_closed.prediction, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(by_solved.log_density, by_closed.log_density, rtol=1e-3, atol=2e-3)


def test_a_cohort_of_both_kinds(shared: Path) -> None:
    closed, solved = (theophylline(shared, doses=doses) for doses in (False, True))
    mixed = Cohort((*closed.patients[:5], *solved.patients[5:]))
    who = np.array([7, 2, 2, 11, 0, 7])
    parameters = around(6, seed=2)
    one, other = (Likelihood(c, population()).lanes(who) for c in (closed, mixed))
    np.testing.assert_allclose(other.evaluate(parameters).log_density, one.evaluate(parameters).log_density, rtol=1e-4)
    np.testing.assert_allclose(
        other.gradient(parameters, ["cl"]).log_density, one.gradient(parameters, ["cl"]).log_density, rtol=1e-3, atol=1e-3
    )


def test_gradients_are_those_of_differences(shared: Path) -> None:
    lanes = Likelihood(theophylline(shared, limit=2.0), population(errors=dict(concentration=Proportional(cv=0.2)))).lanes()
    parameters = around(12, seed=3)
    found = lanes.gradient(parameters, ["ka", "v", "dose"])
    for k, column in enumerate([0, 2, 3]):
        step = 1e-6 * np.maximum(parameters[:, column], 1e-3)
        up, down = parameters.copy(), parameters.copy()
        up[:, column] += step
        down[:, column] -= step
        slope = (lanes.evaluate(up).log_density - lanes.evaluate(down).log_density) / (2 * step)
        np.testing.assert_allclose(found.log_density[:, k], slope, rtol=1e-5, atol=1e-5)
    assert (found.log_density[:, 2] == 0).all()  # the dose is known


def test_numbers_of_the_error_by_set(shared: Path) -> None:
    likelihood = Likelihood(theophylline(shared), population())
    lanes, parameters = likelihood.lanes([3, 3]), around(2, seed=4)
    both = lanes.evaluate(parameters, np.array([[[0.5, 0, 0]], [[0.9, 0, 0]]])).log_density
    assert both[0] == lanes.evaluate(parameters, np.array([[0.5, 0, 0]])).log_density[0]
    assert both[1] == lanes.evaluate(parameters, np.array([[0.9, 0, 0]])).log_density[1]
    assert lanes.by_row(parameters).log_density.sum() == pytest.approx(lanes.evaluate(parameters).log_density.sum())


def test_units_are_converted_and_rows_keep_their_order() -> None:
    seen = Observations([60, 120], [500.0, 400.0], unit="ug/L")
    patient = Patient(id="a", observations=dict(concentration=seen), known=dict(dose=100.0), time="min")
    rows = Likelihood(Cohort((patient,)), population()).rows
    np.testing.assert_allclose(rows.time, [1.0, 2.0])
    np.testing.assert_allclose(rows.lower, [0.5, 0.4])


def test_a_patient_without_observations_adds_nothing() -> None:
    seen = Observations([1.0], [2.0], unit="mg/L")
    cohort = Cohort((Patient(id="a"), Patient(id="b", observations=dict(concentration=seen), known=dict(dose=100.0)), Patient(id="c")))
    found = Likelihood(cohort, population()).lanes([0, 1, 2, 1]).evaluate(around(4))
    assert found.log_density[[0, 2]].tolist() == [0.0, 0.0]
    assert np.isfinite(found.log_density).all()


def test_a_set_that_cannot_be_says_why(shared: Path) -> None:
    cohort = theophylline(shared)
    lanes = Likelihood(cohort, population()).lanes([0, 1])
    parameters = around(2)
    parameters[1, 2] = math.nan
    found = lanes.evaluate(parameters)
    assert found.log_density[1] == -math.inf
    assert "not a finite number" in REASONS[found.status[1]]
    proportional = Likelihood(cohort, population(errors=dict(concentration=Proportional(cv=0.2)))).lanes([0])
    impossible = proportional.evaluate(parameters[:1])  # 0.74 before the dose, where the prediction and so its error are zero
    assert impossible.log_density[0] == -math.inf
    assert "impossible" in REASONS[impossible.status[0]]
    solved = Likelihood(theophylline(shared, doses=True), population()).lanes([0, 1]).evaluate(parameters)
    assert solved.log_density[1] == -math.inf
    assert solved.status.tolist() == [0, 4]


def test_the_same_bits_for_any_number_of_threads(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lanes = Likelihood(theophylline(shared, doses=True), population()).lanes(np.tile(np.arange(12), 12))
    parameters, found = around(144, seed=5), []
    for threads in ("1", "2"):
        monkeypatch.setenv("AUTOLOGUE_THREADS", threads)
        found.append(lanes.evaluate(parameters).log_density)
    np.testing.assert_array_equal(*found)


ONE = dict(times=[1.0], values=[2.0], unit="mg/L")


def seen(**given: Any) -> dict[str, Any]:
    return dict(observations=dict(concentration=Observations(**{**ONE, **given})))



@pytest.mark.parametrize(
    ("patient", "errors", "words"),
    [
        (dict(observations=dict(concentratio=Observations(**ONE))), {}, "patient a, output 'concentratio': .*did you mean concentration"),
        (dict(observations={}), {}, "holds no observation"),
        (seen(unit="cells"), {}, "patient a, output 'concentration'"),
        (seen(times=[-1.0]), {}, "before the model's start"),
        (seen(values=[0.0]), dict(concentration=LogNormal(sd=1.0)), "above zero"),
        (seen(above=3.0), {}, "conditional on a value above 3"),
        (seen() | dict(known=dict(dos=1.0)), {}, "patient a: .*did you mean dose"),
        (seen() | dict(known=dict(dose=math.nan)), {}, "known value of 'dose' is nan"),
        (seen() | dict(regimen=Regimen(Bolus(0.0, 1.0, "mg", "iv"))), {}, "unknown dosing route 'iv'"),
    ],
)
def test_data_that_cannot_be_used(patient: dict[str, Any], errors: dict[str, Any], words: str) -> None:
    with pytest.raises((InputError, ModelError), match=words):
        Likelihood(Cohort((Patient(id="a", **patient),)), population(errors=errors))


def test_an_output_without_an_error_is_told() -> None:
    model = replace(MODEL, outputs=dict(concentration=replace(MODEL.outputs["concentration"], error=None)))
    cohort = Cohort((Patient(id="a", observations=dict(concentration=Observations(**ONE))),))
    bare = replace(population(), model=model)
    with pytest.raises(InputError, match="observed and has no residual error"):
        Likelihood(cohort, bare)
    assert Likelihood(cohort, replace(bare, errors=dict(concentration=Constant(sd=1.0)))).numbers.tolist() == [[1.0, 0.0, 0.0]]
