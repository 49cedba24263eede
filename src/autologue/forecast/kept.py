"""The forecasts of a patient in a file, each with the day on which it was made: how the answer moved, and whether it was right in the past.

A forecast is kept as it was made. The same data, model, population, draws and seed again add nothing; new or corrected data add an entry.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import numpy as np
import pandas as pd

from autologue import __version__
from autologue.errors import InputError
from autologue.forecast.account import Account
from autologue.patient import Patient

__all__ = ["Entry", "KeptHistory", "begin_history", "read_history"]

LEVELS = {"median": 50.0, "lower_50": 25.0, "upper_50": 75.0, "lower_90": 5.0, "upper_90": 95.0}


@dataclass(frozen=True, slots=True)
class Entry:
    """One forecast: made on a date (ISO), from data until `now`; retraced: made later, as it would have been then.

    answer: quantiles over the draws, by the names of `LEVELS`. probabilities: of statements, by their text. data: a hash of what was known.
    """

    made: str
    now: float
    retraced: bool
    observations: int
    data: str
    model: str
    model_hash: str
    population: str
    draws: int
    seed: int
    autologue: str
    answer: dict[str, float]
    probabilities: dict[str, float]
    outside: bool | None

    @property
    def source(self) -> tuple[object, ...]:
        """What the forecast follows from."""
        return self.now, self.data, self.model_hash, self.population, self.draws, self.seed


@dataclass(frozen=True, slots=True)
class KeptHistory:
    """Forecasts of one patient's answer: the level of `output` (in `unit`) at `time` (in `time_unit`); entries in the order of the data."""

    patient: str
    output: str
    unit: str
    time: float
    time_unit: str
    entries: tuple[Entry, ...]

    @property
    def answer(self) -> str:
        """The answer in words."""
        return f"level of {self.output} at {self.time_unit} {self.time:g}"

    def add(self, account: Account, *, made: str, retraced: bool = False) -> KeptHistory:
        """Return the history with one more forecast; raises InputError where it is another patient's or answers something else."""
        other = begin_history(account)
        for name in ("patient", "answer", "unit"):
            mine, given = getattr(self, name), getattr(other, name)
            if mine != given:
                what = f"the history is of {name} '{mine}' and this forecast of '{given}'"
                raise InputError(f"{what}; ask for the same {'--horizon' if name == 'answer' else name}, or keep it in another file")
        entry = _entry(account, made, retraced)
        if any(each.source == entry.source and (retraced or not each.retraced) for each in self.entries):
            return self
        kept = [each for each in self.entries if each.source != entry.source]
        return replace(self, entries=tuple(sorted([*kept, entry], key=lambda each: (each.now, each.made))))

    def frame(self) -> pd.DataFrame:
        """Return one row a forecast: made, now, median, lower_50, ...; of several from data until one time the last made."""
        rows = {each.now: {"made": each.made, "now": each.now, "retraced": each.retraced, **each.answer} for each in self.entries}
        return pd.DataFrame(list(rows.values()))

    def text(self) -> str:
        """Return the history as JSON."""
        return json.dumps({"format": 1, **asdict(self)}, indent=1) + "\n"


def begin_history(account: Account) -> KeptHistory:
    """Return the empty history of an account's patient and answer."""
    found = account.forecast
    unit = found.prior.model.outputs[account.output].unit
    return KeptHistory(found.patient.id, account.output, unit, found.horizon, found.time_unit, ())


def read_history(path: Path) -> KeptHistory | None:
    """Return the history in a file, None where there is no file yet; raises InputError for a file that is none."""
    if not path.exists():
        return None
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        entries = tuple(Entry(**entry) for entry in kept["entries"])
        return KeptHistory(**{each.name: kept[each.name] for each in fields(KeptHistory) if each.name != "entries"}, entries=entries)
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError) as problem:
        what = f"{path.name} is no history of forecasts ({type(problem).__name__}: {problem})"
        raise InputError(f"{what}; give a file that `autologue forecast --history` wrote, or a name that is free") from None


def _entry(account: Account, made: str, retraced: bool) -> Entry:  # noqa: FBT001
    found = account.forecast
    data = found.simulation.data
    last = data[account.output].to_numpy()[found.simulation.solved, -1]
    return Entry(
        made=made, now=found.now, retraced=retraced, observations=sum(len(seen) for seen in found.patient.observations.values()),
        data=_hash(found.patient), model=found.prior.model.name, model_hash=data.attrs["model_hash"], population=found.prior.name,
        draws=int(data.sizes["patient"]), seed=found.seed, autologue=__version__,
        answer={name: float(np.percentile(last, level)) for name, level in LEVELS.items()},
        probabilities={each.text: each.probability for each in account.probabilities},
        outside=None if account.domain is None else account.domain.outside,
    )  # fmt: skip


def _hash(patient: Patient) -> str:
    """Return a short hash of everything that is known of a patient."""
    seen = {
        name: [repr(each.tolist()) for each in (o.times, o.lower, o.upper, o.above, o.limit)] + [o.unit, o.matrix]
        for name, o in patient.observations.items()
    }
    said = [
        seen,
        repr(patient.regimen),
        repr(dict(patient.covariates)),
        repr(dict(patient.known)),
        repr(dict(patient.events)),
        patient.time,
    ]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]
