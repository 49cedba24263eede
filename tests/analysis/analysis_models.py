"""Models whose sensitivities, equilibria and thresholds are known in closed form. Time is in days, amounts have unit 1."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from engine_models import build

from autologue.functions import exp
from autologue.model import Dosing, Model, Output, Phase, State
from autologue.population import Parametric
from autologue.variability import LogNormal, Normal

# amount y = start * exp(-(first + second) * time); first and second act only together; idle does nothing
DECAY = build(
    "test_decay",
    dict(y=State("1")),
    dict(start=10.0, first=0.1, second=0.3, idle=1.0),
    lambda p: dict(y=p.start),
    lambda y, p: dict(y=-(p.first + p.second) * y.y + 0.0 * p.idle),
    outputs=dict(amount=Output(lambda y: y.y, "1", LogNormal(sd=0.2)), doubled=Output(lambda y: 2 * y.y, "1")),
    horizon=10.0,
)
DECAY_POPULATION = Parametric(model=DECAY, name="known", variability=dict(start=LogNormal(sd=0.4), second=Normal(sd=0.05)))

# logistic prey, predator: (0, 0), (capacity, 0) and coexistence at prey = death / yield
LOTKA = build(
    "test_lotka",
    dict(prey=State("1"), predator=State("1")),
    dict(growth=1.0, capacity=50.0, catch=0.1, gain=0.02, death=0.4),
    lambda p: dict(prey=10.0, predator=2.0),
    lambda y, p: dict(
        prey=p.growth * y.prey * (1 - y.prey / p.capacity) - p.catch * y.prey * y.predator,
        predator=p.gain * y.prey * y.predator - p.death * y.predator,
    ),
    horizon=40.0,
)

# bistable: below the Allee point it dies out, above it grows to the capacity; doses add to it
ALLEE = build(
    "test_allee",
    dict(x=State("1")),
    dict(rate=0.5, allee=3.0, capacity=100.0, start=0.5),
    lambda p: dict(x=p.start),
    lambda y, p: dict(x=p.rate * y.x * (y.x / p.allee - 1) * (1 - y.x / p.capacity)),
    dosing=dict(dose=Dosing("x", "1")),
    horizon=200.0,
)

# a fold: equilibria at 2 - sqrt(push) and 2 + sqrt(push), none below push = 0
FOLD = build(
    "test_fold",
    dict(x=State("1", absolute=1e-6, signed=True)),
    dict(push=1.0),
    lambda p: dict(x=2.0),
    lambda y, p: dict(x=p.push - (y.x - 2.0) ** 2),
    horizon=1.0,
)


def timed() -> Model:
    """A model whose right-hand side names the time."""
    return replace(DECAY, name="test_timed", phases=[Phase(lambda t, y, p: dict(y=-p.first * exp(-t) * y.y))])


def ishigami(x: np.ndarray) -> np.ndarray:
    """The function of Ishigami and Homma 1990 with a = 7, b = 0.1, on shares (rows, 3) from 0 to 1 of [-pi, pi]."""
    a, b, c = (-np.pi + 2 * np.pi * x).T
    return np.sin(a) + 7 * np.sin(b) ** 2 + 0.1 * c**4 * np.sin(a)


ISHIGAMI_FIRST = (0.31390519, 0.44241114, 0.0)
ISHIGAMI_TOTAL = (0.55758886, 0.44241114, 0.24368366)
