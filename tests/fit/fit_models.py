"""Models and data of the tests of estimation: Wang 2007, theophylline and warfarin, each with a closed form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from autologue.fit.problem import Problem
from autologue.fit.problem import pose as pose_structure
from autologue.fit.structure import read_structure
from autologue.functions import exp
from autologue.likelihood import Likelihood
from autologue.model import Model, Output, Parameter, Phase, State
from autologue.patient import Cohort, Observations, Patient
from autologue.population import Parametric
from autologue.variability import Constant, LogNormal, Proportional

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


def pose(cohort: Cohort, population: Parametric, **options) -> Problem:
    return pose_structure(read_structure(cohort, population, **options), Likelihood(cohort, population))
