"""The standard data sets of the field are read as their packages read them: counts, doses, covariates, known by row."""

from __future__ import annotations

from pathlib import Path

import pytest

from autologue import Dosing, Model, Output, Parameter, Phase, State
from autologue.data import Measured, Reading, Route, guess_reading, read_cohort
from autologue.errors import InputError
from autologue.regimen import Bolus

MODEL = Model(
    name="oral", time="hour", states=dict(depot=State("mg", absolute=1e-9), centre=State("mg", absolute=1e-9)),
    parameters=dict(ka=Parameter(1.5, "1/hour", "absorption"), cl=Parameter(2.8, "L/hour", "clearance"), v=Parameter(32.0, "L", "volume")),
    initial=lambda p: dict(depot=0.0, centre=0.0),
    phases=[Phase(lambda t, y, p: dict(depot=-p.ka * y.depot, centre=p.ka * y.depot - p.cl / p.v * y.centre))],
    outputs=dict(cp=Output(lambda y, p: y.centre / p.v, "mg/L")), dosing=dict(oral=Dosing("depot", "mg")), reference="test",
)  # fmt: skip
UNITS = Reading(outputs={"cp": Measured("mg/L")}, routes={"oral": Route("mg")})


@pytest.fixture
def folder(shared: Path) -> Path:
    return shared / "reference" / "data" / "nlme"


def test_theophylline(folder: Path) -> None:
    cohort = read_cohort(folder / "nlmixr2data_theo_sd.csv", model=MODEL, reading=UNITS)
    first = cohort["1"]
    assert (len(cohort), sum(len(p.observations["cp"]) for p in cohort)) == (12, 132)
    assert first.regimen is not None
    assert first.regimen.events == (Bolus(0.0, 319.992, "mg", "oral"),)
    assert first.covariates == {"WT": 79.6}
    seen = first.observations["cp"]
    assert (seen.times[:3].tolist(), seen.lower[:3].tolist(), seen.unit) == ([0.0, 0.25, 0.57], [0.74, 2.84, 6.57], "mg/L")
    assert not seen.censored.any()
    many = read_cohort(folder / "nlmixr2data_theo_md.csv", model=MODEL, reading=UNITS)
    assert [d.time for d in many["1"].regimen.events] == [0, 24, 48, 72, 96, 120, 144]  # type: ignore[union-attr]
    assert sum(len(p.observations["cp"]) for p in many) == 264


def test_warfarin_has_two_outputs_and_one_may_be_chosen(folder: Path) -> None:
    path = folder / "nlmixr2data_warfarin.csv"
    cohort = read_cohort(path)
    assert cohort.outputs == ("cp", "pca")
    assert [sum(len(p.observations[n]) for p in cohort if n in p.observations) for n in cohort.outputs] == [251, 232]
    assert cohort["1"].covariates == {"wt": 66.7, "age": 50.0, "sex": "male"}
    one = read_cohort(path, model=MODEL, reading=UNITS)
    assert one.outputs == ("cp",)
    assert guess_reading(path, model=MODEL, reading=UNITS).outputs == {"cp": Measured("mg/L", code="cp")}


def test_sets_without_events(folder: Path) -> None:
    wang = read_cohort(folder / "nlmixr2data_Wang2007.csv")
    assert (len(wang), wang.outputs, wang["10"].observations["y"].times.tolist()) == (10, ("y",), [0.0, 1.0])
    assert wang["1"].regimen is None
    theo = read_cohort(folder / "saemix_theo.csv", model=MODEL, reading=UNITS)
    assert theo["1"].regimen.events == (Bolus(0.0, 319.992, "mg", "oral"),)  # type: ignore[union-attr]
    assert theo["1"].covariates == {"Weight": 79.6, "Sex": "1"}


def test_units_are_never_assumed(folder: Path) -> None:
    with pytest.raises(InputError, match="nothing says the unit of output 'cp', and the model has it in mg/L"):
        read_cohort(folder / "nlmixr2data_theo_sd.csv", model=MODEL)
