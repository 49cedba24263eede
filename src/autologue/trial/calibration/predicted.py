"""Posterior predictive checks: the calibrating figures beside replicates of the real size, before and after calibration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from autologue.trial.calibration.targets import stem_of
from autologue.trial.calibration.trials import TrialCalibration
from autologue.trial.compared import Compared, compare_families
from autologue.trial.replicate import plan_course, replicate_course

__all__ = ["Checked", "check_predictions", "counts"]


@dataclass(frozen=True, slots=True)
class Checked:
    """A calibrating figure with its predictive interval before and after calibration."""

    before: Compared
    after: Compared


def check_predictions(
    calibration: TrialCalibration, *, replicates: int = 200, seed: int = 0, progress: Callable[[int], None] | None = None
) -> tuple[Checked, ...]:
    """Return every calibrating figure with what whole trials predict, links drawn from the prior and from the posterior.

    Trials are conducted anew: neither the fitted surface nor the replicates that it was fitted to are used. `seed` should differ from that
    of the calibration.
    """
    found = []
    posterior = calibration.posterior()
    for protocol in calibration.protocols:
        own = list({one.family.name: one.family for one in calibration.aimed if one.family.protocol == stem_of(protocol)}.values())
        both = []
        for calibrated in ({}, posterior.of(protocol)):
            plan = plan_course(protocol, seed=seed, uncertain=True, calibrated=calibrated)
            both.append(compare_families(replicate_course(plan, replicates, progress=progress), own))
        found += [Checked(before, after) for before, after in zip(*both, strict=True) if before.row.simulated]
    return tuple(found)


def counts(checked: tuple[Checked, ...]) -> Mapping[str, tuple[int, int]]:
    """Return how many figures are inside and how many were judged, before and after."""
    return {
        name: (sum(getattr(c, name).verdict == "inside" for c in checked), sum(bool(getattr(c, name).verdict) for c in checked))
        for name in ("before", "after")
    }
