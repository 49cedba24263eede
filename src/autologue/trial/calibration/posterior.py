"""Posterior draws of links as a file: what they were drawn from, whether that still stands, and which of them a trial takes.

The draws rest on links, models, protocols and targets. A hash of each is kept beside them; where one has changed since, the draws are
stale and are not used unless somebody calibrates again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autologue.engine.describe import fingerprint
from autologue.engine.system import lower
from autologue.errors import InputError
from autologue.files import replacing
from autologue.library import load
from autologue.plain import jsonable, unfrozen
from autologue.protocol import Protocol
from autologue.trial.calibration.links import calibratable
from autologue.trial.calibration.targets import stem_of
from autologue.trial.courses import course_named
from autologue.trial.families import Family, shipped_families
from autologue.trial.scopes import link_scopes
from autologue.trial.shelf import load_protocol
from autologue.trial.toxicity.signal import MODEL as SIGNAL_MODEL

__all__ = ["Drawing", "Posterior", "drawing_for", "read_posterior", "shipped_posterior", "state_of"]

Floats = NDArray[np.float64]
State = Mapping[str, Mapping[str, str]]
SHIPPED = "posterior.json"


@dataclass(frozen=True, eq=False)
class Posterior:
    """Draws (draws,) of links by `file.name`, the protocols they were calibrated to, the state of what they rest on, and a report."""

    draws: Mapping[str, Floats]
    protocols: tuple[str, ...]
    state: State
    seed: int
    version: str
    date: str
    report: Mapping[str, Any] = field(default_factory=dict)

    def stale(self, protocols: Sequence[Protocol] | None = None, families: Sequence[Family] | None = None) -> str:
        """Return what has changed since the calibration, in words; empty where nothing has.

        `protocols` and `families` are those that ship unless given.
        """
        try:
            plans = [load_protocol(name) for name in self.protocols] if protocols is None else list(protocols)
            now = state_of(plans, shipped_families() if families is None else families)
        except InputError as problem:
            return f"what it rests on cannot be read ({problem})"
        changed = [
            f"{kind} {name}" for kind in now for name in sorted(set(now[kind]) | set(self.state.get(kind, {})))
            if now[kind].get(name) != self.state.get(kind, {}).get(name)
        ]  # fmt: skip
        return ", ".join(changed)

    def of(self, protocol: Protocol) -> Mapping[str, Floats]:
        """Return the draws of the links that a protocol takes, by their name within it."""
        return {name: self.draws[scoped] for scoped, (name, _) in calibratable(protocol).items() if scoped in self.draws}

    def write(self, path: str | Path) -> None:
        """Write the draws as JSON, whole or not at all."""
        record = {
            "autologue": self.version, "date": self.date, "seed": self.seed, "protocols": list(self.protocols),
            "rests on": {kind: dict(hashes) for kind, hashes in self.state.items()}, "report": jsonable(self.report),
            "draws": {name: value.tolist() for name, value in self.draws.items()},
        }  # fmt: skip
        with replacing(path) as part:
            part.write_text(json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def read_posterior(path: str | Path) -> Posterior:
    """Read a file that `Posterior.write` wrote; raises InputError, one sentence, for anything else."""
    path = Path(path)
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        draws = {str(name): np.asarray(value, dtype=float) for name, value in record["draws"].items()}
        found = Posterior(
            MappingProxyType(draws), tuple(record["protocols"]), record["rests on"], int(record["seed"]), str(record["autologue"]),
            str(record["date"]), record.get("report", {}),
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        reason = getattr(problem, "strerror", None) or f"{type(problem).__name__}: {problem}"
        raise InputError(
            f"{path}: cannot be read as posterior draws ({reason}); expected a file that `autologue calibrate` wrote"
        ) from None
    sizes = {value.shape for value in draws.values()}
    if len(sizes) != 1 or any(len(shape) != 1 or not shape[0] for shape in sizes) or not all(np.isfinite(v).all() for v in draws.values()):
        raise InputError(f"{path}: its draws are not as many finite numbers for each link; calibrate again")
    return found


@cache
def shipped_posterior() -> Posterior | None:
    """Return the draws that ship; None where there are none."""
    path = Path(str(files("autologue.trial") / "calibration" / SHIPPED))
    return read_posterior(path) if path.is_file() else None


@dataclass(frozen=True, eq=False)
class Drawing:
    """What the links of a trial are drawn from: calibrated draws by name (none: the prior), and that in words."""

    calibrated: Mapping[str, Floats]
    words: str


PRIOR = "Links are drawn from their prior: nothing was calibrated."


def drawing_for(protocol: Protocol, *, prior: bool = False, posterior: Path | None = None) -> Drawing:
    """Return what the links of a protocol are drawn from: the posterior that ships, unless `prior`, or that of a file.

    A posterior that ships and is stale is not used, and the words say what has changed; a file that is stale raises InputError.
    """
    if prior and posterior is not None:
        raise InputError("both the prior and a posterior were asked for; choose one")
    found = read_posterior(posterior) if posterior is not None else shipped_posterior()
    if prior or found is None:
        return Drawing({}, PRIOR)
    changed = found.stale() if posterior is None else _changed(found, protocol)
    if changed and posterior is not None:
        raise InputError(
            f"{posterior}: stale, for these have changed since it was calibrated: {changed}; calibrate again, or draw from the prior"
        )
    if changed:
        return Drawing(
            {}, f"Links are drawn from their prior: the posterior that ships is stale ({changed} changed since); calibrate again."
        )
    own = found.of(protocol)
    if not own:
        return Drawing({}, "Links are drawn from their prior: no link of these patients was calibrated.")
    count = len(next(iter(own.values())))
    given = ", ".join(found.protocols)
    words = f"{len(own)} links are drawn from {count} posterior draws, calibrated to {given} ({found.date}, seed {found.seed})"
    return Drawing(own, f"{words}; the others from their prior.")


def _changed(found: Posterior, protocol: Protocol) -> str:
    """Return what has changed since a user's calibration; of protocols that do not ship, only the one at hand can be held against it."""
    if all(name in _shipped() for name in found.protocols):
        return found.stale()
    now = state_of([protocol], ())
    return ", ".join(
        f"{kind} {name}" for kind in ("links", "models", "protocols") for name, value in now[kind].items()
        if found.state.get(kind, {}).get(name, value) != value
    )  # fmt: skip


def _shipped() -> Sequence[str]:
    from autologue.trial.shelf import protocol_names

    return protocol_names()


def state_of(protocols: Sequence[Protocol], families: Iterable[Family]) -> State:
    """Return hashes of links, models, protocols and targets that a calibration of these protocols rests on."""
    links = {scope: _hash({k: asdict(v) for k, v in own.items()}) for p in protocols for scope, own in link_scopes(p).items()}
    models = {}
    for protocol in protocols:
        if protocol.course not in ("", "none"):
            for model in [course_named(protocol.course).model] + ([load(SIGNAL_MODEL)] if protocol.toxicity else []):
                models[model.name] = fingerprint(lower(model))
    stems = {stem_of(protocol): _hash(unfrozen(protocol, without=("file",))) for protocol in protocols}
    targets = {
        family.name: _hash([asdict(row) for row in family.rows]) for family in families
        if family.use == "calibrate" and family.protocol in stems
    }  # fmt: skip
    return {"links": links, "models": models, "protocols": stems, "targets": targets}


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(jsonable(value), sort_keys=True, default=str).encode()).hexdigest()[:16]
