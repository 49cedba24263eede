"""Figures of analyses: every factor, panel, point and name is drawn."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from autologue.errors import InputError
from autologue.plot import Axis, chart_svg
from autologue.plot.analysis import courses, equilibrium_curves, factor_indices, model_curves, profile_curves


def texts(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def symbols(svg: str) -> int:
    groups = re.findall(r'<g class="mark-symbol role-mark[^>]*>(.*?)</g>', svg, re.DOTALL)
    return sum(group.count("<path") for group in groups)


@pytest.fixture
def indices() -> pd.DataFrame:
    rows = []
    for quantity in ("peak", "day 28"):
        for k, factor in enumerate(("kill", "growth", "loss")):
            for index, value in (("first order", 0.1 * k), ("total", 0.1 * k + 0.05)):
                row = {"quantity": quantity, "factor": factor, "index": index}
                rows.append({**row, "estimate": value, "lower": value - 0.02, "upper": value + 0.02})
    return pd.DataFrame(rows)


def test_indices_have_a_row_for_each_factor_and_a_panel_for_each_quantity(indices: pd.DataFrame) -> None:
    svg = chart_svg(factor_indices(indices, title="share"))
    shown = texts(svg)
    assert {"peak", "day 28", "first order", "total", "share"} <= set(shown)
    names = [t for t in shown if t in ("kill", "growth", "loss")]
    assert names == ["loss", "growth", "kill"] * 2  # the largest total on top
    assert symbols(svg) == len(indices)


def test_courses_name_the_largest_eight(indices: pd.DataFrame) -> None:
    time = np.linspace(0, 28, 15)
    frame = pd.concat([pd.DataFrame({"parameter": f"p{k}", "time": time, "elasticity": (k - 5) * time / 28}) for k in range(12)])
    shown = set(texts(chart_svg(courses(frame, quantity="% for 1 %"))))
    assert {"p0", "p1", "p11", "p10"} <= shown
    assert len({f"p{k}" for k in range(12)} & shown) == 8


def test_profiles_have_a_panel_with_the_verdict() -> None:
    value = np.geomspace(0.5, 2, 9)
    curves = pd.DataFrame({"parameter": "kill", "value": value, "deviance": 4 * np.log(value) ** 2})
    table = pd.DataFrame({"parameter": ["kill"], "true": [1.0], "verdict": ["bounded on both sides"]})
    svg = chart_svg(profile_curves(curves, table, limit=3.84))
    assert {"kill", "bounded on both sides"} <= set(texts(svg))


@pytest.mark.parametrize("log", [True, False])
def test_equilibria_are_filled_where_stable(log: bool) -> None:
    table = pd.DataFrame({"value": [1.0, 10.0, 1.0, 10.0], "state": [0.0, 0.0, 50.0, 500.0], "stable": [False, False, True, True]})
    svg = chart_svg(equilibrium_curves(table, state=Axis("tumour", "cells", log=log), parameter=Axis("kill", "1/day", log=log)))
    assert {"stable", "not stable", "tumour (cells)", "kill (1/day)"} <= set(texts(svg))
    assert symbols(svg) == 4


def test_equilibria_that_are_all_zero_are_drawn() -> None:
    table = pd.DataFrame({"value": [1.0, 10.0], "state": [0.0, 0.0], "stable": [True, True]})
    assert symbols(chart_svg(equilibrium_curves(table, state=Axis("x", log=True), parameter=Axis("k")))) == 2


def test_models_are_named_at_the_end_of_their_lines() -> None:
    time = np.linspace(0, 365, 50)
    frames = [
        pd.DataFrame({"model": m, "quantity": q, "time": time, "value": np.exp(-time * (k + 1) / 100)})
        for k, m in enumerate(("one", "two")) for q in ("CAR-T cells", "disease")
    ]  # fmt: skip
    shown = texts(chart_svg(model_curves(pd.concat(frames))))
    assert shown.count("one") == shown.count("two") == 2
    assert {"CAR-T cells relative to their peak", "Disease relative to its start"} <= set(shown)
    many = pd.concat([frames[0].assign(model=f"m{k}") for k in range(9)])
    with pytest.raises(InputError, match="9 models are too many"):
        model_curves(many)
