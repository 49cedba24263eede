"""Any file is either read into a table that can be analysed, or refused in one sentence that names the file."""

import tempfile
from pathlib import Path

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from autologue.errors import InputError
from autologue.nca import estimate_exposure, read_concentrations

HEADERS = st.sampled_from(["ID", "TIME", "DV", "CENS", "BLQ", "LLOQ", "EVID", "AMT", "MDV", "ARM", "DOSE", "DVID", "WT", "id", ""])
CELLS = st.one_of(
    st.sampled_from(
        ["0", "1", "2", "7.5", "-1", "", ".", "NA", "BLQ", "<50", "< x", "1e999", "nan", "1_0", "3,5", "true", '"', "٣", "1e3"]
    ),
    st.floats().map(repr),
    st.text(max_size=6),
)


def read(content: bytes, name: str) -> pd.DataFrame | None:
    """Read a file of this content; check the sentence if it is refused."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        try:
            return read_concentrations(path)
        except InputError as error:
            sentence = str(error)
    assert name in sentence
    assert len(sentence.splitlines()) == 1
    assert len(sentence) < 400
    return None


def check(found: pd.DataFrame) -> None:
    """Check that a table that was read can be analysed, or is refused for a reason beyond one row."""
    assert {"id", "time", "value", "blq"} <= set(found)
    sentence = ""
    try:
        assert len(estimate_exposure(found, value_unit="copies/ug").table) == found["id"].nunique()
    except InputError as error:
        sentence = str(error)
    assert not sentence or "more than one group" in sentence or "dose" in sentence


@settings(deadline=None, max_examples=300)
@given(st.lists(HEADERS, max_size=5), st.lists(st.lists(CELLS, min_size=3, max_size=8), max_size=6), st.sampled_from(",;\t"), st.booleans())
def test_tables_of_odd_cells(extra: list[str], rows: list[list[str]], delimiter: str, ragged: bool) -> None:
    header = ["ID", "TIME", "DV", *extra]
    body = rows if ragged else [(row * 3)[: len(header)] for row in rows]
    text = "\n".join(delimiter.join(row) for row in [header, *body])
    found = read(text.encode("utf-8", "surrogatepass"), "odd.csv")
    if found is not None:
        check(found)


@settings(deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["noise.csv", "noise.parquet"]))
def test_noise(content: bytes, name: str) -> None:
    found = read(content, name)
    assert found is None or len(found) > 0


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 50), st.floats(0.001, 1e6), st.booleans()),
        min_size=1,
        max_size=12,
        unique_by=lambda row: row[:2],
    ),
    st.sampled_from([",", ";", "\t"]),
    st.permutations(["ID", "TIME", "DV", "CENS"]),
)
def test_a_good_file_is_read_as_it_was_written(rows: list[tuple[int, int, float, bool]], delimiter: str, order: list[str]) -> None:
    cells = [dict(zip(["ID", "TIME", "DV", "CENS"], map(repr, (*row[:3], int(row[3]))), strict=True)) for row in rows]
    text = "\r\n".join(delimiter.join(cell[name] for name in order) for cell in [dict(zip(order, order, strict=True)), *cells])
    found = read(text.encode(), "good.csv")
    assert found is not None
    assert list(found.itertuples(index=False, name=None)) == rows
    check(found)
