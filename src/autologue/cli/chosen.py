"""The model and population that a command is about."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from autologue.cli.language import read_settings
from autologue.errors import InputError, unknown

if TYPE_CHECKING:
    from autologue.population import Population

__all__ = ["find_population", "with_settings"]


def find_population(model: str, population: str | None) -> Population:
    """Return a population of a library model (its first by default), of a model file, or of a table of parameter sets (.csv, .parquet)."""
    from autologue import library

    from_file = model.endswith(".py")
    if population is not None and Path(population).suffix in (".csv", ".parquet"):
        from autologue.analysis.population_file import read_population
        from autologue.qualify.usermodel import load_user_model

        return read_population(population, load_user_model(model) if from_file else library.load(model))
    if from_file:
        from autologue.population import Parametric
        from autologue.qualify.usermodel import load_user_model

        if population is not None:
            raise InputError(f"--population {population}: a model from a file has only its own population; leave the option out")
        return Parametric(model=load_user_model(model), name="as the file states it")
    known = library.populations(model)
    if population is not None and population not in known:
        raise InputError(f"model {model}: {unknown('population', population, known)}")
    return known[population] if population is not None else next(iter(known.values()))


def with_settings(population: Population, settings: list[str]) -> Population:
    """Return the population with typical values replaced by 'name=value' texts."""
    from dataclasses import replace

    from autologue.population import Drawn

    values = read_settings(settings, population.model.parameters)
    if not values:
        return population
    if isinstance(population, Drawn):
        raise InputError(f"--set: population '{population.name}' holds whole parameter sets, not typical values; leave --set out")
    return replace(population, typical={**population.typical, **values})
