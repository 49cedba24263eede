"""What a cohort looks like in each dialect, and what a dialect cannot say. Round trips are tested in `properties/data`."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from autologue import library
from autologue.data import M2, M3, NONMEM, Autologue, Monolix, Nlmixr2, events_table, read_cohort, write_events
from autologue.data.conventions import Convention
from autologue.errors import InputError
from autologue.patient import Cohort, Observations, Patient
from autologue.regimen import Bolus, Infusion, Level, Regimen

INF = math.inf
SEEN = Observations([0, 7, 28], unit="copies/ug", lower=[-INF, 900, 10], upper=[50, 900, 50], limit=50)
COHORT = Cohort((
    Patient(id="Ann", observations={"car": SEEN}, regimen=Regimen(Infusion(0, 1e8, 0.5, "cells", "cells"), time="day"), time="day",
            covariates={"WT": 70.5, "SEX": "female"}),
    Patient(id="Ben", observations={"car": Observations([0], [80], unit="copies/ug", limit=50)}, regimen=Regimen(time="day"), time="day",
            covariates={"SEX": "male"}),
))  # fmt: skip


def lines(folder: Path, cohort: Cohort, convention: Convention) -> list[str]:
    write_events(cohort, folder / "t.csv", convention=convention)
    return (folder / "t.csv").read_text().splitlines()


def test_nonmem_gets_numbers_only(tmp_path: Path) -> None:
    assert lines(tmp_path, COHORT, NONMEM()) == [
        "ID,TIME,EVID,CMT,AMT,DVID,DV,CENS,LIMIT,LLOQ,MDV,RATE,BLQ,WT,SEX",
        "1,0,1,1,100000000,.,.,.,.,.,1,200000000,.,70.5,1",
        "1,0,0,.,.,1,50,1,.,50,0,.,1,70.5,1",
        "1,7,0,.,.,1,900,0,.,50,0,.,0,70.5,1",
        "1,28,0,.,.,1,50,1,10,50,0,.,1,70.5,1",
        "2,0,0,.,.,1,80,0,.,50,0,.,0,.,2",
    ]


def test_monolix_and_nlmixr2_have_their_own_columns(tmp_path: Path) -> None:
    assert lines(tmp_path, COHORT, Monolix())[:2] == [
        "ID,TIME,EVID,ADM,AMT,TINF,YTYPE,DV,CENS,LIMIT,LLOQ,WT,SEX",
        "Ann,0,1,1,100000000,0.5,.,.,.,.,.,70.5,female",
    ]
    assert lines(tmp_path, M3()(COHORT), Nlmixr2())[1:3] == [
        "Ann,0,1,cells,100000000,0.5,NA,NA,NA,NA,70.5,female",
        "Ann,0,0,NA,NA,NA,car,50,1,50,70.5,female",
    ]


def test_an_input_that_changes_becomes_a_column(tmp_path: Path) -> None:
    course = Regimen(Level(0, "drug", 1.0), Level(7, "drug", 2.0), time="day")
    cohort = Cohort((Patient(id="1", observations={"y": Observations([3, 7, 9], [1, 2, 3], unit="1")}, regimen=course, time="day"),))
    assert lines(tmp_path, cohort, Autologue()) == [
        "ID,TIME,EVID,DVID,DV,drug", "1,0,2,.,.,1", "1,3,0,y,1,1", "1,7,2,.,.,2", "1,7,0,y,2,2", "1,9,0,y,3,2",
    ]  # fmt: skip
    assert [line.split(",")[1::5] for line in lines(tmp_path, cohort, NONMEM())] == [
        ["TIME", "drug"], ["0", "1"], ["3", "1"], ["7", "1"], ["7", "1"], ["7", "2"], ["9", "2"],
    ]  # fmt: skip


def test_what_ends_returns_to_the_default_of_the_model() -> None:
    model = library.load("hanson_2016")
    name, default = next((n, each.value) for n, each in model.inputs.items())
    cohort = Cohort((Patient(id="1", regimen=Regimen(Level(0, name, 5.0, until=2), time=model.time), time=model.time),))
    table, _ = events_table(cohort, model=model)
    assert table[name].astype(float).tolist() == [5.0, default]
    with pytest.raises(InputError, match=f"input '{name}' ends at 2 and nothing says its value after"):
        events_table(cohort)


def test_hours_of_doses_become_the_days_of_the_cohort() -> None:
    course = Regimen(Bolus(24, 5, "mg", "drug", every=12, additional=1), time="hour")
    table, reading = events_table(Cohort((Patient(id="1", regimen=course, time="day"),)))
    assert (table["TIME"].tolist(), table["II"].tolist(), reading.time_unit) == (["1"], ["0.5"], "day")


@pytest.mark.parametrize("convention", [NONMEM(), Monolix(), Autologue()])
def test_conditioning_is_refused_where_the_dialect_has_none(convention: Convention) -> None:
    with pytest.raises(InputError, match=r"is conditional on a value above 50 \(M2, M4\), which .* says in the model"):
        events_table(M2()(COHORT), convention=convention)


@pytest.mark.parametrize(
    ("patients", "said"),
    [
        ((COHORT.patients[0], Patient(id="2", observations={"car": Observations([0], [1], unit="cells/uL")}, time="day")),
         "output 'car' is in cells/uL .* and in copies/ug .* in different patients; convert it first"),
        ((COHORT.patients[0], Patient(id="2", time="hour")), "the patients are in several time units"),
        ((Patient(id="1", known={"k": 1.0}), Patient(id="2")), "k of patient 2 is not known, while it is for others"),
        ((Patient(id="1", covariates={"a": 1.0}), Patient(id="2", covariates={"a": "x"})), "covariate 'a' is a number in some patients"),
        ((Patient(id="1", observations={"y": Observations([0], unit="1", lower=[-INF], upper=[INF])}),), "may have any value"),
        ((Patient(id="1", regimen=Regimen(Bolus(0, 1, "mg", "d"), Bolus(1, 1, "g", "d"))),), "doses into 'd' are in mg and in g"),
    ],
)  # fmt: skip
def test_what_a_table_cannot_hold_is_said(patients: tuple[Patient, ...], said: str) -> None:
    with pytest.raises(InputError, match=said):
        events_table(Cohort(patients))


def test_an_interval_is_m4_for_nlmixr2_and_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="lies between 10 and 50, which nlmixr2 reads as M4; apply M3"):
        write_events(COHORT, tmp_path / "t.csv", convention=Nlmixr2())
    assert not (tmp_path / "t.csv").exists()
    with pytest.raises(InputError, match=r"expected \.csv or \.parquet"):
        write_events(COHORT, tmp_path / "t.xpt")


def test_a_parquet_table_has_numbers_and_awkward_names_are_coded(tmp_path: Path) -> None:
    write_events(COHORT, tmp_path / "t.parquet")
    assert pd.read_parquet(tmp_path / "t.parquet").dtypes.map(str)[["TIME", "DV", "WT", "SEX"]].tolist() == ["float64"] * 3 + ["object"]
    odd = Cohort((Patient(id="NA", observations={"y": Observations([0], [1.0], unit="1")}, covariates={"DV": 3.0, "x y": "."}),))
    reading = write_events(odd, tmp_path / "odd.csv")
    assert (tmp_path / "odd.csv").read_text().splitlines()[0] == "ID,TIME,EVID,DVID,DV,COL1,COL2"
    assert read_cohort(tmp_path / "odd.csv", reading=reading)["NA"].covariates == {"DV": 3.0, "x y": "."}
