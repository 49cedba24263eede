"""Every published figure beside replicates of the real size: the table by which the trials of this package are judged.

A verdict says whether the published value lies in the 90 % predictive interval. Calibrating and checking figures are counted apart, for
agreement of a calibrating figure is no evidence. Intervals are posterior predictive where a calibration applies, else prior predictive.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autologue.errors import InputError
from autologue.trial.baseline import as_share, baseline_interval, pooled_for
from autologue.trial.calibration.posterior import Drawing, drawing_for
from autologue.trial.compared import Compared, compare_families, interval_score
from autologue.trial.families import Family, shipped_families
from autologue.trial.replicate import plan_course, replicate_course
from autologue.trial.shelf import load_protocol, protocol_names

__all__ = ["Tally", "Validated", "ValidatedTrials", "validate_trials"]

Floats = NDArray[np.float64]
LARGER = 1.3  # patients enrolled for each of the n of a registry, so that enough of them are infused
NO_PROTOCOL = "no protocol of this trial ships yet"


@dataclass(frozen=True, slots=True)
class Validated:
    """A figure with its prediction, and the interval of the meta-analytic baseline on the same scale (None: no baseline)."""

    compared: Compared
    baseline: tuple[float, float] | None

    @property
    def scores(self) -> tuple[float, float] | None:
        """Interval scores of model and baseline, as shares; None where one of the two has no interval."""
        found, row = self.compared.interval, self.compared.row
        if found is None or self.baseline is None:
            return None
        scale = 1.0 / row.n if row.statistic == "count" else 1.0
        share = as_share(row)
        return interval_score(found.lower * scale, found.upper * scale, share), interval_score(*self.baseline, share)


@dataclass(frozen=True, slots=True)
class Tally:
    """Figures of one use: all, with an interval, inside; mean width over that of chance; mean scores."""

    use: str
    figures: int
    judged: int
    inside: int
    widths: float
    scored: int
    score: float
    baseline: float

    @property
    def excess(self) -> float:
        """The share inside less the 90 % that intervals of the right width would hold; positive: too wide."""
        return self.inside / self.judged - 0.9 if self.judged else math.nan


@dataclass(frozen=True, slots=True)
class ValidatedTrials:
    """All figures with their verdicts, from how many replicates and which seed, and what links of each protocol were drawn from."""

    rows: tuple[Validated, ...]
    replicates: int
    seed: int
    drawn_from: Mapping[str, str]
    calibrated: bool

    def tally(self, use: str) -> Tally:
        """Count the figures of families with this use."""
        chosen = [row for row in self.rows if row.compared.family.use == use]
        judged = [row.compared for row in chosen if row.compared.verdict]
        ratios = [one.width / one.binomial for one in judged if one.binomial > 0 and math.isfinite(one.width)]
        scores = [row.scores for row in chosen if row.scores is not None]
        return Tally(
            use, len(chosen), len(judged), sum(one.verdict == "inside" for one in judged), _mean(ratios),
            len(scores), _mean([own for own, _ in scores]), _mean([other for _, other in scores]),
        )  # fmt: skip

    def table(self) -> pd.DataFrame:
        """Return one row a figure: what it is, published, predicted, width and that of chance, baseline, scores, verdict and reason."""
        return pd.DataFrame([_record(row) for row in self.rows])

    def summary(self) -> str:
        """Return the counts in a few sentences, calibrating and checking figures apart."""
        kind = POSTERIOR if self.calibrated else PRIOR
        return " ".join([kind, *(_said(self.tally(use)) for use in ("check", "calibrate")), CAUTION])


PRIOR = "Prior predictive."
POSTERIOR = "Posterior predictive."
CAUTION = (
    "Where more than 90 % lie inside, intervals are too wide rather than right. Some links had their centres set by hand in view of "
    "calibrating figures, so agreement of those figures is no evidence."
)


def validate_trials(
    *, replicates: int = 200, large: int = 40, seed: int = 0, families: Sequence[Family] | None = None,
    progress: Callable[[int], None] | None = None, prior: bool = False, posterior: Path | None = None,
) -> ValidatedTrials:  # fmt: skip
    """Compare every published figure with `replicates` replicates of its trial at the real size.

    Figures of registries, larger than two replicates of the trial, are compared with `large` replicates of a trial as large as
    they (0: left out). Links are drawn as in `conduct`. Raises InputError where a count is none.
    """
    if not isinstance(replicates, int) or isinstance(replicates, bool) or replicates < 2:
        raise InputError(f"{replicates!r} replicates asked for; expected a whole number of at least 2")
    if not isinstance(large, int) or isinstance(large, bool) or large < 0:
        raise InputError(f"{large!r} large replicates asked for; expected a whole number, 0 for none")
    known = shipped_families() if families is None else tuple(families)
    found: dict[int, Compared] = {}
    drawn: dict[str, Drawing] = {}
    for name in dict.fromkeys(family.protocol for family in known if family.protocol in protocol_names()):
        drawn[name] = drawing_for(load_protocol(name), prior=prior, posterior=posterior)
        found |= _trial(name, [f for f in known if f.protocol == name], replicates, large, seed, drawn[name].calibrated)
        if progress:
            progress(1)
    rows = []
    for family in known:
        for row in family.rows:
            silent = Compared(family, row, None, math.nan, NO_PROTOCOL if row.simulated else row.reason)
            rows.append(_with_baseline(found.get(id(row), silent), known))
    said = {name: drawing.words for name, drawing in drawn.items()}
    return ValidatedTrials(tuple(rows), replicates, seed, said, any(drawing.calibrated for drawing in drawn.values()))


def _trial(
    name: str, families: Sequence[Family], replicates: int, large: int, seed: int, calibrated: Mapping[str, Floats]
) -> Mapping[int, Compared]:
    """Return the comparisons of one protocol by the identity of the figure."""
    protocol = load_protocol(name)
    trial = replicate_course(plan_course(protocol, seed=seed, uncertain=True, calibrated=calibrated), replicates)
    found = {id(one.row): one for one in compare_families(trial, families)}
    missed = {key: one.row for key, one in found.items() if one.row.simulated and one.interval is None}
    short = {key: row.n for key, row in missed.items() if row.n > 2 * protocol.infused}
    for n in sorted(set(short.values())) if large else ():
        size = round(LARGER * n * max(1.0, protocol.enrolled / max(protocol.infused, 1)))
        plan = plan_course(protocol, seed=seed, uncertain=True, calibrated=calibrated, size=size)
        bigger = replicate_course(plan, large, block=max(1, 2000 // size))
        found |= {id(one.row): one for one in compare_families(bigger, families) if short.get(id(one.row)) == n}
    return found


def _with_baseline(one: Compared, families: Sequence[Family]) -> Validated:
    """Add the baseline to a checking figure that is a share."""
    share = as_share(one.row)
    pooled = None if one.family.use != "check" or math.isnan(share) else pooled_for(one.row, families)
    return Validated(one, None if pooled is None else baseline_interval(pooled, one.row.n))


def _record(row: Validated) -> dict[str, Any]:
    one, found = row.compared, row.compared.interval
    own, other = row.scores or (math.nan, math.nan)
    low, high = row.baseline or (math.nan, math.nan)
    return {
        "use": one.family.use, "family": one.family.name, "trial": one.row.trial, "figure": one.row.name, "n": one.row.n,
        "published": one.row.published, "lower": found.lower if found else math.nan, "median": found.median if found else math.nan,
        "upper": found.upper if found else math.nan, "error": one.error, "width": one.width, "binomial_width": one.binomial,
        "baseline_lower": low, "baseline_upper": high, "score": own, "baseline_score": other, "verdict": one.verdict, "why": one.why,
        "evidence": one.row.evidence, "source": one.row.source,
    }  # fmt: skip


def _said(tally: Tally) -> str:
    words = {"check": "Checking", "calibrate": "Calibrating"}[tally.use]
    if not tally.judged:
        return f"{words} figures: {tally.figures}, none of them simulated."
    share = 100.0 * tally.inside / tally.judged
    said = (
        f"{words} figures: {tally.inside} of {tally.judged} inside ({share:.0f} %, where 90 % is right), "
        f"{tally.figures - tally.judged} more cannot be said. "
        f"Their intervals are on average {tally.widths:.1f} times as wide as binomial chance."
    )
    if tally.scored:
        said += (
            f" Interval score over {tally.scored} shares that have a baseline (smaller is better): {tally.score:.2f}, "
            f"meta-analytic baseline {tally.baseline:.2f}."
        )
    return said


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan
