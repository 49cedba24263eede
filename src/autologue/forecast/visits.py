"""When to measure next: the visit and assay that is expected to narrow an answer most.

For each candidate, measurements are drawn from the forecast; each reweights the draws, and what is left of the answer's variance is
averaged over them (nested Monte Carlo; Lindley 1956, Ann Math Stat 27:986). A value below the limit narrows as the interval that it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autologue import seeds, units
from autologue.errors import InputError
from autologue.forecast.domain import row_densities
from autologue.forecast.drivers import Answer
from autologue.forecast.forecast import Forecast
from autologue.likelihood import error_from
from autologue.likelihood.density import LOGNORMAL
from autologue.likelihood.residual import KINDS
from autologue.seeds import Purpose

__all__ = ["rank_visits"]

Floats = NDArray[np.float64]
_MEASUREMENTS = 128  # drawn for each candidate


def rank_visits(
    forecast: Forecast, answer: Answer, *, times: Sequence[float], outputs: Sequence[str], limits: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Return a row for each time and output, the most telling first: output, time, reduction, error.

    reduction: expected share of the answer's variance that the measurement removes, with its Monte-Carlo standard error. limits: of
    quantification, by output in its unit; by default those of the patient's last samples. Raises InputError for a time that is past.
    """
    late = [t for t in times if t <= forecast.now]
    if late:
        raise InputError(f"a visit at {forecast.time_unit} {late[0]:g} is not after the last observation at {forecast.now:g}")
    values = answer(forecast)
    spread = float(values.var())
    rows: list[dict[str, Any]] = []
    for output in outputs:
        limit = (limits or {}).get(output, _last_limit(forecast, output))
        for time in times:
            left = _left(forecast, values, output, time, limit) / spread if spread else np.ones(1)
            rows.append({"output": output, "time": time, "reduction": 1 - left.mean(), "error": left.std() / np.sqrt(len(left))})
    return pd.DataFrame(rows).sort_values("reduction", ascending=False, ignore_index=True)


def _left(forecast: Forecast, values: Floats, output: str, time: float, limit: float) -> Floats:
    """Return the variance of the answer that is left after each of the measurements drawn (measurements,)."""
    model = forecast.prior.model
    rows = np.linspace(0, len(values) - 1, _MEASUREMENTS).round().astype(int)
    error = forecast.prior.error(output)
    if error is None:
        raise InputError(f"model {model.name}: output '{output}' has no residual error, so that a measurement of it cannot be weighed")
    predicted = forecast.follow(times=[time]).data[output].to_numpy()[:, -1]
    index = round(time * 1000) % 100_000
    eps = seeds.normals(forecast.seed, Purpose.FORECAST, rows, 1, attempt=600_000 + index)[:, 0]
    measured = np.asarray(error_from(type(error), _numbers(error)).observe(predicted[rows], eps))
    below = measured < limit
    lower, upper = np.where(below, -np.inf, measured), np.where(below, limit, measured)
    kind = KINDS[type(error)]
    if kind == LOGNORMAL:
        with np.errstate(divide="ignore"):
            lower, upper = (np.log(np.maximum(bound, 0.0)) for bound in (lower, upper))
    numbers = np.tile(_numbers(error), (len(values), 1, 1))
    one, zero, nothing = np.array([kind], dtype=np.int64), np.zeros(1, dtype=np.int64), np.full(1, -np.inf)
    found = row_densities(predicted[:, None], one, zero, numbers, lower[:, None], upper[:, None], nothing, np.zeros((len(rows), 1)))
    weights = np.exp(found - found.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    mean = weights @ values
    left: Floats = (weights * (values - mean[:, None]) ** 2).sum(axis=1)
    return left


def _numbers(error: Any) -> list[float]:
    return [getattr(error, name, 0.0) for name in ("sd", "cv", "exponent")]


def _last_limit(forecast: Forecast, output: str) -> float:
    seen = forecast.patient.observations.get(output)
    if seen is None or not np.isfinite(seen.limit).any():
        return -np.inf
    last = float(seen.limit[np.isfinite(seen.limit)][-1])
    return units.convert(last, seen.unit, forecast.prior.model.outputs[output].unit)
