"""Memory: with summaries only it grows by what is kept of a patient, not by courses."""

from __future__ import annotations

import tracemalloc

import numpy as np
from engine_models import STEIN

from autologue.engine.solve import EXPLICIT, solve
from autologue.engine.summary import Area, FirstBelow, LastAbove, Maximum
from autologue.population import Parametric
from autologue.results import Simulation
from autologue.simulate import simulate

ASKED = [Maximum("transgene"), Area("transgene", 0, 28), LastAbove("transgene", 50.0), FirstBelow("transgene", 50.0, 10.0)]
FEW, MANY = 10_000, 40_000
ALLOWED = 300.0  # bytes a patient: 300 MB for a million


def _simulate(patients: int) -> Simulation:
    return simulate(STEIN, times=(), horizon=100.0, patients=patients, summaries=ASKED, solver=EXPLICIT, workers=1)


def _peak(patients: int) -> int:
    tracemalloc.start()
    found = _simulate(patients)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert int((found.data["status"] == 0).sum()) > 0.99 * patients
    return peak


def test_memory_of_a_simulation_with_summaries_only_grows_by_what_is_kept() -> None:
    _simulate(100)  # what is compiled and imported once, which tracing would slow down
    growth = (_peak(MANY) - _peak(FEW)) / (MANY - FEW)
    assert 80.0 < growth < ALLOWED, "at least the parameters and summaries themselves: the measurement sees numpy's memory"


def test_memory_of_the_engine_is_that_of_its_results() -> None:
    p = Parametric(model=STEIN).sample(MANY, seed=1).parameters
    solve(STEIN, p[:10], times=np.array([]), horizon=100.0, summaries=ASKED, solver=EXPLICIT, workers=1)
    tracemalloc.start()
    found = solve(STEIN, p, times=np.array([]), horizon=100.0, summaries=ASKED, solver=EXPLICIT, workers=1)
    peak = tracemalloc.get_traced_memory()[1] / MANY
    tracemalloc.stop()
    results = sum(getattr(found, name).nbytes for name in ("summaries", "status", "failed_at", "steps", "marks")) / MANY
    assert results < peak < results + 100.0
