"""ADTTE in and out: CNSR means the opposite of a status, and must never be confused with one."""

from __future__ import annotations

import pandas as pd
import pytest

from autologue.errors import InputError
from autologue.survival import read_adtte, time_to_event, write_adtte

ADTTE = pd.DataFrame(
    {
        "STUDYID": "CART1",
        "USUBJID": ["01", "02", "03", "01", "02", "03"],
        "TRTP": ["A", "B", "A", "A", "B", "A"],
        "PARAMCD": ["OS"] * 3 + ["PFS"] * 3,
        "AVAL": [100.0, 200.0, 300.0, 50.0, 60.0, 300.0],
        "AVALU": "DAYS",
        "CNSR": [1, 0, 2, 0, 0, 1],
        "EVNTDESC": ["", "DEATH", "", "PROGRESSION", "DEATH", ""],
    }
)


def test_cnsr_0_is_the_event() -> None:
    data = read_adtte(ADTTE, parameter="OS")
    assert data.event.tolist() == [False, True, False]
    assert data.subject.tolist() == ["01", "02", "03"]
    assert (data.unit, data.arms, data.causes) == ("day", ("A", "B"), ("DEATH",))
    assert read_adtte(ADTTE, parameter="PFS").causes == ("PROGRESSION", "DEATH")


def test_round_trip() -> None:
    data = read_adtte(ADTTE, parameter="PFS")
    written = write_adtte(data, parameter="PFS", description="Progression-free survival", study="CART1")
    again = read_adtte(written)
    assert written.AVALU.tolist() == ["DAYS"] * 3
    for name in ("lower", "upper", "cause", "arm", "subject"):
        assert getattr(again, name).tolist() == getattr(data, name).tolist()
    assert (again.arms, again.causes, again.unit) == (data.arms, data.causes, data.unit)


@pytest.mark.parametrize(
    ("change", "parameter", "message"),
    [
        ({}, None, "column 'PARAMCD': the table holds OS, PFS; say which"),
        ({}, "EFS", "unknown parameter 'EFS'; did you mean PFS"),
        ({"CNSR": [1, 0, -1, 0, 0, 1]}, "OS", "row 3, column 'CNSR': -1 is below the least code"),
        ({"CNSR": [1, 0.5, 1, 0, 0, 1]}, "OS", "row 2, column 'CNSR': 0.5 is no whole number"),
        ({"CNSR": [1, None, 1, 0, 0, 1]}, "OS", "row 2, column 'CNSR': .* is not a finite number"),
        ({"USUBJID": ["01", "01", "03", "01", "02", "03"]}, "OS", "row 2, column 'USUBJID': subject 01 is there twice"),
        ({"AVALU": ["DAYS", "MONTHS", "DAYS", "DAYS", "DAYS", "DAYS"]}, "OS", "column 'AVALU': one unit is needed"),
        ({"AVAL": [-3.0, 200, 300, 50, 60, 300]}, "OS", "row 1, column 'AVAL': -3 is below time zero"),
    ],
)
def test_faults_are_named(change: dict[str, object], parameter: str | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_adtte(ADTTE.assign(**change), parameter=parameter)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(InputError, match="unknown ADTTE column 'CNSR'"):
        read_adtte(ADTTE.drop(columns="CNSR"))


def test_what_adtte_cannot_hold_is_refused() -> None:
    late = time_to_event(pd.DataFrame({"time": [3.0], "entry": [1.0], "status": [1]}), entry="entry")
    with pytest.raises(InputError, match="no column for late entry"):
        write_adtte(late, parameter="OS", description="Overall survival", study="X")
