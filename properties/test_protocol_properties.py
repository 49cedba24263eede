"""A protocol or file of published figures that is damaged anywhere is refused in one sentence, or read."""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from autologue.errors import InputError
from autologue.protocol import read_protocol
from autologue.trial.designs import read_design
from autologue.trial.families import read_families
from autologue.trial.shelf import find_protocol

PROTOCOLS = [find_protocol(name).read_text(encoding="utf-8") for name in ("eliana", "zuma_1", "scholar_1", "karmma", "zuma_5")]
FAMILIES = (find_protocol("eliana").parent.parent / "published" / "trials.toml").read_text(encoding="utf-8")[:6000]
FOLDER = Path(__file__).resolve().parents[1] / "examples" / "designs"
NAMES = ("second_line/design.toml", "second_line/futility.toml", "two_stage/design.toml")
DESIGNS = [(FOLDER / name).read_text(encoding="utf-8") for name in NAMES]
PIECES = st.sampled_from(["", "0", "-1", "nan", "1e400", '"x"', "[]", "{}", "true", "[1, 2]", "{ value = 1 }", "]", "= =", "\n[x]\n", "é"])


def damaged(text: str, start: float, length: int, piece: str) -> str:
    place = int(start * len(text))
    return text[:place] + piece + text[place + length :]


def refuses_in_one_sentence(text: str, read: Callable[[Path], object]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "damaged.toml"
        path.write_text(text, encoding="utf-8")
        said = refusal(path, read)
    assert "\n" not in said
    assert "damaged.toml" in said


def refusal(path: Path, read: Callable[[Path], object]) -> str:
    """What a reader says of a file, or the file's name where it reads it."""
    try:
        read(path)
    except InputError as error:
        return str(error)
    return path.name


@settings(max_examples=150, deadline=None)
@given(text=st.sampled_from(PROTOCOLS), start=st.floats(0, 1), length=st.integers(0, 40), piece=PIECES)
def test_a_damaged_protocol(text: str, start: float, length: int, piece: str) -> None:
    refuses_in_one_sentence(damaged(text, start, length, piece), read_protocol)


@settings(max_examples=100, deadline=None)
@given(start=st.floats(0, 1), length=st.integers(0, 40), piece=PIECES)
def test_damaged_published_figures(start: float, length: int, piece: str) -> None:
    refuses_in_one_sentence(damaged(FAMILIES, start, length, piece), read_families)


@settings(max_examples=100, deadline=None)
@given(text=st.sampled_from(DESIGNS), start=st.floats(0, 1), length=st.integers(0, 40), piece=PIECES)
def test_a_damaged_design(text: str, start: float, length: int, piece: str) -> None:
    refuses_in_one_sentence(damaged(text, start, length, piece), read_design)


VALUES = st.sampled_from([0, -1, 1.5, 10**6, float("nan"), "x", "", [], [1, 0], {}, True, {"value": 1, "unit": "day", "source": "y"}])


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_protocol_with_any_entry_replaced(data: st.DataObject) -> None:
    table = tomllib.loads(data.draw(st.sampled_from(PROTOCOLS)))
    place, key = table, data.draw(st.sampled_from(sorted(table)))
    while isinstance(place[key], dict) and place[key] and data.draw(st.booleans(), label="deeper"):
        place = place[key]
        key = data.draw(st.sampled_from(sorted(place)))
    place[key] = data.draw(VALUES)
    refuses_in_one_sentence(written(table), read_protocol)


def written(value: object, *, top: bool = True) -> str:
    """TOML of nested tables, everything below the top inline."""
    if isinstance(value, dict):
        pairs = [f'"{k}" = {written(v, top=False)}' for k, v in value.items()]
        return "\n".join(pairs) if top else "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(written(v, top=False) for v in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)
