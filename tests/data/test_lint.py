"""The linter finds what differs between programs, in the words that their manuals give, and lists every fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from autologue import library
from autologue.data import Finding, Measured, Monolix, Nlmixr2, Reading, Resets, Severity, lint
from autologue.errors import InputError


def found(folder: Path, *lines: str, reading: Reading | None = None, **options: object) -> tuple[Finding, ...]:
    path = folder / "t.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return lint(path, reading=reading or Reading(), **options)  # type: ignore[arg-type]


def one(findings: tuple[Finding, ...], words: str) -> Finding:
    (finding,) = [each for each in findings if words in each.what]
    return finding


@pytest.mark.parametrize(
    ("lines", "words", "rows", "column", "said"),
    [
        (("ID,TIME,AMT,DV", "1,0,5,2", "1,1,.,3"), "holds an amount and a value", (2,), "DV",
         ("a dose (MDV 1)", "a dose and a sample (since 2018R1)", "a dose", "a dose; the value is not read")),
        (("ID,TIME,DV,CENS,LIMIT", "1,0,5,0,2", "1,1,6,0,."), "LIMIT stands on a row that is not censored", (2,), "LIMIT",
         ("as the control stream says", "ignored", "M2: conditional on a value above LIMIT", "ignored")),
        (("ID,TIME,DV,CENS,LIMIT", "1,0,5,1,2", "1,1,6,0,."), "LIMIT bounds a censored value", (2,), "LIMIT",
         ("as the control stream says", "the value lies between LIMIT and DV", "M4: the same, given a value beyond LIMIT", "as Monolix")),
        (("ID,TIME,DV,BLQ,LLOQ", "1,0,0,1,50", "1,1,60,0,50"), "there is no CENS", (2,), "BLQ",
         ("what the control stream does with the mark", "measured at DV", "measured at DV", "below LLOQ")),
        (("ID,TIME,DV", "1,0,<5", "1,1,6"), "words or signs stand for values", (2,), "DV",
         ("refused: not a number", "refused: not a number", "the column is read as text and refused", "censored, as the word says")),
        (("ID,TIME,DV,LLOQ", "1,0,20,50", "1,1,60,50"), "no column marks values as censored", (2,), "DV",
         ("measured", "measured", "measured", "below LLOQ (between LOD and LLOQ where LOD is known and the value above it)")),
        (("ID,TIME,DV,LLOQ,CENS", "1,0,20,50,0", "1,1,60,50,0"), "is not marked as censored", (2,), "DV", ("measured",) * 4),
        (("ID,TIME,DV", "1,7,2", "1,0,3", "1,9,3"), "TIME is less than in the row before", (3,), "TIME",
         ("refused", "sorted by time", "sorted by time", "sorted by time")),
        (("ID,TIME,DV", "1,0,2", "2,0,3", "1,1,3"), "the rows of a patient are not together", (4,), "ID",
         ("another patient begins", "joined", "joined", "joined")),
        (("ID,TIME,DV,WT", "1,0,2,70", "1,1,3,.", "1,2,3,70"), "covariate WT is empty", (3,), "WT",
         ("0", "the value before it", "filled from its neighbours", "the first value of the patient holds")),
        (("ID,TIME,DV,SEX", "1,0,2,F", "1,1,3,."), "covariate SEX is empty", (3,), "SEX",
         ("0", "a category called '.'", "filled from its neighbours", "the first value of the patient holds")),
        (("ID,TIME,DV,WT", "1,0,2,70", "1,1,3,71", "2,0,3,60"), "covariate WT changes with time", (2, 3), "WT",
         ("from the row before up to its own row", "refused as a covariate (one value an occasion); as a regressor from its row on",
          "from its row on", "the first value of the patient, as at baseline")),
        (("ID,TIME,DV", "1,0,.", "1,1,3"), "a sample has no value", (2,), "DV", ("measured at 0", "refused", "left out", "left out")),
        (("ID,TIME,AMT,DV,EVID", "1,0,5,.,101", "1,1,.,3,0"), "EVID holds a compartment", (2,), "EVID",
         ("refused", "refused", "a dose into that compartment", "a dose into that compartment")),
        (("ID,TIME,AMT,DV,CMT", "1,0,5,.,.", "1,1,.,3,1"), "a dose says no compartment", (2,), "CMT",
         ("the default dose compartment", "administration 1", "the first compartment", "route dose")),
        (("ID,TIME,AMT,DV,RATE", "1,0,5,.,-1", "1,1,.,3,."), "leaves rate or duration to the model", (2,), "RATE",
         ("estimated", "a bolus", "estimated", "refused")),
        (("ID,TIME,AMT,DV,SS,II", "1,0,5,.,1,7", "1,1,.,3,.,."), "SS asks for a steady state", (2,), "SS",
         ("solved for", "five doses before, unless told otherwise", "solved for", "solved for")),
    ],
)  # fmt: skip
def test_where_programs_differ(
    tmp_path: Path, lines: tuple[str, ...], words: str, rows: tuple[int, ...], column: str, said: tuple[str, ...]
) -> None:
    finding = one(found(tmp_path, *lines), words)
    assert (finding.rows, finding.column) == (rows, column)
    assert (finding.nonmem, finding.monolix, finding.nlmixr2, finding.autologue) == said


def test_what_this_reading_does_follows_its_convention(tmp_path: Path) -> None:
    lines = ("ID,TIME,AMT,DV,LIMIT", "1,0,5,2,.", "1,1,.,3,1")
    assert one(found(tmp_path, *lines, reading=Reading(convention=Monolix())), "an amount and a value").autologue == "a dose and a sample"
    assert one(found(tmp_path, *lines, reading=Reading(convention=Nlmixr2())), "LIMIT stands").autologue == "as nlmixr2"
    restart = ("ID,TIME,AMT,DV,EVID", "1,0,5,.,1", "1,9,.,3,0", "1,0,5,.,4", "1,9,.,3,0")
    split = found(tmp_path, *restart, reading=Reading(resets=Resets.SPLIT))
    assert one(split, "TIME restarts at a reset").nonmem == "the course begins anew"
    assert not [finding for finding in split if finding.severity is Severity.ERROR]
    (error,) = [finding for finding in found(tmp_path, *restart) if finding.severity is Severity.ERROR]
    assert error.where == "row 4, column EVID"


def test_every_fault_is_listed_errors_first(tmp_path: Path) -> None:
    findings = found(tmp_path, "ID,TIME,AMT,DV,CENS", "1,x,.,3,0", "1,1,y,3,2", ",2,.,z,0", "1,3,.,BLQ,.")
    errors = [finding.where for finding in findings if finding.severity is Severity.ERROR]
    assert errors == [
        "row 2, column TIME",
        "row 3, column AMT",
        "row 3, column CENS",
        "row 4, column ID",
        "row 4, column DV",
        "row 5, column DV",
    ]
    assert [f.severity for f in findings[: len(errors)]] == [Severity.ERROR] * len(errors)


@pytest.mark.parametrize(
    ("lines", "words", "rows"),
    [
        (("ID,TIME,DV", "1,0,2"), "nothing says the unit of output dv, the times", ()),
        (("ID,DAY,AMT,DV", "1,1,5,.", "1,8,.,3"), "every first dose is at day 1", ()),
        (("ID,TIME,AMT,DV,LLOQ", "1,-1,.,0,50", "1,0,5,.,.", "1,7,.,60,50"), "samples up to the first dose show nothing", (2,)),
        (("ID,TIME,DV,LLOQ", "1,0,2,50", "1,1,3,50"), "every value of dv is censored", ()),
        (("ID,TIME,DV", "1,0,0", "1,1,3"), "values of dv are zero or less and taken as measured", (2,)),
        (("ID,TIME,DV,LLOQ", "1,0,60,50", "1,1,60,40"), "the limit of quantification of dv moves between 40 and 50", ()),
        (("ID,TIME,DV", "1,0,2", "1,0,3"), "several samples of one output at one time", (3,)),
        (("ID,TIME,AMT,DV", "1,0,.,2", "2,0,5,."), "no sample of patient 2", ()),
        (("ID,TIME,DV", "1,0,2"), "there is one patient", ()),
        (("ID,TIME,NTIME,DV", "1,6,7,2", "1,14,14,3"), "actual times differ from planned ones by up to 1", (2,)),
        (("ID,TIME,DV,STUDYID", "1,0,2,x"), "columns that are not read: STUDYID", ()),
        (("ID,TIME,DV,SEX", "a,0,2,F"), "ID, SEX hold text", ()),
    ],
)
def test_what_is_worth_a_second_look(tmp_path: Path, lines: tuple[str, ...], words: str, rows: tuple[int, ...]) -> None:
    assert one(found(tmp_path, *lines), words).rows == rows


def test_a_clean_table_has_no_findings_but_its_units(tmp_path: Path) -> None:
    lines = ("ID,TIME,DV,EVID,MDV,CENS", "1,0,5,0,0,0", "1,1,6,0,0,0", "2,0,5,0,0,0", "2,1,6,0,0,0")
    said = Reading(outputs={"y": Measured("mg/L")}, time_unit="day")
    assert found(tmp_path, *lines, reading=said) == ()


def test_columns_that_lack_and_models_that_take_no_dose(tmp_path: Path) -> None:
    (lacking,) = found(tmp_path, "ID,TIME", "1,0")
    assert (lacking.severity, "no column for value" in lacking.what) == (Severity.ERROR, True)
    stein = found(tmp_path, "ID,TIME,AMT,DV", "1,0,5,.", "1,1,.,3", model=library.load("stein_2019"))
    assert one(stein, "takes no doses").severity is Severity.NOTE
    assert one(stein, "nothing says the unit of output 'transgene'").severity is Severity.ERROR
    with pytest.raises(InputError, match="cannot be read"):
        lint(tmp_path / "absent.csv")
