"""Scales are said, ranges are not empty, residual errors observe."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autologue.errors import ModelError
from autologue.model import Parameter
from autologue.variability import Combined1, Combined2, Constant, LogitNormal, LogNormal, Normal, Power, Proportional


def test_scales_are_the_same_thing_said_three_ways() -> None:
    assert LogNormal(variance=0.25).sd == 0.5
    assert LogNormal(cv=math.sqrt(math.expm1(0.25))).sd == pytest.approx(0.5, rel=1e-14)
    assert LogitNormal(variance=0.09).sd == pytest.approx(0.3)
    assert Normal(variance=4.0).sd == 2.0
    assert LogNormal(sd=0.5) == LogNormal(variance=0.25)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: LogNormal(), "needs exactly one of sd=, variance= or cv=, got none"),
        (lambda: LogNormal(sd=0.1, cv=0.1), "got sd, cv"),
        (lambda: Normal(sd=-1.0), r"Normal\(sd=-1.0\) must be a finite number of at least zero"),
        (lambda: LogitNormal(variance=math.nan), "must be a finite number"),
        (lambda: LogNormal(sd=1.0, lower=2.0, upper=1.0), r"truncated to \[2, 1\], which is empty"),
        (lambda: Parameter(1.0, "1", "fold", 2.4), r"write LogNormal\(sd=2.4\) or LogNormal\(variance=2.4\)"),  # type: ignore[arg-type]
    ],
)
def test_refusals(make: Callable[[], Any], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        make()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Constant(sd=2.0), lambda f: 2.0 + 0.0 * f),
        (Proportional(cv=0.1), lambda f: 0.1 * f),
        (Combined1(sd=2.0, cv=0.1), lambda f: 2.0 + 0.1 * f),
        (Combined2(sd=2.0, cv=0.1), lambda f: np.hypot(2.0, 0.1 * f)),
        (Power(cv=0.1, exponent=0.5), lambda f: 0.1 * np.sqrt(f)),
    ],
)
def test_residual_errors_have_their_standard_deviation(error: Any, expected: Callable[[Any], Any]) -> None:
    prediction = np.array([0.0, 10.0, 400.0])
    np.testing.assert_allclose(error.observe(prediction, 1.0) - prediction, expected(prediction))
    np.testing.assert_allclose(error.observe(prediction, 0.0), prediction)
    np.testing.assert_allclose(error.deviation(prediction) + 0.0 * prediction, expected(prediction))


def test_log_normal_residual_error_is_additive_on_the_logarithm() -> None:
    assert math.log(LogNormal(sd=0.56).observe(100.0, -2.0) / 100.0) == pytest.approx(-1.12)
