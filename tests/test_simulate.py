"""simulate: labels, units, draws, residual error, regimens, and the same bits however the work is cut."""

from __future__ import annotations

import importlib
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from autologue import library
from autologue.engine.solve import Solver
from autologue.engine.summary import Area, FirstBelow, LastAbove, Maximum, Minimum
from autologue.errors import InputError, SolveError, UnitError
from autologue.functions import exp
from autologue.model import BirthDeath, Dosing, Input, Model, Output, Parameter, Phase, Rule, State
from autologue.model import Crossing as Cross
from autologue.population import Categorical, CategoryEffect, Continuous, Correlation, Drawn, Individuals, Parametric, in_one_occasion
from autologue.regimen import Bolus, Infusion, Level, Regimen
from autologue.simulate import simulate, simulate_to_parquet
from autologue.variability import LogNormal, Proportional


def decay(**changes: object) -> Model:
    """A drug that decays: y(t) = dose * exp(-k t), with k between patients and time in hours."""
    fields: dict[str, object] = dict(
        name="decay",
        time="hour",
        horizon=48.0,
        states=dict(drug=State("mg", "drug", absolute=1e-12)),
        parameters=dict(
            rate=Parameter(0.1, "1/hour", "loss of the drug", LogNormal(sd=0.3), "assumed"),
            start=Parameter(8.0, "mg", "drug at the start", None, "assumed"),
        ),
        inputs=dict(block=Input(0.0, "1", "1 while the loss is blocked")),
        initial=lambda p: dict(drug=p.start),
        phases=[Phase(lambda y, p, u: dict(drug=-p.rate * (1 - u.block) * y.drug))],
        outputs=dict(amount=Output(lambda y: y.drug, "mg", Proportional(cv=0.2), "plasma", "drug in plasma")),
        dosing=dict(vein=Dosing("drug", "mg")),
        reference="a test",
    )
    return Model(**{**fields, **changes})  # type: ignore[arg-type]


MODEL = decay()


def test_trajectories_follow_the_closed_form_of_each_patient() -> None:
    found = simulate(MODEL, times=[0.0, 6.0, 24.0], patients=20, seed=3).data
    rate = found["rate"].to_numpy()
    expected = 8.0 * np.exp(-rate[:, None] * np.array([0.0, 6.0, 24.0]))
    assert np.ptp(rate) > 0.01
    np.testing.assert_allclose(found["amount"].to_numpy(), expected, rtol=1e-5)
    assert found["amount"].dims == ("patient", "time")
    assert found["amount"].attrs["units"] == "mg"
    assert found["amount"].attrs["matrix"] == "plasma"
    assert found["rate"].attrs["units"] == "1/hour"


def test_a_model_in_hours_is_asked_in_days() -> None:
    summaries = [Area("amount", 0, 1), FirstBelow("amount", 4.0), LastAbove("amount", 4.0), Maximum("amount")]
    days = simulate(MODEL, times=[0, 1, 2], time_unit="day", patients=4, seed=1, summaries=summaries).data
    hours = simulate(MODEL, times=[0, 24, 48], patients=4, seed=1).data
    np.testing.assert_array_equal(days["amount"].to_numpy(), hours["amount"].to_numpy())
    assert days["time"].attrs["units"] == "day"
    rate = 24 * days["rate"].to_numpy()  # per day
    np.testing.assert_allclose(days["amount_auc_0_1"], 8 / rate * (1 - np.exp(-rate)), rtol=1e-5)
    np.testing.assert_allclose(days["amount_first_below_4"], np.log(2) / rate, rtol=1e-5)
    np.testing.assert_allclose(days["amount_last_above_4"], np.log(2) / rate, rtol=1e-5)
    assert days["amount_auc_0_1"].attrs["units"] == "mg*day"
    assert days["amount_first_below_4"].attrs["units"] == days["amount_max_time"].attrs["units"] == "day"
    assert days["amount_max"].attrs["units"] == "mg"
    with pytest.raises(UnitError, match="time_unit is in 'mg', which cannot be converted to 'hour'"):
        simulate(MODEL, time_unit="mg")


def test_a_patient_is_the_same_for_any_cut_and_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = library.load("stein_2019")
    population = Parametric(
        model=model,
        correlations=[Correlation("fold_expansion", "t_max", 0.3), Correlation("alpha", "beta", -0.4), Correlation("c_max", "alpha", 0.2)],
        covariates=dict(age=Continuous(12.0, "year", LogNormal(sd=0.5)), sex=Categorical(dict(female=0.4, male=0.6))),
        effects=[CategoryEffect("c_max", "sex", "male", -0.2)],
    )
    how = dict(times=[0.0, 5.0, 9.0, 28.0, 365.0], patients=300, seed=11, residual=True, summaries=[Maximum("transgene")])
    whole = simulate(population, **how, workers=1)  # type: ignore[arg-type]
    for workers in (1, 2):
        for block in (37, 256):
            monkeypatch.setattr(importlib.import_module("autologue.simulate"), "BLOCK", block)
            again = simulate(population, **how, workers=workers)  # type: ignore[arg-type]
            assert again.data.identical(whole.data)
    for chunk in (1, 37, 256):
        simulate_to_parquet(population, tmp_path / "long.parquet", **how, chunk=chunk, workers=2)  # type: ignore[arg-type]
        pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "long.parquet"), whole.to_frame(), check_exact=True)
        simulate_to_parquet(population, tmp_path / "wide.parquet", **{**how, "times": ()}, horizon=365.0, chunk=chunk)  # type: ignore[arg-type]
        wide = pd.read_parquet(tmp_path / "wide.parquet")
        pd.testing.assert_frame_equal(wide, whole.patients(), check_exact=True)


def test_more_patients_leave_the_first_as_they_were() -> None:
    few, many = (simulate(MODEL, times=[6.0], patients=n, seed=5, residual=True).data for n in (3, 50))
    np.testing.assert_array_equal(few["amount_measured"].to_numpy(), many["amount_measured"].to_numpy()[:3])


def test_residual_error_is_that_of_the_output() -> None:
    found = simulate(MODEL, times=np.linspace(0, 48, 25), patients=400, seed=2, residual=True).data
    ratio = found["amount_measured"] / found["amount"] - 1
    assert float(ratio.std()) == pytest.approx(0.2, rel=0.05)
    assert abs(float(ratio.mean())) < 0.01
    along, across = np.corrcoef(ratio.to_numpy().T), np.corrcoef(ratio.to_numpy())
    for table in (along, across):  # neither times nor patients share their errors
        assert np.abs(table[~np.eye(len(table), dtype=bool)]).mean() < 0.2
    plain = decay(outputs=dict(amount=Output(lambda y: y.drug, "mg")))
    with pytest.raises(InputError, match="no residual error"):
        simulate(plain, residual=True)


def test_draws_move_the_typical_values_of_the_same_patients() -> None:
    population = Parametric(model=MODEL, uncertainty=dict(rate=0.2))
    found = simulate(population, times=[0.0, 12.0], patients=10, draws=6, seed=4).data
    assert dict(found["amount"].sizes) == dict(draw=6, patient=10, time=2)
    ratios = found["rate"].to_numpy() / found["rate"].to_numpy()[:1]
    np.testing.assert_allclose(ratios, np.broadcast_to(ratios[:, :1], ratios.shape), rtol=1e-12)
    assert len(np.unique(ratios[:, 0].round(9))) == 6
    typical = [d.typical_values()[0] for d in population.draws(6, seed=4)]
    np.testing.assert_allclose(found["rate"].to_numpy()[:, 0] / typical, (found["rate"].to_numpy()[:, 0] / typical)[0], rtol=1e-12)
    with pytest.raises(InputError, match="no uncertainty"):
        simulate(MODEL, draws=3)
    with pytest.raises(InputError, match="-1 draws"):
        simulate(population, draws=-1)


def test_draws_are_streamed_as_they_are_held(tmp_path: Path) -> None:
    population = Parametric(model=MODEL, uncertainty=dict(rate=0.2))
    whole = simulate(population, times=[0.0, 12.0], patients=10, draws=3, seed=4)
    simulate_to_parquet(population, tmp_path / "d.parquet", times=[0.0, 12.0], patients=10, draws=3, seed=4, chunk=4)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "d.parquet"), whole.to_frame(), check_exact=True)


def test_a_regimen_for_all_for_each_and_by_a_function() -> None:
    people = Parametric(model=MODEL).sample(3, seed=9)
    dose = Regimen(Bolus(1.0, 16.0, "mg", "vein"), Infusion(2.0, 4.0, 3.0, "mg", "vein"), time="hour")
    one = simulate(MODEL, dose, times=[0.5, 1.5, 12.0], individuals=people).data["amount"].to_numpy()
    rate, t = people["rate"], 12.0
    infused = 4.0 / 3.0 / rate * (np.exp(-rate * (t - 5)) - np.exp(-rate * (t - 2)))
    expected = 8 * np.exp(-rate * t) + 16 * np.exp(-rate * (t - 1)) + infused
    np.testing.assert_allclose(one[:, 2], expected, rtol=1e-5)
    each = [dose, None, Regimen(Level(0.0, "block", 1.0))]
    listed = simulate(MODEL, each, times=[12.0], individuals=people).data["amount"].to_numpy()[:, 0]
    made = simulate(MODEL, lambda group: each[: len(group)], times=[12.0], individuals=people).data["amount"].to_numpy()[:, 0]
    np.testing.assert_array_equal(listed, made)
    np.testing.assert_allclose(listed, [expected[0], 8 * np.exp(-rate[1] * t), 8.0], rtol=1e-5)
    with pytest.raises(InputError, match="2 regimens for 3 patients"):
        simulate(MODEL, each[:2], individuals=people)
    with pytest.raises(InputError, match="returned 1 for 3"):
        simulate(MODEL, lambda group: [dose], individuals=people)


def test_the_regimen_of_the_model_is_used_where_none_is_given() -> None:
    model = decay(regimen=Regimen(Bolus(0.0, 2.0, "mg", "vein")))
    after = simulate(model, times=[1e-9], patients=1).data["amount"].to_numpy()[0, 0]
    assert after == pytest.approx(10.0, rel=1e-6)
    none = simulate(model, Regimen(), times=[1e-9], patients=1).data["amount"].to_numpy()[0, 0]
    assert none == pytest.approx(8.0, rel=1e-6)


def test_chance_extinction_is_drawn_for_each_patient_as_exactly_as_kendall_says() -> None:
    tail = decay(
        time="day",
        states=dict(cells=State("cells", "cells")),
        parameters=dict(birth=Parameter(0.5, "1/day", "birth", None, "assumed"), death=Parameter(0.7, "1/day", "death", None, "assumed")),
        initial=lambda p: dict(cells=200.0),
        inputs={},
        dosing={},
        phases=[Phase(lambda y, p: dict(cells=(p.birth - p.death) * y.cells))],
        outputs=dict(cells=Output(lambda y: y.cells, "cells")),
        birth_death=BirthDeath("cells", birth=lambda p: p.birth, death=lambda p: p.death, below=100.0),
    )
    found = simulate(tail, times=[0.0, 10.0, 20.0], patients=2000, seed=8).data
    extinct = found["extinction_of_cells"].to_numpy()
    growth, t = 0.5 - 0.7, 20.0
    since = t - np.log(2) / 0.2  # from the time at which 100 cells are left
    exact = (0.7 * (np.exp(growth * since) - 1) / (0.5 * np.exp(growth * since) - 0.7)) ** 100
    assert (extinct <= t).mean() == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 2000))
    again = simulate(tail, times=[0.0, 10.0, 20.0], patients=10, seed=8).data["extinction_of_cells"].to_numpy()
    np.testing.assert_array_equal(again, extinct[:10])


def test_rules_look_at_the_visits_given() -> None:
    rule = Rule("low", Cross(lambda y: y.drug - 4.0, "falling"), {"block": 1.0}, at="visits")
    model = decay(rules=[rule], parameters={**MODEL.parameters, "rate": Parameter(0.1, "1/hour", "loss", None, "assumed")})
    found = simulate(model, times=[48.0], visits=[3.0, 10.0], patients=1).data["amount"].to_numpy()[0, 0]
    assert found == pytest.approx(8.0 * np.exp(-1.0), rel=1e-5)  # 4.9 at 3 h, 2.9 at 10 h: blocked from then on


def test_failed_patients_are_counted_left_out_and_named(caplog: pytest.LogCaptureFixture) -> None:
    population = Drawn(model=MODEL, values=dict(start=np.array([8.0, 1e200]), rate=np.array([0.1, -30.0])))
    with caplog.at_level(logging.WARNING, "autologue.simulate"):
        found = simulate(population, times=[0.0, 40.0], patients=2, summaries=[Maximum("amount"), Minimum("amount")])
    assert found.data["status"].to_numpy()[0] == 0
    assert found.data["status"].to_numpy()[1] > 0
    assert "1 of 2" in caplog.text
    assert found.data.attrs["failed"] == 1
    assert 0 < float(found.data["failed_at"][1]) < 40
    assert np.isnan(found.data["amount_max"].to_numpy()).tolist() == [False, True]
    assert np.isnan(found.data["amount"].to_numpy()[1, 1])
    table = found.quantiles([0.5])
    assert table["n"].tolist() == [1, 1]
    assert table["excluded"].tolist() == [1, 1]
    assert sum(found.status_counts().values()) == 2
    with pytest.raises(SolveError, match="no patient could be solved: 1 of 1"):
        simulate(Drawn(model=MODEL, values=dict(rate=np.array([-30.0]), start=np.array([1e200]))), times=[0.0, 40.0], patients=1)


def test_a_file_whose_patients_all_fail_is_not_left(tmp_path: Path) -> None:
    population = Drawn(model=MODEL, values=dict(rate=np.array([-30.0]), start=np.array([1e200])))
    with pytest.raises(SolveError):
        simulate_to_parquet(population, tmp_path / "x.parquet", times=[0.0, 40.0], patients=1)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_file_is_not_left(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_text("the earlier result")

    def stop(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate_to_parquet(MODEL, tmp_path / "x.parquet", times=[0.0, 1.0], patients=20, chunk=5, progress=stop)
    assert [p.name for p in tmp_path.iterdir()] == ["x.parquet"]
    assert (tmp_path / "x.parquet").read_text() == "the earlier result"


def test_what_would_not_fit_in_memory_is_refused_before_it_is_computed() -> None:
    with pytest.raises(InputError, match=r"1000000 patients x 101 times x 1 outputs would fill 808 MB .*simulate_to_parquet"):
        simulate(MODEL, patients=1_000_000)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (dict(patients=0), "0 patients"),
        (dict(times=[0.0, 5.0, 3.0]), "out of order"),
        (dict(times=[0.0, np.nan]), "finite"),
        (dict(horizon=-1.0), "horizon"),
        (dict(horizon=np.nan), "horizon"),
        (dict(outputs=["amout"]), "did you mean amount"),
        (dict(summaries=[Maximum("amout")]), "did you mean amount"),
        (dict(summaries=[Maximum("amount"), Maximum("amount")]), "asked for twice"),
        (dict(summaries=[Area("amount", 0, 72)], horizon=48.0), "after the horizon"),
    ],
)
def test_bad_questions_are_one_sentence(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said) as error:
        simulate(MODEL, **wrong)  # type: ignore[arg-type]
    assert "\n" not in str(error.value)


def test_individuals_must_be_of_the_model() -> None:
    other = decay(name="other")
    with pytest.raises(InputError, match="other"):
        simulate(MODEL, individuals=Parametric(model=other).sample(2, seed=1))


def test_times_default_to_the_horizon_of_the_model() -> None:
    assert simulate(MODEL, patients=1).data["time"].to_numpy()[[0, -1]].tolist() == [0.0, 48.0]
    assert simulate(MODEL, patients=1, time_unit="day").data["time"].to_numpy()[[0, -1]].tolist() == [0.0, 2.0]
    assert simulate(MODEL, patients=1, horizon=10.0).data["time"].to_numpy()[-1] == 10.0
    late = simulate(MODEL, patients=1, times=(), summaries=[Area("amount", 0, 96)]).data
    assert late.attrs["horizon"] == 96.0


def test_names_that_meet_are_kept_apart() -> None:
    covariates = dict(rate=Continuous(1.0, "1", LogNormal(sd=0.1)), time=Continuous(1.0, "1", LogNormal(sd=0.1)))
    found = simulate(Parametric(model=MODEL, covariates=covariates), times=[1.0], patients=2).data
    assert {"rate", "rate_covariate", "time_covariate"} <= set(map(str, found.data_vars))


def test_the_record_changes_with_what_was_asked() -> None:
    base = simulate(MODEL, times=[1.0], patients=2).data.attrs
    assert base == simulate(MODEL, times=[1.0], patients=2).data.attrs
    model = decay(parameters={**MODEL.parameters, "start": replace(MODEL.parameters["start"], value=9.0)})
    assert simulate(model, times=[1.0], patients=2).data.attrs["model_hash"] != base["model_hash"]
    moved = Parametric(model=MODEL, typical=dict(rate=0.2))
    assert simulate(moved, times=[1.0], patients=2).data.attrs["population_hash"] != base["population_hash"]
    assert "Bolus" in simulate(MODEL, Regimen(Bolus(0.0, 1.0, "mg", "vein")), times=[1.0], patients=2).data.attrs["regimen"]


def test_individuals_are_used_as_they_are() -> None:
    people = Individuals(MODEL, np.array([41, 7]), np.array([[0.1, 8.0], [0.2, 4.0]]))
    found = simulate(MODEL, times=[10.0], individuals=people).data
    assert found["patient"].to_numpy().tolist() == [41, 7]
    np.testing.assert_allclose(found["amount"].to_numpy()[:, 0], [8 * np.exp(-1), 4 * np.exp(-2)], rtol=1e-5)


def test_a_closed_form_is_used_where_it_says_all_that_is_asked() -> None:
    model = library.load("stein_2019")
    closed = simulate(model, times=[0.0, 5.0, 28.0, 365.0], patients=50, seed=2).data
    solved = simulate(model, times=[0.0, 5.0, 28.0, 365.0], patients=50, seed=2, summaries=[Maximum("transgene")]).data
    assert closed.attrs["method"] == "closed form"
    assert solved.attrs["method"] in ("Rodas5P", "Tsit5")
    np.testing.assert_allclose(closed["transgene"].to_numpy(), solved["transgene"].to_numpy(), rtol=1e-4)
    np.testing.assert_allclose(closed["end_of_phase_1"].to_numpy(), solved["end_of_phase_1"].to_numpy(), rtol=1e-12)
    treated = simulate(model, Regimen(Level(3.0, "tocilizumab", 1.0)), times=[28.0], patients=2).data
    assert treated.attrs["method"] != "closed form"


def test_the_method_does_not_change_with_the_times_asked_for() -> None:
    found = {simulate(MODEL, times=[last], patients=2).data.attrs["method_reason"] for last in (0.0, 1.0, 48.0)}
    assert len(found) == 1
    assert simulate(MODEL, times=[1.0], patients=2, solver=Solver(rtol=1e-9)).data.attrs["relative_tolerance"] == 1e-9


def test_a_closed_form_is_not_used_where_a_rule_may_act() -> None:
    rule = Rule("low", Cross(lambda y: y.drug - 4.0, "falling"), {"block": 1.0})
    closed = decay(closed_form=lambda t, p: dict(drug=p.start * exp(-p.rate * t)))
    assert simulate(closed, times=[48.0], patients=1).data.attrs["method"] == "closed form"
    found = simulate(replace(closed, rules=(rule,)), times=[48.0], patients=3).data
    np.testing.assert_allclose(found["amount"].to_numpy(), 4.0, rtol=1e-5)


CHANGING = Parametric(
    model=decay(closed_form=lambda t, p: dict(drug=p.start * exp(-p.rate * t))),
    occasions=dict(rate=LogNormal(sd=0.4), start=LogNormal(sd=0.2)),
)


def test_a_later_occasion_has_parameters_of_its_own_and_the_states_go_over() -> None:
    times = np.array([0.0, 2.0, 6.0, 10.0])
    found = simulate(CHANGING, times=times, patients=4, seed=3, occasions=[6.0]).data
    rate, start = (found[name].to_numpy() for name in ("rate", "start"))
    one, two = (rate * np.exp(found[f"rate_occasion_{k}"].to_numpy()) for k in (1, 2))
    first = start * np.exp(found["start_occasion_1"].to_numpy())
    expected = first[:, None] * np.exp(-np.outer(one, np.minimum(times, 6.0)) - np.outer(two, np.maximum(times - 6.0, 0.0)))
    np.testing.assert_allclose(found["amount"].to_numpy(), expected, rtol=1e-5)
    assert np.abs(np.log(one / two)).min() > 1e-3


def test_a_patient_is_the_same_person_in_the_first_occasion_with_and_without_later_ones() -> None:
    times = [0.0, 2.0, 6.0]
    without, plain = (simulate(p, times=times, patients=5, seed=3).data for p in (CHANGING, Parametric(model=CHANGING.model)))
    several = simulate(CHANGING, times=times, patients=5, seed=3, occasions=[7.0, 20.0]).data
    assert without.attrs["method"] == "closed form"
    np.testing.assert_allclose(several["amount"].to_numpy(), without["amount"].to_numpy(), rtol=1e-5)
    np.testing.assert_array_equal(several["rate"].to_numpy(), plain["rate"].to_numpy())
    people = CHANGING.sample(20_000, seed=1)
    np.testing.assert_allclose(np.log(people["rate"]).std(), np.hypot(0.3, 0.4), rtol=0.02)
    np.testing.assert_allclose(np.log(people["start"]).std(), 0.2, rtol=0.02)


def test_occasions_in_another_unit_after_doses_and_by_listed_regimens() -> None:
    given = Regimen(Level(0.0, "block", 1.0, until=1.0), time="day")
    found = simulate(CHANGING, given, times=[0.5, 1.0], time_unit="day", patients=3, seed=2, occasions=[1.0]).data
    listed = simulate(CHANGING, [given] * 3, times=[0.5, 1.0], time_unit="day", patients=3, seed=2, occasions=[1.0]).data
    first = found["start"].to_numpy() * np.exp(found["start_occasion_1"].to_numpy())
    np.testing.assert_allclose(found["amount"].to_numpy(), first[:, None].repeat(2, axis=1), rtol=1e-6)
    np.testing.assert_array_equal(listed["amount"].to_numpy(), found["amount"].to_numpy())


def test_in_one_occasion_all_variability_is_between_patients() -> None:
    people = replace(CHANGING, occasion_correlations=[Correlation("rate", "start", 0.5)])
    alone = in_one_occasion(people)
    expected = np.diag([0.3**2 + 0.4**2, 0.2**2]) + 0.5 * 0.4 * 0.2 * (1 - np.eye(2))
    np.testing.assert_allclose(alone.covariance(), expected)
    assert not alone.occasions


def test_occasions_that_cannot_be_are_refused() -> None:
    with pytest.raises(InputError, match="nothing changes between them"):
        simulate(MODEL, times=[1.0], occasions=[1.0])
    with pytest.raises(InputError, match="times above zero in ascending order"):
        simulate(CHANGING, times=[1.0], occasions=[2.0, 1.0])
    with pytest.raises(InputError, match="parameters are those of one occasion"):
        simulate(CHANGING, times=[1.0], occasions=[2.0], individuals=CHANGING.sample(3, seed=1))
