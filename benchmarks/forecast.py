"""How long a forecast takes: one warm patient of a closed form and of a model with three states, with 1,000 draws.

Budgets (CPU seconds): 0.05 and 0.5 a patient; 1,000 patients in 60 and 250 s on two cores. Prints medians over patients, and what 1,000
would take at that pace on two cores: of the forecast itself, and with all that a report says of it (probabilities, drivers with each
observation left out, domain), which is what `autologue forecast --json` does. Run as `python benchmarks/forecast.py`.
"""

from __future__ import annotations

import statistics
import time

import numpy as np

from autologue import LogNormal, Observations, Parametric, Patient, forecast, library, seeds
from autologue.engine.solve import solve
from autologue.forecast import give_account
from autologue.forecast.latent import read_latent
from autologue.forecast.posterior import sample_posterior

VISITS = np.array([1, 4, 7, 11, 14, 21, 28.0])
KIMMEL = Parametric(
    model=library.load("kimmel_2021"),
    name="assumed spreads",
    errors={"car_t": LogNormal(sd=0.3)},
    variability={"rho_car": LogNormal(sd=0.3), "b": LogNormal(sd=0.3), "car_0": LogNormal(sd=0.5)},
)
PROBLEMS = (
    ("closed form (Stein 2019)", library.populations("stein_2019")["sd"], "transgene", 50.0, 0.05, 60),
    ("three states (Kimmel 2021)", KIMMEL, "car_t", 0.1, 0.5, 250),
)


def patients(population: Parametric, output: str, limit: float, count: int) -> list[Patient]:
    """Return simulated patients measured at the visits."""
    people = population.sample(count, seed=3)
    true = solve(population.model, people.parameters, times=VISITS, outputs=[output]).values[:, :, 0]
    noise = seeds.normals(3, seeds.Purpose.RESIDUAL, people.ids, len(VISITS))
    unit, sd = population.model.outputs[output].unit, population.error(output).sd  # type: ignore[union-attr]
    found = []
    for k, y in enumerate(true * np.exp(sd * noise)):
        seen = Observations(VISITS, unit=unit, lower=np.where(y < limit, -np.inf, y), upper=np.maximum(y, limit), limit=limit)
        found.append(Patient(id=str(k), observations={output: seen}))
    return found


def main() -> None:
    """Measure and print."""
    for name, population, output, limit, budget, thousand in PROBLEMS:
        people = patients(population, output, limit, 16)
        forecast(population, people[0], horizon=180.0)  # compiles
        whole, conditioned, said = [], [], []
        for patient in people[1:]:
            start = time.process_time()
            found = forecast(population, patient, horizon=180.0)
            whole.append(time.process_time() - start)
            start = time.process_time()
            give_account(found)
            said.append(time.process_time() - start)
            start = time.process_time()
            sample_posterior(read_latent(population, patient), draws=1000, seed=0)
            conditioned.append(time.process_time() - start)
        one = statistics.median(whole)
        print(f"{name:28s} {1e3 * one:7.0f} ms CPU (posterior {1e3 * statistics.median(conditioned):.0f}; budget {1e3 * budget:.0f})")
        both = statistics.fmean(whole) + statistics.fmean(said)
        print(f"{'':28s} {500 * statistics.fmean(whole):7.0f} s for 1,000 on two cores (budget {thousand})")
        print(f"{'':28s} {500 * both:7.0f} s with the account of each")


if __name__ == "__main__":
    main()
