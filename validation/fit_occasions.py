"""Variability between occasions: exact likelihoods, and simulate and refit of a crossover study by SAEM and FOCEI.

A linear mixed model with random effects of patients and occasions has a normal likelihood, and in a balanced design its maximum is given
by sums of squares (closed forms; no other program is asked). The crossover: 30 patients, one compartment with absorption, two doses 48 h
apart, seven samples after each; absorption and clearance change between the two with standard deviations of 0.3 and 0.2, and what is left
of the first dose goes over. Each fit starts 30 % away from the truth.

Claims on the crossover, stated before the study was run, on the scale of estimation (logarithms):
- bias, to the near end of its 95 % Monte-Carlo interval, within 0.05 for typical values and the residual error, and 0.10 for the standard
  deviations between patients and between occasions;
- between 90 and 99 % of all 95 % intervals hold the truth (each estimate alone: 83 to 100 %, since 30 replicates tell no more);
- where the occasions are not told apart, the residual error takes what is between them: shown, at least 1.5 times the truth.

The full study takes ten minutes of CPU: `python validation/fit_occasions.py --file replicates.jsonl` does what the file lacks and then
writes `recorded/fit_occasions.json`, which the documentation reads. `--quick`: the exact likelihoods, and one cohort.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
import _nlme as nlme
import _recorded as shelf

from autologue import seeds
from autologue.engine.describe import fingerprint
from autologue.engine.solve import Solver, prepare
from autologue.fit import FOCEI, SAEM, fit
from autologue.fit.estimated import Estimator
from autologue.model import Dosing, Model, Output, Parameter, Phase, State
from autologue.patient import Cohort, Observations, Patient
from autologue.population import Parametric
from autologue.regimen import Bolus, Regimen
from autologue.simulate import simulate
from autologue.variability import Constant, LogNormal, Normal, Proportional

NAME, Z = "fit_occasions", 1.959963984540054
REPLICATES, PATIENTS, AGAIN = 30, 30, 48.0
TIMES = np.array([0.5, 1.0, 2.0, 4.0, 8.0, 12.0, 24.0])
METHODS: dict[str, Estimator] = {"SAEM": SAEM(draws=200), "FOCEI": FOCEI(probes=0)}
ORAL = Model(
    name="oral",
    time="h",
    states=dict(depot=State("mg", absolute=1e-9), central=State("mg", absolute=1e-9)),
    parameters=dict(
        ka=Parameter(1.2, "1/h", "rate of absorption", LogNormal(sd=0.3)),
        cl=Parameter(3.0, "L/h", "clearance", LogNormal(sd=0.3)),
        v=Parameter(30.0, "L", "volume", LogNormal(sd=0.2)),
    ),
    initial=lambda: dict(depot=0.0, central=0.0),
    phases=[Phase(lambda y, p: dict(depot=-p.ka * y.depot, central=p.ka * y.depot - p.cl / p.v * y.central))],
    outputs=dict(concentration=Output(lambda y, p: y.central / p.v, "mg/L", Proportional(cv=0.1))),
    dosing=dict(mouth=Dosing("depot", "mg")),
    reference="one compartment, oral dose",
)
TRUTH = Parametric(model=ORAL, occasions=dict(ka=LogNormal(sd=0.3), cl=LogNormal(sd=0.2)))
LEVEL = Model(
    name="level",
    time="h",
    states=dict(x=State("1", signed=True)),
    parameters=dict(a=Parameter(0.0, "1", "level", Normal(sd=1.0))),
    initial=lambda: dict(x=0.0),
    phases=[Phase(lambda: dict(x=0.0))],
    outputs=dict(x=Output(lambda p: p.a, "1", Constant(sd=0.5))),
    reference="a nested analysis of variance",
)
Record = dict[str, Any]


def nested(seed: int, patients: int = 30, occasions: int = 3, samples: int = 4) -> tuple[Cohort, dict[str, float], float]:
    """Return a balanced design, its estimates of maximum likelihood by sums of squares, and the log-likelihood there."""
    z = seeds.normals(seed, seeds.Purpose.RESIDUAL, np.arange(patients), 1 + occasions + occasions * samples)
    y = 1.0 + 0.8 * z[:, :1, None] + 0.5 * z[:, 1 : 1 + occasions, None] + 0.3 * z[:, 1 + occasions :].reshape(patients, occasions, samples)
    times, starts = np.arange(occasions)[:, None] * 10.0 + np.arange(samples), [10.0 * k for k in range(1, occasions)]
    people = [
        Patient(id=str(i), observations=dict(x=Observations(times.ravel(), y[i].ravel(), unit="1")), occasions=starts)
        for i in range(patients)
    ]
    by_occasion, by_patient = y.mean(axis=2), y.mean(axis=(1, 2))
    error = ((y - by_occasion[:, :, None]) ** 2).sum() / (patients * occasions * (samples - 1))
    between = samples * ((by_occasion - by_patient[:, None]) ** 2).sum() / (patients * (occasions - 1))
    across = samples * occasions * ((by_patient - y.mean()) ** 2).sum() / patients
    found = dict(a=y.mean(), omega_a=(across - between) / (samples * occasions), gamma_a=(between - error) / samples, sd_x=error)
    logs = np.log(across) + (occasions - 1) * np.log(between) + occasions * (samples - 1) * np.log(error)
    likelihood = -0.5 * patients * (occasions * samples * (1.0 + np.log(2 * np.pi)) + logs)
    return Cohort(tuple(people)), {k: float(v if k == "a" else v**0.5) for k, v in found.items()}, float(likelihood)


def closed_forms() -> list[dict[str, object]]:
    """Return the claims on the balanced design."""
    cohort, expected, likelihood = nested(1)
    start, rows = Parametric(model=LEVEL, occasions=dict(a=Normal(sd=1.0))), []
    for words, method, near in (("FOCEI", FOCEI(probes=0), 1e-4), ("SAEM", SAEM(), 0.02)):
        found = fit(cohort, start, method=method, solver=Solver(rtol=1e-10))
        for name, value in expected.items():
            rows.append(nlme.claim(f"balanced design, {words}, {name}", "sums of squares", value, found.table.estimate[name], near))
        error = 1e-4 if words == "FOCEI" else 4.0 * found.estimated.log_likelihoods[0].error + 0.02
        rows.append(nlme.claim(f"balanced design, {words}, log-likelihood", "closed form", likelihood, found.log_likelihood, error))
    return rows


def crossover(seed: int, patients: int) -> Cohort:
    """Return one simulated study."""
    given = Regimen(Bolus(0.0, 300.0, "mg", "mouth"), Bolus(AGAIN, 300.0, "mg", "mouth"))
    times = np.concatenate([TIMES, AGAIN + TIMES])
    drawn = simulate(TRUTH, given, times=times, patients=patients, seed=seed, residual=True, occasions=[AGAIN])
    values = drawn.data["concentration_measured"].to_numpy()
    seen = [dict(concentration=Observations(times, y, unit="mg/L")) for y in values]
    people = (Patient(id=str(k + 1), observations=o, regimen=given, occasions=(AGAIN,)) for k, o in enumerate(seen))
    return Cohort(tuple(people), f"crossover, seed {seed}")


def start() -> Parametric:
    """Return starting values 30 % away from the truth."""
    wider = {name: LogNormal(sd=1.3 * TRUTH.effect_scale(name).sd) for name in TRUTH.varying}
    changing = {name: LogNormal(sd=1.3 * spread.sd) for name, spread in TRUTH.occasions.items()}
    typical = {name: 1.3 * value for name, value in zip(ORAL.parameters, TRUTH.typical_values(), strict=True)}
    return replace(TRUTH, typical=typical, variability=wider, occasions=changing, errors=dict(concentration=Proportional(cv=0.13)))


def replicate(words: str, seed: int) -> Record:
    """Return one replicate: estimates less truth on the scales, and standard errors."""
    blind = words == "blind"
    begin = replace(start(), occasions={}) if blind else start()
    found = fit(crossover(seed, PATIENTS), begin, method=METHODS["FOCEI" if blind else words], seed=seed)
    off = found.estimated.vector - found.structure.read(replace(TRUTH, occasions={}) if blind else TRUTH)
    se = np.sqrt(np.diagonal(found.covariance)).tolist()
    return dict(arm=words, seed=seed, names=found.structure.names, off=off.tolist(), se=se, warnings=list(found.warnings))


def run(file: Path) -> list[Record]:
    """Return all replicates, those that the file lacks computed and added to it."""
    plan = [(arm, seed) for seed in range(1, REPLICATES + 1) for arm in METHODS] + [("blind", 1)]
    return shelf.resumed(file, plan, replicate)


def summary(replicates: list[Record]) -> Record:
    """Return what the claims need."""
    arms = {}
    for words in METHODS:
        own = [r for r in replicates if r["arm"] == words]
        off, se = (np.array([r[key] for r in own], dtype=float) for key in ("off", "se"))
        spread, inside = off.std(axis=0, ddof=1), np.abs(off) < Z * se
        arms[words] = dict(
            names=own[0]["names"], replicates=len(own), bias=off.mean(axis=0).tolist(), half=(Z * spread / len(own) ** 0.5).tolist(),
            spread=spread.tolist(), se=np.sqrt(np.nanmean(se**2, axis=0)).tolist(), coverage=inside.mean(axis=0).tolist(),
            warned=sum(bool(r["warnings"]) for r in own),
        )  # fmt: skip
    blind = next(r for r in replicates if r["arm"] == "blind")
    return dict(arms=arms, blind=dict(zip(blind["names"], blind["off"], strict=True)))


def studied(found: Record) -> list[dict[str, object]]:
    """Return the claims on the crossover."""
    rows = []
    for words, arm in found["arms"].items():
        count = arm["replicates"]
        for k, name in enumerate(arm["names"]):
            bias, half, wide = arm["bias"][k], arm["half"][k], name.startswith(("omega", "gamma"))
            near = np.sign(bias) * max(abs(bias) - half, 0.0)
            note = f"bias {bias:+.3f} +- {half:.3f}, spread {arm['spread'][k]:.3f}, standard error {arm['se'][k]:.3f}"
            limit = 0.10 if wide else 0.05
            rows.append(nlme.claim(f"crossover, {words}, {name}, bias in {count} replicates", "truth", 0.0, near, limit, note=note))
            rows.append(nlme.claim(f"crossover, {words}, {name}, coverage of 95 %", "0.83 to 1", 0.915, arm["coverage"][k], 0.085))
        rows.append(nlme.claim(f"crossover, {words}, coverage of all", "0.90 to 0.99", 0.945, float(np.mean(arm["coverage"])), 0.045))
    blind = float(np.exp(found["blind"]["cv_concentration"]))
    rows.append(nlme.claim("occasions not told apart: residual error over truth", "at least 1.5", 2.5, blind, 1.0))
    return rows


def checks(*, quick: bool) -> list[dict[str, object]]:
    """Return one row a claim."""
    if not quick:
        return [*closed_forms(), *studied(shelf.recorded(NAME)["found"])]
    z = np.array([abs(off) / se for off, se in zip(*(replicate("FOCEI", 1)[key] for key in ("off", "se")), strict=True)])
    return [*closed_forms(), nlme.claim("crossover, FOCEI, largest distance in standard errors", "below 3.5", 0.0, float(z.max()), 3.5)]


if __name__ == "__main__":
    if "--file" in sys.argv:
        numbers = [x.tolist() for x in (TRUTH.typical_values(), TRUTH.covariance(), TRUTH.occasion_covariance(), TIMES)]
        inputs = shelf.mark(fingerprint(prepare(ORAL).system), numbers, METHODS, REPLICATES, PATIENTS, AGAIN)
        shelf.record(NAME, inputs=inputs, seed=f"1 to {REPLICATES}", found=summary(run(Path(sys.argv[sys.argv.index("--file") + 1]))))
    sys.exit(nlme.report(checks(quick="--quick" in sys.argv)))
