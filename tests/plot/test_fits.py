"""The charts of a fit render, and show the numbers that they were given."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from autologue.plot import chart_svg
from autologue.plot.fits import convergence, errors_chart, individual_fits, observed_predicted, predictive_check

INF = float("inf")


@pytest.fixture
def rows() -> pd.DataFrame:
    """Two patients with three samples each, the last of each censored below 50."""
    return pd.DataFrame(
        {"patient": list("aaabbb"), "time": [1.0, 7, 28] * 2, "lower": [900.0, 90, -INF] * 2, "upper": [900.0, 90, 50] * 2,
         "limit": 50.0, "censored": [False, False, True] * 2, "imputed": [900.0, 90, 20] * 2, "ipred": [800.0, 100, 30] * 2,
         "pred": [700.0, 120, 40] * 2, "iwres": [0.1, -0.2, -1.0] * 2}
    )  # fmt: skip


def symbols(svg: str) -> tuple[int, int]:
    """How many dots and how many open triangles a figure holds besides its legend."""
    groups = "".join(re.findall(r'<g class="mark-symbol role-mark.*?</g>', svg, re.DOTALL))
    white = len(re.findall(r'<path[^>]*fill="#ffffff"[^>]*stroke="(?!#ffffff)', groups, re.IGNORECASE))
    return groups.count("<path") - white, white


def lines(svg: str) -> list[str]:
    return re.findall(r'<g class="mark-line role-mark.*?</g>', svg, re.DOTALL)


def test_individual_fits_have_both_curves_limit_and_censored_marks(rows: pd.DataFrame) -> None:
    times = np.linspace(0.0, 28.0, 15)
    curves = pd.DataFrame({"patient": np.repeat(["a", "b"], 15), "time": np.tile(times, 2), "ipred": 1000.0, "pred": 100.0})
    doses = pd.DataFrame({"id": ["a", "b"], "time": [0.0, 0.0]})
    svg = chart_svg(individual_fits(rows, curves, quantity="Cells", unit="cells/uL", doses=doses))
    assert len(lines(svg)) == 4  # of two patients, their own and the typical
    assert symbols(svg) == (4 + 2, 2)  # with two arrows of doses
    assert svg.count("stroke-dasharray") >= 2
    assert "below the assay limit" in svg


def test_a_curve_far_below_the_samples_does_not_stretch_the_axis(rows: pd.DataFrame) -> None:
    curves = pd.DataFrame({"patient": list("aabb"), "time": [0.0, 28.0] * 2, "ipred": [900.0, 1e-30] * 2, "pred": [0.0, 100.0] * 2})
    svg = chart_svg(individual_fits(rows, curves, quantity="Cells", unit="cells/uL"))
    powers = {int(each.replace("−", "-")) for each in re.findall(r">(−?\d)</text>", svg)}
    assert powers
    assert min(powers) >= 0


def test_observed_and_errors_tell_what_was_drawn(rows: pd.DataFrame) -> None:
    seen = observed_predicted(rows, prediction="ipred", quantity="Cells", unit="cells/uL")
    for chart in (seen, errors_chart(rows, value="iwres", title="IWRES")):
        assert symbols(chart_svg(chart)) == (4, 2)


def test_a_check_has_a_panel_of_what_is_below() -> None:
    ends = {"low": [0.5, 0.2], "middle": [1.0, 0.4], "high": [2.0, 0.6]}
    percentiles = pd.DataFrame({"time": [1.0, 7.0], "level": 0.5, "observed": [1.0, 0.5], "censored": [False, True], **ends})
    below = pd.DataFrame({"time": [1.0, 7.0], "observed": [0.0, 0.5], "low": 0.0, "middle": 0.3, "high": 0.7})
    points = pd.DataFrame({"time": [1.0, 7.0], "value": [1.0, 0.5]})
    svg = chart_svg(predictive_check(percentiles, below, points, quantity="Cells", unit="cells/uL"))
    assert "Share below quantification" in svg


def test_convergence_has_a_panel_an_estimate() -> None:
    trace = pd.DataFrame({"iteration": [0, 1] * 2, "estimate": list("ppqq"), "value": [1.0, 2.0, 3.0, 3.0]})
    svg = chart_svg(convergence(trace, phases=pd.DataFrame({"iteration": [0.0]})))
    assert len(lines(svg)) == 2
