"""What if, updates, the next visit, and scores of what came."""

from __future__ import annotations

from dataclasses import replace

import jsonschema
import numpy as np
import pytest
from forecast_models import DRUGGED, LINE, seen
from scipy import stats

from autologue import library
from autologue.errors import AutologueError, InputError, ModelError
from autologue.forecast import (
    forecast,
    give_account,
    leave_future_out,
    level_at,
    rank_visits,
    recorded_calibration,
    retrace,
    update,
    what_if,
)
from autologue.forecast.account import schema
from autologue.forecast.score import coverage, crps, uniformity
from autologue.model import Input, Output
from autologue.patient import Cohort, Observations, Patient
from autologue.population import Parametric
from autologue.regimen import Bolus, Level, Regimen

TIMES, VALUES = np.array([1.0, 3.0, 6.0]), np.array([3.4, 3.1, 6.0])


def test_another_future_is_the_same_patient_draw_by_draw() -> None:
    found = what_if(forecast(DRUGGED, seen([1.5, 2.2], [2.0, 4.0]), horizon=20.0, draws=100), Regimen(Level(10.0, "drug", 1.0)))
    ratio = found.ratio("y")
    assert ratio[:, -1] == pytest.approx(np.exp(-0.3 * 10), rel=1e-3)
    early = found.expected.data["time"].to_numpy() < 10
    assert ratio[:, early] == pytest.approx(1.0, rel=1e-3)


def test_a_second_infusion_where_the_model_takes_one() -> None:
    population = Parametric(model=library.load("kimmel_2021"))
    found = what_if(forecast(population, Patient(id="a"), horizon=120.0, draws=10), Regimen(Bolus(60.0, 0.36, "cells/uL", "infusion")))
    assert found.ratio("car_t")[:, -1].min() > 1.0


WITHOUT_A_MECHANISM = {
    "an association": ("stein_2019", Regimen(Level(20.0, "tocilizumab", 1.0)), "non-randomised data"),
    "no such input": ("kimmel_2021", Regimen(Level(20.0, "tocilizumab", 1.0)), "no mechanism for 'tocilizumab'"),
    "lymphodepletion": ("kimmel_2021", Regimen(Bolus(20.0, 1.0, "cells/uL", "lymphodepletion")), "no mechanism for a dose into"),
    "no dose": ("stein_2019", Regimen(Bolus(20.0, 1.0, "cells", "infusion")), "its course starts from its initial state"),
}


def test_the_model_says_which_input_is_an_association() -> None:
    described = replace(DRUGGED, inputs=dict(drug=Input(0.0, "1", "1 while given", "of those who were ill enough to need it")))
    found = forecast(described, seen([1.5], [2.0]), horizon=20.0, draws=10)
    with pytest.raises(ModelError, match="'drug' in model drugged is of those who were ill enough to need it: it is no mechanism"):
        what_if(found, Regimen(Level(10.0, "drug", 1.0)))


@pytest.mark.parametrize("name", WITHOUT_A_MECHANISM)
def test_a_treatment_without_a_mechanism_is_refused(name: str) -> None:
    model, change, words = WITHOUT_A_MECHANISM[name]
    with pytest.raises(AutologueError, match=words):
        what_if(forecast(library.load(model), Patient(id="a"), horizon=30.0, draws=10), change)


def test_the_past_is_not_changed() -> None:
    found = forecast(DRUGGED, seen([1.5], [4.0]), horizon=20.0, draws=10)
    with pytest.raises(InputError, match="lies before the last observation"):
        what_if(found, Regimen(Level(2.0, "drug", 1.0)))


def test_an_update_equals_the_forecast_from_all_data_and_the_history_is_kept() -> None:
    patient = seen(VALUES, TIMES)
    first = forecast(LINE, patient.until(1.0), horizon=20.0, draws=500)
    history = update(update(first, patient.until(3.0)), patient)
    whole = forecast(LINE, patient, horizon=20.0, draws=500)
    assert (history.latest.posterior.parameters == whole.posterior.parameters).all()
    frame = history.frame(level_at("y", 20.0))
    assert frame["now"].tolist() == [1.0, 3.0, 6.0]
    width = (frame["upper_90"] - frame["lower_90"]).to_numpy()
    assert width[2] < width[0]
    again = retrace(Parametric(model=LINE), patient, cuts=[3.0, 1.0, 6.0], horizon=20.0, draws=500).frame(level_at("y", 20.0))
    assert again["median"].tolist() == frame["median"].tolist()
    with pytest.raises(InputError, match="fewer than before"):
        update(history, patient.until(1.0))


def test_the_next_visit_narrows_as_the_textbook_says() -> None:
    found = forecast(LINE, seen(VALUES, TIMES), horizon=20.0, draws=2000)
    ranked = rank_visits(found, level_at("y", 20.0), times=[7.0, 12.0, 18.0], outputs=["y"])
    design = np.column_stack([np.ones(3), TIMES])
    precision = design.T @ design / 0.49 + np.diag([1.5**-2, 0.4**-2])
    at = np.array([1.0, 20.0])
    before = at @ np.linalg.inv(precision) @ at
    for row in ranked.itertuples():
        visit = np.array([1.0, row.time])
        after = at @ np.linalg.inv(precision + np.outer(visit, visit) / 0.49) @ at
        assert row.reduction == pytest.approx(1 - after / before, abs=0.05)
    assert ranked["time"].tolist() == [18.0, 12.0, 7.0]
    with pytest.raises(InputError, match="not after the last observation"):
        rank_visits(found, level_at("y", 20.0), times=[3.0], outputs=["y"])


def test_scores_have_their_closed_forms() -> None:
    draws = stats.norm.ppf((np.arange(4000) + 0.5) / 4000)
    exact = 0.7 * (2 * stats.norm.cdf(0.7) - 1) + 2 * stats.norm.pdf(0.7) - 1 / np.sqrt(np.pi)  # Gneiting, Raftery 2007
    assert crps(draws, 0.7) == pytest.approx(exact, abs=1e-3)
    even = (np.arange(200) + 0.5) / 200
    assert coverage(even, 0.8) == pytest.approx(0.8)
    assert uniformity(even) > 0.5
    assert uniformity(even**1.4) < 0.01


def test_uniform_places_are_rejected_as_often_as_said() -> None:
    u = np.random.default_rng(5).random((200, 50))
    assert np.mean([uniformity(row) <= 0.1 for row in u]) == pytest.approx(0.1, abs=0.07)


def test_the_future_left_out_is_scored_and_the_patient_s_own_data_help() -> None:
    people = Parametric(model=LINE).sample(25, seed=8)
    noise = np.random.default_rng(2).normal(0, 0.7, (25, 4))
    times = np.array([1.0, 3.0, 6.0, 15.0])
    values = people["level"][:, None] + people["slope"][:, None] * times + noise
    cohort = Cohort(tuple(replace(seen(v, times, limit=1.0), id=str(k)) for k, v in enumerate(values)), "simulated")
    table = leave_future_out(Parametric(model=LINE), cohort, cuts=[6.0], draws=200)
    assert len(table) == 25
    assert table["log_score"].mean() > table["log_score_population"].mean() + 0.3
    assert table["crps"].mean() < table["crps_population"].mean()
    assert uniformity(table["place"].to_numpy()) > 1e-3
    with pytest.raises(InputError, match="cuts 20 no patient has observations to forecast from"):
        leave_future_out(Parametric(model=LINE), cohort, cuts=[20.0])


def test_calibration_is_said_where_it_is_recorded_and_only_there() -> None:
    population = library.populations("stein_2019")["sd"]
    patient = seen([9000.0, 24000.0, 900.0], [7.0, 10.0, 24.0], "transgene", "copies/ug")
    found = forecast(population, patient, horizon=90.0, draws=10)
    study = recorded_calibration(found, "transgene")[0]
    assert study is not None
    assert (study.model, study.population, study.data_until, study.same_population) == ("stein_2019", "sd", 28.0, True)
    assert replace(study, p_level=1e-4).sentence.count("do not trust such intervals") == 1
    hours = replace(
        patient, observations={"transgene": Observations([168.0, 240.0, 576.0], [9000.0, 24000.0, 900.0], unit="copies/ug")}, time="hour"
    )
    same, _ = recorded_calibration(forecast(population, hours, horizon=2160.0, draws=10), "transgene")
    assert same == study
    nothing = recorded_calibration(forecast(LINE, seen(VALUES, TIMES), draws=10), "y")
    assert nothing[0] is None
    assert nothing[1].startswith("Whether forecasts of this kind are calibrated is not known here: no study of 'y' of model line")
    changed = replace(
        population, model=replace(population.model, outputs={**population.model.outputs, "more": Output(lambda y: y.memory, "1")})
    )
    assert "an earlier state of the model" in recorded_calibration(forecast(changed, patient, horizon=90.0, draws=10), "transgene")[1]
    assert "Nothing was measured" in recorded_calibration(forecast(population, Patient(id="b"), draws=10), "transgene")[1]


def test_a_later_value_that_is_conditional_on_a_bound_is_scored_as_one() -> None:
    people = Parametric(model=LINE).sample(60, seed=8)
    middle = people["level"][:, None] + people["slope"][:, None] * TIMES
    values = stats.truncnorm.rvs((5.0 - middle) / 0.7, np.inf, loc=middle, scale=0.7, random_state=3)
    rows = [dict(y=Observations(TIMES, y, above=5.0, limit=5.0, unit="mg")) for y in values]
    cohort = Cohort(tuple(Patient(id=str(k), observations=own) for k, own in enumerate(rows)), "above the limit")
    done: list[int] = []
    table = leave_future_out(Parametric(model=LINE), cohort, cuts=[3.0], draws=200, advance=done.append)
    assert uniformity(table["place"].to_numpy()) > 1e-3
    assert len(done) == 60


def test_the_record_follows_its_schema() -> None:
    import json

    from autologue.cli.console import json_text

    found = give_account(forecast(LINE, seen(VALUES, TIMES, limit=1.0), horizon=400.0, draws=100))
    record = json.loads(json_text(found.record()))
    jsonschema.validate(record, dict(schema()))
    assert [each["statement"] for each in record["statements"]] == ["DetectableAt"] * 4
    assert "They rest on 3 observations until day 6" in " ".join(record["summary"])
