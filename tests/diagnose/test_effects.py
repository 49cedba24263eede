"""Effects of covariates: for a parameter the interval is a closed form, and a quantity that is proportional to it has the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from _lines import LINE, lines, population
from scipy.stats import norm

from autologue.diagnose import covariate_effects
from autologue.engine.summary import Minimum
from autologue.errors import InputError
from autologue.fit import FOCEI, fit
from autologue.plot import chart_svg
from autologue.plot.forest import forest
from autologue.population import Categorical, CategoryEffect, Continuous, Parametric, PowerEffect
from autologue.variability import LogNormal

METHOD = FOCEI(probes=0)


@pytest.fixture(scope="module")
def found():
    """A fit with a power effect and an effect of a category on a level that is log-normal."""
    parameters = dict(LINE.parameters)
    parameters["mu"] = replace(parameters["mu"], variability=LogNormal(sd=0.2))
    start = Parametric(
        model=replace(LINE, parameters=parameters),
        covariates={"w": Continuous(70.0, "kg", LogNormal(sd=0.3)), "g": Categorical({"a": 0.6, "b": 0.4})},
        effects=[PowerEffect("mu", "w", 70.0, 0.1), CategoryEffect("mu", "g", "b", 0.1)],
    )
    return fit(lines(4), start, method=METHOD)


def test_the_interval_of_a_parameter_is_the_closed_form(found) -> None:
    table = covariate_effects(found, percentiles=(10, 90), draws=4000, seed=3)
    weights = np.array([p.covariates["w"] for p in found.cohort])
    assert list(table["value"]) == [f"{np.percentile(weights, 10):.4g}", f"{np.percentile(weights, 90):.4g}", "b"]
    z = norm.ppf(0.975)
    for row, (name, x) in zip(
        table.itertuples(),
        [("beta_mu_w", np.log(np.percentile(weights, q) / 70.0)) for q in (10, 90)] + [("beta_mu_g_b", 1.0)],
        strict=True,
    ):
        b, se = found.table.loc[name, ["estimate", "se"]]
        assert row.ratio == pytest.approx(np.exp(b * x))
        assert (row.lower, row.upper) == pytest.approx(
            (np.exp(b * x - z * se * abs(x)), np.exp(b * x + z * se * abs(x))), abs=4 * row.error
        )
        assert 0 < row.error < 0.02


def test_a_quantity_in_proportion_has_the_same_ratio(found) -> None:
    table = covariate_effects(found, quantities=[Minimum("y", 0.0, 4.0)], draws=200)
    own, there = (table[table["what"] == what].reset_index(drop=True) for what in ("mu", "smallest y, 0 to 4 day"))
    for column in ("ratio", "lower", "upper"):
        assert np.allclose(own[column], there[column], rtol=1e-6)
    assert chart_svg(forest(table)).count("reference patient") == 2


def test_refusals(found) -> None:
    with pytest.raises(InputError, match="no covariate effect"):
        covariate_effects(fit(lines(4), population(), method=METHOD))
    with pytest.raises(InputError, match="percentiles"):
        covariate_effects(found, percentiles=(5, 195))
