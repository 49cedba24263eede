"""Every chart renders without a browser, and shows the numbers that it was given."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from autologue.errors import InputError
from autologue.patient import Cohort, Observations, Patient
from autologue.plot import (
    KINDS,
    Axis,
    chart_svg,
    cohort_profiles,
    expansion_curves,
    intervals,
    profiles,
    quantile_bands,
    scatter_with_band,
    spaghetti,
    survival_curves,
)
from autologue.plot.forecast import forecast_curve
from autologue.regimen import Bolus, Regimen

COPIES = {"limit": 50.0, "unit": "copies/ug"}
Table = pd.DataFrame


def texts(svg: str) -> list[str]:
    """What a reader can read in a figure, in the order of drawing."""
    return re.findall(r"<text[^>]*>([^<]+)</text>", svg)


def marks(svg: str, kind: str) -> list[str]:
    """The path data of every mark of one kind (line, area, symbol)."""
    groups = re.findall(rf'<g class="mark-{kind} role-mark.*?</g>', svg, re.DOTALL)
    return [path for group in groups for path in re.findall(r'<path[^>]*\bd="([^"]+)"', group)]


def test_expansion_has_bands_median_limit_and_labels(bands: Table) -> None:
    svg = chart_svg(expansion_curves(bands, **COPIES))
    assert {"90 %", "50 %", "median", "assay limit 50 copies/µg", "CAR transgene in blood (copies/µg)"} <= set(texts(svg))
    assert len(marks(svg, "area")) == 2
    assert len(marks(svg, "line")) == 1
    assert "stroke-dasharray" in svg


def test_the_median_is_drawn_where_its_value_is(bands: Table) -> None:
    """Over four decades a value of 100 lies half way up: the pixel is computed here from the definition of a logarithm."""
    flat = quantile_bands([0, 10, 20], [[100.0, 100, 100], [100, 100, 100]]).assign(lower_90=1.0, upper_90=1e4)
    (path,) = marks(chart_svg(expansion_curves(flat, **COPIES)), "line")
    heights = {float(y) for y in re.findall(r"[ML][\d.]+,([\d.]+)", path)}
    assert heights == {135.0}


def test_samples_below_the_limit_have_their_own_mark(bands: Table) -> None:
    one = pd.DataFrame({"time": [28.0, 90.0], "value": [500.0, 0.0], "blq": [False, True]})
    svg = chart_svg(expansion_curves(bands, **COPIES, observed=one))
    assert {"measured", "below the assay limit"} <= set(texts(svg))
    samples = marks(svg, "symbol")
    triangles = [path for path in samples if "A" not in path]
    assert (len(samples), len(triangles)) == (2, 1)


def test_a_value_under_the_limit_counts_as_below_where_nothing_says_so(bands: Table) -> None:
    given = pd.DataFrame({"time": [28.0, 90.0, 180.0], "value": [500.0, 49.0, 3.0]})
    samples = marks(chart_svg(expansion_curves(bands, **COPIES, observed=given)), "symbol")
    assert sum("A" not in path for path in samples) == 2


def test_zero_is_drawn_at_the_foot_of_a_logarithmic_axis() -> None:
    gone = quantile_bands([0, 10, 20], [[100.0, 100, 0], [300, 300, 0]])
    (path,) = marks(chart_svg(expansion_curves(gone, **COPIES)), "line")
    assert re.search(r",270$", path)


def test_long_times_are_on_a_square_root_scale_and_say_so(bands: Table) -> None:
    long, short = (chart_svg(expansion_curves(part, **COPIES)) for part in (bands, bands[bands["time"] <= 28]))
    assert "Days after infusion (square-root scale)" in texts(long)
    assert "Time after infusion (days)" in texts(short)


def test_spaghetti_draws_every_patient_and_names_the_highlighted(curves: Table) -> None:
    svg = chart_svg(spaghetti(curves, **COPIES, highlight=["P003", "P021"]))
    assert len(marks(svg, "line")) == 79 + 2
    assert {"P003", "P021"} <= set(texts(svg))
    assert len(marks(chart_svg(spaghetti(curves, **COPIES)), "line")) == 79


def test_many_rows_are_drawn_in_full(curves: Table) -> None:
    assert len(curves) > 5000  # beyond which altair by itself refuses
    assert sum(path.count("L") for path in marks(chart_svg(spaghetti(curves, **COPIES)), "line")) == len(curves) - 79


def test_scatter_draws_every_patient_and_the_band(inflammation: tuple[Table, Table]) -> None:
    points, band = inflammation
    x, y = Axis("Burden at infusion", "cells", log=True), Axis("Peak inflammation", "1", log=True)
    svg = chart_svg(scatter_with_band(points, band, x=x, y=y))
    assert len(marks(svg, "symbol")) == len(points)
    assert {"running median", "Burden at infusion (cells)", "Peak inflammation"} <= set(texts(svg))
    assert len(marks(chart_svg(scatter_with_band(points, x=x, y=y)), "area")) == 0


def test_intervals_tell_kinds_apart_by_colour_and_shape(comparison: Table) -> None:
    svg = chart_svg(intervals(comparison))
    assert set(comparison["kind"]) <= set(texts(svg))
    assert {"Kinetics", "Leukaemia", "Inflammation", "24\u202f300 (17\u202f800–33\u202f100)", "68 (56–79)", "outside"} <= set(texts(svg))
    assert len({shape for _, shape in KINDS.values()}) == len({colour for colour, _ in KINDS.values()}) == len(KINDS)
    assert all(KINDS[kind][0] in svg for kind in comparison["kind"])


def test_a_published_figure_stands_at_its_ratio_to_the_predicted_median(comparison: Table) -> None:
    """With the axis from 0.5 / 1.08 to 2 * 1.08 over 230 pixels, a published figure at the median stands in the middle."""
    row = comparison.iloc[[1]].assign(published=9.3, published_lower=float("nan"))
    (_, group) = re.search(r'<g class="mark-symbol role-mark(.*?)>(.*?)</g>', chart_svg(intervals(row)), re.DOTALL).groups()  # type: ignore[union-attr]
    assert float(re.search(r"translate\(([\d.]+),", group)[1]) == pytest.approx(115.0)  # type: ignore[index]


def test_a_row_without_published_figure_or_median_keeps_its_numbers(comparison: Table) -> None:
    nan = float("nan")
    rows = comparison.iloc[[4, 5]].assign(published=nan, published_lower=nan, published_upper=nan, median=[80.0, 0.0], lower=[71.0, 0.0])
    svg = chart_svg(intervals(rows))
    assert {"80 (71–88)", "0 (0–92)", "–"} <= set(texts(svg))


def test_survival_has_steps_ticks_and_numbers_at_risk(survival: tuple[Table, Table]) -> None:
    frame, at_risk = survival
    svg = chart_svg(survival_curves(frame, at_risk, event="Overall survival"))
    shown = texts(svg)
    assert shown.count("CAR-T") == shown.count("standard care") == 2  # at the curve and in the table
    assert all(f"{number}" in shown for number in at_risk["at_risk"])
    for path in marks(svg, "line"):
        corners = [tuple(map(float, pair)) for pair in re.findall(r"([\d.]+),([\d.]+)", path)]
        steps = pairwise(corners)
        assert all(x == pytest.approx(xx) or y == pytest.approx(yy) for (x, y), (xx, yy) in steps)


def test_survival_of_one_arm_begins_at_one(survival: tuple[Table, Table]) -> None:
    frame, at_risk = (table[table["arm"] == "CAR-T"].drop(columns="arm") for table in survival)
    (path,) = marks(chart_svg(survival_curves(frame, at_risk)), "line")
    assert re.match(r"M0,0L", path)


def test_profiles_are_one_panel_a_patient(samples: Table) -> None:
    few = samples[samples["id"].isin(samples["id"].unique()[:5])]
    doses = few[["id"]].drop_duplicates().assign(time=0.0)
    svg = chart_svg(profiles(few, **COPIES, doses=doses, columns=3))
    assert set(few["id"]) <= set(texts(svg))
    assert len(marks(svg, "symbol")) == len(few) + len(doses)


@pytest.mark.parametrize("quantity", ["<b>CAR & T</b>", "a\"b'c"])
def test_text_of_the_user_is_escaped(bands: Table, quantity: str) -> None:
    svg = chart_svg(expansion_curves(bands, **COPIES, quantity=quantity))
    assert "<b>" not in svg
    assert svg.count("<svg") == 1


@pytest.mark.parametrize(
    ("draw", "sentence"),
    [
        (lambda d: expansion_curves(d["bands"].drop(columns="median"), **COPIES), "lacks the column median"),
        (lambda d: expansion_curves(d["bands"], limit=0, unit="copies/ug"), "limit must be above zero"),
        (lambda d: expansion_curves(d["bands"].iloc[:0], **COPIES), "has no rows"),
        (lambda d: expansion_curves(d["bands"].assign(median="x"), **COPIES), "not numbers"),
        (lambda d: spaghetti(d["curves"], **COPIES, highlight=["P0003"]), "did you mean P003"),
        (lambda d: spaghetti(d["curves"], **COPIES, highlight=list(d["curves"]["id"].unique()[:6])), "at most 5"),
        (lambda d: intervals(d["comparison"].assign(kind="independant")), "did you mean independent"),
        (lambda d: survival_curves(d["survival"][0].assign(estimate=80.0), d["survival"][1]), "between 0 and 1"),
        (lambda d: survival_curves(d["survival"][0], d["survival"][1].query("arm == 'CAR-T'")), "lacks the arm standard care"),
        (lambda d: profiles(d["curves"], **COPIES), "79 patients do not fit"),
        (lambda d: profiles(d["curves"], limit=-1, unit="copies/ug"), "limit must be above zero"),
        (lambda d: scatter_with_band(pd.DataFrame({"x": [0.0], "y": [1.0]}), x=Axis("a", log=True), y=Axis("b")), "no value is above zero"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_one_sentence(request: pytest.FixtureRequest, draw, sentence: str) -> None:  # type: ignore[no-untyped-def]
    tables = {name: request.getfixturevalue(name) for name in ("bands", "curves", "comparison", "survival")}
    with pytest.raises(InputError, match=sentence):
        draw(tables)


def test_profiles_of_a_cohort_mark_what_is_censored_and_limits_that_move() -> None:
    seen = Observations([-1, 7, 14, 28, 90], unit="copies/ug", lower=[-np.inf, 900, 5000, 0, -np.inf], upper=[200, 900, np.inf, 0, 50],
                        limit=[200, 200, 50, 50, 50])  # fmt: skip
    cohort = Cohort((Patient(id="7", observations={"car": seen}, regimen=Regimen(Bolus(0, 1, "cells", "cells", every=60, additional=1))),))
    svg = chart_svg(cohort_profiles(cohort, "car"))
    kinds = {"measured", "below the assay limit", "above the assay range", "measured zero, at the foot"}
    assert kinds <= set(texts(svg))
    assert len(marks(svg, "symbol")) == 5 + 2
    assert len(marks(svg, "line")) == 1  # the steps of the limit
    with pytest.raises(InputError, match="unknown output of the cohort 'cra'; did you mean car"):
        cohort_profiles(cohort, "cra")
    nothing = Cohort((Patient(id="7", observations={"car": Observations([1], [0.0], unit="1")}),))
    with pytest.raises(InputError, match="no value of 'car' is above zero"):
        cohort_profiles(nothing, "car")


def test_a_forecast_keeps_what_was_measured_in_sight_and_ends_bands_at_the_edge() -> None:
    time = np.array([0.0, 30.0, 60.0])
    bands = quantile_bands(time, np.array([[80.0, 3.0, 1e15], [90.0, 2.0, 1e16]]))
    observed = pd.DataFrame({"time": [0.0, 30.0], "value": [80.0, 0.5], "blq": [False, True], "limit": [0.5, 0.5]})
    spec = json.dumps(forecast_curve(bands, observed=observed, unit="mL", quantity="tumour", now=30.0).to_dict())
    domains = {tuple(each) for each in re.findall(r'"domain": \[([-+.e\d]+), ([-+.e\d]+)\]', spec)}
    assert ("0.1", "1000000.0") in domains
    assert "1e+16" not in spec
    assert "1e16" not in spec
    alone = forecast_curve(bands, observed=observed.iloc[:0], unit="mL", quantity="tumour", now=30.0)
    assert '"domain": [100000000.0, 1e+16]' in json.dumps(alone.to_dict())
