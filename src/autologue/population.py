"""A distribution of parameters (and covariates) for a model: the hinge of the chain.

A published model, a fit and a conditioned patient are all a `Population`: `Parametric` (typical values, covariance,
covariate effects) or `Drawn` (weighted draws). Sampling is keyed by seed and patient number, so that the same patient
comes out the same for any chunking.
"""

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
from autologue.variability import LogitNormal, LogNormal, Normal, Variability

__all__ = [
    "Categorical",
    "CategoryEffect",
    "Continuous",
    "Correlation",
    "Drawn",
    "Individuals",
    "Parametric",
    "Population",
    "PowerEffect",
    "apply_effects",
    "varied",
]

Floats = NDArray[np.float64]
_ATTEMPTS = 200


@dataclass(frozen=True, slots=True)
class Continuous:
    """A continuous covariate: median, unit, its variability, truncated to the variability's range."""

    median: float
    unit: str
    variability: Variability
    source: str = ""


@dataclass(frozen=True, slots=True)
class Categorical:
    """A categorical covariate: probability by level."""

    shares: Mapping[str, float]
    source: str = ""

    def __post_init__(self) -> None:
        """Check that shares are probabilities that add up to one."""
        if min(self.shares.values()) < 0 or abs(sum(self.shares.values()) - 1) > 1e-6:
            raise InputError(f"shares {dict(self.shares)} of a categorical covariate must be at least zero and add up to 1")


@dataclass(frozen=True, slots=True)
class PowerEffect:
    """Effect of a continuous covariate: parameter * (covariate / reference) ** exponent."""

    parameter: str
    covariate: str
    reference: float
    exponent: float
    source: str = ""


@dataclass(frozen=True, slots=True)
class CategoryEffect:
    """Effect of a level of a categorical covariate: parameter * exp(coefficient)."""

    parameter: str
    covariate: str
    level: str
    coefficient: float
    source: str = ""


@dataclass(frozen=True, slots=True)
class Correlation:
    """Correlation of two random effects."""

    first: str
    second: str
    value: float
    source: str = ""


@dataclass(frozen=True, slots=True)
class Individuals:
    """Sampled patients: numbers `ids` (n,), `parameters` (n, parameters of the model, in its order), covariates by name (n,)."""

    model: Model
    ids: NDArray[np.int64]
    parameters: Floats
    covariates: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of patients."""
        return len(self.ids)

    def __getitem__(self, name: str) -> Floats:
        """Return one parameter of all patients (n,)."""
        return self.parameters[:, self._column(name)]

    def _column(self, name: str) -> int:
        names = list(self.model.parameters)
        if name not in names:
            raise ModelError(f"model {self.model.name}: {unknown('parameter', name, names)}")
        return names.index(name)

    def with_parameters(self, **values: Any) -> Individuals:
        """Return the same patients with some parameters replaced, each a number or an array (n,)."""
        parameters = self.parameters.copy()
        for name, value in values.items():
            parameters[:, self._column(name)] = value
        return Individuals(self.model, self.ids, parameters, self.covariates)


@dataclass(frozen=True, kw_only=True)
class Parametric:
    """Typical values, random effects with correlations, covariates and their effects, and uncertainty of the typical values.

    `typical` and `variability` replace those of the model's parameters; `uncertainty` gives the standard error of the
    logarithm of a typical value. `assumed` says which numbers are assumptions rather than published.
    """

    model: Model
    name: str = ""
    typical: Mapping[str, float] = field(default_factory=dict)
    variability: Mapping[str, Variability | None] = field(default_factory=dict)
    correlations: Sequence[Correlation] = ()
    covariates: Mapping[str, Continuous | Categorical] = field(default_factory=dict)
    effects: Sequence[PowerEffect | CategoryEffect] = ()
    uncertainty: Mapping[str, float] = field(default_factory=dict)
    source: str = ""
    assumed: str = ""

    def __post_init__(self) -> None:
        """Freeze the mappings and check every name and value."""
        for name in ("typical", "variability", "covariates", "uncertainty"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        for kind in ("typical", "variability", "uncertainty"):
            for name in getattr(self, kind):
                self._known(name)
        for name, value in self.typical.items():
            if not math.isfinite(value):
                raise InputError(f"population of {self.model.name}: typical value of '{name}' is {value!r}; a finite number is expected")
        for effect in self.effects:
            self._known(effect.parameter)
            if effect.covariate not in self.covariates:
                raise ModelError(f"population of {self.model.name}: {unknown('covariate', effect.covariate, self.covariates)}")
        self.covariance()

    def _known(self, name: str) -> None:
        if name not in self.model.parameters:
            raise ModelError(f"population of {self.model.name}: {unknown('parameter', name, self.model.parameters)}")

    def effect_scale(self, name: str) -> Variability | None:
        """Return the between-patient variability of a parameter, None where it does not vary."""
        return self.variability.get(name, self.model.parameters[name].variability)

    @property
    def varying(self) -> tuple[str, ...]:
        """Names of the parameters with a random effect, in the model's order."""
        return tuple(name for name in self.model.parameters if (v := self.effect_scale(name)) is not None and v.sd > 0)

    def typical_values(self) -> Floats:
        """Return the typical values (parameters,) in the model's order."""
        return np.array([self.typical.get(name, q.value) for name, q in self.model.parameters.items()], dtype=float)

    def covariance(self) -> Floats:
        """Return the covariance of the random effects (varying, varying); raises where it is not positive definite."""
        names = self.varying
        sd = np.array([self.effect_scale(name).sd for name in names])  # type: ignore[union-attr]
        matrix = np.eye(len(names))
        for pair in self.correlations:
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

        Parameters outside the range of a truncated variability are drawn again, with all random effects of that patient.
        """
        ids = _ids(count, first)
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
        """Return `count` populations whose typical values are drawn from their uncertainty (log-normal)."""
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


def _ids(count: int, first: int) -> NDArray[np.int64]:
    if count < 1:
        raise InputError(f"{count} patients asked for; expected at least one")
    return np.arange(first, first + count, dtype=np.int64)


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
    """Multiply the centres (patients, parameters) of `population` in place by the effects of the patients' covariates."""
    order = list(population.model.parameters)
    for effect in population.effects:
        column = order.index(effect.parameter)
        values = covariates[effect.covariate]
        if isinstance(effect, PowerEffect):
            centre[:, column] *= (values.astype(float) / effect.reference) ** effect.exponent
        else:
            centre[:, column] *= np.where(values == effect.level, math.exp(effect.coefficient), 1.0)


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Weighted draws of whole parameter sets: published virtual patients, a posterior, a conditioned patient.

    `values` maps each varying parameter to an array (draws,); the others keep the model's typical value.
    """

    model: Model
    values: Mapping[str, Floats]
    weights: Floats | None = None
    name: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        """Check names, lengths and weights."""
        arrays = {name: np.asarray(v, dtype=float) for name, v in self.values.items()}
        for name, array in arrays.items():
            if name not in self.model.parameters:
                raise ModelError(f"population of {self.model.name}: {unknown('parameter', name, self.model.parameters)}")
            if array.ndim != 1 or not len(array) or not np.isfinite(array).all():
                raise InputError(f"population of {self.model.name}: draws of '{name}' must be a non-empty array of finite numbers")
        if len({len(a) for a in arrays.values()}) != 1:
            raise InputError(f"population of {self.model.name}: each parameter needs the same number of draws, at least one parameter")
        object.__setattr__(self, "values", MappingProxyType(arrays))
        if self.weights is not None:
            weights = np.asarray(self.weights, dtype=float)
            if weights.shape != (self.size,) or not (weights >= 0).all() or not weights.sum() > 0:
                raise InputError(f"population of {self.model.name}: weights must be {self.size} numbers of at least zero, not all zero")
            object.__setattr__(self, "weights", weights / weights.sum())

    @property
    def size(self) -> int:
        """Number of draws."""
        return len(next(iter(self.values.values())))

    def typical_values(self) -> Floats:
        """Return the medians of the draws, weights aside, and the typical values of the rest (parameters,)."""
        return np.array([np.median(self.values[n]) if n in self.values else q.value for n, q in self.model.parameters.items()], dtype=float)

    def table(self) -> Floats:
        """Return all draws as parameter sets (draws, parameters) in the model's order."""
        columns = [self.values.get(n, np.full(self.size, q.value)) for n, q in self.model.parameters.items()]
        return np.column_stack(columns)

    def sample(self, count: int, *, seed: int, first: int = 0) -> Individuals:
        """Return patients drawn with replacement; without weights and within `size`, the draws in their order."""
        ids = _ids(count, first)
        if self.weights is None and first + count <= self.size:
            rows = ids
        else:
            u = seeds.uniforms(seed, seeds.Purpose.PARAMETERS, ids, 1)[:, 0]
            edges = np.cumsum(self.weights if self.weights is not None else np.full(self.size, 1 / self.size))
            rows = np.minimum(np.searchsorted(edges, u, side="right"), self.size - 1)
        return Individuals(self.model, ids, self.table()[rows], {})


Population = Parametric | Drawn
