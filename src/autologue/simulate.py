"""From a population and a regimen to a Simulation: patients are sampled, treated, solved and labelled, block by block."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import ArrayLike, NDArray

from autologue.engine.collect import Collector, failures
from autologue.engine.plan import Plan, Progress, Regimens, TooLargeError, draw_populations, make_plan
from autologue.engine.solve import Solver
from autologue.engine.summary import Summary
from autologue.errors import InputError, SolveError
from autologue.files import replacing
from autologue.model import Model
from autologue.population import Individuals, Population
from autologue.results import Simulation, arrow_table

__all__ = ["LIMIT", "Regimens", "TooLargeError", "simulate", "simulate_to_parquet"]

NOTHING: Mapping[str, float] = MappingProxyType({})
LIMIT = 500e6  # bytes of trajectories that are held in memory
BLOCK = 32_768  # patients that are sampled and solved at once
log = logging.getLogger("autologue.simulate")


def simulate(
    population: Population | Model,
    regimen: Regimens = None,
    *,
    times: ArrayLike | None = None,
    horizon: float | None = None,
    patients: int = 100,
    seed: int = 0,
    time_unit: str | None = None,
    outputs: Sequence[str] | None = None,
    summaries: Sequence[Summary] = (),
    residual: bool = False,
    draws: int = 0,
    individuals: Individuals | None = None,
    start: float = 0.0,
    visits: Sequence[float] = (),
    occasions: Sequence[float] = (),
    solver: Solver | None = None,
    workers: int | None = None,
    event_free: Mapping[str, float] = NOTHING,
    progress: Progress | None = None,
) -> Simulation:
    """Simulate patients of a population and return their labelled trajectories, events and summaries, with a status for each.

    - population: a Population, or a Model for its own typical values and variability.
    - individuals: patients already sampled, used as they are.
    - regimen: one for all (None: the model's own), one a patient, or a function from the sampled patients to one each; its times are in
      the model's unit unless it says another.
    - times: ascending, in `time_unit` (default: the model's unit), as are `horizon`, `start`, `visits`, `occasions` and the windows of
      summaries. None: 101 times over the horizon; (): none, only summaries. horizon defaults to the last time, or the model's own where
      there is none.
    - patients: 0 to patients - 1 of the endless population of this seed: patient 7 is the same person for any number, block or worker.
    - residual: adds `<output>_measured`, drawn with the residual error of each output that has one, and a count or category for each that
      the model states; the same patient, time and output meet the same error in every draw.
    - event_free: times until which an event is known not to have come, by name. A model with hazards gives `time_to_<event>`: drawn from
      the hazard of each patient, NaN where the event does not come by the horizon, or comes after a terminal one.
    - draws: populations drawn from the uncertainty of the typical values; adds the dimension `draw`.
    - visits: when rules that act at visits look.
    - occasions: when occasions after the first begin, for a population whose parameters change between them; without, all is one occasion.
    - progress: called with the number of patients done since the last call.

    Raises InputError for what cannot be used (TooLargeError above 500 MB); SolveError where no patient could be solved.

    >>> from autologue.library import load
    >>> found = simulate(load("stein_2019"), times=[0, 7, 28, 365], patients=5, seed=1)
    >>> dict(found.data["transgene"].sizes), found.data["transgene"].attrs["units"]
    ({'patient': 5, 'time': 4}, 'copies/ug')
    """
    plan = make_plan(
        population, regimen, times, horizon=horizon, patients=patients, seed=seed, time_unit=time_unit, outputs=outputs,
        summaries=summaries, residual=residual, individuals=individuals, start=start, visits=visits, solver=solver, workers=workers,
        event_free=event_free, occasions=occasions,
    )  # fmt: skip
    populations = draw_populations(plan.population, draws, seed)
    plan.refuse_above(LIMIT, plan.count, max(draws, 1))
    collector = Collector(plan.labels, plan.count, draws=draws)
    for draw, drawn in enumerate(populations):
        for first in range(0, plan.count, BLOCK):
            count = min(BLOCK, plan.count - first)
            plan.fill(collector, drawn, first=first, count=count, place=first, draw=draw, progress=progress)
    _judge(plan.model, collector.status)
    return Simulation(collector.dataset({**plan.attributes(), "draws": draws, "failed": int((collector.status != 0).sum())}))


def simulate_to_parquet(
    population: Population | Model,
    path: str | Path,
    regimen: Regimens = None,
    *,
    patients: int,
    times: ArrayLike | None = None,
    horizon: float | None = None,
    seed: int = 0,
    time_unit: str | None = None,
    outputs: Sequence[str] | None = None,
    summaries: Sequence[Summary] = (),
    residual: bool = False,
    draws: int = 0,
    individuals: Individuals | None = None,
    start: float = 0.0,
    visits: Sequence[float] = (),
    occasions: Sequence[float] = (),
    solver: Solver | None = None,
    workers: int | None = None,
    event_free: Mapping[str, float] = NOTHING,
    chunk: int = 16_384,
    progress: Progress | None = None,
) -> dict[str, int]:
    """Simulate as `simulate` does, `chunk` patients at a time, straight into a Parquet file; return the status counts.

    The file holds the trajectories, or with `times=()` a row for each patient (parameters, covariates, summaries, events, status): the same
    values in the same order for any chunk and number of workers. It is whole or absent, also when interrupted.
    """
    if chunk < 1:
        raise InputError(f"a chunk of {chunk} patients; expected at least one")
    plan = make_plan(
        population, regimen, times, horizon=horizon, patients=patients, seed=seed, time_unit=time_unit, outputs=outputs,
        summaries=summaries, residual=residual, individuals=individuals, start=start, visits=visits, solver=solver, workers=workers,
        event_free=event_free, occasions=occasions,
    )  # fmt: skip
    plan.refuse_above(LIMIT, min(chunk, plan.count), 1)
    attributes = {**plan.attributes(), "draws": draws}
    counts: dict[str, int] = {}
    codes = []
    with replacing(path) as part:
        writer: pq.ParquetWriter | None = None
        try:
            for piece in _pieces(plan, draws, seed, chunk, attributes, progress):
                table = arrow_table(piece)
                writer = writer or pq.ParquetWriter(part, table.schema)
                writer.write_table(table.cast(writer.schema))
                codes.append(piece.data["status"].to_numpy().reshape(-1))
                for reason, count in piece.status_counts().items():
                    counts[reason] = counts.get(reason, 0) + count
        finally:
            if writer is not None:
                writer.close()
        _judge(plan.model, np.concatenate(codes))
    return counts


def _pieces(
    plan: Plan, draws: int, seed: int, chunk: int, attributes: Mapping[str, Any], progress: Progress | None
) -> Iterator[Simulation]:
    """Yield the simulation in pieces of at most `chunk` patients of one draw."""
    for draw, drawn in enumerate(draw_populations(plan.population, draws, seed)):
        for first in range(0, plan.count, chunk):
            count = min(chunk, plan.count - first)
            collector = Collector(plan.labels, count, draws=min(draws, 1))
            plan.fill(collector, drawn, first=first, count=count, place=0, progress=progress)
            data = collector.dataset(attributes)
            yield Simulation(data.assign_coords(draw=[draw]) if draws else data)


def _judge(model: Model, status: NDArray[Any]) -> None:
    """Raise SolveError where no patient was solved; log how many were not."""
    if (status != 0).all():
        raise SolveError(f"model {model.name}: no patient could be solved: {failures(status)}")
    if (status != 0).any():
        log.warning("model %s: not solved: %s; they are left out of summaries and quantiles", model.name, failures(status))
