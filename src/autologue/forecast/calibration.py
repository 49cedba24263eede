"""What is recorded of the calibration of a kind of forecast: model, output, day of information, coverage, date.

The records are those of `validation/forecast_calibration.py` (simulation-based calibration; Talts et al. 2018), shipped with the package.
They are of an algorithm under a model: "calibrated" means under the model until a cohort is scored.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from autologue import units
from autologue.forecast.forecast import Forecast

__all__ = ["Calibration", "recorded_calibration"]

FAILED = 0.001  # p-value of a band at which a study counts as failed, as in the validation
UNDER_THE_MODEL = "Calibrated means under the model until a cohort is scored (`autologue calibrate-check`)."


@dataclass(frozen=True, slots=True)
class Calibration:
    """One recorded study: of `patients` simulated patients, how many had the level on day `forecast_of` inside intervals from their data.

    joint: the distribution that they were drawn from. coverage: by nominal level. p_level, p_parameters: of simultaneous bands of ranks,
    the latter the least over parameters. same_population: whether it is that of the forecast by name; else only the model is.
    """

    model: str
    population: str
    joint: str
    output: str
    data_until: float
    forecast_of: float
    time_unit: str
    patients: int
    coverage: dict[str, float]
    p_level: float
    p_parameters: float
    date: str
    autologue: str
    seed: int
    same_population: bool

    @property
    def sentence(self) -> str:
        """The record in words, with its Monte-Carlo error and what differs from the forecast."""
        shares, unit = list(self.coverage.values()), self.time_unit
        errors = [math.sqrt(share * (1 - share) / self.patients) for share in shares]
        levels = _list([float(name[:-1]) / 100 for name in self.coverage], 0)
        said = (
            f"Recorded calibration of this kind of forecast ({self.date}, autologue {self.autologue}): {self.patients} patients were "
            f"simulated from population '{self.population}' of {self.model} and forecast from data to {unit} {self.data_until:g}; "
            f"intervals of {levels} % held the level of {self.output} on {unit} {self.forecast_of:g} in {_list(shares, 1)} % of them "
            f"(Monte-Carlo standard errors {_list(errors, 1)})."
        )
        other = "" if self.same_population else " The population of this forecast is another one, which was not studied."
        failed = "" if min(self.p_level, self.p_parameters) > FAILED else " Its ranks were not uniform: do not trust such intervals."
        return f"{said}{failed}{other} {UNDER_THE_MODEL}"


def recorded_calibration(forecast: Forecast, output: str) -> tuple[Calibration | None, str]:
    """Return the study of the model, output and nearest amount of data, and a sentence; None where nothing is recorded, and why.

    >>> from autologue import Observations, Patient, forecast, library
    >>> seen = Observations([7, 10], [9000, 24000], unit="copies/ug")
    >>> found = forecast(library.populations("stein_2019")["sd"], Patient(id="1", observations={"transgene": seen}), horizon=90, draws=10)
    >>> study, said = recorded_calibration(found, "transgene")
    >>> study.patients >= 1000, study.data_until
    (True, 14.0)
    """
    if not any(len(seen) for seen in forecast.patient.observations.values()):
        return None, f"Nothing was measured, so that there is no forecast from data whose calibration could be told. {UNDER_THE_MODEL}"
    name, population = forecast.prior.model.name, forecast.prior.name
    known = [entry for entry in _entries() if entry["model"] == name and entry["output"] == output]
    current = [entry for entry in known if entry["fingerprint"] == forecast.simulation.data.attrs["model_hash"]]
    if not current:
        why = "it was recorded for an earlier state of the model" if known else f"no study of '{output}' of model {name} is recorded"
        return None, f"Whether forecasts of this kind are calibrated is not known here: {why}. {UNDER_THE_MODEL}"
    now = units.convert(forecast.now, forecast.time_unit, current[0]["time_unit"])
    own = [entry for entry in current if entry["population"] == population] or current
    nearest = min(own, key=lambda entry: abs(math.log(entry["data_until"]) - math.log(max(now, 1e-6))))
    kept = {field: nearest[field] for field in Calibration.__slots__ if field in nearest}
    found = Calibration(**kept, same_population=nearest["population"] == population)
    return found, found.sentence


@cache
def _entries() -> tuple[dict[str, Any], ...]:
    return tuple(json.loads((files("autologue.forecast") / "calibration.json").read_text(encoding="utf-8")))


def _list(shares: Sequence[float], digits: int) -> str:
    """Return shares as percentages, as one says a list."""
    *first, last = (f"{100 * share:.{digits}f}" for share in shares)
    return f"{', '.join(first)} and {last}"
