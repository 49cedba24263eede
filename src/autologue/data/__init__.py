"""Bringing data: event tables as NONMEM, Monolix and nlmixr2 users write them become a cohort, and back."""

from autologue.data.cohort import guess_reading, read_cohort
from autologue.data.conventions import NONMEM, Autologue, Monolix, Nlmixr2
from autologue.data.doses import read_regimens
from autologue.data.findings import Finding, Severity
from autologue.data.reading import Actual, Covariate, Kind, Measured, Nominal, Predose, Reading, Resets, Route, TimeToEvent
from autologue.data.roles import NAMES

__all__ = [
    "Actual",
    "Autologue",
    "Covariate",
    "Finding",
    "Kind",
    "Measured",
    "Monolix",
    "NAMES",
    "NONMEM",
    "Nlmixr2",
    "Nominal",
    "Predose",
    "Reading",
    "Resets",
    "Route",
    "Severity",
    "TimeToEvent",
    "guess_reading",
    "read_cohort",
    "read_regimens",
]
