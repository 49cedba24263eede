"""All replicates of a trial's patients, block by block: the same bits for any threads, machines and shares, resumed where they stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from autologue import __version__
from autologue.engine.describe import fingerprint as model_fingerprint
from autologue.engine.solve import prepare, threads
from autologue.errors import InputError
from autologue.library import load
from autologue.parallel import in_threads
from autologue.plain import unfrozen
from autologue.protocol import Protocol
from autologue.survival.life_table import LifeTable
from autologue.trial.block import Setting, simulate_block
from autologue.trial.cluster import on_cluster
from autologue.trial.courses import course_named
from autologue.trial.endpoints import estimands_of
from autologue.trial.flow import MONTH
from autologue.trial.link import Link
from autologue.trial.scopes import course_links
from autologue.trial.share import Share
from autologue.trial.statistics import Replicates
from autologue.trial.store import from_arrow, read_part, to_arrow, write_part
from autologue.trial.table import Courses, joined
from autologue.trial.toxicity.signal import MODEL as SIGNAL_MODEL
from autologue.trial.values import Values, trial_values

__all__ = ["BLOCK", "Plan", "plan_course", "replicate_course", "replicate_share", "starts"]

Floats = NDArray[np.float64]
Start = tuple[int, int]  # the first replicate of a block, and how many it has
BLOCK = 25  # replicates that one thread simulates at once; part of nothing's bits
SHARED = 2  # replicates that share a draw, so that two of them can stand for a larger set


@dataclass(frozen=True)
class Plan:
    """What replicates are made from: setting, links, the fixed numbers of a calibration if there are any, and how draws are numbered."""

    setting: Setting
    links: Mapping[str, Link]
    calibrated: Mapping[str, Floats]  # (draws,) by name
    uncertain: bool
    size: int

    def values(self, first: int, count: int) -> Values:
        """Return the numbers of replicates `first` to `first + count - 1`."""
        replicates = np.arange(first, first + count)
        draws = replicates // SHARED if self.uncertain else np.full(count, -1)
        fixed = {
            name: value[draws % len(value)] if self.uncertain else np.full(count, np.median(value))
            for name, value in self.calibrated.items()
        }
        return trial_values(self.setting.protocol, self.links, draws, seed=self.setting.seed, fixed=fixed)

    @property
    def models(self) -> dict[str, str]:
        """Names and fingerprints of the models that patients go through."""
        course = self.setting.course
        if course is None:
            return {}
        found = [course.model] + ([load(SIGNAL_MODEL)] if self.setting.protocol.toxicity else [])
        return {model.name: model_fingerprint(prepare(model).system) for model in found}

    def fingerprint(self) -> str:
        """Return a hash of all that replicates depend on but their number."""
        what = {
            "version": __version__, "protocol": unfrozen(self.setting.protocol), "links": {k: asdict(v) for k, v in self.links.items()},
            "calibrated": {k: v.tolist() for k, v in self.calibrated.items()}, "uncertain": self.uncertain, "seed": self.setting.seed,
            "size": self.size, "models": self.models, "life_table": self.setting.life_table is not None,
        }  # fmt: skip
        return hashlib.sha256(json.dumps(what, sort_keys=True, default=str).encode()).hexdigest()[:24]


def plan_course(
    protocol: Protocol, *, seed: int, uncertain: bool, calibrated: Mapping[str, Floats] | None = None, life_table: LifeTable | None = None,
    size: int | None = None,
) -> Plan:  # fmt: skip
    """Return the plan of a protocol's replicates; raises InputError where the protocol has no disease course."""
    if not protocol.course:
        raise InputError(f"{protocol.file}: course is missing; expected the disease course that patients follow")
    course = None if protocol.course == "none" else course_named(protocol.course)
    setting = Setting(protocol, course, seed, life_table)
    return Plan(setting, course_links(protocol), calibrated or {}, uncertain, size or protocol.enrolled)


def replicate_course(
    plan: Plan, replicates: int, *, parts: Path | None = None, progress: Callable[[int], None] | None = None, block: int = BLOCK,
    scheduler: str = "",
) -> Replicates:  # fmt: skip
    """Return the patients of all replicates. With `parts`, a folder, blocks are kept there and not made again when the run is repeated.

    `scheduler` is the address of a Dask scheduler whose workers make the blocks ("" for threads of this process).
    """
    protocol = plan.setting.protocol
    made = []
    for table, count in _blocks(plan, starts(replicates, block), parts, scheduler):
        made.append(table)
        if progress:
            progress(count)
    analysis = protocol.analysis
    assert analysis is not None
    return Replicates(joined(made), plan.size, estimands_of(protocol), analysis.cut_off.value * MONTH)


def replicate_share(
    plan: Plan, replicates: int, share: Share, *, parts: Path, progress: Callable[[int], None] | None = None, block: int = BLOCK,
    scheduler: str = "",
) -> int:  # fmt: skip
    """Keep this share of the blocks of all replicates in the folder `parts`, and return how many patients they hold.

    Nothing but the blocks at work is in memory, so that the share 1/1 streams a trial of any size to Parquet.
    """
    patients = 0
    for table, count in _blocks(plan, share.of(starts(replicates, block)), parts, scheduler):
        patients += len(table.ids)
        if progress:
            progress(count)
    return patients


def starts(replicates: int, block: int = BLOCK) -> list[Start]:
    """Return the first replicate of each block, and how many replicates it has."""
    return [(first, min(block, replicates - first)) for first in range(0, replicates, block)]


def _blocks(plan: Plan, pieces: Sequence[Start], parts: Path | None, scheduler: str) -> Iterator[tuple[Courses, int]]:
    """Yield the blocks in order with the replicates in each; with a folder, kept ones are read and others kept.

    Files are read and written here, whoever makes the blocks: a worker need not see the folder.
    """
    if parts is None:
        yield from ((table, count) for table, (_, count) in zip(_made(plan, pieces, scheduler), pieces, strict=True))
        return
    own = plan.fingerprint()
    files = {start: parts / f"{own}-{start[0]}-{start[1]}.parquet" for start in pieces}
    missing = {start: None for start in pieces if not files[start].is_file()}
    made = _made(plan, list(missing), scheduler)
    for start, file in files.items():
        if start in missing:  # whether another process has made it since or not
            table = next(made)
            write_part(table, file, fingerprint=own)
        else:
            table = read_part(file, fingerprint=own)
        yield table, start[1]


def _made(plan: Plan, pieces: Sequence[Start], scheduler: str) -> Iterator[Courses]:
    """Yield the blocks that begin so, in order."""
    if scheduler:
        yield from map(from_arrow, on_cluster(partial(_arrow_block, plan), pieces, scheduler))
    else:
        yield from in_threads(partial(_block, plan), pieces, workers=threads())


def _block(plan: Plan, start: Start) -> Courses:
    first, count = start
    return simulate_block(plan.setting, plan.values(first, count), first=first, size=plan.size)


def _arrow_block(plan: Plan, start: Start) -> pa.Table:
    return to_arrow(_block(plan, start))
