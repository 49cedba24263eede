"""Tables as people write them: what each kind of row becomes, and one sentence for each that cannot be read."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from autologue import Dosing, Input, Model, Output, Parameter, Phase, State, library
from autologue.data import (
    NONMEM,
    Actual,
    Covariate,
    Kind,
    Measured,
    Monolix,
    Nlmixr2,
    Nominal,
    Predose,
    Reading,
    Resets,
    Route,
    TimeToEvent,
    guess_reading,
    load_reading,
    read_cohort,
    save_reading,
)  # fmt: skip
from autologue.errors import InputError
from autologue.patient import Cohort, Event
from autologue.regimen import Bolus, Infusion, Level

Read = Callable[..., Cohort]
INF = math.inf
MODEL = Model(
    name="cells", time="day", states=dict(cells=State("cells/uL")), parameters=dict(k=Parameter(0.1, "1/day", "loss")),
    initial=lambda p: dict(cells=1.0), phases=[Phase(lambda t, y, p, u: dict(cells=-p.k * y.cells * u.drug))],
    outputs=dict(flow=Output(lambda y: y.cells, "cells/uL", matrix="blood"), tumour=Output(lambda y: y.cells, "cells/uL")),
    inputs=dict(drug=Input(1.0, "1")), dosing=dict(infusion=Dosing("cells", "cells/uL")), reference="test",
)  # fmt: skip
UNITS = dict(outputs={"flow": Measured("cells/uL", "blood"), "tumour": Measured("cells/uL")}, routes={"infusion": Route("cells/uL")})


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """A function that reads the lines of a table, the header first."""

    def reader(*lines: str, **options: object) -> Cohort:
        path = tmp_path / "table.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return read_cohort(path, **options)  # type: ignore[arg-type]

    return reader


def intervals(cohort: Cohort, output: str = "dv", patient: str = "1") -> list[tuple[float, float]]:
    seen = cohort[patient].observations[output]
    return list(zip(seen.lower.tolist(), seen.upper.tolist(), strict=True))


@pytest.mark.parametrize(
    ("header", "row", "expected"),
    [
        ("CENS", "60,0", (60, 60)),
        ("CENS", "50,1", (-INF, 50)),
        ("CENS", "900,-1", (900, INF)),
        ("CENS", "60,.", (60, 60)),
        ("CENS,LIMIT", "50,1,10", (10, 50)),
        ("CENS,LIMIT", "900,-1,2000", (900, 2000)),
        ("CENS,LLOQ", ".,1,50", (-INF, 50)),
        ("BLQ,LLOQ", "0,1,50", (-INF, 50)),
        ("BLQ,LLOQ", "25,yes,50", (-INF, 50)),
        ("BLQ,LLOQ", "60,0,50", (60, 60)),
        ("BLQ", "50,1", (-INF, 50)),
        ("LLOQ", "60,50", (60, 60)),
        ("LLOQ", "20,50", (-INF, 50)),
        ("LLOQ", "0,50", (-INF, 50)),
        ("LLOQ,LOD", "20,50,10", (10, 50)),
        ("LLOQ,LOD", "0,50,10", (-INF, 10)),
        ("LLOQ,LOD", "BLQ,50,10", (-INF, 50)),
        ("LLOQ,LOD", "ND,50,10", (-INF, 10)),
        ("LLOQ,LOD", "Not detected,50,10", (-INF, 10)),
        ("LLOQ,LOD", "DNQ,50,10", (10, 50)),
        ("LLOQ", "ND,50", (-INF, 50)),
        ("LLOQ", "DNQ,50", (-INF, 50)),
        ("LLOQ", "<20,50", (-INF, 20)),
        ("WT", "<50,70", (-INF, 50)),
        ("WT", ">1000,70", (1000, INF)),
        ("ULOQ", "2000,1000", (1000, INF)),
        ("WT", "0,70", (0, 0)),
        ("AVALC,LLOQ", ".,ND,50", (-INF, 50)),
    ],
)
def test_a_sample_is_an_interval(read: Read, header: str, row: str, expected: tuple[float, float]) -> None:
    assert intervals(read(f"ID,TIME,DV,{header}", f"1,7,{row}")) == [expected]


def test_not_detected_detected_and_missing_are_three_things(read: Read) -> None:
    cohort = read(
        "ID,TIME,DV,MDV,LLOQ,LOD", "1,0,.,1,50,10", "1,1,ND,0,50,10", "1,2,DNQ,0,50,10", "1,3,NS,0,50,10", "1,4,.,0,50,10", "1,5,70,0,50,10"
    )
    assert cohort["1"].observations["dv"].times.tolist() == [1, 2, 5]
    assert intervals(cohort) == [(-INF, 10), (10, 50), (70, 70)]


def test_the_limit_moves_with_the_row_or_is_declared_or_implied(read: Read) -> None:
    moving = read("ID,TIME,DV,BLQ,LLOQ", "1,0,0,1,200", "1,7,90,0,50", "1,9,0,1,80")
    assert intervals(moving) == [(-INF, 200), (90, 90), (-INF, 80)]
    assert moving["1"].observations["dv"].limit.tolist() == [200, 50, 80]
    declared = read(
        "ID,TIME,DV", "1,0,20", "1,7,90", reading=Reading(outputs={"dv": Measured("copies/ug", "blood", limit=50, detection=25)})
    )
    assert intervals(declared) == [(-INF, 25), (90, 90)]
    implied = read("ID,TIME,DV,CENS", "1,0,50,1", "1,7,90,0")
    assert implied["1"].observations["dv"].limit.tolist() == [50, 50]


def test_censoring_by_row_as_nlmixr2_reads_it(read: Read) -> None:
    lines = ("ID,TIME,DV,CENS,LIMIT", "1,0,50,1,.", "1,1,50,1,0", "1,2,90,0,50", "1,3,70,0,.")
    mixed = read(*lines, reading=Reading(convention=Nlmixr2()))["1"].observations["dv"]
    assert mixed.above.tolist() == [-INF, 0, 50, -INF]  # M3, M4, M2, measured
    assert mixed.lower.tolist() == [-INF, 0, 90, 70]
    plain = read(*lines, reading=Reading(convention=Monolix()))["1"].observations["dv"]
    assert plain.above.tolist() == [-INF] * 4
    assert plain.lower.tolist() == [-INF, 0, 90, 70]


def test_a_dose_row_with_a_value_is_a_dose_and_for_monolix_a_sample_too(read: Read) -> None:
    lines = ("ID,TIME,AMT,DV", "1,0,100,3", "1,1,.,5")
    assert intervals(read(*lines)) == [(5, 5)]
    assert intervals(read(*lines, reading=Reading(convention=Monolix()))) == [(3, 3), (5, 5)]
    evid = ("ID,TIME,AMT,DV,EVID", "1,0,100,3,1", "1,1,.,5,0")
    assert intervals(read(*evid, reading=Reading(convention=Monolix()))) == [(5, 5)]


def test_doses_with_rates_durations_and_repeats(read: Read) -> None:
    lines = [
        "1,0,10,.,1,20,.,.,.,.",
        "1,1,10,.,1,.,2,.,.,.",
        "1,2,5,.,1,.,.,7,3,.",
        "1,3,5,.,1,.,.,1,.,1",
        "1,4,5,.,4,.,.,.,.,.",
        "1,9,.,1,0,.,.,.,.,.",
    ]
    cohort = read("ID,TIME,AMT,DV,EVID,RATE,TINF,II,ADDL,SS", *lines[:4], lines[5], reading=Reading(routes={"drug": Route("mg")}))
    assert cohort["1"].regimen is not None
    assert cohort["1"].regimen.events == (
        Infusion(0, 10, 0.5, "mg", "drug"),
        Infusion(1, 10, 2, "mg", "drug"),
        Bolus(2, 5, "mg", "drug", every=7, additional=3),
        Bolus(3, 5, "mg", "drug", every=1, steady_state=True),
    )
    with pytest.raises(InputError, match="row 6, column EVID: EVID 4 resets a course that has begun"):
        read("ID,TIME,AMT,DV,EVID,RATE,TINF,II,ADDL,SS", *lines)


def test_a_reset_begins_a_patient_of_its_own_where_it_is_asked_for(read: Read) -> None:
    lines = ("ID,TIME,AMT,DV,EVID,WT", "1,0,10,.,4,70", "1,5,.,3,0,70", "1,0,20,.,4,71", "1,5,.,4,0,71")
    cohort = read(*lines, reading=Reading(resets=Resets.SPLIT))
    assert [patient.id for patient in cohort] == ["1", "1, part 2"]
    assert [p.regimen.events[0].amount for p in cohort if p.regimen] == [10, 20]  # type: ignore[union-attr]
    assert cohort["1, part 2"].covariates == {"WT": 71}


def test_amounts_per_kg_are_multiplied_by_the_weight_or_refused(read: Read) -> None:
    options = dict(model=MODEL, reading=Reading(outputs={"flow": Measured("cells/uL")}, routes={"infusion": Route("cells/uL/kg")}))
    cohort = read("ID,TIME,AMT,DV,WT", "1,0,2,.,70", "1,1,.,4,70", **options)
    assert cohort["1"].regimen is not None
    assert cohort["1"].regimen.events == (Bolus(0, 140, "cells/uL", "infusion"),)
    with pytest.raises(InputError, match="are per kg, and no column holds a weight"):
        read("ID,TIME,AMT,DV", "1,0,2,.", "1,1,.,4", **options)


def test_several_outputs_by_name_number_code_and_matrix(read: Read) -> None:
    lines = ("ID,TIME,DV,DVID", "1,0,3,1", "1,0,4,2", "1,0,5,9")
    named = Reading(
        outputs={"flow": Measured("cells/uL", code="1"), "tumour": Measured("mm", code="2"), "il6": Measured("pg/mL", code="9")}
    )
    cohort = read(*lines, reading=named)
    assert {name: intervals(cohort, name)[0][0] for name in cohort.outputs} == {"flow": 3, "tumour": 4, "il6": 5}
    assert read(*lines, reading=Reading(outputs={"tumour": Measured("mm", code="2")})).outputs == ("tumour",)
    assert read("ID,TIME,DV,DVID", "1,0,3,1", "1,0,4,2", model=MODEL, reading=Reading(**UNITS)).outputs == ("flow", "tumour")  # type: ignore[arg-type]
    matrices = read("ID,TIME,DV,PARAMCD,PCSPEC,AVALU", "1,0,3,CAR,BLOOD,copies/ug", "1,0,4,CAR,MARROW,copies/ug")
    assert matrices.outputs == ("car_blood", "car_marrow")
    assert matrices["1"].observations["car_marrow"].matrix == "MARROW"
    assert read("ID,TIME,DV,DVID", "1,0,3,2", "1,0,4,1", reading=Reading(outputs={"y": Measured(code="02")})).outputs == ("y",)
    both = Reading(outputs={"a": Measured(code="CAR", matrix="blood"), "b": Measured(code="CAR", matrix="marrow")})
    again = read("ID,TIME,DV,PARAMCD,PCSPEC,AVALU", "1,0,3,CAR,BLOOD,copies/ug", "1,0,4,CAR,MARROW,copies/ug", reading=both)
    assert (intervals(again, "a"), intervals(again, "b")) == ([(3, 3)], [(4, 4)])
    by_cmt = read("ID,TIME,DV,CMT", "1,0,3,2", "1,0,4,3")
    assert by_cmt.outputs == ("cmt_2", "cmt_3")


def test_units_that_differ_are_never_joined(read: Read) -> None:
    with pytest.raises(InputError, match="row 3: values of dv are in copies/ug and in cells/uL, which are never joined silently"):
        read("ID,TIME,DV,UNIT", "1,0,3,copies/ug", "1,1,4,cells/uL")
    with pytest.raises(InputError, match="dv is declared in cells/uL, but the table says copies/ug"):
        read("ID,TIME,DV,UNIT", "1,0,3,copies/ug", reading=Reading(outputs={"dv": Measured("cells/uL")}))
    with pytest.raises(InputError, match="in copies/ug, which cannot be converted to the cells/uL of the model; convert_copies does it"):
        read("ID,TIME,DV", "1,0,3", model=MODEL, reading=Reading(outputs={"flow": Measured("copies/ug", "blood")}))
    with pytest.raises(InputError, match="was measured in marrow, but the model speaks of blood"):
        read("ID,TIME,DV", "1,0,3", model=MODEL, reading=Reading(outputs={"flow": Measured("cells/uL", "marrow")}))


def test_adppk_columns(read: Read) -> None:
    header = "STUDYID,USUBJID,EVID,MDV,PARAMCD,AVAL,AVALU,DV,AMT,AFRLT,NFRLT,RRLTU,ALLOQ,BLQFL,BLQFN,AGE,SEX,DOSEA"
    rows = ("S,S-01,1,1,DOSE,.,,.,1e8,0,0,DAYS,.,,.,61,F,1e8", "S,S-01,0,0,CAR,600,copies/ug,600,.,7.2,7,DAYS,50,N,0,61,F,1e8",
            "S,S-01,0,0,CAR,.,copies/ug,.,.,91,90,DAYS,50,Y,1,61,F,1e8")  # fmt: skip
    cohort = read(header, *rows, reading=Reading(routes={"cells": Route("cells")}))
    patient = cohort["S-01"]
    assert (patient.time, patient.covariates) == ("day", {"AGE": 61, "SEX": "F"})
    assert intervals(cohort, "car", "S-01") == [(600, 600), (-INF, 50)]
    assert patient.observations["car"].unit == "copies/ug"
    planned = read(header, *rows, reading=Reading(times=Nominal(window=2)))
    assert planned["S-01"].observations["car"].times.tolist() == [7, 90]


def test_planned_times_have_windows(read: Read) -> None:
    lines = ("ID,TIME,DV,NTIME", "1,6,3,7", "1,12,4,14", "1,35,5,28", "1,.,6,60")
    assert read(*lines)["1"].observations["dv"].times.tolist() == [6, 12, 35, 60]
    assert read(*lines, reading=Reading(times=Nominal(window=3)))["1"].observations["dv"].times.tolist() == [7, 14, 60]
    visits = Reading(times=Nominal(window=2, visits=(0, 7, 14)))
    assert read("ID,TIME,DV", "1,6,3", "1,12,4", "1,35,5", reading=visits)["1"].observations["dv"].times.tolist() == [7, 14]


def test_the_day_of_infusion_may_be_day_one(read: Read) -> None:
    days = Reading(infusion_day=1)
    cohort = read("ID,DAY,AMT,DV", "1,-1,.,0", "1,1,5,.", "1,8,.,3", reading=days)
    assert cohort["1"].observations["dv"].times.tolist() == [-1, 7]
    assert cohort["1"].regimen is not None
    assert cohort["1"].regimen.events[0].time == 0
    with pytest.raises(InputError, match="row 2, column DAY: expected no day 0 where the infusion is on day 1, found '0'"):
        read("ID,DAY,DV", "1,0,3", reading=days)
    with pytest.raises(InputError, match="times are in hour; expected days"):
        read("ID,TIME,DV", "1,1,3", reading=replace(days, time_unit="hour"))


def test_samples_that_show_nothing_before_the_dose_may_be_dropped(read: Read) -> None:
    lines = ("ID,TIME,AMT,DV,DVID,LLOQ", "1,-1,.,0,a,50", "1,-1,.,80,b,50", "1,0,5,.,.,.", "1,0,.,0,a,50", "1,7,.,0,a,50")
    assert intervals(read(*lines), "a") == [(-INF, 50)] * 3
    dropped = read(*lines, reading=Reading(predose=Predose.DROP))
    assert dropped["1"].observations["a"].times.tolist() == [7]
    assert intervals(dropped, "b") == [(80, 80)]


def test_occasions_come_from_a_column_or_from_infusions(read: Read) -> None:
    by_column = read("ID,TIME,DV,OCC", "1,0,3,1", "1,7,3,1", "1,60,3,2", "1,90,4,2", "2,0,3,1")
    assert [patient.occasions for patient in by_column] == [(60,), ()]
    lines = ("ID,TIME,AMT,DV,CMT", "1,0,5,.,1", "1,60,5,.,1", "1,61,1,.,2", "1,70,.,4,.")
    by_dose = read(*lines, reading=Reading(routes={"cells": Route(), "drug": Route()}, occasion_dose="cells"))
    assert by_dose["1"].occasions == (60,)
    stein = library.load("stein_2019")
    marked = read("ID,TIME,AMT,DV", "1,0,5,.", "1,60,5,.", "1,70,.,4", model=stein,
                  reading=Reading(outputs={"transgene": Measured("copies/ug")}, occasion_dose="dose"))  # fmt: skip
    assert (marked["1"].occasions, marked["1"].regimen) == ((60,), None)


def test_covariates_at_baseline_and_in_time(read: Read) -> None:
    lines = ("ID,TIME,DV,WT,SEX,drug,STUDYID", "1,0,3,70,F,0,x", "1,7,3,71,F,1,x", "1,9,3,.,F,.,x", "1,14,3,72,F,2,x", "2,0,3,.,M,0,y")
    cohort = read(*lines, model=MODEL, reading=Reading(outputs={"flow": Measured("cells/uL")}))
    assert [patient.covariates for patient in cohort] == [{"WT": 70, "SEX": "F"}, {"SEX": "M"}]
    assert cohort["1"].regimen is not None
    assert cohort["1"].regimen.events == (Level(0, "drug", 0), Level(7, "drug", 1), Level(14, "drug", 2))
    backward = read(*lines, model=MODEL, reading=Reading(outputs={"flow": Measured("cells/uL")}, convention=NONMEM()))
    assert backward["1"].regimen is not None
    assert backward["1"].regimen.events == (Level(0, "drug", 1), Level(9, "drug", 2))
    coded = Reading(covariates={"sex": Covariate("SEX", Kind.CATEGORICAL, {"F": "female", "M": "male"})})
    assert [p.covariates for p in read(*lines, reading=coded)] == [{"sex": "female"}, {"sex": "male"}]
    with pytest.raises(InputError, match="row 2, column SEX: expected one of X, found 'F'"):
        read(*lines, reading=Reading(covariates={"SEX": Covariate("", Kind.CATEGORICAL, {"X": "x"})}))


def test_known_parameters_and_one_dose_a_patient(read: Read) -> None:
    known = Reading(outputs={"flow": Measured("cells/uL")}, known={"k": "K"})
    cohort = read("ID,TIME,DV,K", "1,0,3,0.5", "1,1,3,0.5", "2,0,3,0.7", model=MODEL, reading=known)
    assert [(patient.known, patient.covariates) for patient in cohort] == [({"k": 0.5}, {}), ({"k": 0.7}, {})]
    guessed = read("ID,TIME,DV,K", "1,0,3,0.5", model=MODEL, reading=replace(known, known={}))
    assert (guessed["1"].known, guessed["1"].covariates) == ({}, {"K": 0.5})
    with pytest.raises(InputError, match=r"row 3, column K: expected one known value of k of patient 1, found '0\.6'"):
        read("ID,TIME,DV,K", "1,0,3,0.5", "1,1,3,0.6", model=MODEL, reading=known)
    with pytest.raises(InputError, match="row 3, column DOSE: expected the one dose of patient 1, 5, in all rows, found '6'"):
        read("ID,TIME,DV,DOSE", "1,0,3,5", "1,1,3,6")


def test_times_to_event(read: Read) -> None:
    lines = ("ID,TIME,DV,DVID", "1,0,3,y", "1,0,0,os", "1,90,1,os", "2,0,0,os", "2,400,0,os")
    reading = Reading(outputs={"y": Measured("1"), "death": TimeToEvent("os")})
    cohort = read(*lines, reading=reading)
    assert cohort["1"].events == {"death": Event(90, 90)}
    assert cohort["2"].events == {"death": Event(400, INF)}
    spans = read(
        "ID,TIME,DV,DVID", "1,5,0,os", "1,60,0,os", "1,90,1,os", reading=Reading(outputs={"death": TimeToEvent("os", interval=True)})
    )
    assert spans["1"].events == {"death": Event(60, 90, entry=5)}
    with pytest.raises(InputError, match="row 3, column DV: expected 0 while death of patient 1 is awaited"):
        read("ID,TIME,DV,DVID", "1,0,0,os", "1,9,1,os", "1,10,0,os", reading=Reading(outputs={"death": TimeToEvent("os")}))


def test_ids_that_come_back_are_one_patient_and_rows_are_sorted(read: Read) -> None:
    cohort = read("ID,TIME,DV", "a,7,3", "b,0,4", "a,0,5")
    assert [patient.id for patient in cohort] == ["a", "b"]
    assert cohort["a"].observations["dv"].times.tolist() == [0, 7]


def test_commented_rows_and_frames(read: Read) -> None:
    assert intervals(read("C,ID,TIME,DV", "C,1,0,3", ".,1,1,4")) == [(4, 4)]
    frame = pd.DataFrame({"ID": [1.0, 1.0], "TIME": [0, 1], "DV": [3.0, None], "MDV": [0, 1], "CENS": [False, False]})
    assert read_cohort(frame)["1"].observations["dv"].lower.tolist() == [3]
    with pytest.raises(InputError, match="the data frame, row 2, column TIME: expected a number, found 'noon'"):
        read_cohort(frame.assign(TIME=["1", "noon"]))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("ID,TIME,DV", "1,0,x"), "table.csv, row 2, column DV: expected a number, '<limit' or 'BLQ', found 'x'"),
        (("ID,TIME,DV", ",0,3"), "row 2, column ID: expected the name or number of a patient"),
        (("ID,TIME,DV", "1,,3"), "row 2, column TIME: expected a number, found ''"),
        (("ID,TIME,DV", "1,10:30,3"), "row 2, column TIME: expected a number, found '10:30'"),
        (("ID,TIME,DV,CENS", "1,0,3,2"), "row 2, column CENS: expected one of -1, 0, 1, found '2'"),
        (("ID,TIME,DV,EVID", "1,0,3,5"), "row 2, column EVID: expected one of 0, 1, 2, 3, 4"),
        (("ID,TIME,DV,CENS,LLOQ", "1,0,0,1,50"), "row 2, column DV: expected the limit 50 in DV where CENS is 1, found '0'"),
        (("ID,TIME,DV,CENS,LIMIT", "1,0,50,1,60"), "row 2, column LIMIT: expected a lower bound that is not above 50, found '60'"),
        (("ID,TIME,DV", "1,0,BLQ"), "row 2, column DV: expected a limit beside a value that is below or above it"),
        (("ID,TIME,DV,LLOQ", "1,0,5,-50"), "row 2, column LLOQ: expected a limit that is not negative, found '-50'"),
        (("ID,TIME,AMT,DV,RATE", "1,0,5,.,-2"), "row 2: RATE -2 leaves the duration of the infusion to the model, which is not supported"),
        (("ID,TIME,AMT,DV,RATE,DUR", "1,0,5,.,5,3"), "row 2: RATE 5 makes the infusion last 1, but its duration is 3"),
        (("ID,TIME,AMT,DV,SS", "1,0,5,.,1"), "row 2: .* repeats .* with interval 0"),
        (("ID,TIME,AMT,DV,SS", "1,0,5,.,2"), "row 2, column SS: expected one of 0, 1, found '2'"),
        (("ID,TIME", "1,0"), "table.csv has no column for value"),
        (("ID,TIME,DV",), "holds no patient"),
        (("ID,TIME,DV", "1,0,x", "1,y,3", ",2,3"), r"row 4, column ID: .* \(2 more: autologue.data.lint lists them all\)"),
    ],
)
def test_each_fault_is_one_sentence_with_row_and_column(read: Read, lines: tuple[str, ...], said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(*lines)


def test_names_are_checked(read: Read) -> None:
    lines = ("ID,TIME,DV,DVID", "1,0,3,cp", "1,0,3,pca")
    with pytest.raises(InputError, match="no row belongs to output 'il6'; the codes of the rows are cp, pca"):
        read(*lines, reading=Reading(outputs={"il6": Measured("pg/mL")}))
    with pytest.raises(InputError, match=r"the code cp, pca is none of the outputs of the model \(flow, tumour\)"):
        read(*lines, model=MODEL)
    with pytest.raises(InputError, match="unknown output of model cells 'cp'"):
        read(*lines, model=MODEL, reading=Reading(outputs={"cp": Measured("1")}))
    with pytest.raises(InputError, match="'wt' is read from unknown column 'WEIGHT'"):
        read(*lines, reading=Reading(covariates={"wt": Covariate("WEIGHT")}))
    with pytest.raises(InputError, match="unknown input of model cells 'WT'"):
        read(
            "ID,TIME,DV,WT",
            "1,0,3,70",
            model=MODEL,
            reading=Reading(outputs={"flow": Measured("cells/uL")}, covariates={"WT": Covariate(kind=Kind.INPUT)}),
        )


def test_a_reading_is_a_value_that_says_itself_and_is_kept(read: Read, tmp_path: Path) -> None:
    lines = ("ID,TIME,AMT,DV,DVID,WT,SEX", "1,0,5,.,.,70,F", "1,1,.,3,cp,70,F")
    read(*lines)
    path = tmp_path / "table.csv"
    guessed = guess_reading(path, reading=Reading(time_unit="hour"))
    said = str(guessed)
    assert "output cp      unit not said, code cp" in said
    assert "covariate SEX  categorical" in said
    assert "times          in hour, as they were" in said
    assert guess_reading(path, reading=guessed) == guessed
    full = replace(
        guessed, times=Nominal(2, (0, 7)), predose=Predose.DROP, resets=Resets.SPLIT, occasion_dose="dose", convention=Monolix(),
        outputs={"cp": Measured("mg/L", "plasma", "cp", 0.5, 0.1), "os": TimeToEvent("9", interval=True)},
        patients={"1": "Ann"}, infusion_day=1,
        covariates={"sex": Covariate("SEX", Kind.CATEGORICAL, {"F": "female"})}, known={"k": "WT"},
    )  # fmt: skip
    assert load_reading(save_reading(full, tmp_path / "reading.toml")) == full
    assert "known, column WT" in str(full)
    assert "within 2, visits 0, 7" in str(full)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("colums = 3", "unknown key 'colums'; did you mean columns"),
        ("[outputs]\ncp = 3", "key outputs.cp: expected a table"),
        ("[outputs.cp]\nunit = 'mgg'", "reading.toml: in unit 'mgg'"),
        ("[outputs.cp]\nlimits = 3", "key outputs.cp.limits: unknown key 'limits'; did you mean limit"),
        ("infusion_day = true", "key infusion_day: expected a whole number"),
        ("infusion_day = 2", "reading.toml: the infusion is on day 2; expected 0 or 1"),
        ("convention = 'nonmen'", "unknown choice 'nonmen'; did you mean nonmem"),
        ("[times]\nvisits = ['a']", "key times.visits: expected a list of numbers"),
        ("a = ", "cannot be read as a reading"),
    ],
)
def test_bad_readings_name_file_and_key(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "reading.toml").write_text(text)
    with pytest.raises(InputError, match=said):
        load_reading(tmp_path / "reading.toml")


def test_impossible_readings_are_refused() -> None:
    with pytest.raises(InputError, match="limit of detection 9 is above"):
        Measured("1", limit=3, detection=9)
    with pytest.raises(InputError, match="window"):
        Nominal(-1)
    assert Reading().times == Actual()
