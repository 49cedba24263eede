"""Properties of survival estimates that hold for any data."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from autologue.survival import (
    Exponential,
    MixtureCure,
    RoystonParmar,
    Weibull,
    aalen_johansen,
    draw_curve,
    fit_survival,
    kaplan_meier,
    log_rank,
    read_adtte,
    reconstruct,
    restricted_mean,
    time_to_event,
    turnbull,
    write_adtte,
)


@st.composite
def tables(draw: st.DrawFn, least: int = 4, most: int = 40) -> pd.DataFrame:
    """Times on a coarse grid (many ties), statuses, arms, weights; at least one event."""
    n = draw(st.integers(least, most))
    times = draw(st.lists(st.integers(1, 30), min_size=n, max_size=n))
    status = draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))
    status[0] = 1
    weight = draw(st.lists(st.integers(1, 3), min_size=n, max_size=n))
    arm = ["a", "b", *draw(st.lists(st.sampled_from("ab"), min_size=n - 2, max_size=n - 2))]
    return pd.DataFrame({"time": np.array(times) / 2, "status": status, "w": weight, "arm": arm})


@given(tables())
def test_kaplan_meier_falls_from_one_inside_its_bounds(table: pd.DataFrame) -> None:
    found = kaplan_meier(time_to_event(table)).table()
    assert np.all(np.diff(np.append(1.0, found.estimate)) <= 1e-12)
    assert ((found.lower <= found.estimate + 1e-12) & (found.estimate <= found.upper + 1e-12)).all()
    assert (found.at_risk.diff().dropna() < 0).all()
    assert found.at_risk.iloc[0] == len(table)


@given(tables(), st.randoms())
def test_order_does_not_matter(table: pd.DataFrame, random: object) -> None:
    shuffled = table.sample(frac=1, random_state=random.randint(0, 2**31))  # type: ignore[attr-defined]
    one, other = time_to_event(table, arm="arm"), time_to_event(shuffled, arm="arm")
    assert np.allclose(kaplan_meier(one).survival, kaplan_meier(other).survival)
    assert np.isclose(log_rank(one).statistic, log_rank(other).statistic, atol=1e-9)
    assert np.allclose(fit_survival(one, Exponential()).theta, fit_survival(other, Exponential()).theta)


@given(tables())
def test_weights_are_replications(table: pd.DataFrame) -> None:
    weighted = time_to_event(table, weight="w", arm="arm")
    repeated = time_to_event(table.loc[table.index.repeat(table.w)], arm="arm")
    one, other = kaplan_meier(weighted), kaplan_meier(repeated)
    assert np.allclose(one.survival, other.survival)
    assert np.allclose(one.log_error, other.log_error)
    assert np.isclose(log_rank(weighted).statistic, log_rank(repeated).statistic, atol=1e-9)
    assert np.allclose(aalen_johansen(weighted).error, aalen_johansen(repeated).error)


@given(tables(), st.floats(0.1, 100))
def test_the_unit_of_time_scales_the_mean(table: pd.DataFrame, factor: float) -> None:
    end = float(table.groupby("arm").time.max().min())
    one = restricted_mean(time_to_event(table, arm="arm"), end)
    other = restricted_mean(time_to_event(table.assign(time=table.time * factor), arm="arm"), end * factor * (1 - 1e-12))
    assert np.allclose(one[["estimate", "standard_error"]] * factor, other[["estimate", "standard_error"]], rtol=1e-6)


@given(tables(), st.floats(0.0, 0.45))
def test_late_entry_before_the_first_time_changes_nothing_but_the_model_start(table: pd.DataFrame, entry: float) -> None:
    """Entry before anyone leaves: the same risk sets; for a constant hazard, the clock starts at entry."""
    late = time_to_event(table.assign(entry=entry), entry="entry")
    assert np.allclose(kaplan_meier(late).survival, kaplan_meier(time_to_event(table)).survival)
    shifted = time_to_event(table.assign(time=table.time - entry))
    assert np.isclose(fit_survival(late, Exponential()).theta[0], fit_survival(shifted, Exponential()).theta[0], atol=1e-6)


@settings(max_examples=40)
@given(tables(least=12), st.sampled_from([Weibull(), RoystonParmar(0), MixtureCure(Exponential())]), st.integers(0, 2**32))
def test_any_fit_draws_curves_that_fall_from_one(table: pd.DataFrame, family: Weibull | RoystonParmar | MixtureCure, seed: int) -> None:
    table = table.assign(time=np.arange(1, len(table) + 1) / 2 + table.time / 100)
    table.loc[1, "status"] = 1
    fit = fit_survival(time_to_event(table), family)
    if not fit.converged:
        assert "did not settle" in fit.warnings[0]
        return
    curve = draw_curve(fit, np.linspace(0, 40, 9), seed=seed)
    assert np.all(curve.draws[..., 0] == 1.0)
    assert np.all(np.diff(curve.draws, axis=-1) <= 1e-9)


@settings(max_examples=40)
@given(tables())
def test_turnbull_of_exact_times_is_kaplan_meier(table: pd.DataFrame) -> None:
    data = time_to_event(table)
    at = np.arange(0.25, float(table.time[table.status == 1].max()), 0.5)
    km = kaplan_meier(data).at(at).estimate
    assert np.allclose(turnbull(data, tolerance=1e-12).at(at)[0], km, atol=1e-4)


@given(tables())
def test_adtte_round_trip(table: pd.DataFrame) -> None:
    data = time_to_event(table, arm="arm", unit="day")
    again = read_adtte(write_adtte(data, parameter="OS", description="Overall survival", study="S"))
    assert (again.lower.tolist(), again.event.tolist(), again.arm.tolist()) == (data.lower.tolist(), data.event.tolist(), data.arm.tolist())


@settings(max_examples=60)
@given(tables(least=10), st.integers(2, 6))
def test_reconstruction_keeps_subjects_and_curve(table: pd.DataFrame, stretches: int) -> None:
    """Whatever the data, all subjects come back, and the curve within what one subject can move it."""
    fit = kaplan_meier(time_to_event(table))
    steps = fit.counts.events > 0
    curve = pd.DataFrame({"time": fit.counts.time[steps], "survival": fit.survival[steps]})
    at_risk = fit.numbers_at_risk(np.linspace(0, curve.time.max(), stretches, endpoint=False))[["time", "at_risk"]]
    rebuilt = reconstruct(curve, at_risk, events=int(fit.counts.events.sum()))
    assert len(rebuilt.data) == len(table)
    first = rebuilt.at_risk.iloc[0]
    assert first.published == first.rebuilt
