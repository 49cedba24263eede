"""Global sensitivity of any quantity of a model over a population or over ranges."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autologue import seeds
from autologue.analysis.factors import Range, factors_of
from autologue.analysis.method import GlobalMethod
from autologue.analysis.pawn import PAWN
from autologue.analysis.quantity import Evaluated, Quantity, evaluate_quantities, quantity_name, quantity_unit
from autologue.analysis.sobol import Sobol
from autologue.engine.solve import Solver
from autologue.errors import InputError, SolveError
from autologue.model import Model
from autologue.population import Drawn, Parametric, Population
from autologue.regimen import Regimen

__all__ = ["GlobalSensitivity", "global_sensitivity"]

Floats = NDArray[np.float64]
DEPENDENT = (
    "the parameters of this population come as whole sets and depend on each other: an index says how much knowing a parameter tells of "
    "the quantity, also through the parameters that go along with it"
)


@dataclass(frozen=True)
class GlobalSensitivity:
    """Indices of every factor with their intervals, and how many solutions stand behind them.

    table: one row for each quantity, factor and index, with unit (of the quantity), estimate, lower and upper. counts: one row for each
    quantity, with sets solved, sets failed, sets where the quantity is undefined, and the base points used and in all.
    """

    model: Model
    population: str
    method: GlobalMethod
    varied: str
    logarithmic: bool
    seed: int
    table: pd.DataFrame
    counts: pd.DataFrame
    reasons: Mapping[str, int]
    notes: tuple[str, ...]

    def ranking(self, quantity: str | None = None) -> list[str]:
        """Return the factors of a quantity (the first one by default), the most influential first."""
        table = self.table[self.table["quantity"] == (quantity or self.table["quantity"].iloc[0])]
        main = {"Sobol": "total", "Morris": "mu*", "PAWN": "median distance"}[self.method.name]
        rows = table[(table["index"] == main) & (table["factor"] != "(no effect)")]
        return list(rows.sort_values("estimate", ascending=False, kind="stable")["factor"])


def global_sensitivity(
    population: Population | Model,
    quantities: Sequence[Quantity],
    method: GlobalMethod | None = None,
    *,
    factors: Sequence[str] | Mapping[str, Range] | None = None,
    regimen: Regimen | None = None,
    horizon: float | None = None,
    logarithmic: bool = False,
    seed: int = 0,
    solver: Solver | None = None,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> GlobalSensitivity:
    """Return how much each factor matters to each quantity, over a whole population rather than around its typical patient.

    - factors: None for everything that varies in the population, names for some of it (the rest stays typical), or ranges by name.
    - method: Sobol() by default, Morris() or PAWN().
    - logarithmic: analyse the decimal logarithm of the quantities, for what spans orders of magnitude.

    Sets that fail, or where a quantity is undefined (never reached; zero or less on the logarithmic scale), are counted and left out
    together with the sets of the same base point, so that the estimators stay valid for the rest. Raises InputError for factors that do
    not vary, quantities that do not change, and populations whose effects cannot be varied; SolveError where too few sets were solved.
    """
    whole = Parametric(model=population, name="as the model states it") if isinstance(population, Model) else population
    chosen: GlobalMethod = Sobol() if method is None else method
    notes: list[str] = []
    if isinstance(whole, Drawn) and factors is None:
        names, groups, x, parameters = _given_sets(whole, chosen, seed)
        notes.append(DEPENDENT)
    else:
        made = factors_of(whole, factors)
        names, groups = made.names, made.groups
        x = chosen.design(groups, seed=_seed(seed, 0))
        parameters = made.parameters(x)
        if made.grouped:
            joined = list(dict.fromkeys(g for n, g in zip(names, groups, strict=True) if g != n))
            notes.append(f"correlated effects move as one factor, since their shares cannot be told apart: {'; '.join(joined)}")
    found = evaluate_quantities(
        whole.model, parameters, quantities, regimens=None if regimen is None else (regimen,), horizon=horizon, solver=solver,
        workers=workers, progress=progress,
    )  # fmt: skip
    return _analysed(whole, quantities, chosen, found, names, groups, x, logarithmic=logarithmic, seed=seed, notes=notes, factors=factors)


def _seed(seed: int, number: int) -> int:
    """Return a seed for the libraries, which take 32 bits."""
    return seeds.child_seed(seed, seeds.Purpose.PARAMETERS, number) % (2**32 - 1) + 1


def _given_sets(population: Drawn, method: GlobalMethod, seed: int) -> tuple[tuple[str, ...], tuple[str, ...], Floats, Floats]:
    if not isinstance(method, PAWN):
        raise InputError(
            f"population '{population.name}' of {population.model.name} holds whole parameter sets, whose parameters cannot be varied one "
            f"by one as {method.name} does; use PAWN(), which takes them as they are, or give ranges"
        )
    people = population.sample(method.samples, seed=seed)
    names = tuple(n for n in population.values if np.ptp(people[n]) > 0)
    if not names:
        raise InputError(f"all sets of population '{population.name}' of {population.model.name} are equal, so there is nothing to rank")
    return names, names, np.column_stack([people[n] for n in names]), people.parameters


def _analysed(
    population: Population, quantities: Sequence[Quantity], method: GlobalMethod, found: Evaluated, names: Sequence[str],
    groups: Sequence[str], x: Floats, *, logarithmic: bool, seed: int, notes: list[str],
    factors: Sequence[str] | Mapping[str, Range] | None,
) -> GlobalSensitivity:  # fmt: skip
    model, block = population.model, method.block(groups)
    rows: list[dict[str, Any]] = []
    counts: list[dict[str, Any]] = []
    for k, quantity in enumerate(quantities):
        name, unit = quantity_name(model, quantity), quantity_unit(model, quantity)
        y = found.values[:, k]
        if logarithmic:
            name, y = f"log10 of {name}", np.log10(np.where(y > 0, y, np.nan))
        kept, count = _whole_blocks(y, found.status, block, name)
        counts.append({"quantity": name, **count})
        if np.ptp(y[kept]) == 0:
            raise InputError(f"model {model.name}: {name} is {y[kept][0]:g} {unit} in every set, so no factor matters; ask for another one")
        for each in method.indices(names, groups, x[kept], y[kept], seed=_seed(seed, 1 + k)):
            rows.append({"quantity": name, "unit": unit, **asdict(each)})
        if count["used"] < count["of"]:
            notes.append(f"{name}: {count['of'] - count['used']} of {count['of']} base points are left out; the indices describe the rest")
    return GlobalSensitivity(
        model, population.name, method, _said(population, factors, names), logarithmic, seed, pd.DataFrame(rows), pd.DataFrame(counts),
        found.reasons(), tuple(notes),
    )  # fmt: skip


def _whole_blocks(y: Floats, status: NDArray[np.int64], block: int, name: str) -> tuple[NDArray[np.bool_], dict[str, int]]:
    """Return which rows lie in base points without a gap, and the counts of what happened."""
    fine = np.asarray(np.isfinite(y).reshape(-1, block).all(axis=1))
    failed, undefined = int((status != 0).sum()), int((~np.isfinite(y) & (status == 0)).sum())
    if fine.sum() < 4:
        raise SolveError(
            f"{name}: only {int(fine.sum())} of {len(fine)} base points are whole ({failed} sets failed, the quantity is undefined in "
            f"{undefined}); narrow the ranges, or ask for a quantity that every patient has"
        )
    return np.repeat(fine, block), {
        "sets": len(y), "failed": failed, "undefined": undefined, "used": int(fine.sum()), "of": len(fine)
    }  # fmt: skip


def _said(population: Population, factors: Sequence[str] | Mapping[str, Range] | None, names: Sequence[str]) -> str:
    """Return in words what was varied."""
    if isinstance(factors, Mapping):
        each = [f"{n} {r.lower:.4g} to {r.upper:.4g}" + (" (logarithmic)" if r.logarithmic else "") for n, r in factors.items()]
        return f"evenly over ranges: {', '.join(each)}"
    return f"by the distribution of the population: {', '.join(names)}"
