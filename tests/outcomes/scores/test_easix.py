"""The three indices by hand, and their logarithms."""

from __future__ import annotations

import math

import pytest

from autologue.errors import InputError
from autologue.outcomes.scores.easix import easix, m_easix, s_easix
from autologue.outcomes.scores.laboratory import Lab

LDH, PLATELETS = Lab(450, "U/L"), Lab(90, "1e9/L")


def test_formulas() -> None:
    assert easix(LDH, creatinine=Lab(0.8, "mg/dL"), platelets=PLATELETS).value == pytest.approx(450 * 0.8 / 90)
    assert m_easix(LDH, crp=Lab(2.5, "mg/dL"), platelets=PLATELETS).value == pytest.approx(450 * 2.5 / 90)
    assert s_easix(LDH, platelets=PLATELETS).value == pytest.approx(5)
    assert s_easix(LDH, platelets=PLATELETS).log2 == pytest.approx(math.log2(5))


def test_the_unit_of_the_laboratory_does_not_change_the_index() -> None:
    here = easix(Lab(7.5, "ukat/L"), creatinine=Lab(70.72, "umol/L"), platelets=Lab(90_000, "/uL"))
    assert here.value == pytest.approx(450 * 0.8 / 90)


def test_no_logarithm_of_nothing_and_no_unit_of_nothing() -> None:
    assert m_easix(LDH, crp=Lab(0, "mg/dL"), platelets=PLATELETS).log2 is None
    with pytest.raises(InputError, match="ldh has the unit 'U'"):
        s_easix(Lab(450, "U"), platelets=PLATELETS)
