"""The forecast of one patient as a piece of work: plain values in, plain values out, so that any process can do it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autologue.cli.forecast_language import find_population, read_horizon, read_statement
from autologue.errors import AutologueError

if TYPE_CHECKING:
    from autologue.forecast import KeptHistory
    from autologue.forecast.account import Account
    from autologue.patient import Patient

__all__ = ["Answer", "Task", "Work", "answer", "answers"]

_ALONE = 8  # patients up to which one process does


@dataclass(frozen=True)
class Task:
    """What is to be done with each patient; cuts: times up to which forecasts are retraced; pages: whether reports are wanted."""

    population: str
    horizon: str | None
    until: float | None
    statements: tuple[str, ...]
    draws: int
    variants: int
    seed: int
    cuts: tuple[float, ...]
    pages: bool
    today: str


@dataclass(frozen=True)
class Work:
    """One patient with the file that it is from and the file of its history, where that is kept."""

    file: Path
    patient: Patient
    task: Task
    history: Path | None


@dataclass(frozen=True)
class Answer:
    """What came of it: the record, the page and the history; or the problem, with nothing else."""

    patient: str
    record: dict[str, Any] = field(default_factory=dict)
    page: str | None = None
    history: str | None = None
    problem: str = ""


def answers(work: Sequence[Work], jobs: int | None) -> Iterator[Answer]:
    """Yield the answer of each piece in order, over processes where there are many."""
    count = min(jobs or os.cpu_count() or 1, len(work)) if len(work) > _ALONE or jobs else 1
    if count == 1:
        yield from map(answer, work)
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    pool = ProcessPoolExecutor(count, mp_context=get_context("spawn"))
    try:
        yield from pool.map(answer, work, chunksize=max(1, len(work) // (8 * count)))
    finally:
        pool.shutdown(cancel_futures=True)  # whoever stops waiting, by an interrupt say, does not wait for the rest


def answer(work: Work) -> Answer:
    """Return the answer of one patient; a fault of one patient is its problem, and no one else's."""
    try:
        return _answered(work)
    except AutologueError as problem:
        return Answer(work.patient.id, problem=str(problem))
    except (ArithmeticError, ValueError) as problem:  # numpy and scipy give up with these; the other patients shall not be lost
        what = " ".join(f"unexpected {type(problem).__name__}: {problem}".split())
        return Answer(work.patient.id, problem=f"{what}; please report it")


def _answered(work: Work) -> Answer:
    from autologue.forecast import begin_history, read_history

    task, patient = work.task, work.patient
    account = _account(task, patient if task.until is None else patient.until(task.until))
    record, kept = account.record(), None
    if work.history is not None or task.cuts:
        before = None if work.history is None else read_history(work.history)
        kept = begin_history(account) if before is None else before
        for cut in (cut for cut in task.cuts if cut < account.forecast.now):
            kept = kept.add(_account(task, patient.until(cut), account.forecast.horizon), made=task.today, retraced=True)
        kept = kept.add(account, made=task.today)
        record["history"] = kept.frame().to_dict("records")
    page = _page(account, kept, work) if task.pages else None
    return Answer(patient.id, record, page, None if work.history is None or kept is None else kept.text())


@lru_cache(maxsize=1)
def _population(text: str) -> Any:
    return find_population(text)


def _account(task: Task, patient: Patient, end: float | None = None) -> Account:
    from autologue.forecast import forecast as condition
    from autologue.forecast.account import give_account

    population = _population(task.population)
    if end is None and task.horizon is not None:
        end = read_horizon(task.horizon, patient.time or population.model.time)
    found = condition(population, patient, horizon=end, draws=task.draws, variants=task.variants, seed=task.seed)
    return give_account(found, [read_statement(text) for text in task.statements])


def _page(account: Account, kept: KeptHistory | None, work: Work) -> str:
    from autologue.report.forecast import forecast_report
    from autologue.report.manifest import manifest
    from autologue.report.page import render_report

    task, attributes = work.task, account.forecast.simulation.data.attrs
    settings = {"population": task.population, "draws": task.draws, "variants": task.variants, "until": task.until}
    models = {account.forecast.prior.model.name: attributes["model_hash"]}
    record = manifest(seed=task.seed, inputs=[work.file], models=models, settings=settings)
    return render_report(forecast_report(account, record=record, history=kept))
