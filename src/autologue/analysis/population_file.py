"""Virtual populations as tables: one row a patient, a column for each parameter that differs, and `weight` where there are weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from autologue.errors import InputError, unknown
from autologue.files import replacing
from autologue.model import Model
from autologue.population import Drawn

__all__ = ["read_population", "write_population"]

ENDINGS = (".csv", ".parquet")


def write_population(population: Drawn, path: str | Path) -> Path:
    """Write parameter sets as .csv or .parquet and return the path; the file is whole or absent."""
    path = Path(path)
    _check_ending(path)
    weights = {} if population.weights is None else {"weight": population.weights}
    table = pd.DataFrame({**population.values, **weights})
    with replacing(path) as part:
        if path.suffix == ".csv":
            table.to_csv(part, index=False)
        else:
            table.to_parquet(part, index=False)
    return path


def read_population(path: str | Path, model: Model) -> Drawn:
    """Return the parameter sets of a table: columns are parameters of the model and, if given, `weight`.

    Raises InputError with the row and column for a file that cannot be read, a column that is no parameter, or a value that is no
    finite number; a weight must be zero or more.
    """
    path = Path(path)
    _check_ending(path)
    try:
        table = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
    except (OSError, ValueError) as problem:
        raise InputError(f"{path.name}: cannot be read as a table of parameter sets ({problem})") from None
    columns = [str(c) for c in table.columns]
    table.columns = pd.Index(columns)
    for column in columns:
        if column not in model.parameters and column != "weight":
            raise InputError(f"{path.name}: {unknown('column', column, [*model.parameters, 'weight'])}")
    named = [c for c in columns if c != "weight"]
    if not len(table) or not named or len(set(columns)) < len(columns):
        raise InputError(f"{path.name}: holds no parameter sets, or a column twice; expected a row a patient and a column a parameter")
    numbers = table.apply(pd.to_numeric, errors="coerce").to_numpy(float)
    wrong = ~np.isfinite(numbers)
    if "weight" in columns:
        wrong[:, columns.index("weight")] |= numbers[:, columns.index("weight")] < 0
    if wrong.any():
        row, place = (int(k) for k in np.argwhere(wrong)[0])
        said = str(table.iloc[row, place])
        raise InputError(f"{path.name}, row {row + 2}, column {columns[place]}: '{said}' is not a usable number")
    values = {c: numbers[:, columns.index(c)] for c in named}
    weights = numbers[:, columns.index("weight")] if "weight" in columns else None
    return Drawn(model=model, values=values, weights=weights, name=path.stem, source=f"{len(table)} sets read from {path.name}")


def _check_ending(path: Path) -> None:
    if path.suffix not in ENDINGS:
        raise InputError(f"{path.name}: the ending says no format; expected {' or '.join(ENDINGS)}")
