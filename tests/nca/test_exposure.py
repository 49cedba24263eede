"""From a tidy table to exposure and its summary: theophylline against PKNCA, groups, doses, units, and what is refused."""

import math
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from autologue.errors import InputError
from autologue.nca import NCA, Exposure, Window, estimate_exposure, nca_profiles, summarise_exposure

VALIDATION = Path(__file__).resolve().parents[2] / "validation" / "nca_theophylline.py"


def samples() -> pd.DataFrame:
    """Return three patients of two groups, out of order."""
    return pd.DataFrame(
        {
            "id": ["c", "a", "a", "b", "a", "b", "b", "c"],
            "time": [0.0, 7.0, 0.0, 0.0, 14.0, 7.0, 14.0, 7.0],
            "value": [0.0, 900.0, 0.0, 10.0, 300.0, 400.0, 20.0, 30.0],
            "lloq": 50.0,
            "group": ["n", "r", "r", "r", "r", "r", "r", "n"],
            "dose": [1.0, 2.0, 2.0, 4.0, 2.0, 4.0, 4.0, 1.0],
        }
    )


def test_theophylline_agrees_with_pknca() -> None:
    rows = runpy.run_path(str(VALIDATION))["checks"]()
    assert len(rows) == 15
    assert [row for row in rows if not row["passed"]] == []


def test_patients_keep_their_labels_and_their_order() -> None:
    found = estimate_exposure(samples(), NCA((Window(0, 14),)), value_unit="copies/ug").table
    assert found["id"].tolist() == ["c", "a", "b"]
    assert found["group"].tolist() == ["n", "r", "r"]
    assert found["measurable"].tolist() == [0, 2, 1]
    assert found["cmax"].tolist()[1:] == [900.0, 400.0]
    assert found["cmax_per_dose"].tolist()[1:] == [450.0, 100.0]
    assert found["auc_last"].tolist()[2] == 1400.0
    assert found["auc_last_per_dose"].tolist()[2] == 350.0
    assert math.isnan(found["cmax"][0])
    assert found["terminal"][0] == "nothing measurable"


def test_a_table_gives_what_its_flat_arrays_give() -> None:
    data = samples().sort_values(["id", "time"])
    found = estimate_exposure(data[["id", "time", "value", "lloq"]], value_unit="copies/ug").table.drop(columns="id")
    flat = nca_profiles(data["time"], np.maximum(data["value"], 50.0), data["value"] < 50.0, [0, 3, 6, 8])
    pd.testing.assert_frame_equal(found, flat)


def test_a_mark_overrules_the_comparison_with_the_limit() -> None:
    data = samples().assign(blq=[True, False, True, True, False, False, False, False])
    found = estimate_exposure(data, value_unit="copies/ug").table
    assert found["measurable"].tolist() == [1, 2, 2]


def test_every_column_has_a_unit() -> None:
    exposure = estimate_exposure(samples(), NCA((Window(0, 28), Window(7, 14.5))), value_unit="copies/ug")
    assert list(exposure.units) == [name for name in exposure.table if name not in ("id", "group", "dose")]
    named = {"cmax": "copies/ug", "tmax": "day", "auc_7_14.5": "copies/ug*day", "auc_0_28_reach": "day", "auc_0_28_extrapolated": "1"}
    named |= {"lambda_z": "1/day", "auc_inf_extrapolated": "1", "cmax_per_dose": "copies/ug/dose", "terminal": ""}
    assert {name: exposure.units[name] for name in named} == named


def test_the_summary_is_that_of_each_group() -> None:
    rng = np.random.default_rng(4)
    table = pd.DataFrame({"arm": ["x"] * 7 + ["y"] * 5, "cmax": rng.lognormal(3.0, 0.8, 12), "tmax": rng.uniform(0, 9, 12)})
    table.loc[3, "cmax"] = np.nan
    table.loc[8, "tmax"] = 0.0
    summary = summarise_exposure(Exposure(table, {"cmax": "copies/ug", "tmax": "day"}, NCA()), by="arm").set_index(["arm", "quantity"])
    for arm, group in table.groupby("arm"):
        for quantity, unit in (("cmax", "copies/ug"), ("tmax", "day")):
            row, values = summary.loc[(arm, quantity)], group[quantity].dropna().to_numpy()
            assert (row["unit"], row["patients"], row["n"]) == (unit, len(group), values.size)
            assert row["median"] == np.median(values)
            assert (row["minimum"], row["maximum"]) == (values.min(), values.max())
            assert (row["mean"], row["sd"]) == pytest.approx((values.mean(), values.std(ddof=1)))
            if values.min() > 0.0:
                assert row["geometric_mean"] == pytest.approx(stats.gmean(values))
                assert row["geometric_cv_percent"] == pytest.approx(100 * math.sqrt(math.exp(math.log(stats.gstd(values)) ** 2) - 1))
            else:
                assert math.isnan(row["geometric_mean"])
                assert math.isnan(row["geometric_cv_percent"])


def test_a_summary_by_two_columns_counts_each_combination() -> None:
    table = pd.DataFrame({"arm": list("xxyy"), "replicate": [1, 2, 1, 1], "cmax": [1.0, 2.0, 3.0, 12.0]})
    summary = summarise_exposure(Exposure(table, {"cmax": "copies/ug"}, NCA()), by=["replicate", "arm"])
    assert summary[["replicate", "arm", "patients", "geometric_mean"]].round(9).to_numpy().tolist() == [
        [1, "x", 1, 1.0],
        [1, "y", 2, 6.0],
        [2, "x", 1, 2.0],
    ]


def test_an_unknown_group_is_named() -> None:
    with pytest.raises(InputError, match="unknown column 'grp'; did you mean group"):
        summarise_exposure(estimate_exposure(samples(), value_unit="copies/ug"), by="grp")


def test_an_empty_table_gives_an_empty_exposure() -> None:
    found = estimate_exposure(samples().iloc[:0], value_unit="copies/ug").table
    assert found.empty
    assert "auc_0_28" in found


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data.drop(columns="value"), "the samples lack value: columns id, time and value are needed, found id"),
        (lambda data: data.assign(time=data["time"].astype(str)), "column time must hold numbers"),
        (lambda data: data.assign(time=data["time"].replace(7.0, np.nan)), "patient c has no time in one of its rows"),
        (lambda data: data.assign(id=[None, *data["id"][1:]]), "column id must name a patient"),
        (lambda data: data.assign(time=0.0), "patient c has two samples at time 0"),
        (lambda data: data.assign(group=list("nrrrsrrn")), "patient a has more than one group"),
        (lambda data: data.assign(dose=np.nan), "patient c has no positive dose"),
        (lambda data: data.assign(dose=[1, 2, 3, 4, 2, 4, 4, 1]), "patient a has more than one dose"),
        (lambda data: data.assign(blq=2), "column blq must hold true or false"),
        (lambda data: data.assign(value=np.nan), "patient c at time 0 has the value nan: expected a positive number"),
        (lambda data: data.assign(value=-1.0, blq=False), "patient c at time 0 has the value -1: expected a positive number"),
        (lambda data: data.assign(lloq=-1.0, blq=True), "a limit that is not negative"),
    ],
)
def test_what_cannot_be_analysed_is_named(change: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        estimate_exposure(change(samples()), value_unit="copies/ug")  # type: ignore[operator]
