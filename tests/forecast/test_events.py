"""Forecasts that know a time to event: against quadrature of the individual's posterior written apart, and what cannot be said."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from _outcomes import LINK, TRUTH, falling, joint_density, numbers

from autologue import Event, Observations, Patient, forecast
from autologue.cli.forecast_language import read_statement
from autologue.errors import InputError
from autologue.forecast import HappensBefore, give_account, state
from autologue.forecast.forecast import Forecast
from autologue.terms import Exponential

JOINT = falling(dict(relapse=Exponential(rate="rate", links=[LINK])), numbers("rate", "beta"))
SEEN = {"level": Observations([7.0], [60.0], unit="1")}
DRAWS = 4000


def grid_posterior(patient: Patient) -> tuple[np.ndarray, np.ndarray]:
    """Values of log a around its centre, and their posterior weights: being event-free counts from the start."""
    event = replace(patient.events["relapse"], entry=0.0) if patient.events else Event(0.0, math.inf)
    told = replace(patient, events={"relapse": event})
    eta = np.linspace(-6.0, 6.0, 4001)
    log = joint_density(told, TRUTH)(eta) - 0.5 * (eta / TRUTH["omega_a"]) ** 2
    weight = np.exp(log - log.max())
    return eta, weight / weight.sum()


def relapse_before(patient: Patient, time: float) -> float:
    """The probability of the event before a time for one who has not had it at the end of follow-up."""
    eta, weight = grid_posterior(patient)
    since = patient.events["relapse"].earliest if patient.events else 0.0
    b = TRUTH["beta"] * TRUTH["k"]
    base = TRUTH["rate"] * (TRUTH["a"] * np.exp(eta) / 100.0) ** TRUTH["beta"]
    risk = base * (math.exp(-b * time) - math.exp(-b * since)) / -b
    return float((weight * -np.expm1(-risk)).sum())


PATIENTS = {
    "alive": Patient(id="1", observations=SEEN, events={"relapse": Event(60.0, math.inf)}),
    "entered late": Patient(id="1", observations=SEEN, events={"relapse": Event(60.0, math.inf, entry=60.0)}),
    "not known": Patient(id="1", observations=SEEN),
    "only alive": Patient(id="1", events={"relapse": Event(90.0, math.inf)}),
}


@pytest.mark.parametrize("name", PATIENTS)
def test_an_event_that_has_not_come_conditions_the_individual(name: str) -> None:
    patient = PATIENTS[name]
    found = forecast(JOINT, patient, horizon=200, draws=DRAWS, seed=1)
    eta, weight = grid_posterior(patient)
    mean, spread = float((weight * eta).sum()), math.sqrt(float((weight * eta**2).sum() - (weight * eta).sum() ** 2))
    drawn = np.log(found.posterior.parameters[:, 0] / TRUTH["a"])
    error = spread / math.sqrt(found.posterior.quality.ess)
    assert abs(drawn.mean() - mean) < 4 * error
    assert drawn.std() == pytest.approx(spread, rel=0.1)
    (said,) = state(found, [HappensBefore("relapse", 150.0)])
    assert said.probability == pytest.approx(relapse_before(patient, 150.0), abs=4 * 0.5 / math.sqrt(found.posterior.quality.ess))
    assert said.before == pytest.approx(relapse_before(Patient(id="0"), 150.0), abs=0.03)
    when = found.simulation.data["time_to_relapse"].to_numpy()
    since = patient.events["relapse"].earliest if patient.events else 0.0
    assert np.nanmin(when) >= since
    assert (when <= 150.0).mean() == pytest.approx(said.probability, abs=4 * 0.5 / math.sqrt(found.posterior.quality.ess))


def test_being_alive_late_says_something_that_forgetting_it_does_not() -> None:
    alive, unknown = (forecast(JOINT, PATIENTS[name], horizon=200, draws=DRAWS, seed=1) for name in ("alive", "not known"))
    means = [np.log(found.posterior.parameters[:, 0]).mean() for found in (alive, unknown)]
    assert means[0] > means[1] + 0.02  # fewer cells, more relapses: who is free of it had more
    assert alive.now == 60.0
    assert unknown.now == 7.0


def test_the_account_says_on_what_it_rests() -> None:
    account = give_account(forecast(JOINT, PATIENTS["alive"], horizon=200, draws=200, seed=1))
    assert any("no relapse until day 60" in sentence for sentence in account.sentences)
    assert [each.text for each in account.probabilities] == ["relapse before day 200"]


def test_statements_that_cannot_be_made() -> None:
    found = forecast(JOINT, PATIENTS["alive"], horizon=200, draws=50)
    with pytest.raises(InputError, match="unknown time to event 'relaps'; did you mean relapse"):
        state(found, [HappensBefore("relaps", 100.0)])
    with pytest.raises(InputError, match="after the horizon"):
        state(found, [HappensBefore("relapse", 300.0)])
    assert state(found, [HappensBefore("relapse", 30.0)])[0].probability == 0.0
    had: Forecast = forecast(JOINT, Patient(id="1", observations=SEEN, events={"relapse": Event(60.0, 60.0)}), horizon=200, draws=50)
    with pytest.raises(InputError, match=r"patient 1 has had 'relapse' \(day 60\)"):
        state(had, [HappensBefore("relapse", 100.0)])
    assert any("has come" in note for note in had.notes)


def test_a_statement_on_the_command_line() -> None:
    assert read_statement("relapse before 365") == HappensBefore("relapse", 365.0)


def test_what_is_known_at_a_time_of_what_came_later() -> None:
    patient = Patient(
        id="1", events={"a": Event(60.0, 60.0), "b": Event(20.0, 90.0), "c": Event(80.0, math.inf, entry=50.0), "d": Event(5.0, 5.0)}
    )
    known = patient.until(40.0).events
    assert dict(known) == {"a": Event(40.0, math.inf), "b": Event(20.0, math.inf), "d": Event(5.0, 5.0)}
