"""SAEM: stochastic approximation of the EM algorithm, with Markov chains of the random effects.

Kuhn, Lavielle 2005, Comput Stat Data Anal 49:1020-1038, doi:10.1016/j.csda.2004.07.002. Two phases: exploration, without memory and with
simulated annealing of the variances; then smoothing, in which the moments have weights k^-0.7 and the estimates are the mean over the
phase (Polyak, Juditsky 1992, SIAM J Control Optim 30:838-855). Censored rows enter the chains by their probability and the
maximisation by the slope of it; see `errorstep`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autologue.errors import InputError
from autologue.fit.basins import End, distinct_basins, doubts, said, search_all
from autologue.fit.chains import Chains
from autologue.fit.common import common_scores
from autologue.fit.concerns import concerns
from autologue.fit.errorstep import error_scores
from autologue.fit.estimated import Estimated, Estimator, Trace, Watch
from autologue.fit.importance import importance_sampling
from autologue.fit.kernels import accumulate
from autologue.fit.mstep import Regression, boxed_step, floored, lay_out, pooled, spread, spread_vector
from autologue.fit.posterior import Posterior, explore_posterior
from autologue.fit.problem import Point, Problem
from autologue.fit.stopping import Stop, error_of_mean, settled
from autologue.seeds import Purpose, child_seed

__all__ = ["SAEM", "Stop"]

Floats = NDArray[np.float64]

DECAY = 0.7  # of the weights in smoothing
BURNT = 0.2  # share of smoothing that is not averaged
ANNEALING = 0.95  # a variance keeps at least this much of itself in an iteration of annealing
LARGEST = 0.5  # step of a parameter without random effects in one iteration
MIXED, POOR = 1.5, 0.02  # R-hat of a patient's random effect, effective share of importance draws: beyond them a warning
TOUCHING = 1e-9  # distance from a bound
ENOUGH = 50  # lanes for which the number of chains is chosen


STANDARD = Stop()


@dataclass(frozen=True, kw_only=True)
class SAEM(Estimator):
    """chains: of each patient (None: so many that there are 50 courses). exploration, smoothing: iterations of the phases at most;
    annealing: iterations at first in which no variance may fall by more than 5 % each.

    stop: when a phase may end before that; None: never. samples: of the conditional distribution of each patient, kept. draws: of
    importance sampling for the likelihood, of each patient at most; it ends where its Monte-Carlo error is below `error`. starts: whole
    runs, the first from the population's values, others from values drawn around them; the best is reported, with the distinct optima.
    """

    chains: int | None = None
    exploration: int = 300
    smoothing: int = 500
    annealing: int = 50
    stop: Stop | None = STANDARD
    samples: int = 300
    draws: int = 5000
    error: float = 0.05
    starts: int = 1

    def __post_init__(self) -> None:
        """Check the numbers."""
        whole = ("exploration", "smoothing", "samples", "draws", "starts", *(["chains"] if self.chains is not None else []))
        for name, least in (*((name, 1) for name in whole), ("annealing", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise InputError(f"SAEM({name}={value!r}): expected a whole number of at least {least}")
        if isinstance(self.error, bool) or not isinstance(self.error, int | float) or not self.error > 0:
            raise InputError(f"SAEM(error={self.error!r}): expected a number above zero")

    def estimate(self, problem: Problem, *, seed: int, watch: Watch | None = None) -> Estimated:
        """Return the estimates, with the conditional distributions, the stochastic information and the likelihood there."""

        def search(k: int, vector: Floats) -> Estimated:
            own = seed if k == 0 else child_seed(seed, Purpose.ESTIMATION, k)
            return self._estimate(problem, vector, seed=own, watch=None if watch is None else _counted(watch, k, self.starts))

        found = search_all(problem, search, self.starts, seed=seed)
        ends = [_end(problem, k, each) for k, each in found]
        best = found[min(range(len(ends)), key=lambda k: (-ends[k].value, k))][1]
        basins = distinct_basins(ends, np.linalg.pinv(np.nan_to_num(best.covariances[0].matrix)))
        more = said(basins) if self.starts > 1 else []
        return replace(best, warnings=(*doubts(problem, basins), *best.warnings), settings=(*best.settings, *more), basins=basins)

    def _estimate(self, problem: Problem, start: Floats, *, seed: int, watch: Watch | None) -> Estimated:
        """Return what one start leads to."""
        if not problem.varying:
            raise InputError(
                f"fit of {problem.likelihood.model.name}: no parameter varies between patients, and SAEM needs one that does; "
                "give one a variability, as in Parametric(variability={'cl': LogNormal(sd=0.3)})"
            )
        run = Run(problem, start, count=self.chains or -(-ENOUGH // problem.patients), seed=seed)
        explored = self._explore(run, watch)
        self._smooth(run, watch)
        first = round(BURNT * (len(run.trace) - explored)) + explored
        values = np.array(run.trace)
        vector = _mean_inside(values[first:], problem.structure.bounds)
        posterior = explore_posterior(run.chains, run.layout, vector, samples=self.samples)
        likelihood, efficiency = importance_sampling(run.chains, vector, most=self.draws, error=self.error)
        smoothed = len(run.trace) - explored
        settings = {
            "chains": f"{run.chains.count} of each patient",
            "exploration": f"{explored} iterations of at most {self.exploration}",
            "smoothing": f"{smoothed} iterations of at most {self.smoothing}",
            "conditional distribution": f"{self.samples} samples of each patient",
            "importance sampling": f"until its error is below {self.error:g}, at most {self.draws} draws of each patient",
        }
        warnings = self._unconverged(run, explored, values[first:], posterior, efficiency)
        return Estimated(
            vector,
            posterior.covariances,
            (likelihood,),
            posterior.conditional,
            Trace(values, (("exploration", 0), ("smoothing", explored))),
            (*warnings, *concerns(problem, vector, posterior.covariances[0].matrix)),
            tuple(settings.items()),
        )

    def _unconverged(self, run: Run, explored: int, values: Floats, posterior: Posterior, efficiency: Floats) -> list[str]:
        """Return the warnings about chance: phases that ended at their limit, chains that disagree, poor importance sampling."""
        names, found = run.problem.structure.names, []
        if self.stop and explored == self.exploration and not settled(run.trace[:explored], self.stop):
            found.append(f"exploration ended at its limit of {explored} iterations with a trend in the estimates; give exploration= more")
        if self.stop:
            share = error_of_mean(values) / run.complete_errors()
            worst = int(np.argmax(share))
            if share[worst] > 2.0 * self.stop.precision:
                what = f"the Monte-Carlo error of '{names[worst]}' is {share[worst]:.2g} of its standard error with complete data"
                found.append(f"smoothing ended at its limit and {what}; give smoothing= more, or more chains")
        for name, apart in zip(posterior.conditional.names, posterior.agreement, strict=True):
            if apart > MIXED:
                found.append(
                    f"the chains of the random effect of '{name}' disagree (R-hat {apart:.2f} in the worst patient); give more samples="
                )
        poor = np.flatnonzero(efficiency < POOR)
        if len(poor):
            who = run.problem.likelihood.cohort.patients[poor[np.argmin(efficiency[poor])]].id
            share_of = efficiency[poor].min()
            found.append(f"importance sampling is poor in {len(poor)} patients (patient {who}: {share_of:.1%} of the draws count)")
        return found

    def _explore(self, run: Run, watch: Watch | None) -> int:
        for k in range(self.exploration):
            run.iterate(weight=1.0, annealed=k < self.annealing, moments=max(1.0 / (k + 1.0), 0.05))
            if watch:
                watch(k, self.exploration + self.smoothing, run.vector)
            if self.stop and k + 1 >= self.annealing + self.stop.least and settled(run.trace, self.stop):
                break
        return len(run.trace)

    def _smooth(self, run: Run, watch: Watch | None) -> None:
        explored = len(run.trace)
        for k in range(self.smoothing):
            run.iterate(weight=(k + 1.0) ** -DECAY, annealed=False, moments=1.0 / (k + 20.0))
            if watch:
                watch(explored + k, self.exploration + self.smoothing, run.vector)
            if self.stop and k + 1 >= self.stop.least and (k + 1) % 10 == 0:
                error = error_of_mean(np.array(run.trace[explored + round(BURNT * k) :]))
                if (error <= self.stop.precision * run.complete_errors()).all():
                    return


def _mean_inside(values: Floats, bounds: Floats) -> Floats:
    """Return the mean of the estimates (iterations, p); one that spent most iterations at a bound is put there."""
    mean: Floats = values.mean(axis=0)
    for bound in bounds.T:
        there = (np.abs(values - bound) < TOUCHING).mean(axis=0) > 0.5
        mean[there] = bound[there]
    return mean


def _end(problem: Problem, start: int, found: Estimated) -> End:
    likelihood = found.log_likelihoods[0]
    return End(likelihood.value + problem.log_prior(found.vector)[0], found.vector, start, likelihood.error)


def _counted(watch: Watch, before: int, starts: int) -> Watch:
    """Return a watch for one of several runs, after `before` others."""
    return lambda k, most, vector: watch(before * most + k, starts * most, vector)


class Run:
    """One run of SAEM: the chains, the moments, and the estimates so far."""

    def __init__(self, problem: Problem, start: Floats, *, count: int, seed: int) -> None:
        self.problem, self.layout, self.vector = problem, lay_out(problem), start
        self.regression = Regression(problem, self.layout)
        self.point = problem.point(self.vector)
        self.chains = Chains(problem, self.point, count=count, seed=seed)
        self.chains.start(self.point)
        self.first, self.second = self.chains.first.copy(), self.chains.second.copy()
        self.trace: list[Floats] = []
        self.by_error = np.zeros((len(self.layout.errors),) * 2)
        self.by_common = np.zeros((len(self.layout.common),) * 2)

    def iterate(self, *, weight: float, annealed: bool, moments: float) -> None:
        """Move the chains, then the estimates by `weight` of the way to their optimum."""
        k = len(self.trace)
        self.chains.sweep(k, self.point, weight=(k + 1.0) ** -0.6, moments=moments)
        accumulate(self.chains.phi, weight, self.first, self.second)
        vector, layout, problem = self.vector.copy(), self.layout, self.problem
        centre = self.point.centre[:, : problem.varying]
        vector[layout.regression] += self.regression.step(vector, centre, self.first, self.point.inverse)
        vector[layout.errors] += self._error_step(weight, annealed=annealed)
        if len(layout.common):
            vector[layout.common] += self._common_step(weight)
        centre = problem.offset + problem.design @ vector
        omega = self._spread(centre[:, : problem.varying], annealed=annealed)
        vector[layout.spread] = spread_vector(problem, layout, omega)
        self.vector, self.point = vector, Point(centre, omega, self._numbers(vector))
        self.trace.append(vector)

    def _spread(self, centre: Floats, *, annealed: bool) -> Floats:
        off = self.first - centre
        moment = pooled(self.problem, self.second - self.first[:, :, None] * self.first[:, None, :] + off[:, :, None] * off[:, None, :])
        omega = spread(self.problem, self.layout, self.vector, self.point.omega, moment)
        if annealed:
            now, before = np.diagonal(omega), np.diagonal(self.point.omega)
            wider = np.sqrt(np.maximum(now, ANNEALING * before) / now)
            omega = np.where(self.layout.cells, omega * wider[:, None] * wider[None, :], omega)
        return floored(omega)

    def _error_step(self, weight: float, *, annealed: bool) -> Floats:
        layout, lanes, rows = self.layout, self.chains.lanes, self.problem.likelihood.rows
        score, information = np.empty((len(self.chains.phi), len(layout.errors))), np.empty_like(self.by_error)
        error_scores(
            self.chains.predicted, lanes.begin, lanes.row, rows.output, self.problem.likelihood.kinds, rows.low, rows.high, rows.over,
            self.point.sigma, layout.place, score, information,
        )  # fmt: skip
        self.by_error += weight * (information / self.chains.count - self.by_error)
        largest = -0.5 * np.log(ANNEALING) if annealed else LARGEST
        step = boxed_step(self.problem, self.vector, layout.errors, score.sum(axis=0) / self.chains.count, self.by_error)
        return weight * np.clip(step, -largest, 1.0)

    def _common_step(self, weight: float) -> Floats:
        problem, common = self.problem, self.layout.common
        score, information = common_scores(self.chains, self.point, common)
        self.by_common += weight * (information / self.chains.count - self.by_common)
        total = score.sum(axis=0) / self.chains.count
        return weight * boxed_step(problem, self.vector, common, total, self.by_common, largest=LARGEST * problem.widths[common])

    def _numbers(self, vector: Floats) -> Floats:
        sigma = self.point.sigma.copy()
        for r, j in enumerate(self.layout.errors):
            sigma[self.layout.place == r] = self.problem.structure.estimates[j].scale.back(vector[j])
        return sigma

    def complete_errors(self) -> Floats:
        """Return the standard errors that complete data would give (p,): a scale for Monte-Carlo errors."""
        found, layout = np.empty(len(self.vector)), self.layout
        by_effect = self.regression.information(self.point.inverse)
        found[layout.spread] = (2.0 * self.problem.met[layout.spread]) ** -0.5
        for which, information in ((layout.regression, by_effect), (layout.errors, self.by_error), (layout.common, self.by_common)):
            found[which] = np.sqrt(np.diagonal(np.asarray(np.linalg.pinv(information), dtype=np.float64)))
        return found
