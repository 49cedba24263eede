"""Whatever a file or a table holds, the readers of survival data give data or one sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from autologue.cli.survival_reading import Roles, read_data
from autologue.errors import AutologueError
from autologue.survival import (
    TimeToEvent,
    interval_censored,
    kaplan_meier,
    read_adtte,
    read_life_table,
    reconstruct,
    time_to_event,
)

CELLS = st.one_of(
    st.sampled_from(["", "0", "1", "2", "-1", "nan", "inf", "1e400", "0.5", "x", "1,5", " 1 ", "\x00", "DAYS", "True", None]),
    st.integers(-3, 40),
    st.floats(),
    st.booleans(),
    st.text(max_size=4),
)
NAMES = ["time", "status", "arm", "entry", "lower", "upper", "survival", "at_risk", "age", "sex", "hazard"]
NAMES += ["USUBJID", "PARAMCD", "AVAL", "CNSR", "AVALU", "EVNTDESC", "TRTP"]


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    """Any columns that a reader knows, with any cells."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=8))
    rows = draw(st.lists(st.lists(CELLS, min_size=len(names), max_size=len(names)), max_size=6))
    return pd.DataFrame(rows, columns=names, dtype=object)


def answered(read: Callable[[], Any]) -> Any:
    """Return what was read, or None where it was refused in one sentence."""
    said = ""
    try:
        return read()
    except AutologueError as refusal:
        said = str(refusal)
    assert said
    assert "\n" not in said
    return None


def reads(data: TimeToEvent) -> None:
    """What was accepted can be used."""
    assert np.all(data.lower >= 0)
    assert np.all(data.upper >= data.lower)
    assert np.all(data.entry < np.maximum(data.lower, 1e-300))
    if not data.interval_censored:
        assert np.all(np.diff(kaplan_meier(data).survival) <= 1e-12)


@given(tables())
def test_tables_are_read_or_refused(table: pd.DataFrame) -> None:
    for read in (
        lambda: time_to_event(table, arm="arm" if "arm" in table else None, entry="entry" if "entry" in table else None),
        lambda: interval_censored(table),
        lambda: read_adtte(table),
    ):
        data = answered(read)
        if data is not None:
            reads(data)


@given(tables())
def test_life_tables_are_read_or_refused(table: pd.DataFrame) -> None:
    found = answered(lambda: read_life_table(table, source="any"))
    assert found is None or np.all(found.hazard >= 0)


COORDINATE = st.one_of(st.integers(0, 12).map(float), st.floats(0, 12), st.sampled_from([np.nan, np.inf, -1.0]))
SHARE = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 1.0, 0.5, 1.5, np.nan]))
COUNT = st.one_of(st.integers(0, 60).map(float), st.sampled_from([0.5, np.nan, -1.0]))


@given(
    st.lists(st.tuples(COORDINATE, SHARE), max_size=8),
    st.lists(st.tuples(COORDINATE, COUNT), max_size=5),
    st.booleans(),
    st.one_of(st.none(), st.integers(-2, 70)),
)
def test_a_digitised_curve_is_rebuilt_or_refused(curve: list, risk: list, ordered: bool, events: int | None) -> None:
    if ordered:  # as a careful reader would digitise it
        times, shares = sorted(point[0] for point in curve), sorted((point[1] for point in curve), reverse=True)
        curve = list(zip(times, shares, strict=True))
        whens, counts = sorted(point[0] for point in risk), sorted((point[1] for point in risk), reverse=True)
        risk = list(zip([0.0, *whens[1:]] if whens else [], counts, strict=True))
    drawn, counted = pd.DataFrame(curve, columns=["time", "survival"]), pd.DataFrame(risk, columns=["time", "at_risk"])
    found = answered(lambda: reconstruct(drawn, counted, events=events))
    if found is None:
        return
    assert len(found.data) == found.at_risk["published"].iloc[0]
    assert 0 <= found.deviation <= 1


@given(st.binary(max_size=300), st.sampled_from(["any.csv", "any.parquet"]))
def test_bytes_are_refused_in_a_sentence(content: bytes, name: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        answered(lambda: read_data(path, Roles()))


@given(tables(), st.sampled_from([None, "0=censored,1=event", "x=dead,0=censored"]))
def test_files_of_any_cells_are_read_or_refused(table: pd.DataFrame, codes: str | None) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "any.csv"
        table.to_csv(path, index=False)
        found = answered(lambda: read_data(path, Roles(codes=codes)))
        if found is not None:
            reads(found[0])
