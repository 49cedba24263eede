"""One-compartment models of the classical data sets, with the data: closed form, and the same as an ODE with doses."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np

from autologue.functions import exp
from autologue.model import Dosing, Model, Output, Parameter, Phase, State
from autologue.patient import Cohort, Observations, Patient
from autologue.population import Parametric
from autologue.regimen import Bolus, Regimen
from autologue.variability import Constant, LogNormal

DATA = Path("reference") / "data" / "nlme"


def one_compartment(dose_name: str = "dose") -> Model:
    return Model(
        name="one_compartment",
        time="hour",
        states=dict(depot=State("mg", absolute=1e-9), central=State("mg", absolute=1e-9)),
        parameters=dict(
            ka=Parameter(1.5, "1/hour", "absorption", LogNormal(sd=0.6)),
            cl=Parameter(2.7, "L/hour", "clearance", LogNormal(sd=0.3)),
            v=Parameter(31.0, "L", "volume", LogNormal(sd=0.15)),
            dose=Parameter(0.0, "mg", "amount in the depot at the start"),
        ),
        initial=lambda p: dict(depot=p.dose, central=0.0),
        phases=[Phase(lambda y, p: dict(depot=-p.ka * y.depot, central=p.ka * y.depot - p.cl / p.v * y.central))],
        outputs=dict(concentration=Output(lambda y, p: y.central / p.v, "mg/L", Constant(sd=0.7))),
        dosing=dict(oral=Dosing("depot", "mg")),
        closed_form=lambda t, p: dict(
            depot=p.dose * exp(-p.ka * t),
            central=p.dose * p.ka / (p.ka - p.cl / p.v) * (exp(-p.cl / p.v * t) - exp(-p.ka * t)),
        ),
        reference="none",
    )


MODEL = one_compartment()


def read(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def theophylline(shared: Path, *, first: bool = True, limit: float = -math.inf, doses: bool = False) -> Cohort:
    """theo_sd; `first`: with the samples before the dose; values below `limit` are censored; `doses`: given rather than known."""
    rows = read(shared / DATA / "nlmixr2data_theo_sd.csv")
    patients = []
    for name in dict.fromkeys(row["ID"] for row in rows):
        own = [row for row in rows if row["ID"] == name]
        amount = next(float(row["AMT"]) for row in own if row["EVID"] == "101")
        seen = [row for row in own if row["EVID"] == "0" and (first or float(row["TIME"]) > 0)]
        values = np.array([float(row["DV"]) for row in seen])
        below = values < limit
        lower, upper = np.where(below, -math.inf, values), np.where(below, limit, values)
        observations = Observations([float(row["TIME"]) for row in seen], unit="mg/L", lower=lower, upper=upper)
        given = {"regimen": Regimen(Bolus(0.0, amount, "mg", "oral"))} if doses else {"known": {"dose": amount}}
        patients.append(
            Patient(id=name, observations={"concentration": observations}, covariates={"weight": float(own[0]["WT"])}, **given)  # type: ignore[arg-type]
        )
    return Cohort(tuple(patients), name="theophylline")


def population(**given: object) -> Parametric:
    return Parametric(model=MODEL, **given)  # type: ignore[arg-type]
