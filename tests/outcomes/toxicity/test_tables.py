"""Tables of daily findings: read, checked cell by cell, graded by every scale with reasons."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from autologue.errors import InputError
from autologue.outcomes.toxicity.scales import SCALES
from autologue.outcomes.toxicity.tables import grade_table, read_findings, summarise_table

CSV = """patient,day,temperature_c,hypotension,pressors,vasopressin,oxygen,oxygen_flow,tocilizumab,antipyretic,steroid
A,0,36.9,no,0,no,none,,no,no,no
A,1,39.2,no,0,no,none,,no,no,no
A,2,38.4,yes,0,no,nasal cannula,4,yes,no,no
A,3,37.0,yes,1,yes,Face-Mask,,no,no,no
B,1,38.5,,,,,,,,
"""


def write(folder: Path, text: str | bytes, name: str = "findings.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_a_csv_is_graded_by_every_scale(tmp_path: Path) -> None:
    table = grade_table(read_findings(write(tmp_path, CSV)))
    assert list(table.columns) == ["patient", "day", *(f"{name}_{part}" for name in SCALES for part in ("grade", "reason"))]
    assert table.crs_astct_2019_grade.tolist()[:4] == [0, 1, 2, 3]
    assert table.crs_astct_2019_grade.isna().tolist() == [False] * 4 + [True]
    assert "one vasopressor" in table.crs_astct_2019_reason[3]
    assert "oxygen" in table.crs_astct_2019_reason[4]
    assert "ice_score" in table.icans_astct_2019_reason[0]


def test_parquet_gives_the_same_grades_as_csv(tmp_path: Path) -> None:
    text = read_findings(write(tmp_path, CSV))
    typed = pd.read_csv(write(tmp_path, CSV))
    typed.to_parquet(tmp_path / "findings.parquet")
    pd.testing.assert_frame_equal(grade_table(read_findings(tmp_path / "findings.parquet")), grade_table(text))


def test_the_index_and_order_of_the_rows_are_kept(tmp_path: Path) -> None:
    frame = read_findings(write(tmp_path, CSV)).iloc[[3, 1, 2, 0]]
    assert grade_table(frame).crs_astct_2019_grade.to_dict() == {3: 3, 1: 1, 2: 2, 0: 0}


def test_summary_per_patient(tmp_path: Path) -> None:
    frame = read_findings(write(tmp_path, CSV))
    row = summarise_table(frame, scales=["crs_astct_2019"]).set_index("patient").loc["A"]
    assert (row.worst, row.onset, row["last"], row.duration, row.ongoing, row.ungraded_days) == (3, 1, 3, 3, True, 0)


def test_a_scale_asked_for_by_name_must_be_possible(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"row 5, column hypotension: not graded \(at least grade 1\): ASTCT 2019 CRS needs"):
        grade_table(read_findings(write(tmp_path, CSV)), scales=["crs_astct_2019"])


BAD = [
    ("patient,day,temperature_c\nA,1,380\n", "row 1: patient A, day 1: temperature_c is 380"),
    ("patient,day,temperature_c\nA,0,37\nA,-2,38\n", "row 2: patient A, day -2: day is -2, expected 0"),
    ("patient,day,temperature_c\nA,0,37\nA,1,warm\n", "row 2, column temperature_c: 'warm' is not usable, expected a number"),
    ("patient,day,oxygen\nA,0,tent\n", "row 1, column oxygen: 'tent' is not usable, expected one of none, nasal_cannula"),
    ("patient,day,steroid\nA,0,2\n", "row 1, column steroid: '2' is not usable, expected yes or no"),
    ("patient,day,pressors\nA,0,1.5\n", "row 1, column pressors: '1.5' is not usable, expected a whole number"),
    ("patient,day,pressors\nA,0,inf\n", "expected a finite number"),
    ("patient,day,temprature_c\nA,0,37\n", "did you mean temperature_c"),
    ("patient,day,steroid\n,0,no\n", "row 1, column patient: empty"),
    ("patient,temperature_c\nA,37\n", "column 'day' is missing"),
    ("patient,day,day\nA,1,1\n", "column 'day' comes twice"),
    ("patient,day\nA,1,2\n", "row 1: 3 cells, expected 2"),
    ("patient,day\nA,1\nA,1\n", "patient A, day 1 comes twice"),
    ("patient,day\n", "no record"),
    ("", "file is empty"),
]


@pytest.mark.parametrize(("text", "words"), BAD)
def test_bad_tables_are_refused_with_row_and_column(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        grade_table(read_findings(write(tmp_path, text)))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_are_no_tables_are_refused(tmp_path: Path) -> None:
    for name, content, words in [
        ("a.csv", b"\xff\xfe\x00", "not a readable CSV"),
        ("a.parquet", b"PAR1PAR1", "not a readable Parquet"),
        ("a.xlsx", b"", "ending in .csv or .parquet"),
    ]:
        with pytest.raises(InputError, match=words):
            read_findings(write(tmp_path, content, name))
    with pytest.raises(InputError, match=r"absent\.csv: cannot be read"):
        read_findings(tmp_path / "absent.csv")
