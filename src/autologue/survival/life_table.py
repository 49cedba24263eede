"""Life tables: expected hazards of a general population, for relative survival and for long-term extrapolation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from autologue.errors import InputError, unknown
from autologue.survival.read import column_of, numbers
from autologue.survival.records import Floats

__all__ = ["LifeTable", "read_life_table"]


@dataclass(frozen=True, eq=False)
class LifeTable:
    """Hazard of death per year of age and sex: `hazard`, shape (sex, age); `age` holds whole years from the youngest up.

    The last hazard holds at every greater age; an age below the youngest is refused. `source` says the country, year and publisher.
    """

    age: Floats
    sexes: tuple[str, ...]
    hazard: Floats
    source: str

    def background(self, age: ArrayLike, sex: ArrayLike, *, years_per_unit: float = 1.0, ratio: float = 1.0) -> Floats:
        """Return the hazard per unit of time at ages in years, shape (n,), times a standardised mortality ratio."""
        years, rows = self._ages(age), self._rows(np.atleast_1d(np.asarray(sex, object)))
        column = np.clip(np.floor(years - self.age[0]), 0, self.age.size - 1).astype(int)
        return np.asarray(self.hazard[rows, column] * years_per_unit * ratio)

    def cumulative(self, age: ArrayLike, sex: ArrayLike, times: Floats, *, years_per_unit: float = 1.0, ratio: float = 1.0) -> Floats:
        """Return the expected cumulative hazard from each age on, shape (n, time)."""
        years, rows = self._ages(age), self._rows(np.atleast_1d(np.asarray(sex, object)))
        to_age = np.concatenate([np.zeros((len(self.sexes), 1)), np.cumsum(self.hazard, axis=1)], axis=1)
        return ratio * (self._to(to_age, rows, years[:, None] + times * years_per_unit) - self._to(to_age, rows, years[:, None]))

    def expected_survival(
        self, age: ArrayLike, sex: ArrayLike, times: Floats, *, years_per_unit: float = 1.0, ratio: float = 1.0
    ) -> Floats:
        """Return the mean expected survival of a cohort, shape (time,) (Ederer I: everyone counts at every time)."""
        cumulative = self.cumulative(age, sex, times, years_per_unit=years_per_unit, ratio=ratio)
        return np.asarray(np.exp(-cumulative).mean(axis=0))

    def _ages(self, age: ArrayLike) -> Floats:
        years = np.atleast_1d(np.asarray(age, np.float64))
        for value in years[~(years >= self.age[0]) | np.isinf(years)][:1]:
            raise InputError(f"the age is {value:g}; expected a number of years from {self.age[0]:g}, where the life table begins.")
        return years

    def _to(self, to_age: Floats, rows: NDArray[np.int64], years: Floats) -> Floats:
        place = np.maximum(years - self.age[0], 0.0)
        whole = np.minimum(np.floor(place), self.age.size - 1).astype(int)
        found: Floats = to_age[rows[:, None], whole] + (place - whole) * self.hazard[rows[:, None], whole]
        return found

    def _rows(self, sex: NDArray[np.object_]) -> NDArray[np.int64]:
        for name in sex:
            if name not in self.sexes:
                raise InputError(unknown("sex", str(name), self.sexes))
        return np.array([self.sexes.index(name) for name in sex], np.int64)


def read_life_table(frame: pd.DataFrame, *, age: str = "age", sex: str = "sex", hazard: str = "hazard", source: str) -> LifeTable:
    """Return a life table from rows of age (whole years), sex and hazard per year (-log(1 - yearly probability of death)).

    Raises `InputError` where an age of a sex is missing or twice there, or a hazard is below zero.
    """
    ages, hazards = numbers(frame, age, 0.0, "birth"), numbers(frame, hazard, 0.0, "the least hazard")
    wide = pd.DataFrame({"age": ages, "sex": column_of(frame, sex).astype(str).to_numpy(), "hazard": hazards})
    for row in np.flatnonzero(wide.duplicated(["age", "sex"]))[:1]:
        raise InputError(f"row {row + 1}, column '{age}': age {ages[row]:g} of {wide.sex[row]} is there twice; keep one row for each.")
    table = wide.pivot(index="sex", columns="age", values="hazard")
    steps = np.diff(table.columns.to_numpy(np.float64))
    if table.isna().to_numpy().any() or np.any(steps != 1):
        raise InputError(f"column '{age}': a life table needs every whole year of age for every sex, from the youngest to the oldest.")
    return LifeTable(table.columns.to_numpy(np.float64), tuple(str(s) for s in table.index), table.to_numpy(np.float64), source)
