"""The reader of the killing assay answers any table: with fits, or with one sentence that is an InputError."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from autologue.errors import InputError
from autologue.library.brummer_2022 import COLUMNS, PLATES, read_killing_assay

HEADS = ("tumor_line", "data_column", "t_start_.hr.", "t_end_.hr.", "dex_.ug.ml.", "t_cell_start.ci.", "t_cell_end.ci.", "chi_sq", *COLUMNS)
cells = st.one_of(
    st.sampled_from(["PBT1", "PBT4", '"Y(A1,A2)"', "", "NaN", "inf", "-1", "1e400", "0x1", "1"]),
    st.floats().map(str),
    st.integers(-3, 9).map(str),
    st.text(max_size=5),
)
tables = st.one_of(
    st.lists(st.lists(cells, max_size=17), max_size=4).map(lambda rows: "\n".join(",".join(row) for row in rows)),
    st.lists(st.lists(cells, min_size=len(HEADS), max_size=len(HEADS)), min_size=1, max_size=3).map(
        lambda rows: "\n".join([",".join(HEADS), *(",".join(row) for row in rows)])
    ),
)
plates = st.one_of(
    tables,
    st.lists(st.lists(cells, min_size=3, max_size=3), max_size=6).map(
        lambda rows: "\n".join(['Time (Hour),"Y(A1,A2)","SD(A1,A2)"', *(",".join(row) for row in rows)])
    ),
)


@settings(deadline=None)
@given(tables, plates)
def test_any_table_is_read_or_refused_in_one_sentence(fits: str, plate: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "fit_parameters.csv").write_text(fits, encoding="utf-8", errors="replace")
        for file in set(PLATES.values()):
            (folder / file).write_text(plate, encoding="utf-8", errors="replace")
        sentence = ""
        try:
            found = read_killing_assay(folder)
        except InputError as problem:
            sentence, found = str(problem), {}
    assert all(len(killing.times) == len(killing.sd) >= killing.used > 0 for killing in found.values())
    assert "\n" not in sentence
    assert not sentence or any(file in sentence for file in ("fit_parameters.csv", *PLATES.values()))
