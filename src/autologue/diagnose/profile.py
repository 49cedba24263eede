"""Profile likelihood: an estimate held at values around its optimum, all others at their best; an interval that may be lopsided.

Cole, Chu, Greenland 2014, Am J Epidemiol 179:252-260, doi:10.1093/aje/kwt245. The interval holds the values at which twice the
log-likelihood lies less than the quantile of chi-square with one degree of freedom below its maximum. (Of a study that is only planned:
`autologue.analysis.profile_design`.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2

from autologue.diagnose.marginals import chosen_method, evaluator, mark_of
from autologue.errors import InputError, unknown
from autologue.fit import Fit
from autologue.fit.approximation import Approximation
from autologue.fit.outer import maximise
from autologue.fit.table import as_read
from autologue.parallel import Progress, computed

__all__ = ["Profile", "profile_estimates", "profile_likelihood"]

Floats = NDArray[np.float64]
CLOSE = 0.01  # of the signed root of the deviance, at the ends
FARTHEST = 12  # evaluations on a side
GAIN = 0.05  # of the log-likelihood, above the maximum that was known
TOLERANCE, ITERATIONS = 1e-3, 200


@dataclass(frozen=True, eq=False, slots=True)
class Profile:
    """lower, upper: of the interval, as the estimate is read; an end that was not reached is the bound, or the end of the scale.

    points: value (as read) and log_likelihood with all others at their best. method: whose likelihood. warnings: in words.
    """

    name: str
    level: float
    estimate: float
    lower: float
    upper: float
    points: pd.DataFrame
    method: str
    warnings: tuple[str, ...]


@dataclass(eq=False)
class _Walk:
    """A search along one estimate; every point is kept, and the next maximisation begins at the nearest."""

    fit: Fit
    method: Approximation
    place: int
    points: list[tuple[float, float, Floats]] = field(default_factory=list)

    def at(self, value: float | None) -> float:
        """Return the highest log-posterior with the estimate held at a value on its scale; free where the value is None."""
        problem, k = self.fit.problem, self.place
        start = self.fit.estimated.vector if not self.points else min(self.points, key=lambda p: abs(p[0] - (value or 0.0)))[2]
        if value is not None:
            bounds = problem.structure.bounds.copy()
            bounds[k] = value
            problem = replace(problem, structure=replace(problem.structure, bounds=bounds))
            covariance = self.fit.covariance
            slope = covariance[:, k] / covariance[k, k] if np.isfinite(covariance[:, k]).all() else np.zeros(len(start))
            start = start + slope * (value - start[k])
            start[k] = value
        search = maximise(problem, evaluator(problem, self.method), start, iterations=ITERATIONS, tolerance=TOLERANCE)
        reached = -search.cost(search.at)[0]
        self.points.append((float(search.at[k]), reached, search.at.copy()))
        return reached


def profile_likelihood(fit: Fit, name: str, *, method: Approximation | None = None, level: float = 0.95) -> Profile:
    """Return the profile of one estimate and its interval.

    method: whose marginal likelihood; that of the fit, and for one without (SAEM) FOCEI, whose maximum may lie a little elsewhere:
    Quadrature() is exact where few parameters vary. Raises InputError for an unknown estimate.
    """
    names = fit.structure.names
    if name not in names:
        raise InputError(unknown("estimate of the fit", name, names))
    if not 0.0 < level < 1.0:
        raise InputError(f"level {level!r}: expected a number between 0 and 1")
    chosen, k = chosen_method(fit, method), names.index(name)
    walk = _Walk(fit, chosen, k)
    top = walk.at(None)
    centre, sd = walk.points[0][0], float(np.sqrt(fit.covariance[k, k]))
    sd = sd if np.isfinite(sd) and sd > 0 else 0.1
    root = float(np.sqrt(chi2.ppf(level, 1)))

    def off(value: float) -> float:
        return float(np.sqrt(max(2.0 * (top - walk.at(value)), 0.0))) - root

    ends = [_end(off, (centre, -root), side * root * sd, bound) for side, bound in zip((-1.0, 1.0), fit.structure.bounds[k], strict=True)]
    ordered = sorted(walk.points, key=lambda point: point[0])
    values = [as_read(fit.structure, point[2])[k] for point in ordered]
    points = pd.DataFrame({"value": values, "log_likelihood": [point[1] for point in ordered]})
    higher = max(point[1] for point in ordered) - top
    warnings = (f"the likelihood is {higher:.2g} higher along the profile than where the fit ended: fit again from there",)
    scale = fit.structure.estimates[k].scale
    lower, upper = (float(scale.back(end)) for end in ends)
    own = float(as_read(fit.structure, walk.points[0][2])[k])
    return Profile(name, level, own, lower, upper, points, chosen.label, warnings if higher > GAIN else ())


def profile_estimates(
    fit: Fit, names: Sequence[str] | None = None, *, method: Approximation | None = None, level: float = 0.95,
    file: str | Path | None = None, workers: int = 1, progress: Progress | None = None,
) -> dict[str, Profile]:  # fmt: skip
    """Return the profiles of several estimates by name, of all where none is named; see `profile_likelihood`.

    file, workers: as in `bootstrap`. Raises InputError for an unknown estimate, or a file of something else.
    """
    asked = list(fit.structure.names if names is None else names)
    for name in asked:
        if name not in fit.structure.names:
            raise InputError(unknown("estimate of the fit", name, fit.structure.names))
    chosen, bare = chosen_method(fit, method), replace(fit)

    def work(name: str) -> dict[str, Any]:
        found = profile_likelihood(bare, name, method=chosen, level=level)
        return {f.name: getattr(found, f.name) for f in fields(found)} | {"points": found.points.to_dict("list")}

    done = computed(work, asked, workers=workers, file=file, what="profile", mark=mark_of(fit, chosen, level), progress=progress)
    pairs = zip(asked, done, strict=True)
    return {name: Profile(**one | {"points": pd.DataFrame(one["points"]), "warnings": tuple(one["warnings"])}) for name, one in pairs}


def _end(off: Callable[[float], float], inner: tuple[float, float], first: float, bound: float) -> float:
    """Return where `off` becomes zero on one side of `inner` (place and value), at the bound or infinite where it does not."""
    centre, side = inner[0], np.sign(first)
    outer: tuple[float, float] | None = None
    value = centre + first
    for _ in range(FARTHEST):
        value = min(value, bound) if side > 0 else max(value, bound)
        found = off(value)
        if abs(found) < CLOSE:
            return value
        if found > 0:
            outer = (value, found)
        elif value == bound:
            return bound
        else:
            inner = (value, found)
        if outer is None:
            value = centre + 2.0 * (value - centre)
        else:  # the signed root of the deviance is nearly a straight line
            share = -inner[1] / (outer[1] - inner[1])
            value = inner[0] + min(max(share, 0.05), 0.95) * (outer[0] - inner[0])
    return value if outer is not None else float(side * np.inf)
