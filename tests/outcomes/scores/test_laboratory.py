"""Units are converted by a written table; missing, unknown and implausible ones are refused."""

from __future__ import annotations

import pytest

from autologue.errors import InputError
from autologue.outcomes.scores.laboratory import ANALYTES, Lab, in_unit


@pytest.mark.parametrize(
    ("analyte", "value", "unit", "expected"),
    [
        ("ldh", 5, "ukat/L", 300), ("creatinine", 88.4, "umol/L", 1.0), ("crp", 30, "mg/L", 3.0), ("platelets", 75_000, "/uL", 75),
        ("platelets", 75, "1e3/uL", 75), ("anc", 1.2, "1e9/L", 1200), ("anc", 1.2, "G/L", 1200), ("anc", 1.2, "1e3/uL", 1200),
        ("platelets", 75, "G/L", 75), ("ldh", 250, "IU/L", 250),
        ("haemoglobin", 90, "g/L", 9.0),
        ("haemoglobin", 5.585, "mmol/L", 9.0), ("ferritin", 650, "ug/L", 650), ("ferritin", 2, "mg/L", 2000),
    ],
)  # fmt: skip
def test_conversion(analyte: str, value: float, unit: str, expected: float) -> None:
    assert in_unit(analyte, Lab(value, unit)) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("analyte", list(ANALYTES))
def test_the_unit_of_the_scores_is_left_alone(analyte: str) -> None:
    assert in_unit(analyte, Lab(ANALYTES[analyte].low, ANALYTES[analyte].unit)) == ANALYTES[analyte].low


@pytest.mark.parametrize(
    ("analyte", "lab", "words"),
    [
        ("crp", Lab(3, ""), "crp has the unit '', expected one of mg/dL, mg/L"),
        ("crp", Lab(3, "mmol/L"), "crp has the unit 'mmol/L'"),
        ("platelets", Lab(150_000, "1e9/L"), "platelets is 150000 1e9/L"),
        ("haemoglobin", Lab(120, "g/dL"), "check the unit"),
        ("creatinine", Lab(88, "mg/dL"), "check the unit"),
        ("platelets", Lab(0, "1e9/L"), "expected 0.5 to 3000"),
        ("ferritin", Lab(float("nan"), "ng/mL"), "ferritin is nan"),
        ("ferritine", Lab(1, "ng/mL"), "did you mean ferritin"),
        ("crp", 3.0, "without a unit"),
    ],
)
def test_wrong_or_missing_units_are_refused(analyte: str, lab: Lab, words: str) -> None:
    with pytest.raises(InputError) as caught:
        in_unit(analyte, lab)
    assert words in str(caught.value)
