"""What is varied in a sensitivity analysis: independent uniform numbers that become parameter sets.

Random effects and covariates of a population are drawn through their own distribution by the inverse transform, truncation and
covariate effects included, so that a factor at the uniform number 0.9 is that patient's 90th percentile. Parameters given as a `Range`
are spread evenly over it instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from autologue.errors import InputError, unknown
from autologue.model import Model
from autologue.population import Categorical, Continuous, Drawn, Parametric, Population, apply_effects, varied
from autologue.variability import LogitNormal, LogNormal, Variability

__all__ = ["Factors", "Range", "around", "factors_of"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Range:
    """An even spread between two values, of the value itself or of its logarithm."""

    lower: float
    upper: float
    logarithmic: bool = False

    def __post_init__(self) -> None:
        """Check the bounds."""
        if not (np.isfinite(self.lower) and np.isfinite(self.upper) and self.lower < self.upper):
            raise InputError(f"a range from {self.lower!r} to {self.upper!r} is empty; expected two finite numbers, the lower first")
        if self.logarithmic and not self.lower > 0:
            raise InputError(f"a logarithmic range from {self.lower:g} to {self.upper:g} must lie above zero")

    def at(self, share: Floats) -> Floats:
        """Return the values at shares from 0 to 1 of the range."""
        if self.logarithmic:
            return np.asarray(self.lower * (self.upper / self.lower) ** share)
        return np.asarray(self.lower + (self.upper - self.lower) * share)


def around(population: Population | Model, share: float, *, names: Sequence[str] | None = None) -> dict[str, Range]:
    """Return ranges of plus and minus `share` around typical values: of the parameters named, or of all that are not zero.

    >>> from autologue.library import load
    >>> around(load("kimmel_2021"), 0.5, names=["kill"])
    {'kill': Range(lower=0.575, upper=1.72..., logarithmic=False)}
    """
    model = population if isinstance(population, Model) else population.model
    values = dict(zip(model.parameters, _typical(population), strict=True))
    if not 0 < share < 1:
        raise InputError(f"a spread of {share:g} around typical values; expected between 0 and 1, like 0.2 for plus and minus 20 %")
    for name in names or ():
        if name not in values:
            raise InputError(f"model {model.name}: {unknown('parameter', name, values)}")
        if values[name] == 0:
            raise InputError(f"model {model.name}: '{name}' is typically zero, so a share of it is no range; give Range(lower, upper)")
    chosen = [n for n, v in values.items() if v != 0] if names is None else list(names)
    low, high = (1 - share, 1 + share)
    spans = {n: sorted((float(values[n] * low), float(values[n] * high))) for n in chosen}
    return {n: Range(span[0], span[1]) for n, span in spans.items()}


def _typical(population: Population | Model) -> Floats:
    if isinstance(population, Model):
        return np.array([q.value for q in population.parameters.values()], dtype=float)
    return population.typical_values()


@dataclass(frozen=True)
class Factors:
    """Names of the factors, their groups (correlated effects share one), and the population or ranges behind them."""

    population: Population
    names: tuple[str, ...]
    groups: tuple[str, ...]
    ranges: Mapping[str, Range]

    @property
    def model(self) -> Model:
        """The model whose parameters are set."""
        return self.population.model

    @property
    def grouped(self) -> bool:
        """Whether some factors can only move together."""
        return len(set(self.groups)) < len(self.names)

    def parameters(self, uniform: Floats) -> Floats:
        """Return parameter sets (sets, parameters of the model) for uniform numbers (sets, factors), each from 0 to 1."""
        typical = np.broadcast_to(self.population.typical_values(), (len(uniform), len(self.model.parameters))).copy()
        order = list(self.model.parameters)
        if self.ranges:
            for k, name in enumerate(self.names):
                typical[:, order.index(name)] = self.ranges[name].at(uniform[:, k])
            return typical
        assert isinstance(self.population, Parametric)
        return _individuals(self.population, typical, dict(zip(self.names, uniform.T, strict=True)))


def factors_of(population: Population, factors: Sequence[str] | Mapping[str, Range] | None = None) -> Factors:
    """Return the factors: all that varies in a population (None), some of it by name, or parameters with ranges.

    Raises InputError for an unknown or fixed parameter, and for a population of whole parameter sets, which has no factors.
    """
    whose = f"population '{population.name}' of {population.model.name}"
    if isinstance(factors, Mapping):
        for name in factors:
            if name not in population.model.parameters:
                raise InputError(f"model {population.model.name}: {unknown('parameter', name, population.model.parameters)}")
        if not factors:
            raise InputError(f"no ranges are given for {whose}; give at least one, or around(...) for all parameters")
        return Factors(population, tuple(factors), tuple(factors), dict(factors))
    if isinstance(population, Drawn):
        raise InputError(
            f"{whose} holds whole parameter sets, whose parameters cannot be varied one by one; give ranges, or use PAWN() on the sets"
        )
    covariates = [n for n in population.covariates if any(e.covariate == n for e in population.effects)]
    varying = [*population.varying, *covariates]
    if not varying:
        raise InputError(
            f"nothing varies between patients in {whose}, so there is nothing to rank; give ranges "
            "(around(model, 0.2), or --around 0.2 on the command line)"
        )
    for name in factors or ():
        if name not in varying:
            known = name in population.model.parameters
            fixed = (
                f"'{name}' does not vary in {whose}; give it a range ({{'{name}': Range(lower, upper)}}, or --range {name}=lower..upper), "
                "or leave it out"
            )
            raise InputError(fixed if known else f"{whose}: {unknown('factor', name, varying)}")
    names = tuple(varying if factors is None else [n for n in varying if n in set(factors)])
    groups = _groups(population, names)
    for name, group in zip(names, groups, strict=True):
        if group != name and _truncated(population, name):
            raise InputError(
                f"{whose}: the effect of '{name}' is truncated and correlated ({group}), which has no inverse transform; "
                "give ranges, or a population without that truncation or correlation"
            )
    return Factors(population, names, groups, {})


def _truncated(population: Parametric, name: str) -> bool:
    scale = population.effect_scale(name)
    return scale is not None and bool(np.isfinite(_bounds(scale, np.array([0.5]))).any())


def _groups(population: Parametric, names: Sequence[str]) -> tuple[str, ...]:
    """Return the group of each factor; correlated effects make one group, named after its members."""
    member = {name: {name} for name in names}
    for pair in population.correlations:
        if pair.value and pair.first in member and pair.second in member:
            joined = member[pair.first] | member[pair.second]
            for name in joined:
                member[name] = joined
    return tuple(" + ".join(n for n in names if n in member[name]) for name in names)


def _bounds(scale: Variability, middle: Floats) -> tuple[Floats, Floats]:
    """Return the truncation on the scale of the random effect, in standard deviations around `middle`."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if isinstance(scale, LogNormal):
            low, high = np.log(scale.lower / middle), np.log(scale.upper / middle)
        elif isinstance(scale, LogitNormal):
            low, high = (np.log(b / (1 - b)) - np.log(middle / (1 - middle)) for b in (np.float64(scale.lower), np.float64(scale.upper)))
        else:
            low, high = scale.lower - middle, scale.upper - middle
        return np.asarray(low / scale.sd), np.asarray(high / scale.sd)


def _effect(scale: Variability, middle: Floats, uniform: Floats) -> Floats:
    """Return the standardised random effect at a uniform number, by the inverse transform of the truncated normal."""
    low, high = (ndtr(bound) for bound in _bounds(scale, middle))
    return np.asarray(ndtri(np.clip(low + uniform * (high - low), 1e-300, 1 - 1e-16)))


def _individuals(population: Parametric, centre: Floats, uniform: Mapping[str, Floats]) -> Floats:
    covariates = {
        name: _covariate(c, uniform[name] if name in uniform else np.full(len(centre), 0.5)) for name, c in population.covariates.items()
    }
    apply_effects(population, centre, covariates)
    order, names = list(population.model.parameters), [n for n in population.varying if n in uniform]
    if not names:
        return centre
    sd = np.sqrt(np.diagonal(population.covariance()))
    rows = [list(population.varying).index(n) for n in names]
    correlation = (population.covariance() / np.outer(sd, sd))[np.ix_(rows, rows)]
    z = np.empty((len(centre), len(names)))
    for k, name in enumerate(names):
        scale, column = population.effect_scale(name), order.index(name)
        assert scale is not None
        z[:, k] = _effect(scale, centre[:, column], uniform[name])
    z = z @ np.linalg.cholesky(correlation).T
    for k, name in enumerate(names):
        scale, column = population.effect_scale(name), order.index(name)
        assert scale is not None
        centre[:, column] = varied(type(scale), centre[:, column], z[:, k] * scale.sd)
    return centre


def _covariate(covariate: Continuous | Categorical, uniform: Floats) -> NDArray[Any]:
    if isinstance(covariate, Categorical):
        levels = np.array(list(covariate.shares))
        edges = np.cumsum(list(covariate.shares.values()))[:-1]
        return levels[np.searchsorted(edges, uniform, side="right")]
    scale = covariate.variability
    effect = _effect(scale, np.full(len(uniform), covariate.median), uniform)
    return varied(type(scale), covariate.median, effect * scale.sd)
