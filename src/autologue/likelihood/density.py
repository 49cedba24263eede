"""The log-density of one observation given its prediction, for every residual error and every kind of censoring.

An observation is known to lie in (lower, upper]; equal bounds mean it was measured. With z(x) = (x - f) / s, f the prediction
and s the standard deviation there,

    measured          -log s - z(y)^2 / 2 - log(2 pi) / 2
    within an interval  log(Phi(z(upper)) - Phi(z(lower)))          left, right and interval censoring (M3)
    above             both, less log(1 - Phi(z(above)))             conditional on being above (M2; with an interval M4)

For a log-normal error f is the logarithm of the prediction, the bounds are logarithms too, and a measured value has the further term
-log y, so that likelihoods of different errors can be compared. An error of no width puts all probability on the prediction.
"""

from __future__ import annotations

import math

from autologue.compiled import compiled
from autologue.likelihood.normal import LOG_ROOT_TWO_PI, NARROW, interval_parts, log_cdf, log_cdf_parts, log_interval

__all__ = ["COMBINED1", "COMBINED2", "CONSTANT", "LOGNORMAL", "POWER", "PROPORTIONAL", "deviation", "row_parts", "row_value"]

CONSTANT, PROPORTIONAL, COMBINED1, COMBINED2, POWER, LOGNORMAL = range(6)


@compiled
def deviation(kind: int, f: float, sd: float, cv: float, exponent: float) -> tuple[float, float, float]:
    """Return the standard deviation at prediction f and its first two derivatives by f."""
    side = -1.0 if f < 0.0 else 1.0
    if kind == PROPORTIONAL:
        return cv * abs(f), cv * side, 0.0
    if kind == COMBINED1:
        return sd + cv * abs(f), cv * side, 0.0
    if kind == COMBINED2:
        s = math.sqrt(sd * sd + cv * cv * f * f)
        return (s, cv * cv * f / s, (sd * cv) ** 2 / s**3) if s > 0.0 else (0.0, cv * side, 0.0)
    if kind == POWER:
        if f == 0.0:
            return (0.0 if exponent > 0.0 else (cv if exponent == 0.0 else math.inf)), 0.0, 0.0
        s = cv * abs(f) ** exponent
        return s, exponent * s / f, exponent * (exponent - 1.0) * s / (f * f)
    return sd, 0.0, 0.0


@compiled
def row_value(
    kind: int, f: float, lower: float, upper: float, above: float, extra: float, sd: float, cv: float, exponent: float
) -> float:
    """Return the log-density; `extra` is what does not depend on the prediction. -inf where the observation is impossible."""
    if kind == LOGNORMAL:
        f = math.log(f) if f > 0.0 else (-math.inf if f <= 0.0 else math.nan)
        if f == -math.inf:  # nothing is left: only an observation that may be zero is possible
            return extra if lower == -math.inf and lower < upper and above == -math.inf else -math.inf
    if not math.isfinite(f):
        return -math.inf
    s = deviation(kind, f, sd, cv, exponent)[0]
    if not s > 0.0:
        return extra if lower <= f <= upper and f >= above else -math.inf
    if lower == upper:
        z = (lower - f) / s
        value = extra - math.log(s) - 0.5 * z * z - LOG_ROOT_TWO_PI
    else:
        low = max(lower, above)
        value = extra + log_interval((low - f) / s, (upper - f) / s) if low < upper else -math.inf
    if above > -math.inf:
        value -= log_cdf((f - above) / s)
    return value if value == value else -math.inf


@compiled
def row_parts(
    kind: int, f: float, lower: float, upper: float, above: float, extra: float, sd: float, cv: float, exponent: float
) -> tuple[float, float, float]:
    """Return the log-density and its first two derivatives by the prediction; these are 0 where it is -inf."""
    value = row_value(kind, f, lower, upper, above, extra, sd, cv, exponent)
    if not math.isfinite(value):
        return value, 0.0, 0.0
    x = math.log(f) if kind == LOGNORMAL and f > 0.0 else f
    if kind == LOGNORMAL and f <= 0.0:
        return value, 0.0, 0.0
    s, s1, s2 = deviation(kind, x, sd, cv, exponent)
    if not s > 0.0:
        return value, 0.0, 0.0
    slope, bend = _parts(x, s, s1, s2, lower, upper, above)
    if kind == LOGNORMAL:
        return value, slope / f, (bend - slope) / (f * f)
    return value, slope, bend


@compiled
def _moved(x: float, f: float, s: float, s1: float, s2: float) -> tuple[float, float, float]:
    """Return z = (x - f) / s and its first two derivatives by f."""
    if x == math.inf or x == -math.inf:
        return x, 0.0, 0.0
    z = (x - f) / s
    first = -(1.0 + z * s1) / s
    return z, first, -(2.0 * first * s1 + z * s2) / s


@compiled
def _parts(f: float, s: float, s1: float, s2: float, lower: float, upper: float, above: float) -> tuple[float, float]:
    """Return the first two derivatives of the log-density by f."""
    low = max(lower, above) if lower < upper else lower
    middle = 0.5 * (low + upper)
    if lower == upper or (upper - low) / s * max(1.0, abs(middle - f) / s) < NARROW:
        # a narrow interval is its width times the density at its middle
        z, z1, z2 = _moved(middle, f, s, s1, s2)
        slope, bend = -s1 / s - z * z1, (s1 / s) ** 2 - s2 / s - z1 * z1 - z * z2
    else:
        a, a1, a2 = _moved(low, f, s, s1, s2)
        b, b1, b2 = _moved(upper, f, s, s1, s2)
        _, da, db, daa, dab, dbb = interval_parts(a, b)
        slope = da * a1 + db * b1
        bend = daa * a1 * a1 + 2.0 * dab * a1 * b1 + dbb * b1 * b1 + da * a2 + db * b2
    if above > -math.inf:
        c, c1, c2 = _moved(above, f, s, s1, s2)
        _, h, h1 = log_cdf_parts(-c)
        slope += h * c1
        bend += h * c2 - h1 * c1 * c1
    return slope, bend
