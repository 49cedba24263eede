"""Designs: two-stage designs and group-sequential bounds with futility, each held against an independent computation.

Two-stage designs are searched again exhaustively, every total, first stage, stop and reject, with scipy's binomial distribution. The
error that bounds spend is computed again as the probability of rectangles under a multivariate normal distribution (Genz & Bretz, in
scipy), without the recursion by which they were found. The printed tables of Simon 1989, of Jennison & Turnbull 2000, of Lan & DeMets
1983 and of gsDesign are not at hand: their figures were written down from memory, say "recalled", and are to be read again in print.
"""

import sys

import numpy as np
from scipy.stats import binom, multivariate_normal

from autologue.qualify.claims import claim, print_claims
from autologue.trial.designs.futility import bounds_with_futility
from autologue.trial.designs.sequential import obrien_fleming_bounds, obrien_fleming_spent, pocock_bounds, spending_bounds, spent_error
from autologue.trial.designs.simon import minimax_two_stage, optimal_two_stage

SEARCH = "exhaustive search with scipy's binomial distribution"
GENZ = "multivariate normal rectangles (Genz & Bretz, scipy)"
SIMON = "doi:10.1016/0197-2456(89)90015-9, tables 1 and 2, recalled"
BOOK = "Jennison & Turnbull 2000, tables 2.1 and 2.3, recalled"
SPENT = "Lan & DeMets 1983, O'Brien-Fleming kind, five equal looks, one-sided 0.025, recalled"
GSDESIGN = "gsDesign, its default design, recalled"
GENZ_ERROR = 2e-6  # asked of the integration below 1e-6
LARGEST = 60
# rates and errors; optimal and minimax as stop/first, reject/total, and the expected size under the poor rate
TABLE = [
    ((0.05, 0.25, 0.10, 0.10), (0, 9, 2, 24, "14.5"), (0, 13, 2, 20, "16.4")),
    ((0.05, 0.25, 0.05, 0.20), (0, 9, 2, 17, "12.0"), (0, 12, 2, 16, "13.8")),
    ((0.05, 0.25, 0.05, 0.10), (0, 9, 3, 30, "16.8"), (0, 15, 3, 25, "20.4")),
    ((0.10, 0.30, 0.10, 0.10), (1, 12, 5, 35, "19.8"), (1, 16, 4, 25, "20.4")),
    ((0.10, 0.30, 0.05, 0.20), (1, 10, 5, 29, "15.0"), (1, 15, 5, 25, "19.5")),
    ((0.10, 0.30, 0.05, 0.10), (2, 18, 6, 35, "22.5"), (2, 22, 6, 33, "26.2")),
    ((0.20, 0.40, 0.10, 0.10), (3, 17, 10, 37, "26.0"), (3, 19, 10, 36, "28.3")),
    ((0.20, 0.40, 0.05, 0.20), (3, 13, 12, 43, "20.6"), (4, 18, 10, 33, "22.3")),
    ((0.30, 0.50, 0.05, 0.20), (5, 15, 18, 46, "23.6"), (6, 19, 16, 39, "25.7")),
]


def search(poor, good, alpha, beta):
    """Return the optimal and the minimax design, and how many of the designs up to LARGEST keep both errors, by looking at all of them."""
    kept = []
    for total in range(2, LARGEST + 1):
        reject = np.arange(total)
        for first in range(1, total):
            seen = np.arange(first + 1)
            beyond = [
                binom.pmf(seen, first, p)[:, None] * binom.sf(reject[None, :] - seen[:, None], total - first, p) for p in (poor, good)
            ]
            # rows: the least number of first responses with which the trial goes on
            size, power = (np.cumsum(each[::-1], axis=0)[::-1][1:] for each in beyond)
            for stop, at in np.argwhere((size <= alpha) & (power >= 1 - beta)):
                expected = first + binom.sf(stop, first, poor) * (total - first)
                kept.append((expected, total, (int(stop), first, int(reject[at]), total)))
    optimal = min(kept)
    minimax = min(kept, key=lambda each: (each[1], each[0]))
    return optimal, minimax, len(kept)


def two_stage(table):
    """Compare the designs of both kinds with the search, and with the tables as they are remembered."""
    rows = []
    for errors, *printed in table:
        poor, good, alpha, beta = errors
        best = search(*errors)
        for kind, make, exact, recalled in zip(
            ("optimal", "minimax"), (optimal_two_stage, minimax_two_stage), best[:2], printed, strict=True
        ):
            found = make(poor=poor, good=good, alpha=alpha, beta=beta, largest=LARGEST)
            ours = (found.stop, found.first, found.reject, found.total)
            label = f"{kind}, rates {poor} and {good}, errors {alpha} and {beta}"
            text = "{}/{}, {}/{}".format(*exact[2])
            rows.append(claim(f"{label}: {text}, of {best[2]} that keep both errors", source=SEARCH, published=True, ours=ours == exact[2]))
            rows.append(
                claim(f"{label}: expected size", source=SEARCH, published=f"{exact[0]:.10f}", ours=found.patients(poor), tolerance=1e-8)
            )
            same = ours == recalled[:4]
            rows.append(claim(f"{label}: as the table has it", source=SIMON, published=True, ours=same))
            rows.append(claim(f"{label}: expected size of the table", source=SIMON, published=recalled[4], ours=found.patients(poor)))
    return rows


def inside(low, high, looks, drift=0.0):
    """Return the probability that the statistics of looks lie between bounds."""
    t = np.asarray(looks, float)
    cov = np.sqrt(np.minimum.outer(t, t) / np.maximum.outer(t, t))
    low, high = (np.clip(np.asarray(each, float), -12, 12) for each in (low, high))
    normal = multivariate_normal(mean=drift * np.sqrt(t), cov=cov, abseps=1e-7, releps=1e-7, maxpts=3_000_000, seed=1)
    return float(normal.cdf(high, lower_limit=low))


def bounds():
    """Compare bounds of group-sequential tests."""
    fleming = {2: "1.977", 3: "2.004", 4: "2.024", 5: "2.040"}
    pocock = {2: "2.178", 3: "2.289", 4: "2.361", 5: "2.413"}
    rows = []
    for name, table, make in (("O'Brien-Fleming", fleming, obrien_fleming_bounds), ("Pocock", pocock, pocock_bounds)):
        for k, printed in table.items():
            found = make(k, alpha=0.05)
            stays = inside(-found, found, np.arange(1, k + 1) / k)
            rows.append(claim(f"{name}, {k} looks: two-sided error", source=GENZ, published="0.05", ours=1 - stays, tolerance=GENZ_ERROR))
            rows.append(claim(f"{name} constant, {k} looks, two-sided 0.05", source=BOOK, published=printed, ours=found[-1]))
    looks = [0.2, 0.4, 0.6, 0.8, 1.0]
    spent = obrien_fleming_spent(looks, alpha=0.025)
    found = spending_bounds(looks, spent)
    for k, (t, printed) in enumerate(zip(looks, ("4.877", "3.357", "2.680", "2.290", "2.031"), strict=True)):
        crossed = 1 - inside(np.full(k + 1, -12.0), found[: k + 1], looks[: k + 1])
        rows.append(claim(f"error spent by fraction {t}", source=GENZ, published=f"{spent[k]:.10f}", ours=crossed, tolerance=GENZ_ERROR))
        rows.append(claim(f"bound at fraction {t}", source=SPENT, published=printed, ours=found[k]))
    return rows


def futility():
    """Compare bounds with futility: what each look spends of both errors, and the default design of another program."""
    rows = []
    looks = [1 / 3, 2 / 3, 1.0]
    alpha, beta = spent_error(looks, 0.025, spending=-4.0), spent_error(looks, 0.1, spending=-2.0)
    for binding in (False, True):
        found = bounds_with_futility(looks, alpha, beta, binding=binding)
        obeyed = found.lower if binding else np.full(3, -12.0)
        words = "binding" if binding else "non-binding"
        for k in range(3):
            up = inside(np.append(obeyed[:k], found.upper[k]), np.append(found.upper[:k], 12.0), looks[: k + 1])
            down = inside(np.append(found.lower[:k], -12.0), np.append(found.upper[:k], found.lower[k]), looks[: k + 1], found.drift)
            for what, ours, spent in (("first", up, alpha), ("second", down, beta)):
                own = spent[k] - (spent[k - 1] if k else 0.0)
                text = f"{words}: error of the {what} kind spent at look {k + 1} of 3"
                rows.append(claim(text, source=GENZ, published=f"{own:.10f}", ours=ours, tolerance=GENZ_ERROR))
    found = bounds_with_futility(looks, alpha, beta, binding=False)
    for name, printed, ours in (("upper", ("3.01", "2.55", "2.00"), found.upper), ("lower", ("-0.24", "0.94", "2.00"), found.lower)):
        rows += [claim(f"{name} bound, look {k + 1}", source=GSDESIGN, published=p, ours=ours[k]) for k, p in enumerate(printed)]
    fixed = bounds_with_futility([1.0], np.array([0.025]), np.array([0.1]), binding=False).drift
    rows.append(claim("information relative to one look", source=GSDESIGN, published="1.07", ours=(found.drift / fixed) ** 2))
    return rows


def checks(table=TABLE):
    """Return all claims."""
    return [*two_stage(table), *bounds(), *futility()]


if __name__ == "__main__":
    sys.exit(print_claims(checks(TABLE[:3] if "--quick" in sys.argv else TABLE)))
