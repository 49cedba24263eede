"""The engine against scipy on every model of the library: typical patients and ten others each, both methods, doses too.

The oracle evaluates the same model functions with scipy's LSODA at rtol 1e-12, one patient at a time; it shares neither tracer nor
generator nor driver with the engine, which is given rtol 1e-10. Differences are relative to each value, with a floor of a trillionth of
the state's peak or its declared absolute tolerance. Kirouac 2023 and RAJI of Barros 2021 are too stiff for the explicit pair. Chance
extinction of Kimmel 2021 is held against Kendall's formula, integrated along the oracle's course. `--quick` takes one other patient
instead of ten.
"""

import sys

from autologue import library
from autologue.qualify.agreement import REGIMENS, TOLERANCES, compare_extinction, compare_model, parameter_sets
from autologue.qualify.claims import claim, print_claims

STIFF_ONLY = {"barros_2021_raji", "kirouac_2023"}
ORACLE, KENDALL = "scipy LSODA, rtol 1e-12", "Kendall 1948 by quadrature along scipy's course"
GROWTHS = (0.05, 0.11, 0.15, 0.19)  # tumour growth per day: cure all but certain, even, out of reach, never below 100 cells


def model_claims(name, others):
    """Compare one model without and with a regimen."""
    rows, sets = [], parameter_sets(name, others)
    methods = (False,) if name in STIFF_ONLY else (False, True)
    for regimen in [None, REGIMENS[name]] if name in REGIMENS else [None]:
        for worst in compare_model(name, sets, regimen=regimen, methods=methods):
            what = f"{name}{', dosed' if regimen else ''}, {worst.method}: largest difference in {worst.sets} patients"
            tolerance = TOLERANCES.get(name, TOLERANCES[""])
            rows.append(claim(what, source=ORACLE, published="0", ours=worst.difference, tolerance=tolerance))
    return rows


def extinction_claims(growths):
    """Compare the probability of cure over a year, both methods."""
    rows, name = [], "kimmel_2021_extinction"
    typical, growth = parameter_sets(name, 0)[0], list(library.load(name).parameters).index("r_tumour")
    for value in growths:
        typical[growth] = value
        for explicit in (False, True):
            difference, chance = compare_extinction(name, typical, explicit=explicit)
            text = f"{name}, {'Tsit5' if explicit else 'Rodas5P'}, growth {value:g}: probability of cure ({chance:.4g})"
            rows.append(claim(text, source=KENDALL, published="0", ours=difference, tolerance=1e-7))
    return rows


def checks(*, quick):
    """Return all claims."""
    rows = [row for name in library.names() for row in model_claims(name, 1 if quick else 10)]
    return [*rows, *extinction_claims(GROWTHS[1:2] if quick else GROWTHS)]


if __name__ == "__main__":
    sys.exit(print_claims(checks(quick="--quick" in sys.argv)))
