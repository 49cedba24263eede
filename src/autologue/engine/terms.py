"""The outcomes of a model as states and outputs: what the engine solves, so that it knows one mechanism only.

A hazard that follows the course is integrated as one more state, under the same error control, with the same sensitivities through
phase ends; one that does not has a closed form. An exposure is a state too, and a peak one that follows a rise and never falls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from autologue.functions import exp, maximum
from autologue.model import Model, Output, Phase, State, call
from autologue.terms import Current, Exposure, Hazard, Link, Peak
from autologue.terms.categories import Category
from autologue.terms.counts import Count

__all__ = ["with_outcomes"]

Function = Callable[..., Any]
TOLERANCE = 1e-9  # of a cumulative hazard


def with_outcomes(model: Model) -> Model:
    """Return the model with a state and an output for each number that its outcomes read; the model itself where it has none."""
    if not model.outcomes:
        return model
    states, rates, starts = _summaries(model)
    outputs: dict[str, Output] = {}
    for name, outcome in model.outcomes.items():
        if isinstance(outcome, Hazard):
            _add_hazard(model, name, outcome, states, rates, starts, outputs)
        elif isinstance(outcome, Count):
            _add_count(model, name, outcome, outputs)
        elif isinstance(outcome, Category):
            _add_category(model, name, outcome, outputs)
    phases = [Phase(_rates(phase.rhs, rates), phase.until, phase.reset) for phase in model.phases] if states else model.phases
    return replace(
        model, outcomes={}, states={**model.states, **states}, outputs={**model.outputs, **outputs}, phases=phases,
        initial=_initial(model.initial, starts) if states else model.initial, closed_form=None if states else model.closed_form,
    )  # fmt: skip


def _read(model: Model, name: str) -> Function:
    """Return the function of an output, or of a state."""
    if name in model.outputs:
        return model.outputs[name].function
    return lambda y: getattr(y, name)


def _key(link: Link) -> str:
    kind = "exposure" if isinstance(link.summary, Exposure) else "peak"
    lag = f"_{link.summary.lag:g}".replace(".", "_").replace("-", "_") if isinstance(link.summary, Peak) else ""
    return f"{kind}_of_{link.of}{lag}"


def _summaries(model: Model) -> tuple[dict[str, State], dict[str, Function], dict[str, Function]]:
    """Return the states of exposures and peaks, the rate of each, and where each starts."""
    states, rates, starts = dict[str, State](), dict[str, Function](), dict[str, Function]()
    for link in (link for outcome in model.outcomes.values() for link in outcome.links):
        if isinstance(link.summary, Current) or _key(link) in states:
            continue
        key, read = _key(link), _read(model, link.of)
        unit = model.outputs[link.of].unit if link.of in model.outputs else model.states[link.of].unit
        if isinstance(link.summary, Exposure):
            states[key] = State(f"({unit})*{model.time}", f"exposure to {link.of}", signed=True)
            rates[key] = read
            starts[key] = lambda: 0.0
        else:
            states[key] = State(unit, f"peak of {link.of}", signed=True)
            rates[key] = _rising(read, key, link.summary.lag)
            starts[key] = read
    return states, rates, starts


def _rising(read: Function, key: str, lag: float) -> Function:
    def rate(t: Any, y: Any, p: Any, u: Any) -> Any:
        return maximum(call(read, t=t, y=y, p=p, u=u) - getattr(y, key), 0.0) / lag

    return rate


def _values(model: Model, links: tuple[Link, ...], t: Any, y: Any, p: Any, u: Any) -> dict[Link, Any]:
    """Return what each link reads, on its scale."""
    found = {}
    for link in links:
        summed = not isinstance(link.summary, Current)
        found[link] = link.scale.of(getattr(y, _key(link)) if summed else call(_read(model, link.of), t=t, y=y, p=p, u=u))
    return found


def _add_hazard(
    model: Model, name: str, hazard: Hazard, states: dict[str, State], rates: dict[str, Function], starts: dict[str, Function],
    outputs: dict[str, Output],
) -> None:  # fmt: skip
    def ratio(t: Any, y: Any, p: Any, u: Any) -> Any:
        return exp(hazard.linked(0.0, _values(model, hazard.links, t, y, p, u), p))

    def rate(t: Any, y: Any, p: Any, u: Any) -> Any:
        return hazard.hazard(t, p) * (ratio(t, y, p, u) if hazard.links else 1.0)

    def start(t: Any, y: Any, p: Any, u: Any) -> Any:
        return hazard.missed(p) * ratio(t, y, p, u)

    instant, total = hazard.outputs(name)
    outputs[instant] = Output(rate, f"1/{model.time}", meaning=f"hazard of {name}")
    if not hazard.links:
        outputs[total] = Output(hazard.cumulative, "1", meaning=f"cumulative hazard of {name}")
        return
    key = f"accrued_{name}"
    states[key] = State("1", f"cumulative hazard of {name}", absolute=TOLERANCE, signed=True)
    rates[key], starts[key] = rate, start
    outputs[total] = Output(lambda y: getattr(y, key), "1", meaning=f"cumulative hazard of {name}")


def _add_count(model: Model, name: str, count: Count, outputs: dict[str, Output]) -> None:
    def mean(t: Any, y: Any, p: Any, u: Any) -> Any:
        return count.expected(_values(model, count.links, t, y, p, u), p)

    names = count.outputs(name)
    outputs[names[0]] = Output(mean, "1", meaning=f"mean of {name}")
    if len(names) > 1:
        outputs[names[1]] = Output(lambda p: count.spread(p), "1", meaning=f"dispersion of {name}")


def _add_category(model: Model, name: str, category: Category, outputs: dict[str, Output]) -> None:
    def threshold(k: int) -> Function:
        def logit(t: Any, y: Any, p: Any, u: Any) -> Any:
            return category.thresholds(p)[k] - category.linked(0.0, _values(model, category.links, t, y, p, u), p)

        return logit

    for k, each in enumerate(category.outputs(name)):
        outputs[each] = Output(threshold(k), "1", meaning=f"log odds of {name} at most {k}")


def _rates(rhs: Function, rates: Mapping[str, Function]) -> Function:
    def whole(t: Any, y: Any, p: Any, u: Any) -> dict[str, Any]:
        return {**call(rhs, t=t, y=y, p=p, u=u), **{key: call(rate, t=t, y=y, p=p, u=u) for key, rate in rates.items()}}

    return whole


class _Started:
    """The states at the start, and where they have none of their own yet, those of the summaries before them."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def __getattr__(self, name: str) -> Any:
        return self._values[name]


def _initial(initial: Function, starts: Mapping[str, Function]) -> Function:
    def whole(p: Any, u: Any) -> dict[str, Any]:
        found = dict(call(initial, p=p, u=u))
        for key, start in starts.items():  # exposures and peaks come before the hazards that read them
            found[key] = call(start, t=0.0, y=_Started(found), p=p, u=u)
        return found

    return whole
