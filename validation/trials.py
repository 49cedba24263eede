"""Virtual trials: every published figure beside the interval of a trial of the real size.

The figures of families that calibrate and of families that only check were split before anything was calibrated, and they are counted
apart. Links are drawn from the posterior that ships, where it is not stale (the page says so), else from their prior; the counts before
calibration stand beside those after. The centres of some links were set by hand in view of the calibrating figures; which ones was not
written down, so every link below whose source says *assumed* must be read as one of them, and agreement of a calibrating figure is no
evidence. The checking figures were used for nothing, but their trials are public and were known to whoever wrote the links; a stricter test
needs trials that nobody here had read.

A figure counts as inside where it lies in the 90 % predictive interval, so one in ten may miss; more than that inside means intervals
too wide. The width is shown beside that of binomial chance. For checking figures that are shares, and whose endpoint two or more
calibrating trials report, the interval score stands beside that of a meta-analytic baseline (random effects by DerSimonian and Laird,
normal quantiles), which knows the calibrating figures only. Figures of one trial are not independent: no test of the counts is made.
"""

import math
import sys
from functools import cache

from autologue.qualify.claims import claim, print_claims
from autologue.trial.baseline import baseline_interval, pool_shares
from autologue.trial.link import shipped_links
from autologue.trial.misses import missed_paragraph, missed_paragraphs
from autologue.trial.validated import validate_trials

WHY = "meant for calibration: its trial was not calibrated yet, or no links within their prior give it with the other figures"


def pooling():
    """Hold the estimator against its closed form where all variances are equal: the sample variance less the variance within."""
    found = pool_shares([0.2, 0.8], [1000, 1000])
    logit = math.log(200.5 / 800.5)
    within = 1 / 200.5 + 1 / 800.5
    none = pool_shares([0.5, 0.5, 0.5], [100, 100, 100])
    low, high = baseline_interval(none, 10**9)
    source = "DerSimonian & Laird 1986, closed form for equal variances"
    return [
        claim("variance between two trials", source=source, published=f"{2 * logit**2 - within:.9f}", ours=found.between),
        claim("no variance between equal trials", source=source, published="0.000", ours=none.between),
        claim("interval is symmetric about one half", source="symmetry of the logit", published="1.000000", ours=low + high),
    ]


def figures(found):
    """Return one claim for each figure that is simulated; the tolerance is half the width of its interval, verdicts are of its ends."""
    return [_figure(row, found) for row in found.rows if row.compared.interval is not None]


def _figure(row, found):
    one = row.compared
    ends = f"{one.interval.lower:.3g} to {one.interval.upper:.3g}, width {one.width:.2g}"
    chance = "" if math.isnan(one.binomial) else f", of chance {one.binomial:.2g}"
    inside = one.verdict == "inside"
    note = "" if inside else missed_paragraph(row, found) if one.family.use == "check" else WHY
    return dict(
        claim=f"{one.row.trial}: {one.row.name}, n {one.row.n} ({one.family.use}; {ends}{chance})", source=one.row.source,
        published=one.row.published, ours=one.interval.median, tolerance=one.width / 2, passed=inside, note=note,
    )  # fmt: skip


@cache
def validated(*, replicates=200, large=40, prior=False):
    """Return the comparison of all figures, made once."""
    return validate_trials(replicates=replicates, large=large, prior=prior)


def checks(*, replicates=200, large=40):
    """Return all claims; a figure outside carries why it is not tuned."""
    return [*pooling(), *figures(validated(replicates=replicates, large=large))]


def remarks():
    """Return what the counts say, and the links that were assumed, as Markdown for the documentation."""
    found, before = validated(replicates=200, large=40), validated(replicates=200, large=40, prior=True)
    said = f"\n## In all\n\n{found.summary()}\n\n" + (f"{before.summary()}\n\n" if found.calibrated else "")
    said += "".join(f"- {name}: {words}\n" for name, words in found.drawn_from.items())
    said += "\n## Checking figures outside\n\n" + "\n\n".join(missed_paragraphs(found, before)) + "\n"
    said += "\n## Links whose value was assumed\n\n"
    for name in ("leukaemia", "lymphoma", "mantle_cell", "follicular", "myeloma", "toxicity", "mortality", "controls"):
        assumed = [f"`{key}`" for key, link in shipped_links(name).items() if link.source.startswith("assumed")]
        said += f"- {name}: {', '.join(assumed)}\n" if assumed else ""
    return said + "\n## Claims\n"


if __name__ == "__main__":
    quick = "--quick" in sys.argv
    sys.exit(print_claims(checks(replicates=40, large=0) if quick else checks()))
