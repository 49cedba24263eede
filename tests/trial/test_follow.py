"""Whole trials: the same bits for any threads, blocks and replicates; resumed; statistics as one would compute them by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from autologue.errors import InputError
from autologue.outcomes import ESTIMANDS
from autologue.outcomes.arrays import observe_records
from autologue.survival import kaplan_meier, time_to_event
from autologue.trial import conduct, load_protocol
from autologue.trial.compared import compare_families, interval_score
from autologue.trial.endpoints import estimands_of
from autologue.trial.families import Family, Published
from autologue.trial.flow import MONTH
from autologue.trial.followed import families_of
from autologue.trial.replicate import plan_course, replicate_course
from autologue.trial.statistics import Replicates, row_statistic
from autologue.trial.store import from_arrow, read_part, same, to_arrow, write_part
from autologue.trial.summaries import best_responses_table, curve_table, flow_counts, kinetics_by_response, toxicity_table


@pytest.fixture(scope="module")
def zuma() -> Replicates:
    return replicate_course(plan_course(load_protocol("zuma_1"), seed=2, uncertain=True), 12, block=5)


def test_the_same_bits_for_any_threads_blocks_and_replicates(zuma: Replicates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOLOGUE_THREADS", "1")
    plan = plan_course(load_protocol("zuma_1"), seed=2, uncertain=True)
    assert same(replicate_course(plan, 12, block=12).table, zuma.table)
    few = replicate_course(plan, 4, block=3).table
    assert same(few, zuma.table.rows(np.arange(4 * 111)))
    assert not same(replicate_course(replace(plan, setting=replace(plan.setting, seed=3)), 4).table, few)


def test_a_run_is_resumed_from_its_parts_and_from_no_others(zuma: Replicates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_course(load_protocol("zuma_1"), seed=2, uncertain=True)
    replicate_course(plan, 12, block=5, parts=tmp_path)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 3
    files[1].unlink()
    made = []

    def counted(*args: object, first: int, **kwargs: object) -> object:
        made.append(first)
        return original(*args, first=first, **kwargs)  # type: ignore[arg-type]

    import autologue.trial.replicate as module

    original = module.simulate_block
    monkeypatch.setattr(module, "simulate_block", counted)
    assert same(replicate_course(plan, 12, block=5, parts=tmp_path).table, zuma.table)
    assert len(made) == 1
    other = replace(plan, setting=replace(plan.setting, seed=9))
    assert other.fingerprint() != plan.fingerprint()
    files[0].write_bytes(b"damaged")
    with pytest.raises(InputError, match="cannot be read as a part of a trial"):
        replicate_course(plan, 12, block=5, parts=tmp_path)


def test_a_table_survives_arrow(zuma: Replicates, tmp_path: Path) -> None:
    assert same(from_arrow(to_arrow(zuma.table)), zuma.table)
    write_part(zuma.table, tmp_path / "a.parquet", fingerprint="x")
    assert same(read_part(tmp_path / "a.parquet", fingerprint="x"), zuma.table)
    with pytest.raises(InputError, match="was made from another protocol, seed or version"):
        read_part(tmp_path / "a.parquet", fingerprint="y")


def row(**changes: object) -> Published:
    base = {"trial": "A", "endpoint": "e", "published": 0.5, "evidence": "V", "source": "s", "among": "infusion", "n": 60}
    return Published(**{**base, **changes})  # type: ignore[arg-type]


def test_statistics_are_those_of_the_first_n_patients_of_each_replicate(zuma: Replicates) -> None:
    share = row_statistic(zuma, row(statistic="share", of="complete"))
    survival = row_statistic(zuma, row(statistic="survival", of="overall_survival", months=12.0))
    median = row_statistic(zuma, row(statistic="median", of="crs_onset", among="crs", n=40))
    half = row_statistic(zuma, row(statistic="median_survival", of="progression_free_survival"))
    ratio = row_statistic(zuma, row(statistic="response_ratio", of="cmax"))
    assert share is not None
    assert survival is not None
    assert median is not None
    assert half is not None
    assert ratio is not None
    cut = zuma.cut
    for k in range(zuma.count):
        own = zuma.table.rows(np.arange(k * 111, (k + 1) * 111))
        first = own.rows(np.flatnonzero(own.infused)[:60])
        complete = np.array([first.kinds.names[label] for label in first.best_label]) == "CR"
        assert share[k] == pytest.approx(complete.mean())
        for name, estimand, got in (("os", "os_infused", survival[k]), ("pfs", "pfs_infused", half[k])):
            seen = observe_records(first.records(cut), ESTIMANDS[estimand])
            km = kaplan_meier(time_to_event(pd.DataFrame({"time": seen.time / MONTH, "status": (seen.status == 1).astype(int)})))
            assert got == pytest.approx(km.at([12.0]).estimate[0] if name == "os" else km.median()["estimate"])
        ill = own.rows(np.flatnonzero(own.infused & (own.crs["trial"] > 0))[:40])
        assert median[k] == pytest.approx(np.median(ill.crs_onset))
        responded = np.isin([first.kinds.names[label] for label in first.best_label], ["CR", "PR"])
        ln = np.log(first.cmax)
        assert ratio[k] == pytest.approx(np.exp(ln[responded].mean() - ln[~responded].mean()))


def test_a_larger_set_takes_two_replicates_that_share_a_draw_and_no_more(zuma: Replicates) -> None:
    draws = zuma.table.draw.reshape(-1, 111)[:, 0]
    assert (draws[0::2] == draws[1::2]).all()
    pairs = row_statistic(zuma, row(statistic="share", of="complete", n=150))
    assert pairs is not None
    assert len(pairs) == 6
    assert row_statistic(zuma, row(statistic="share", of="complete", n=400)) is None


def test_comparison_names_what_cannot_be_said(zuma: Replicates) -> None:
    families = [f for f in families_of(load_protocol("zuma_1")) if f.name in ("zuma_1_funnel", "zuma_1_late_toxicity", "zuma_1_survival")]
    found = compare_families(zuma, families)
    silent = [one for one in found if not one.row.simulated]
    assert silent
    assert all(one.interval is None and one.verdict == "" and one.why == one.row.reason for one in silent)
    assert {one.verdict for one in found} <= {"", "inside", "outside"}
    survival = next(one for one in found if one.row.endpoint == "OS_surv_prop" and one.row.months == 60)
    assert survival.width > survival.binomial > 0
    huge = Family("x", "check", "y", "zuma_1", (row(statistic="share", of="complete", n=500),))
    assert "more than two replicates" in compare_families(zuma, [huge])[0].why
    assert interval_score(0.0, 1.0, 1.1) == pytest.approx(1.0 + 20 * 0.1)


def test_unknown_names_are_one_sentence(zuma: Replicates) -> None:
    for changes, sentence in (
        ({"statistic": "share", "of": "compleet"}, "unknown variable 'compleet'; did you mean complete"),
        ({"statistic": "share", "of": "complete", "among": "infuson"}, "unknown analysis set 'infuson'; did you mean infusion"),
        (
            {"statistic": "survival", "of": "overal_survival", "months": 1.0},
            "unknown endpoint 'overal_survival'; did you mean overall_survival",
        ),
    ):
        with pytest.raises(InputError, match=sentence):
            row_statistic(zuma, row(**changes))
    plan = load_protocol("zuma_1")
    wrong = replace(plan, endpoints={"os": replace(plan.endpoints["overall_survival"], estimand="os_infusd")})
    with pytest.raises(InputError, match=r"zuma_1.toml: endpoints.os: unknown estimand 'os_infusd'; did you mean os_infused"):
        estimands_of(wrong)
    with pytest.raises(InputError, match="course is missing"):
        plan_course(replace(plan, course=""), seed=1, uncertain=False)


def test_summaries_add_up(zuma: Replicates) -> None:
    flow = flow_counts(zuma).set_index("step")
    assert flow.loc["enrolled", "median"] == 111
    best = best_responses_table(zuma).set_index("best response")["median"]
    assert best["any response"] >= best["CR"]
    curve, risk = curve_table(zuma, "overall_survival")
    assert (curve["lower"] <= curve["estimate"]).all()
    assert (np.diff(curve["estimate"]) <= 1e-12).all()
    assert risk["at_risk"].iloc[0] == pytest.approx(flow.loc["infused", "median"], abs=1)
    grades = toxicity_table(zuma)
    assert grades.groupby("scale")["median"].sum().between(0.8, 1.2).all()
    kinetics = kinetics_by_response(zuma).set_index(["quantity", "group"])["median"]
    assert kinetics["cmax", "responders"] > kinetics["cmax", "others"]


def test_with_central_values_intervals_are_narrower() -> None:
    plan = load_protocol("zuma_1")
    figure = row(statistic="share", of="complete", n=100)
    spread = []
    for uncertain in (True, False):
        found = row_statistic(replicate_course(plan_course(plan, seed=1, uncertain=uncertain), 40), figure)
        assert found is not None
        spread.append(np.std(found))
    assert spread[1] < 0.75 * spread[0]
    assert spread[1] == pytest.approx(np.sqrt(0.64 * 0.36 / 100), rel=0.4)


def test_a_control_has_published_statistics_and_no_cells() -> None:
    result = conduct("scholar_1", replicates=6)
    assert result.lines == ()
    assert result.course is not None
    assert not result.course.trial.table.infused.any()
    assert result.course.inside("calibrate")[1] == 5
    assert result.to_dict()["course"]["comparison"]


def test_progress_tells_of_every_replicate() -> None:
    from autologue.trial import work

    plan, told = load_protocol("zuma_1"), []
    conduct(plan, replicates=3, progress=told.append)
    assert sum(told) == work(plan, 3) == 6
