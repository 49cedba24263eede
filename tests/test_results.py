"""Simulation: tables, quantiles, files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from autologue import library
from autologue.engine.summary import Maximum
from autologue.errors import InputError
from autologue.population import Categorical, CategoryEffect, Parametric
from autologue.results import Simulation
from autologue.simulate import simulate

TIMES = [0.0, 7.0, 28.0]


@pytest.fixture(scope="module")
def found() -> Simulation:
    population = Parametric(
        model=library.load("stein_2019"),
        covariates=dict(response=Categorical(dict(yes=0.7, no=0.3))),
        effects=[CategoryEffect("c_max", "response", "no", -1.0)],
        uncertainty=dict(c_max=0.1),
    )
    return simulate(population, times=TIMES, patients=40, seed=6, draws=3, residual=True, summaries=[Maximum("transgene")])


def test_the_tidy_table_has_a_row_for_each_draw_patient_and_time(found: Simulation) -> None:
    frame = found.to_frame()
    assert list(frame.columns) == ["draw", "patient", "time", "transgene", "transgene_measured"]
    assert len(frame) == 3 * 40 * 3
    row = frame[(frame["draw"] == 1) & (frame["patient"] == 17) & (frame["time"] == 28.0)]
    assert row["transgene"].item() == found.data["transgene"].sel(draw=1, patient=17, time=28.0).item()


def test_the_table_of_patients_has_what_belongs_to_them(found: Simulation) -> None:
    frame = found.patients()
    assert len(frame) == 120
    assert {"draw", "patient", "t_max", "response", "transgene_max", "transgene_max_time", "end_of_phase_1", "status"} <= set(frame)
    assert set(frame["reason"]) == {"solved"}
    inside = frame["t_max"] < 28  # the rest peak after the last time
    assert inside.sum() > 100
    np.testing.assert_allclose(frame["transgene_max"][inside], frame["c_max"][inside], rtol=1e-4)
    assert frame.groupby("patient")["response"].nunique().max() == 1


def test_quantiles_are_those_of_the_patients(found: Simulation) -> None:
    values = found.data["transgene"].to_numpy().reshape(120, 3)
    table = found.quantiles([0.1, 0.5], outputs=["transgene"])
    np.testing.assert_allclose(table[["q10", "q50"]].to_numpy(), np.quantile(values, [0.1, 0.5], axis=0).T)
    assert table["n"].tolist() == [120] * 3
    by_draw = found.quantiles([0.5], by="draw", outputs=["transgene"])
    np.testing.assert_allclose(by_draw["q50"], np.median(found.data["transgene"].to_numpy(), axis=1).reshape(-1))
    frame = found.to_frame().merge(found.patients()[["draw", "patient", "response"]])
    expected = frame.groupby(["response", "draw", "time"])["transgene"].median()
    table = found.quantiles([0.5], by=["response", "draw"], outputs=["transgene"]).set_index(["response", "draw", "time"])["q50"]
    np.testing.assert_allclose(table.loc[expected.index], expected)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (dict(probabilities=[]), "at least one"),
        (dict(probabilities=[1.5]), "between 0 and 1"),
        (dict(outputs=["transgen"]), "did you mean transgene"),
        (dict(by="respons"), "did you mean response"),
        (dict(by="t_max"), "unknown group"),
    ],
)
def test_quantiles_refuse_what_is_not_there(found: Simulation, wrong: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        found.quantiles(**wrong)  # type: ignore[arg-type]


def test_netcdf_returns_the_same_simulation(found: Simulation, tmp_path: Path) -> None:
    again = Simulation.load(found.save(tmp_path / "a.nc"))
    assert again.data.identical(found.data)
    assert again.status_counts() == {"solved": 120}
    pd.testing.assert_frame_equal(again.quantiles(), found.quantiles())
    flags = again.data["status"].attrs
    assert len(flags["flag_meanings"].split()) == len(flags["flag_values"]) == len(json.loads(flags["reasons"]))


def test_parquet_keeps_units_and_origin(found: Simulation, tmp_path: Path) -> None:
    table = pq.read_table(found.save(tmp_path / "a.parquet"))
    assert table.schema.field("transgene").metadata[b"units"] == b"copies/ug"
    assert table.schema.metadata[b"model"] == b"stein_2019"
    assert table.schema.metadata[b"seed"] == b"6"
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "a.parquet"), found.to_frame())


def test_without_times_the_table_is_that_of_the_patients(tmp_path: Path) -> None:
    found = simulate(library.load("stein_2019"), times=(), horizon=28.0, patients=5, summaries=[Maximum("transgene")])
    pd.testing.assert_frame_equal(pd.read_csv(found.save(tmp_path / "a.csv")), found.patients(), check_dtype=False)
    with pytest.raises(InputError, match=r"patients\(\)"):
        found.to_frame()


def test_files_are_whole_or_absent(found: Simulation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"expected one of .nc"):
        found.save(tmp_path / "a.txt")
    with pytest.raises(InputError, match="does not exist"):
        found.save(tmp_path / "no" / "a.nc")
    (tmp_path / "b.nc").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        found.save(tmp_path / "b.nc")
    (tmp_path / "b.nc").rmdir()

    def fail(self: pd.DataFrame, path: Path, **_: object) -> None:
        path.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", fail)
    with pytest.raises(InputError, match="No space left on device"):
        found.save(tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_simulation_is_not_loaded(tmp_path: Path) -> None:
    (tmp_path / "a.nc").write_text("no")
    with pytest.raises(InputError, match="cannot be read as netCDF"):
        Simulation.load(tmp_path / "a.nc")
    with pytest.raises(InputError, match="cannot be read"):
        Simulation.load(tmp_path / "absent.nc")
    import xarray as xr

    xr.Dataset(dict(a=("x", [1.0]))).to_netcdf(tmp_path / "b.nc", engine="h5netcdf")
    with pytest.raises(InputError, match="not a simulation"):
        Simulation.load(tmp_path / "b.nc")
