"""The forecast of one patient: its course, statements, drivers, domain, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from forecast_models import DRUGGED, LINE, TAIL, seen
from scipy import stats

from autologue import library
from autologue.errors import AutologueError, InputError
from autologue.forecast import (
    DetectableAt,
    FallsBelow,
    Forecast,
    PeakAbove,
    RisesAgain,
    StaysBelow,
    forecast,
    judge_domain,
    observation_parts,
    parameter_parts,
    state,
    usual_statements,
)
from autologue.forecast.domain import Domain
from autologue.forecast.drivers import level_at
from autologue.forecast.latent import read_latent
from autologue.model import Model, Output, Parameter, Phase, State
from autologue.patient import Event, Observations, Patient
from autologue.population import Drawn, Parametric
from autologue.regimen import Level, Regimen
from autologue.variability import Constant, Normal

TIMES, VALUES = np.array([1.0, 3.0, 6.0]), np.array([3.4, 3.1, 6.0])


@pytest.fixture(scope="module")
def line() -> Forecast:
    return forecast(LINE, seen(VALUES, TIMES), horizon=20.0, draws=4000)


def normal_at(time: float, values=VALUES, times=TIMES) -> tuple[float, float]:
    """Mean and sd of the line at a time given the values (normal linear model)."""
    design = np.column_stack([np.ones_like(times), times])
    prior = np.diag([1.5**-2, 0.4**-2])
    covariance = np.linalg.inv(design.T @ design / 0.49 + prior)
    mean = covariance @ (design.T @ values / 0.49 + prior @ [2.0, 0.5])
    at = np.array([1.0, time])
    return float(at @ mean), float(np.sqrt(at @ covariance @ at))


def test_the_course_is_that_of_the_textbook(line: Forecast) -> None:
    mean, sd = normal_at(20.0)
    last = line.simulation.data["y"].to_numpy()[:, -1]
    assert (line.now, line.horizon, line.time_unit) == (6.0, 20.0, "day")
    assert last.mean() == pytest.approx(mean, abs=5 * sd / np.sqrt(2000))
    assert last.std() == pytest.approx(sd, rel=0.06)
    assert line.before.data["y"].to_numpy()[:, -1].std() == pytest.approx(np.hypot(1.5, 8.0), rel=0.06)
    again = line.population.sample(4000, seed=0).parameters
    assert (again == line.posterior.parameters).all()


def test_statements_are_probabilities_with_their_error(line: Forecast) -> None:
    above = [DetectableAt("y", 9.0, 15.0), PeakAbove("y", 14.0)]
    first, peak = state(line, above)
    for found, level, time in ((first, 9.0, 15.0), (peak, 14.0, 20.0)):
        expected = stats.norm(*normal_at(time)).sf(level)
        assert found.probability == pytest.approx(expected, abs=0.04)
        assert found.lower < found.probability < found.upper < found.lower + 0.1
    assert first.before == pytest.approx(stats.norm(9.5, np.hypot(1.5, 6.0)).sf(9.0), abs=0.04)
    assert first.text == "y detectable (at least 9 mg) at day 15"
    assert state(line, []) == []


DIP = Model(  # falls to zero at day `low` and rises again
    name="dip",
    time="day",
    horizon=20.0,
    states=dict(y=State("mg", absolute=1e-6), clock=State("day", absolute=1e-6)),
    parameters=dict(low=Parameter(8.0, "day", "nadir", Normal(sd=2.0))),
    initial=lambda p: dict(y=p.low * p.low, clock=0.0),
    phases=[Phase(lambda y, p: dict(y=2 * (y.clock - p.low), clock=1.0))],
    outputs=dict(y=Output(lambda y: y.y, "mg", Constant(sd=0.7))),
    reference="none",
)


def test_falls_rises_and_stays() -> None:
    found = forecast(DIP, Patient(id="a"), horizon=20.0, draws=500)
    low = found.posterior.parameters[:, 0]
    relapse, fall, stays = state(found, [RisesAgain("y", 4.0, 12.0), FallsBelow("y", 4.0, 7.0), StaysBelow("y", 9.0, 8.0, 11.0)])
    assert relapse.probability == pytest.approx((low + 2 < 12.0).mean(), abs=0.005)
    assert fall.probability == pytest.approx((low - 2 < 7.0).mean(), abs=0.005)
    assert stays.probability == pytest.approx((np.maximum(abs(low - 8), abs(low - 11)) < 3.0).mean(), abs=0.005)
    assert found.notes == ("Nothing was measured in patient a: this is the forecast of the population.",)


def test_the_probability_of_the_last_cells_death_follows_the_fates() -> None:
    patient = Patient(id="a", observations=dict(marker=Observations([8.0, 24.0], [26.0, 2.0], unit="cells")))
    found = forecast(TAIL, patient, horizon=60.0, draws=1000)
    (death,) = state(found, [FallsBelow("count", 1e-9, 60.0)])
    assert death.probability > death.before + 0.2  # the marker fell: the cells are probably gone
    assert [each.text for each in state(found, usual_statements(found))] == []


def test_usual_statements_are_those_without_a_choice() -> None:
    population = library.populations("stein_2019")["sd"]
    patient = seen([9000.0, 24000.0], [7.0, 10.0], "transgene", "copies/ug", limit=50.0)
    found = forecast(population, patient, horizon=200.0, draws=200)
    assert usual_statements(found) == [DetectableAt("transgene", 50.0, t) for t in (28.0, 90.0, 180.0)]
    chance = state(found, usual_statements(found))
    assert [each.probability for each in chance] == sorted((each.probability for each in chance), reverse=True)


def test_what_each_observation_and_parameter_moved(line: Forecast) -> None:
    parts = observation_parts(line, level_at("y", 20.0))
    whole = normal_at(20.0)[0]
    for part in parts:
        kept = part.time != TIMES
        rest = normal_at(20.0, VALUES[kept], TIMES[kept])[0]
        assert part.moved == pytest.approx(whole - rest, abs=0.25)
    assert abs(parts[0].moved) >= abs(parts[-1].moved)
    slope = parameter_parts(line, level_at("y", 20.0))[0]
    assert (slope.parameter, slope.follows > 0.9) == ("slope", True)
    assert 0.3 < slope.narrowed < 0.9


def test_the_fewest_draws_give_an_account() -> None:
    parts = observation_parts(forecast(LINE, seen(VALUES, TIMES), horizon=20.0, draws=10), level_at("y", 20.0))
    assert [part.refitted for part in parts] == [True, True, True]  # ten weights have no tail to smooth


def test_a_patient_of_the_population_is_inside_and_a_stranger_outside(line: Forecast) -> None:
    inside = judge_domain(line.posterior.latent, seed=1)
    assert inside is not None
    assert not inside.outside
    stranger = forecast(LINE, seen([3.0, 20.0, 4.0], TIMES), draws=100)
    found = judge_domain(stranger.posterior.latent, seed=1)
    assert found is not None
    assert found.outside
    assert found.surprises[0].time == 3.0
    assert "Least expected: y 20 at 3" in found.sentence
    assert [Domain(p, 399, ()).sentence.split(" %")[0].split()[-1] for p in (1.0, 0.1234, 0.0125)] == ["100", "12", "1.2"]


def test_the_p_value_of_the_domain_is_uniform_under_the_population() -> None:
    people = Parametric(model=LINE).sample(60, seed=5)
    noise = np.random.default_rng(1).normal(0, 0.7, (60, 3))
    values = people["level"][:, None] + people["slope"][:, None] * TIMES + noise
    latents = [read_latent(Parametric(model=LINE), seen(v, TIMES, limit=2.0)) for v in values]
    p = [judge_domain(latent, seed=k, patients=99).p_value for k, latent in enumerate(latents)]
    assert stats.kstest(p, "uniform").pvalue > 1e-3


CONDITIONS = {  # above, limit: only values above the limit are reported; what is below the limit is above another value
    "M2": (5.0, 5.0),
    "M4": (4.0, 4.2),
}


@pytest.mark.parametrize("method", CONDITIONS)
def test_the_p_value_of_the_domain_is_uniform_where_values_are_conditional(method: str) -> None:
    above, limit = CONDITIONS[method]
    people = Parametric(model=LINE).sample(60, seed=5)
    middle = people["level"][:, None] + people["slope"][:, None] * TIMES
    values = stats.truncnorm.rvs((above - middle) / 0.7, np.inf, loc=middle, scale=0.7, random_state=1)
    p = []
    for k, y in enumerate(values):
        rows = Observations(TIMES, lower=np.where(y < limit, -np.inf, y), upper=np.maximum(y, limit), above=above, limit=limit, unit="mg")
        latent = read_latent(Parametric(model=LINE), Patient(id="a", observations=dict(y=rows)))
        p.append(judge_domain(latent, seed=k, patients=99).p_value)
    assert stats.kstest(p, "uniform").pvalue > 1e-3


def test_what_is_given_in_the_future_moves_the_future_only() -> None:
    patient = seen([1.5, 2.2], [2.0, 4.0])
    plain = forecast(DRUGGED, patient, horizon=20.0, draws=200, times=[4.0, 20.0])
    treated = forecast(DRUGGED, patient, regimen=Regimen(Level(10.0, "drug", 1.0)), draws=200, times=[4.0, 20.0])
    a, b = (each.simulation.data["y"].to_numpy() for each in (plain, treated))
    assert b[:, 0] == pytest.approx(a[:, 0], rel=1e-4)
    assert b[:, 1] == pytest.approx(a[:, 1] * np.exp(-0.3 * 10), rel=1e-3)


def test_notes_say_what_was_left_aside() -> None:
    late = seen([-9.0], [3.0], limit=1.0, events=dict(death=Event(30.0, np.inf, entry=10.0)))
    notes = forecast(LINE, late, draws=50).notes
    assert [note.partition(" ")[0] for note in notes] == ["No", "Times"]


REFUSED = {
    "after the horizon": (LINE, seen(VALUES, TIMES), dict(horizon=5.0), "expected a horizon in the future"),
    "before the infusion": (LINE, seen([1.0, 2.0], [-1.0, 2.0]), {}, "an observation at -1 day lies before"),
    "unknown output": (LINE, seen([1.0], [1.0], "z"), {}, "unknown output 'z'"),
    "unknown unit": (LINE, seen([1.0], [1.0], unit="cells"), {}, "cells"),
    "too few draws": (LINE, seen([1.0], [1.0]), dict(draws=3), "at least 10"),
    "draws of patients": (Drawn(model=LINE, values=dict(level=np.ones(3))), seen([1.0], [1.0]), {}, "states no distribution"),
    "the past changed": (DRUGGED, seen([1.5], [2.0]), dict(regimen=Regimen(Level(1.0, "drug", 1.0))), "before the last observation"),
    "a value that is impossible": (TAIL, seen([1e300], [10.0], "marker", "cells"), {}, "could have these observations"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_refused_in_one_sentence(name: str) -> None:
    population, patient, options, words = REFUSED[name]
    with pytest.raises(AutologueError) as caught:
        forecast(population, patient, **options)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_statement_of_what_is_not_followed_is_refused(line: Forecast) -> None:
    with pytest.raises(InputError, match="after the horizon at 20"):
        state(line, [DetectableAt("y", 1.0, 30.0)])
    with pytest.raises(InputError, match="unknown output 'z'"):
        state(line, [PeakAbove("z", 1.0)])
