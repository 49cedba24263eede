"""How the answer moved: the forecasts of one patient in the order in which data came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from autologue.errors import InputError
from autologue.forecast.drivers import Answer
from autologue.forecast.forecast import Forecast, forecast
from autologue.patient import Patient
from autologue.population import Parametric

__all__ = ["History", "retrace", "update"]


@dataclass(frozen=True, eq=False)
class History:
    """Forecasts of one patient, the oldest first."""

    forecasts: tuple[Forecast, ...]

    @property
    def latest(self) -> Forecast:
        """The forecast from all data."""
        return self.forecasts[-1]

    def frame(self, answer: Answer, *, levels: Sequence[int] = (50, 90)) -> pd.DataFrame:
        """Return how an answer moved: columns now, median, lower_50, upper_50, ... of its draws at each forecast."""
        rows = []
        for each in self.forecasts:
            values = answer(each)
            row: dict[str, Any] = {"now": each.now, "median": float(np.median(values))}
            for level in levels:
                row[f"lower_{level}"], row[f"upper_{level}"] = np.percentile(values, [50 - level / 2, 50 + level / 2]).tolist()
            rows.append(row)
        return pd.DataFrame(rows)


def update(history: Forecast | History, patient: Patient) -> History:
    """Return the history with a forecast from the patient's data of now, which must hold all that was known before."""
    past = history if isinstance(history, History) else History((history,))
    last = past.latest
    if patient.id != last.patient.id:
        raise InputError(f"patient '{patient.id}' cannot update the forecast of patient '{last.patient.id}'; give the same patient")
    for name, seen in last.patient.observations.items():
        if len(patient.observations.get(name, ())) < len(seen):
            raise InputError(f"patient {patient.id}: observations of '{name}' are fewer than before; an update adds to them")
    draws = len(last.posterior.parameters)
    variants = 0 if last.posterior.latent.variants == 1 else last.posterior.latent.variants
    times = last.simulation.data["time"].to_numpy()
    found = forecast(last.prior, patient, times=times, draws=draws, variants=variants, seed=last.seed)
    return History((*past.forecasts, found))


def retrace(population: Parametric, patient: Patient, *, cuts: Sequence[float], **options: Any) -> History:
    """Return the history as it would have been with data until each of `cuts`; options are those of `forecast`."""
    if not cuts:
        raise InputError("no cut to retrace the forecasts of; expected at least one time")
    return History(tuple(forecast(population, patient.until(cut), **options) for cut in sorted(cuts)))
