"""How `autologue survival` reads its file: a table with a row for each subject, or an ADTTE data set."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pyarrow as pa

from autologue import units
from autologue.errors import InputError
from autologue.files import replacing
from autologue.survival import TimeToEvent, read_adtte, time_to_event
from autologue.survival.read import check_time_unit

__all__ = ["Roles", "read_data", "write_table"]

ADTTE = ("USUBJID", "PARAMCD", "AVAL", "CNSR")
CENSORED = "censored"


@dataclass(frozen=True)
class Roles:
    """What the options say of the file; None where nothing was said."""

    time: str | None = None
    status: str | None = None
    codes: str | None = None
    arm: str | None = None
    entry: str | None = None
    covariates: tuple[str, ...] = ()
    unit: str | None = None
    adtte: str | None = None


def read_data(path: Path, roles: Roles) -> tuple[TimeToEvent, str]:
    """Return the subjects and the name of their study; raises InputError, with the file's name, for what cannot be used."""
    frame = _read(path)
    if roles.unit is not None:
        check_time_unit(roles.unit)
    try:
        adtte = _is_adtte(frame, roles)
        data = _adtte(frame, roles) if adtte else _plain(frame, roles)
        if data.follow_up <= 0:
            raise InputError(f"nobody is followed beyond time zero; check the column '{'AVAL' if adtte else roles.time or 'time'}'")
        return data, _study(frame, path) if adtte else path.stem
    except InputError as problem:
        raise InputError(f"{path.name}: {problem}") from None


def _read(path: Path) -> pd.DataFrame:
    readers: dict[str, Callable[[Path], pd.DataFrame]] = {".csv": pd.read_csv, ".parquet": pd.read_parquet}
    if path.suffix.lower() not in readers:
        raise InputError(f"{path.name}: expected a file ending in .csv or .parquet; convert or rename it")
    try:
        frame = readers[path.suffix.lower()](path)
    except pd.errors.EmptyDataError:
        raise InputError(f"{path.name}: the file is empty; expected a header and a row for each subject") from None
    except (OSError, ValueError, pa.ArrowException) as problem:
        why = getattr(problem, "strerror", None) or str(problem).removeprefix("Error tokenizing data. C error: ").splitlines()[0][:120]
        raise InputError(f"{path.name}: cannot be read ({why}); check the path and the format") from None
    if len(frame.columns) == 1 and ";" in str(frame.columns[0]):
        raise InputError(f"{path.name}: the columns are separated by semicolons; export the table with commas, and points in numbers")
    return frame.rename(columns=lambda name: str(name).strip())


def _is_adtte(frame: pd.DataFrame, roles: Roles) -> bool:
    """Whether to read as ADTTE: its columns are there and no other columns were named, or a parameter to read was."""
    return roles.time is None and roles.status is None and set(ADTTE) <= set(frame.columns)


def _adtte(frame: pd.DataFrame, roles: Roles) -> TimeToEvent:
    for name, value in (("--entry", roles.entry), ("--codes", roles.codes), ("--covariate", roles.covariates)):
        if value:
            raise InputError(f"{name} does not go with an ADTTE data set; name --time and --status to read it as a plain table")
    data = read_adtte(frame, parameter=roles.adtte, arm=roles.arm)
    if roles.unit is None or roles.unit == data.unit:
        return data
    scale = units.convert(1.0, data.unit, roles.unit, what="AVALU")
    return replace(data, lower=data.lower * scale, upper=data.upper * scale, entry=data.entry * scale, unit=roles.unit)


def _study(frame: pd.DataFrame, path: Path) -> str:
    return str(frame["STUDYID"].iloc[0]) if "STUDYID" in frame.columns else path.stem


def _plain(frame: pd.DataFrame, roles: Roles) -> TimeToEvent:
    arm = roles.arm if roles.arm is not None else ("arm" if "arm" in frame.columns else None)
    status = roles.status or "status"
    codes = _codes(roles.codes)
    if status in frame.columns and frame[status].dtype == object:
        frame = frame.assign(**{status: [each.strip() if isinstance(each, str) else each for each in frame[status]]})
    return time_to_event(
        frame, time=roles.time or "time", status=status, codes=codes, entry=roles.entry, arm=arm,
        subject=next((name for name in ("subject", "patient", "id", "ID") if name in frame.columns), None),
        covariates=roles.covariates, unit=roles.unit or "month",
    )  # fmt: skip


def _codes(text: str | None) -> Mapping[Hashable, str | None]:
    """Return what each status means, from a text like 'alive=censored,dead=death'."""
    if text is None:
        return {0: None, 1: "event"}
    found: dict[Hashable, str | None] = {}
    for piece in text.split(","):
        code, sign, cause = (part.strip() for part in piece.partition("="))
        if not (code and sign and cause):
            raise InputError(f"--codes '{piece.strip()}' says nothing; expected status=cause, like alive=censored,dead=death")
        key: Hashable = int(code) if code.lstrip("-").isdigit() else code
        found[key] = None if cause.lower() == CENSORED else cause
    if all(cause is None for cause in found.values()):
        raise InputError(f"--codes '{text}' names no event; expected at least one status that is not censored, like dead=death")
    return found


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV or Parquet, by the ending of the name; the file is whole or not there."""
    with replacing(path) as part:
        if path.suffix == ".csv":
            table.to_csv(part, index=False)
        else:
            table.to_parquet(part, index=False)
