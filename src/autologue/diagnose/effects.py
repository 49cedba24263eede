"""What the covariates of a fit do to a parameter or a quantity of the course: ratios to a reference patient, with their uncertainty."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autologue.analysis.quantity import Quantity, evaluate_quantities, quantity_name
from autologue.errors import InputError
from autologue.fit import Fit
from autologue.population import CategoryEffect, Parametric, apply_effects

__all__ = ["covariate_effects"]

Floats = NDArray[np.float64]


def covariate_effects(
    fit: Fit, *, percentiles: Sequence[float] = (5, 95), quantities: Sequence[Quantity] = (), level: float = 0.95, draws: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:  # fmt: skip
    """Return what a forest plot shows: what, covariate, value, percentile, ratio, lower, upper, error; a row a covariate's value.

    what: a parameter that the covariate acts on, or in words a quantity of the typical patient's course (`autologue.analysis.At`,
    `Maximum`, `Area`, ...) under the model's own regimen. value: of the covariate, at percentiles of the cohort (a category: each level but
    the reference). ratio: to the typical patient with every covariate at its reference, by the estimates; lower, upper: of `draws` from
    the normal distribution of the estimates on their scales; error: the larger Monte-Carlo standard error of the two ends. The other
    covariates are held at their reference: those that go together in patients are not moved together.

    Raises InputError for a fit without covariates or standard errors, or percentiles and levels that are none.
    """
    population = fit.population
    if not population.effects:
        raise InputError("the fit has no covariate effect to show; fit a population with effects=, or screen for them")
    if not population.uncertainty:
        raise InputError("the fit has no standard errors, so that an effect has no interval; see its warnings")
    if not all(0 <= q <= 100 for q in percentiles) or not 0.0 < level < 1.0 or draws < 100:
        raise InputError(f"percentiles {tuple(percentiles)}, level {level}, {draws} draws: expected 0 to 100, 0 to 1 and 100 at least")
    drawn = [population, *population.draws(draws, seed=seed)]
    reference = _reference(population)
    base = _sets(drawn, reference)
    known = _quantities(fit, base, quantities)
    order, rows = list(population.model.parameters), []
    for covariate, value, percentile in _values(fit, percentiles):
        sets = _sets(drawn, {**reference, covariate: value})
        acts = dict.fromkeys(e.parameter for e in population.effects if e.covariate == covariate)
        shown = [(name, sets[:, order.index(name)] / base[:, order.index(name)]) for name in acts]
        there = _quantities(fit, sets, quantities)
        shown += [(quantity_name(population.model, q), there[:, k] / known[:, k]) for k, q in enumerate(quantities)]
        label = value if isinstance(value, str) else f"{value:.4g}"
        rows += [(what, covariate, label, percentile, *_interval(ratio, level)) for what, ratio in shown]
    return pd.DataFrame(rows, columns=["what", "covariate", "value", "percentile", "ratio", "lower", "upper", "error"])


def _reference(population: Parametric) -> dict[str, float | str]:
    """Return the value of each covariate at which its effects are zero; of a category the level that has none."""
    found: dict[str, float | str] = {}
    for effect in population.effects:
        if isinstance(effect, CategoryEffect):
            found.setdefault(effect.covariate, "")
        else:
            found.setdefault(effect.covariate, effect.reference)
    return found


def _values(fit: Fit, percentiles: Sequence[float]) -> Iterator[tuple[str, float | str, float]]:
    for name in dict.fromkeys(e.covariate for e in fit.start.effects):
        levels = [e.level for e in fit.start.effects if isinstance(e, CategoryEffect) and e.covariate == name]
        if levels:
            yield from ((name, level, np.nan) for level in dict.fromkeys(levels))
            continue
        values = np.array([p.covariates[name] for p in fit.cohort], dtype=float)
        yield from ((name, float(np.percentile(values, q)), float(q)) for q in percentiles)


def _sets(drawn: Sequence[Parametric], covariates: dict[str, float | str]) -> Floats:
    """Return the typical parameters of each population at these covariates (draws, parameters)."""
    found = np.array([p.typical_values() for p in drawn])
    for k, population in enumerate(drawn):
        apply_effects(population, found[k : k + 1], {name: np.array([value]) for name, value in covariates.items()})
    return found


def _quantities(fit: Fit, sets: Floats, quantities: Sequence[Quantity]) -> Floats:
    return evaluate_quantities(fit.start.model, sets, quantities).values if quantities else np.empty((len(sets), 0))


def _interval(ratio: Floats, level: float) -> tuple[float, float, float, float]:
    """Return the ratio by the estimates, the interval of the draws, and the larger Monte-Carlo error of its ends."""
    own, draws, tail = float(ratio[0]), ratio[1:][np.isfinite(ratio[1:])], (1.0 - level) / 2.0
    if not len(draws):
        return own, np.nan, np.nan, np.nan
    step = np.sqrt(tail * (1.0 - tail) / len(draws))  # of the share below an end
    ends = [np.quantile(draws, np.clip([q - step, q, q + step], 0.0, 1.0)) for q in (tail, 1.0 - tail)]
    return own, float(ends[0][1]), float(ends[1][1]), float(max((end[2] - end[0]) / 2.0 for end in ends))
