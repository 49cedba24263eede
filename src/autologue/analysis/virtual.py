"""Virtual populations: proposals are kept where every condition holds, then weighted so that stated summaries are met.

Acceptance by conditions on the outcome is as in Allen, Rieger, Musante 2016, CPT Pharmacometrics Syst Pharmacol 5:140-146,
doi:10.1002/psp4.12063. The weights are those that meet the targets and stay as near to equal ones as can be (entropy balancing: Hainmueller
2012, Polit Anal 20:25-46, doi:10.1093/pan/mpr025). The rule is written into the population that comes out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize

from autologue import seeds
from autologue.analysis.factors import Range, factors_of
from autologue.analysis.quantity import TIMES, Quantity, check_quantities, evaluate_quantities, quantity_name, quantity_unit
from autologue.engine.summary import LastAbove
from autologue.errors import InputError, ModelError
from autologue.model import Model, Names
from autologue.population import Drawn, Individuals, Parametric, Population
from autologue.regimen import Regimen

__all__ = ["Holds", "Mean", "Quantile", "VirtualPopulation", "Within", "accept"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Within:
    """A condition: the quantity of a patient lies between `lower` and `upper`; what is never reached counts as infinitely late."""

    quantity: Quantity
    lower: float = -np.inf
    upper: float = np.inf

    def __post_init__(self) -> None:
        """Check the bounds."""
        if not self.lower < self.upper:
            raise InputError(f"a condition from {self.lower!r} to {self.upper!r} holds nowhere; expected the lower bound first")


@dataclass(frozen=True, slots=True)
class Holds:
    """A condition on parameters: `words` say it, `function` takes the parameters by name (arrays) and returns where it holds."""

    words: str
    function: Callable[[Names], Any]


@dataclass(frozen=True, slots=True)
class Mean:
    """A target: the weighted mean of a quantity over the accepted patients."""

    quantity: Quantity
    value: float


@dataclass(frozen=True, slots=True)
class Quantile:
    """A target: the share `probability` of the weighted patients has a quantity of at most `value` (0.5: the median)."""

    quantity: Quantity
    probability: float
    value: float

    def __post_init__(self) -> None:
        """Check the probability."""
        if not 0 < self.probability < 1:
            raise InputError(f"a quantile at probability {self.probability!r}; expected a share between 0 and 1, like 0.5 for the median")


Condition = Within | Holds
Target = Mean | Quantile


@dataclass(frozen=True)
class VirtualPopulation:
    """What was accepted: a `Drawn` population (weighted where there are targets) and how it came about.

    - conditions: condition, met (by how many proposals alone) and left (after this one and those before it).
    - targets: target, wanted, before (with equal weights) and after.
    - effective: effective number of patients, (sum of weights)^2 / sum of squares.
    - rule: all of it in words; it is the population's source.
    """

    population: Drawn
    proposals: int
    failed: int
    accepted: int
    effective: float
    conditions: pd.DataFrame
    targets: pd.DataFrame
    rule: str
    seed: int


def accept(
    population: Population | Model,
    conditions: Sequence[Condition] = (),
    *,
    targets: Sequence[Target] = (),
    ranges: Mapping[str, Range] | None = None,
    proposals: int = 5000,
    regimen: Regimen | None = None,
    horizon: float | None = None,
    seed: int = 0,
    name: str = "virtual",
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> VirtualPopulation:
    """Return the proposals that meet all conditions, weighted to the targets.

    Proposals come from the population or, with `ranges`, evenly from ranges of parameters (the rest typical). Those that cannot be
    solved are counted and left out. Raises InputError where nobody is accepted (saying which condition), or where no weights reach the
    targets.
    """
    whole = Parametric(model=population, name="as the model states it") if isinstance(population, Model) else population
    if not conditions and not targets:
        raise InputError("nothing is asked of the virtual patients; give at least one condition or target")
    people, said = _proposals(whole, ranges, proposals, seed)
    quantities = list(dict.fromkeys(c.quantity for c in (*conditions, *targets) if not isinstance(c, Holds)))
    values, status = np.empty((len(people), 0)), np.zeros(len(people), dtype=np.int64)
    if quantities:
        check_quantities(whole.model, quantities)
        regimens = None if regimen is None else (regimen,)
        found = evaluate_quantities(
            whole.model, people.parameters, quantities, regimens=regimens, horizon=horizon, workers=workers, progress=progress
        )
        values, status = np.where((found.status == 0)[:, None], _late(quantities, found.values), np.nan), found.status
    met = [_met(c, people, quantities, values) & (status == 0) for c in conditions]
    words = [_condition(whole.model, c) for c in conditions]
    kept = np.all(met, axis=0) if met else status == 0
    if not kept.any():
        raise InputError(f"model {whole.model.name}: {_nobody(words, met, len(people), status)}")
    table = _counted(words, met)
    weights, aims = _weights(whole.model, targets, quantities, values[kept])
    effective = float(kept.sum()) if weights is None else float(1.0 / (weights**2).sum())
    rule = _rule(said, words, aims, len(people), int(kept.sum()), effective, seed)
    drawn = Drawn(model=whole.model, values=_values(whole.model, people.parameters[kept]), weights=weights, name=name, source=rule)
    return VirtualPopulation(drawn, len(people), int((status != 0).sum()), int(kept.sum()), effective, table, aims, rule, seed)


def _proposals(population: Population, ranges: Mapping[str, Range] | None, count: int, seed: int) -> tuple[Individuals, str]:
    if ranges is None:
        return population.sample(count, seed=seed), f"patients of population '{population.name}' of {population.model.name}"
    if count < 1:
        raise InputError(f"{count} proposals asked for; expected at least one")
    made = factors_of(population, ranges)
    uniform = seeds.uniforms(seed, seeds.Purpose.PARAMETERS, np.arange(count), len(made.names))
    spans = ", ".join(f"{n} {r.lower:.6g} to {r.upper:.6g}" + (" (logarithmic)" if r.logarithmic else "") for n, r in ranges.items())
    return Individuals(population.model, np.arange(count), made.parameters(uniform)), f"{population.model.name} with {spans}, each evenly"


def _late(quantities: Sequence[Quantity], values: Floats) -> Floats:
    """Return the values with times that are never reached as infinite (a last time: minus infinite)."""
    never = np.array([0.0 if not isinstance(q, TIMES) else -np.inf if isinstance(q, LastAbove) else np.inf for q in quantities])
    return np.where(np.isnan(values) & np.isinf(never), never, values)


def _met(condition: Condition, people: Individuals, quantities: Sequence[Quantity], values: Floats) -> NDArray[np.bool_]:
    if isinstance(condition, Within):
        own = values[:, quantities.index(condition.quantity)]
        return np.asarray((own >= condition.lower) & (own <= condition.upper))
    given = Names("parameter", dict(zip(people.model.parameters, people.parameters.T, strict=True)))
    try:
        held = np.asarray(condition.function(given))
    except ModelError as problem:
        raise InputError(f"condition '{condition.words}': {problem}") from None
    if held.dtype != bool or held.shape not in ((), (len(people),)):
        raise InputError(f"condition '{condition.words}' gives {held.dtype} of shape {held.shape}; expected true or false for each patient")
    return np.broadcast_to(held, (len(people),))


def _condition(model: Model, condition: Condition) -> str:
    if isinstance(condition, Holds):
        return condition.words
    name, unit = quantity_name(model, condition.quantity), quantity_unit(model, condition.quantity)
    unit = "" if unit == "1" else f" {unit}"
    if np.isinf(condition.lower):
        return f"{name} at most {condition.upper:g}{unit}"
    return f"{name} at least {condition.lower:g}{unit}" if np.isinf(condition.upper) else (
        f"{name} between {condition.lower:g} and {condition.upper:g}{unit}"
    )  # fmt: skip


def _nobody(words: Sequence[str], met: Sequence[NDArray[np.bool_]], count: int, status: NDArray[np.int64]) -> str:
    """Return the sentence for an acceptance that accepts nobody."""
    if (status != 0).all():
        return f"none of {count} proposals could be solved; narrow the ranges"
    for text, each in zip(words, met, strict=True):
        if not each.any():
            return f"the condition '{text}' accepts none of {count} proposals; loosen it, or widen the ranges"
    for (a, first), (b, second) in combinations(zip(words, met, strict=True), 2):
        if not (first & second).any():
            return f"the conditions '{a}' and '{b}' accept none of {count} proposals together; loosen one of them"
    return f"no proposal of {count} meets all {len(words)} conditions together, though each pair is met; loosen one, or propose more"


def _counted(words: Sequence[str], met: Sequence[NDArray[np.bool_]]) -> pd.DataFrame:
    left = np.cumprod(np.array(met), axis=0).sum(axis=1) if met else []
    rows = [(text, int(each.sum()), int(n)) for text, each, n in zip(words, met, left, strict=True)]
    return pd.DataFrame(rows, columns=["condition", "met", "left"])


def _weights(model: Model, targets: Sequence[Target], quantities: Sequence[Quantity], values: Floats) -> tuple[Floats | None, pd.DataFrame]:
    """Return weights that meet the targets (None where there are none), and the table of targets."""
    columns = ["target", "wanted", "before", "after"]
    if not targets:
        return None, pd.DataFrame(columns=columns)
    texts, wanted, moments = [], [], []
    for target in targets:
        own = values[:, quantities.index(target.quantity)]
        name, unit = quantity_name(model, target.quantity), quantity_unit(model, target.quantity)
        if isinstance(target, Mean):
            if not np.isfinite(own).all():
                never = int((~np.isfinite(own)).sum())
                raise InputError(
                    f"the mean of {name} is a target, but {never} accepted patients never reach it; add a condition that they do"
                )
            texts.append(f"mean of {name} {target.value:g} {unit}")
            wanted.append(target.value)
            moments.append(own)
        else:
            texts.append(f"{100 * target.probability:g} % of {name} at most {target.value:g} {unit}")
            wanted.append(target.probability)
            moments.append((own <= target.value).astype(float))
    matrix, aim = np.column_stack(moments), np.array(wanted)
    for text, column, goal in zip(texts, matrix.T, aim, strict=True):
        if not column.min() < goal < column.max():
            raise InputError(
                f"target '{text}': no weights reach it, since among {len(column)} accepted patients it runs from {column.min():.4g} to "
                f"{column.max():.4g}; widen the proposals or change the target"
            )
    weights = _balanced(matrix, aim, texts)
    after = weights @ matrix
    return weights, pd.DataFrame(list(zip(texts, wanted, matrix.mean(axis=0), after, strict=True)), columns=columns)


def _balanced(matrix: Floats, aim: Floats, texts: Sequence[str]) -> Floats:
    """Return the weights nearest to equal ones with these weighted means: exponential tilting, by its convex dual."""
    scale = matrix.std(axis=0)
    centred = (matrix - aim) / scale

    def dual(tilt: Floats) -> tuple[float, Floats]:
        power = centred @ tilt
        top = float(power.max())
        each = np.exp(power - top)
        return top + float(np.log(each.mean())), np.asarray(each @ centred / each.sum())

    def curvature(tilt: Floats) -> Floats:
        power = centred @ tilt
        each = np.exp(power - power.max())
        each /= each.sum()
        middle = each @ centred
        return np.asarray((centred * each[:, None]).T @ centred - np.outer(middle, middle))

    done = minimize(dual, np.zeros(len(aim)), jac=True, hess=curvature, method="trust-exact", options={"gtol": 1e-9, "maxiter": 500})
    power = centred @ done.x
    weights = np.exp(power - power.max())
    weights /= weights.sum()
    if np.abs(weights @ centred).max() > 1e-6:
        raise InputError(f"no weights meet all targets together ({'; '.join(texts)}); change one of them, or widen the proposals")
    return np.asarray(weights)


def _values(model: Model, parameters: Floats) -> dict[str, Floats]:
    """Return the columns that differ from the model's own values; the first of all where none does."""
    own = [q.value for q in model.parameters.values()]
    changed = {n: parameters[:, k] for k, n in enumerate(model.parameters) if (parameters[:, k] != own[k]).any()}
    return changed or {next(iter(model.parameters)): parameters[:, 0]}


def _rule(said: str, words: Sequence[str], aims: pd.DataFrame, proposals: int, accepted: int, effective: float, seed: int) -> str:
    text = f"{accepted} of {proposals} proposals ({said}; seed {seed})"
    text += f" accepted where {'; and '.join(words)}" if words else " accepted without condition"
    if len(aims):
        text += f"; weighted to {'; and '.join(aims['target'])} by entropy balancing, effective number {effective:.1f}"
    return text
