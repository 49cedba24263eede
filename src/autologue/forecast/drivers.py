"""What moved the answer: which observations, which parameters.

An observation's part is the change of the answer when it alone is left out, by reweighting the draws with the inverse of its density
given the others (Pareto-smoothed; Vehtari, Gelman, Gabry 2017, Stat Comput 27:1413), or by a posterior of its own where the draws do not
reach that far. A parameter's part is how far and how much
narrower it came out than it went in, and how closely the answer follows it over the draws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from autologue.fit.weights import smoothed_weights
from autologue.forecast.latent import Latent, read_latent
from autologue.forecast.posterior import sample_posterior
from autologue.patient import Observations, Patient

if TYPE_CHECKING:
    from autologue.forecast.forecast import Forecast

__all__ = ["Answer", "ObservationPart", "ParameterPart", "level_at", "observation_parts", "parameter_parts", "without"]

Floats = NDArray[np.float64]
Answer = Callable[["Forecast"], Floats]
_REACHED = 0.5  # Pareto k up to which a mean by reweighting has a finite variance


@dataclass(frozen=True, slots=True)
class ObservationPart:
    """answer: with everything; alone_left_out: without this observation; refitted: reweighting did not reach that far."""

    output: str
    time: float
    value: str
    answer: float
    alone_left_out: float
    refitted: bool

    @property
    def moved(self) -> float:
        """How far the observation moved the answer."""
        return self.answer - self.alone_left_out


@dataclass(frozen=True, slots=True)
class ParameterPart:
    """shift: mean after less mean before, in standard deviations before; narrowed: 1 - sd after / sd before; follows: rank correlation."""

    parameter: str
    shift: float
    narrowed: float
    follows: float


def level_at(output: str, time: float, *, log: bool = False) -> Answer:
    """Return the answer 'level of the output at that time', or its decimal logarithm."""

    def answer(forecast: Forecast) -> Floats:
        values: Floats = forecast.follow(times=[time]).data[output].to_numpy()[:, -1]
        return np.log10(np.maximum(values, np.finfo(float).tiny)) if log else values

    return answer


def observation_parts(forecast: Forecast, answer: Answer) -> list[ObservationPart]:
    """Return the part of each observation in the mean of an answer over the draws, the largest first."""
    posterior = forecast.posterior
    latent = posterior.latent
    values = answer(forecast)
    if latent.likelihood is None or np.ptp(values) == 0:
        return []
    whole = latent.log_likelihood(posterior.z, posterior.which)
    base, own = float(values.mean()), forecast.seed
    found = []
    for output, place, rest in without(forecast.patient):
        reduced = _reduced(latent, rest)
        log_weights, k = smoothed_weights(reduced.log_likelihood(posterior.z, posterior.which) - whole)
        weights = np.exp(log_weights - log_weights.max())
        less = float((weights * values).sum() / weights.sum())
        if not k <= _REACHED:
            anew = sample_posterior(reduced, draws=len(values), seed=own)
            less = float(answer(replace(forecast, posterior=anew)).mean())
        seen = forecast.patient.observations[output]
        found.append(ObservationPart(output, float(seen.times[place]), _said(seen, place), base, less, not k <= _REACHED))
    return sorted(found, key=lambda part: -abs(part.moved))


def _reduced(latent: Latent, patient: Patient) -> Latent:
    """Return what is unknown of the patient with fewer observations, under the same populations."""
    found = read_latent(latent.population, patient)
    if latent.likelihood is None or found.likelihood is None:
        return replace(latent, likelihood=None, patient=patient)
    kept = [latent.likelihood.outputs.index(name) for name in found.likelihood.outputs]
    return replace(latent, likelihood=found.likelihood, patient=patient, numbers=latent.numbers[:, kept])


def without(patient: Patient) -> Iterator[tuple[str, int, Patient]]:
    """Yield output and place of each observation with the patient who lacks it."""
    for name, seen in patient.observations.items():
        for place in range(len(seen)):
            kept = np.arange(len(seen)) != place
            rest = dict(patient.observations)
            if kept.any():
                rest[name] = Observations(
                    seen.times[kept], unit=seen.unit, lower=seen.lower[kept], upper=seen.upper[kept], above=seen.above[kept],
                    limit=seen.limit[kept], matrix=seen.matrix,
                )  # fmt: skip
            else:
                del rest[name]
            yield name, place, replace(patient, observations=rest)


def _said(seen: Observations, place: int) -> str:
    low, high = seen.lower[place], seen.upper[place]
    if low == high:
        return f"{low:.4g}"
    return f"below {high:g}" if np.isneginf(low) else f"above {low:g}" if np.isposinf(high) else f"{low:g} to {high:g}"


def parameter_parts(forecast: Forecast, answer: Answer) -> list[ParameterPart]:
    """Return the part of each varying parameter in an answer, the one that the answer follows most closely first."""
    values = answer(forecast)
    latent, names = forecast.posterior.latent, forecast.posterior.latent.names
    after, before = (_scaled(latent, found.parameters) for found in (forecast.posterior, forecast.unconditioned))
    found = []
    for k, name in enumerate(names):
        spread = before[:, k].std()
        shift = (after[:, k].mean() - before[:, k].mean()) / spread
        follows = _rank_correlation(after[:, k], values)
        found.append(ParameterPart(name, float(shift), float(1 - after[:, k].std() / spread), follows))
    return sorted(found, key=lambda part: -abs(part.follows))


def _scaled(latent: Latent, sets: Floats) -> Floats:
    return np.column_stack([latent.scales[k].to(sets[:, k]) for k in latent.varying]) if len(latent.varying) else sets[:, :0]


def _rank_correlation(a: Floats, b: Floats) -> float:
    return 0.0 if np.ptp(a) == 0 or np.ptp(b) == 0 else float(np.corrcoef(rankdata(a), rankdata(b))[0, 1])
