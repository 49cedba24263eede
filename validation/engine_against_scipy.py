"""The engine against scipy on every model of the library: typical values and patients far from them, both methods.

The reference evaluates the same model functions with scipy's LSODA at tight tolerance, one patient at a time; it shares
neither the tracer, nor the generator, nor the driver with the engine. Differences are relative to each value, with a
floor of a billionth of the largest value of that state (or its declared absolute tolerance).
"""

import sys

import numpy as np

from autologue import library
from autologue.engine.reference import solve_reference
from autologue.engine.solve import Solver, solve
from autologue.qualify.claims import claim, print_claims

FACTORS = 0.08  # standard deviation of the logarithm by which parameters are moved
SETS = 4
TOLERANCE = 1e-5
HELD = {"kimmel_2021_extinction"}  # the reference has no chance extinction


def sets(model):
    """Return parameter sets (sets, parameters): the typical one, then all parameters moved at random."""
    typical = np.array(list(model.with_typical().values()))
    z = np.random.default_rng(11).standard_normal((SETS, len(typical)))
    return np.vstack([typical, typical * np.exp(FACTORS * z)])


def largest_difference(model, *, explicit):
    """Return the largest scaled difference over sets, states and times."""
    values, times = sets(model), np.linspace(0.0, model.horizon, 25)
    names = [f"state:{name}" for name in model.states]
    solver = Solver(explicit=explicit, rtol=1e-10, max_steps=2_000_000)
    regimens = [model.regimen] if model.regimen is not None else [None]
    ours = solve(model, values, times=times, outputs=names, solver=solver, regimens=regimens)
    worst = 0.0
    for row, found in zip(values, ours.values, strict=True):
        truth = solve_reference(model, dict(zip(model.parameters, row, strict=True)), times, rtol=1e-12)
        for i, (name, state) in enumerate(model.states.items()):
            floor = max(1e-9 * np.abs(truth[name]).max(), 1e4 * (state.absolute or 0.0), 1e-300)
            worst = max(worst, float(np.max(np.abs(found[:, i] - truth[name]) / (np.abs(truth[name]) + floor))))
    return worst if (ours.status == 0).all() else float("inf")


def checks():
    """Return one row a model and method; models whose probe calls them stiff are solved by Rodas5P alone."""
    rows = []
    for name in library.names():
        if name in HELD:
            continue
        model = library.load(name)
        for explicit in (False, True) if model.name not in ("owens_bozic_2021", "kirouac_2023") else (False,):
            text = f"{name}, {'Tsit5' if explicit else 'Rodas5P'}: largest difference from scipy"
            rows.append(
                claim(
                    text,
                    source="scipy LSODA, rtol 1e-12",
                    published="0",
                    ours=largest_difference(model, explicit=explicit),
                    tolerance=TOLERANCE,
                )
            )
    return rows


if __name__ == "__main__":
    sys.exit(print_claims(checks()))
