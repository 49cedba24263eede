"""CDISC ADTTE: time-to-event analysis data sets read and written (ADaM Basic Data Structure for Time-to-Event v1.0).

CNSR is 0 for an event and a positive whole number for censoring, by reason: the opposite of a status column.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from autologue.errors import InputError, unknown
from autologue.survival.read import numbers, time_to_event
from autologue.survival.records import TimeToEvent

__all__ = ["read_adtte", "write_adtte"]

UNITS: Mapping[str, str] = {"DAYS": "day", "WEEKS": "week", "MONTHS": "month", "YEARS": "year"}
CENSORED = "censored"


def read_adtte(frame: pd.DataFrame, *, parameter: str | None = None, arm: str | None = None) -> TimeToEvent:
    """Return one parameter (PARAMCD) of an ADTTE table; EVNTDESC, where filled for every event, gives the causes.

    `arm` defaults to TRTP, TRTA or ARM, the first there is. Raises `InputError` where a needed column is absent, the parameter is not
    said though there are several, CNSR is no whole number of 0 or more, a subject is there twice, or units are mixed.
    """
    for column in ("USUBJID", "PARAMCD", "AVAL", "CNSR"):
        if column not in frame.columns:
            raise InputError(unknown("ADTTE column", column, [str(name) for name in frame.columns]))
    rows = _parameter(frame, parameter)
    flags = numbers(rows, "CNSR", 0.0, "the least code")
    for row in np.flatnonzero(flags % 1 != 0)[:1]:
        raise InputError(f"row {row + 1}, column 'CNSR': {flags[row]:g} is no whole number; 0 is an event, 1 and above are censored.")
    for row in np.flatnonzero(rows["USUBJID"].duplicated())[:1]:
        raise InputError(f"row {row + 1}, column 'USUBJID': subject {rows['USUBJID'].iloc[row]} is there twice; keep one row a parameter.")
    status = _causes(rows, flags)
    names = dict.fromkeys(status[status != CENSORED])
    codes: dict[object, str | None] = {CENSORED: None, **{name: str(name) for name in names or {"event": None}}}
    found = arm if arm is not None else next((name for name in ("TRTP", "TRTA", "ARM") if name in rows.columns), None)
    return time_to_event(rows.assign(status=status), time="AVAL", codes=codes, arm=found, subject="USUBJID", unit=_unit(rows))


def write_adtte(data: TimeToEvent, *, parameter: str, description: str, study: str) -> pd.DataFrame:
    """Return an ADTTE table of one parameter, ready to be written; refuses what the format has no column for.

    >>> data = time_to_event(pd.DataFrame({"time": [3.0], "status": [0]}))
    >>> write_adtte(data, parameter="OS", description="Overall survival", study="X1")["CNSR"].tolist()
    [1]
    """
    if np.any(data.entry > 0) or np.any(data.weight != 1):
        raise InputError("ADTTE has no column for late entry or weights; write the table as CSV or Parquet instead.")
    causes = np.array(["", *data.causes], object)
    units = {unit: name for name, unit in UNITS.items()}
    return pd.DataFrame(
        {
            "STUDYID": study,
            "USUBJID": data.subject,
            "TRTP": np.array(data.arms, object)[data.arm],
            "PARAMCD": parameter,
            "PARAM": description,
            "AVAL": data.time,
            "AVALU": units.get(data.unit, data.unit.upper()),
            "CNSR": np.where(data.event, 0, 1),
            "EVNTDESC": causes[data.cause],
        }
    )


def _parameter(frame: pd.DataFrame, parameter: str | None) -> pd.DataFrame:
    known = [str(name) for name in frame["PARAMCD"].dropna().unique()]
    if parameter is None:
        if len(known) != 1:
            raise InputError(f"column 'PARAMCD': the table holds {', '.join(known) or 'no parameter'}; say which one to read.")
        parameter = known[0]
    if parameter not in known:
        raise InputError(unknown("parameter", parameter, known))
    return frame[frame["PARAMCD"] == parameter]


def _causes(rows: pd.DataFrame, flags: np.ndarray[tuple[int], np.dtype[np.float64]]) -> pd.Series:
    status = pd.Series(np.where(flags == 0, "event", CENSORED), index=rows.index, dtype=object)
    if "EVNTDESC" in rows.columns:
        words = rows["EVNTDESC"].fillna("").astype(str).str.strip()
        happened = flags == 0
        if happened.any() and (words[happened] != "").all():
            status[happened] = words[happened]
    return status


def _unit(rows: pd.DataFrame) -> str:
    if "AVALU" not in rows.columns:
        return "day"  # the usual unit of ADTTE
    units = [str(unit) for unit in rows["AVALU"].dropna().unique()]
    if len(units) != 1:
        raise InputError(f"column 'AVALU': one unit is needed for a parameter, found {', '.join(units) or 'none'}; convert the times.")
    return UNITS.get(units[0].upper(), units[0].lower())
