"""Every family: derivatives, consistency of its curves, special cases, and fits against closed forms and lifelines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from lifelines import ExponentialFitter, GeneralizedGammaFitter, LogLogisticFitter, LogNormalFitter, WeibullFitter
from scipy.integrate import quad

from autologue.errors import InputError
from autologue.survival import (
    CURE,
    PARAMETRIC,
    Exponential,
    Family,
    GeneralisedGamma,
    Gompertz,
    Hazards,
    IdentityLink,
    LogitLink,
    LogLogistic,
    LogLogLink,
    LogNormal,
    MixtureCure,
    NonMixtureCure,
    NormalDeviates,
    Odds,
    RoystonParmar,
    TimeToEvent,
    Weibull,
    compare_fits,
    family_named,
    fit_survival,
    time_to_event,
)

KNOTS = (-1.0, 0.4, 1.0, 2.0)
SPLINE = np.array([-1.5, 1.2, 0.15, -0.1])
THETA: dict[str, tuple[Family, list[float]]] = {
    "exponential": (Exponential(), [-1.0]),
    "weibull": (Weibull(), [0.3, 1.1]),
    "gompertz falling": (Gompertz(), [-0.2, -1.0]),
    "gompertz flat": (Gompertz(), [1e-6, -1.0]),
    "gompertz rising": (Gompertz(), [0.3, -2.0]),
    "log-normal": (LogNormal(), [1.0, -0.2]),
    "log-logistic": (LogLogistic(), [0.4, 1.0]),
    "generalised gamma": (GeneralisedGamma(), [1.0, -0.1, 0.7]),
    "generalised gamma, negative": (GeneralisedGamma(), [1.0, -0.1, -0.8]),
    "generalised gamma, nearly log-normal": (GeneralisedGamma(), [1.0, -0.1, 1e-3]),
    "generalised gamma, sharp": (GeneralisedGamma(), [2.0, -3.0, 9.0]),
    "generalised gamma, small": (GeneralisedGamma(), [1.0, -0.1, 0.02]),
    "spline hazard": (RoystonParmar(2, Hazards(), KNOTS), list(SPLINE)),
    "spline odds": (RoystonParmar(2, Odds(), KNOTS), list(SPLINE)),
    "spline normal": (RoystonParmar(2, NormalDeviates(), KNOTS), list(SPLINE)),
    "mixture": (MixtureCure(Weibull()), [-0.4, 0.3, 1.1]),
    "mixture, identity": (MixtureCure(LogNormal(), IdentityLink()), [0.35, 1.0, -0.2]),
    "mixture, log-log": (MixtureCure(Gompertz(), LogLogLink()), [0.1, 0.1, -1.0]),
    "non-mixture": (NonMixtureCure(Weibull()), [-0.4, 0.3, 1.1]),
    "non-mixture, log-log": (NonMixtureCure(GeneralisedGamma(), LogLogLink()), [0.1, 1.0, -0.1, 0.7]),
}
TIMES = np.array([0.05, 0.4, 1.0, 2.5, 6.0, 15.0])


@pytest.fixture(params=list(THETA), name="case")
def one_case(request: pytest.FixtureRequest) -> tuple[Family, np.ndarray]:
    family, theta = THETA[request.param]
    return family, np.array(theta)


def test_derivatives_are_those_of_differences(case: tuple[Family, np.ndarray]) -> None:
    family, theta = case
    basis = family.basis(TIMES)
    exact = family.evaluate(basis, theta)
    for position in range(theta.size):
        step = np.zeros(theta.size)
        step[position] = 1e-5
        up, down = family.evaluate(basis, theta + step), family.evaluate(basis, theta - step)
        for name in ("log_survival", "log_hazard"):
            difference = (getattr(up, name) - getattr(down, name)) / 2e-5
            assert np.allclose(getattr(exact, f"d_{name}")[position], difference, rtol=2e-4, atol=2e-6), (name, position)


def test_survival_is_the_exponential_of_minus_the_integrated_hazard(case: tuple[Family, np.ndarray]) -> None:
    family, theta = case

    def hazard(x: float) -> float:
        t = np.exp(x)
        return float(t * np.exp(family.evaluate(family.basis(np.array([t])), theta).log_hazard[0]))

    for time in (0.4, 2.5, 6.0):
        cumulative = quad(hazard, np.log(0.05), np.log(time), epsabs=1e-11, limit=200)[0]
        start, end = family.survival(np.array([0.05, time]), theta)
        assert end / start == pytest.approx(np.exp(-cumulative), rel=2e-6)


def test_density_is_survival_times_hazard(case: tuple[Family, np.ndarray]) -> None:
    family, theta = case
    basis = family.basis(TIMES[1:])
    at = family.evaluate(basis, theta)
    value, derivative = family.density(basis, theta)
    assert np.allclose(value, at.log_survival + at.log_hazard, atol=1e-8)
    assert np.allclose(derivative, at.d_log_survival + at.d_log_hazard, atol=1e-5)


def test_survival_starts_at_one_and_falls(case: tuple[Family, np.ndarray]) -> None:
    family, theta = case
    curve = family.survival(np.concatenate([[0.0], TIMES]), theta)
    assert curve[0] == 1.0
    assert np.all(np.diff(curve)[1:] < 0)


@pytest.mark.parametrize(
    ("general", "theta", "special", "same"),
    [
        (GeneralisedGamma(), [1.0, -0.3, 1.0], Weibull(), [0.3, 1.0]),
        (GeneralisedGamma(), [1.0, -0.3, 0.0], LogNormal(), [1.0, -0.3]),
        (RoystonParmar(0, Hazards(), (0.0, 1.0)), [-1.2 * 1.1, 1.2], Weibull(), [np.log(1.2), 1.1]),
        (RoystonParmar(0, Odds(), (0.0, 1.0)), [-1.2 * 1.1, 1.2], LogLogistic(), [np.log(1.2), 1.1]),
        (RoystonParmar(0, NormalDeviates(), (0.0, 1.0)), [-1.1 / 0.8, 1 / 0.8], LogNormal(), [1.1, np.log(0.8)]),
        (Weibull(), [0.0, 1.1], Exponential(), [-1.1]),
        (Gompertz(), [0.0, -1.0], Exponential(), [-1.0]),
        (MixtureCure(Weibull()), [-40.0, 0.3, 1.1], Weibull(), [0.3, 1.1]),
    ],
)
def test_special_cases(general: Family, theta: list[float], special: Family, same: list[float]) -> None:
    ours, expected = general.survival(TIMES, np.array(theta)), special.survival(TIMES, np.array(same))
    assert np.allclose(ours, expected, rtol=1e-5, atol=1e-14)


@pytest.mark.parametrize("link", [LogitLink(), IdentityLink(), LogLogLink()])
def test_cure_links_invert(link: LogitLink | IdentityLink | LogLogLink) -> None:
    for fraction in (0.05, 0.4, 0.9):
        assert link.fraction(np.float64(link.inverse(fraction)))[0] == pytest.approx(fraction)


def test_cure_invariants() -> None:
    """S(infinity) is the cure fraction; the restricted mean is fraction x horizon plus the rest's share of theirs."""
    for family in (MixtureCure(Weibull()), NonMixtureCure(Weibull())):
        theta = np.array([-0.4, 0.3, 1.1])
        fraction = family.natural(theta)["cure_fraction"]
        assert family.survival(np.array([1e4]), theta)[0] == pytest.approx(fraction, rel=1e-12)
    mixture, theta = MixtureCure(Weibull()), np.array([-0.4, 0.3, 1.1])
    whole = quad(lambda t: float(mixture.survival(np.array([t]), theta)[0]), 0, 10)[0]
    rest = quad(lambda t: float(Weibull().survival(np.array([t]), theta[1:])[0]), 0, 10)[0]
    fraction = mixture.natural(theta)["cure_fraction"]
    assert whole == pytest.approx(fraction * 10 + (1 - fraction) * rest, rel=1e-9)


def test_exponential_is_events_over_exposure(lung: TimeToEvent) -> None:
    fit = fit_survival(lung, Exponential())
    events, exposure = lung.event.sum(), lung.time.sum()
    assert fit.natural["rate"] == pytest.approx(events / exposure, rel=1e-9)
    assert fit.table().standard_error.iloc[0] == pytest.approx(events**-0.5, rel=1e-6)
    assert fit.log_likelihood == pytest.approx(events * np.log(events / exposure) - events, rel=1e-12)


@pytest.mark.parametrize(
    ("family", "peer"),
    [
        (Exponential(), ExponentialFitter),
        (Weibull(), WeibullFitter),
        (LogNormal(), LogNormalFitter),
        (LogLogistic(), LogLogisticFitter),
        (GeneralisedGamma(), GeneralizedGammaFitter),
    ],
)
@pytest.mark.filterwarnings("ignore::lifelines.exceptions.StatisticalWarning", "ignore::RuntimeWarning")
def test_fits_are_those_of_lifelines(breast: TimeToEvent, family: Family, peer: type) -> None:
    other = peer().fit(breast.time, breast.event)
    ours = fit_survival(breast, family)
    assert ours.log_likelihood == pytest.approx(other.log_likelihood_, abs=1e-3)
    assert ours.log_likelihood >= other.log_likelihood_ - 1e-6
    at = np.array([0.5, 2.0, 5.0])
    assert np.allclose(ours.survival(at), other.survival_function_at_times(at), atol=2e-4)


def test_standard_errors_are_those_of_lifelines(breast: TimeToEvent) -> None:
    other = WeibullFitter().fit(breast.time, breast.event).summary["se(coef)"]
    ours = fit_survival(breast, Weibull())
    delta = ours.table().standard_error * [ours.natural["shape"], ours.natural["scale"]]
    assert delta.iloc[0] == pytest.approx(other["rho_"], rel=1e-3)
    assert delta.iloc[1] == pytest.approx(other["lambda_"], rel=1e-3)


RICHER = ["spline-hazard-1", "spline-odds-2", "spline-normal-3", "mixture-weibull", "non-mixture-weibull"]


@pytest.mark.parametrize("name", [*PARAMETRIC, *RICHER])
def test_the_unit_of_time_changes_nothing_but_the_density(breast: TimeToEvent, name: str) -> None:
    table = pd.DataFrame({"time": breast.time * 365, "status": breast.event.astype(int)})
    days, years = fit_survival(time_to_event(table, unit="day"), family_named(name)), fit_survival(breast, family_named(name))
    assert days.log_likelihood + breast.event.sum() * np.log(365) == pytest.approx(years.log_likelihood, abs=1e-5)
    assert np.allclose(days.survival(np.array([200.0, 1500.0])), years.survival(np.array([200.0, 1500.0]) / 365), atol=1e-5)


def test_fits_side_by_side(breast: TimeToEvent) -> None:
    fits = [fit_survival(breast, family) for family in [*PARAMETRIC.values(), RoystonParmar(1), CURE["mixture-weibull"]]]
    table = compare_fits(fits)
    assert table.aic.is_monotonic_increasing
    assert table.converged.all()
    best = {fit.family.name: fit for fit in fits}[table.family[0]]
    assert best.bic - best.aic == pytest.approx(best.theta.size * (np.log(686) - 2))
    assert set(best.table().index) == set(best.family.parameters)


def test_a_fit_that_did_not_settle_comes_last(breast: TimeToEvent) -> None:
    """Its criteria compare with nothing, however good they look."""
    good, better = (fit_survival(breast, PARAMETRIC[name]) for name in ("exponential", "log-normal"))
    loose = replace(good, converged=False, log_likelihood=0.0)
    table = compare_fits([loose, good, better])
    assert table.family.tolist() == ["log-normal", "exponential", "exponential"]
    assert table.converged.tolist() == [True, True, False]
    with pytest.raises(InputError, match="no fit to compare"):
        compare_fits([])


@pytest.mark.parametrize(
    ("theta", "ends"), [([3.2236, -4.7049, 97.36], (1.0, 20.0)), ([6.1, -9.3, 8255.0], (1e-3, 400.0)), ([0.5, 0.2, -9.0], (5.0, 900.0))]
)
def test_a_generalised_gamma_with_a_sharp_edge_has_the_mass_of_its_density(theta: list[float], ends: tuple[float, float]) -> None:
    """Survival once stayed at 1 here beside a finite density, and cure fits climbed to likelihoods that no distribution has."""
    family, at = GeneralisedGamma(), np.array(theta)
    log_mass, _ = quad(lambda x: float(np.exp(x + family.density(family.basis(np.exp([x])), at)[0][0])), *np.log(ends), limit=400)
    first, last = family.survival(np.array(ends), at)
    assert first - last == pytest.approx(log_mass, rel=1e-7)


def test_cure_fits_of_lung_cancer_have_likelihoods_that_exist(lung: TimeToEvent) -> None:
    """The non-mixture fit once reached a log likelihood of -117 where the Weibull has -590 (in months)."""
    plain = fit_survival(lung, GeneralisedGamma()).log_likelihood
    for kind in (MixtureCure, NonMixtureCure):
        assert 0 <= fit_survival(lung, kind(GeneralisedGamma())).log_likelihood - plain < 3


def test_fewer_than_no_knots_are_refused() -> None:
    with pytest.raises(InputError, match="-1 interior knots"):
        RoystonParmar(-1)


def test_a_fit_without_events_is_refused() -> None:
    with pytest.raises(InputError, match="no event among 2 subjects"):
        fit_survival(time_to_event(pd.DataFrame({"time": [1, 2], "status": 0})), Weibull())


def test_an_event_at_time_zero_is_refused_by_a_density() -> None:
    with pytest.raises(InputError, match="subject 2 has the event exactly at time zero"):
        fit_survival(time_to_event(pd.DataFrame({"time": [1, 0], "status": 1})), Weibull())


def test_too_few_events_for_the_knots_are_refused() -> None:
    with pytest.raises(InputError, match="needs 4 centiles of the event times that differ; the data have 2"):
        fit_survival(time_to_event(pd.DataFrame({"time": [1, 2, 3], "status": [1, 1, 0]})), RoystonParmar(2))


def test_names_are_for_the_command_line() -> None:
    assert family_named("mixture-weibull") == MixtureCure(Weibull())
    with pytest.raises(InputError, match="unknown family 'weibul'; did you mean weibull"):
        family_named("weibul")
