"""Brummer 2022, killing assay with dexamethasone: every published fit gives its printed chi-square on its wells.

The wells and the 72 fits are read from the reference data; without them only that is said. Chi-squares are sums over the readings from the
first row of the fit to the end of the plate, zeros in place of readings after the fit's last row, plus one term for the count of CAR
T-cells at the end. Tolerance: 1e-5, relative, because parameters are printed to nine decimals and the fits' own solver worked at 1.5e-8.
"""

import sys
from pathlib import Path

import numpy as np

from autologue.engine.solve import Solver, solve
from autologue.library.brummer_2022 import MODEL, POPULATIONS, SETS, read_killing_assay
from autologue.qualify.cases import run_cases
from autologue.qualify.claims import claim, print_claims, shared_folder

TABLE, TOLERANCE = "table of fits", 1e-5
SHORT = 652  # rows to which wells without dexamethasone were padded, on both plates
ODD = "the printed chi-square is that of the best fit to these rows (rho 0.04632, 1/K 0.19391), not of the printed parameters"


def killing_assay():
    """Return the published fits with their wells, or None where the reference data are not there."""
    folder = shared_folder(Path(__file__).resolve().parents[1])
    path = folder / "reference" / "data" / "brummer2022_carrgodex" if folder else None
    return read_killing_assay(path) if path is not None and path.is_dir() else None


def course(fit):
    """Return tumour and CAR T-cells at the readings of one fit, each (n,)."""
    found = solve(MODEL, fit.population.typical_values()[None], times=fit.times, outputs=["cell_index", "car_t"], solver=Solver(rtol=1e-9))
    return found.values[0].T


def chi_squares(fit):
    """Return the chi-square of one fit weighted by the standard deviations, and unweighted."""
    car = fit.population.typical["car_0"] > 0
    tumour, cells = course(fit)
    stop = fit.used if not car else len(fit.times) if fit.dexamethasone else min(len(fit.times), SHORT - first_row(fit))
    seen, spread = fit.cell_index.copy(), fit.sd.copy()
    seen[fit.used :], spread[fit.used :] = 0.0, fit.sd[: fit.used].mean()
    spread[spread == 0] = spread[:stop].mean()
    last = (cells[stop - 1] - fit.car_end) if car else 0.0
    off = (tumour - seen)[:stop]
    return float(((off / spread[:stop]) ** 2).sum() + (50 * last) ** 2), float((off**2).sum() + (10 * last) ** 2)


def first_row(fit):
    """Return the row of the plate at which a fit starts."""
    return (666 if fit.line == "PBT138" else 652) - len(fit.times)


def chi_square_claims(fits):
    """Compare all chi-squares, line by line."""
    rows = []
    for line in ("PBT030", "PBT128", "PBT138"):
        worst, count, odd = 0.0, 0, []
        for fit in (fit for fit in fits.values() if fit.line == line):
            off, ours = min((abs(value / fit.chi_square - 1), value) for value in chi_squares(fit))
            if off > TOLERANCE:
                odd.append((fit, ours))
            else:
                worst, count = max(worst, off), count + 1
        text = f"{line}: largest relative difference of chi-square, {count} of {count + len(odd)} fits"
        rows.append(claim(text, source=TABLE, published="0", ours=worst, tolerance=TOLERANCE))
        for fit, ours in odd:
            text = f"{line}, wells {fit.wells}: chi-square"
            rows.append(claim(text, source=TABLE, published=str(fit.chi_square), ours=ours, tolerance=TOLERANCE * fit.chi_square, note=ODD))
    return rows


def file_claims(fits):
    """Compare the sets of the library file with the tables, and its residual error with the wells."""
    sets = {name: fits[f"{name[:6].upper()} {wells}"].population.typical for name, (wells, *_) in SETS.items()}
    differ = sum(dict(sets[name]) != dict(POPULATIONS[name].typical) for name in SETS)
    pooled = np.sqrt(np.mean(np.concatenate([fit.sd[: fit.used] for fit in fits.values()]) ** 2))
    return [
        claim("sets of the library file that differ from the tables", source=TABLE, published="0", ours=differ),
        claim("pooled standard deviation between two wells", source="the wells", published="0.156", ours=pooled),
        claim("fits of the three lines", source=TABLE, published="72", ours=len(fits)),
    ]


def checks():
    """Return all claims."""
    fits = killing_assay()
    if fits is None:
        note = "the wells and fits are not here; name their folder in AUTOLOGUE_SHARED"
        absent = claim("the wells and fits are at hand", source="reference data", published=True, ours=False, note=note)
        return [*run_cases("brummer_2022"), absent]
    return [*run_cases("brummer_2022"), *chi_square_claims(fits), *file_claims(fits)]


if __name__ == "__main__":
    sys.exit(print_claims(checks()))
