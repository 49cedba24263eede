"""Forecasts of one patient are calibrated: simulation-based calibration, and faults that it must find.

Patients are drawn from a population, measured with error and a limit, and forecast from their data to day 7, 28 or 90; the true value has a
rank among the draws, which is uniform if the algorithm is right (Talts et al. 2018, doi:10.48550/arXiv.1804.06788). Uniformity is judged by
simultaneous bands of the ranks' distribution (Sailynoja et al. 2022, doi:10.1007/s11222-022-10090-6).

Joint distributions. Stein 2019: population `sd`, independent log-normal effects, as published. Kimmel 2021 states no variability between
patients (its quartiles are of fits): assumed here are independent log-normal spreads of 30 % (rho_car, kill), 50 % (r_tumour) and 100 %
(tumour_0). Leon-Triana 2021: 40 % (kill, rho_car, correlated 0.5) and 80 % (leukaemia_0). Errors there: log-normal, 0.3.

Faults: censored rows dropped (M3 left out), and a limit of quantification read as a thirtieth of what it is. Both must be found.
The tolerance: p-values of the bands above 0.001 for what is right (some 30 of them are looked at), below 0.001 for a fault.
"""

from __future__ import annotations

import sys

import numpy as np

from autologue import Correlation, LogNormal, Observations, Parametric, Patient, library, seeds
from autologue.engine.solve import solve
from autologue.forecast.latent import read_latent
from autologue.forecast.posterior import sample_posterior
from autologue.forecast.score import coverage, crps, uniformity

VISITS = np.array([1, 4, 7, 11, 14, 21, 28, 42, 60, 90.0])
STEIN = library.populations("stein_2019")["sd"]
ERROR = LogNormal(sd=0.3)
KIMMEL = Parametric(
    model=library.load("kimmel_2021"),
    name="assumed spreads",
    errors=dict(car_t=ERROR, tumour_volume=ERROR),
    variability=dict(rho_car=LogNormal(sd=0.3), kill=LogNormal(sd=0.3), r_tumour=LogNormal(sd=0.5), tumour_0=LogNormal(sd=1.0)),
)
LEON = Parametric(
    model=library.load("leon_triana_2021"),
    name="assumed spreads",
    errors=dict(car_t=ERROR, leukaemic=ERROR),
    variability=dict(kill=LogNormal(sd=0.4), rho_car=LogNormal(sd=0.4), leukaemia_0=LogNormal(sd=0.8)),
    correlations=[Correlation("kill", "rho_car", 0.5)],
)
STUDIES = {  # population, outputs with their limits, day of the forecast
    "Stein 2019": (STEIN, {"transgene": 50.0}, 180.0),
    "Kimmel 2021": (KIMMEL, {"car_t": 0.1, "tumour_volume": 0.5}, 180.0),
    "Leon-Triana 2021": (LEON, {"car_t": 1e7, "leukaemic": 1e7}, 60.0),
}
DRAWS = 199
LEVEL = 0.001


def sound(y, limit):
    """Bounds as they are."""
    return np.where(y < limit, -np.inf, y), np.maximum(y, limit), np.ones(len(y), dtype=bool)


def dropped(y, limit):
    """Values below the limit are left out."""
    return y, y, y >= limit


def shifted(y, limit):
    """Values below the limit are taken for values below a thirtieth of it."""
    return np.where(y < limit, -np.inf, y), np.where(y < limit, limit / 30, y), np.ones(len(y), dtype=bool)


def study(population, limits, far, day, count, reading=sound, seed=11):
    """Return places of true parameters (count, d) and of the true level on `far` (count,), scores (count, 3) and methods."""
    model, visits = population.model, VISITS[(day >= VISITS) & (far > VISITS)]
    people = population.sample(count, seed=seed)
    true = solve(model, people.parameters, times=np.append(visits, far), outputs=list(limits)).values
    eps = seeds.normals(seed, seeds.Purpose.RESIDUAL, np.arange(count), len(visits) * len(limits)).reshape(count, len(visits), -1)
    places, levels, scores, methods = [], [], [], []
    for k in range(count):
        observations = {}
        for j, (name, limit) in enumerate(limits.items()):
            y = true[k, :-1, j] * np.exp(population.error(name).sd * eps[k, :, j])
            lower, upper, kept = reading(y, limit)
            if kept.any():
                rows = dict(lower=lower[kept], upper=upper[kept], limit=limit)
                observations[name] = Observations(visits[kept], unit=model.outputs[name].unit, **rows)
        latent = read_latent(population, Patient(id=str(k), observations=observations))
        found = sample_posterior(latent, draws=DRAWS, seed=seed)
        methods.append(found.quality.method)
        u = seeds.uniforms(seed, seeds.Purpose.FORECAST, [k], 1 + len(latent.varying), attempt=900)[0]
        columns = latent.varying
        below = (found.parameters[:, columns] < people.parameters[k, columns]).sum(axis=0)
        places.append((below + u[1:]) / (DRAWS + 1))
        sets = np.vstack([found.parameters, people.parameters[: min(count, DRAWS)]])
        follow = solve(model, sets, times=np.array([far]), outputs=[*limits][:1])
        level = np.log10(np.maximum(follow.values[:, 0, 0], 1e-300))
        truth = np.log10(max(true[k, -1, 0], 1e-300))
        levels.append(((level[:DRAWS] < truth).sum() + u[0]) / (DRAWS + 1))
        last = max(float(next(iter(observations.values())).upper[-1]), 1e-300) if observations else 1.0
        scores.append((crps(level[:DRAWS], truth), crps(level[DRAWS:], truth), abs(np.log10(last) - truth)))
    return np.array(places), np.array(levels), np.array(scores), methods, [list(model.parameters)[c] for c in columns]


def row(claim, ours, tolerance, passed, published="uniform"):
    return {"claim": claim, "source": "SBC", "published": published, "ours": ours, "tolerance": tolerance, "passed": bool(passed)}


def calibrated(name, day, count):
    """Return rows: the smallest p-value over parameters, that of the level to come, and the coverage of its intervals."""
    population, limits, far = STUDIES[name]
    places, levels, scores, methods, names = study(population, limits, far, day, count)
    chains = methods.count("chains")
    p = {parameter: uniformity(places[:, k]) for k, parameter in enumerate(names)}
    worst = min(p, key=p.get)
    head = f"{name}, day {day:g}, {count} patients"
    found = [
        row(f"{head}: parameters, least p ({worst})", p[worst], f"p > {LEVEL}", p[worst] > LEVEL),
        row(f"{head}: level on day {far:g}", uniformity(levels), f"p > {LEVEL}", uniformity(levels) > LEVEL),
    ]
    for level in (0.5, 0.8, 0.9):
        error = 3.5 * np.sqrt(level * (1 - level) / count)
        inside = coverage(levels, level)
        found.append(row(f"{head}: {level:.0%} interval covers", inside, f"{error:.3f}", abs(inside - level) <= error, level))
    ours, population_alone, carried = scores.mean(axis=0)
    better = ours < population_alone
    said = f"{head}: CRPS of log10 level (last value carried: {carried:.3f}; {chains} by chains)"
    found.append(row(said, ours, "< population's", better, f"{population_alone:.3f}"))
    return found


def faulty(reading, count):
    """Return a row: the fault is found in patients of Stein 2019 until day 28 with a limit of 3000."""
    places, levels, *_ = study(STEIN, {"transgene": 3000.0}, 90.0, 28.0, count, reading)
    least = min([uniformity(levels), *(uniformity(places[:, k]) for k in range(places.shape[1]))])
    words = {dropped: "censored rows dropped", shifted: "limit read as a thirtieth"}[reading]
    return row(f"fault in {count} patients: {words}", least, f"p < {LEVEL}", least < LEVEL, "not uniform")


def checks(*, quick=True):
    """Return one row a claim."""
    if quick:
        return [*calibrated("Stein 2019", 28.0, 25), faulty(dropped, 25), faulty(shifted, 25)]
    found = [row for day in (7.0, 14.0, 28.0, 90.0) for row in calibrated("Stein 2019", day, 1000)]
    for name in ("Kimmel 2021", "Leon-Triana 2021"):
        found += [row for day in (7.0, 28.0, 90.0) for row in calibrated(name, day, 1000)]
    return [*found, faulty(dropped, 300), faulty(shifted, 300)]


def main() -> int:
    """Print the table and return 1 where a verdict fails."""
    named = [a for a in sys.argv[1:] if a in STUDIES]
    if named:  # one study alone, as `python validation/forecast_calibration.py "Stein 2019"`
        found = [row for day in (7.0, 14.0, 28.0, 90.0) for row in calibrated(named[0], day, 1000)]
    else:
        found = checks(quick="--quick" in sys.argv)
    print(f"{'claim':95} {'expected':>11} {'ours':>10} {'tolerance':>15}  verdict")
    for each in found:
        verdict = "agrees" if each["passed"] else "DIFFERS"
        print(f"{each['claim']:95} {each['published']!s:>11} {each['ours']:10.4g} {each['tolerance']:>15}  {verdict}")
    return 0 if all(each["passed"] for each in found) else 1


if __name__ == "__main__":
    sys.exit(main())
