"""The density of one observation: against scipy, against integrals, against differences, and in the far tails."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, special, stats

from autologue.likelihood import observe_above
from autologue.likelihood.density import COMBINED1, COMBINED2, CONSTANT, LOGNORMAL, POWER, PROPORTIONAL, deviation, row_parts, row_value
from autologue.likelihood.normal import log_cdf, log_cdf_parts, log_interval
from autologue.likelihood.residual import KINDS, error_from
from autologue.variability import Combined1, Constant, LogNormal

INF = math.inf
ERRORS = {  # kind, numbers (sd, cv, exponent), standard deviation at f
    "constant": (CONSTANT, (0.7, 0.0, 0.0), lambda f: 0.7),
    "proportional": (PROPORTIONAL, (0.0, 0.3, 0.0), lambda f: 0.3 * abs(f)),
    "combined 1": (COMBINED1, (0.5, 0.2, 0.0), lambda f: 0.5 + 0.2 * abs(f)),
    "combined 2": (COMBINED2, (0.5, 0.2, 0.0), lambda f: math.hypot(0.5, 0.2 * f)),
    "power": (POWER, (0.0, 0.4, 0.7), lambda f: 0.4 * abs(f) ** 0.7),
    "log-normal": (LOGNORMAL, (0.6, 0.0, 0.0), lambda f: 0.6),
}
BOUNDS = {  # lower, upper, above
    "measured": (3.0, 3.0, -INF),
    "below": (-INF, 2.5, -INF),
    "between": (1.0, 2.5, -INF),
    "beyond": (4.0, INF, -INF),
    "measured, conditional (M2)": (3.0, 3.0, 2.0),
    "below, positive (M4)": (-INF, 2.5, 0.5),
    "narrow": (3.0, 3.0 + 1e-6, -INF),
}


def given(error: str, bounds: str) -> tuple[int, tuple[float, float, float, float], tuple[float, float, float]]:
    """Return kind, (low, high, over, extra) on the scale of the error, and numbers."""
    kind, numbers, _ = ERRORS[error]
    lower, upper, above = BOUNDS[bounds]
    if kind != LOGNORMAL:
        return kind, (lower, upper, above, 0.0), numbers
    logs = [math.log(x) if x > 0 else -INF for x in (lower, upper, above)]
    return kind, (*logs, -logs[0] if lower == upper else 0.0), numbers  # type: ignore[return-value]


def expected(error: str, bounds: str, f: float) -> float:
    """The same from scipy's distributions, in the plain way."""
    lower, upper, above = BOUNDS[bounds]
    sd = ERRORS[error][2](f)
    law = stats.lognorm(s=sd, scale=f) if error == "log-normal" else stats.norm(f, sd)
    whole = law.sf(above)
    if lower == upper:
        return float(law.logpdf(lower) - math.log(whole))
    low = max(lower, above)
    inside = law.sf(low) - law.sf(upper) if low > f else law.cdf(upper) - law.cdf(low)
    return math.log(inside) - math.log(whole)


@pytest.mark.parametrize("bounds", BOUNDS)
@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("f", [0.4, 2.2, 3.1, 6.0])
def test_values_are_those_of_scipy(error: str, bounds: str, f: float) -> None:
    kind, limits, numbers = given(error, bounds)
    tolerance = 1e-5 if bounds == "narrow" else 1e-9  # scipy's difference loses the digits, not ours
    assert row_value(kind, f, *limits, *numbers) == pytest.approx(expected(error, bounds, f), rel=tolerance, abs=tolerance)


@pytest.mark.parametrize("bounds", BOUNDS)
@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("f", [0.4, 2.2, 3.1, 6.0])
def test_derivatives_are_those_of_differences(error: str, bounds: str, f: float) -> None:
    kind, limits, numbers = given(error, bounds)
    value, slope, curvature = row_parts(kind, f, *limits, *numbers)
    step = 1e-4 * f
    down, up = (row_value(kind, f + side * step, *limits, *numbers) for side in (-1, 1))
    assert value == row_value(kind, f, *limits, *numbers)
    assert slope == pytest.approx((up - down) / (2 * step), rel=1e-6, abs=1e-6)
    slopes = [row_parts(kind, f + side * step, *limits, *numbers)[1] for side in (-1, 1)]
    assert curvature == pytest.approx((slopes[1] - slopes[0]) / (2 * step), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("error", [e for e in ERRORS if e != "log-normal"])
def test_below_quantification_is_the_integral_of_the_density(error: str) -> None:
    kind, numbers, _ = ERRORS[error]
    whole = integrate.quad(lambda y: math.exp(row_value(kind, 2.0, y, y, -INF, 0.0, *numbers)), -30, 1.5, limit=200)[0]
    assert row_value(kind, 2.0, -INF, 1.5, -INF, 0.0, *numbers) == pytest.approx(math.log(whole), rel=1e-7)


@pytest.mark.parametrize("kind", [e for e in ERRORS if e != "log-normal"])
@pytest.mark.parametrize("f", [-2.0, 0.3, 5.0])
def test_the_deviation_and_its_derivatives(kind: str, f: float) -> None:
    code, numbers, plain = ERRORS[kind]
    s, s1, s2 = deviation(code, f, *numbers)
    h = 1e-5
    assert s == pytest.approx(plain(f))
    stated = error_from(next(kind for kind, own in KINDS.items() if own == code), numbers)
    assert stated.deviation(f) == pytest.approx(s)  # the error class and the compiled density say one thing
    assert s1 == pytest.approx((plain(f + h) - plain(f - h)) / (2 * h), rel=1e-6, abs=1e-8)
    assert s2 == pytest.approx((plain(f + h) - 2 * plain(f) + plain(f - h)) / h**2, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("z", [-1e8, -5e3, -40.0, -37.6, -30.001, -29.999, -10.0, -1.0, 0.0, 1e-9, 3.0, 9.0, 40.0])
def test_the_logarithm_of_a_probability_in_the_tails(z: float) -> None:
    assert log_cdf(z) == pytest.approx(float(special.log_ndtr(z)), rel=1e-13, abs=1e-300)


def test_the_hazard_in_the_tail_joins_its_series() -> None:
    near, far = log_cdf_parts(-29.9999999), log_cdf_parts(-30.0000001)
    np.testing.assert_allclose(near, far, rtol=1e-7)
    assert log_cdf_parts(-1e6)[2] == pytest.approx(-1.0, abs=1e-11)


@pytest.mark.parametrize(("a", "b"), [(-40.0, -39.0), (39.0, 40.0), (-1.0, 2.0), (-9.0, 9.0), (-500.0, -499.99), (12.0, 12.0005)])
def test_the_probability_of_an_interval_in_the_tails(a: float, b: float) -> None:
    # integrate the density relative to its greatest value
    top = min(abs(a), abs(b)) if a * b > 0 else 0.0
    whole = integrate.quad(lambda z: math.exp(0.5 * (top**2 - z * z)), a, b, epsabs=0, epsrel=1e-12, limit=500, points=None)[0]
    assert log_interval(a, b) == pytest.approx(math.log(whole) - 0.5 * top**2 - 0.5 * math.log(2 * math.pi), rel=1e-11, abs=1e-12)


@pytest.mark.parametrize(
    ("kind", "f", "bounds", "value"),
    [
        (PROPORTIONAL, 0.0, (0.0, 0.0, -INF, 0.0), 0.0),  # certain: nothing is learned
        (PROPORTIONAL, 0.0, (0.7, 0.7, -INF, 0.0), -INF),
        (PROPORTIONAL, 0.0, (-INF, 0.1, -INF, 0.0), 0.0),
        (PROPORTIONAL, 0.0, (0.05, 0.1, -INF, 0.0), -INF),
        (LOGNORMAL, 0.0, (-INF, 0.0, -INF, 0.0), 0.0),
        (LOGNORMAL, 0.0, (0.0, 0.0, -INF, 0.0), -INF),
        (LOGNORMAL, -1e-9, (-INF, 0.0, -INF, 0.0), 0.0),
        (CONSTANT, math.nan, (1.0, 1.0, -INF, 0.0), -INF),
        (LOGNORMAL, math.nan, (1.0, 1.0, -INF, 0.0), -INF),
        (CONSTANT, INF, (-INF, 1.0, -INF, 0.0), -INF),
        (POWER, 0.0, (1.0, 1.0, -INF, 0.0), -INF),
    ],
)
def test_where_the_error_has_no_width_or_the_prediction_is_none(
    kind: int, f: float, bounds: tuple[float, float, float, float], value: float
) -> None:
    numbers = (0.3, 0.3, 0.5)
    assert row_value(kind, f, *bounds, *numbers) == value
    assert row_parts(kind, f, *bounds, *numbers) == (value, 0.0, 0.0)


@pytest.mark.parametrize("above", [-INF, 1.0, 3.0, 9.0])
def test_measurements_above_a_value_have_the_truncated_distribution(above: float) -> None:
    u = (np.arange(400) + 0.5) / 400
    predicted = np.full(400, 2.0)
    for error, sd in ((Constant(sd=0.7), 0.7), (Combined1(sd=0.2, cv=0.3), 0.8)):
        expected = stats.truncnorm((above - 2.0) / sd, INF, loc=2.0, scale=sd).ppf(u)
        assert observe_above(error, predicted, special.ndtri(u), above) == pytest.approx(expected, rel=1e-9)
    bound = -INF if above == -INF else (math.log(above) - math.log(2.0)) / 0.6
    expected = np.exp(stats.truncnorm(bound, INF, loc=math.log(2.0), scale=0.6).ppf(u))
    assert observe_above(LogNormal(sd=0.6), predicted, special.ndtri(u), above) == pytest.approx(expected, rel=1e-9)
    nothing = observe_above(LogNormal(sd=0.6), np.zeros(400), special.ndtri(u), above)
    assert nothing == pytest.approx(max(above, 0.0))
