"""Calibration of links: which links and rows take part, what is simulated for them, the file of draws, and what trials draw from."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from autologue.calibrate import SyntheticLikelihood
from autologue.cli import app
from autologue.errors import InputError
from autologue.trial import Family, Published, conduct, load_protocol, shipped_families
from autologue.trial.calibration import (
    Posterior,
    TrialCalibration,
    calibrate_trials,
    drawing_for,
    read_posterior,
    shipped_posterior,
)
from autologue.trial.calibration import posterior as module
from autologue.trial.calibration.links import calibratable, chosen_links
from autologue.trial.calibration.predicted import check_predictions, counts
from autologue.trial.calibration.said import in_short
from autologue.trial.calibration.simulator import trial_simulator
from autologue.trial.calibration.targets import SPREAD, aimed_rows
from autologue.trial.misses import missed_paragraphs
from autologue.trial.replicate import plan_course, replicate_course
from autologue.trial.statistics import row_statistic
from autologue.trial.validated import validate_trials

SMALL = SyntheticLikelihood(points=24, replicates=4, block=6, powers=(0.0,), particles=200, moves=3, draws=20)
LINKS = ("leukaemia.short_lived", "leukaemia.recovery")


@pytest.fixture(scope="module")
def found() -> TrialCalibration:
    return calibrate_trials(["eliana"], links=LINKS, method=SMALL, seed=5)


def test_only_figures_of_families_that_calibrate_are_aimed_at() -> None:
    for name in ("eliana", "zuma_1"):
        aimed = aimed_rows(load_protocol(name), shipped_families())
        assert {one.family.use for one in aimed} == {"calibrate"}
        expected = [row for f in shipped_families() if f.use == "calibrate" and f.protocol == name for row in f.rows if row.simulated]
        assert [one.row for one in aimed] == expected


def test_no_link_moves_that_does_not_say_so() -> None:
    links = chosen_links([load_protocol("eliana"), load_protocol("zuma_1")], None)
    assert all(link.calibrate for link in links.values())
    assert {"leukaemia.founders", "lymphoma.founders", "toxicity.severity_step", "tisagenlecleucel.product_severity"} <= set(links)


def test_a_median_of_a_curve_is_one_half_at_its_time() -> None:
    aimed = next(one for one in aimed_rows(load_protocol("eliana"), shipped_families()) if one.row.statistic == "median_survival")
    assert (aimed.simulated.statistic, aimed.simulated.months, aimed.target.published) == ("survival", aimed.row.published, 0.5)


def test_the_simulator_gives_what_whole_trials_give() -> None:
    """At the centre of the prior of the moved links: the statistics of replicates in which these have their central value."""
    protocol = load_protocol("eliana")
    links, aimed = chosen_links([protocol], LINKS), aimed_rows(protocol, shipped_families())
    simulator = trial_simulator([protocol], [aimed], links, seed=3)
    made, later = simulator(np.zeros(2), first=0, count=8), simulator(np.zeros(2), first=4, count=4)
    central = {name.split(".")[1]: np.array([link.value]) for name, link in links.items()}
    trial = replicate_course(plan_course(protocol, seed=3, uncertain=True, calibrated=central), 8)
    for k, one in enumerate(aimed):
        values = row_statistic(trial, one.simulated)
        assert values is not None
        values = np.repeat(values / (one.row.n if one.row.statistic == "count" else 1.0), 8 // len(values))
        np.testing.assert_allclose(made[:, k], values, rtol=1e-12)
        if one.simulated.among == "enrolment" and one.row.n == protocol.enrolled:
            np.testing.assert_array_equal(later[:, k], made[4:, k])


def test_links_move_figures_the_way_they_should() -> None:
    protocol = load_protocol("eliana")
    links, aimed = chosen_links([protocol], LINKS), aimed_rows(protocol, shipped_families())
    simulator = trial_simulator([protocol], [aimed], links, seed=3)
    complete = next(k for k, one in enumerate(aimed) if one.row.of == "complete")
    few, many = (simulator(np.array([z, 0.0]), first=0, count=8)[:, complete].mean() for z in (-2.0, 2.0))
    assert few > many  # more short-lived products, fewer remissions


def test_a_synthetic_trial_gives_its_links_back() -> None:
    """Figures are simulated at known links and n = 79; the posterior is then as near them as chance allows."""
    protocol, names = load_protocol("eliana"), ("leukaemia.short_lived", "leukaemia.recovery")
    true = np.array([1.2, -1.0])
    rows = [one for one in aimed_rows(protocol, shipped_families()) if one.family.name == "eliana_response"]
    simulated = trial_simulator([protocol], [rows], chosen_links([protocol], names), seed=8)(true, first=0, count=60).mean(axis=0)
    figures = tuple(replace(one.row, published=float(value)) for one, value in zip(rows, simulated, strict=True))
    family = Family("invented", "calibrate", "figures of known links", "eliana", figures)
    method = SyntheticLikelihood(points=32, replicates=8, block=8, powers=(0.0, 0.5), particles=800, moves=15, draws=400)
    found = calibrate_trials([protocol], links=names, families=[family], method=method, seed=2).found
    away = (found.draws.mean(axis=0) - true) / found.draws.std(axis=0)
    assert np.abs(away).max() < 2.0
    assert found.contraction["leukaemia.recovery"] > 0.5
    assert found.together() > 0.2


def test_the_spread_of_targets_is_that_of_figures_reported_twice() -> None:
    apart = list[float]()
    for name in ("eliana", "zuma_1"):
        seen: dict[tuple[object, ...], float] = {}
        for one in aimed_rows(load_protocol(name), shipped_families()):
            row = one.simulated
            key = (one.family.name, row.statistic, row.of, row.among, str(row.months) if row.statistic == "survival" else "")
            if one.target.scale == "share" and key in seen:
                apart.append(one.target.observed - seen[key])
            seen[key] = one.target.observed
    assert len(apart) == 6
    assert np.sqrt(np.mean(np.square(apart))) == pytest.approx(SPREAD, abs=0.005)


def test_draws_are_written_and_read_the_same(found: TrialCalibration, tmp_path: Path) -> None:
    path = tmp_path / "draws.json"
    made = found.posterior()
    made.write(path)
    again = read_posterior(path)
    assert again.stale() == ""
    assert (again.seed, again.protocols, again.state) == (5, ("eliana",), made.state)
    for name, value in made.draws.items():
        np.testing.assert_array_equal(again.draws[name], value)
    own = again.of(load_protocol("eliana"))
    assert set(own) == {"short_lived", "recovery"}
    link = dict(chosen_links([load_protocol("eliana")], LINKS))["leukaemia.short_lived"]
    np.testing.assert_allclose(own["short_lived"], link.at(found.found.draws[:, 0]), rtol=1e-5)
    assert again.of(load_protocol("zuma_1")) == {}


def test_every_change_of_what_draws_rest_on_makes_them_stale(found: TrialCalibration) -> None:
    made = found.posterior()
    protocol = load_protocol("eliana")
    for kind in ("links", "models", "protocols", "targets"):
        for name in made.state[kind]:
            other = {**made.state, kind: {**made.state[kind], name: "0000"}}
            assert replace(made, state=other).stale() == f"{kind} {name}"
    changed = [
        replace(f, rows=tuple(replace(r, published=0.5) for r in f.rows)) if f.name == "eliana_response" else f for f in shipped_families()
    ]
    assert made.stale(families=changed) == "targets eliana_response"
    checks = [replace(f, rows=tuple(replace(r, published=0.5) for r in f.rows)) if f.use == "check" else f for f in shipped_families()]
    assert made.stale(families=checks) == ""
    bigger = replace(protocol, sizes={**protocol.sizes, "enrolled": 5})
    assert made.stale(protocols=[bigger]) == "protocols eliana"
    assert "cannot be read" in replace(made, protocols=("no_such_trial",)).stale()


def test_a_trial_draws_from_what_is_asked(found: TrialCalibration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan, made = load_protocol("eliana"), found.posterior()
    monkeypatch.setattr(module, "shipped_posterior", lambda: made)
    by_default = drawing_for(plan)
    assert set(by_default.calibrated) == {"short_lived", "recovery"}
    assert "calibrated to eliana" in by_default.words
    assert drawing_for(plan, prior=True).calibrated == {}
    stale = replace(made, state={**made.state, "links": {}})
    monkeypatch.setattr(module, "shipped_posterior", lambda: stale)
    fallen_back = drawing_for(plan)
    assert fallen_back.calibrated == {}
    assert "stale (links" in fallen_back.words
    assert drawing_for(load_protocol("scholar_1"), prior=False).calibrated == {}
    stale.write(tmp_path / "stale.json")
    with pytest.raises(InputError, match="stale, for these have changed"):
        drawing_for(plan, posterior=tmp_path / "stale.json")
    with pytest.raises(InputError, match="choose one"):
        drawing_for(plan, prior=True, posterior=tmp_path / "stale.json")
    monkeypatch.setattr(module, "shipped_posterior", lambda: None)
    assert (drawing_for(plan).words, drawing_for(plan).calibrated) == (module.PRIOR, {})


def test_replicates_have_the_draws_of_the_file(found: TrialCalibration, tmp_path: Path) -> None:
    path = tmp_path / "draws.json"
    found.posterior().write(path)
    result = conduct("eliana", replicates=4, seed=1, posterior=path)
    assert result.course is not None
    values = result.course.plan.values(0, 4)
    np.testing.assert_array_equal(values["recovery"], found.posterior().draws["leukaemia.recovery"][[0, 0, 1, 1]])
    assert "2 links are drawn from 20 posterior draws" in result.course.drawn_from
    assert result.to_dict()["course"]["drawn_from"] == result.course.drawn_from


def test_the_draws_that_ship_are_not_stale_or_say_so() -> None:
    ours = shipped_posterior()
    if ours is not None:
        drawing = drawing_for(load_protocol("eliana"))
        assert bool(drawing.calibrated) == (ours.stale() == "")
        assert len({len(value) for value in ours.draws.values()}) == 1
        assert set(ours.draws) <= {name for each in ours.protocols for name in calibratable(load_protocol(each))}


def test_predictions_are_checked_before_and_after(found: TrialCalibration) -> None:
    checked = check_predictions(found, replicates=6, seed=9)
    assert len(checked) == len(found.aimed)
    assert {each.after.family.use for each in checked} == {"calibrate"}
    tally = counts(checked)
    assert tally["before"][1] == sum(bool(c.before.verdict) for c in checked) > 0
    assert tally["after"] == (sum(c.after.verdict == "inside" for c in checked), sum(bool(c.after.verdict) for c in checked))
    said = " ".join(in_short(found, checked))
    assert "2 links were calibrated" in said
    assert "p-value of all together" in said


def test_each_checking_figure_outside_has_a_paragraph() -> None:
    some = [family for family in shipped_families() if family.name in ("eliana_exposure_response", "eliana_survival", "eliana_response")]
    far = [replace(f, rows=tuple(replace(r, published=0.01) for r in f.rows)) if f.name == "eliana_survival" else f for f in some]
    found = validate_trials(replicates=6, large=0, families=far, prior=True)
    paragraphs = list(missed_paragraphs(found, found))
    outside = [row.compared for row in found.rows if row.compared.verdict == "outside" and row.compared.family.use == "check"]
    assert len(paragraphs) == len(outside) >= 2
    text = next(p for p in paragraphs if "OS_surv_prop at 18 months" in p)
    assert "published 0.01" in text
    assert "gives too much" in text
    assert "before calibration as well" in text
    assert found.summary().startswith("Prior predictive.")


NO_N: dict[str, Any] = {
    "trial": "T", "endpoint": "rate", "published": 0.5, "evidence": "V", "source": "x", "statistic": "share", "of": "complete",
    "among": "infusion",
}  # fmt: skip


@pytest.mark.parametrize(
    ("names", "given", "sentence"),
    [
        ([], {}, "no protocol to calibrate"),
        (["eliana", "eliana"], {}, "given twice"),
        (["scholar_1"], {}, "nothing to calibrate"),
        (["eliana"], {"links": ["leukaemia.founders_spread"]}, "leukaemia.founders_spread is not calibratable"),
        (["eliana"], {"links": ["leukaemia.foundres"]}, "did you mean leukaemia.founders"),
        (["eliana"], {"families": [f for f in shipped_families() if f.use == "check"]}, "no figure of a family that calibrates"),
        (["eliana"], {"families": [Family("f", "calibrate", "w", "eliana", (Published(**NO_N),))]}, "has no n"),
        (
            ["eliana"],
            {
                "families": [Family("f", "calibrate", "w", "eliana", (Published(**{**NO_N, "n": 79, "of": "lymphodepleted"}),))],
                "links": LINKS,
            },
            "none of the targets moves",
        ),
    ],
)
def test_what_cannot_be_calibrated_is_one_sentence(names: list[str], given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        calibrate_trials(names, method=SMALL, **given)


UNEVEN = '{"draws": {"a": [1], "b": [1, 2]}, "protocols": [], "rests on": {}, "seed": 1, "autologue": "", "date": ""}'


@pytest.mark.parametrize("text", ["", "[]", '{"draws": {}}', UNEVEN])
def test_a_file_that_holds_no_draws_is_one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "draws.json").write_text(text)
    with pytest.raises(InputError, match=r"draws\.json"):
        read_posterior(tmp_path / "draws.json")
    with pytest.raises(InputError, match="cannot be read as posterior draws"):
        read_posterior(tmp_path / "no.json")


def test_the_command_writes_draws_and_a_report_and_resumes(tmp_path: Path) -> None:
    out, parts = tmp_path / "draws.json", tmp_path / "parts"
    words = ["calibrate", "eliana", "scholar_1", "--link", LINKS[0], "--link", LINKS[1], "--points", "24", "--waves", "1"]
    words += ["--replicates", "2", "--draws", "20", "--check", "2", "--parts", str(parts), "--out", str(out)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "nothing was learnt from it" in " ".join(done.output.split())
    first, kept = json.loads(out.read_text()), sorted(path.name for path in parts.iterdir())
    page = out.with_suffix(".html").read_text()
    assert "What was learnt" in page
    assert "Posterior predictive checks" in page
    again = CliRunner().invoke(app, [*words, "--json"])
    assert again.exit_code == 0, again.output
    assert sorted(path.name for path in parts.iterdir()) == kept
    assert json.loads(out.read_text())["draws"] == first["draws"]
    done = CliRunner().invoke(app, ["trial", "eliana", "--replicates", "2", "--posterior", str(out), "--out", str(tmp_path / "trial.html")])
    assert done.exit_code == 0, done.output
    assert "calibrated to eliana" in " ".join(done.output.split())


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["calibrate", "eliana", "--out", "draws.csv"], "ends in .json"),
        (["calibrate", "eliana", "--report", "page.pdf"], "ends in .html"),
        (["calibrate", "elianna"], "did you mean eliana"),
        (["trial", "eliana", "--posterior", "no.json"], "cannot be read as posterior draws"),
        (["validate", "trials", "--prior", "--posterior", "no.json"], "choose one"),
    ],
)
def test_the_command_refuses_in_one_sentence(words: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 2
    assert sentence in " ".join(done.output.split())


def test_a_posterior_says_what_it_was(found: TrialCalibration) -> None:
    made: Posterior = found.posterior()
    assert made.report["informed nothing"] == []
    assert {row["parameter"] for row in made.report["identifiability"]} == set(LINKS)
