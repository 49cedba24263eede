"""NUTS samples the posterior it claims to: against quadrature, against SAEM, and by simulation-based calibration.

1. Theophylline with 15 of 120 concentrations below 2.0 mg/L (M3), default priors. The same posterior without a Markov chain: draws of a t
   distribution around SAEM's estimates, with SAEM's covariance, weighted by likelihood (adaptive quadrature) times prior. Means and
   standard deviations of every estimate, on its scale, agree within 4 Monte-Carlo errors of both.
2. There, posterior medians lie within one standard error of SAEM's estimates: they are not the same thing, the prior and the skewness of
   12 patients' variances stand between them. The gap is shown.
3. Simulation-based calibration (Talts et al. 2018, doi:10.48550/arXiv.1804.06788): estimates drawn from their priors, 10 patients drawn
   from them, about half of the values below quantification; the rank of each true estimate among 99 draws is uniform. Judged by
   simultaneous bands (Sailynoja et al. 2022, doi:10.1007/s11222-022-10090-6): p above 0.001 for each estimate. The same with censored rows
   dropped must give p below 0.001.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import stats

sys.path.insert(0, str(Path(__file__).resolve().parent))
import _nlme as nlme
import _recorded

from autologue import seeds
from autologue.fit import NUTS, SAEM, Fit, Prior, fit
from autologue.fit.beliefs import beliefs_of
from autologue.fit.quadrature import quadrature_marginal
from autologue.fit.weights import chain_quality
from autologue.forecast.score import uniformity
from autologue.functions import exp
from autologue.model import Model, Output, Parameter, Phase, State
from autologue.patient import Cohort, Observations, Patient
from autologue.population import Parametric
from autologue.variability import LogNormal

DECLINE = Model(
    name="decline",
    time="day",
    states=dict(level=State("copies/ug")),
    parameters=dict(
        start=Parameter(100.0, "copies/ug", "level at the start", LogNormal(sd=0.5)),
        rate=Parameter(0.5, "1/day", "rate of decline", LogNormal(sd=0.3)),
    ),
    initial=lambda p: dict(level=p.start),
    phases=[Phase(lambda y, p: dict(level=-p.rate * y.level))],
    outputs=dict(level=Output(lambda y: y.level, "copies/ug", LogNormal(sd=0.4))),
    closed_form=lambda t, p: dict(level=p.start * exp(-p.rate * t)),
    reference="none: a mono-exponential decline",
)
BELIEFS = dict(
    start=Prior(100.0, 0.5), rate=Prior(0.5, 0.4), omega_start=Prior(0.5, 0.3), omega_rate=Prior(0.3, 0.3), sd_level=Prior(0.4, 0.3)
)
TIMES, LIMIT, PATIENTS = np.array([1.0, 2.0, 3.0, 4.0, 6.0, 8.0]), 20.0, 10
RANKS, LEVEL = 99, 0.001
FULL, FAULTY, QUICK = 81, 20, 10  # cohorts
SEED = 5


@dataclass(frozen=True)
class Weighted:
    """Draws with weights (draws,): means and standard deviations with their Monte-Carlo errors."""

    values: np.ndarray
    weights: np.ndarray

    @property
    def effective(self) -> float:
        return float(1.0 / (self.weights**2).sum())

    def moments(self) -> tuple[np.ndarray, np.ndarray]:
        mean = self.weights @ self.values
        return mean, np.sqrt(self.weights @ (self.values - mean) ** 2)


def without_chains(found: Fit, count: int) -> Weighted:
    """Return the posterior by importance sampling around SAEM's estimates, random effects integrated by quadrature."""
    problem, beliefs = found.problem, beliefs_of(found.problem)
    vector, root = found.estimated.vector, np.linalg.cholesky(1.3 * found.covariance)
    z = seeds.normals(SEED, seeds.Purpose.ESTIMATION, np.arange(count), len(vector) + 8)
    wide = np.sqrt(8 / (z[:, len(vector) :] ** 2).sum(axis=1))  # a t distribution with 8 degrees of freedom
    drawn = vector + (wide[:, None] * z[:, : len(vector)]) @ root.T
    proposal = stats.multivariate_t(vector, root @ root.T, df=8).logpdf(drawn)
    start = np.nan_to_num(found.individuals.mean)[None]
    likelihood = np.array([quadrature_marginal(problem, each, start, None, nodes=5).value.sum() for each in drawn])
    log = likelihood + beliefs.log_density(drawn)[0] - proposal
    weights = np.exp(log - log.max())
    return Weighted(drawn, weights / weights.sum())


def theophylline(*, quick: bool) -> list[dict[str, object]]:
    """Compare the posterior of censored theophylline with that without chains, and with SAEM."""
    cohort, population = nlme.theophylline(nlme.SHARED, after_zero=True, lloq=2.0)
    saem = fit(cohort, population, method=SAEM(), seed=1)
    found = fit(cohort, population, method=NUTS(draws=250, tune=300) if quick else NUTS(draws=2500, tune=1000), seed=2)
    other = without_chains(saem, 150 if quick else 2000)
    chains = found.trace.values.reshape(4, -1, len(saem.estimated.vector))
    drawn = found.trace.values
    _, bulk, _ = chain_quality(chains)
    _, spread, _ = chain_quality((chains - drawn.mean(axis=0)) ** 2)
    mean, sd = other.moments()
    rows = []
    for k, name in enumerate(found.structure.names):
        width = drawn[:, k].std()
        error = 4 * width * np.sqrt(1 / bulk[k] + 1 / other.effective)
        rows.append(nlme.claim(f"{name}, posterior mean on its scale", "quadrature", mean[k], drawn[:, k].mean(), error))
        kurtosis = stats.kurtosis(drawn[:, k]) + 2
        error = 4 * width * 0.5 * np.sqrt(kurtosis * (1 / spread[k] + 1 / other.effective))
        rows.append(nlme.claim(f"{name}, posterior sd on its scale", "quadrature", sd[k], width, error))
        gap = (found.estimated.vector[k] - saem.estimated.vector[k]) / np.sqrt(saem.covariance[k, k])
        rows.append(nlme.claim(f"{name}, median less SAEM in standard errors", "SAEM", 0.0, gap, 1.0))
    return rows


def replicate(number: int, *, dropped: bool, draws: int) -> list[float]:
    """Return the place of each true estimate among the draws of its posterior, in (0, 1)."""
    z = seeds.normals(SEED, seeds.Purpose.PARAMETERS, [number], 5)[0]
    truth = [np.log(b.value) + b.sd * x for b, x in zip(BELIEFS.values(), z, strict=True)]
    start, rate, omega_start, omega_rate, sd = np.exp(truth)
    eta = seeds.normals(SEED, seeds.Purpose.RESIDUAL, [number], PATIENTS * (2 + len(TIMES)))[0].reshape(PATIENTS, -1)
    people = []
    for k, own in enumerate(eta):
        level = start * np.exp(omega_start * own[0] - rate * np.exp(omega_rate * own[1]) * TIMES + sd * own[2:])
        kept = (level >= LIMIT) | (not dropped)
        low, high = np.where(level < LIMIT, -np.inf, level)[kept], np.maximum(level, LIMIT)[kept]
        seen = dict(level=Observations(TIMES[kept], unit="copies/ug", lower=low, upper=high, limit=LIMIT)) if kept.any() else {}
        people.append(Patient(id=str(k), observations=seen))
    method = NUTS(draws=draws, tune=250, chains=1, samples=1)
    found = fit(Cohort(tuple(people)), Parametric(model=DECLINE), method=method, seed=number, priors=BELIEFS)
    chosen = found.trace.values[np.linspace(0, len(found.trace.values) - 1, RANKS).round().astype(int)]
    u = seeds.uniforms(SEED, seeds.Purpose.FORECAST, [number], 5)[0]
    return [float(x) for x in ((chosen < truth).sum(axis=0) + u) / (RANKS + 1)]


def calibration(places: dict[str, list[list[float]]]) -> list[dict[str, object]]:
    """Return the verdicts of the calibration, and of the fault that it must find."""
    rows, head = [], dict(source="SBC", published="uniform", remark="")
    for k, name in enumerate(BELIEFS):
        p = uniformity(np.array(places["right"])[:, k])
        words = f"calibration, {len(places['right'])} cohorts, {name}"
        rows.append(head | dict(claim=words, ours=p, tolerance=f"p > {LEVEL}", passed=p > LEVEL))
    p = min(uniformity(np.array(places["dropped"])[:, k]) for k in range(len(BELIEFS)))
    words = f"censored rows dropped, {len(places['dropped'])} cohorts, least p"
    rows.append(head | dict(claim=words, ours=p, tolerance=f"p < {LEVEL}", passed=p < LEVEL))
    return rows


def study(count: int, draws: int) -> dict[str, list[list[float]]]:
    """Return the places of true estimates, of the right likelihood and of that without censored rows."""
    found: dict[str, list[list[float]]] = {}
    for name, number in (("right", count), ("dropped", min(count, FAULTY))):
        found[name] = []
        for k in range(number):
            found[name].append(replicate(k, dropped=name == "dropped", draws=draws))
            print(name, k, found[name][-1], file=sys.stderr, flush=True)
    return found


def checks(*, quick: bool = True) -> list[dict[str, object]]:
    """Return one row a claim; the whole study is that of the record."""
    if quick:
        return [*theophylline(quick=True), *calibration(study(QUICK, 150))]
    kept = _recorded.recorded("fit_nuts")["found"]
    return [*kept["theophylline"], *calibration(kept["places"])]


def main() -> int:
    """Print the table and return 1 where a verdict fails; without --quick the study is run whole and recorded."""
    quick = "--quick" in sys.argv
    if not quick:
        mark = _recorded.mark(BELIEFS, TIMES.tolist(), LIMIT, PATIENTS, RANKS, FULL)
        found = dict(theophylline=theophylline(quick=False), places=study(FULL, 400))
        _recorded.record("fit_nuts", inputs=mark, seed=SEED, found=found)
    return nlme.report(checks(quick=quick))


if __name__ == "__main__":
    sys.exit(main())
