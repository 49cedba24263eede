"""A slow, plain solver of any model, independent of the engine: what the engine is held against.

It calls the functions of the model on ordinary floats and hands them to scipy, piece by piece between stop times. It knows
phases (ended by time, parameter or state, with resets), boluses and infusions with lag and bioavailability, inputs and
extinction. It knows neither rules, nor birth-death tails, nor doses at steady state, and says so.

Order at one time: the end of a phase and its reset, then inputs, then doses, then extinction. Values are right-continuous.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import solve_ivp

from autologue import units
from autologue.errors import InputError, ModelError, SolveError, unknown
from autologue.model import Crossing, Dosing, Function, Model, Names, Phase, call
from autologue.regimen import Bolus, Infusion, Level, Regimen

__all__ = ["observe_reference", "solve_reference"]

Floats = NDArray[np.float64]
_MOST_EVALUATIONS = 1_000_000  # of the right-hand side, in one run: a broken model ends with a sentence, not never
_RELATIVE_ONLY = 1e-40  # absolute tolerance of a state that has none: below any cell count, above underflow


@dataclass(frozen=True, slots=True)
class _Plan:
    """All that happens at known times: boluses (time, state, amount), infusions (start, end, state, rate), levels, stop times."""

    boluses: tuple[tuple[float, int, float], ...]
    infusions: tuple[tuple[float, float, int, float], ...]
    levels: tuple[tuple[float, float, str, float], ...]
    stops: tuple[float, ...]

    def rates(self, t: float, count: int) -> Floats:
        """Return the infusion rate into each of `count` states just after time t."""
        rates = np.zeros(count)
        for start, end, state, rate in self.infusions:
            if start <= t < end:
                rates[state] += rate
        return rates

    def inputs(self, model: Model, t: float) -> dict[str, float]:
        """Return the inputs just after time t: of two levels that overlap, the one that began later counts."""
        values = {name: float(given.value) for name, given in model.inputs.items()}
        for start, end, name, value in self.levels:
            if start <= t < end:
                values[name] = value
        return values


def solve_reference(
    model: Model,
    parameters: Mapping[str, float],
    times: ArrayLike,
    *,
    regimen: Regimen | None = None,
    rtol: float = 1e-10,
    absolute: float = 1e-3,
    method: str = "LSODA",
) -> dict[str, Floats]:
    """Return each state at `times` (n,), in the model's time unit, from 0 on and in order; parameters left out are typical.

    `regimen` None means the model's own. `absolute` is a factor on the absolute tolerances that states declare, as in
    `Solver`. `method` is one of scipy's solve_ivp. Raises ModelError where the model has rules or
    a birth-death tail, InputError for unusable times or regimens, SolveError where scipy gives up.
    """
    wanted = _checked_times(times)
    _refuse(model)
    values, _ = _Run(model, parameters, regimen, rtol, absolute, method).until(wanted)
    return {name: values[:, i] for i, name in enumerate(model.states)}


def observe_reference(
    model: Model,
    parameters: Mapping[str, float],
    times: ArrayLike,
    *,
    regimen: Regimen | None = None,
    rtol: float = 1e-10,
    absolute: float = 1e-3,
    method: str = "LSODA",
) -> dict[str, Floats]:
    """Return each output at `times` (n,), without residual error; arguments and errors as in `solve_reference`."""
    wanted = _checked_times(times)
    _refuse(model)
    run = _Run(model, parameters, regimen, rtol, absolute, method)
    values, inputs = run.until(wanted)
    found = {name: np.empty(len(wanted)) for name in model.outputs}
    for k, t in enumerate(wanted):
        y = Names("state", dict(zip(model.states, map(float, values[k]), strict=True)))
        for name, output in model.outputs.items():
            found[name][k] = call(output.function, t=float(t), y=y, p=run.p, u=Names("input", inputs[k]))
    return found


def _checked_times(times: ArrayLike) -> Floats:
    wanted = np.atleast_1d(np.asarray(times, dtype=float))
    if wanted.ndim != 1 or not len(wanted) or not np.isfinite(wanted).all() or (np.diff(wanted) < 0).any() or wanted[0] < 0:
        raise InputError("times must be finite, in order and from 0 on, at least one of them")
    return wanted


def _refuse(model: Model) -> None:
    for field, what in (("rules", "rules"), ("birth_death", "a birth-death tail")):
        if getattr(model, field):
            remedy = f"give it dataclasses.replace(model, {field}=...) without"
            raise ModelError(f"model {model.name} has {what}, which the reference solver does not know; {remedy}")


def _of_parameters(value: float | Function, p: Names) -> float:
    return float(call(value, p=p)) if callable(value) else float(value)


def _plan(model: Model, p: Names, regimen: Regimen | None) -> _Plan:
    chosen = regimen if regimen is not None else model.regimen
    boluses, infusions, levels = [], [], []
    events = chosen.events if chosen is not None else ()
    scale = units.convert(1.0, chosen.time, model.time, what="the time of the regimen") if chosen is not None and chosen.time else 1.0
    for event in events:
        if isinstance(event, Level):
            if event.input not in model.inputs:
                raise InputError(f"model {model.name}: {unknown('input', event.input, model.inputs)}")
            levels.append((event.time * scale, event.until * scale, event.input, float(event.value)))
            continue
        state, start, amount = _arrival(model, p, event, scale)
        for k in range(event.additional + 1):
            at = start + k * event.every * scale
            if isinstance(event, Bolus):
                boluses.append((at, state, amount))
            else:
                infusions.append((at, at + event.duration * scale, state, amount / (event.duration * scale)))
    timed = [_of_parameters(phase.until, p) for phase in model.phases if phase.until is not None and not isinstance(phase.until, Crossing)]
    after = [_of_parameters(phase.until.after, p) for phase in model.phases if isinstance(phase.until, Crossing)]
    stops = {*timed, *after, *(b[0] for b in boluses), *(t for i in infusions for t in i[:2]), *(t for x in levels for t in x[:2])}
    starts = [*(b[0] for b in boluses), *(i[0] for i in infusions), *(x[0] for x in levels)]
    if starts and min(starts) < 0:
        raise InputError(f"the regimen begins at {min(starts):g}, before the model's time zero; shift it to 0 or later")
    return _Plan(tuple(sorted(boluses)), tuple(infusions), tuple(sorted(levels, key=lambda x: x[0])), tuple(sorted(stops)))


def _arrival(model: Model, p: Names, event: Bolus | Infusion, scale: float) -> tuple[int, float, float]:
    """Return state index, time of arrival and amount that arrives, of the first dose of an event."""
    if event.into not in model.dosing:
        raise InputError(f"model {model.name}: {unknown('dosing route', event.into, model.dosing)}")
    if event.steady_state:
        raise ModelError("the reference solver does not know doses at steady state; give the earlier doses one by one")
    route: Dosing = model.dosing[event.into]
    amount = units.convert(event.amount, event.unit, model.states[route.state].unit, what=f"dose into '{event.into}'")
    share = _of_parameters(route.bioavailability, p)
    return list(model.states).index(route.state), event.time * scale + _of_parameters(route.lag, p), amount * share


def _read(given: Any, model: Model, what: str, base: Floats | None = None) -> Floats:
    """Return a dict of the model's functions as an array (states,); `base` fills states that a reset leaves out."""
    if not isinstance(given, Mapping):
        raise ModelError(f"model {model.name}: {what} returns {type(given).__name__}; expected a dict of states")
    wrong = [name for name in given if name not in model.states]
    if wrong:
        raise ModelError(f"model {model.name}, {what}: {unknown('state', wrong[0], model.states)}")
    missing = [name for name in model.states if name not in given]
    if missing and base is None:
        raise ModelError(f"model {model.name}: {what} gives no value for state '{missing[0]}'")
    filled = {} if base is None else dict(zip(model.states, base, strict=True))
    return np.array([float(given.get(name, filled.get(name, 0.0))) for name in model.states])


class _Run:
    """One patient, from time 0 on, stop by stop."""

    def __init__(
        self, model: Model, parameters: Mapping[str, float], regimen: Regimen | None, rtol: float, absolute: float, method: str
    ) -> None:
        self.model, self.rtol, self.method = model, rtol, method
        self.p = Names("parameter", model.with_typical(**parameters))
        self.plan = _plan(model, self.p, regimen)
        self.atol = np.array([s.absolute * absolute if s.absolute else _RELATIVE_ONLY for s in model.states.values()])
        self.signed = np.array([s.signed for s in model.states.values()])
        self.least = np.array([s.extinct_below or 0.0 for s in model.states.values()])
        self.t, self.phase, self.given, self.evaluations = 0.0, 0, 0, 0
        self.u = self.plan.inputs(model, 0.0)
        self.y = _read(self._call(model.initial, 0.0, np.zeros(len(self.atol))), model, "initial")
        self.gone = np.zeros(len(self.atol), dtype=bool)

    def _call(self, function: Function, t: float, y: Floats) -> Any:
        names = Names("state", dict(zip(self.model.states, map(float, y), strict=True)))
        return call(function, t=t, y=names, p=self.p, u=Names("input", self.u))

    def until(self, wanted: Floats) -> tuple[Floats, list[dict[str, float]]]:
        """Return states (n, states) and inputs at the wanted times."""
        values, end = np.empty((len(wanted), len(self.y))), float(wanted[-1])
        inputs: list[dict[str, float]] = []
        while True:
            self._happen()
            later = [stop for stop in self.plan.stops if stop > self.t]
            here = wanted[len(inputs) :]
            if self.t >= end:
                values[len(inputs) :] = self.y
                return values, [*inputs, *({**self.u} for _ in here)]
            start, u = self.t, {**self.u}
            curve = self._advance(min([*later, end]))
            for t in here[here < self.t]:
                values[len(inputs)] = curve(t - start)
                inputs.append(u)

    def _happen(self) -> None:
        """Do all that is due at the present time."""
        phases = self.model.phases
        while self.phase < len(phases) - 1 and self._ended(phases[self.phase]):
            self._leave(phases[self.phase])
        self.u = self.plan.inputs(self.model, self.t)
        while self.given < len(self.plan.boluses) and self.plan.boluses[self.given][0] <= self.t:
            _, state, amount = self.plan.boluses[self.given]
            self.y[state] += amount
            self.given += 1
        self.gone = (self.y < self.least) & (self.plan.rates(self.t, len(self.y)) == 0)
        self.y[self.gone] = 0.0

    def _ended(self, phase: Phase) -> bool:
        return not isinstance(phase.until, Crossing) and phase.until is not None and _of_parameters(phase.until, self.p) <= self.t

    def _leave(self, phase: Phase) -> None:
        if phase.reset is not None:
            self.y = _read(self._call(phase.reset, self.t, self.y), self.model, "reset", base=self.y)
        self.phase += 1

    def _slope(self, t: float, y: Floats, rates: Floats) -> Floats:
        """Return the derivative; states that cannot be negative are read as at least zero, extinct ones stay."""
        seen = np.where(self.signed, y, np.maximum(y, 0.0))
        self.evaluations += 1
        if self.evaluations > _MOST_EVALUATIONS or not np.isfinite(y).all():
            why = "a state is no longer finite" if self.evaluations <= _MOST_EVALUATIONS else f"more than {_MOST_EVALUATIONS:,} evaluations"
            raise SolveError(f"model {self.model.name} cannot be solved beyond time {t:.6g}: {why}")
        try:
            slope = _read(self._call(self.model.phases[self.phase].rhs, t, seen), self.model, "the right-hand side") + rates
        except (ArithmeticError, ValueError) as problem:
            where = ", ".join(f"{n}={v:.6g}" for n, v in zip(self.model.states, seen, strict=True))
            raise SolveError(f"model {self.model.name}: the right-hand side fails at time {t:.6g} with {where} ({problem})") from None
        slope[self.gone] = 0.0
        return slope

    def _advance(self, stop: float) -> Any:
        """Go on to `stop`, or to the first event before it; return the curve, in time since the start of the piece."""
        start, rates = self.t, self.plan.rates(self.t, len(self.y))
        watched = self._watched(start)
        found = solve_ivp(
            lambda s, y: self._slope(start + s, y, rates), (0.0, stop - start), self.y, method=self.method, rtol=self.rtol, atol=self.atol,
            dense_output=True, events=[event for event, _ in watched] or None,
        )  # fmt: skip
        if found.status < 0 or not np.isfinite(found.y).all():
            raise SolveError(f"model {self.model.name} cannot be solved beyond time {start + found.t[-1]:.6g}: {found.message}")
        self.t, self.y = (stop if found.status == 0 else start + float(found.t[-1])), found.y[:, -1].copy()
        if found.status == 1:
            hit = next(state for (_, state), at in zip(watched, found.t_events, strict=True) if len(at))
            if hit is None:
                self._leave(self.model.phases[self.phase])
            else:
                self.y[hit] = 0.0
        return found.sol

    def _watched(self, start: float) -> list[tuple[Any, int | None]]:
        """Return the events of the next piece with the state each one ends (None: the phase)."""
        events: list[tuple[Any, int | None]] = []
        until = self.model.phases[self.phase].until
        if isinstance(until, Crossing) and self.phase < len(self.model.phases) - 1 and _of_parameters(until.after, self.p) <= start:
            direction = 1.0 if until.direction == "rising" else -1.0
            events.append((_event(lambda s, y: float(self._call(until.function, start + s, y)), direction), None))
        for i in np.flatnonzero((self.least > 0) & ~self.gone):
            level = float(self.least[i])
            events.append((_event(lambda s, y, i=i, level=level: math.log(max(y[i], 1e-300) / level), -1.0), int(i)))
        return events


def _event(function: Any, direction: float) -> Any:
    """Return a terminal event of solve_ivp; the logarithm keeps a root among cells well scaled."""

    def event(s: float, y: Floats) -> float:
        return float(function(s, y))

    event.terminal, event.direction = True, direction  # type: ignore[attr-defined]
    return event
