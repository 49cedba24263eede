"""The algebra of units."""

from __future__ import annotations

import pytest

from autologue.errors import UnitError
from autologue.units import ONE, convert, parse


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        (2.0, "day", "hour", 48.0),
        (1.0, "week", "day", 7.0),
        (3.0, "copies/ug", "copies/ng", 0.003),
        (1.0, "cells/uL", "1e9*cells/L", 1e-3),
        (1.0, "uM", "nmol/mL", 1.0),
        (1.0, "mg/L", "ug/mL", 1.0),
        (50.0, "%", "1", 0.5),
        (1.0, "1/(day*cell)", "1/day/cell", 1.0),
        (4.0, "mL^0.5", "L^0.5", 4.0 * 0.001**0.5),
        (1.0, "µg", "ug", 1.0),
        (6.02214076e23, "molecules", "mol", 1.0),
    ],
)
def test_conversion(value: float, source: str, target: str, expected: float) -> None:
    assert convert(value, source, target) == pytest.approx(expected, rel=1e-12)
    assert convert(expected, target, source) == pytest.approx(value, rel=1e-12)


def test_cells_copies_and_days_do_not_mix() -> None:
    with pytest.raises(UnitError, match="dose is in 'cells', which cannot be converted to 'copies'"):
        convert(1.0, "cells", "copies", what="dose")


def test_products_quotients_and_powers() -> None:
    rate = parse("cells") / parse("day")
    assert rate.matches(parse("cells/day"))
    assert (rate * parse("day")).matches(parse("cell"))
    assert (parse("mL^2") ** 0.5).matches(parse("mL"))
    assert (rate / rate).matches(ONE)
    assert parse("%").dimensionless
    assert not parse("%").matches(ONE)
    assert not parse("1/hour").matches(parse("1/day"))


def test_a_unit_is_shown_as_written_or_rebuilt() -> None:
    assert str(parse("cells/uL")) == "cells/uL"
    assert str(parse("cells") / parse("day")) == "cell day^-1"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "a unit is empty"),
        ("dayz", "unknown unit 'dayz'; did you mean day"),
        ("cells/", "cannot read unit 'cells/'"),
        ("(cells", r"cannot read unit '\(cells'"),
        ("cells)", r"cannot read unit 'cells\)'"),
        ("mL^x", r"cannot read unit 'mL\^x'"),
        ("-1", "cannot read unit '-1'"),
        ("cells?", "at character 6"),
    ],
)
def test_unreadable_units(text: str, words: str) -> None:
    with pytest.raises(UnitError, match=words):
        parse(text)
