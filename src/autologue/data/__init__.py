"""Bringing data: event tables as NONMEM, Monolix and nlmixr2 users write them become a cohort, and back."""

from autologue.data.censoring import M1, M2, M3, M4, M5, M6, M7, Censoring
from autologue.data.cohort import drop_predose, guess_reading, read_cohort
from autologue.data.conventions import NONMEM, Autologue, Convention, Monolix, Nlmixr2
from autologue.data.convert import Copies, convert_copies, convert_observations
from autologue.data.doses import read_regimens
from autologue.data.export import events_table, write_events
from autologue.data.findings import Finding, Severity
from autologue.data.lint import lint
from autologue.data.reading import Actual, Covariate, Kind, Measured, Nominal, Predose, Reading, Resets, Route, TimeToEvent
from autologue.data.roles import NAMES
from autologue.data.toml import load_reading, save_reading

__all__ = [
    "Actual",
    "Autologue",
    "Censoring",
    "Convention",
    "Copies",
    "Covariate",
    "Finding",
    "Kind",
    "M1",
    "M2",
    "M3",
    "M4",
    "M5",
    "M6",
    "M7",
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
    "convert_copies",
    "convert_observations",
    "drop_predose",
    "events_table",
    "guess_reading",
    "lint",
    "load_reading",
    "read_cohort",
    "read_regimens",
    "save_reading",
    "write_events",
]
