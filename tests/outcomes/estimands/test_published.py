"""Each published definition of event-, progression- and relapse-free survival, on the records that tell it apart (reference/trials.md)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from autologue.errors import InputError
from autologue.outcomes.estimands.estimand import Estimand, Handling, Status
from autologue.outcomes.estimands.observe import observe
from autologue.outcomes.estimands.published import ESTIMANDS, named_estimand
from autologue.outcomes.estimands.record import NewTherapy, PatientRecord
from autologue.outcomes.response.assessment import Assessment, Category, Response

CATEGORIES = {
    "CR": (Category.COMPLETE, 3), "PR": (Category.PARTIAL, 2), "SD": (Category.STABLE, 1), "PD": (Category.PROGRESSION, 0),
    "NE": (Category.NOT_EVALUABLE, 1),
}  # fmt: skip


def seen(*visits: tuple[float, str]) -> tuple[Assessment, ...]:
    return tuple(Assessment(day, Response("x", label, *CATEGORIES[label], "")) for day, label in visits)


def randomised(*visits: tuple[float, str], **changes: Any) -> PatientRecord:
    values: dict[str, Any] = {"patient": "A", "randomisation": 0, "infusion": 30, "last_contact": 400, "assessments": seen(*visits)}
    return PatientRecord(**{**values, **changes})


SECOND_LINE = [  # record, then (time, status) by ZUMA-7, by its label, BELINDA, TRANSFORM
    (randomised((50, "CR"), (90, "CR"), (180, "PD")), (180, "event"), (180, "event"), (180, "event"), (180, "event")),
    (randomised((40, "PD"), (90, "CR")), (40, "event"), (40, "event"), (90, "censored"), (40, "event")),
    (randomised((50, "SD"), (85, "SD"), (200, "SD")), (200, "censored"), (150, "event"), (85, "event"), (63, "event")),
    (randomised((50, "SD"), (78, "PR")), (78, "censored"), (78, "censored"), (78, "censored"), (63, "event")),
    (randomised((64, "PR"), (120, "PR")), (120, "censored"), (120, "censored"), (120, "censored"), (120, "censored")),
    (randomised((50, "PR"), (100, "PR"), new_therapies=(NewTherapy(70),)), (70, "event"), (70, "event"), (100, "censored"), (70, "event")),
    (
        randomised((50, "PR"), (100, "PR"), new_therapies=(NewTherapy(70, for_efficacy=False),)),
        *((70, "event"), (70, "event"), (100, "censored"), (100, "censored")),
    ),
    (randomised((50, "CR"), death=66, last_contact=66), (66, "event"), (66, "event"), (66, "event"), (66, "event")),
    (randomised((50, "CR"), (90, "CR"), transplant=60), (90, "censored"), (90, "censored"), (90, "censored"), (90, "censored")),
    (randomised((50, "SD"), last_contact=55), (50, "censored"), (50, "censored"), (50, "censored"), (50, "censored")),
    (randomised((70, "PR"), (157, "PR")), (157, "censored"), (157, "censored"), (157, "censored"), (157, "censored")),
    (randomised((71, "SD"), (157, "PR")), (157, "censored"), (157, "censored"), (157, "censored"), (63, "event")),
    (randomised((76, "SD"), (158, "PR")), (158, "censored"), (150, "event"), (158, "censored"), (63, "event")),
    (randomised((77, "SD"), (156, "PR")), (156, "censored"), (156, "censored"), (77, "event"), (63, "event")),
    (randomised((160, "SD"), last_contact=160), (160, "censored"), (150, "event"), (160, "event"), (63, "event")),
]
NAMES = ("zuma_7_efs", "zuma_7_efs_label", "belinda_efs", "transform_efs")


@pytest.mark.parametrize("row", SECOND_LINE)
def test_second_line_lymphoma(row: tuple[Any, ...]) -> None:
    for name, expected in zip(NAMES, row[1:], strict=True):
        result = observe(row[0], ESTIMANDS[name])
        assert (result.time, result.status) == expected, f"{name}: {result.reason}"


MYELOMA = [  # record, then (time, status, weight) by KarMMa-3 and by CARTITUDE-4
    (randomised((30, "PR"), (200, "PD")), (200, "event", 1), (200, "event", 1)),
    (randomised((40, "PD")), (40, "event", 1), (40, "event", 0)),
    (randomised((56, "PD")), (56, "event", 1), (56, "event", 0)),
    (randomised((57, "PD")), (57, "event", 1), (57, "event", 1)),
    (randomised((50, "SD"), (90, "SD"), new_therapies=(NewTherapy(80),)), (50, "censored", 1), (50, "censored", 1)),
    (randomised((50, "SD"), death=300, last_contact=300), (300, "event", 1), (300, "event", 1)),
]


@pytest.mark.parametrize(("record", "karmma", "cartitude"), MYELOMA)
def test_myeloma(record: PatientRecord, karmma: tuple[Any, ...], cartitude: tuple[Any, ...]) -> None:
    for name, expected in (("karmma_3_pfs", karmma), ("cartitude_4_pfs", cartitude)):
        result = observe(record, ESTIMANDS[name])
        assert (result.time, result.status, result.weight) == expected, f"{name}: {result.reason}"


def infused(*visits: tuple[float, str], **changes: Any) -> PatientRecord:
    values: dict[str, Any] = {"patient": "A", "enrolment": -40, "infusion": 0, "last_contact": 900, "assessments": seen(*visits)}
    return PatientRecord(**{**values, **changes})


ELIANA = [  # record, then (time, status) censored at new therapy and not
    (infused((28, "CR"), (400, "PD")), (372, "event"), (372, "event")),
    (infused((28, "CR"), (90, "CR"), (400, "PD"), transplant=120), (62, "censored"), (372, "event")),
    (infused((28, "CR"), (90, "CR"), (400, "CR"), new_therapies=(NewTherapy(120),)), (62, "censored"), (372, "censored")),
    (infused((28, "CR"), death=300, last_contact=300), (272, "event"), (272, "event")),
    (infused((28, "SD")), (None, "excluded"), (None, "excluded")),
    (infused((28, "PR")), (None, "excluded"), (None, "excluded")),
    (infused((28, "SD"), (90, "CR"), transplant=60), (None, "excluded"), (None, "excluded")),
    (infused((-10, "CR"), (28, "CR")), (None, "excluded"), (None, "excluded")),
]


@pytest.mark.parametrize(("record", "censored", "uncensored"), ELIANA)
def test_eliana_both_ways(record: PatientRecord, censored: tuple[Any, ...], uncensored: tuple[Any, ...]) -> None:
    for name, expected in (("eliana_rfs_censored", censored), ("eliana_rfs_uncensored", uncensored)):
        result = observe(record, ESTIMANDS[name])
        assert (result.time, result.status) == expected, f"{name}: {result.reason}"


GENERAL = [
    ("os_infused", infused((28, "PD"), death=200, last_contact=200), 200, "event"),
    ("os_enrolled", infused((28, "PD"), death=200, last_contact=200), 240, "event"),
    ("os_enrolled", PatientRecord(patient="A", enrolment=0, death=20, last_contact=20), 20, "event"),
    ("os_infused", PatientRecord(patient="A", enrolment=0, death=20, last_contact=20), None, "excluded"),
    ("os_randomised", randomised((40, "PD")), 400, "censored"),
    ("os_salvage", PatientRecord(patient="A", salvage_start=5, last_contact=105), 100, "censored"),
    ("pfs_infused", infused((-5, "PD"), (28, "SD"), (90, "PD")), 90, "event"),
    ("pfs_infused", infused((28, "SD"), (80, "SD"), (120, "PD"), transplant=85), 80, "censored"),
    ("pfs_infused", infused(), 0, "censored"),
    ("dor", infused((28, "PR"), (90, "CR"), (200, "PD")), 172, "event"),
    ("dor", infused((28, "PR"), death=100, last_contact=100), 72, "event"),
    ("dor_death_competes", infused((28, "PR"), death=100, last_contact=100), 72, "competing"),
    ("dor", infused((28, "PD"), (60, "CR")), None, "excluded"),
]


@pytest.mark.parametrize(("name", "record", "time", "status"), GENERAL)
def test_general_estimands(name: str, record: PatientRecord, time: float | None, status: str) -> None:
    result = observe(record, ESTIMANDS[name])
    assert (result.time, result.status) == (time, status), result.reason
    assert result.reason


@pytest.mark.parametrize("name", list(ESTIMANDS))
def test_every_estimand_has_a_source_and_a_title(name: str) -> None:
    assert ESTIMANDS[name].reference.startswith(("doi:10.", "house definition"))
    assert ESTIMANDS[name].title


@pytest.mark.parametrize("name", ["zuma_7_efs", "belinda_efs", "transform_efs", "karmma_3_pfs", "cartitude_4_pfs"])
def test_crossover_can_be_switched(name: str) -> None:
    record = randomised((64, "PR"), (120, "PR"), (250, "PR"), infusion=None, crossover=200)
    ignored: Estimand = ESTIMANDS[name]
    assert observe(record, ignored).time == 250
    assert observe(record, replace(ignored, crossover=Handling.CENSOR)).time == 120
    assert observe(record, replace(ignored, crossover=Handling.EVENT)).status is Status.EVENT


def test_an_unknown_estimand_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(InputError, match="did you mean zuma_7_efs"):
        named_estimand("zuma7_efs")
