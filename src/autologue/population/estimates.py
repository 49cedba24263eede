"""The numbers of a `Parametric` as one vector, on the scales on which they are estimated and on which they are uncertain.

| estimate | name | scale |
|---|---|---|
| typical value | `cl` | that of its variability: log, logit or the value; without variability the log where positive |
| effect of a covariate | `beta_cl_weight`, `beta_cl_sex_male` | the value |
| standard deviation of a random effect | `omega_cl` | log |
| correlation of two random effects | `corr_cl_v` | inverse hyperbolic tangent of the partial correlation |
| standard deviation between the occasions of a patient | `gamma_cl` | log |
| correlation of two effects of an occasion | `corr_occasion_cl_v` | as above |
| residual error | `sd_concentration`, `cv_...`, `exponent_...` | log; the value for an exponent |

Pairs with a correlation make blocks; within a block every pair has one. Its partial correlation is the one given the
parameters before the pair in the block, so that any vector gives a positive definite covariance (Joe 2006, Journal of
Multivariate Analysis 97:2177-2189).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autologue import seeds
from autologue.errors import InputError
from autologue.population.covariates import coefficient, label, with_coefficient
from autologue.terms.outcome import signed_parameters
from autologue.variability import LogitNormal, LogNormal, Normal, Variability

if TYPE_CHECKING:
    from autologue.population.parametric import Correlation, Parametric

__all__ = [
    "Estimate", "Kind", "Scale", "Uncertainty", "blocks_of", "drawn_estimates", "estimates_of", "occasion_blocks_of", "read_estimates",
    "scale_of", "with_estimates",
]  # fmt: skip

Floats = NDArray[np.float64]
_NUMBERS = ("sd", "cv", "exponent")  # fields of residual errors


class Scale(Enum):
    """The scale on which a number is estimated."""

    VALUE = "value"
    LOG = "log"
    LOGIT = "logit"
    PARTIAL = "atanh of the partial correlation"

    def to(self, value: ArrayLike) -> Any:
        """Return values on this scale."""
        x = np.asarray(value, dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            match self:
                case Scale.LOG:
                    return np.log(x)
                case Scale.LOGIT:
                    return np.log(x) - np.log1p(-x)
                case Scale.PARTIAL:
                    return np.arctanh(x)
        return x

    def back(self, value: ArrayLike) -> Any:
        """Return values from this scale."""
        x = np.asarray(value, dtype=float)
        with np.errstate(over="ignore"):
            match self:
                case Scale.LOG:
                    return np.exp(x)
                case Scale.LOGIT:
                    return 1.0 / (1.0 + np.exp(-x))
                case Scale.PARTIAL:
                    return np.tanh(x)
        return x

    def slope(self, value: ArrayLike) -> Any:
        """Return d value / d scale, at a value that is on this scale."""
        x = self.back(value)
        return {Scale.LOG: x, Scale.LOGIT: x * (1.0 - x), Scale.PARTIAL: 1.0 - x * x}.get(self, np.ones_like(x))


class Kind(Enum):
    """What an estimate is."""

    TYPICAL = "typical value"
    EFFECT = "covariate effect"
    DEVIATION = "standard deviation of a random effect"
    CORRELATION = "correlation of random effects"
    OCCASION_DEVIATION = "standard deviation between occasions"
    OCCASION_CORRELATION = "correlation between occasions"
    RESIDUAL = "residual error"

    @property
    def correlation(self) -> bool:
        """Whether it is a correlation, between patients or occasions."""
        return self in (Kind.CORRELATION, Kind.OCCASION_CORRELATION)

    @property
    def deviation(self) -> bool:
        """Whether it is a standard deviation of random effects, of patients or occasions."""
        return self in (Kind.DEVIATION, Kind.OCCASION_DEVIATION)

    @property
    def spread(self) -> bool:
        """Whether it is a number of the covariance of random effects."""
        return self.correlation or self.deviation


@dataclass(frozen=True, slots=True)
class Estimate:
    """One number of a population: its name, what it is, its scale, and what it is of (parameters, an effect's number, output and field)."""

    name: str
    kind: Kind
    scale: Scale
    of: tuple[Any, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Uncertainty:
    """Covariance (names, names) of estimates, each on its scale of estimation."""

    names: tuple[str, ...]
    covariance: Floats

    def __post_init__(self) -> None:
        """Check shape, symmetry and that no variance is negative."""
        object.__setattr__(self, "names", tuple(self.names))
        matrix = np.array(self.covariance, dtype=float)
        count = len(self.names)
        if matrix.shape != (count, count) or not np.isfinite(matrix).all() or not np.allclose(matrix, matrix.T):
            what = f"the covariance of {count} estimates has shape {matrix.shape}"
            raise InputError(f"{what}; expected a symmetric ({count}, {count}) of numbers")
        if count and np.linalg.eigvalsh(matrix)[0] < -1e-8 * np.abs(matrix).max():
            raise InputError("the covariance of the estimates has a negative direction; expected a positive semidefinite matrix")
        matrix.setflags(write=False)
        object.__setattr__(self, "covariance", matrix)

    def __bool__(self) -> bool:
        """Return whether anything is uncertain."""
        return bool(self.names)

    def __repr__(self) -> str:
        """Return names and numbers, in full."""
        return f"Uncertainty({self.names!r}, {self.covariance.tolist()!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Uncertainty) and self.names == other.names and np.array_equal(self.covariance, other.covariance)

    def __hash__(self) -> int:
        return hash((self.names, self.covariance.tobytes()))


def scale_of(population: Parametric, name: str) -> Scale:
    """Return the scale of a parameter: that of its variability, without one the log where its typical value is positive.

    A parameter of an outcome whose sign is free, as a coefficient of a link, has the scale of its value.
    """
    kind = type(population.effect_scale(name) or population.occasions.get(name))
    if kind in (LogNormal, LogitNormal, Normal):
        return {LogNormal: Scale.LOG, LogitNormal: Scale.LOGIT, Normal: Scale.VALUE}[kind]
    if name in signed_parameters(population.model):
        return Scale.VALUE
    typical = population.typical.get(name, population.model.parameters[name].value)
    return Scale.LOG if typical > 0 else Scale.VALUE


def blocks_of(population: Parametric) -> list[list[str]]:
    """Return the varying parameters in blocks of those that are correlated, each in the model's order."""
    return _blocks(population.varying, population.correlations)


def occasion_blocks_of(population: Parametric) -> list[list[str]]:
    """Return the parameters that change between occasions in blocks of those that do so together, each in the model's order."""
    return _blocks(population.changing, population.occasion_correlations)


def _blocks(names: Sequence[str], correlations: Sequence[Correlation]) -> list[list[str]]:
    block = {name: k for k, name in enumerate(names)}
    for pair in correlations:
        joined, gone = sorted((block[pair.first], block[pair.second]))
        block = {name: joined if k == gone else k for name, k in block.items()}
    return [[name for name in block if block[name] == k] for k in sorted(set(block.values()))]


def estimates_of(population: Parametric) -> tuple[Estimate, ...]:
    """Return every number of a population that can be estimated, in the order of the table above."""
    found = [Estimate(name, Kind.TYPICAL, scale_of(population, name), (name,)) for name in population.model.parameters]
    found += [Estimate(label(e), Kind.EFFECT, Scale.VALUE, (k,)) for k, e in enumerate(population.effects)]
    found += [Estimate(f"omega_{name}", Kind.DEVIATION, Scale.LOG, (name,)) for name in population.varying]
    found += [Estimate(f"corr_{a}_{b}", Kind.CORRELATION, Scale.PARTIAL, (a, b)) for a, b in _pairs(blocks_of(population))]
    found += [Estimate(f"gamma_{name}", Kind.OCCASION_DEVIATION, Scale.LOG, (name,)) for name in population.changing]
    pairs = _pairs(occasion_blocks_of(population))
    found += [Estimate(f"corr_occasion_{a}_{b}", Kind.OCCASION_CORRELATION, Scale.PARTIAL, (a, b)) for a, b in pairs]
    for output in population.model.outputs:
        error = population.error(output)
        if error is not None:
            fields = [f for f in _NUMBERS if hasattr(error, f)]
            found += [Estimate(f"{f}_{output}", Kind.RESIDUAL, Scale.VALUE if f == "exponent" else Scale.LOG, (output, f)) for f in fields]
    return tuple(found)


def _pairs(blocks: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
    return [(a, b) for block in blocks for j, b in enumerate(block) for a in block[:j]]


def read_estimates(population: Parametric, estimates: Sequence[Estimate]) -> Floats:
    """Return the numbers of a population on their scales (estimates,)."""
    typical = dict(zip(population.model.parameters, population.typical_values(), strict=True))
    partial, between = _partials(population)
    values = []
    for e in estimates:
        match e.kind:
            case Kind.TYPICAL:
                value = typical[e.of[0]]
            case Kind.EFFECT:
                value = coefficient(population.effects[e.of[0]])
            case Kind.DEVIATION:
                value = population.effect_scale(e.of[0]).sd  # type: ignore[union-attr]
            case Kind.CORRELATION:
                value = partial[e.of]
            case Kind.OCCASION_DEVIATION:
                value = population.occasions[e.of[0]].sd
            case Kind.OCCASION_CORRELATION:
                value = between[e.of]
            case Kind.RESIDUAL:
                value = getattr(population.error(e.of[0]), e.of[1])
        values.append(float(e.scale.to(value)))
    return np.array(values)


def with_estimates(population: Parametric, estimates: Sequence[Estimate], vector: ArrayLike) -> Parametric:
    """Return the population with the numbers of `vector` (estimates,), each on its scale; the others stay."""
    typical, variability, errors = dict(population.typical), dict(population.variability), dict(population.errors)
    occasions, effects = dict(population.occasions), list(population.effects)
    partial, between = _partials(population)
    for e, given in zip(estimates, np.asarray(vector, dtype=float), strict=True):
        value = float(e.scale.back(given))
        match e.kind:
            case Kind.TYPICAL:
                typical[e.of[0]] = value
            case Kind.EFFECT:
                effects[e.of[0]] = with_coefficient(effects[e.of[0]], value)
            case Kind.DEVIATION:
                variability[e.of[0]] = _wider(population.effect_scale(e.of[0]), value)
            case Kind.CORRELATION:
                partial[e.of] = value
            case Kind.OCCASION_DEVIATION:
                occasions[e.of[0]] = _wider(occasions[e.of[0]], value)
            case Kind.OCCASION_CORRELATION:
                between[e.of] = value
            case Kind.RESIDUAL:
                output, name = e.of
                error: Any = errors.get(output, population.error(output))
                numbers = {f: getattr(error, f) for f in _NUMBERS if hasattr(error, f)}
                errors[output] = type(error)(**(numbers | {name: value}))
    return replace(
        population, typical=typical, variability=variability, errors=errors, effects=tuple(effects), occasions=occasions,
        correlations=_correlations(blocks_of(population), partial),
        occasion_correlations=_correlations(occasion_blocks_of(population), between),
    )  # fmt: skip


def _wider(old: Variability | None, sd: float) -> Variability:
    """Return a variability with another standard deviation."""
    assert old is not None
    return type(old)(sd=sd, lower=old.lower, upper=old.upper)


def _correlations(blocks: Sequence[Sequence[str]], partial: dict[tuple[str, str], float]) -> tuple[Correlation, ...]:
    from autologue.population.parametric import Correlation

    found: list[Correlation] = []
    for block in blocks:
        matrix = _correlation(block, partial)
        found += [Correlation(a, block[j], float(matrix[i, j])) for j in range(len(block)) for i, a in enumerate(block[:j])]
    return tuple(found)


def _partials(population: Parametric) -> tuple[dict[tuple[str, str], float], dict[tuple[str, str], float]]:
    """Return the partial correlations of the random effects of patients, and of those of occasions."""
    return (
        _partial(population.varying, population.covariance(), blocks_of(population)),
        _partial(population.changing, population.occasion_covariance(), occasion_blocks_of(population)),
    )


def _partial(order: Sequence[str], covariance: Floats, blocks: Sequence[Sequence[str]]) -> dict[tuple[str, str], float]:
    """Return the partial correlation of each pair of a block given the block's parameters before the pair's first."""
    found, names = {}, list(order)
    for block in blocks:
        if len(block) == 1:
            continue
        rows = [names.index(n) for n in block]
        matrix = covariance[np.ix_(rows, rows)]
        sd = np.sqrt(np.diagonal(matrix))
        factor = np.linalg.cholesky(matrix / sd[:, None] / sd[None, :])
        for j in range(len(block)):
            left = 1.0
            for i in range(j):
                found[block[i], block[j]] = float(factor[j, i] / math.sqrt(left))
                left -= factor[j, i] ** 2
    return found


def _correlation(block: Sequence[str], partial: dict[tuple[str, str], float]) -> Floats:
    """Return the correlation matrix of a block from its partial correlations."""
    factor = np.zeros((len(block), len(block)))
    for j in range(len(block)):
        left = 1.0
        for i in range(j):
            factor[j, i] = partial[block[i], block[j]] * math.sqrt(left)
            left -= factor[j, i] ** 2
        factor[j, j] = math.sqrt(left)
    matrix: Floats = factor @ factor.T
    return matrix


def drawn_estimates(population: Parametric, uncertainty: Uncertainty, count: int, *, seed: int) -> list[Parametric]:
    """Return `count` populations whose estimates are drawn from a normal distribution on their scales."""
    chosen = [next(e for e in estimates_of(population) if e.name == name) for name in uncertainty.names]
    centre = read_estimates(population, chosen)
    size, directions = np.linalg.eigh(uncertainty.covariance)
    factor = directions * np.sqrt(np.maximum(size, 0.0))
    z = seeds.normals(seed, seeds.Purpose.UNCERTAINTY, np.arange(count), len(chosen))
    return [with_estimates(population, chosen, centre + factor @ row) for row in z]
