"""How long survival estimates take: 100,000 subjects, and 1,000 bootstrap refits of a mixture cure model on 100 patients.

Budgets (2 cores): Kaplan-Meier and the parametric family together 2 s; the refits 60 s. Prints what it measures; the best of three
runs for the first, one run for the second. Run as `python benchmarks/survival.py`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from autologue.survival import (
    PARAMETRIC,
    Bootstrap,
    MixtureCure,
    NonMixtureCure,
    RoystonParmar,
    TimeToEvent,
    Weibull,
    fit_survival,
    kaplan_meier,
    time_to_event,
)


def simulated(n: int, seed: int) -> TimeToEvent:
    """Return n patients: 30 % cured, the rest Weibull (shape 1.2, scale 6), censored evenly over 12 months."""
    rng = np.random.default_rng(seed)
    event = np.where(rng.random(n) < 0.3, np.inf, 6 * rng.weibull(1.2, n))
    end = rng.uniform(0, 12, n) if n > 1000 else rng.uniform(12, 36, n)
    return time_to_event(pd.DataFrame({"time": np.minimum(event, end), "status": (event <= end).astype(int)}))


def seconds(work: Callable[[], object], runs: int) -> float:
    """Return the shortest of some runs."""
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def main() -> None:
    """Measure and print."""
    many = simulated(100_000, 1)
    print(f"cores: {os.cpu_count()}; 100,000 subjects, {int(many.event.sum())} events")
    total = seconds(lambda: kaplan_meier(many), 3)
    print(f"  {'Kaplan-Meier':36s} {total:7.3f} s")
    for family in (*PARAMETRIC.values(), RoystonParmar(2)):
        taken = seconds(lambda family=family: fit_survival(many, family), 3)  # type: ignore[misc]
        total += taken
        print(f"  {family.name:36s} {taken:7.3f} s")
    print(f"  {'Kaplan-Meier and parametric family':36s} {total:7.3f} s (budget 2 s)")
    for cure in (MixtureCure(Weibull()), NonMixtureCure(Weibull())):
        print(f"  beside: {cure.name:28s} {seconds(lambda cure=cure: fit_survival(many, cure), 3):7.3f} s")  # type: ignore[misc]
    fit = fit_survival(simulated(100, 2), MixtureCure(Weibull()))
    taken = seconds(lambda: Bootstrap(1000).parameters(fit, seed=3), 1)
    print(f"1,000 bootstrap refits, mixture cure Weibull, 100 patients: {taken:.2f} s (budget 60 s)")


if __name__ == "__main__":
    main()
