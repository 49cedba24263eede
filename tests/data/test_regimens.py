"""Doses from event tables; bad rows are named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from autologue.data import read_regimens
from autologue.errors import InputError
from autologue.regimen import Bolus, Infusion, Regimen

ROUTES = dict(cells="cells", drug="mg")


def read(tmp_path: Path, text: str) -> dict[Any, Regimen]:
    path = tmp_path / "events.csv"
    path.write_text(text)
    return read_regimens(path, routes=ROUTES, time="day")


def test_rows_become_boluses_and_infusions_by_patient(tmp_path: Path) -> None:
    doses = ["1,0,.,1e8,1,1,.,.,.,.", "1,3,.,10,1,drug,20,1,2,1"]
    measurements = ["1,2,5.5,.,0,.,.,.,.,.", "2,0,7,.,0,.,.,.,.,."]
    rows = ["id,time,dv,amt,evid,cmt,rate,ii,addl,ss", *doses, *measurements]
    found = read(tmp_path, "\n".join(rows) + "\n")
    assert found[2].events == ()
    assert found[1].time == "day"
    assert found[1].events == (
        Bolus(0, 1e8, "cells", "cells"),
        Infusion(3, 10.0, 0.5, "mg", "drug", every=1.0, additional=2, steady_state=True),
    )


def test_without_evid_an_amount_makes_a_dose_and_parquet_is_read(tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    pd.DataFrame(dict(ID=["a", "a", "b"], TIME=[0.0, 1.0, 0.0], AMT=[3.0, 0.0, None])).to_parquet(path)
    found = read_regimens(path, routes=ROUTES)
    assert found["a"].events == (Bolus(0.0, 3.0, "cells", "cells"),)
    assert found["b"].events == ()


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("ID,TIME\n1,0\n", "events.csv has no column for amount: expected one of AMT"),
        ("ID,TIME,AMT\n1,0,lots\n", "events.csv, row 2, column AMT: expected a number, found 'lots'"),
        ("ID,TIME,AMT,EVID\n1,0,5,1\n1,1,.,1\n", "events.csv, row 3, column AMT: expected the amount of the dose, found '.'"),
        ("ID,TIME,AMT,CMT\n1,0,5,3\n", "events.csv, row 2, column CMT: CMT 3 is not one of the dosing routes"),
        ("ID,TIME,AMT,CMT\n1,0,5,blood\n", "events.csv, row 2, column CMT: CMT 'blood' is not one of the dosing routes .cells, drug."),
        ("ID,TIME,AMT,EVID\n1,0,-5,1\n", "events.csv, row 2, column AMT: expected a number that is not negative, found '-5'"),
        ("ID,TIME,AMT,ADDL\n1,0,5,3\n", "events.csv, row 2: .* repeats .* with interval 0; give every= above zero"),
        ("ID,TIME,AMT\n1,0,5\n.,1,5\n", "events.csv, row 3, column ID: expected the name or number of a patient, found '.'"),
    ],
)
def test_bad_tables_name_file_row_and_column(tmp_path: Path, table: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read(tmp_path, table)


def test_a_missing_table_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.csv cannot be read: No such file"):
        read_regimens(tmp_path / "nowhere.csv", routes=ROUTES)
