"""Steady states of an autonomous model and their stability, by multi-start Newton on the exact Jacobian of the traced graph.

States that can vanish together (their rates are then exactly zero) are set to zero in every combination; the others are searched in
logarithms, so that 1e-3 cells and 1e12 cells are equally near. The search is thorough, not a proof: an equilibrium that no start leads to
stays unseen. Stability is that of the linearised model: all eigenvalues left of zero (stable), all right (unstable), both (saddle).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autologue.engine.evaluate import evaluate
from autologue.engine.solve import Prepared, prepare, solve
from autologue.errors import InputError, ModelError, unknown
from autologue.model import Model
from autologue.population import Parametric, Population

__all__ = ["Equilibria", "Equilibrium", "Field", "autonomous", "find_equilibria", "search"]

Floats = NDArray[np.float64]
STARTS = 64  # starting points for each combination of states that vanish
STEPS = 200
LONGEST = 2.0  # largest change of a logarithm in one step
SPAN = (1e-9, 1e4)  # starts lie between these multiples of what the typical course reaches
EDGE = 1e12  # a state beyond this multiple, or below its inverse, has run away
SAME = 1e-6  # relative distance below which two equilibria are one
ZERO = 1e-9  # an eigenvalue within this share of the largest counts as zero
MOST_STATES = 12


@dataclass(frozen=True)
class Equilibrium:
    """One steady state: the states by name, the eigenvalues (per time unit of the model), and its kind in words."""

    states: Mapping[str, float]
    eigenvalues: NDArray[np.complex128]
    kind: str

    @property
    def stable(self) -> bool:
        """Whether small disturbances die out."""
        return self.kind.startswith("stable")

    @property
    def slowest(self) -> float:
        """The real part of the eigenvalue that decides how a small disturbance ends."""
        return float(self.eigenvalues.real.max())


@dataclass(frozen=True)
class Equilibria:
    """All steady states found for one parameter set, most populated last; the notes say what to bear in mind."""

    model: Model
    parameters: Mapping[str, float]
    found: tuple[Equilibrium, ...]
    notes: tuple[str, ...]

    def table(self) -> pd.DataFrame:
        """Return one row for each equilibrium: its kind, the deciding eigenvalue (per time unit), and a column for each state."""
        rows = [{"kind": e.kind, "slowest": e.slowest, **e.states} for e in self.found]
        return pd.DataFrame(rows, columns=["kind", "slowest", *self.model.states])


class Field:
    """The right-hand side and its Jacobian for many states at once, at one parameter set and constant inputs."""

    def __init__(self, ready: Prepared, parameters: Floats, inputs: Mapping[str, float]) -> None:
        self.ready, self.count = ready, len(ready.model.states)
        system = ready.system
        self.fixed: dict[str, Floats | float] = {f"p{i}": v for i, v in enumerate(parameters.tolist())}
        self.fixed |= {f"u{i}": inputs.get(n, u.value) for i, (n, u) in enumerate(ready.model.inputs.items())}
        self.fixed |= {f"r{i}": 0.0 for i in range(self.count)} | {"t": 0.0, "ph": 0.0}
        self.nodes = [*system.rhs, *(entry for row in system.jacobian for entry in row)]

    def __call__(self, y: Floats) -> tuple[Floats, Floats]:
        """Return the rates (points, states) and the Jacobian (points, states, states) at states (points, states)."""
        n = self.count
        values = evaluate(self.ready.system.graph, self.nodes, {**self.fixed, **{f"y{i}": y[:, i] for i in range(n)}})
        stacked = np.stack([np.broadcast_to(v, len(y)) for v in values], axis=1)
        return stacked[:, :n], stacked[:, n:].reshape(len(y), n, n)

    def rates(self, y: Floats) -> Floats:
        """Return the rates alone (points, states)."""
        values = evaluate(
            self.ready.system.graph, self.nodes[: self.count], {**self.fixed, **{f"y{i}": y[:, i] for i in range(self.count)}}
        )
        return np.stack([np.broadcast_to(v, len(y)) for v in values], axis=1)


def autonomous(model: Model) -> tuple[Model, tuple[str, ...]]:
    """Return the model whose equilibria can be asked for, and what was left out of it; raises ModelError where there are none to ask for."""
    if len(model.phases) > 1:
        raise ModelError(
            f"model {model.name} has {len(model.phases)} phases, so its rates change with time and it has no equilibria of its own; "
            "ask for those of a model with one phase"
        )
    notes = []
    if model.birth_death is not None:
        notes.append("the chance death of the last cells is left out: these are the equilibria of the mean")
        model = replace(model, birth_death=None)
    if any(s.extinct_below is not None for s in model.states.values()):
        notes.append("states that end for good when they fall below a limit are taken as if they did not")
    if model.rules:
        notes.append("feedback rules are left out: inputs stay as they are given")
        model = replace(model, rules=())
    if not prepare(model).system.autonomous():
        raise ModelError(f"the right-hand side of model {model.name} names the time, so it has no equilibria")
    if len(model.states) > MOST_STATES:
        raise ModelError(f"model {model.name} has {len(model.states)} states; equilibria are searched for up to {MOST_STATES}")
    return model, tuple(notes)


def find_equilibria(
    population: Population | Model, *, settings: Mapping[str, float] | None = None, inputs: Mapping[str, float] | None = None, seed: int = 0
) -> Equilibria:
    """Return the steady states of the typical patient, some parameters replaced by `settings` and inputs held at `inputs`.

    Raises ModelError for a model with phases or with time in its right-hand side, InputError for an unknown name.
    """
    whole = Parametric(model=population) if isinstance(population, Model) else population
    model, notes = autonomous(whole.model)
    parameters = set_parameters(whole, settings or {})
    for name in inputs or {}:
        if name not in model.inputs:
            raise InputError(f"model {model.name}: {unknown('input', name, model.inputs)}")
    field = Field(prepare(model), parameters, inputs or {})
    scale = reach(model, parameters)
    points, flat = search(field, scale, seed=seed)
    found = tuple(equilibrium(field, y) for y in points)
    if flat:
        notes = (*notes, "some equilibria form a line or a surface (one member of it is shown, its Jacobian is singular)")
    if not found:
        notes = (*notes, "no equilibrium was found")
    return Equilibria(model, dict(zip(model.parameters, parameters.tolist(), strict=True)), found, notes)


def set_parameters(population: Population, settings: Mapping[str, float]) -> Floats:
    """Return the typical values with some replaced; raises InputError for an unknown parameter."""
    order = list(population.model.parameters)
    values = population.typical_values()
    for name, value in settings.items():
        if name not in order:
            raise InputError(f"model {population.model.name}: {unknown('parameter', name, order)}")
        values[order.index(name)] = value
    return values


def reach(model: Model, parameters: Floats) -> Floats:
    """Return the largest size that each state reaches in the typical course (states,): what the search is scaled by."""
    times = np.linspace(0.0, model.horizon, 201)
    course = solve(model, parameters[None], times=times, outputs=[f"state:{n}" for n in model.states], workers=1).values[0]
    size = np.nanmax(np.abs(np.where(np.isfinite(course), course, np.nan)), axis=0, initial=0.0)
    return np.where(size > 0, size, max(float(size.max(initial=0.0)), 1.0))


def equilibrium(field: Field, y: Floats) -> Equilibrium:
    """Return the steady state at `y`, with its eigenvalues and its kind."""
    jacobian = field(y[None])[1][0]
    if not np.isfinite(jacobian).all():
        values = np.full(len(y), np.nan + 0j)
        return Equilibrium(dict(zip(field.ready.model.states, y.tolist(), strict=True)), values, "undecided: no linear part there")
    values = np.linalg.eigvals(jacobian).astype(complex)
    values = values[np.argsort(-values.real)]
    return Equilibrium(dict(zip(field.ready.model.states, y.tolist(), strict=True)), values, _kind(values))


def _kind(values: NDArray[np.complex128]) -> str:
    largest = np.abs(values).max(initial=0.0)
    right, zero = values.real > ZERO * largest, np.abs(values.real) <= ZERO * largest
    if zero.any():
        some = "eigenvalues lie on the imaginary axis" if (np.abs(values.imag[zero]) > ZERO * largest).any() else "an eigenvalue is zero"
        return f"unstable, and {some}" if right.any() else f"undecided: {some}"
    spiral = " (spiral)" if (np.abs(values.imag) > ZERO * largest).any() else ""
    return f"{'unstable' if right.all() else 'saddle' if right.any() else 'stable'}{spiral}"


def search(
    field: Field, scale: Floats, *, seed: int = 0, count: int = STARTS, near: Floats | None = None
) -> tuple[Floats, bool]:
    """Return the equilibria (found, states), smallest first, and whether some are not isolated.

    `count` starts are drawn for each combination of states that vanish; `near` adds starts (points, states).
    """
    signed = np.array([s.signed for s in field.ready.model.states.values()])
    random = np.random.default_rng(seed)
    found: list[Floats] = []
    flat = False
    for zero in _faces(field, scale, signed, random):
        free = np.flatnonzero(~zero)
        starts = np.zeros((count, field.count))
        low, high = np.log10(SPAN[0]), np.log10(SPAN[1])
        starts[:, free] = scale[free] * 10 ** random.uniform(low, high, (count, len(free)))
        starts[: count // 2, free] = scale[free] * 10 ** random.uniform(-4, 1, (count // 2, len(free)))
        starts[:, signed & ~zero] *= random.choice([-1.0, 1.0], (count, int((signed & ~zero).sum())))
        if near is not None:
            kept = near[((near != 0) == ~zero).all(axis=1)]
            starts = np.vstack([kept, starts])
        for y in _newton(field, starts, free, signed, scale) if len(free) else starts[:1]:
            rates, jacobian = field(y[None])
            if not np.isfinite(rates).all():
                continue
            alone = _isolated(jacobian[0][np.ix_(free, free)], y[free], scale[free])
            flat |= not alone
            if not any(_same(y, other, scale, alone=alone) for other in found):
                found.append(y)
    found.sort(key=lambda y: (np.count_nonzero(y), float(np.log(np.abs(y[y != 0])).sum())))
    return np.array(found).reshape(len(found), field.count), flat


def _isolated(jacobian: Floats, y: Floats, scale: Floats) -> bool:
    if not len(y) or not np.isfinite(jacobian).all():
        return True
    singular = np.linalg.svd(jacobian * np.where(y != 0, np.abs(y), scale), compute_uv=False)
    rows = np.abs(jacobian * y).sum(axis=1).max(initial=0.0)
    return bool(singular[-1] > 1e-10 * max(rows, 1e-300))


def _same(y: Floats, other: Floats, scale: Floats, *, alone: bool) -> bool:
    if ((y == 0) != (other == 0)).any():
        return False
    near = np.abs(y - other) <= SAME * np.maximum(np.maximum(np.abs(y), np.abs(other)), 1e-12 * scale)
    return bool(near.all()) or not alone


def _faces(field: Field, scale: Floats, signed: NDArray[np.bool_], random: np.random.Generator) -> Iterator[NDArray[np.bool_]]:
    """Yield the sets of states that can be zero together, whatever the others are: their rates are then exactly zero."""
    n = field.count
    points = scale * 10 ** random.uniform(-3, 1, (5, n))
    may = [i for i in range(n) if not signed[i]]
    for size in range(len(may) + 1):
        for members in combinations(may, size):
            zero = np.zeros(n, dtype=bool)
            zero[list(members)] = True
            there = points.copy()
            there[:, zero] = 0.0
            if (field.rates(there)[:, zero] == 0).all():
                yield zero


def _newton(field: Field, starts: Floats, free: NDArray[np.int64], signed: NDArray[np.bool_], scale: Floats) -> Floats:
    """Return the equilibria that damped Newton reaches: in logarithms, or in the value itself for states that may be negative."""
    y, log = starts.copy(), ~signed[free]
    alive = np.ones(len(y), dtype=bool)
    done = np.zeros(len(y), dtype=bool)
    damping = np.full(len(y), 1e-2)
    residual, slope = _scaled(field, y, free, log, scale)
    for _ in range(STEPS):
        todo = np.flatnonzero(alive & ~done)
        if not len(todo):
            break
        step, exact = _steps(residual[todo], slope[todo], damping[todo])
        tried = y[todo].copy()
        tried[:, free] = np.where(log, y[todo][:, free] * np.exp(np.where(log, step, 0.0)), y[todo][:, free] + step * scale[free])
        new, slopes = _scaled(field, tried, free, log, scale)
        better = np.isfinite(new).all(axis=1) & ((new**2).sum(axis=1) <= (residual[todo] ** 2).sum(axis=1))
        damping[todo] = np.where(better, damping[todo] / 5, damping[todo] * 4)
        rows = todo[better]
        y[rows], residual[rows], slope[rows] = tried[better], new[better], slopes[better]
        done[todo] = (np.abs(exact).max(axis=1) < 1e-10) & np.isfinite(exact).all(axis=1)
        share = np.abs(y[:, free]) / scale[free]
        alive = (damping < 1e12) & ((share < EDGE) & ((share > 1 / EDGE) | ~log)).all(axis=1)
    polished = np.unique(y[alive & done], axis=0)
    return polished[_balanced(field, polished, free)] if len(polished) else polished


def _balanced(field: Field, y: Floats, free: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return where what comes and goes is equal: a singular Jacobian stops Newton elsewhere, too."""
    rates, jacobian = field(y)
    turnover = (np.abs(jacobian) * np.abs(y)[:, None, :]).sum(axis=2)
    fine = np.abs(rates[:, free]) <= 1e-9 * turnover[:, free]
    return np.asarray(fine.all(axis=1))


def _scaled(field: Field, y: Floats, free: NDArray[np.int64], log: NDArray[np.bool_], scale: Floats) -> tuple[Floats, Floats]:
    """Return residuals (points, free), rates per head or per scale, and their derivatives with respect to the searched coordinates."""
    rates, jacobian = field(y)
    part, by = y[:, free], np.where(log, y[:, free], scale[free])
    with np.errstate(all="ignore"):
        residual = rates[:, free] / by
        slope = jacobian[:, free][:, :, free] * np.where(log, part, scale[free])[:, None, :] / by[:, :, None]
        places = np.arange(len(free))
        slope[:, places, places] -= np.where(log, residual, 0.0)
    return residual, slope


def _steps(residual: Floats, slope: Floats, damping: Floats) -> tuple[Floats, Floats]:
    """Return damped steps (Levenberg-Marquardt, bounded) and plain Newton steps, which say how near the solution is."""
    safe = np.where(np.isfinite(slope), slope, 0.0)
    size = np.abs(safe).max(axis=(1, 2), initial=1e-300)
    unit, right = safe / size[:, None, None], np.nan_to_num(residual) / size[:, None]
    normal = np.swapaxes(unit, 1, 2) @ unit
    eye = np.eye(unit.shape[1])
    step = -np.linalg.solve(normal + np.maximum(damping, 1e-14)[:, None, None] * eye, np.swapaxes(unit, 1, 2) @ right[:, :, None])[:, :, 0]
    exact = -(np.linalg.pinv(unit) @ right[:, :, None])[:, :, 0]
    longest = np.abs(step).max(axis=1, keepdims=True)
    return step * np.minimum(1.0, LONGEST / np.maximum(longest, 1e-300)), exact


