"""Calibrating the links of virtual trials to the calibrating figures of published ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from autologue import __version__
from autologue.calibrate import Calibration, SyntheticLikelihood, calibrate
from autologue.errors import InputError
from autologue.protocol import Protocol
from autologue.trial.calibration.links import calibratable, chosen_links
from autologue.trial.calibration.posterior import Posterior, state_of
from autologue.trial.calibration.simulator import trial_simulator
from autologue.trial.calibration.targets import Aimed, aimed_rows, distinct, stem_of
from autologue.trial.families import Family, shipped_families
from autologue.trial.link import Link
from autologue.trial.shelf import load_protocol

__all__ = ["TrialCalibration", "calibrate_trials"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TrialCalibration:
    """A calibration of links: what was found, the links by `file.name`, the rows that were aimed at, and trials that inform nothing."""

    found: Calibration
    links: Mapping[str, Link]
    aimed: tuple[Aimed, ...]
    protocols: tuple[Protocol, ...]
    silent: tuple[str, ...]
    families: tuple[Family, ...]
    method: SyntheticLikelihood

    def values(self) -> Mapping[str, Floats]:
        """Return the draws of each link in its own unit (draws,)."""
        return {name: link.at(self.found.draws[:, k]) for k, (name, link) in enumerate(self.links.items())}

    def posterior(self) -> Posterior:
        """Return the draws with the state of everything they rest on, ready to be written."""
        names = tuple(stem_of(protocol) for protocol in self.protocols)
        table, fit = self.found.identifiability(), self.found.fit()
        return Posterior(
            draws={name: np.array([float(f"{v:.6g}") for v in value]) for name, value in self.values().items()}, protocols=names,
            state=state_of(self.protocols, self.families), seed=self.found.seed, version=__version__,
            date=datetime.now(UTC).date().isoformat(),
            report={
                "method": {name: getattr(self.method, name) for name in self.method.__dataclass_fields__},
                "trials at each set of links": self.method.replicates, "sets of links": self.found.replicates // self.method.replicates,
                "p of all targets together": self.found.together(), "draws beyond the last design": self.found.outside,
                "identifiability": table.to_dict("records"), "fit": fit.to_dict("records"), "informed nothing": list(self.silent),
            },
        )  # fmt: skip


def calibrate_trials(
    protocols: Sequence[Protocol | str], *, links: Iterable[str] | None = None, families: Sequence[Family] | None = None,
    method: SyntheticLikelihood | None = None, seed: int = 0, parts: Path | None = None, progress: Callable[[int], None] | None = None,
) -> TrialCalibration:  # fmt: skip
    """Return the links of these trials given their calibrating figures, together: trials share toxicity, disease and product links.

    `protocols` are names that ship, paths or Protocols; `links` names some of those that are marked (`leukaemia.founders`), else all
    are moved. `families` are the shipped figures unless given; only families that calibrate are used. A trial whose patients have
    no link to move is left out and named. `parts` is a folder from which the same run resumes. Raises InputError for a link that is
    not calibratable, figures that are not simulated, and targets that no link moves.
    """
    plans = [load_protocol(each) if isinstance(each, str) else each for each in protocols]
    if not plans:
        raise InputError("no protocol to calibrate; give at least one, such as eliana")
    stems = [stem_of(plan) for plan in plans]
    for stem in stems:
        if stems.count(stem) > 1:
            raise InputError(f"protocol {stem} is given twice; each trial counts once")
    known = shipped_families() if families is None else tuple(families)
    moved = chosen_links(plans, links)
    used = [plan for plan in plans if set(calibratable(plan)) & set(moved)]
    rows = [aimed_rows(plan, known) for plan in used]
    whole = distinct([one for own in rows for one in own])
    simulator = trial_simulator(used, rows, moved, seed=seed)
    chosen = method or SyntheticLikelihood()
    found = calibrate(
        simulator, [one.target for one in whole], parameters=list(moved), method=chosen, seed=seed, parts=parts,
        fingerprint=simulator.fingerprint() if parts else "", progress=progress,
    )  # fmt: skip
    silent = tuple(stem_of(plan) for plan in plans if plan not in used)
    return TrialCalibration(found, moved, whole, tuple(used), silent, known, chosen)
