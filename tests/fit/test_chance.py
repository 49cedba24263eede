"""SAEM where the last cells die by chance: simulate and refit, against the likelihood integrated on a grid of the random effect."""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp
from scipy.stats import norm

from autologue.fit import SAEM, Fit, fit
from autologue.functions import exp
from autologue.model import BirthDeath, Model, Output, Parameter, Phase, State
from autologue.patient import Cohort, Observations, Patient
from autologue.population import Parametric
from autologue.simulate import simulate
from autologue.variability import LogNormal

TUMOUR = Model(
    name="tumour",
    time="day",
    states=dict(cells=State("cells")),
    parameters=dict(
        birth=Parameter(0.5, "1/day", "birth"),
        death=Parameter(2.2, "1/day", "death at first", LogNormal(sd=0.25)),
        fading=Parameter(0.15, "1/day", "rate at which death fades"),
    ),
    initial=lambda: dict(cells=2000.0),
    phases=[Phase(lambda t, y, p: dict(cells=(p.birth - p.death * exp(-p.fading * t)) * y.cells))],
    outputs=dict(count=Output(lambda y: y.cells, "cells", LogNormal(sd=0.3))),
    birth_death=BirthDeath("cells", birth=lambda p: p.birth, death=lambda t, p: p.death * exp(-p.fading * t)),
    reference="none",
)
QUICK = SAEM(chains=2, exploration=90, smoothing=90, stop=None, samples=100, draws=300)
TIMES, LIMIT = np.array([1.0, 4.0, 8.0, 12.0, 16.0]), 20.0


def cohort(patients: int = 20) -> Cohort:
    values = simulate(TUMOUR, times=TIMES, patients=patients, seed=4, residual=True).data["count_measured"].to_numpy()
    below = values < LIMIT
    assert 0.2 < (values[:, -1] == 0.0).mean() < 0.8  # some tumours died out, some grew back
    people = []
    for k, (y, low) in enumerate(zip(values, below, strict=True)):
        seen = Observations(TIMES, unit="cells", lower=np.where(low, -np.inf, y), upper=np.where(low, LIMIT, y), limit=LIMIT)
        people.append(Patient(id=str(k), observations=dict(count=seen)))
    return Cohort(tuple(people))


def integrated(found: Fit, vector: np.ndarray) -> float:
    """Return the log-likelihood by the trapezoid rule over each patient's random effect, seven standard deviations to each side."""
    problem, t = found.problem, np.linspace(-7.0, 7.0, 57)
    point, wide = problem.point(vector), found.individuals.sd[:, 0]
    eta = found.individuals.mean[:, 0] + wide * t[:, None]
    sets, _ = problem.parameters(point.centre + eta[..., None])
    lanes = problem.likelihood.lanes(np.tile(np.arange(problem.patients), len(t)))
    given = lanes.evaluate(sets, point.sigma).log_density.reshape(eta.shape)
    prior = norm.logpdf(eta, 0.0, np.sqrt(point.omega[0, 0]))
    return float(logsumexp(given + prior, b=wide * (t[1] - t[0]), axis=0).sum())


def test_saem_ends_at_the_optimum_and_near_the_truth(monkeypatch):
    monkeypatch.setenv("AUTOLOGUE_THREADS", "1")
    spread, error = dict(death=LogNormal(sd=0.4)), dict(count=LogNormal(sd=0.5))
    start = Parametric(model=TUMOUR, typical=dict(death=2.8), variability=spread, errors=error)
    found = fit(cohort(), start, method=QUICK, seed=1)
    vector, se = found.estimated.vector, np.sqrt(np.diagonal(found.covariance))
    sampled = found.estimated.log_likelihoods[0]
    there = integrated(found, vector)
    assert abs(sampled.value - there) < 4 * sampled.error
    moves = 0.3 * np.diag(se)
    ends = np.array([[integrated(found, vector + side * move) for side in (-1, 1)] for move in moves])
    slope, bend = (ends[:, 1] - ends[:, 0]) / 0.6, (2 * there - ends.sum(axis=1)) / 0.09  # by standard errors
    assert (np.abs(slope / bend) < 0.2).all()  # from the optimum
    off = (vector - found.structure.read(Parametric(model=TUMOUR))) / se
    assert (np.abs(off) < 3.5).all()
    assert not any("positive definite" in words for words in found.warnings)
