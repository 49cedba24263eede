"""Every published figure beside replicates of the real size, counted by what its family is for, and the meta-analytic baseline."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from typer.testing import CliRunner

from autologue.cli import app
from autologue.errors import InputError
from autologue.trial import shipped_families
from autologue.trial.baseline import Pooled, as_share, baseline_interval, pool_shares, pooled_for
from autologue.trial.validated import ValidatedTrials, validate_trials


@pytest.fixture(scope="module")
def found() -> ValidatedTrials:
    return validate_trials(replicates=6, large=0)


def test_every_figure_is_there_once_and_uses_are_counted_apart(found: ValidatedTrials) -> None:
    families = shipped_families()
    assert [row.compared.row for row in found.rows] == [row for family in families for row in family.rows]
    for use in ("check", "calibrate"):
        verdicts = [row.compared.verdict for row in found.rows if row.compared.family.use == use]
        tally = found.tally(use)
        assert tally.figures == len(verdicts)
        assert tally.judged == sum(bool(verdict) for verdict in verdicts) > 0
        assert tally.inside == verdicts.count("inside")
        assert tally.excess == pytest.approx(tally.inside / tally.judged - 0.9)


def test_a_figure_that_cannot_be_said_says_why_and_is_never_inside(found: ValidatedTrials) -> None:
    table = found.table()
    silent = table[table["verdict"] == ""]
    assert (silent["why"] != "").all()
    assert silent["lower"].isna().all()
    strange = [replace(family, protocol="none") for family in shipped_families() if family.name == "zuma_2_response"]
    said = {row.compared.why for row in validate_trials(replicates=2, large=0, families=strange).rows if row.compared.row.simulated}
    assert said == {"no protocol of this trial ships yet"}


def test_a_figure_larger_than_two_trials_gets_a_trial_as_large() -> None:
    one = [family for family in shipped_families() if family.name == "uk_axi_response"]
    assert [row.compared.verdict for row in validate_trials(replicates=2, large=0, families=one).rows] == ["", ""]
    larger = validate_trials(replicates=2, large=2, families=one)
    assert all(row.compared.interval is not None and row.compared.interval.replicates == 2 for row in larger.rows)


def test_equal_variances_have_a_closed_form() -> None:
    shares, n = [0.3, 0.7], 200
    values = logit([(0.3 * n + 0.5) / (n + 1), (0.7 * n + 0.5) / (n + 1)])
    within = 1 / (0.3 * n + 0.5) + 1 / (0.7 * n + 0.5)
    pooled = pool_shares(shares, [n, n])
    assert pooled.between == pytest.approx(np.var(values, ddof=1) - within)
    assert pooled.error == pytest.approx(math.sqrt((within + pooled.between) / 2))


def test_the_baseline_covers_new_trials_as_often_as_it_says() -> None:
    low, high = baseline_interval(Pooled(0.4, 0.0, 0.09, 5), 400)
    random = np.random.default_rng(5)
    shares = random.binomial(400, expit(random.normal(0.4, 0.3, 20000))) / 400
    assert np.mean((shares >= low) & (shares <= high)) == pytest.approx(0.9, abs=0.01)


def test_the_baseline_knows_calibrating_figures_only() -> None:
    families = shipped_families()
    row = next(r for f in families if f.name == "transcend_crs" for r in f.rows if r.of == "crs")
    before = pooled_for(row, families)
    changed = [replace(f, rows=tuple(replace(r, published=0.01) for r in f.rows)) if f.use == "check" else f for f in families]
    assert before is not None
    assert pooled_for(row, changed) == before
    assert pooled_for(row, [f for f in families if f.use == "check"]) is None
    assert math.isnan(as_share(replace(row, statistic="median")))


def test_counts_are_scored_as_shares(found: ValidatedTrials) -> None:
    counted = next(row for row in found.rows if row.compared.family.name == "ensign_funnel" and row.compared.interval)
    assert counted.scores is not None
    assert 0 < counted.scores[0] < 5


@pytest.mark.parametrize(("given", "sentence"), [({"replicates": 1}, "at least 2"), ({"large": -1}, "0 for none")])
def test_counts_are_numbers(given: dict[str, int], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        validate_trials(**given)


def test_the_command_prints_and_writes(tmp_path: Path) -> None:
    out = tmp_path / "figures.csv"
    done = CliRunner().invoke(app, ["validate", "trials", "--replicates", "2", "--large", "0", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "Prior predictive. Checking figures" in " ".join(done.output.split())
    assert len(pd.read_csv(out)) == sum(len(family.rows) for family in shipped_families())
    done = CliRunner().invoke(app, ["validate", "trials", "--out", "figures.xlsx"])
    assert done.exit_code == 2
