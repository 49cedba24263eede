"""Steady states of an autonomous model and their stability, by multi-start Newton on the exact Jacobian of the traced graph.

States that can vanish together (their rates are then exactly zero) are set to zero in every combination; the others are searched in
logarithms, so that 1e-3 cells and 1e12 cells are equally near. The search is thorough, not a proof: an equilibrium that no start leads to
stays unseen. Stability is that of the linearised model: all eigenvalues left of zero (stable), all right (unstable), both (saddle).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

__all__ = ["Equilibria", "Equilibrium", "Field", "autonomous", "equilibria", "find_equilibria", "reach", "search"]

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
STARTS = 64  # starting points for each combination of states that vanish
STEPS = 120
LONGEST = 2.0  # largest change of a logarithm in one step
SPAN = (1e-9, 1e4)  # starts lie between these multiples of what the typical course reaches
EDGE = 1e12  # a state beyond this multiple, or below its inverse, has run away
SAME = 1e-6  # relative distance below which two equilibria are one
ZERO = 1e-12  # an eigenvalue within this share of the largest counts as zero
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
    """The right-hand side and its Jacobian at many states at once, each with one of the parameter sets (sets, parameters)."""

    def __init__(self, ready: Prepared, parameters: Floats, inputs: Mapping[str, float]) -> None:
        self.ready, self.parameters, self.count = ready, parameters, len(ready.model.states)
        system = ready.system
        self.fixed: dict[str, Floats | float] = {f"u{i}": inputs.get(n, u.value) for i, (n, u) in enumerate(ready.model.inputs.items())}
        self.fixed |= {f"r{i}": 0.0 for i in range(self.count)} | {"t": 0.0, "ph": 0.0}
        self.nodes = [*system.rhs, *(entry for row in system.jacobian for entry in row)]

    def __call__(self, y: Floats, owner: Places) -> tuple[Floats, Floats]:
        """Return the rates (points, states) and the Jacobian (points, states, states) at states (points, states) of sets `owner`."""
        n = self.count
        stacked = self._evaluated(len(self.nodes), y, owner)
        return stacked[:, :n], stacked[:, n:].reshape(len(y), n, n)

    def rates(self, y: Floats, owner: Places) -> Floats:
        """Return the rates alone (points, states)."""
        return self._evaluated(self.count, y, owner)

    def _evaluated(self, nodes: int, y: Floats, owner: Places) -> Floats:
        values = {f"y{i}": y[:, i] for i in range(self.count)} | {f"p{i}": column[owner] for i, column in enumerate(self.parameters.T)}
        found = evaluate(self.ready.system.graph, self.nodes[:nodes], {**self.fixed, **values})
        stacked = np.empty((len(y), nodes))
        for k, each in enumerate(found):
            stacked[:, k] = each
        return stacked


def autonomous(model: Model) -> tuple[Model, tuple[str, ...]]:
    """Return the model whose equilibria can be asked for, and what was left out of it; raises ModelError where it has none."""
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
    field = Field(prepare(model), parameters[None], inputs or {})
    (points,), lines = search(field, reach(model, parameters[None]), seed=seed)
    found = tuple(equilibria(field, points, np.zeros(len(points), dtype=np.int64)))
    if lines[0]:
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
    """Return the largest size that each state reaches in the course of each set (sets, states): what the search is scaled by."""
    times = np.linspace(0.0, model.horizon, 101)
    course = solve(model, parameters, times=times, outputs=[f"state:{n}" for n in model.states]).values
    size: Floats = np.abs(np.where(np.isfinite(course), course, 0.0)).max(axis=1)
    return np.asarray(np.where(size > 0, size, np.maximum(size.max(axis=1, keepdims=True), 1.0)))


def equilibria(field: Field, points: Floats, owner: Places) -> list[Equilibrium]:
    """Return the steady states at points (points, states) of sets `owner`, with eigenvalues and kinds."""
    found = []
    for y, jacobian in zip(points, field(points, owner)[1] if len(points) else [], strict=True):
        states = dict(zip(field.ready.model.states, y.tolist(), strict=True))
        if not np.isfinite(jacobian).all():
            found.append(Equilibrium(states, np.full(len(y), complex(np.nan)), "undecided: no linear part there"))
            continue
        values = np.linalg.eigvals(jacobian).astype(complex)
        found.append(Equilibrium(states, values[np.argsort(-values.real)], _kind(values)))
    return found


def _kind(values: NDArray[np.complex128]) -> str:
    largest = np.abs(values).max(initial=0.0)
    right, zero = values.real > ZERO * largest, np.abs(values.real) <= ZERO * largest
    if zero.any():
        some = "eigenvalues lie on the imaginary axis" if (np.abs(values.imag[zero]) > ZERO * largest).any() else "an eigenvalue is zero"
        return f"unstable, and {some}" if right.any() else f"undecided: {some}"
    spiral = " (spiral)" if (np.abs(values.imag) > ZERO * largest).any() else ""
    return f"{'unstable' if right.all() else 'saddle' if right.any() else 'stable'}{spiral}"


def search(
    field: Field, scale: Floats, *, seed: int = 0, count: int = STARTS, near: Sequence[Floats] | None = None
) -> tuple[list[Floats], list[bool]]:
    """Return the equilibria (found, states) of each set, smallest first, and whether some of them are not isolated.

    `count` starts are drawn for each combination of states that vanish; `near` adds starts (points, states) to each set.
    """
    signed = np.array([s.signed for s in field.ready.model.states.values()])
    random = np.random.default_rng(seed)
    faces = _faces(field, scale[0], signed, random)
    starts, owner = _starts(faces, scale, signed, count, random)
    if near is not None:
        starts = np.vstack([starts, *near])
        owner = np.concatenate([owner, *(np.full(len(each), k) for k, each in enumerate(near))])
    points, owner = _newton(field, starts, owner.astype(np.int64), signed, scale)
    found, lines = [], []
    isolated = _isolated(field, points, owner, scale)
    for k in range(len(scale)):
        own, line = list[Floats](), False
        for y, alone in zip(points[owner == k], isolated[owner == k], strict=True):
            line |= not alone
            if not any(_same(y, other, scale[k], alone=bool(alone)) for other in own):
                own.append(y)
        own.sort(key=lambda y: (np.count_nonzero(y), float(np.log(np.abs(y[y != 0])).sum())))
        found.append(np.array(own).reshape(len(own), field.count))
        lines.append(line)
    return found, lines


def _starts(
    faces: Sequence[NDArray[np.bool_]], scale: Floats, signed: NDArray[np.bool_], count: int, random: np.random.Generator
) -> tuple[Floats, Places]:
    """Return starts for every set and face: half of them wide, half around what the course reaches; and the set of each."""
    sets, n = scale.shape
    low, high = np.log10(SPAN[0]), np.log10(SPAN[1])
    found = []
    for zero in faces:
        if zero.all():
            found.append(np.zeros((1, n)))
            continue
        power = random.uniform(low, high, (count, n))
        power[: count // 2] = random.uniform(-4, 1, (count // 2, n))
        sign = np.where(signed, random.choice([-1.0, 1.0], (count, n)), 1.0)
        found.append(np.where(zero, 0.0, sign * 10**power))
    each = np.vstack(found)
    return (scale[:, None, :] * each[None]).reshape(-1, n), np.repeat(np.arange(sets), len(each))


def _isolated(field: Field, points: Floats, owner: Places, scale: Floats) -> NDArray[np.bool_]:
    """Return where the Jacobian among the states that are there is regular."""
    if not len(points):
        return np.zeros(0, dtype=bool)
    size = np.where(points != 0, np.abs(points), scale[owner])
    jacobian = np.nan_to_num(field(points, owner)[1], posinf=0.0, neginf=0.0) * size[:, None, :]
    alone = np.ones(len(points), dtype=bool)
    for k, y in enumerate(points):
        free = np.flatnonzero(y)
        if len(free):
            part = jacobian[k][np.ix_(free, free)]
            rows = np.abs(part).sum(axis=1, keepdims=True)
            alone[k] = bool((rows > 0).all() and np.linalg.svd(part / rows, compute_uv=False)[-1] > 1e-10)
    return alone


def _same(y: Floats, other: Floats, scale: Floats, *, alone: bool) -> bool:
    if ((y == 0) != (other == 0)).any():
        return False
    near = np.abs(y - other) <= SAME * np.maximum(np.maximum(np.abs(y), np.abs(other)), 1e-12 * scale)
    return bool(near.all()) or not alone


def _faces(field: Field, scale: Floats, signed: NDArray[np.bool_], random: np.random.Generator) -> list[NDArray[np.bool_]]:
    """Return the sets of states that can be zero together, whatever the others are: their rates are then exactly zero."""
    n = field.count
    points = scale * 10 ** random.uniform(-3, 1, (5, n))
    may = [i for i in range(n) if not signed[i]]
    masks = np.array([[i in members for i in range(n)] for size in range(len(may) + 1) for members in combinations(may, size)])
    there = np.where(masks[:, None, :], 0.0, points[None]).reshape(-1, n)
    still = (field.rates(there, np.zeros(len(there), dtype=np.int64)) == 0).reshape(len(masks), len(points), n)
    fine = (still | ~masks[:, None, :]).all(axis=(1, 2))
    return [mask for mask, kept in zip(masks, fine, strict=True) if kept]


def _newton(field: Field, starts: Floats, owner: Places, signed: NDArray[np.bool_], scale: Floats) -> tuple[Floats, Places]:
    """Return the equilibria that damped Newton reaches, and their sets; in logarithms, or in values for states that may be negative.

    States that are zero stay zero.
    """
    y, owner = starts.copy(), owner.copy()
    damping = np.full(len(y), 1e-2)
    reached: list[Floats] = []
    sets: list[Places] = []
    residual, slope = _scaled(field, y, owner, signed, scale)
    for _ in range(STEPS):
        step, exact = _steps(residual, slope, damping)
        close = np.isfinite(exact).all(axis=1) & (np.abs(exact).max(axis=1) < 1e-10)
        last = np.where(close[:, None], exact, 0.0)
        reached.append(np.where(signed, y + last * scale[owner], y * np.exp(np.where(signed, 0.0, last)))[close])
        sets.append(owner[close])
        with np.errstate(all="ignore"):
            tried = np.where(signed, y + step * scale[owner], y * np.exp(np.where(signed, 0.0, step)))
        new, slopes = _scaled(field, tried, owner, signed, scale)
        with np.errstate(all="ignore"):
            better = np.isfinite(new).all(axis=1) & np.isfinite(slopes).all(axis=(1, 2))
            better &= (new**2).sum(axis=1) <= (residual**2).sum(axis=1)
        damping = np.where(better, damping / 5, damping * 4)
        y, residual = np.where(better[:, None], tried, y), np.where(better[:, None], new, residual)
        slope = np.where(better[:, None, None], slopes, slope)
        share = np.abs(y) / scale[owner]
        going = ~close & (damping < 1e8) & ((y == 0) | signed | ((share < EDGE) & (share > 1 / EDGE))).all(axis=1)
        y, owner, damping, residual, slope = y[going], owner[going], damping[going], residual[going], slope[going]
        if not len(y):
            break
    points, where = np.vstack(reached), np.concatenate(sets)
    if not len(points):
        return points, where
    balanced = _balanced(field, points, where)
    return points[balanced], where[balanced]


def _balanced(field: Field, y: Floats, owner: Places) -> NDArray[np.bool_]:
    """Return where what comes and goes is equal: a singular Jacobian stops Newton elsewhere, too."""
    rates, jacobian = field(y, owner)
    with np.errstate(invalid="ignore"):
        turnover = np.nan_to_num(np.abs(jacobian) * np.abs(y)[:, None, :]).sum(axis=2)
    return np.asarray((np.isfinite(rates) & ((y == 0) | (np.abs(rates) <= 1e-9 * turnover))).all(axis=1))


def _scaled(field: Field, y: Floats, owner: Places, signed: NDArray[np.bool_], scale: Floats) -> tuple[Floats, Floats]:
    """Return residuals (points, states), rates per head or per scale, and their derivatives; zero and one where a state is absent."""
    rates, jacobian = field(y, owner)
    absent = (y == 0) & ~signed
    by = np.where(signed, scale[owner], np.where(absent, 1.0, y))
    places = np.arange(field.count)
    with np.errstate(all="ignore"):
        residual = np.where(absent, 0.0, rates / by)
        slope = jacobian * by[:, None, :] / by[:, :, None]
        slope[:, places, places] -= np.where(signed, 0.0, residual)
    slope[absent] = 0.0
    slope[np.broadcast_to(absent[:, None, :], slope.shape)] = 0.0
    slope[:, places, places] += absent
    return residual, slope


def _steps(residual: Floats, slope: Floats, damping: Floats) -> tuple[Floats, Floats]:
    """Return damped steps (Levenberg-Marquardt on rows of like size, bounded) and plain Newton steps, which say how near it is."""
    safe = np.where(np.isfinite(slope), slope, 0.0)
    size = np.maximum(np.abs(safe).max(axis=(1, 2)), 1e-300)
    unit, right = safe / size[:, None, None], np.nan_to_num(residual) / size[:, None]
    across = np.swapaxes(unit, 1, 2)
    eye = np.eye(unit.shape[1])
    normal, pull = across @ unit, across @ right[:, :, None]
    step = -np.linalg.solve(normal + np.maximum(damping, 1e-14)[:, None, None] * eye, pull)[:, :, 0]
    exact = -np.linalg.solve(unit + 1e-14 * eye, right[:, :, None])[:, :, 0]
    longest = np.abs(step).max(axis=1, keepdims=True)
    return step * np.minimum(1.0, LONGEST / np.maximum(longest, 1e-300)), exact
