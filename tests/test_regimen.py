"""Regimens by hand and from event tables; bad rows are named."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from autologue.errors import InputError
from autologue.regimen import Bolus, Infusion, Level, Regimen, read_regimens

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
        ("ID,TIME\n1,0\n", "events.csv: column AMT is missing"),
        ("ID,TIME,AMT\n1,0,lots\n", "events.csv, row 2, column AMT: 'lots' is not a number"),
        ("ID,TIME,AMT,EVID\n1,0,5,1\n1,1,.,1\n", "events.csv, row 3: a dose needs TIME and AMT"),
        ("ID,TIME,AMT,CMT\n1,0,5,3\n", "events.csv, row 2: CMT 3 is not one of the dosing routes"),
        ("ID,TIME,AMT,CMT\n1,0,5,blood\n", "events.csv, row 2: CMT 'blood' is not a dosing route; expected one of cells, drug"),
        ("ID,TIME,AMT,EVID\n1,0,-5,1\n", "events.csv, row 2: bolus into 'cells' .* has amount -5; expected zero or more"),
        ("ID,TIME,AMT,ADDL\n1,0,5,3\n", "events.csv, row 2: .* repeats .* with interval 0; give every= above zero"),
        ("ID,TIME,AMT\n1,0,5\n.,1,5\n", "events.csv, row 3, column ID: empty"),
    ],
)
def test_bad_tables_name_file_row_and_column(tmp_path: Path, table: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read(tmp_path, table)


def test_a_missing_table_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.csv: cannot be read as an event table"):
        read_regimens(tmp_path / "nowhere.csv", routes=ROUTES)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Bolus(0.0, -1.0, "cells", "cells"), "has amount -1; expected zero or more"),
        (lambda: Bolus(math.nan, 1.0, "cells", "cells"), "has time nan; a finite number is expected"),
        (lambda: Bolus(0.0, 1.0, "cells", "cells", additional=-1), "additional doses; expected a whole number"),
        (lambda: Infusion(0.0, 1.0, 0.0, "mg", "drug"), "lasts 0; expected above zero"),
        (lambda: Infusion(0.0, 1.0, 1.0, "mg", "drug", steady_state=True), "give every= above zero"),
        (lambda: Level(2.0, "drug", 1.0, until=2.0), "held from 2 until 2; the end must come later"),
        (lambda: Regimen("dose"), "a regimen holds 'dose'"),  # type: ignore[arg-type]
        (lambda: Regimen(time="day") + Regimen(time="hour"), "cannot be added; give both in one time unit"),
    ],
)
def test_wrong_events(make: Callable[[], Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        make()


def test_regimens_add_up() -> None:
    first, second = Bolus(0.0, 1.0, "cells", "cells"), Level(1.0, "drug", 1.0)
    assert (Regimen(first, time="day") + Regimen(second, time="day")).events == (first, second)


def test_a_regimen_says_itself_in_words() -> None:
    plan = Regimen(
        Infusion(0.0, 54.0, 1.0, "mg", "drug", every=24.0, additional=2), Level(5.0, "steroid", 1.0), Bolus(2.0, 1e8, "cells", "cells")
    )
    assert str(plan) == "54 mg into drug at 0 over 1 and 2 more, each 24 later; steroid at 1 from 5 on; 1e+08 cells into cells at 2"
    assert str(Regimen(Bolus(0.0, 1.0, "mg", "drug", every=12.0, steady_state=True), time="hour")).endswith("at hour 0, at steady state")
    assert str(Regimen()) == "nothing"
