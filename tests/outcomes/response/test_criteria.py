"""Each set of response criteria, cell by cell and at its borders.

Expectations from tables that were read. Leukaemia: ashpublications view-large 12204026. Lugano 2014: PMC5298348, Table 2, and
ashpublications view-large 10674621. IMWG: PMC9954856, Table 1; PMC7873074, Table 1; ashpublications view-large 7148891.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from autologue.errors import InputError
from autologue.outcomes.response.all_nccn import LeukaemiaFindings, all_course, all_response
from autologue.outcomes.response.imwg_2016 import MyelomaFindings, imwg_course, imwg_response
from autologue.outcomes.response.lugano_2014_ct import CtFindings, Node, lugano_ct
from autologue.outcomes.response.lugano_2014_pet import PetFindings, Uptake, lugano_pet
from autologue.outcomes.response.lugano_burden import lugano_burden, lugano_burden_course
from autologue.outcomes.response.mrd import Mrd, mrd_negative

CLEAR: dict[str, Any] = {"marrow_blasts": 0.01, "extramedullary": False, "anc": 1.5, "platelets": 150}


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({}, "CR"), ({"marrow_blasts": 0.049}, "CR"), ({"marrow_blasts": 0.05}, "NR"), ({"extramedullary": True}, "NR"),
        ({"anc": 1.0}, "CRi"), ({"anc": 1.01}, "CR"), ({"platelets": 100}, "CRi"), ({"platelets": 101}, "CR"),
        ({"anc": None}, "CRi"), ({"anc": None, "platelets": 20}, "CRi"), ({"marrow_blasts": None}, "NE"), ({"extramedullary": None}, "NE"),
        ({"marrow_blasts": None, "extramedullary": True}, "NR"), ({"marrow_blasts": 0.4, "extramedullary": None}, "NR"),
    ],
)  # fmt: skip
def test_leukaemia(changes: dict[str, Any], label: str) -> None:
    assert all_response(LeukaemiaFindings(**{**CLEAR, **changes})).label == label


def test_disease_after_remission_is_relapse() -> None:
    disease, clear = LeukaemiaFindings(**{**CLEAR, "marrow_blasts": 0.3}), LeukaemiaFindings(**CLEAR)
    course = all_course([(28, disease), (60, clear), (180, disease)])
    assert [found.response.label for found in course] == ["NR", "CR", "relapse"]


@pytest.mark.parametrize("values", [{"marrow_blasts": 5}, {"anc": -1}, {"platelets": 150_000}, {"anc": float("nan")}])
def test_impossible_leukaemia_findings_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="check the value and its unit"):
        LeukaemiaFindings(**values)


@pytest.mark.parametrize(
    ("level", "sensitivity", "threshold", "negative"),
    [(None, 1e-4, 1e-4, True), (9e-5, 1e-5, 1e-4, True), (1e-4, 1e-5, 1e-4, False), (2e-6, 1e-6, 1e-5, True), (2e-6, 1e-6, 1e-6, False)],
)
def test_mrd_by_threshold_and_assay(level: float | None, sensitivity: float, threshold: float, negative: bool) -> None:
    assert mrd_negative(Mrd(level, "flow", sensitivity), threshold=threshold).negative is negative


def test_an_assay_cannot_show_what_it_cannot_detect() -> None:
    with pytest.raises(InputError, match=r"flow detects 0\.0001 at best, so it cannot show a level below 1e-05"):
        mrd_negative(Mrd(None, "flow", 1e-4), threshold=1e-5)
    assert mrd_negative(Mrd(1e-3, "flow", 1e-4), threshold=1e-5).negative is False


@pytest.mark.parametrize("wrong", [{"level": 2, "sensitivity": 1e-4}, {"level": None, "sensitivity": 0}])
def test_mrd_levels_are_fractions(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="convert it"):
        Mrd(assay="flow", **wrong)


PET = [
    *[(score, uptake, "CMR") for score in (1, 2, 3) for uptake in (None, *Uptake)],
    *[(score, uptake, label) for score in (4, 5) for uptake, label in zip([*Uptake, None], ["PMR", "NMR", "PMD", "NE"], strict=True)],
    (None, None, "NE"),
]


@pytest.mark.parametrize(("deauville", "uptake", "label"), PET)
def test_lugano_pet(deauville: int | None, uptake: Uptake | None, label: str) -> None:
    assert lugano_pet(PetFindings(deauville=deauville, uptake=uptake)).label == label
    assert lugano_pet(PetFindings(deauville=deauville, uptake=uptake, new_focus=True)).label == "PMD"


def test_deauville_has_five_points() -> None:
    with pytest.raises(InputError, match="deauville is 6"):
        PetFindings(deauville=6)


def ct(*sizes: tuple[float, float], extralymphatic: bool = False, new_lesion: bool = False) -> CtFindings:
    nodes = tuple(Node(f"n{index}", *size) for index, size in enumerate(sizes))
    return CtFindings(nodes=nodes, extralymphatic=extralymphatic, new_lesion=new_lesion)


BEFORE = ct((4.0, 3.0), (2.0, 1.5), extralymphatic=False)  # SPD 15
CT = [
    (ct((1.5, 1.0), (1.0, 1.0)), (), "CR"),
    (ct((1.5, 1.0), (1.0, 1.0), extralymphatic=True), (), "PR"),
    (ct((1.6, 1.0), (1.0, 1.0)), (), "PR"),
    (ct((3.0, 2.0), (1.5, 1.0)), (), "PR"),  # SPD 7.5, exactly half
    (ct((3.0, 2.0), (1.6, 1.0)), (), "SD"),  # SPD 7.6
    (ct((1.0, 1.0), (1.0, 1.0), new_lesion=True), (), "PD"),
    (ct((4.0, 3.0), (2.5, 1.8)), (), "PD"),  # small node: product 3.0 to 4.5, LDi +0.5
    (ct((4.0, 3.0), (2.4, 1.9)), (), "SD"),  # product +52 %, but LDi and SDi grow by 0.4
    (ct((4.9, 3.9), (2.0, 1.5)), (), "SD"),  # large node: product +59 %, but less than 1.0 cm
    (ct((5.0, 3.6), (2.0, 1.5)), (), "PD"),  # large node: product +50 %, LDi +1.0
    (ct((2.0, 1.5), (1.0, 1.0)), (ct((1.2, 1.0), (1.0, 1.0)),), "PD"),  # from nadir, though 80 % below baseline
    (ct((1.5, 1.5), (1.0, 1.0)), (ct((0.9, 0.8), (1.0, 1.0)),), "CR"),  # not above 1.5 cm
]


@pytest.mark.parametrize(("current", "previous", "label"), CT)
def test_lugano_ct(current: CtFindings, previous: tuple[CtFindings, ...], label: str) -> None:
    assert lugano_ct(current, baseline=BEFORE, previous=previous).label == label


@pytest.mark.parametrize(
    ("nadir", "now", "label"),
    [
        ((2.0, 1.6), (2.5, 2.0), "PD"), ((2.1, 1.6), (2.6, 2.0), "SD"), ((2.1, 1.6), (3.1, 2.0), "PD"), ((2.5, 1.5), (2.5, 2.5), "PD"),
        ((1.0, 0.9), (1.5, 1.5), "CR"), ((1.1, 1.0), (1.6, 1.2), "PD"),
    ],
)  # fmt: skip
def test_the_absolute_step_of_progression_depends_on_the_size_at_nadir(
    nadir: tuple[float, float], now: tuple[float, float], label: str
) -> None:
    longest_first = (max(now), min(now))
    assert lugano_ct(ct(longest_first), baseline=ct(nadir)).label == label


def test_bad_ct_findings_are_refused() -> None:
    with pytest.raises(InputError, match="the targets are not those of baseline"):
        lugano_ct(ct((1.0, 1.0)), baseline=BEFORE)
    with pytest.raises(InputError, match="7 target nodes"):
        ct(*[(1.0, 1.0)] * 7)
    with pytest.raises(InputError, match="expected 0 <= SDi <= LDi"):
        Node("a", 1.0, 2.0)


@pytest.mark.parametrize(
    ("burden", "nadir", "label"),
    [(1, 100, "CR"), (1.1, 100, "PR"), (50, 100, "PR"), (51, 100, "SD"), (149, 100, "SD"), (150, 100, "PD"), (30, 20, "PD")],
)
def test_lugano_by_burden(burden: float, nadir: float, label: str) -> None:
    response = lugano_burden(burden, baseline=100, nadir=nadir, complete_at=1)
    assert response.label == label
    assert "surrogate" in response.criteria
    assert "surrogate, not PET" in response.reason


def test_burden_course_judges_regrowth_from_its_nadir() -> None:
    course = lugano_burden_course([(0, 90), (28, 20), (90, 0), (180, 5)], baseline=100, complete_at=1)
    assert [found.response.label for found in course] == ["SD", "PR", "CR", "PD"]


@pytest.mark.parametrize(("burden", "baseline"), [(-1, 100), (float("inf"), 100), (1, 0.5)])
def test_bad_burdens_are_refused(burden: float, baseline: float) -> None:
    with pytest.raises(InputError, match="expected a"):
        lugano_burden(burden, baseline=baseline, nadir=100, complete_at=1)


def mm(**values: Any) -> MyelomaFindings:
    return MyelomaFindings(**values)


CLEAN: dict[str, Any] = {"serum_m": 0, "urine_m": 0, "immunofixation_negative": True, "plasmacytoma": False, "marrow_plasma_cells": 0.04}
SERUM, URINE, LIGHT = mm(serum_m=4.0, urine_m=0, dflc=50), mm(serum_m=0.2, urine_m=1000), mm(serum_m=0, urine_m=0, dflc=100)
IMWG = [
    (SERUM, {**CLEAN, "flc_ratio_normal": True, "clonal_cells": False}, "sCR"),
    (SERUM, {**CLEAN, "flc_ratio_normal": True, "clonal_cells": True}, "CR"),
    (SERUM, {**CLEAN, "flc_ratio_normal": False, "clonal_cells": False}, "CR"),
    (SERUM, CLEAN, "CR"),
    (SERUM, {**CLEAN, "marrow_plasma_cells": 0.05}, "VGPR"),
    (SERUM, {**CLEAN, "plasmacytoma": True}, "VGPR"),
    (SERUM, {**CLEAN, "immunofixation_negative": False}, "VGPR"),
    (SERUM, {"serum_m": 0.4, "urine_m": 99}, "VGPR"),
    (SERUM, {"serum_m": 0.4, "urine_m": 100}, "PR"),
    (SERUM, {"serum_m": 0.41, "urine_m": 0}, "PR"),
    (SERUM, {"serum_m": 2.0, "urine_m": 199}, "PR"),
    (SERUM, {"serum_m": 2.0, "urine_m": 200}, "SD"),
    (SERUM, {"serum_m": 2.1, "urine_m": 0}, "SD"),
    (SERUM, {"serum_m": 4.9, "urine_m": 0}, "SD"),
    (SERUM, {"serum_m": 5.0, "urine_m": 0}, "PD"),
    (SERUM, {"serum_m": 0.3, "urine_m": 0, "new_lesion": True}, "PD"),
    (SERUM, {"urine_m": 0}, "NE"),
    (SERUM, {"serum_m": 1.0}, "NE"),
    (URINE, {"serum_m": 0, "urine_m": 99}, "VGPR"),
    (URINE, {"serum_m": 0, "urine_m": 100}, "PR"),
    (mm(urine_m=5000), {"urine_m": 500}, "PR"),  # above 200 mg, but a fall of 90 %
    (mm(urine_m=5000), {"urine_m": 501}, "SD"),
    (URINE, {"serum_m": 0, "urine_m": 1249}, "SD"),
    (URINE, {"serum_m": 0, "urine_m": 1250}, "PD"),
    (LIGHT, {"dflc": 10}, "VGPR"),
    (LIGHT, {"dflc": 50}, "PR"),
    (LIGHT, {"dflc": 51}, "SD"),
    (LIGHT, {"dflc": 125}, "PD"),
    (LIGHT, {**CLEAN, "dflc": 1, "flc_ratio_normal": True}, "CR"),
    (LIGHT, {**CLEAN, "dflc": 1, "flc_ratio_normal": False}, "VGPR"),
]


@pytest.mark.parametrize(("baseline", "values", "label"), IMWG)
def test_myeloma(baseline: MyelomaFindings, values: dict[str, Any], label: str) -> None:
    assert imwg_response(mm(**values), baseline=baseline, nadir=baseline).label == label


def test_myeloma_progression_needs_both_the_relative_and_the_absolute_rise_from_nadir() -> None:
    course = imwg_course(
        [(30, mm(serum_m=0.5, urine_m=0)), (60, mm(serum_m=0.9, urine_m=0)), (90, mm(serum_m=1.0, urine_m=0))], baseline=SERUM
    )
    assert [found.response.label for found in course] == ["PR", "PR", "PD"]
    low = imwg_course([(30, mm(dflc=4)), (60, mm(dflc=14)), (90, mm(dflc=14.1))], baseline=LIGHT)
    assert [found.response.label for found in low] == ["VGPR", "PR", "PD"]


@pytest.mark.parametrize(
    ("baseline", "values", "label"),
    [
        (mm(serum_m=1.0, urine_m=0), {"serum_m": 0.5, "urine_m": 0}, "PR"),
        (mm(serum_m=0.99, urine_m=0, dflc=10), {"serum_m": 0.99, "urine_m": 0, "dflc": 5}, "PR"),
        (mm(serum_m=0, urine_m=200), {"urine_m": 199}, "PR"),
        (mm(serum_m=0, urine_m=199, dflc=100), {"urine_m": 199, "dflc": 100}, "SD"),
        (mm(serum_m=1.0, urine_m=0, dflc=100), {"serum_m": 1.0, "urine_m": 0, "dflc": 1}, "SD"),
    ],
)
def test_what_is_measurable_at_baseline_decides_which_marker_counts(baseline: MyelomaFindings, values: dict[str, Any], label: str) -> None:
    assert imwg_response(mm(**values), baseline=baseline, nadir=baseline).label == label


@pytest.mark.parametrize("baseline", [mm(serum_m=0.99), mm(urine_m=199), mm(dflc=9.9), mm()])
def test_disease_below_the_measurable_limits_is_refused(baseline: MyelomaFindings) -> None:
    with pytest.raises(InputError, match="no marker is measurable"):
        imwg_response(mm(), baseline=baseline, nadir=baseline)


def test_deeper_responses_rank_higher() -> None:
    clear, disease = LeukaemiaFindings(**CLEAR), LeukaemiaFindings(**{**CLEAR, "marrow_blasts": 0.3})
    orders = [
        [all_response(clear), all_response(replace(clear, anc=0.1)), all_response(disease), all_response(disease, in_remission=True)],
        [
            lugano_pet(PetFindings(deauville=2)),
            *(lugano_pet(PetFindings(deauville=5, uptake=uptake)) for uptake in (Uptake.REDUCED, Uptake.UNCHANGED, Uptake.INCREASED)),
        ],
        [lugano_ct(found, baseline=BEFORE) for found in (CT[0][0], CT[2][0], CT[4][0], CT[6][0])],
        [lugano_burden(burden, baseline=100, nadir=100, complete_at=1) for burden in (0, 40, 90, 200)],
        [
            imwg_response(mm(**values), baseline=SERUM, nadir=SERUM)
            for _, values, _ in (IMWG[0], IMWG[1], IMWG[7], IMWG[8], IMWG[11], IMWG[14])
        ],
    ]
    for order in orders:
        ranks = [response.rank for response in order]
        assert ranks == sorted(set(ranks), reverse=True), [response.label for response in order]


def test_bad_myeloma_findings_are_refused() -> None:
    with pytest.raises(InputError, match="no marker is measurable at baseline"):
        imwg_response(mm(serum_m=0.1), baseline=mm(serum_m=0.9), nadir=mm(serum_m=0.9))
    with pytest.raises(InputError, match="serum_m is 40, expected 0 to 20"):
        mm(serum_m=40)
