"""Confidence levels: one place that refuses 95 where 0.95 is meant."""

from __future__ import annotations

from scipy.stats import norm

from autologue.errors import InputError

__all__ = ["check_level", "deviate"]


def check_level(level: float) -> None:
    """Raise InputError unless a level lies between 0 and 1."""
    if not 0 < level < 1:
        raise InputError(f"the level is {level:g}; expected a fraction between 0 and 1, like 0.95.")


def deviate(level: float) -> float:
    """Return the normal deviate of a two-sided interval.

    >>> round(deviate(0.95), 4)
    1.96
    """
    check_level(level)
    return float(norm.ppf(0.5 + level / 2))
