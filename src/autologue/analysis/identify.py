"""Which parameters a study could tell: rank of the sensitivity matrix, expected standard errors, collinear parameters named.

The matrix holds the derivatives of all measurements of a design, in residual standard deviations, with respect to the logarithm of the
parameters, at the typical patient. A direction in which nothing measured changes is a hint of structural non-identifiability (a hint: it
is local and numerical). The collinearity index is that of Brun, Reichert, Kuensch 2001, Water Resour Res 37:1015-1030,
doi:10.1029/2000WR900350: a change of one parameter can be undone by the others up to 1/index of its effect; above 10 they are hard to
tell apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autologue.analysis.design import Design, whiten
from autologue.errors import InputError, unknown
from autologue.model import Model
from autologue.population import Parametric, Population

__all__ = ["Identifiability", "collinearity", "identify"]

Floats = NDArray[np.float64]
COLLINEAR = 10.0  # collinearity index above which parameters are named together
ALIKE = 0.95  # cosine of the effects of two parameters beyond which the pair is named
NULL = 1e-6  # singular value relative to the largest, below which a direction counts as invisible
SHARE = 0.1  # loading from which a parameter is named in an invisible direction
SETS = 3  # largest set of parameters whose collinearity is looked at


@dataclass(frozen=True)
class Identifiability:
    """What a design says about each parameter of the typical patient.

    - table: parameter, value, unit, importance (root mean square change of the measurements, in residual standard deviations, for a
      change of the logarithm by one), rse_percent (Cramer-Rao bound of the relative standard error; infinite where nothing tells it).
    - singular_values: of the matrix with columns of unit length; rank: how many are above 1e-6 of the largest.
    - invisible: combinations of parameters that change nothing measured, in words.
    - pairs: first, second, collinearity, cosine (similarity of their effects: 1 alike, -1 opposite), correlation (of the two estimates
      where all parameters are estimated; NaN where the matrix has not full rank) and alike (cosine beyond 0.95), most collinear first.
    - collinear: sets of up to three parameters with an index above 10 that contain no smaller such set: parameters and index.
    """

    model: Model
    population: str
    design: Design
    measurements: int
    table: pd.DataFrame
    singular_values: Floats
    rank: int
    invisible: tuple[str, ...]
    pairs: pd.DataFrame
    collinear: pd.DataFrame


def collinearity(matrix: Floats) -> float:
    """Return the collinearity index of the columns of a sensitivity matrix; infinite where they depend on each other exactly.

    >>> collinearity(np.array([[1.0, 0.0], [0.0, 5.0]])), round(collinearity(np.array([[1.0, 1.0], [0.0, 0.1]])), 3)
    (1.0, 14.195)
    """
    length = np.linalg.norm(matrix, axis=0)
    if not (length > 0).all():
        return np.inf
    smallest = np.linalg.svd(matrix / length, compute_uv=False)[-1] if len(matrix) >= len(length) else 0.0
    return float(1.0 / smallest) if smallest > 1e-12 else np.inf


def identify(population: Population | Model, design: Design, *, parameters: Sequence[str] | None = None) -> Identifiability:
    """Return what a design could tell about parameters (all that are not zero by default) of the typical patient.

    Raises InputError for an unknown parameter or output, or an output without residual error.
    """
    whole = Parametric(model=population, name="as the model states it") if isinstance(population, Model) else population
    names = named_parameters(whole, parameters)
    model, typical = whole.model, whole.typical_values()
    measured, white = whiten(model, design, typical, names)
    matrix = white.gradient
    if not np.isfinite(matrix).all():
        raise InputError(f"model {model.name}: a measurement of the design has no derivative at the typical patient; leave early times out")
    size = np.linalg.norm(matrix, axis=0)
    seen = size > NULL * size.max() if size.max() > 0 else np.zeros(len(size), dtype=bool)
    unit = np.where(seen, matrix / np.where(seen, size, 1.0), 0.0)
    _, singular, right = np.linalg.svd(unit, full_matrices=True)
    whole_set = np.zeros(len(names))
    whole_set[: len(singular)] = singular
    visible = whole_set > NULL * max(whole_set[0], 1e-300)
    error, joint = _bounds(matrix, unit, size, seen, full=bool(visible.all()))
    values = [float(typical[list(model.parameters).index(n)]) for n in names]
    table = pd.DataFrame(
        {
            "parameter": names,
            "value": values,
            "unit": [model.parameters[n].unit for n in names],
            "importance": size / np.sqrt(len(matrix)),
            "rse_percent": 100 * error,
        }
    )
    invisible = [f"{n} changes nothing that is measured" for n, each in zip(names, seen, strict=True) if not each]
    invisible += _directions(names, right[~visible], seen)
    pairs, sets = _pairs(names, matrix, seen, joint), _sets(names, matrix, seen)
    return Identifiability(
        model, whole.name, design, len(measured.values), table, whole_set, int(visible.sum()), tuple(invisible), pairs, sets
    )


def named_parameters(population: Population, parameters: Sequence[str] | None) -> list[str]:
    """Return the parameters asked for, or all that are not typically zero; raises InputError for one that cannot be estimated."""
    model = population.model
    typical = dict(zip(model.parameters, population.typical_values(), strict=True))
    for name in parameters or ():
        if name not in typical:
            raise InputError(f"model {model.name}: {unknown('parameter', name, typical)}")
        if typical[name] == 0:
            raise InputError(f"model {model.name}: '{name}' is typically zero, so its logarithm cannot be estimated; leave it out")
    found = [n for n in typical if typical[n] != 0] if parameters is None else list(parameters)
    if not found:
        raise InputError(f"no parameter of model {model.name} is asked about; name at least one")
    return found


def _bounds(matrix: Floats, unit: Floats, size: Floats, seen: NDArray[np.bool_], *, full: bool) -> tuple[Floats, Floats]:
    """Return the standard error of each log parameter, and the correlation of all estimates (NaN without full rank)."""
    count = matrix.shape[1]
    if not full:
        error = np.full(count, np.inf)
        for k in np.flatnonzero(seen):  # what of its column no combination of the others can do
            others = np.delete(unit, k, axis=1)
            rest = unit[:, k] - others @ np.linalg.lstsq(others, unit[:, k], rcond=NULL)[0]
            length = np.linalg.norm(rest)
            error[k] = 1.0 / (size[k] * length) if length > NULL else np.inf
        return error, np.full((count, count), np.nan)
    inverse = np.linalg.inv(unit.T @ unit)
    scale = np.sqrt(np.diagonal(inverse))
    return scale / size, inverse / np.outer(scale, scale)


def _directions(names: Sequence[str], vectors: Floats, seen: NDArray[np.bool_]) -> list[str]:
    """Return invisible directions in words, other than those of parameters that do nothing by themselves."""
    found = []
    for vector in vectors:
        loads = np.where(seen, vector, 0.0)
        if np.linalg.norm(loads) < 0.5:
            continue
        strong = sorted((k for k in range(len(names)) if abs(loads[k]) >= SHARE), key=lambda k: -abs(loads[k]))
        terms = ", ".join(f"{names[k]} {'+' if loads[k] * loads[strong[0]] > 0 else '-'}" for k in strong)
        found.append(f"a joint change of {terms} leaves all measurements as they are")
    return found


def _pairs(names: Sequence[str], matrix: Floats, seen: NDArray[np.bool_], joint: Floats) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for i, j in combinations(np.flatnonzero(seen).tolist(), 2):
        a, b = matrix[:, i], matrix[:, j]
        cosine = float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))
        index = collinearity(matrix[:, [i, j]])
        rows.append({"first": names[i], "second": names[j], "collinearity": index, "cosine": cosine, "correlation": joint[i, j],
                     "alike": abs(cosine) > ALIKE})  # fmt: skip
    table = pd.DataFrame(rows, columns=["first", "second", "collinearity", "cosine", "correlation", "alike"])
    return table.sort_values("collinearity", ascending=False, kind="stable", ignore_index=True)


def _sets(names: Sequence[str], matrix: Floats, seen: NDArray[np.bool_]) -> pd.DataFrame:
    """Return the smallest sets with an index above the limit."""
    found: list[tuple[frozenset[int], float]] = []
    for size in range(2, SETS + 1):
        for members in combinations(np.flatnonzero(seen).tolist(), size):
            if not any(known <= set(members) for known, _ in found):
                index = collinearity(matrix[:, list(members)])
                if index > COLLINEAR:
                    found.append((frozenset(members), index))
    rows = [{"parameters": ", ".join(names[k] for k in sorted(members)), "collinearity": index} for members, index in found]
    table = pd.DataFrame(rows, columns=["parameters", "collinearity"])
    return table.sort_values("collinearity", ascending=False, kind="stable", ignore_index=True)
