"""The virtual trial: deterministic, honest about its rows, and measured as a laboratory would."""

from __future__ import annotations

import csv
import json
import math
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from autologue.errors import InputError
from autologue.trial import TrialResult, conduct, load_protocol, work
from autologue.trial.shelf import find_protocol


def test_the_same_numbers_for_any_threads_and_more_replicates_keep_the_first(monkeypatch: pytest.MonkeyPatch, quick: TrialResult) -> None:
    monkeypatch.setenv("AUTOLOGUE_THREADS", "1")
    monkeypatch.setattr(import_module("autologue.trial.conduct"), "BLOCK", 7)
    again = conduct("eliana", replicates=20, seed=3)
    assert again.to_json() == quick.to_json()
    fewer = conduct("eliana", replicates=5, seed=3)
    for name, group in fewer.panels.items():
        for small, large in zip(group, quick.panels[name], strict=True):
            for variable, values in small.variables.items():
                np.testing.assert_array_equal(values, large.variables[variable][:5], err_msg=f"{name} {variable}")
    assert conduct("eliana", replicates=5, seed=4).to_json() != fewer.to_json()


def test_every_row_says_what_it_is(quick: TrialResult) -> None:
    for line in quick.lines:
        if line.row.kind == "unverified":
            assert (line.verdict, line.row.evidence) == ("", "M")
        if line.row.kind == "not comparable":
            assert line.verdict == ""
            assert line.row.reason
        if line.row.judged:
            assert line.verdict in ("inside", "outside")
            assert line.row.source
    assert {line.row.kind for line in quick.lines} == {"reproduced input", "independent", "unverified", "not comparable"}


def test_published_figures_stand_in_the_reference_table(quick: TrialResult, shared: Path) -> None:
    with (shared / "reference" / "trials.csv").open(newline="") as file:
        table = [row for row in csv.DictReader(file) if row["trial"].startswith("ELIANA")]
    figures = {(row["endpoint"], row["timepoint_months"], row["n"]): float(row["estimate"]) for row in table}
    rows = {line.row.quantity: line.row for line in quick.lines}
    for quantity, key, scale in (
        ("Time of the peak, model", ("popCK_Tmax_days", "", "90"), 1),
        ("Peak, model", ("popCK_Cmax_copies_per_ug", "", "90"), 1),
        ("Doubling time, model", ("popCK_doubling_time_days", "", "90"), 1),
        ("First half-life, model", ("popCK_contraction_halflife_days", "", "90"), 1),
        ("Late half-life, model", ("popCK_terminal_halflife_days", "", "90"), 1),
        ("Cmax, responders to non-responders", ("Cmax_ratio_R_vs_NR", "", "70"), 1),
        ("AUC0-28d, responders to non-responders", ("AUC0_28d_ratio_R_vs_NR", "", "70"), 1),
        ("Remission (CR or CRi) within 3 months", ("CR_CRi_best_prop", "3", "79"), 100),
        ("Event-free survival at 36 months", ("EFS_surv_prop", "36", "79"), 100),
        ("Overall survival at 36 months", ("OS_surv_prop", "36", "79"), 100),
        ("Onset, median", ("CRS_onset_median_days", "", "108"), 1),
        ("Duration of cytokine release, median", ("CRS_duration_median_days", "", "108"), 1),
        ("Signal rises to onset", ("CRS_any_prop", "2", "137"), 100),
    ):
        assert rows[quantity].published == pytest.approx(scale * figures[key]), quantity
        assert rows[quantity].n in (0, int(key[2])), quantity


def test_inputs_come_back_and_remission_is_not_faked(quick: TrialResult) -> None:
    by_name = {(line.row.quantity, line.population): line for line in quick.lines}
    for reading in ("sd", "variance"):
        found = by_name["Peak, model", reading].interval
        assert found is not None
        assert found.median == pytest.approx(24000, rel=0.1)
    for quantity in ("Remission (CR or CRi) within 3 months", "Overall survival at 36 months"):
        assert by_name[quantity, ""].interval is None


def test_exposure_is_measured_and_readings_differ_in_spread(quick: TrialResult) -> None:
    sd, variance = quick.panels["kinetics"]
    assert set(np.unique(sd.variables["tmax"])) <= set(quick.protocol.visits.days)
    assert (sd.variables["cmax"] >= quick.protocol.visits.limit.value).all()
    assert not np.allclose(sd.variables["cmax"], sd.variables["model_c_max"])
    assert np.nanstd(np.log(variance.variables["cmax"])) > np.nanstd(np.log(sd.variables["cmax"]))
    assert sd.failed == quick.panels["leukaemia"][0].failed == quick.panels["inflammation"][0].failed == 0


def test_panels_share_no_random_effect(quick: TrialResult) -> None:
    peak = quick.panels["kinetics"][0].variables["model_c_max"][:, :79].ravel()
    for name, variable in (("leukaemia", "car_peak_time"), ("inflammation", "peak")):
        other = quick.panels[name][0].variables[variable][:, :79].ravel()
        assert abs(np.corrcoef(np.argsort(np.argsort(peak)), np.argsort(np.argsort(other)))[0, 1]) < 0.08


def test_peak_inflammation_rises_with_burden(quick: TrialResult) -> None:
    (line,) = (line for line in quick.lines if line.row.quantity == "Peak against burden, rank correlation")
    assert line.interval is not None
    assert line.interval.lower > 0.3


def test_json_holds_no_nan(quick: TrialResult) -> None:
    found = json.loads(quick.to_json())
    assert len(found["comparison"]) == len(quick.lines)
    assert found["models"].keys() == {"stein_2019", "leon_triana_2021_source", "hanson_2016", "leukaemia_course"}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [("elianna", "did you mean eliana"), ("no/such.toml", "there is no protocol file no/such.toml")],
)
def test_an_unknown_trial_is_one_sentence(given: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        conduct(given, replicates=1)


@pytest.mark.parametrize("count", [0, -3, 2.5, True])
def test_replicates_are_counted(count: object) -> None:
    with pytest.raises(InputError, match="whole number of at least 1"):
        conduct("eliana", replicates=count)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="course replicates asked for; expected a whole number of at least 1"):
        conduct("eliana", replicates=1, course_replicates=count)  # type: ignore[arg-type]


def test_the_course_has_replicates_of_its_own_and_at_most_two_hundred_unless_told() -> None:
    result = conduct("scholar_1", replicates=2, course_replicates=3)
    assert result.course is not None
    assert result.course.trial.count == 3
    plan = load_protocol("scholar_1")
    assert work(plan, 1000) == 200
    assert work(plan, 5) == 5
    assert work(plan, 5, course_replicates=700) == 700


def test_a_protocol_without_late_visits_has_no_late_persistence(tmp_path: Path) -> None:
    shipped = find_protocol("eliana").read_text(encoding="utf-8")
    path = tmp_path / "short.toml"
    path.write_text(shipped.replace(", 60, 90, 180, 270, 365]", "]"), encoding="utf-8")
    lines = [line for line in conduct(str(path), replicates=2).lines if line.row.variable == "above_12_months"]
    assert [(line.interval, line.detail) for line in lines] == [(None, "no visit near this day")] * 2
    assert math.isnan(lines[0].row.published)
