"""Logarithms of probabilities of the standard normal distribution, accurate in the far tails, with their derivatives."""

from __future__ import annotations

import math

from autologue.compiled import compiled

__all__ = ["LOG_ROOT_TWO_PI", "NARROW", "interval_parts", "log_cdf", "log_cdf_parts", "log_interval"]

LOG_ROOT_TWO_PI = 0.9189385332046727
NARROW = 1e-3  # below it a difference of probabilities loses digits, and the density at its middle is exact to rounding
_FAR = -30.0


@compiled
def log_cdf(z: float) -> float:
    """Return log P(Z <= z)."""
    if z > 0.0:
        return math.log1p(-0.5 * math.erfc(z / math.sqrt(2.0)))
    if z > _FAR:
        return math.log(0.5 * math.erfc(-z / math.sqrt(2.0)))
    if z == -math.inf:
        return -math.inf
    r = 1.0 / (z * z)
    return -0.5 * z * z - math.log(-z) - LOG_ROOT_TWO_PI + math.log1p(r * (-1.0 + r * (3.0 + r * (-15.0 + r * 105.0))))


@compiled
def log_cdf_parts(z: float) -> tuple[float, float, float]:
    """Return log P(Z <= z) and its first two derivatives."""
    if z == -math.inf or z == math.inf:
        return log_cdf(z), 0.0, 0.0
    value = log_cdf(z)
    if z > _FAR:
        slope = math.exp(-0.5 * z * z - LOG_ROOT_TWO_PI - value)
        return value, slope, -slope * (z + slope)
    r = 1.0 / (z * z)  # z + slope, the excess of the hazard, from its series: the difference would have no digits left
    excess = -(1.0 + r * (-2.0 + r * (10.0 - r * 74.0))) / z
    slope = excess - z
    return value, slope, -slope * excess


@compiled
def log_interval(a: float, b: float) -> float:
    """Return log P(a < Z <= b) for a < b."""
    if a == -math.inf:
        return log_cdf(b)
    if b == math.inf:
        return log_cdf(-a)
    if a > 0.0:
        a, b = -b, -a
    width, middle = b - a, 0.5 * (a + b)
    if width * max(1.0, abs(middle)) < NARROW:
        return math.log(width) - 0.5 * middle * middle - LOG_ROOT_TWO_PI + math.log1p(width * width * (middle * middle - 1.0) / 24.0)
    if b <= 0.0:
        top = log_cdf(b)
        return top + math.log1p(-math.exp(log_cdf(a) - top))
    return math.log1p(-0.5 * (math.erfc(b / math.sqrt(2.0)) + math.erfc(-a / math.sqrt(2.0))))


@compiled
def interval_parts(a: float, b: float) -> tuple[float, float, float, float, float, float]:
    """Return log P(a < Z <= b) and its derivatives by a, by b, by a twice, by a and b, by b twice."""
    if a == -math.inf:
        value, slope, bend = log_cdf_parts(b)
        return value, 0.0, slope, 0.0, 0.0, bend
    if b == math.inf:
        value, slope, bend = log_cdf_parts(-a)
        return value, -slope, 0.0, bend, 0.0, 0.0
    value = log_interval(a, b)
    low = -math.exp(-0.5 * a * a - LOG_ROOT_TWO_PI - value)
    high = math.exp(-0.5 * b * b - LOG_ROOT_TWO_PI - value)
    return value, low, high, -a * low - low * low, -low * high, -b * high - high * high
