"""The functions of models on floats and arrays, at the edges where models go."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autologue.functions import exp, hill, log, maximum, minimum, sqrt, where


@pytest.mark.parametrize(
    ("x", "half", "power", "expected"),
    [
        (0.0, 5.0, 0.3, 0.0),
        (-1.0, 5.0, 2.0, 0.0),
        (5.0, 5.0, 0.3, 0.5),
        (2.0, 4.0, 2.0, 0.2),
        (8.0, 4.0, 2.0, 0.8),
        (7e-210, 1e12, 1.4, 0.0),
        (1e12, 7e-210, 1.4, 1.0),
        (3.0, 0.0, 1.4, 1.0),
        (0.0, 0.0, 1.4, 0.0),
    ],
)
def test_hill_on_floats_and_arrays(x: float, half: float, power: float, expected: float) -> None:
    assert hill(x, half, power) == pytest.approx(expected, abs=1e-300)
    assert hill(np.array([x]), half, power)[0] == pytest.approx(expected, abs=1e-300)
    assert hill(np.array([x]), np.array([half]), power)[0] == pytest.approx(expected, abs=1e-300)


def test_floats_and_arrays_agree() -> None:
    values = np.array([0.3, 1.0, 4.0])
    for function in (exp, log, sqrt):
        np.testing.assert_array_equal(function(values), [function(float(v)) for v in values])
    for pair in (minimum, maximum):
        np.testing.assert_array_equal(pair(values, 1.5), [pair(float(v), 1.5) for v in values])
    np.testing.assert_array_equal(where(values < 1.0, values, 0.0), [where(float(v) < 1.0, float(v), 0.0) for v in values])


@pytest.mark.parametrize("function", [minimum, maximum])
def test_what_is_not_a_number_is_seen_on_either_side(function: Callable[[Any, Any], Any]) -> None:
    assert math.isnan(function(math.nan, 1.0))
    assert math.isnan(function(1.0, math.nan))
    assert np.isnan(function(np.array([math.nan, 1.0]), np.array([1.0, math.nan]))).all()


def test_hill_shows_what_is_not_a_number() -> None:
    for arguments in ((math.nan, 1.0, 2.0), (1.0, math.nan, 2.0), (1.0, 2.0, math.nan)):
        assert math.isnan(hill(*arguments))
        assert np.isnan(hill(*(np.array([a]) for a in arguments))).all()
