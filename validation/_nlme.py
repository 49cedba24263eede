"""Models and cohorts on which estimators are compared: Wang 2007, theophylline and warfarin, each with a closed form.

Data: nlmixr2data 2.0.9 and saemix 3.4, read from the reference folder ($AUTOLOGUE_SHARED, or `shared` beside the repository).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent))
import _oracle as oracle

from autologue.functions import exp
from autologue.model import Model, Output, Parameter, Phase, State
from autologue.patient import Cohort, Observations, Patient
from autologue.population import Parametric
from autologue.qualify import claims
from autologue.variability import Constant, LogNormal, Proportional

SHARED = Path(os.environ.get("AUTOLOGUE_SHARED") or Path(__file__).resolve().parents[2] / "shared")
LOG_2PI = float(np.log(2 * np.pi))

DECAY = Model(
    name="decay",
    time="h",
    states=dict(amount=State("mg")),
    parameters=dict(ke=Parameter(0.5, "1/h", "rate of elimination", LogNormal(variance=0.04))),
    initial=lambda: dict(amount=10.0),
    phases=[Phase(lambda y, p: dict(amount=-p.ke * y.amount))],
    outputs=dict(amount=Output(lambda y: y.amount, "mg", Proportional(cv=np.sqrt(0.1)))),
    closed_form=lambda t, p: dict(amount=10.0 * exp(-p.ke * t)),
    reference="Wang 2007, J Pharmacokinet Pharmacodyn 34:575-593",
)


def _course(t, p):
    ke = p.cl / p.v
    scale = p.dose * p.ka / (p.ka - ke)
    return dict(depot=p.dose * exp(-p.ka * t), central=scale * (exp(-ke * t) - exp(-p.ka * t)))


def one_compartment(name: str, ka: float, cl: float, v: float, *, cl_unit: str = "L/h") -> Model:
    return Model(
        name=name,
        time="h",
        states=dict(depot=State("mg", absolute=1e-9), central=State("mg", absolute=1e-9)),
        parameters=dict(
            ka=Parameter(ka, "1/h", "rate of absorption", LogNormal(variance=0.3)),
            cl=Parameter(cl, cl_unit, "clearance", LogNormal(variance=0.1)),
            v=Parameter(v, "L", "volume", LogNormal(variance=0.1)),
            dose=Parameter(100.0, "mg", "dose"),
        ),
        initial=lambda p: dict(depot=p.dose, central=0.0),
        phases=[Phase(lambda y, p: dict(depot=-p.ka * y.depot, central=p.ka * y.depot - p.cl / p.v * y.central))],
        outputs=dict(concentration=Output(lambda y, p: y.central / p.v, "mg/L", Constant(sd=1.0))),
        closed_form=_course,
        reference="one compartment, oral dose",
    )


THEOPHYLLINE = one_compartment("theophylline", 1.5, 2.8, 32.0)
WARFARIN = one_compartment("warfarin", 1.0, 0.1, 8.0)


def wang(shared: Path, *, error=None) -> tuple[Cohort, Parametric]:
    data = pd.read_csv(shared / "reference" / "data" / "nlme" / "nlmixr2data_Wang2007.csv")
    groups = data.groupby("ID", sort=False)
    patients = [Patient(id=str(i), observations=dict(amount=Observations(y.Time, y.Y, unit="mg"))) for i, y in groups]
    return Cohort(tuple(patients), "Wang 2007"), Parametric(model=DECAY, errors={} if error is None else dict(amount=error))


def _cohort(name, seen, doses, times, values, *, lloq=None) -> Cohort:
    patients = []
    for i, rows in seen.groupby(seen.columns[0], sort=False):
        y = rows[values].to_numpy(dtype=float)
        low, high = (y, y) if lloq is None else (np.where(y < lloq, -np.inf, y), np.where(y < lloq, lloq, y))
        observed = Observations(rows[times], unit="mg/L", lower=low, upper=high, limit=np.nan if lloq is None else lloq)
        patients.append(Patient(id=str(i), observations=dict(concentration=observed), known=dict(dose=float(doses[i]))))
    return Cohort(tuple(patients), name)


def theophylline(shared: Path, *, after_zero: bool = False, lloq: float | None = None, error=None) -> tuple[Cohort, Parametric]:
    data = pd.read_csv(shared / "reference" / "data" / "nlme" / "nlmixr2data_theo_sd.csv")
    seen = data[(data.EVID == 0) & ((data.TIME > 0) if after_zero else True)]
    cohort = _cohort("theophylline", seen, data[data.EVID > 0].set_index("ID").AMT, "TIME", "DV", lloq=lloq)
    return cohort, Parametric(model=THEOPHYLLINE, errors=dict(concentration=error or Constant(sd=1.0)))


def warfarin(shared: Path) -> tuple[Cohort, Parametric]:
    data = pd.read_csv(shared / "reference" / "data" / "nlme" / "nlmixr2data_warfarin.csv")
    seen = data[(data.evid == 0) & (data.dvid == "cp")]
    cohort = _cohort("warfarin", seen, data[data.evid > 0].set_index("id").amt, "time", "dv")
    return cohort, Parametric(model=WARFARIN, errors=dict(concentration=Proportional(cv=0.2)))



def saemix_theophylline(shared: Path, *, error=None) -> tuple[Cohort, Parametric]:
    data = pd.read_csv(shared / "reference" / "data" / "nlme" / "saemix_theo.csv")
    cohort = _cohort("theophylline of saemix", data, data.groupby("Id").Dose.first(), "Time", "Concentration")
    return cohort, Parametric(model=THEOPHYLLINE, errors=dict(concentration=error or Constant(sd=1.0)))


def _oral(rows, theta, eta):
    ka, cl, v = (theta[name] * np.exp(eta[..., k]) for k, name in enumerate(("ka", "cl", "v")))
    return rows.known["dose"] * ka / (v * ka - cl) * (np.exp(-cl / v * rows.times) - np.exp(-ka * rows.times))


def _decay(rows, theta, eta):
    return 10 * np.exp(-theta["ke"] * np.exp(eta[..., 0]) * rows.times)


def oracle_of(cohort: Cohort, population: Parametric) -> oracle.Problem:
    """Return the same cohort and numbers for the oracle, from the observations themselves."""
    (output,) = cohort.outputs
    seen = [(k, p.observations[output]) for k, p in enumerate(cohort)]
    ids = np.concatenate([np.full(len(o), k) for k, o in seen])
    columns = [np.concatenate([getattr(o, name) for _, o in seen]) for name in ("times", "lower", "upper", "above")]
    known = {} if population.model is DECAY else dict(dose=[p.known["dose"] for p in cohort])
    typical = dict(zip(population.model.parameters, population.typical_values(), strict=True))
    error = population.error(output)
    numbers = {letter: getattr(error, field, 0.0) for letter, field in zip("abc", ("sd", "cv", "exponent"), strict=True)}
    course, name = _decay if population.model is DECAY else _oral, type(error).__name__.lower()
    return oracle.Problem(oracle.table(ids, *columns, **known), course, typical, population.covariance(), name, **numbers)


def objective(log_likelihood: float, cohort: Cohort) -> float:
    """Return -2 log-likelihood less log(2 pi) for each measured row, as NONMEM and nlmixr2 print it."""
    measured = sum(int((~o.censored).sum()) for patient in cohort for o in patient.observations.values())
    return -2.0 * log_likelihood - measured * LOG_2PI


def claim(words: str, source: str, published: float, ours: float, tolerance: float, *, note: str = "") -> dict[str, object]:
    """Return one row of a table of claims, whose published figure is a number; see `autologue.qualify.claims`."""
    return {**claims.claim(words, source=source, published=repr(float(published)), ours=ours, tolerance=tolerance), "remark": note}


def report(rows: list[dict[str, object]]) -> int:
    """Print the table with its remarks and return 1 where a verdict fails."""
    return claims.print_claims([{**row, "claim": f"{row['claim']} ({row['remark']})" if row["remark"] else row["claim"]} for row in rows])
