"""Censoring, truncation, weights, background and cure: what the one fitting path does with each."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from autologue.errors import InputError
from autologue.survival import (
    CURE,
    Asymptotic,
    Bootstrap,
    Exponential,
    Family,
    Gompertz,
    MixtureCure,
    NonMixtureCure,
    RoystonParmar,
    Weibull,
    draw_curve,
    fit_survival,
    interval_censored,
    time_to_event,
)

N = 4000


def weibull_times(seed: int, n: int = N) -> np.ndarray:
    """Weibull times of shape 1.4 and scale 8."""
    return 8 * np.random.default_rng(seed).weibull(1.4, n)


def near(fit: object, truth: list[float], errors: float = 3.5) -> bool:
    """Whether each estimate lies within some standard errors of the truth."""
    table = fit.table()  # type: ignore[attr-defined]
    return bool(np.all(np.abs(table.estimate - truth) < errors * table.standard_error))


TRUTH = [np.log(1.4), np.log(8.0)]


def test_interval_censoring_recovers_the_truth() -> None:
    times = weibull_times(1)
    lower = np.floor(times / 3) * 3
    upper = np.where(lower >= 15, np.inf, lower + 3)
    data = interval_censored(pd.DataFrame({"lower": np.minimum(lower, 15), "upper": upper}))
    assert near(fit_survival(data, Weibull()), TRUTH)


def test_narrow_intervals_are_nearly_exact_times() -> None:
    times = weibull_times(2, 300)
    exact = fit_survival(time_to_event(pd.DataFrame({"time": times, "status": 1})), Weibull())
    narrow = fit_survival(interval_censored(pd.DataFrame({"lower": times - 1e-6, "upper": times + 1e-6})), Weibull())
    assert np.allclose(exact.theta, narrow.theta, atol=1e-5)
    assert narrow.log_likelihood - 300 * np.log(2e-6) == pytest.approx(exact.log_likelihood, abs=1e-2)


def test_left_truncation_recovers_the_truth_and_ignoring_it_does_not() -> None:
    times = weibull_times(3, 3 * N)
    entry = np.random.default_rng(4).uniform(0, 10, times.size)
    seen = times > entry
    table = pd.DataFrame({"time": times[seen], "entry": entry[seen], "status": 1})
    assert near(fit_survival(time_to_event(table, entry="entry"), Weibull()), TRUTH)
    assert not near(fit_survival(time_to_event(table), Weibull()), TRUTH)


@pytest.mark.parametrize("family", [Weibull(), Gompertz(), RoystonParmar(1), MixtureCure(Weibull())])
def test_weights_are_replications(family: Family, cured: pd.DataFrame) -> None:
    weight = np.random.default_rng(5).integers(0, 4, len(cured))
    weighted = fit_survival(time_to_event(cured.assign(w=weight), weight="w"), family)
    repeated = fit_survival(time_to_event(cured.loc[cured.index.repeat(weight)]), weighted.family)
    assert np.allclose(weighted.theta, repeated.theta, atol=1e-4)
    assert weighted.log_likelihood == pytest.approx(repeated.log_likelihood, abs=1e-6)


def test_background_hazard_leaves_the_excess() -> None:
    rng = np.random.default_rng(6)
    excess, other = weibull_times(7, 3 * N), rng.exponential(1 / 0.05, 3 * N)
    table = pd.DataFrame({"time": np.minimum(np.minimum(excess, other), 20), "expected": 0.05})
    table["status"] = (table.time < 20).astype(int)
    assert near(fit_survival(time_to_event(table, background="expected"), Weibull()), TRUTH)
    assert not near(fit_survival(time_to_event(table), Weibull()), TRUTH)


def test_a_background_with_intervals_is_refused() -> None:
    data = interval_censored(pd.DataFrame({"lower": [1.0], "upper": [2.0]}))
    object.__setattr__(data, "background", np.array([0.1]))
    with pytest.raises(InputError, match="background hazard needs exact event times"):
        fit_survival(data, Weibull())


@pytest.mark.parametrize("kind", [MixtureCure, NonMixtureCure])
def test_cure_fraction_is_recovered(kind: type[MixtureCure] | type[NonMixtureCure]) -> None:
    rng = np.random.default_rng(9)
    fraction, u = 0.4, rng.random(N)
    left = (u - fraction) / (1 - fraction) if kind is MixtureCure else 1 - np.log(u) / np.log(fraction)
    event = np.where(u > fraction, 8 * (-np.log(np.where(u > fraction, left, 1.0))) ** (1 / 1.4), np.inf)
    end = rng.uniform(20, 40, N)
    data = time_to_event(pd.DataFrame({"time": np.minimum(event, end), "status": (event <= end).astype(int)}))
    fit = fit_survival(data, kind(Weibull()))
    assert near(fit, [np.log(0.4 / 0.6), *TRUTH])
    assert fit.warnings == ()


def test_a_cure_model_without_a_plateau_fits_and_says_so() -> None:
    times = np.random.default_rng(10).exponential(10, 300)
    early = time_to_event(pd.DataFrame({"time": np.minimum(times, 6), "status": (times < 6).astype(int)}))
    for name in ("mixture-exponential", "mixture-weibull", "non-mixture-weibull"):
        fit = fit_survival(early, CURE[name])
        assert any("The curve has no plateau" in said for said in fit.warnings), name
        assert np.isfinite(fit.log_likelihood)


def test_a_cure_fraction_of_nothing_leaves_the_plain_fit() -> None:
    times = weibull_times(11, 500)
    data = time_to_event(pd.DataFrame({"time": times, "status": 1}))
    cure, plain = fit_survival(data, MixtureCure(Weibull())), fit_survival(data, Weibull())
    assert cure.converged
    assert cure.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-4)
    assert np.allclose(cure.covariance[1:, 1:], plain.covariance, rtol=1e-2)
    assert "no sign of a cure" in cure.warnings[0]


def test_events_to_the_end_of_follow_up_make_the_plateau_short() -> None:
    times = np.append(-2.6 * np.log(1 - (np.arange(62) + 0.5) / 63.5), np.full(38, 10.5))
    data = time_to_event(pd.DataFrame({"time": times, "status": [1] * 62 + [0] * 38}))
    assert fit_survival(data, MixtureCure(Exponential())).warnings[0].startswith("The plateau is short")


def test_a_falling_gompertz_hazard_is_said(cured: pd.DataFrame) -> None:
    fit = fit_survival(time_to_event(cured), Gompertz())
    forever = float(fit.survival(np.array([1e5]))[0])
    assert f"{100 * forever:.0f} % never have the event" in fit.warnings[0]


def test_many_subjects_give_the_same_fit_as_their_weights() -> None:
    """Above 20,000 subjects a fit starts from a sample; the answer must not depend on that."""
    table = pd.DataFrame({"time": np.round(weibull_times(12, 30_000), 1) + 0.05, "status": 1})
    grouped = table.groupby("time", as_index=False).size().assign(status=1)
    large = fit_survival(time_to_event(table), MixtureCure(Weibull()))
    small = fit_survival(time_to_event(grouped, weight="size"), Weibull())
    assert large.log_likelihood == pytest.approx(small.log_likelihood, rel=1e-7)
    for family in (Weibull(), RoystonParmar(1)):
        large, small = fit_survival(time_to_event(table), family), fit_survival(time_to_event(grouped, weight="size"), family)
        at = np.array([2.0, 10.0])
        assert np.allclose(large.survival(at), small.survival(at), atol=1e-6 if family == Weibull() else 2e-4)


def test_restricted_mean_by_quadrature_and_closed_form() -> None:
    data = time_to_event(pd.DataFrame({"time": [1.0, 2.0, 3.0, 6.0], "status": [1, 1, 1, 0]}))
    fit = fit_survival(data, Exponential())
    rate = fit.natural["rate"]
    assert fit.restricted_mean(5.0) == pytest.approx((1 - np.exp(-5 * rate)) / rate, rel=1e-10)
    assert np.allclose(fit.hazard(np.array([1.0, 4.0])), rate)


def test_draws_spread_as_the_covariance_says(cured: pd.DataFrame) -> None:
    fit = fit_survival(time_to_event(cured), MixtureCure(Weibull()))
    drawn = Asymptotic(20_000).parameters(fit, seed=1)
    assert np.allclose(np.cov(drawn.T), fit.covariance, rtol=0.05, atol=2e-4)
    resampled = Bootstrap(200).parameters(fit, seed=1)
    assert np.allclose(resampled.std(0), np.sqrt(np.diag(fit.covariance)), rtol=0.25)
    at = np.linspace(0, 60, 31)
    curve = draw_curve(fit, at, uncertainty=Asymptotic(500), seed=2)
    assert curve.draws.shape == (500, 1, 31)
    assert np.array_equal(curve.draws, draw_curve(fit, at, uncertainty=Asymptotic(500), seed=2).draws)
    assert not np.array_equal(curve.draws, draw_curve(fit, at, uncertainty=Asymptotic(500), seed=3).draws)
    band = curve.band()
    assert ((band.lower <= band.estimate + 1e-9) & (band.estimate <= band.upper + 1e-9)).all()


def test_no_covariance_no_normal_draws(cured: pd.DataFrame) -> None:
    fit = fit_survival(time_to_event(cured), Weibull())
    object.__setattr__(fit, "covariance", np.full((2, 2), np.nan))
    with pytest.raises(InputError, match="no covariance to draw from"):
        draw_curve(fit, np.array([0.0, 1.0]))
