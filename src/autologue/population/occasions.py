"""Variability between the occasions of one patient, as a model that the engine knows already.

In the derived model a parameter that changes has a number for each occasion, its effect on the scale of its variability, and an input
that is 1 while the occasion lasts: `p.cl` becomes `p.cl * exp(u.occasion_1 * p.cl_occasion_1 + u.occasion_2 * p.cl_occasion_2)`. So states
go over from one occasion to the next, derivatives are those of parameters, and an effect is a random effect like any other. What the
model evaluates without inputs is either known by occasion (a bioavailability or lag: each occasion has a route of its own), or holds in
the first only (initial values, a closed form: a patient with more occasions is integrated), or is refused (a time that ends a phase).
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from autologue.errors import InputError, ModelError
from autologue.functions import exp
from autologue.model import Crossing, Dosing, Input, Model, Parameter
from autologue.population.individuals import Individuals
from autologue.population.parametric import Correlation, Parametric, varied
from autologue.regimen import Bolus, Infusion, Level, Regimen
from autologue.variability import LogitNormal, LogNormal, Normal, Variability

__all__ = ["by_occasion", "in_occasions", "in_one_occasion", "sample_first"]

Function = Callable[..., Any]
Change = Callable[[str, Any, Any], Any]  # name and value of a parameter, and the inputs: the value in the occasion
_derived: dict[tuple[int, tuple[tuple[str, type], ...], int], tuple[Model, Model]] = {}


def by_occasion(population: Parametric, count: int) -> Parametric:
    """Return the population of the derived model with `count` occasions; the population itself where nothing changes.

    Its random effects are those of the patient, then those of each occasion, all with the same covariance. Raises ModelError for a model
    that cannot change so.
    """
    if not population.occasions:
        return population
    names = population.changing
    each = [(k, pair) for k in range(1, count + 1) for pair in population.occasion_correlations]
    return replace(
        population,
        model=_model(population, count),
        variability={
            **population.variability,
            **{f"{name}_occasion_{k}": Normal(sd=population.occasions[name].sd) for k in range(1, count + 1) for name in names},
        },
        correlations=(
            *population.correlations,
            *(Correlation(f"{pair.first}_occasion_{k}", f"{pair.second}_occasion_{k}", pair.value) for k, pair in each),
        ),
        occasions={},
        occasion_correlations=(),
        uncertainty={},
    )


def in_one_occasion(population: Parametric) -> Parametric:
    """Return the population as it is met in a single occasion: what changes between occasions is part of what varies between patients."""
    if not population.occasions:
        return population
    names, total = [n for n in population.model.parameters if n in {*population.varying, *population.changing}], {}
    matrix = np.zeros((len(names),) * 2)
    for own, part in ((population.varying, population.covariance()), (population.changing, population.occasion_covariance())):
        rows = [names.index(name) for name in own]
        matrix[np.ix_(rows, rows)] += part
    sd = np.sqrt(np.diagonal(matrix))
    for name, value in zip(names, sd.tolist(), strict=True):
        old = population.effect_scale(name) or population.occasions[name]
        total[name] = type(old)(sd=value, lower=old.lower, upper=old.upper)
    pairs = [(i, j) for j in range(len(names)) for i in range(j) if matrix[i, j] != 0.0]
    correlations = tuple(Correlation(names[i], names[j], float(matrix[i, j] / sd[i] / sd[j])) for i, j in pairs)
    variability = {**population.variability, **total}
    none: dict[str, float] = {}
    return replace(
        population, variability=variability, correlations=correlations, occasions={}, occasion_correlations=(), uncertainty=none
    )  # fmt: skip


def sample_first(population: Parametric, count: int, *, seed: int, first: int) -> Individuals:
    """Return sampled patients with their parameters as in their first occasion."""
    drawn = by_occasion(population, 1).sample(count, seed=seed, first=first)
    order = list(population.model.parameters)
    parameters = drawn.parameters[:, : len(order)].copy()
    for name in population.changing:
        column = order.index(name)
        kind = type(population.occasions[name])
        parameters[:, column] = varied(kind, parameters[:, column], drawn[f"{name}_occasion_1"])
    return Individuals(population.model, drawn.ids, parameters, drawn.covariates)


def in_occasions(model: Model, regimen: Regimen | None, starts: Sequence[float]) -> Regimen | None:
    """Return a regimen for the model derived from `model` in which occasions after the first begin at `starts`, in the regimen's unit.

    Raises InputError for an occasion that does not begin after time zero.
    """
    if not len(starts):
        return regimen
    if not min(starts) > 0.0:
        raise InputError(f"an occasion after the first begins at {min(starts):g}; expected a time after zero, where the model starts")
    given = regimen or Regimen()
    events = [part for event in given.events for part in _of_occasions(model, event, starts)]
    ends = [*starts[1:], math.inf]
    events += [Level(starts[0], "occasion_1", 0.0)]
    events += [Level(a, f"occasion_{k}", 1.0, until=b) for k, (a, b) in enumerate(zip(starts, ends, strict=True), start=2)]
    return Regimen(*events, time=given.time)


def _of_occasions(model: Model, event: Bolus | Infusion | Level, starts: Sequence[float]) -> list[Bolus | Infusion | Level]:
    """Return a dose as doses into the route of each occasion, where the route depends on parameters."""
    if isinstance(event, Level) or event.into not in model.dosing or not _depends(model.dosing[event.into]):
        return [event]
    times = event.time + event.every * np.arange(event.additional + 1)
    number = np.searchsorted(starts, times, side="right") + 1
    found: list[Bolus | Infusion | Level] = []
    for k in np.unique(number).tolist():
        own = times[number == k]
        route = event.into if k == 1 else f"{event.into}_occasion_{k}"
        steady = event.steady_state and not found
        found.append(replace(event, time=float(own[0]), additional=len(own) - 1, into=route, steady_state=steady))
    return found


def _depends(dosing: Dosing) -> bool:
    return callable(dosing.bioavailability) or callable(dosing.lag)


@dataclass(frozen=True, slots=True)
class _Changed:
    """Parameters by name, of which some are not what they are in another occasion."""

    values: Any
    change: Callable[[str, Any], Any]

    def __getattr__(self, name: str) -> Any:
        return self.change(name, getattr(self.values, name))


def _model(population: Parametric, count: int) -> Model:
    """Return the derived model, made once for each model, kinds of variability and number of occasions."""
    kinds = tuple((name, type(population.occasions[name])) for name in population.changing)
    key = (id(population.model), kinds, count)
    if key not in _derived or _derived[key][0] is not population.model:
        if len(_derived) > 64:
            _derived.clear()
        _derived[key] = (population.model, _derive(population.model, dict(kinds), count))
    return _derived[key][1]


def _derive(model: Model, kinds: Mapping[str, type[Variability]], count: int) -> Model:
    numbers = range(1, count + 1)
    inputs = {f"occasion_{k}": Input(1.0 if k == 1 else 0.0, "1", f"1 while occasion {k} lasts") for k in numbers if count > 1}
    effects = {
        f"{name}_occasion_{k}": Parameter(0.0, model.parameters[name].unit if kind is Normal else "1", f"{name} in occasion {k}")
        for k in numbers
        for name, kind in kinds.items()
    }
    for taken in (set(effects) & {*model.parameters, *model.states}) | (set(inputs) & set(model.inputs)):
        raise ModelError(f"model {model.name} has a '{taken}' of its own, the name of an occasion's effect; rename it")
    for outcome, term in model.outcomes.items():
        for used in set(term.parameters(model.time)) & set(kinds):
            what = f"model {model.name}: parameter '{used}' of outcome '{outcome}' cannot change between occasions"
            raise ModelError(f"{what}; expected a variability between patients")
    now = partial(_now, kinds, count)
    first = partial(_in, kinds, 1)
    ends = first if count == 1 else partial(_refused, model, kinds)
    alter = partial(_altered, change=now, inputs=count > 1)
    still = partial(_altered, change=ends)

    def crossing(given: Crossing) -> Crossing:
        return replace(given, function=alter(given.function), after=still(given.after))

    phases = [
        replace(
            phase,
            rhs=alter(phase.rhs),
            until=crossing(phase.until) if isinstance(phase.until, Crossing) else still(phase.until),
            reset=alter(phase.reset),
        )
        for phase in model.phases
    ]
    tail = model.birth_death
    return replace(
        model,
        parameters={**model.parameters, **effects},
        inputs={**model.inputs, **inputs},
        initial=_altered(model.initial, first),
        phases=phases,
        rules=[replace(rule, when=crossing(rule.when)) for rule in model.rules],
        outputs={name: replace(output, function=alter(output.function)) for name, output in model.outputs.items()},
        dosing=_dosing(model, kinds, count),
        closed_form=_altered(model.closed_form, first),
        birth_death=None if tail is None else replace(tail, birth=alter(tail.birth), death=alter(tail.death)),
        conserved={},
    )


def _dosing(model: Model, kinds: Mapping[str, type[Variability]], count: int) -> dict[str, Dosing]:
    """Return the routes: where bioavailability or lag is a function of the parameters, one for each occasion."""
    found = {}
    for route, dosing in model.dosing.items():
        for k in range(1, count + 1 if _depends(dosing) else 2):
            change = partial(_in, kinds, k)
            name = route if k == 1 else f"{route}_occasion_{k}"
            found[name] = replace(dosing, bioavailability=_altered(dosing.bioavailability, change), lag=_altered(dosing.lag, change))
    return found


def _altered(function: Any, change: Callable[..., Any], *, inputs: bool = False) -> Any:
    """Return a function of the model that meets parameters as `change` says; what is no function, or asks for none, as it is."""
    if not callable(function) or "p" not in (names := list(inspect.signature(function).parameters)):
        return function
    asked = [*names, *(["u"] if inputs and "u" not in names else [])]

    def altered(*given: Any) -> Any:
        values = dict(zip(asked, given, strict=True))
        p, u = values["p"], values.get("u")
        values["p"] = _Changed(p, lambda name, value: change(p, u, name, value))
        return function(*(values[name] for name in names))

    signature = inspect.Signature([inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in asked])
    altered.__signature__ = signature  # type: ignore[attr-defined]
    return altered


def _now(kinds: Mapping[str, type[Variability]], count: int, p: Any, u: Any, name: str, value: Any) -> Any:
    """Return a parameter in the occasion that the inputs say."""
    if name not in kinds:
        return value
    if count == 1:
        return _moved(kinds[name], value, getattr(p, f"{name}_occasion_1"))
    terms = [getattr(u, f"occasion_{k}") * getattr(p, f"{name}_occasion_{k}") for k in range(1, count + 1)]
    return _moved(kinds[name], value, sum(terms[1:], terms[0]))


def _in(kinds: Mapping[str, type[Variability]], number: int, p: Any, u: Any, name: str, value: Any) -> Any:
    """Return a parameter in one occasion."""
    return _moved(kinds[name], value, getattr(p, f"{name}_occasion_{number}")) if name in kinds else value


def _refused(model: Model, kinds: Mapping[str, type[Variability]], p: Any, u: Any, name: str, value: Any) -> Any:
    if name in kinds:
        raise ModelError(
            f"model {model.name}: '{name}' sets a time at which a phase or a rule acts, which is known when the course starts, so that it "
            "cannot change between occasions; leave it out of occasions="
        )
    return value


def _moved(kind: type[Variability], value: Any, effect: Any) -> Any:
    """Return a value, a number or a symbol, moved by an effect on the scale of its variability."""
    if kind is LogNormal:
        return value * exp(effect)
    if kind is LogitNormal:
        return 1.0 / (1.0 + (1.0 / value - 1.0) * exp(-effect))
    return value + effect
