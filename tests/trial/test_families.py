"""Published figures: they are those of the reference table, at least half of the families only check, and mistakes are one sentence."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from autologue.errors import InputError
from autologue.trial.families import read_families, shipped_families

WHOLE = ("TRANSCEND NHL 001", "ENSIGN", "CARTITUDE-1", "ZUMA-2", "ZUMA-5")
GOOD = """
[[family]]
name = "a"
use = "check"
why = "x"
protocol = "eliana"

[[family.row]]
trial = "A"
endpoint = "OS"
statistic = "survival"
of = "overall_survival"
among = "infusion"
months = 12
published = 0.5
n = 20
evidence = "V"
source = "y"
"""


def test_every_row_of_the_reference_table_is_in_one_family(shared: Path) -> None:
    with (shared / "reference" / "trials.csv").open(newline="") as file:
        table = list(csv.DictReader(file))

    def number(text: str) -> float | None:
        return float(text) if text else None

    theirs = sorted(
        (r["trial"], r["endpoint"], (r["timepoint_months"] and float(r["timepoint_months"])) or 0.0, float(r["estimate"]),
         number(r["ci_low"]) or 0.0, number(r["ci_high"]) or 0.0, int(r["n"] or 0), r["evidence"], r["source_doi"])
        for r in table
    )  # fmt: skip
    ours = sorted(
        (r.trial, r.endpoint, _or(r.months), r.published, _or(r.lower), _or(r.upper), r.n, r.evidence, r.source)
        for family in shipped_families() for r in family.rows
    )  # fmt: skip
    assert ours == theirs


def _or(value: float) -> float:
    return value if value == value else 0.0


def test_at_least_half_only_check_and_a_whole_trial_of_each_disease() -> None:
    families = shipped_families()
    simulated = [family for family in families if any(row.simulated for row in family.rows)]
    for group in (families, simulated):
        assert 2 * sum(family.use == "check" for family in group) >= len(group)
    for family in families:
        if any(row.trial in WHOLE or row.trial.startswith("RW ") for row in family.rows):
            assert family.use == "check", family.name


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("n = 20\n", "", "OS of A has no n"),
        ('use = "check"', 'use = "chek"', "unknown use 'chek'; did you mean check"),
        ('statistic = "survival"', 'statistic = "survial"', "unknown statistic 'survial'; did you mean survival"),
        ("months = 12\n", "", "months is missing"),
        ('of = "overall_survival"\n', "", "of or among is missing"),
        ('evidence = "V"', 'evidence = "M"', "a recalled figure is compared with nothing"),
        ("published = 0.5", "published = nan", "published is nan; expected a finite number"),
        ('source = "y"\n', "", "has no source"),
        ('protocol = "eliana"\n', "", "has no protocol"),
        ("months =", "month =", "unknown key 'month'; did you mean months"),
        ('statistic = "survival"\n', "", "neither statistic nor reason"),
        ("[[family]]", "[[famly]]", "unknown key 'famly'; did you mean family"),
        ("n = 20", "n = 0", "a whole number of at least 1"),
        ('why = "x"', "why = 3", "why is 3; expected a text"),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    assert old in GOOD
    path = tmp_path / "mine.toml"
    path.write_text(GOOD.replace(old, new) if old != "[[family]]" else GOOD.replace("family", "famly"), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_families(path)
    assert sentence in str(caught.value)
    assert "mine.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_family_comes_once(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD + GOOD, encoding="utf-8")
    with pytest.raises(InputError, match="family 'a' comes twice"):
        read_families(path)
