"""A calibration in a few sentences: what was aimed at, what was learnt, what could not be met."""

from __future__ import annotations

from autologue.trial.calibration.predicted import Checked, counts
from autologue.trial.calibration.trials import TrialCalibration

__all__ = ["in_short"]

LEARNT, NOTHING = 0.5, 0.1  # contraction from which a link counts as informed, and below which as not
FAR = 1.6448536269514722


def in_short(calibration: TrialCalibration, checked: tuple[Checked, ...] = ()) -> list[str]:
    """Return paragraphs; counts of predictive checks where there are any."""
    found = calibration.found
    contraction = found.contraction
    known = [name for name, value in contraction.items() if value >= LEARNT]
    unknown = [name for name, value in contraction.items() if value < NOTHING]
    titles = ", ".join(protocol.name.value for protocol in calibration.protocols)
    said = [
        f"{len(calibration.links)} links were calibrated to {len(calibration.aimed)} published figures of {titles}, by "
        f"{found.replicates} trials of each at {found.replicates // calibration.method.replicates} sets of links (seed {found.seed}).",
        f"Well informed (contraction of at least {LEARNT:g}): {_list(known)}. Hardly informed (below {NOTHING:g}): {_list(unknown)}.",
    ]
    fit = found.fit()
    far = fit[fit["distance"].abs() > FAR].sort_values("distance", key=abs, ascending=False)
    met = "All targets lie within their 90 % predictive interval."
    if not far.empty:
        missed = "; ".join(
            f"{row['target']} (published {row['published']:.3g}, predicted {row['lower']:.3g} to {row['upper']:.3g})"
            for _, row in far.iterrows()
        )
        met = f"Outside their 90 % predictive interval: {missed}. Within this prior the model cannot give these with the others."
    said.append(f"{met} Posterior predictive p-value of all together: {found.together():.2g}.")
    if checked:
        tally = counts(checked)
        said.append(
            f"In whole trials conducted anew, {tally['before'][0]} of {tally['before'][1]} calibrating figures were inside their 90 % "
            f"interval before calibration and {tally['after'][0]} of {tally['after'][1]} after. Agreement of these is no evidence."
        )
    if calibration.silent:
        said.append(f"No link of {_list(calibration.silent)} is calibratable: nothing was learnt from it.")
    return said


def _list(names: list[str] | tuple[str, ...]) -> str:
    return ", ".join(names) or "none"
