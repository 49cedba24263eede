"""Any table is either read into a cohort or refused in one sentence that names it, and the linter agrees with the reader."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from autologue import library
from autologue.data import (
    Convention,
    Finding,
    Nominal,
    Predose,
    Reading,
    Resets,
    Severity,
    guess_reading,
    lint,
    load_reading,
    read_cohort,
    read_regimens,
)  # fmt: skip
from autologue.data.conventions import CONVENTIONS
from autologue.errors import AutologueError

HEADERS = st.sampled_from([
    "AMT", "EVID", "MDV", "CMT", "DVID", "YTYPE", "RATE", "DUR", "II", "ADDL", "SS", "CENS", "LIMIT", "LLOQ", "LOD", "ULOQ", "BLQ", "OCC",
    "WT", "SEX", "NTIME", "AVALU", "MATRIX", "AVALC", "DOSE", "C", "id", "x",
])  # fmt: skip
CELLS = st.one_of(
    st.sampled_from([
        "0", "1", "2", "3", "4", "101", "7.5", "-1", "-2", ".", "", "NA", "BLQ", "ND", "DNQ", "<50", ">9", "<x", "1e999", "nan", "1_0",
        "true", "Y", "cp", "pca", "blood", "mg/L", "copies/ug", "cells/uL", "٣", "1e3", "''",
    ]),
    st.floats().map(repr),
    st.text(max_size=4),
)  # fmt: skip
READINGS = st.builds(
    Reading,
    predose=st.sampled_from(Predose), resets=st.sampled_from(Resets), infusion_day=st.sampled_from([0, 1]),
    convention=st.sampled_from(list(CONVENTIONS.values())), times=st.sampled_from([Reading().times, Nominal(2.0), Nominal(1.0, (0, 7))]),
    time_unit=st.sampled_from([None, "day", "hour"]),
)  # fmt: skip
MODELS = st.sampled_from([None, library.load("stein_2019"), library.load("leon_triana_2021")])


def one_sentence(error: Exception, name: str) -> None:
    assert name in str(error)
    assert len(str(error).splitlines()) == 1


def text(header: list[str], rows: list[list[str]]) -> bytes:
    return "\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in [header, *rows]).encode(
        "utf-8", "surrogatepass"
    )


@settings(max_examples=60)
@given(
    extra=st.lists(HEADERS, max_size=7, unique=True), rows=st.lists(st.lists(CELLS, min_size=10, max_size=10), max_size=6),
    reading=READINGS, model=MODELS,
)  # fmt: skip
def test_tables_of_odd_cells(extra: list[str], rows: list[list[str]], reading: Reading, model: object) -> None:
    header = ["ID", "TIME", "DV", *extra]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "odd.csv"
        path.write_bytes(text(header, [row[: len(header)] for row in rows]))
        read = None
        try:
            read = read_cohort(path, model=model, reading=reading)  # type: ignore[arg-type]
            assert len(read) > 0
            assert str(guess_reading(path, model=model, reading=reading))  # type: ignore[arg-type]
        except AutologueError as problem:
            one_sentence(problem, "odd.csv")
        try:
            found: tuple[Finding, ...] = lint(path, model=model, reading=reading)  # type: ignore[arg-type]
        except AutologueError:
            assert read is None
            return
        assert (read is None) == any(finding.severity is Severity.ERROR for finding in found)
        numbers = set(range(2, len(rows) + 2))
        assert all(set(finding.rows) <= numbers for finding in found if "\n" not in path.read_bytes().decode("utf-8", "replace").strip())


@given(content=st.binary(max_size=200), name=st.sampled_from(["noise.csv", "noise.parquet"]))
def test_noise(content: bytes, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        for read in (read_cohort, lambda file: read_regimens(file, routes={"cells": "cells"})):
            try:
                assert read(path)
            except AutologueError as problem:
                one_sentence(problem, name)


@given(st.text(max_size=80) | st.sampled_from(["[outputs]\ncp = 3", "[columns]\nid = 4", "times = 1", "[outputs.cp]\nlimit = true"]))
def test_readings_from_any_text(content: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "reading.toml"
        path.write_text(content, encoding="utf-8")
        try:
            assert isinstance(load_reading(path), Reading)
        except AutologueError as problem:
            one_sentence(problem, "reading.toml")


@settings(max_examples=40)
@given(
    times=st.lists(st.floats(0, 100), min_size=1, max_size=5), values=st.lists(st.floats(0, 1e6), min_size=5, max_size=5),
    convention=st.sampled_from(list(CONVENTIONS.values())),
)  # fmt: skip
def test_a_frame_and_its_file_are_read_alike(times: list[float], values: list[float], convention: Convention) -> None:
    frame = pd.DataFrame({"ID": 1, "TIME": times, "DV": values[: len(times)], "LLOQ": 50.0})
    with tempfile.TemporaryDirectory() as folder:
        cohorts = [read_cohort(frame, reading=Reading(convention=convention))]
        for name, write in (("a.csv", frame.to_csv), ("a.parquet", frame.to_parquet)):
            write(Path(folder) / name, index=False)  # type: ignore[operator]
            cohorts.append(read_cohort(Path(folder) / name, reading=Reading(convention=convention)))
    first = cohorts[0].patients[0].observations["dv"]
    for other in cohorts[1:]:
        seen = other.patients[0].observations["dv"]
        assert [first.times.tolist(), first.lower.tolist(), first.upper.tolist()] == [
            seen.times.tolist(),
            seen.lower.tolist(),
            seen.upper.tolist(),
        ]
