"""Kirouac 2023, toggle switch: principal components of the 36 published sets, medians, and the end points of the three groups.

The 36 sets are read from the reference data; without them only that is said. The medians in the library file are compared with
the medians of the sets, digit by digit.
"""

import sys
from pathlib import Path

import numpy as np

from autologue.engine.solve import Solver, solve
from autologue.library.kirouac_2023 import MEDIANS, MODEL, POPULATIONS, read_virtual_patients
from autologue.qualify.claims import claim, print_claims, shared_folder

TEXT, COMPUTED = "text", "computed from the published sets independently"
ORDER = "the same components explain the printed variance to three digits, so the order was ranked by something other than loadings"
TIMES = np.concatenate([np.arange(0.0, 60.0, 0.02), np.arange(60.0, 365.05, 0.5)])
LABELS = ("peak of CAR-T cells from day 1", "day of it", "AUC0-28 of CAR-T cells", "lowest tumour", "tumour, day 28", "tumour, day 365")
END_POINTS = {
    "CR": ("9.53e7", "19.1", "1.30e9", "3.2e6", "4.2e6", "4.0e7", "6.5e7", "1.4e6"),
    "PR": ("3.66e7", "20.5", "4.73e8", "1.1e8", "1.6e8", "2.0e8", "2.7e7", "8.6e4"),
    "NR": ("6.30e5", "18.0", "1.44e7", "1.0e10", "1.41e10", "1.62e10", "5.6e5", "6.0e4"),
}


def virtual_patients():
    """Return the 36 sets by group, or None where the reference data are not there."""
    folder = shared_folder(Path(__file__).resolve().parents[1])
    path = folder / "reference" / "data" / "kirouac2023" / "kirouac2023_virtual_patients.csv" if folder else None
    return read_virtual_patients(path) if path is not None and path.is_file() else None


def end_points(drawn):
    """Return the eight end points (sets, 8) of the sets of one group."""
    found = solve(MODEL, drawn.table(), times=TIMES, outputs=["car_t", "tumour_cells"], solver=Solver(rtol=1e-8)).values
    cells, tumour = found[:, :, 0], found[:, :, 1]
    late = np.where(TIMES >= 1, cells, 0.0)
    month = int(np.searchsorted(TIMES, 28 - 1e-9))
    exposure = np.trapezoid(cells[:, : month + 1], TIMES[: month + 1], axis=1)
    points = (late.max(1), TIMES[late.argmax(1)], exposure, tumour.min(1), tumour[:, month], tumour[:, -1], cells[:, month], cells[:, -1])
    return np.column_stack(points)


def component_claims(sets):
    """Compare the share of variance of the principal components of the centred log10 parameters."""
    table = np.vstack([np.log10(np.column_stack([drawn.values[name] for name in MEDIANS])) for drawn in sets.values()])
    _, singular, loadings = np.linalg.svd(table - table.mean(0), full_matrices=False)
    share = 100 * singular**2 / (singular**2).sum()
    largest = [list(MEDIANS.values())[k][0] for k in np.argsort(-np.abs(loadings[0]))[:4]]
    rows = [
        claim(f"variance on component {k + 1}, %", source=source, published=number, ours=share[k])
        for source, k, number in (
            (TEXT, 0, "35.3"),
            (TEXT, 1, "21.7"),
            (COMPUTED, 0, "35.2875"),
            (COMPUTED, 1, "21.7236"),
            (COMPUTED, 2, "9.61"),
            (COMPUTED, 3, "7.03"),
        )
    ]
    named = f"largest loadings on component 1 are TK50, k_kill, uM, dM in this order (ours: {', '.join(largest)})"
    order = ["TK50", "k_kill", "uM", "dM"]
    return [*rows, claim(named, source=TEXT, published=True, ours=largest == order, note=ORDER)]


def median_claims(sets):
    """Compare every median of the library file with the median of the sets, to the six digits written there."""
    worst = 0.0
    for group, drawn in sets.items():
        typical = POPULATIONS[group].typical
        worst = max(worst, *(abs(float(f"{np.median(drawn.values[name]):.6g}") / typical[name] - 1) for name in MEDIANS))
    text = "medians in the library file: largest relative difference from the medians of the sets"
    return [claim(text, source=COMPUTED, published="0", ours=worst, tolerance=1e-12)]


def end_point_claims(sets):
    """Compare medians of twelve over the end points."""
    rows, labels = [], (*LABELS, "CAR-T cells, day 28", "CAR-T cells, day 365")
    for group, drawn in sets.items():
        for label, number, value in zip(labels, END_POINTS[group], np.median(end_points(drawn), axis=0), strict=True):
            rows.append(claim(f"{group}: {label}, median of 12", source=COMPUTED, published=number, ours=value))
    return rows


def checks():
    """Return all claims."""
    sets = virtual_patients()
    if sets is None:
        note = "the 36 sets are not here; name their folder in AUTOLOGUE_SHARED"
        return [claim("the 36 published sets are at hand", source="reference data", published=True, ours=False, note=note)]
    return [*component_claims(sets), *median_claims(sets), *end_point_claims(sets)]


if __name__ == "__main__":
    sys.exit(print_claims(checks()))
