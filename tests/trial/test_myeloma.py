"""The course of myeloma: the library model above the tail, closed forms of M-protein, and response as the per-patient criteria say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from autologue.engine.solve import Solver, solve
from autologue.errors import InputError
from autologue.library import load
from autologue.library.singh_2021 import infusion
from autologue.outcomes import MyelomaFindings, best_response, imwg_course
from autologue.outcomes.arrays.labels import IMWG
from autologue.protocol import read_protocol
from autologue.trial import load_protocol
from autologue.trial.courses import MyelomaCourse, course_named, links_named
from autologue.trial.courses.course import EARLY, _sampled
from autologue.trial.courses.myeloma import myeloma_model
from autologue.trial.flow import Flow, reach_infusion
from autologue.trial.replicate import Plan, course_links, plan_course
from autologue.trial.responses import assess
from autologue.trial.shelf import find_protocol
from autologue.trial.values import Values

POWER = 0.215


def infused(name: str, count: int, **changes: float) -> tuple[Plan, Values, Flow]:
    """Infused patients of a protocol, with some numbers replaced."""
    plan = plan_course(load_protocol(name), seed=3, uncertain=False)
    values = plan.values(0, count)
    values = Values({**values.numbers, **{key: np.full(count, value) for key, value in changes.items()}}, values.draws)
    flow = reach_infusion(plan.setting.protocol, values, seed=3, first=0, size=plan.size)
    flow = flow.rows(flow.infused)
    return plan, values.spread(flow.replicate), flow


def test_above_the_tail_the_course_is_the_library_model() -> None:
    _, v, flow = infused("karmma", 1, founders=1e-30)
    some, course = flow.rows(np.arange(20)), MyelomaCourse()
    v = v.spread(np.arange(20))
    days = np.array([7.0, 14.0, 28.0, 60.0])
    found = course.follow(some, v, seed=3, days=days)
    people = course.treated(_sampled(course, some, v, 3), some, v, seed=3)
    library = load("singh_2021")
    count = course.count(some, v, seed=3)
    for k in range(20):
        own = np.array([[people[name][k] for name in library.parameters]])
        exact = solve(
            library,
            own,
            times=days,
            outputs=["tumour_cells", "m_protein_ratio", "transgene"],
            regimens=[infusion(float(some.dose[k]))],
            solver=Solver(rtol=1e-9),
        ).values[0]
        many = exact[:, 0] > 1e4
        np.testing.assert_allclose(found.positive[k][many], exact[many, 0] / count[k], rtol=0.02)
        np.testing.assert_allclose(found.total[k][many], some.baseline[k] * exact[many, 1], rtol=0.02)
        assert found.cells[k, 0] == 0.0
        np.testing.assert_allclose(found.cells[k, [7, 14, 28]], exact[:3, 2], rtol=0.02)


def test_m_protein_follows_the_tumour_by_its_power_and_clones_add_as_cells() -> None:
    _, _, flow = infused("karmma", 1)
    flow, course = flow.rows(np.arange(4)), MyelomaCourse()
    nothing, ratio = np.zeros((4, 3)), np.array([[1.0, 0.5, 0.01]] * 4)
    start = flow.baseline[:, None]
    np.testing.assert_allclose(course.whole(nothing, nothing, ratio, flow), start * ratio, rtol=1e-12)
    clones = np.array([[1e-6, 1e-3, 1.0]] * 4)
    np.testing.assert_allclose(course.whole(nothing, clones, nothing, flow), start * clones**POWER, rtol=1e-12)
    both = course.whole(nothing, clones, clones**POWER, flow)
    np.testing.assert_allclose(both, start * (2.0 * clones) ** POWER, rtol=1e-12)
    # with the tumour held, M-protein settles where production equals loss
    model = myeloma_model()
    held = {"kill_max": 1e-9, "r_tumour": 1e-9}
    values = np.array([[held.get(name, p.value) for name, p in model.parameters.items()]])
    found = solve(model, values, times=np.array([200.0]), outputs=["m_protein_ratio"], solver=Solver(rtol=1e-8))
    assert found.values[0, 0, 0] == pytest.approx(1.0, abs=1e-6)


def test_a_fraction_of_a_cell_does_not_come_back() -> None:
    model, published = myeloma_model(), load("singh_2021")
    names = list(model.parameters)
    values = np.array([[p.value for p in model.parameters.values()]])
    values[0, names.index("r_tumour")] = 0.05
    times = np.arange(0.0, 800.0, 5.0)
    ours = solve(model, values, times=times, outputs=["transgene", "tumour_cells"], solver=Solver(rtol=1e-6))
    theirs = solve(
        published, values[:, :-1], times=times, outputs=["transgene", "tumour_cells"], regimens=[infusion(450e6)], solver=Solver(rtol=1e-6)
    )
    gone = ours.marks[0, list(ours.events).index("end of phase 1")]
    assert 60 < gone < 400
    late = times > gone + 1
    assert theirs.values[0, late, 0].max() > 1e3  # the published form answers from 1e-20 of a cell
    assert (np.diff(ours.values[0, late, 0]) < 0).all()  # memory cells fade
    assert ours.values[0, -1, 1] > 1e9


def test_a_tumour_that_outgrows_the_cells_is_held_and_progresses() -> None:
    _, v, flow = infused("karmma", 1, tumour_growth=60.0, tumour_growth_spread=1e-12)
    plan = load_protocol("karmma").response
    assert plan is not None
    burdens = MyelomaCourse().follow(flow, v, seed=3, days=np.array(plan.days))
    assert not burdens.failed.any()
    count = MyelomaCourse().count(flow, v, seed=3)
    assert (burdens.positive * count[:, None]).max() < 1.01e13
    found = assess(plan, flow, burdens, v, seed=3)
    lost = burdens.positive[:, -1] > 10
    assert lost.mean() > 0.3
    assert np.isfinite(found.progression()[lost]).all()


def test_the_last_cells_die_by_chance_as_the_engine_says() -> None:
    plan, v, flow = infused("karmma", 6, founders=1e-12)
    course = plan.setting.course
    assert course is not None
    found = course.follow(flow, v, seed=3, days=np.array([1500.0]))
    people = course.treated(_sampled(course, flow, v, 3), flow, v, seed=3)
    exact = solve(
        course.model,
        people.parameters,
        times=np.arange(0.0, 1501.0, 20.0),
        outputs=["tumour_extinction_probability"],
        solver=Solver(rtol=1e-6),
    )
    probability = exact.values[:, :, 0].max(axis=1)
    share = np.isfinite(found.extinct).mean()
    assert 0.05 < share < 0.95
    assert share == pytest.approx(probability.mean(), abs=4 * np.sqrt((probability * (1 - probability)).sum()) / len(probability) + 0.01)
    cured = np.isfinite(found.extinct) & (found.extinct < 1300)
    assert (found.total[cured] < 1e-3).all()


def test_response_is_that_of_the_criteria_patient_by_patient() -> None:
    plan, v, flow = infused("karmma", 3, m_protein_error=1e-12)
    protocol = plan.setting.protocol
    response, course = protocol.response, MyelomaCourse()
    assert response is not None
    burdens = course.follow(flow, v, seed=3, days=np.array(response.days))
    found = assess(response, flow, burdens, v, seed=3)
    assert found.kinds is IMWG
    day, best = found.best(response, flow.infusion, np.full(len(flow), np.inf))
    relative = burdens.positive + burdens.negative
    marrow = v["marrow_at_infusion"][:, None] * relative
    seen = set()
    for k in range(len(flow)):
        visits = [
            (
                float(found.day[k, t + 1]),
                MyelomaFindings(
                    serum_m=float(burdens.total[k, t]), urine_m=0.0, plasmacytoma=False, marrow_plasma_cells=float(min(marrow[k, t], 1.0)),
                    immunofixation_negative=bool(burdens.total[k, t] < v["immunofixation_limit"][k]),
                    flc_ratio_normal=bool(relative[k, t] < v["light_chains_normal"][k]),
                    clonal_cells=bool(marrow[k, t] >= v["clonal_cells_seen"][k]),
                ),
            )
            for t in range(len(response.days))
        ]  # fmt: skip
        alone = imwg_course(visits, baseline=MyelomaFindings(serum_m=max(float(flow.baseline[k]), 1.0), urine_m=0.0))
        labels = [IMWG.names[c] for c in found.label[k, 1:]]
        assert labels == [a.response.label for a in alone], k
        seen |= set(labels)
        kept = best_response(alone, confirm_days=0.0).assessment
        assert (kept is None and np.isnan(day[k])) or (kept.day == day[k] and kept.response.label == IMWG.names[best[k]])
    assert seen >= {"PD", "SD", "PR", "VGPR", "sCR"}


def test_diseases_that_share_a_course_have_links_of_their_own() -> None:
    large, follicular = course_links(load_protocol("zuma_1")), course_links(load_protocol("zuma_5"))
    assert set(large) == set(follicular)
    assert follicular["tumour_growth"].value < large["tumour_growth"].value
    assert links_named("mantle_cell") == ("lymphoma", "mantle_cell")
    assert course_named("follicular").unit == "mL"
    for name in ("mantle_cell", "follicular", "myeloma"):
        links = course_links(replace(load_protocol("zuma_1"), course=name))
        assert all(link.source for link in links.values())
    with pytest.raises(InputError, match="unknown disease course 'folicular'; did you mean follicular"):
        course_named("folicular")


@pytest.mark.parametrize(
    ("name", "old", "new", "sentence"),
    [
        ("karmma", "[dose]\n", '[dose]\nthreshold = { value = 50, unit = "kg", source = "x" }\n', "dose.threshold does not fit; expected"),
        ("karmma", "[dose.heavy]", "[dose.heavyy]", "unknown key in [dose] 'heavyy'; did you mean heavy"),
        ("cartitude_1", '"cells/kg"', '"cells"', "dose.light.lower has unit 'cells'; expected cells/kg"),
        ("karmma", '"imwg_2016"', '"imwg"', "unknown criteria 'imwg'"),
        ("karmma", 'course = "myeloma"', 'course = "lymphoma"', "covariates.burden.lower has unit 'g/dL'; expected mL"),
        ("karmma", 'course = "myeloma"', 'course = "mieloma"', "unknown course 'mieloma'; did you mean myeloma"),
        ("zuma_5", 'time_zero = "enrolment"', 'time_zero = "randomisation"', "time_zero is 'randomisation', which no patient"),
        ("zuma_5", 'transplant = "censor", ', 'transplant = "censored", ', "unknown transplant 'censored'; did you mean censor"),
        ("zuma_2", "at_least = 2,", "at_least = 4000,", "eligibility.burden (burden at least 4000 mL) rejects everybody"),
        ("transcend", '"infusion", "responders"]', '"randomisation"]', "analysis.sets is 'randomisation', which no patient"),
        ("juliet", "[waiting]\n", "[waitin]\n", "unknown key 'waitin'; did you mean waiting"),
        ("juliet", "share = { value = 0.9,", "share = { value = 1.9,", "bridging.share has value 1.9; expected a share from 0 to 1"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_sentence(tmp_path: Path, name: str, old: str, new: str, sentence: str) -> None:
    text = find_protocol(name).read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_protocol(path)
    assert sentence in str(caught.value)
    assert "mine.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_doses_follow_one_rule_for_all_weights() -> None:
    _, _, flat = infused("karmma", 20)
    assert (flat.dose.min() >= 1.5e8, flat.dose.max() <= 5.4e8) == (True, True)
    assert abs(np.corrcoef(np.log(flat.dose), flat.weight)[0, 1]) < 0.06
    _, _, by_weight = infused("cartitude_1", 20)
    assert np.median(by_weight.dose / by_weight.weight) == pytest.approx(0.75e6, rel=0.01)
    assert len(EARLY) == 29
