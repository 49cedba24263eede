"""Toxicity: grades are those of the per-patient scales, drugs lower severity, neurotoxicity does not follow expansion."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from autologue.outcomes import SCALES, grade_course, summarise_grades
from autologue.trial.replicate import plan_course
from autologue.trial.shelf import load_protocol
from autologue.trial.toxicity import DAYS, Toxicity, findings_of, toxicity_course
from autologue.trial.toxicity.course import CRS_SCALES, NEURO_SCALE
from autologue.trial.toxicity.states import CRS_SIGNS, NEURO_SIGNS, neuro_findings_of, pack
from autologue.trial.values import Values

N = 1500


def toxic(name: str = "eliana", *, expansion: np.ndarray | None = None, relative: float = 1.0, **changes: Any) -> Toxicity:
    plan = plan_course(load_protocol(name), seed=4, uncertain=False)
    values = plan.values(0, 1)
    numbers = {**values.numbers, **{key: np.array([float(value)]) for key, value in changes.items()}}
    toxicity = plan.setting.protocol.toxicity
    assert toxicity is not None
    return toxicity_course(
        toxicity, Values(numbers, values.draws).spread(np.zeros(N, np.int64)), relative=relative * np.geomspace(0.2, 4.0, N),
        expansion=np.zeros(N) if expansion is None else expansion, age=np.linspace(4, 60, N), ids=np.arange(N), seed=4,
    )  # fmt: skip


def test_grades_onset_and_duration_are_those_of_each_patient_alone() -> None:
    found = toxic()
    assert {0, 1, 2, 3, 4} <= set(found.worst("crs_penn").tolist())
    for k in range(0, N, 37):
        days = [findings_of(int(state), patient=str(k), day=float(day)) for state, day in zip(found.states[k], DAYS, strict=True)]
        brain = [
            neuro_findings_of(int(state), patient=str(k), day=float(day)) for state, day in zip(found.neuro_states[k], DAYS, strict=True)
        ]
        for scale in (*CRS_SCALES, NEURO_SCALE):
            grades = grade_course(brain if scale == NEURO_SCALE else days, SCALES[scale])
            assert [grade.value for grade in grades] == found.grades[scale][k].tolist(), (k, scale)
            alone = summarise_grades(DAYS.tolist(), grades)
            assert (alone.worst, alone.onset) == (found.worst(scale)[k], None if np.isnan(found.onset(scale)[k]) else found.onset(scale)[k])
            if alone.duration is not None:
                assert found.duration(scale)[k] == alone.duration


def test_a_scale_can_be_changed_after_the_fact_and_penn_is_the_harshest() -> None:
    found = toxic()
    share = {scale: (found.worst(scale) >= 3).mean() for scale in CRS_SCALES}
    assert share["crs_penn"] > share["crs_astct_2019"]
    assert share["crs_penn"] > share["crs_lee_2014"]
    other = toxic("zuma_1")
    assert set(other.grades) == set(found.grades)


def test_a_higher_burden_is_earlier_and_worse() -> None:
    low, high = toxic(relative=0.6), toxic(relative=2.0)
    assert (high.worst("crs_penn") >= 3).mean() > (low.worst("crs_penn") >= 3).mean()
    assert np.nanmedian(high.onset("crs_penn")) <= np.nanmedian(low.onset("crs_penn"))


def test_expansion_drives_cytokine_release_and_not_neurotoxicity() -> None:
    expansion = np.random.default_rng(1).normal(size=N) * 1.5
    found = toxic(expansion=expansion, expansion_weight=0.5)
    crs = stats.spearmanr(expansion, found.worst("crs_astct_2019")).statistic
    neuro = stats.spearmanr(expansion, found.worst(NEURO_SCALE)).statistic
    assert crs > 0.1
    assert abs(neuro) < 0.06
    alone = {"neuro_with_crs": 0.0, "neuro_steroid_effect": 1e-9}  # steroids for cytokine release act on the brain too
    with_it = toxic(expansion=expansion, expansion_weight=0.5, **alone)
    np.testing.assert_array_equal(with_it.grades[NEURO_SCALE], toxic(**alone).grades[NEURO_SCALE])


def test_drugs_are_given_by_the_rule_and_lower_what_follows() -> None:
    usual, useless = toxic(), toxic(tocilizumab_effect=1e-6, steroid_effect=1e-6, neuro_steroid_effect=1e-6)
    given = np.isfinite(usual.tocilizumab)
    reached = usual.worst("crs_penn") >= 3
    assert (reached[given]).all()
    assert given.sum() / reached.sum() == pytest.approx(0.8, abs=0.05)
    first = np.argmax(usual.grades["crs_penn"] >= 3, axis=1)
    np.testing.assert_array_equal(usual.tocilizumab[given], DAYS[first[given]])
    np.testing.assert_array_equal(usual.grades["crs_penn"][:, 0], useless.grades["crs_penn"][:, 0])
    late = [found.grades["crs_penn"][given].sum() for found in (usual, useless)]
    assert late[0] < 0.9 * late[1]
    np.testing.assert_array_equal(usual.tocilizumab, useless.tocilizumab)


def test_without_drugs_nobody_is_given_any() -> None:
    plan = load_protocol("eliana").toxicity
    assert plan is not None
    never = replace(plan, tocilizumab=replace(plan.tocilizumab, share=replace(plan.tocilizumab.share, value=0.0)))
    base = plan_course(load_protocol("eliana"), seed=4, uncertain=False).values(0, 1).spread(np.zeros(200, np.int64))
    found = toxicity_course(never, base, relative=np.ones(200), expansion=np.zeros(200), age=np.full(200, 9.0), ids=np.arange(200), seed=4)
    assert not np.isfinite(found.tocilizumab).any()


def test_children_are_graded_by_capd() -> None:
    for child, field in ((0, "ice"), (1, "capd")):
        state = int(pack(NEURO_SIGNS, {"level": 2, "child": child}))
        assert getattr(neuro_findings_of(state), field) in (5, 7)
        assert neuro_findings_of(state).age_years == (8.0 if child else 40.0)


def test_every_state_is_a_possible_day() -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        signs = {name: int(rng.integers(count)) for name, count in CRS_SIGNS.items()}
        day = findings_of(int(pack(CRS_SIGNS, signs)))
        assert (day.temperature_c >= 38.0) == bool(signs["fever"])  # type: ignore[operator]
        assert (day.pressors, day.oxygen is not None) == ((0, 0, 1, 1, 2)[signs["pressure"]], True)
