"""Designs: two-stage designs of Simon 1989, and group-sequential bounds of Jennison & Turnbull 2000 and Lan & DeMets 1983.

Every integer of a two-stage design must be met exactly, expected sizes to the printed digit. The tables of these papers were not at
hand: their figures were written down from memory and are to be read again in print. A figure that an exhaustive search or an integration
finds by itself, to the last digit, is hardly a slip of memory; one that it did not find would be no proof against either.
"""

import sys

from autologue.qualify.claims import claim, print_claims
from autologue.trial.designs.sequential import obrien_fleming_bounds, obrien_fleming_spent, pocock_bounds, spending_bounds
from autologue.trial.designs.simon import minimax_two_stage, optimal_two_stage

SIMON = "doi:10.1016/0197-2456(89)90015-9, tables 1 and 2, recalled"
BOOK = "Jennison & Turnbull 2000, tables 2.1 and 2.3, recalled"
SPENT = "Lan & DeMets 1983, O'Brien-Fleming kind, five equal looks, one-sided 0.025, recalled"
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


def two_stage(table):
    """Compare the designs of both kinds."""
    rows = []
    for (poor, good, alpha, beta), *printed in table:
        for kind, make, expected in zip(("optimal", "minimax"), (optimal_two_stage, minimax_two_stage), printed, strict=True):
            found = make(poor=poor, good=good, alpha=alpha, beta=beta, largest=60)
            label = f"{kind}, rates {poor} and {good}, errors {alpha} and {beta}"
            same = (found.stop, found.first, found.reject, found.total) == expected[:4]
            text = "{}/{}, {}/{}".format(*expected[:4])
            rows.append(claim(f"{label}: {text}", source=SIMON, published=True, ours=same))
            rows.append(claim(f"{label}: expected size", source=SIMON, published=expected[4], ours=found.patients(poor)))
    return rows


def bounds():
    """Compare bounds of group-sequential tests."""
    fleming = {2: "1.977", 3: "2.004", 4: "2.024", 5: "2.040"}
    pocock = {2: "2.178", 3: "2.289", 4: "2.361", 5: "2.413"}
    rows = []
    for name, table, make in (("O'Brien-Fleming", fleming, obrien_fleming_bounds), ("Pocock", pocock, pocock_bounds)):
        for k, printed in table.items():
            found = make(k, alpha=0.05)[-1]
            rows.append(claim(f"{name} constant, {k} looks, two-sided 0.05", source=BOOK, published=printed, ours=found))
    looks = [0.2, 0.4, 0.6, 0.8, 1.0]
    found = spending_bounds(looks, obrien_fleming_spent(looks, alpha=0.025))
    for t, printed, bound in zip(looks, ("4.877", "3.357", "2.680", "2.290", "2.031"), found, strict=True):
        rows.append(claim(f"bound at fraction {t}", source=SPENT, published=printed, ours=bound))
    return rows


def checks(table=TABLE):
    """Return all claims."""
    return [*two_stage(table), *bounds()]


if __name__ == "__main__":
    sys.exit(print_claims(checks(TABLE[:3] if "--quick" in sys.argv else TABLE)))
