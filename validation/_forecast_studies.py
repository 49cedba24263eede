"""Simulated patients, forecast again and again: the studies behind `forecast_calibration.py` and `forecast_learning_curve.py`.

Each study states a joint distribution of parameters. A replicate is a patient drawn from it, measured with error and a limit of
quantification, and forecast from the data to a day. Results are kept in `recorded/`, block by block, so that a run can be stopped and
goes on where it was; the same replicate gives the same numbers in any block.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import math
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_ndtr, logsumexp
from scipy.stats import norm

from autologue import Correlation, LogNormal, Observations, Parametric, Patient, __version__, library, seeds
from autologue.engine.describe import fingerprint
from autologue.engine.solve import solve
from autologue.engine.system import lower
from autologue.files import replacing
from autologue.forecast.latent import read_latent
from autologue.forecast.posterior import sample_posterior
from autologue.forecast.score import crps

RECORDED = Path(__file__).resolve().parent / "recorded"
VISITS = np.array([1, 4, 7, 11, 14, 21, 28, 42, 60, 90.0])
FAR = 180.0  # month 6
DAYS = (7.0, 14.0, 28.0, 90.0)
DRAWS, PRIOR = 399, 2000  # of a forecast; of the forecast of the population, and patients by whom the last-value rule learns its spread
SEED, BLOCK, WHOLE = 11, 50, 1000
TEN = math.log(10)


@dataclass(frozen=True, eq=False)
class Study:
    """A population with what is measured: outputs with their limits of quantification; the first is the one that is forecast."""

    title: str
    population: Parametric
    limits: dict[str, float]
    joint: str
    key: str
    days: tuple[float, ...] = field(default=DAYS)

    @property
    def output(self):
        """The output whose level is forecast."""
        return next(iter(self.limits))

    @property
    def sd(self):
        """Residual standard deviation of the logarithm of that output."""
        return self.population.error(self.output).sd

    def inputs(self):
        """Return a hash of what a record rests on: model, distribution, errors, visits, draws and seed."""
        p = self.population
        said = [fingerprint(lower(p.model)), p.covariance().tolist(), list(p.varying), [repr(p.error(name)) for name in self.limits]]
        said += [self.limits, VISITS.tolist(), FAR, self.days, DRAWS, PRIOR, SEED]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def _assumed(model, variability, limits, *, correlations=()):
    errors = dict.fromkeys(limits, LogNormal(sd=0.3))
    return Parametric(model=library.load(model), name="assumed", errors=errors, variability=variability, correlations=list(correlations))


_KIMMEL = {"tumour_volume": 0.5, "car_t": 0.1}
_SPREADS = dict(
    rho_car=LogNormal(sd=0.3), kill=LogNormal(sd=0.3), k_kill=LogNormal(sd=0.3), r_tumour=LogNormal(sd=0.3), tumour_0=LogNormal(sd=1.0)
)
_LEON = {"leukaemic": 1e7, "car_t": 1e7}
_WORDS = "log-normal standard deviations assumed, 0.3 (rho_car, kill, k_kill, r_tumour) and 1 (tumour_0)"
STUDIES = {
    study.key: study
    for study in (
        Study(
            "Stein 2019", library.populations("stein_2019")["sd"], {"transgene": 50.0},
            "population 'sd' as published: six independent log-normal random effects, two of them truncated", "stein_2019",
        ),
        Study(
            "Kimmel 2021", _assumed("kimmel_2021", _SPREADS, _KIMMEL, correlations=[Correlation("kill", "k_kill", -0.96)]), _KIMMEL,
            f"{_WORDS}; kill and k_kill (gB, kB) correlated -0.96 as in the paper's fits; its quartiles are of fits and not used",
            "kimmel_2021",
        ),
        Study(
            "Kimmel 2021, gB and kB independent", _assumed("kimmel_2021", _SPREADS, _KIMMEL), _KIMMEL,
            f"{_WORDS}, all independent: gB and kB, nearly collinear in what is measured, are left to the data", "kimmel_2021_independent",
        ),
        Study(
            "Leon-Triana 2021",
            _assumed(
                "leon_triana_2021", dict(kill=LogNormal(sd=0.4), rho_car=LogNormal(sd=0.4), leukaemia_0=LogNormal(sd=0.8)), _LEON,
                correlations=[Correlation("kill", "rho_car", 0.5)],
            ),
            _LEON,
            "log-normal standard deviations assumed, 0.4 (kill, rho_car, correlated 0.5) and 0.8 (leukaemia_0); followed past the sixty "
            "days that the paper speaks of, since it is the algorithm that is tested", "leon_triana_2021",
        ),
    )
}  # fmt: skip


def sound(y, limit):
    """Bounds as they are."""
    return np.where(y < limit, -np.inf, y), np.maximum(y, limit), np.ones(len(y), dtype=bool)


def dropped(y, limit):
    """Values below the limit are left out: M3 forgotten."""
    return y, y, y >= limit


def shifted(y, limit):
    """Values below the limit are taken for values below a thirtieth of it."""
    return np.where(y < limit, -np.inf, y), np.where(y < limit, limit / 30, y), np.ones(len(y), dtype=bool)


def simulated(study, first, count):
    """Return patients first, first + 1, ... with their true levels and measurements at the visits and on FAR (patients, times, outputs)."""
    people = study.population.sample(count, seed=SEED, first=first)
    true = solve(study.population.model, people.parameters, times=np.append(VISITS, FAR), outputs=list(study.limits)).values
    eps = seeds.normals(SEED, seeds.Purpose.RESIDUAL, people.ids, true[0].size).reshape(true.shape)
    return people, true, true * np.exp([study.population.error(name).sd for name in study.limits] * eps)


def replicates(study, day, first, count, reading=sound):
    """Return ranks and scores of replicates first, first + 1, ...: a dict of lists, each with one entry a replicate.

    NAME: rank of a true parameter among the draws (0 to DRAWS); level_OUTPUT: rank of its true level on `FAR`; method; log score and CRPS
    (decades) of the measurement of the first output on that day by the forecast, the population and the last value carried forward.
    """
    population, model, names = study.population, study.population.model, list(study.population.model.parameters)
    people, true, seen = simulated(study, first, count)
    shown, found = np.flatnonzero(day >= VISITS), {}
    for k, number in enumerate(people.ids):
        patient, last = _patient(study, number, seen[k, shown], VISITS[shown], reading)
        latent = read_latent(population, patient)
        posterior = sample_posterior(latent, draws=DRAWS, seed=SEED)
        level = solve(model, posterior.parameters, times=np.array([FAR]), outputs=list(study.limits)).values[:, 0]
        ranked = {f"level_{name}": (level[:, j], true[k, -1, j]) for j, name in enumerate(study.limits)}
        ranked |= {names[c]: (posterior.parameters[:, c], people.parameters[k, c]) for c in latent.varying}
        u = seeds.uniforms(SEED, seeds.Purpose.FORECAST, [number], len(ranked), attempt=900)[0]
        row = {name: _rank(*pair, u[j]) for j, (name, pair) in enumerate(ranked.items())}
        row |= {"method": posterior.quality.method, **_scores(study, day, number, level[:, 0], seen[k, -1, 0], last)}
        for name, value in row.items():
            found.setdefault(name, []).append(value)
    return found


def _patient(study, number, seen, times, reading):
    """Return a patient with what was measured, and the last value of the first output: its limit where it is not quantified."""
    observations = {}
    for j, (name, limit) in enumerate(study.limits.items()):
        low, high, kept = reading(seen[:, j], limit)
        if kept.any():
            unit = study.population.model.outputs[name].unit
            observations[name] = Observations(times[kept], unit=unit, lower=low[kept], upper=high[kept], limit=limit)
    return Patient(id=str(number), observations=observations), max(float(seen[-1, 0]), study.limits[study.output])


def _rank(draws, truth, u):
    """Return the rank of the truth among draws, at random among those that are the same."""
    below, same = int((draws < truth).sum()), int((draws == truth).sum())
    return below + min(int(u * (same + 1)), same)


def _scores(study, day, number, level, y, last):
    """Return log scores and CRPS of the measurement y: both of its decimal logarithm, which counts as censored below the limit."""
    limit, sd = study.limits[study.output], study.sd
    noise = seeds.normals(SEED, seeds.Purpose.FORECAST, [number], DRAWS, attempt=901)[0]
    prior, noisy = _population_forecast(study)
    centres = np.log(np.maximum(level, 1e-300))
    spread = _carried_spread(study, day)
    ladder = math.log(last) + spread * norm.ppf((np.arange(DRAWS) + 0.5) / DRAWS)
    value = math.log(max(y, limit))
    return {
        "log_score": log_score(centres, sd, y, limit), "log_score_population": log_score(prior, sd, y, limit),
        "log_score_carried": log_score(np.array([math.log(last)]), spread, y, limit),
        **{
            name: round(crps(np.maximum(draws, math.log(limit)) / TEN, value / TEN), 5)
            for name, draws in (("crps", centres + sd * noise), ("crps_population", noisy), ("crps_carried", ladder))
        },
    }  # fmt: skip


def log_score(centres, sd, y, limit):
    """Return the log-density of log10 y under normals around draws of the logarithm, the log-probability of the tail below the limit.

    The normals have the spread of the assay, widened by Silverman's bandwidth (1986, eq. 3.31) of what is not far below the limit, since
    few draws leave gaps where a level is uncertain by decades.
    """
    near = np.maximum(centres, math.log(limit) - 6 * sd)
    spread = min(near.std(), np.subtract(*np.percentile(near, [75, 25])) / 1.34)
    sd = math.hypot(sd, 0.9 * spread * len(near) ** -0.2)
    if y < limit:
        each = log_ndtr((math.log(limit) - centres) / sd)
    else:
        each = -0.5 * ((math.log(y) - centres) / sd) ** 2 - math.log(sd * math.sqrt(2 * math.pi)) + math.log(TEN)
    return round(float(logsumexp(each) - math.log(len(centres))), 5)


def whole_scores(key, cell):
    """Return the log scores of a recorded day as probabilities need them: the truth may lie beyond all draws.

    Of n draws, a share 1 / (n + 1) goes to a normal with mean and spread of the population's logarithms. The last-value rule has no draws.
    """
    study, count = STUDIES[key], len(cell["method"])
    y, limit = simulated(study, 0, count)[2][:, -1, 0], study.limits[study.output]
    levels = _population_forecast(study)[0]
    sd = math.hypot(levels.std(), study.sd)
    z = (np.log(np.maximum(y, limit)) - levels.mean()) / sd
    rest = np.where(y < limit, log_ndtr(z), -0.5 * z * z - math.log(sd * math.sqrt(2 * math.pi)) + math.log(TEN))
    found = {"log_score_carried": np.array(cell["log_score_carried"])}
    for name, n in (("log_score", DRAWS), ("log_score_population", PRIOR)):
        found[name] = np.logaddexp(np.array(cell[name]) + math.log(n / (n + 1)), rest - math.log(n + 1))
    return found


@lru_cache(maxsize=8)
def _trainers(study):
    """Return the first output of other patients of the population at the visits and on FAR: true logarithms and measurements."""
    seed = SEED + 1
    people = study.population.sample(PRIOR, seed=seed)
    true = solve(study.population.model, people.parameters, times=np.append(VISITS, FAR), outputs=[study.output]).values[:, :, 0]
    eps = seeds.normals(seed, seeds.Purpose.RESIDUAL, people.ids, true.shape[1])
    return np.log(np.maximum(true, 1e-300)), true * np.exp(study.sd * eps)


@lru_cache(maxsize=8)
def _population_forecast(study):
    """Return the logarithm of the level on FAR over the population, and of measurements of it."""
    true, measured = _trainers(study)
    return true[:, -1], np.log(np.maximum(measured[:, -1], 1e-300))


@lru_cache(maxsize=32)
def _carried_spread(study, day):
    """Return the spread of the last-value rule: the one under which it scores best in patients that are not forecast here."""
    limit = study.limits[study.output]
    _, measured = _trainers(study)
    last, y = np.maximum(measured[:, np.flatnonzero(day >= VISITS)[-1]], limit), measured[:, -1]

    def loss(log_sd):
        sd = math.exp(log_sd)
        z = (np.log(np.maximum(y, limit)) - np.log(last)) / sd
        return -np.where(y < limit, log_ndtr(z), -0.5 * z * z - log_sd).mean()

    return math.exp(minimize_scalar(loss, bounds=(-3.0, 9.0), method="bounded").x)


def read_record(key):
    """Return the record of a study; empty where there is none."""
    path = RECORDED / f"forecast_{key}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def run(key, wanted=WHOLE):
    """Go on with a study until every day has as many replicates as wanted, writing its record after each block."""
    study, kept = STUDIES[key], read_record(key)
    if kept.get("inputs") != study.inputs():
        kept = {"inputs": study.inputs(), "seed": SEED, "draws": DRAWS, "joint": study.joint, "model": study.population.model.name}
        kept |= {"population": study.population.name, "fingerprint": fingerprint(lower(study.population.model)), "found": {}}
    for day in study.days:
        cell = kept["found"].setdefault(f"{day:g}", {"method": []})
        while (done := len(cell["method"])) < wanted:
            block = replicates(study, day, done, min(BLOCK, wanted - done))
            for name, values in block.items():
                cell[name] = [*cell.get(name, []), *values]
            kept |= {"autologue": __version__, "date": datetime.datetime.now(datetime.UTC).date().isoformat()}
            _write(key, kept)
            print(f"{study.title}, day {day:g}: {len(cell['method'])} of {wanted}", flush=True)


def _write(key, kept):
    """Write a record with one line for each list of numbers."""
    RECORDED.mkdir(exist_ok=True)
    head = ",\n".join(f' "{name}": {json.dumps(value)}' for name, value in sorted(kept.items()) if name != "found")
    days = []
    for day, cell in kept["found"].items():
        lines = ",\n".join(f'   "{name}": {json.dumps(values, separators=(",", ":"))}' for name, values in cell.items())
        days.append(f'  "{day}": {{\n{lines}\n  }}')
    with replacing(RECORDED / f"forecast_{key}.json") as part:
        part.write_text("{\n" + head + ',\n "found": {\n' + ",\n".join(days) + "\n }\n}\n", encoding="utf-8")
