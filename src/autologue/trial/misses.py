"""A paragraph for each checking figure outside its interval: which way, how far, how sure, and what else is known."""

from __future__ import annotations

import math
from collections.abc import Iterator

from autologue.trial.compared import Compared
from autologue.trial.families import Family
from autologue.trial.validated import Validated, ValidatedTrials

__all__ = ["missed_paragraph", "missed_paragraphs"]


def missed_paragraphs(found: ValidatedTrials, prior: ValidatedTrials | None = None) -> Iterator[str]:
    """Yield a paragraph for each checking figure outside; `prior` has the same figures, in their order, without calibration."""
    then = [None] * len(found.rows) if prior is None else prior.rows
    for row, before in zip(found.rows, then, strict=True):
        if row.compared.family.use == "check" and row.compared.verdict == "outside":
            yield missed_paragraph(row, found, before)


def missed_paragraph(row: Validated, found: ValidatedTrials, before: Validated | None = None) -> str:
    """Return the paragraph of one figure outside, which is among those `found`; `before` is the same figure without calibration."""
    one = row.compared
    return " ".join([*_how_far(one), *_how_sure(one), *_beside(row), *_before(before), *_related(one, found)])


def _how_far(one: Compared) -> Iterator[str]:
    found, row = one.interval, one.row
    assert found is not None
    below = row.published < found.lower
    end = found.lower if below else found.upper
    yield (
        f"{row.trial}, {row.name} (n {row.n}): published {row.published:g}, predicted {_number(found.median)} "
        f"({_number(found.lower)} to {_number(found.upper)})."
    )
    width = one.width
    far = f"{abs(end - row.published):.2g} beyond the {'lower' if below else 'upper'} end"
    yield f"The simulation gives too {'much' if below else 'little'}: the figure lies {far}" + (
        f", {100 * abs(end - row.published) / width:.0f} % of its width." if width > 0 and math.isfinite(width) else "."
    )


def _how_sure(one: Compared) -> Iterator[str]:
    found, row = one.interval, one.row
    assert found is not None
    below = row.published < found.lower
    end, error = (found.lower, found.lower_error) if below else (found.upper, found.upper_error)
    if math.isfinite(error) and abs(end - row.published) <= 2 * error:
        yield f"Within two Monte-Carlo errors ({error:.2g}) of the end: more replicates might turn the verdict."
    if one.binomial > 0 and math.isfinite(one.width):
        ratio = one.width / one.binomial
        yield f"The interval is {ratio:.1f} times as wide as chance at this n" + (
            ", so little room was left for what is not known about the trial." if ratio < 1.5 else "; even that does not reach it."
        )
    if math.isfinite(row.lower) and math.isfinite(row.upper):
        apart = row.upper < found.lower or row.lower > found.upper
        yield f"The published interval {row.lower:g} to {row.upper:g} {'does not meet' if apart else 'overlaps'} the predicted one."


def _beside(row: Validated) -> Iterator[str]:
    if row.scores is None or row.baseline is None:
        return
    own, other = row.scores
    low, high = row.baseline
    better = "less than" if own > other else "more than"
    yield (
        f"A meta-analytic baseline without a model gives {low:.2g} to {high:.2g}; by the interval score ({own:.2f} against {other:.2f}) "
        f"the simulation knows {better} it here."
    )


def _before(row: Validated | None) -> Iterator[str]:
    if row is None or row.compared.interval is None:
        return
    found = row.compared.interval
    span = f"{_number(found.lower)} to {_number(found.upper)}"
    if row.compared.verdict == "inside":
        yield f"Before calibration it lay inside ({span}): the calibrating figures drew links away from it, or made the interval narrow."
    else:
        yield f"It was outside before calibration as well ({span}): calibration did not cause the miss and did not mend it."


def _related(one: Compared, found: ValidatedTrials) -> Iterator[str]:
    """Say how calibrating figures of the same protocol and kind fare."""
    kin = [
        row.compared for row in found.rows
        if row.compared.family.use == "calibrate" and row.compared.family.protocol == one.family.protocol
        and row.compared.verdict and row.compared.row.of == one.row.of
    ]  # fmt: skip
    if kin:
        inside = sum(other.verdict == "inside" for other in kin)
        yield f"Of {len(kin)} calibrating figures of this quantity under this protocol {inside} {'is' if inside == 1 else 'are'} inside."
    elif not _calibrates(one.family, found):
        yield "No figure under this protocol calibrates: the prediction rests on what other trials taught and on the prior of the product."


def _calibrates(family: Family, found: ValidatedTrials) -> bool:
    return any(
        r.compared.family.use == "calibrate" and r.compared.family.protocol == family.protocol and r.compared.verdict for r in found.rows
    )


def _number(value: float) -> str:
    return "not reached" if math.isinf(value) else f"{value:.3g}"
