"""What must hold for any record of physiology: worst column, monotony, soundness of partial records, tables and files."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from autologue.errors import InputError
from autologue.outcomes.toxicity.episode import summarise_grades
from autologue.outcomes.toxicity.findings import FIELDS, Consciousness, DailyFindings, Death, Oedema, Oxygen, PressorDose, Seizure
from autologue.outcomes.toxicity.grading import Course, Grade, grade, grade_course
from autologue.outcomes.toxicity.scales import SCALES
from autologue.outcomes.toxicity.tables import findings_from_table, grade_table, read_findings, summarise_table

UNTIMED = settings(deadline=None)  # a busy machine is no failure
FLAGS = st.booleans()
COMPLETE: dict[str, st.SearchStrategy[Any]] = {
    "age_years": st.floats(1, 90), "temperature_c": st.floats(35, 42), "constitutional": FLAGS, "hospitalised": FLAGS, "hypotension": FLAGS,
    "iv_fluids": FLAGS, "pressors": st.integers(0, 4), "vasopressin": FLAGS, "oxygen": st.sampled_from(Oxygen),
    "oxygen_flow": st.floats(6.1, 60),
    "fio2": st.floats(0.22, 1), "creatinine_grade": st.integers(0, 4), "transaminase_grade": st.integers(0, 4),
    "other_organ_grade": st.integers(0, 4), "blood_products": FLAGS, "antipyretic": FLAGS, "tocilizumab": FLAGS, "steroid": FLAGS,
    "ice_score": st.integers(0, 10), "capd": st.integers(0, 32), "consciousness": st.sampled_from(Consciousness),
    "seizure": st.sampled_from(Seizure), "motor_weakness": FLAGS, "oedema": st.sampled_from(Oedema), "death": st.sampled_from(Death),
}  # fmt: skip


@st.composite
def complete(draw: st.DrawFn, day: float = 3) -> DailyFindings:
    """A record with every finding a scale may ask for."""
    values = {name: draw(strategy) for name, strategy in COMPLETE.items()}
    if values["oxygen"] is Oxygen.NONE:
        values.update(oxygen_flow=0.0, fio2=0.21)
    elif values["oxygen"] is Oxygen.NASAL_CANNULA:
        values["oxygen_flow"] = draw(st.floats(0.5, 15))
    if values["pressors"] or values["vasopressin"]:
        values["pressor_dose"] = draw(st.sampled_from(PressorDose))
    return DailyFindings(patient="A", day=day, **values)


@st.composite
def partial(draw: st.DrawFn) -> DailyFindings:
    """A record of which some findings were not made."""
    record = draw(complete())
    return replace(record, **dict.fromkeys(draw(st.sets(st.sampled_from(sorted(COMPLETE.keys() - {"death"})))), None))


scales = st.sampled_from(list(SCALES.values()))
courses = st.builds(Course, st.sampled_from([True, False, None]), st.sampled_from([True, False, None]))


@UNTIMED
@given(complete(), scales)
def test_a_complete_record_is_graded_by_every_scale(record: DailyFindings, scale: Any) -> None:
    assert grade(record, scale, course=Course(True, True)).value in range(6)


NO_HYPOTENSION = {"hypotension": False, "pressors": 0, "vasopressin": False, "pressor_dose": None, "iv_fluids": False}
NO_HYPOXIA = {"oxygen": Oxygen.NONE, "oxygen_flow": None, "fio2": None}


@UNTIMED
@given(complete())
def test_astct_crs_is_the_worst_column(record: DailyFindings) -> None:
    sick, scale = replace(record, temperature_c=39.0, death=Death.NONE), SCALES["crs_astct_2019"]
    columns = [grade(replace(sick, **well), scale).at_least for well in (NO_HYPOTENSION, NO_HYPOXIA)]  # type: ignore[arg-type]
    assert grade(sick, scale).value == max(columns)


CLEAR = {
    "consciousness": Consciousness.ALERT,
    "seizure": Seizure.NONE,
    "motor_weakness": False,
    "oedema": Oedema.NONE,
    "ice_score": 10,
    "capd": 0,
}


@UNTIMED
@given(complete())
def test_icans_is_the_worst_domain(record: DailyFindings) -> None:
    scale, sick = SCALES["icans_astct_2019"], replace(record, death=Death.NONE)
    alone = [grade(replace(sick, **{**CLEAR, name: getattr(sick, name)}), scale).at_least for name in CLEAR]  # type: ignore[arg-type]
    assert grade(sick, scale).value == max(alone)


@UNTIMED
@given(partial(), scales, courses, st.sampled_from(["pressors", "vasopressin"]))
def test_adding_a_pressor_never_lowers_a_grade(record: DailyFindings, scale: Any, course: Course, which: str) -> None:
    more = replace(record, pressors=(record.pressors or 0) + 1) if which == "pressors" else replace(record, vasopressin=True)
    before, after = grade(record, scale, course=course), grade(more, scale, course=course)
    assert after.at_least >= before.at_least
    if before.value is not None and after.value is not None:
        assert after.value >= before.value


@UNTIMED
@given(
    complete(),
    scales,
    courses,
    st.sampled_from(["temperature_c", "creatinine_grade", "transaminase_grade", "other_organ_grade", "capd"]),
    st.data(),
)
def test_a_worse_finding_never_lowers_a_grade(record: DailyFindings, scale: Any, course: Course, name: str, data: st.DataObject) -> None:
    worse = replace(record, **{name: max(getattr(record, name), data.draw(COMPLETE[name]))})
    assert grade(worse, scale, course=course).at_least >= grade(record, scale, course=course).at_least


@UNTIMED
@given(complete(), st.integers(0, 10))
def test_a_lower_ice_score_never_lowers_the_grade(record: DailyFindings, ice: int) -> None:
    assume(ice <= (record.ice_score or 0))
    scale = SCALES["icans_astct_2019"]
    assert grade(replace(record, ice_score=ice), scale).at_least >= grade(record, scale).at_least


@UNTIMED
@given(complete(), scales, st.sets(st.sampled_from(sorted(COMPLETE.keys() - {"death"}))))
def test_a_partial_record_gives_the_grade_of_the_complete_one_or_none(record: DailyFindings, scale: Any, lost: set[str]) -> None:
    whole = grade(record, scale, course=Course(True, True))
    part = grade(replace(record, **dict.fromkeys(lost, None)), scale, course=Course(True, True))
    assert part.value in (None, whole.value)
    assert whole.value is not None
    assert part.at_least <= whole.value
    if part.value is None:
        assert part.missing
        assert all(name in part.reason for name in part.missing)


@UNTIMED
@given(st.lists(st.integers(0, 5), min_size=1, max_size=20))
def test_episodes(values: list[int]) -> None:
    episode = summarise_grades(list(range(len(values))), [Grade("x", value, value, "") for value in values])
    assert episode.worst == max(values)
    ill = [day for day, value in enumerate(values) if value]
    assert (episode.onset, episode.last) == ((ill[0], ill[-1]) if ill else (None, None))


def as_text(record: DailyFindings) -> dict[str, str]:
    """A record as the cells of a CSV file."""
    values = {field.name: getattr(record, field.name) for field in fields(record)}
    return {name: "" if value is None else repr(value) if isinstance(value, float) else str(value) for name, value in values.items()}


@UNTIMED
@given(st.lists(partial(), min_size=1, max_size=4))
def test_tables_round_trip(records: list[DailyFindings]) -> None:
    cohort = [replace(record, day=float(day)) for day, record in enumerate(records)]
    frame = pd.DataFrame([as_text(record) for record in cohort])
    assert findings_from_table(frame) == cohort
    with tempfile.TemporaryDirectory() as folder:
        frame.to_csv(Path(folder) / "f.csv", index=False)
        pd.DataFrame([{name: getattr(r, name) for name in FIELDS} for r in cohort]).to_parquet(Path(folder) / "f.parquet")
        tables = [grade_table(read_findings(Path(folder) / name)) for name in ("f.csv", "f.parquet")]
    pd.testing.assert_frame_equal(*tables)
    for scale in SCALES.values():
        ours = [found.value for found in grade_course(cohort, scale)]
        assert [None if pd.isna(value) else int(value) for value in tables[0][f"{scale.name}_grade"]] == ours


def attempt(graded: Callable[[], pd.DataFrame]) -> pd.DataFrame | None:
    """Grade; None stands for an InputError of one line, the only exception that may come out."""
    try:
        return graded()
    except InputError as error:
        message = str(error)
    assert message.splitlines() == [message]
    return None


def outcome(content: bytes, suffix: str) -> pd.DataFrame | None:
    """Read and grade a file with this content."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"findings{suffix}"
        path.write_bytes(content)
        return attempt(lambda: summarise_table(read_findings(path)))


@UNTIMED
@given(st.binary(max_size=300), st.sampled_from([".csv", ".parquet", ".txt"]))
def test_random_bytes_are_refused_or_read(content: bytes, suffix: str) -> None:
    table = outcome(content, suffix)
    assert table is None or "worst" in table


HEADERS = st.lists(st.sampled_from([*FIELDS, *FIELDS, '"x\ny"']), unique=True, max_size=8).map(
    lambda names: ["patient", "day", *(n for n in names if n not in ("patient", "day"))]
)
CELLS = st.one_of(
    st.text(max_size=6), st.sampled_from(["", '"a\nb"', "1", "0", "yes", "none", "high", "39.5", "1e400", "NaN", '"', "-1", "1.5"])
)


@UNTIMED
@given(HEADERS, st.data())
def test_random_tables_are_refused_or_graded(header: list[str], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.lists(CELLS, min_size=len(header), max_size=len(header)), max_size=4))
    text = "\n".join(",".join(row) for row in [header, *rows])
    table = outcome(text.encode("utf-8", "surrogatepass"), ".csv")
    assert table is None or len(table) >= len(SCALES)


OBJECTS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.binary(max_size=3), st.lists(st.integers(), max_size=2)
)


@UNTIMED
@given(HEADERS, st.data())
def test_random_frames_are_refused_or_graded(header: list[str], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.lists(OBJECTS, min_size=len(header), max_size=len(header)), max_size=3))
    table = attempt(lambda: grade_table(pd.DataFrame(rows, columns=header, dtype=object)))
    assert table is None or len(table) == len(rows)


def parquet_bytes() -> bytes:
    """A small good Parquet file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "good.parquet"
        pd.DataFrame({"patient": ["A"], "day": [1], "temperature_c": [39.0]}).to_parquet(path)
        return path.read_bytes()


GOOD = parquet_bytes()


@UNTIMED
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_a_damaged_parquet_file_is_refused_or_read(position: int, byte: int) -> None:
    damaged = GOOD[:position] + bytes([byte]) + GOOD[position + 1 :]
    table = outcome(damaged, ".parquet")
    assert table is None or len(table) >= len(SCALES)
