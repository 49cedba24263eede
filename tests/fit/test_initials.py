"""Estimates leave for other programs with their numbers and scales intact; fits are compared only where they can be."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from _nlme import SHARED, WARFARIN, warfarin

from autologue.data import NONMEM, Autologue, Monolix, Nlmixr2
from autologue.errors import InputError
from autologue.fit import Conditional, Estimated, Estimator, LogLikelihood, Trace, compare_structures, export_initials, fit
from autologue.patient import Cohort
from autologue.population import Correlation, Parametric
from autologue.variability import Combined1


class Stay(Estimator):
    """The starting values, with a likelihood that is said."""

    def __init__(self, value: float = -100.0, by: str = "chance") -> None:
        self.value, self.by = value, by

    def estimate(self, problem, *, seed, watch=None):
        nothing = np.full((problem.patients, problem.varying), np.nan)
        given = Conditional(problem.coordinates[: problem.varying], np.zeros_like(nothing), nothing, nothing, np.empty((0, *nothing.shape)))
        return Estimated(problem.start, (), (LogLikelihood(self.by, self.value, 0.1),), given, Trace(problem.start[None]))


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return Cohort(warfarin(SHARED)[0].patients[:6], "six")


@pytest.fixture(scope="module")
def population() -> Parametric:
    return Parametric(model=WARFARIN, correlations=(Correlation("cl", "v", 0.3),), errors={"concentration": Combined1(sd=0.5, cv=0.1)})


@pytest.fixture(scope="module")
def fitted(cohort, population):
    return fit(cohort, population, method=Stay(), fixed=["omega_ka"], bounds={"v": (1.0, 20.0)})


def test_nonmem_gets_natural_values_and_variances(fitted, population):
    text = export_initials(fitted, NONMEM())
    typical = dict(zip(WARFARIN.parameters, population.typical_values(), strict=True))
    covariance = population.covariance()
    assert f"$THETA (0, {typical['cl']:.6g}) ; cl" in text
    assert f"$THETA (1, {typical['v']:.6g}, 20) ; v" in text
    assert re.search(rf"\$OMEGA {covariance[0, 0]:.6g} FIX ; omega\^2 of ka", text)
    block = re.search(r"\$OMEGA BLOCK\(2\)\n  (\S+) .*\n  (\S+) (\S+) ", text)
    assert block
    assert [float(x) for x in block.groups()] == pytest.approx([covariance[1, 1], covariance[2, 1], covariance[2, 2]], rel=1e-5)
    assert "$SIGMA 0.25 ; sd_concentration^2, combined1 error" in text
    assert "$SIGMA 0.01 ; cv_concentration^2" in text
    assert re.search(r"\$THETA \S+ FIX ; dose", text)


def test_monolix_gets_natural_values_and_standard_deviations(fitted, population):
    found = dict(re.findall(r"(\w+) = \{value=([^,]+), method=\w+\}", export_initials(fitted, Monolix())))
    methods = dict(re.findall(r"(\w+) = \{value=[^,]+, method=(\w+)\}", export_initials(fitted, Monolix())))
    sd = np.sqrt(np.diagonal(population.covariance()))
    expected = {"omega_ka": sd[0], "omega_cl": sd[1], "corr_cl_v": 0.3, "a": 0.5, "b": 0.1, "v_pop": fitted.table.loc["v", "estimate"]}
    assert {name: float(found[name]) for name in expected} == pytest.approx(expected, rel=1e-5)
    assert (methods["omega_ka"], methods["dose_pop"], methods["omega_cl"], methods["v_pop"]) == ("FIXED", "FIXED", "MLE", "MLE")


def test_nlmixr2_gets_logarithms_and_variances(fitted, population):
    text = export_initials(fitted, Nlmixr2())
    assert text.startswith("ini({\n")
    assert text.endswith("})\n")
    covariance = population.covariance()
    assert f"  tcl <- {math.log(fitted.table.loc['cl', 'estimate']):.6g}  #" in text
    assert f"  tv <- c(0, {math.log(fitted.table.loc['v', 'estimate']):.6g}, {math.log(20):.6g})" in text
    assert f"  eta.ka ~ fix({covariance[0, 0]:.6g})" in text
    assert f"  eta.cl + eta.v ~ c({covariance[1, 1]:.6g}, {covariance[2, 1]:.6g}, {covariance[2, 2]:.6g})" in text
    assert "  add.sd <- 0.5" in text
    assert "  prop.sd <- 0.1" in text


def test_another_dialect_is_refused(fitted):
    with pytest.raises(InputError, match="expected NONMEM"):
        export_initials(fitted, Autologue())


def test_structures_are_ordered_by_bic_and_only_the_like_are_compared(cohort, population):
    plain = fit(cohort, replace(population, correlations=()), method=Stay(-101.0))
    joined = fit(cohort, population, method=Stay(-90.0))
    table = compare_structures({"plain": plain, "joined": joined})
    assert list(table.index) == ["joined", "plain"]
    assert table.loc["plain", "delta_aic"] == pytest.approx(2 * 11 - 2)
    assert table.loc["plain", "delta_bic"] == pytest.approx(22 - math.log(6))
    with pytest.raises(InputError, match="at least two"):
        compare_structures({"plain": plain})
    with pytest.raises(InputError, match="different data"):
        compare_structures({"plain": plain, "half": fit(Cohort(cohort.patients[:3]), population, method=Stay())})
    with pytest.raises(InputError, match="fit them with one method"):
        compare_structures({"plain": plain, "exact": fit(cohort, population, method=Stay(by="quadrature"))})
