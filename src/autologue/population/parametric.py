"""A population stated by typical values, random effects with correlations, covariates and their effects, and residual errors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autologue import seeds
from autologue.errors import InputError, ModelError, unknown
from autologue.model import Model
from autologue.population.covariates import Categorical, Continuous, Effect, coefficient, regressor
from autologue.population.estimates import Scale, Uncertainty, drawn_estimates, estimates_of, scale_of
from autologue.population.individuals import Individuals, numbered
from autologue.variability import LogitNormal, LogNormal, Normal, ResidualError, Variability

__all__ = ["Correlation", "Parametric", "apply_effects", "varied"]

Floats = NDArray[np.float64]
_ATTEMPTS = 200


@dataclass(frozen=True, slots=True)
class Correlation:
    """Correlation of two random effects."""

    first: str
    second: str
    value: float
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Parametric:
    """Typical values, random effects with correlations, covariates and their effects, residual errors, and their uncertainty.

    `typical`, `variability` and `errors` replace those of the model's parameters and outputs. An effect is a shift on the
    scale of its parameter's variability (see `Scale`). `occasions` says which parameters also change from one occasion of a
    patient to the next, by how much on the scale of their variability, and `occasion_correlations` which do so together: the
    same distribution for every occasion. `uncertainty` gives the standard error of the logarithm of a
    typical value, by name, or the covariance of any of the estimates. `assumed` says which numbers are assumptions rather
    than published.
    """

    model: Model
    name: str = ""
    typical: Mapping[str, float] = field(default_factory=dict)
    variability: Mapping[str, Variability | None] = field(default_factory=dict)
    correlations: Sequence[Correlation] = ()
    covariates: Mapping[str, Continuous | Categorical] = field(default_factory=dict)
    effects: Sequence[Effect] = ()
    errors: Mapping[str, ResidualError] = field(default_factory=dict)
    occasions: Mapping[str, Variability] = field(default_factory=dict)
    occasion_correlations: Sequence[Correlation] = ()
    uncertainty: Mapping[str, float] | Uncertainty = field(default_factory=dict)
    source: str = ""
    assumed: str = ""

    def __post_init__(self) -> None:
        """Freeze the mappings and check every name and value."""
        simple = isinstance(self.uncertainty, Mapping)
        for name in ("typical", "variability", "covariates", "errors", "occasions", *(["uncertainty"] if simple else [])):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        for kind in ("typical", "variability", "occasions", *(["uncertainty"] if simple else [])):
            for name in getattr(self, kind):
                self._known(name)
        for name in self.errors:
            if name not in self.model.outputs:
                raise ModelError(f"population of {self.model.name}: {unknown('output', name, self.model.outputs)}")
        for name, value in self.typical.items():
            if not math.isfinite(value):
                raise InputError(f"population of {self.model.name}: typical value of '{name}' is {value!r}; a finite number is expected")
        for effect in self.effects:
            self._known(effect.parameter)
            if effect.covariate not in self.covariates:
                raise ModelError(f"population of {self.model.name}: {unknown('covariate', effect.covariate, self.covariates)}")
        self._check_occasions()
        self.covariance()
        self.occasion_covariance()
        if isinstance(self.uncertainty, Uncertainty):
            known = [e.name for e in estimates_of(self)]
            for name in self.uncertainty.names:
                if name not in known:
                    raise InputError(f"population of {self.model.name}: {unknown('estimate', name, known)}")

    def _known(self, name: str) -> None:
        if name not in self.model.parameters:
            raise ModelError(f"population of {self.model.name}: {unknown('parameter', name, self.model.parameters)}")

    def _check_occasions(self) -> None:
        for name, spread in self.occasions.items():
            where = f"population of {self.model.name}: the variability of '{name}' between occasions"
            if not isinstance(spread, LogNormal | LogitNormal | Normal) or not spread.sd > 0.0:
                raise InputError(f"{where} is {spread!r}; expected LogNormal(sd=...), LogitNormal or Normal, above zero")
            if spread != type(spread)(sd=spread.sd):
                raise InputError(f"{where} is truncated; an occasion is not: give it without lower= and upper=")
            own = self.effect_scale(name)
            if own is not None and type(own) is not type(spread):
                kinds = f"{type(spread).__name__}, and that between patients {type(own).__name__}"
                raise InputError(f"{where} is {kinds}; both need one scale")
            if own is None and any(effect.parameter == name for effect in self.effects) and not isinstance(spread, LogNormal):
                raise InputError(f"{where} gives the scale of a covariate's effect on it; give it a variability between patients too")

    def effect_scale(self, name: str) -> Variability | None:
        """Return the between-patient variability of a parameter, None where it does not vary."""
        return self.variability.get(name, self.model.parameters[name].variability)

    def error(self, output: str) -> ResidualError | None:
        """Return the residual error of an output, None where neither population nor model states one."""
        return self.errors.get(output, self.model.outputs[output].error)

    @property
    def varying(self) -> tuple[str, ...]:
        """Names of the parameters with a random effect, in the model's order."""
        return tuple(name for name in self.model.parameters if (v := self.effect_scale(name)) is not None and v.sd > 0)

    @property
    def changing(self) -> tuple[str, ...]:
        """Names of the parameters that change from one occasion of a patient to the next, in the model's order."""
        return tuple(name for name in self.model.parameters if name in self.occasions)

    def typical_values(self) -> Floats:
        """Return the typical values (parameters,) in the model's order."""
        return np.array([self.typical.get(name, q.value) for name, q in self.model.parameters.items()], dtype=float)

    def covariance(self) -> Floats:
        """Return the covariance of the random effects (varying, varying); raises where it is not positive definite."""
        return self._covariance(self.varying, [self.effect_scale(name).sd for name in self.varying], self.correlations)  # type: ignore[union-attr]

    def occasion_covariance(self) -> Floats:
        """Return the covariance of the effects of an occasion (changing, changing); raises where it is not positive definite."""
        return self._covariance(self.changing, [self.occasions[name].sd for name in self.changing], self.occasion_correlations)

    def _covariance(self, names: Sequence[str], deviations: Sequence[float], correlations: Sequence[Correlation]) -> Floats:
        sd, matrix = np.array(deviations, dtype=float), np.eye(len(names))
        for pair in correlations:
            for name in (pair.first, pair.second):
                if name not in names:
                    raise ModelError(f"population of {self.model.name}: correlation names '{name}', which has no random effect")
            i, j = names.index(pair.first), names.index(pair.second)
            matrix[i, j] = matrix[j, i] = pair.value
        if len(names) and np.linalg.eigvalsh(matrix)[0] <= 0:
            raise ModelError(f"population of {self.model.name}: the correlations are not positive definite together")
        covariance: Floats = matrix * sd[:, None] * sd[None, :]
        return covariance

    def sample(self, count: int, *, seed: int, first: int = 0) -> Individuals:
        """Return patients `first` to `first + count - 1` of the endless population of this seed.

        Parameters outside the range of a truncated variability are drawn again, with all random effects of that patient. What
        changes between occasions is as in the first one.
        """
        if self.occasions:
            from autologue.population.occasions import sample_first

            return sample_first(self, count, seed=seed, first=first)
        ids = numbered(count, first)
        covariates = {name: _covariate(c, seed, ids, k) for k, (name, c) in enumerate(self.covariates.items())}
        centre = np.broadcast_to(self.typical_values(), (count, len(self.model.parameters))).copy()
        apply_effects(self, centre, covariates)
        parameters = centre.copy()
        todo = np.arange(count)
        names = self.varying
        if names:
            columns = [list(self.model.parameters).index(name) for name in names]
            factor = np.linalg.cholesky(self.covariance()).T
            middle = centre[:, columns]
            for attempt in range(_ATTEMPTS):
                eta = _combined(seeds.normals(seed, seeds.Purpose.PARAMETERS, ids[todo], len(names), attempt=attempt), factor)
                value, outside = _individual(self, names, eta, middle[todo] if attempt else middle)
                parameters[todo[:, None], columns] = value
                todo = todo[outside]
                if not len(todo):
                    break
            else:
                raise InputError(
                    f"population of {self.model.name}: {len(todo)} of {count} patients stay outside the truncation; "
                    "widen lower= and upper= of the variability"
                )
        return Individuals(self.model, ids, parameters, covariates)

    def draws(self, count: int, *, seed: int) -> list[Parametric]:
        """Return `count` populations drawn from the uncertainty: of all estimates it covers, or of the typical values (log-normal)."""
        if isinstance(self.uncertainty, Uncertainty):
            return drawn_estimates(self, self.uncertainty, count, seed=seed)
        names = list(self.uncertainty)
        z = seeds.normals(seed, seeds.Purpose.UNCERTAINTY, np.arange(count), max(len(names), 1))
        typical = self.typical_values()
        order = list(self.model.parameters)
        return [
            replace(
                self,
                typical={
                    **self.typical,
                    **{n: float(typical[order.index(n)] * math.exp(self.uncertainty[n] * z[k, i])) for i, n in enumerate(names)},
                },
            )
            for k in range(count)
        ]


def _combined(z: Floats, factor: NDArray[Any]) -> Floats:
    """Return z @ factor for an upper triangle, summed in one order: BLAS changes the order, and so bits, with the number of rows."""
    total: Floats = z * np.diagonal(factor)
    for k, j in zip(*np.nonzero(np.triu(factor, 1)), strict=True):
        total[:, j] += z[:, k] * factor[k, j]
    return total


def varied(kind: type[Variability], middle: Floats | float, eta: Floats) -> Floats:
    """Return values around `middle` for random effects `eta` on the scale of a kind of variability."""
    if kind is LogNormal:
        return middle * np.exp(eta)
    if kind is LogitNormal:
        return 1.0 / (1.0 + (1.0 / middle - 1.0) * np.exp(-eta))
    return middle + eta


def _individual(population: Parametric, names: Sequence[str], eta: Floats, middle: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Return individual values (patients, names) around `middle`, and which patients fall outside a truncation."""
    scales = [population.effect_scale(name) for name in names]
    value = np.empty_like(middle)
    for kind in (LogNormal, LogitNormal, Normal):
        columns = [k for k, scale in enumerate(scales) if isinstance(scale, kind)]
        if not columns:
            continue
        place: Any = slice(None) if len(columns) == len(names) else columns
        value[:, place] = varied(kind, middle[:, place], eta[:, place])
    lower, upper = np.array([s.lower for s in scales if s]), np.array([s.upper for s in scales if s])
    return value, np.any((value < lower) | (value > upper), axis=1)


def _covariate(covariate: Continuous | Categorical, seed: int, ids: NDArray[np.int64], index: int) -> NDArray[Any]:
    if isinstance(covariate, Categorical):
        # one column per covariate, so that adding a covariate leaves the earlier ones as they were
        u = seeds.uniforms(seed, seeds.Purpose.COVARIATES, ids, index + 1)[:, index]
        levels = np.array(list(covariate.shares))
        edges = np.cumsum(list(covariate.shares.values()))[:-1]
        return levels[np.searchsorted(edges, u, side="right")]
    value = np.full(len(ids), np.nan)
    todo = np.arange(len(ids))
    scale = covariate.variability
    for attempt in range(_ATTEMPTS):
        eta = scale.sd * seeds.normals(seed, seeds.Purpose.COVARIATES, ids[todo], index + 1, attempt=attempt)[:, index]
        draw = varied(type(scale), covariate.median, eta)
        value[todo] = draw
        todo = todo[(draw < scale.lower) | (draw > scale.upper)]
        if not len(todo):
            return value
    raise InputError(
        f"a covariate around {covariate.median:g} stays outside [{scale.lower:g}, {scale.upper:g}] after {_ATTEMPTS} draws; widen the range"
    )


def apply_effects(population: Parametric, centre: Floats, covariates: Mapping[str, NDArray[Any]]) -> None:
    """Shift the centres (patients, parameters) of `population` in place by the effects of the patients' covariates (n,)."""
    order = list(population.model.parameters)
    for effect in population.effects:
        column = order.index(effect.parameter)
        shift = coefficient(effect) * regressor(effect, covariates[effect.covariate])
        scale = scale_of(population, effect.parameter)
        kind = {Scale.LOG: LogNormal, Scale.LOGIT: LogitNormal}.get(scale, Normal)
        centre[:, column] = varied(kind, centre[:, column], shift)
