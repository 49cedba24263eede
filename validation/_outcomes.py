"""Models with outcomes, data simulated from their formulas by numpy, and their likelihoods by quadrature: nothing of the engine is used.

The cells of a patient fall as a exp(-k t). A hazard `rate * (x / 100) ** beta` of them is one of Gompertz, rate (a / 100)^beta
exp(-beta k t), whose integral and inverse are known.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, gammaln, logsumexp

from autologue import Cohort, Event, LogNormal, Model, Observations, Output, Parameter, Patient, Phase, State
from autologue.functions import exp
from autologue.terms import Link, Logarithm, Outcome

Floats = NDArray[np.float64]
REFERENCE = 100.0
TRUTH = {"a": 200.0, "k": 0.05, "rate": 0.01, "beta": -0.8, "omega_a": 1.0, "sd_level": 0.3}
DAYS = np.array([1.0, 7.0, 14.0, 28.0, 56.0])
END = 120.0
NUMBERS = {
    "rate": ("1/day", 0.01), "scale": ("day", 80.0), "shape": ("1", 1.5), "slope": ("1/day", 0.01), "beta": ("1", -0.8), "mean": ("1", 2.0),
    "dispersion": ("1", 0.5), "logit": ("1", -0.5), "first": ("1", -1.0), "step_1": ("1", 1.2), "step_2": ("1", 1.0),
}  # fmt: skip
LINK = Link("beta", of="level", scale=Logarithm(reference=REFERENCE, floor=1e-9))


def numbers(*names: str, **variability: Any) -> dict[str, Parameter]:
    """Return parameters of outcomes by name."""
    return {name: Parameter(NUMBERS[name][1], NUMBERS[name][0], name, variability.get(name)) for name in names}


def still(outcomes: Mapping[str, Outcome], parameters: Mapping[str, Parameter]) -> Model:
    """Return a model whose one state does not move: outcomes alone."""
    return Model(
        name="still", time="day", states=dict(x=State("1")), parameters=parameters, initial=lambda: dict(x=1.0),
        phases=[Phase(lambda y: dict(x=0.0 * y.x))], outputs=dict(level=Output(lambda y: y.x, "1")),
        closed_form=lambda t: dict(x=1.0 + 0.0 * t), outcomes=outcomes, reference="none",
    )  # fmt: skip


def falling(outcomes: Mapping[str, Outcome], parameters: Mapping[str, Parameter]) -> Model:
    """Return the model of cells that fall, measured with a log-normal error."""
    own = dict(
        a=Parameter(TRUTH["a"], "1", "cells at the start", LogNormal(sd=TRUTH["omega_a"])), k=Parameter(TRUTH["k"], "1/day", "rate of fall")
    )
    return Model(
        name="falling", time="day", states=dict(x=State("1")), parameters={**own, **parameters}, initial=lambda p: dict(x=p.a),
        phases=[Phase(lambda y, p: dict(x=-p.k * y.x))], outputs=dict(level=Output(lambda y: y.x, "1", LogNormal(sd=TRUTH["sd_level"]))),
        closed_form=lambda t, p: dict(x=p.a * exp(-p.k * t)), outcomes=outcomes, reference="none",
    )  # fmt: skip


def joint_cohort(count: int, *, seed: int, truth: Mapping[str, float] = TRUTH, end: float = END) -> Cohort:
    """Return patients with samples until their event, and the event or its censoring between half of `end` and `end`."""
    rng = np.random.default_rng(seed)
    people = []
    for number in range(count):
        a = truth["a"] * math.exp(truth["omega_a"] * rng.normal())
        b = truth["beta"] * truth["k"]
        wanted = -math.log(rng.uniform()) / (truth["rate"] * (a / REFERENCE) ** truth["beta"])
        inner = 1.0 - wanted * b
        when = (-math.log(inner) / b if b else wanted) if inner > 0 else math.inf
        last = rng.uniform(0.5 * end, end)
        days = DAYS[min(when, last) > DAYS]
        values = a * np.exp(-truth["k"] * days + truth["sd_level"] * rng.normal(size=len(DAYS))[: len(days)])
        event = Event(when, when) if when < last else Event(last, math.inf)
        seen = {"level": Observations(days, values, unit="1")} if len(days) else {}
        people.append(Patient(id=str(number + 1), observations=seen, events={"relapse": event}))
    return Cohort(tuple(people), "joint")


def by_quadrature(log_density: Callable[[Floats], Floats], sd: float, nodes: int = 80) -> float:
    """Return log of the integral of exp(log_density(eta)) N(eta; 0, sd^2), searched for its mode on a grid: adaptive Gauss-Hermite."""
    grid = np.linspace(-8.0, 8.0, 601) * sd
    joint = log_density(grid) - 0.5 * (grid / sd) ** 2
    weight = np.exp(joint - joint.max())
    middle = float((weight * grid).sum() / weight.sum())
    spread = math.sqrt(float((weight * (grid - middle) ** 2).sum() / weight.sum()))
    z, w = np.polynomial.hermite_e.hermegauss(nodes)
    eta = middle + spread * z
    whole = log_density(eta) - 0.5 * (eta / sd) ** 2 - math.log(sd) + 0.5 * z**2 + math.log(spread) + np.log(w)
    return float(logsumexp(whole) - 0.5 * math.log(2.0 * math.pi))


def joint_density(patient: Patient, numbers: Mapping[str, float]) -> Callable[[Floats], Floats]:
    """Return the log-density of a patient of `joint_cohort` for eta, log a = log of its typical value + eta."""
    a, k, rate, beta, sd = (numbers[name] for name in ("a", "k", "rate", "beta", "sd_level"))
    seen, event = patient.observations.get("level"), patient.events["relapse"]

    def density(eta: Floats) -> Floats:
        start = a * np.exp(eta)
        total = np.zeros_like(eta)
        if seen is not None:
            off = np.log(seen.lower) - (np.log(start)[:, None] - k * seen.times)
            total += (-0.5 * (off / sd) ** 2 - np.log(sd) - 0.5 * math.log(2 * math.pi) - np.log(seen.lower)).sum(axis=1)
        base = rate * (start / REFERENCE) ** beta

        def cumulative(t: float) -> Floats:
            return base * (-np.expm1(-beta * k * t) / (beta * k) if beta else t)

        total -= cumulative(event.earliest) - cumulative(event.entry)
        if event.latest == event.earliest:
            total += np.log(base) - beta * k * event.latest
        elif math.isfinite(event.latest):
            total += np.log(-np.expm1(-(cumulative(event.latest) - cumulative(event.earliest))))
        return total

    return density


def count_cohort(count: int, *, seed: int, mean: float = 2.0, sd: float = 0.6, visits: int = 4) -> Cohort:
    """Return patients with Poisson counts at visits, their mean log-normal."""
    rng = np.random.default_rng(seed)
    days = 7.0 * np.arange(1, visits + 1)
    seen = [rng.poisson(mean * math.exp(sd * rng.normal()), size=visits) for _ in range(count)]
    return Cohort(tuple(Patient(id=str(k + 1), observations={"lesions": Observations(days, y, unit="1")}) for k, y in enumerate(seen)))


def count_density(patient: Patient, mean: float) -> Callable[[Floats], Floats]:
    """Return the log-density of a patient of `count_cohort`."""
    y = patient.observations["lesions"].lower

    def density(eta: Floats) -> Floats:
        m = mean * np.exp(eta)
        found: Floats = y.sum() * np.log(m) - len(y) * m - gammaln(y + 1).sum()
        return found

    return density


def grade_cohort(count: int, *, seed: int, first: float = -1.0, steps: tuple[float, ...] = (1.2, 1.0), sd: float = 0.9) -> Cohort:
    """Return patients with ordered categories at four visits; the first threshold varies between patients."""
    rng = np.random.default_rng(seed)
    thresholds = first + np.concatenate([[0.0], np.cumsum(steps)])
    people = []
    for number in range(count):
        below = expit(thresholds + sd * rng.normal())
        grades = np.searchsorted(below, rng.uniform(size=4))
        people.append(Patient(id=str(number + 1), observations={"grade": Observations(7.0 * np.arange(1, 5), grades, unit="1")}))
    return Cohort(tuple(people))


def grade_density(patient: Patient, first: float, steps: tuple[float, ...]) -> Callable[[Floats], Floats]:
    """Return the log-density of a patient of `grade_cohort`."""
    y = patient.observations["grade"].lower.astype(int)
    thresholds = first + np.concatenate([[0.0], np.cumsum(steps)])

    def density(eta: Floats) -> Floats:
        below = np.column_stack([np.zeros(len(eta)), expit(thresholds + eta[:, None]), np.ones(len(eta))])
        found: Floats = np.log(np.diff(below, axis=1)[:, y]).sum(axis=1)
        return found

    return density
