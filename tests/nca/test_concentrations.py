"""Concentration files in the forms people send, and one sentence for each that cannot be read."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from autologue.errors import InputError
from autologue.nca import read_concentrations


def write(folder: Path, text: str, name: str = "data.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_plain_file_is_read(tmp_path: Path) -> None:
    found = read_concentrations(write(tmp_path, "id,Time,dv,LLOQ,Arm,Dose\n1,0,20,50,a,3e6\n1,7,900,50,a,3e6\n\n2,0,0,50,b,1e6\n"))
    assert found.to_dict("list") == {
        "id": [1, 1, 2],
        "time": [0.0, 7.0, 0.0],
        "value": [20.0, 900.0, 0.0],
        "blq": [True, False, True],
        "lloq": [50.0, 50.0, 50.0],
        "group": ["a", "a", "b"],
        "dose": [3e6, 3e6, 1e6],
    }


def test_dosing_rows_become_the_dose(tmp_path: Path) -> None:
    text = "ID,TIME,DV,AMT,EVID,CENS\n007,0,.,2e6,1,.\n007,1,.,1e6,101,0\n007,1,50,0,0,1\n007,2,80,.,0,0\n"
    found = read_concentrations(write(tmp_path, text))
    assert found.to_dict("list") == {"id": ["007"] * 2, "time": [1.0, 2.0], "value": [50.0, 80.0], "blq": [True, False], "dose": [3e6] * 2}


def test_without_evid_a_positive_amount_marks_the_dosing_row(tmp_path: Path) -> None:
    found = read_concentrations(write(tmp_path, "ID,TIME,DV,AMT,MDV\n1,0,,5,1\n1,1,8,,0\n1,2,,,1\n2,1,4,,0\n"))
    assert found["value"].tolist() == [8.0, 4.0]
    assert "dose" not in found  # patient 2 has none


def test_words_and_signs_below_the_limit(tmp_path: Path) -> None:
    found = read_concentrations(write(tmp_path, "SUBJID;TIME;CONC\np1;0;blq\np1;1,5;<50\np1;3;61,5\np1;4;< 25,5\n", "data.txt"))
    assert found["time"].tolist() == [0.0, 1.5, 3.0, 4.0]
    assert found["blq"].tolist() == [True, True, False, True]
    np.testing.assert_array_equal(found["lloq"], [np.nan, 50.0, np.nan, 25.5])


def test_marks_may_be_words_and_values_below_may_be_missing(tmp_path: Path) -> None:
    found = read_concentrations(write(tmp_path, "\ufeffID\tTIME\tDV\tBLQ\n1\t0\t\tYes\n1\t1\t-99\tTRUE\n1\t2\t5\t\n1\t3\t6\tn\n"))
    assert found["blq"].tolist() == [True, True, False, False]
    assert found["value"].isna().tolist() == [True, True, False, False]


def test_parquet_and_named_columns(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    frame = pd.DataFrame({"who": [4, 4], "TIME": [1, 0], "copies": [7.5, None], "below": [False, True], "DVID": ["q", "q"]})
    frame.to_parquet(path)
    found = read_concentrations(path, columns={"id": "who", "value": "copies", "blq": "below"})
    assert found["id"].tolist() == [4, 4]
    assert found["blq"].tolist() == [False, True]
    assert found["value"].tolist()[0] == 7.5


def test_patients_whose_names_differ_in_case_are_two(tmp_path: Path) -> None:
    found = read_concentrations(write(tmp_path, "ID,TIME,DV,AMT,EVID\na,0,,2,1\nA,0,,3,1\na,1,5,,0\nA,1,6,,0\n"))
    assert found[["id", "value", "dose"]].to_numpy().tolist() == [["a", 5.0, 2.0], ["A", 6.0, 3.0]]


def test_one_analyte_is_chosen(tmp_path: Path) -> None:
    path = write(tmp_path, "ID,TIME,DV,AMT,DVID\n1,0,.,5,\n1,1,8,0,qpcr\n1,1,3,0,flow\n")
    assert read_concentrations(path, analyte="flow")[["value", "dose"]].to_numpy().tolist() == [[3.0, 5.0]]
    with pytest.raises(InputError, match="several analytes: choose one of 'FLOW, QPCR'"):
        read_concentrations(path)
    with pytest.raises(InputError, match="unknown analyte 'FLO'; did you mean FLOW"):
        read_concentrations(path, analyte="flo")
    with pytest.raises(InputError, match="no column for analyte"):
        read_concentrations(write(tmp_path, "ID,TIME,DV\n1,1,8\n"), analyte="flow")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "data.csv is empty: a header and at least one row are expected"),
        ("ID,TIME,DV\n", "data.csv holds no samples"),
        ("ID,TIME,DV,EVID\n1,0,5,1\n", "data.csv holds no samples"),
        ("ID,WHEN,DV\n1,0,5\n", "data.csv has no column for time: expected one of TIME, TAFD"),
        ("ID,ID,DV\n1,0,5\n", "data.csv: each column needs a name of its own"),
        ("ID,TIME,DV\n1,0,5\n1,1,5,9\n", "data.csv, row 3: expected 3 cells, as in the header, found 4"),
        ("ID,TIME,DV\n\n1,0,5\n1,x,5\n", "data.csv, row 4, column TIME: expected a number, found 'x'"),
        ("ID,TIME,DV\n1,inf,5\n", "row 2, column TIME: expected a number, found 'inf'"),
        ("ID,TIME,DV\n1,,5\n", "row 2, column TIME: expected a number, found ''"),
        ("ID,TIME,DV\n,0,5\n", "row 2, column ID: expected the name or number of a patient, found ''"),
        ("ID,TIME,DV\n1,0,5\n1,1,\n", "row 3, column DV: expected a positive number, '<limit' or 'BLQ', found ''"),
        ("ID,TIME,DV\n1,0,high\n", "row 2, column DV: expected a number, '<limit' or 'BLQ', found 'high'"),
        ("ID,TIME,DV\n1,0,-5\n", "row 2, column DV: expected a positive number, '<limit' or 'BLQ', found '-5'"),
        ("ID,TIME,DV\n1,0,<5x\n", "row 2, column DV: expected a number after '<', found '<5x'"),
        ("ID,TIME,DV,LLOQ\n1,0,5,-1\n", "row 2, column LLOQ: expected a limit that is not negative, found '-1'"),
        ("ID,TIME,DV,CENS\n1,0,5,-1\n", "row 2, column CENS: expected 1 or 0, true or false .*, found '-1'"),
        ("ID,TIME,DV\n1,0,5\n2,0,5\n1,0,6\n", "row 4, column TIME: expected one sample of patient '1' at each time, found '0'"),
        ("ID,TIME,DV,AMT\n1,3,.,5\n1,4,6,0\n", "row 2, column TIME: expected the first dose of a patient at time 0"),
        ('ID,TIME,DV\n1,0,"5"x\n', "data.csv, row 2: the row cannot be split into cells"),
    ],
)
def test_each_fault_is_one_sentence_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_concentrations(write(tmp_path, text))


def test_files_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv cannot be read: No such file"):
        read_concentrations(tmp_path / "none.csv")
    with pytest.raises(InputError, match=r"none\.parquet cannot be read: no such file"):
        read_concentrations(tmp_path / "none.parquet")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1nothing")
    with pytest.raises(InputError, match=r"bad\.parquet cannot be read as Parquet"):
        read_concentrations(tmp_path / "bad.parquet")
    (tmp_path / "latin.csv").write_bytes(b"ID,TIME,DV\n1,0,\xe9\n")
    with pytest.raises(InputError, match=r"latin\.csv is not UTF-8 text"):
        read_concentrations(tmp_path / "latin.csv")


def test_wrong_roles_and_columns_are_named(tmp_path: Path) -> None:
    path = write(tmp_path, "ID,TIME,COPIES\n1,0,5\n")
    with pytest.raises(InputError, match="unknown role of a column 'val'; did you mean value"):
        read_concentrations(path, columns={"val": "COPIES"})
    with pytest.raises(InputError, match=r"data\.csv: unknown column 'COPY'; did you mean COPIES"):
        read_concentrations(path, columns={"value": "COPY"})
