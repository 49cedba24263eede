"""The verb: `fit`."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import version

from autologue import __version__
from autologue.engine.describe import fingerprint
from autologue.engine.solve import Solver, prepare
from autologue.errors import InputError
from autologue.fit.agreement import with_linearisation
from autologue.fit.archive import encoded
from autologue.fit.estimated import Estimator, Watch
from autologue.fit.fitted import Fit
from autologue.fit.outcomes import check_outcomes
from autologue.fit.problem import pose
from autologue.fit.saem import SAEM
from autologue.fit.structure import Prior, read_structure, shares_outside
from autologue.likelihood import Likelihood
from autologue.model import Model
from autologue.patient import Cohort
from autologue.population import Parametric

__all__ = ["fit"]

STANDARD = SAEM()
OUTSIDE = 0.05  # share of a distribution beyond its truncation with which no fit begins


def fit(
    cohort: Cohort,
    population: Parametric | Model,
    *,
    method: Estimator = STANDARD,
    seed: int = 0,
    free: Iterable[str] = (),
    fixed: Iterable[str] = (),
    bounds: Mapping[str, tuple[float, float]] | None = None,
    priors: Mapping[str, Prior] | None = None,
    solver: Solver | None = None,
    watch: Watch | None = None,
) -> Fit:
    """Estimate a population from a cohort.

    - population: its structure is that of the fit, its numbers are the starting values; a Model stands for its own.
    - method: an estimator with its settings, SAEM() where nothing is said.
    - free: parameters without variability that are estimated too. fixed: estimates that are not. bounds, priors: of estimates by name
      (`cl`, `beta_cl_weight`, `omega_cl`, `corr_cl_v`, `cv_concentration`), in the unit of the population; a prior makes it a MAP fit.
    - solver: chosen by a probe where it is not given. watch: called after each iteration.

    Raises InputError for a structure or data that cannot be fitted, SolveError where a patient cannot be solved at the start.
    """
    start = Parametric(model=population) if isinstance(population, Model) else population
    if isinstance(seed, bool) or not 0 <= seed < 2**63:
        raise InputError(f"seed must be a whole number from 0 to 2**63 - 1, not {seed!r}")
    free, fixed, limits, beliefs = tuple(free), tuple(fixed), dict(bounds or {}), dict(priors or {})
    check_outcomes(cohort, start)
    _check_truncation(start)
    structure = read_structure(cohort, start, free=free, fixed=fixed, bounds=limits, priors=beliefs)
    problem = pose(structure, Likelihood(cohort, start, solver=solver))
    course = problem.likelihood.course
    estimated = with_linearisation(problem, method.estimate(problem, seed=seed, watch=watch))
    return Fit(
        cohort=cohort, start=start, free=free, fixed=fixed, bounds=limits, priors=beliefs, method=method, seed=seed,
        estimated=estimated, provenance=_provenance(cohort, start.model), solver=None if course.closed.all() else course.solver,
    )  # fmt: skip


def _check_truncation(start: Parametric) -> None:
    """Raise InputError where a truncation, which estimation does not know, takes away much of a distribution."""
    for name, share in shares_outside(start).items():
        if share > OUTSIDE:
            raise InputError(
                f"fit of {start.model.name}: {share:.1%} of the distribution of '{name}' lie outside its truncation at the start, and "
                "estimation knows no truncation; give it a variability without lower= and upper=, or LogitNormal, or start elsewhere"
            )


def _provenance(cohort: Cohort, model: Model) -> dict[str, str]:
    found = {"autologue": __version__, "python": platform.python_version()}
    found |= {name: version(name) for name in ("numpy", "numba", "scipy")}
    found["model"] = f"{model.name} {fingerprint(prepare(model).system)}"
    found["data"] = hashlib.sha256(encoded(cohort).encode()).hexdigest()[:16]
    return found
