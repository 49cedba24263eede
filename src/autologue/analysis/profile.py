"""Profile likelihood of a simulated study: how far each parameter can be moved before the data object, the others adjusting.

Raue et al. 2009, Bioinformatics 25:1923-1929, doi:10.1093/bioinformatics/btp358. The data are those of the typical patient, exact or with
residual noise; the residual standard deviation of a measurement is that at the values that made the data. A side that stays below the
95 % limit within the search is open: the study cannot bound the parameter there. (Of data that were measured, and with variability
between patients: `autologue.diagnose.profile_likelihood` of a fit.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq, least_squares

from autologue import seeds
from autologue.analysis.design import Design, Predictor
from autologue.analysis.identify import named_parameters
from autologue.engine.solve import threads
from autologue.errors import InputError, SolveError
from autologue.model import Model
from autologue.population import Parametric, Population

__all__ = ["LIMIT", "DesignProfiles", "profile_design"]

Floats = NDArray[np.float64]
LIMIT = 3.841458820694124  # 95 % quantile of chi-squared with one degree of freedom
FAR = np.log(1000.0)  # the search goes on to a thousandfold change
FIRST, GROWTH, MOST = 0.01, 1.8, 30  # first step of the logarithm, largest growth of steps, steps to a side


@dataclass(frozen=True)
class DesignProfiles:
    """Profiles of parameters in a simulated study.

    - curves: parameter, value, deviance (above the best fit; the 95 % limit is 3.84).
    - table: parameter, true, estimate, lower, upper (NaN where open) and verdict in words.
    """

    model: Model
    population: str
    design: Design
    noise: bool
    seed: int
    curves: pd.DataFrame
    table: pd.DataFrame


def profile_design(
    population: Population | Model,
    design: Design,
    *,
    parameters: Sequence[str] | None = None,
    estimated: Sequence[str] | None = None,
    noise: bool = False,
    seed: int = 0,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> DesignProfiles:
    """Return the profiles of `parameters` in a study whose data come from the typical patient; `estimated` adjust (all by default).

    Without `noise` the data are exact, and the profile is what the study says on average; with it they carry the residual error drawn
    for `seed`. Raises InputError for a design that cannot be evaluated, SolveError where the typical patient cannot be solved.
    """
    whole = Parametric(model=population, name="as the model states it") if isinstance(population, Model) else population
    model = whole.model
    free = named_parameters(whole, estimated)
    asked = list(free) if parameters is None else named_parameters(whole, parameters)
    for name in asked:
        if name not in free:
            raise InputError(f"model {model.name}: '{name}' is to be profiled but not estimated; add it to `estimated`")
    study = _Study(whole, design, free, noise=noise, seed=seed)
    best = study.fit({}, np.zeros(len(free)))

    def work(name: str) -> tuple[list[tuple[float, float]], bool, bool]:
        found = study.profile(name, best)
        if progress:
            progress(1)
        return found

    with ThreadPoolExecutor(workers or threads()) as pool:
        results = list(pool.map(work, asked))
    curves, rows = [], []
    for name, (points, below, above) in zip(asked, results, strict=True):
        true = float(study.typical[study.columns[name]])
        at = np.array(sorted(points))
        value, deviance = true * np.exp(at[:, 0]), at[:, 1] - best.cost
        curves.append(pd.DataFrame({"parameter": name, "value": value, "deviance": deviance}))
        estimate = true * float(np.exp(best.x[free.index(name)]))
        ends = (value[0] if below else np.nan, value[-1] if above else np.nan)
        rows.append({"parameter": name, "unit": model.parameters[name].unit, "true": true, "estimate": estimate,
                     "lower": min(ends) if true < 0 else ends[0], "upper": max(ends) if true < 0 else ends[1],
                     "verdict": _verdict(below=below, above=above, flat=bool(deviance.max() < 0.01))})  # fmt: skip
    return DesignProfiles(model, whole.name, design, noise, seed, pd.concat(curves, ignore_index=True), pd.DataFrame(rows))


def _verdict(*, below: bool, above: bool, flat: bool) -> str:
    if flat:
        return "not identifiable: the profile is flat"
    if below and above:
        return "bounded on both sides"
    return "bounded below only" if below else "bounded above only" if above else "open on both sides"


@dataclass(frozen=True)
class _Fit:
    """A fit: shifts of the logarithms (estimated,) and the sum of squares."""

    x: Floats
    cost: float


class _Study:
    """The data of one study, and fits to it."""

    def __init__(self, population: Population, design: Design, free: Sequence[str], *, noise: bool, seed: int) -> None:
        self.typical, self.free = population.typical_values(), list(free)
        self.predictor = Predictor(population.model, design, self.typical)
        self.columns = {n: list(population.model.parameters).index(n) for n in free}
        self.data = self.predictor.whitened(self.typical, free).values
        if noise:
            self.data = self.data + seeds.normals(seed, seeds.Purpose.RESIDUAL, [0], len(self.data))[0]

    def parameters(self, x: Floats) -> Floats:
        """Return the parameter set for shifts of the logarithms."""
        moved = self.typical.copy()
        for name, shift in zip(self.free, x, strict=True):
            moved[self.columns[name]] *= np.exp(shift)
        return moved

    def fit(self, fixed: dict[int, float], start: Floats) -> _Fit:
        """Return the best fit with some shifts fixed, from a start; raises SolveError where the start cannot be solved."""
        rest = [k for k in range(len(self.free)) if k not in fixed]
        x = start.copy()
        for k, value in fixed.items():
            x[k] = value
        found: dict[bytes, tuple[Floats, Floats]] = {}

        def evaluate(part: Floats) -> tuple[Floats, Floats]:
            key = part.tobytes()
            if key not in found:
                found.clear()
                here = x.copy()
                here[rest] = part
                try:
                    white = self.predictor.whitened(self.parameters(here), [self.free[k] for k in rest] or self.free[:1])
                    residual, slope = white.values - self.data, white.gradient
                except SolveError:
                    residual, slope = np.full(len(self.data), np.nan), np.zeros((len(self.data), max(len(rest), 1)))
                bad = ~np.isfinite(residual)
                found[key] = (np.where(bad, 1e3, residual), np.where(bad[:, None] | ~np.isfinite(slope), 0.0, slope))
            return found[key]

        if not rest:
            return _Fit(x, float((evaluate(np.empty(0))[0] ** 2).sum()))
        done = least_squares(
            lambda p: evaluate(p)[0], x[rest], jac=lambda p: evaluate(p)[1], method="trf", x_scale=1.0,
            bounds=(-np.full(len(rest), FAR), np.full(len(rest), FAR)), xtol=1e-10, ftol=1e-10, gtol=1e-10, max_nfev=60,
        )  # fmt: skip
        x[rest] = done.x
        return _Fit(x, float(2 * done.cost))

    def profile(self, name: str, best: _Fit) -> tuple[list[tuple[float, float]], bool, bool]:
        """Return points (shift, sum of squares) and whether the lower and the upper side reach the limit."""
        k = self.free.index(name)
        points = [(float(best.x[k]), best.cost)]
        ends = []
        for side in (-1, 1):
            walked, closed = self._walk(k, side, best)
            points += walked
            ends.append(closed)
        return points, ends[0], ends[1]

    def _walk(self, k: int, side: int, best: _Fit) -> tuple[list[tuple[float, float]], bool]:
        """Return points on one side, out to where the deviance meets the limit (True) or the search ends."""
        here, step, points = best, FIRST, list[tuple[float, float]]()
        last = (float(best.x[k]), 0.0, best)
        for _ in range(MOST):
            shift = float(here.x[k]) + side * step
            if abs(shift) >= FAR:
                return points, False
            there = self.fit({k: shift}, here.x)
            deviance = there.cost - best.cost
            if deviance >= LIMIT:
                shift, cost = self._cross(k, last, (shift, deviance, there), best)
                return [*points, (shift, cost)], True
            points.append((shift, there.cost))
            rise = deviance - last[1]
            step *= GROWTH if rise < 0.25 else 1.0 if rise < 0.6 else 0.6
            last, here = (shift, deviance, there), there
        return points, False

    def _cross(self, k: int, inner: tuple[float, float, _Fit], outer: tuple[float, float, _Fit], best: _Fit) -> tuple[float, float]:
        """Return the shift where the deviance meets the limit, and the sum of squares there."""
        start = inner[2]
        shift = float(brentq(lambda s: self.fit({k: s}, start.x).cost - best.cost - LIMIT, inner[0], outer[0], xtol=1e-4, rtol=1e-4))
        return shift, best.cost + LIMIT
