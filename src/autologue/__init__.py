"""CAR T-cell therapy in silico, made to measure. Research and simulation, not a medical device.

Names are loaded when they are first used, so that `import autologue` itself is light.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from autologue import library
    from autologue.data import read_cohort
    from autologue.engine.solve import Solver
    from autologue.engine.summary import Area, FirstAbove, FirstBelow, LastAbove, Maximum, Minimum
    from autologue.fit import FOCEI, NUTS, SAEM, Fit, Prior, fit, load_fit
    from autologue.forecast import Forecast, forecast  # type: ignore[no-redef]
    from autologue.model import BirthDeath, Crossing, Dosing, Input, Model, Output, Parameter, Phase, Rule, State
    from autologue.patient import Cohort, Event, Observations, Patient
    from autologue.population import Categorical, CategoryEffect, Continuous, Correlation, Drawn, Individuals, Parametric, PowerEffect
    from autologue.regimen import Bolus, Infusion, Level, Regimen
    from autologue.results import Simulation
    from autologue.simulate import simulate, simulate_to_parquet
    from autologue.variability import Combined1, Combined2, Constant, LogitNormal, LogNormal, Normal, Power, Proportional

_PLACES = {
    "data": ("read_cohort",),
    "engine.solve": ("Solver",),
    "engine.summary": ("Area", "FirstAbove", "FirstBelow", "LastAbove", "Maximum", "Minimum"),
    "fit": ("FOCEI", "Fit", "NUTS", "Prior", "SAEM", "fit", "load_fit"),
    "forecast": ("Forecast", "forecast"),
    "model": ("BirthDeath", "Crossing", "Dosing", "Input", "Model", "Output", "Parameter", "Phase", "Rule", "State"),
    "patient": ("Cohort", "Event", "Observations", "Patient"),
    "population": ("Categorical", "CategoryEffect", "Continuous", "Correlation", "Drawn", "Individuals", "Parametric", "PowerEffect"),
    "regimen": ("Bolus", "Infusion", "Level", "Regimen"),
    "results": ("Simulation",),
    "simulate": ("simulate", "simulate_to_parquet"),
    "variability": ("Combined1", "Combined2", "Constant", "LogNormal", "LogitNormal", "Normal", "Power", "Proportional"),
}
_PLACE_OF = {name: place for place, names in _PLACES.items() for name in names}
_VERBS = frozenset(_PLACE_OF) & frozenset(_PLACES)  # a function and the module that holds it have one name

__all__ = [
    "Area",
    "BirthDeath",
    "Bolus",
    "Categorical",
    "CategoryEffect",
    "Cohort",
    "Combined1",
    "Combined2",
    "Constant",
    "Continuous",
    "Correlation",
    "Crossing",
    "Dosing",
    "Drawn",
    "Event",
    "FOCEI",
    "FirstAbove",
    "FirstBelow",
    "Fit",
    "Forecast",
    "Individuals",
    "Infusion",
    "Input",
    "LastAbove",
    "Level",
    "LogNormal",
    "LogitNormal",
    "Maximum",
    "Minimum",
    "Model",
    "NUTS",
    "Normal",
    "Observations",
    "Output",
    "Parameter",
    "Parametric",
    "Patient",
    "Phase",
    "Power",
    "PowerEffect",
    "Prior",
    "Proportional",
    "Regimen",
    "Rule",
    "SAEM",
    "Simulation",
    "Solver",
    "State",
    "fit",
    "forecast",
    "library",
    "load_fit",
    "read_cohort",
    "simulate",
    "simulate_to_parquet",
]


def __getattr__(name: str) -> Any:
    """Load a name of `__all__` when it is first asked for."""
    if name == "library":
        return import_module("autologue.library")
    if name in _PLACE_OF:
        return getattr(import_module(f"autologue.{_PLACE_OF[name]}"), name)
    raise AttributeError(f"module 'autologue' has no attribute '{name}'")


def __dir__() -> list[str]:
    """Return what the package offers."""
    return [*__all__, "__version__"]


class _Package(ModuleType):
    """A package in which a verb stays a function: importing `autologue.simulate` or `autologue.fit` binds no module over it."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _VERBS and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
