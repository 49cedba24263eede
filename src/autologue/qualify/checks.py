"""What the self-test asks of the engine itself, each piece against something independent; a check gives claims as rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autologue import library, seeds
from autologue.engine.sensitivity import sensitivities
from autologue.engine.solve import EXPLICIT, STIFF, Solution, Solver, solve
from autologue.functions import log
from autologue.model import Model, Names, Output, Parameter, Phase, State, call
from autologue.nca import nca_profiles
from autologue.qualify.agreement import REGIMENS, TOLERANCES, compare_extinction, compare_model, parameter_sets
from autologue.qualify.claims import Claim

__all__ = ["CHECKS"]

PATIENTS = 1000  # of the eradication problem
UNIFORM = 0.6944848466038475
KNOWN_ANSWERS = {  # counter words and key words: the four words of Philox4x32-10, from the Random123 distribution
    (0, 0, 0, 0, 0, 0): "6627e8d5 e169c58d bc57ac4c 9b00dbd8",
    (0xFFFFFFFF,) * 6: "408f276d 41c83b0e a20bc7c6 6d5451fd",
    (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0): "d16cfe09 94fdcceb 5001e420 24126ea1",
}


def _row(text: str, source: str, expected: float, ours: float, tolerance: float = 0.0) -> Claim:
    passed = bool(abs(ours - expected) <= tolerance)
    return dict(claim=text, source=source, published=expected, ours=float(ours), tolerance=tolerance, passed=passed, note="")


def against_scipy() -> list[Claim]:
    """Hold both methods against scipy on the plain functions of five models, doses and an eradicated tumour among them."""
    rows = []
    for name in ("stein_2019", "kimmel_2021", "leon_triana_2021", "owens_bozic_2021", "kirouac_2023"):
        methods = (False,) if name == "kirouac_2023" else (True,) if name == "owens_bozic_2021" else (False, True)
        for worst in compare_model(name, parameter_sets(name, 0)[:2], regimen=REGIMENS.get(name), methods=methods):
            text = f"{name}, {worst.method}: largest relative difference from scipy"
            rows.append(_row(text, "scipy LSODA, rtol 1e-12", 0.0, worst.difference, TOLERANCES.get(name, TOLERANCES[""])))
    return rows


def extinction() -> list[Claim]:
    """Hold the probability of cure against Kendall's formula, integrated by scipy along scipy's course."""
    name = "kimmel_2021_extinction"
    typical = parameter_sets(name, 0)[0]
    typical[list(library.load(name).parameters).index("r_tumour")] = 0.11
    difference, chance = compare_extinction(name, typical)
    text = f"{name}: error of the probability of cure ({chance:.4f} at a tumour growth of 0.11 per day)"
    return [_row(text, "Kendall 1948, by quadrature", 0.0, difference, 1e-7)]


def convergence() -> list[Claim]:
    """Measure how the error falls with the number of steps."""
    model = library.load("leon_triana_2021")
    p, day = np.array([list(model.with_typical().values())]), np.array([40.0])

    def run(solver: Solver) -> Solution:
        return solve(model, p, times=day, outputs=["state:car"], solver=solver, workers=1)

    exact, rows = run(Solver(explicit=True, rtol=1e-13)).values[0, 0, 0], []
    for explicit in (False, True):
        runs = [run(Solver(explicit=explicit, rtol=rtol)) for rtol in 10.0 ** np.arange(-5.0, -9.5, -0.5)]
        errors = np.log([abs(found.values[0, 0, 0] / exact - 1) for found in runs])
        slope = -float(np.polyfit(np.log([found.steps[0] for found in runs]), errors, 1)[0])
        rows.append(_row(f"order of convergence, {Solver(explicit=explicit).method}", "theory", 5.0, slope, 0.8))
    return rows


def same_bits() -> list[Claim]:
    """Solve the same patients in other chunks and threads, and count values that differ in any bit."""
    model = library.load("stein_2019")
    people = library.populations("stein_2019")["sd"].sample(300, seed=4).parameters
    times = np.linspace(0.0, 60.0, 31)
    first = solve(model, people, times=times, workers=1, solver=EXPLICIT).values.view(np.int64)
    rows = []
    for chunk, workers in ((1, 1), (37, 2), (256, 2)):
        again = solve(model, people, times=times, chunk=chunk, workers=workers, solver=EXPLICIT).values.view(np.int64)
        text = f"values that differ in any bit, chunks of {chunk}, {workers} thread{'s' * (workers > 1)}"
        rows.append(_row(text, "determinism", 0.0, float((again != first).sum())))
    return rows


def gradient() -> list[Claim]:
    """Differentiate the transgene on day 28 by the time of the peak, through the end of a phase, against the closed form."""
    model = library.load("stein_2019")
    assert model.closed_form is not None
    typical = model.with_typical()
    found = sensitivities(model, np.array([list(typical.values())]), wrt=["t_max"], times=np.array([28.0]), logarithmic=False)
    ours = float(found.gradient[0, 0, 0, 0] / found.values[0, 0, 0])

    def logarithm(t_max: float) -> float:
        states = call(model.closed_form, t=28.0, p=Names("parameter", {**typical, "t_max": t_max}))  # type: ignore[arg-type]
        return float(log(states["effector"] + states["memory"]))

    exact = (logarithm(typical["t_max"] + 1e-4) - logarithm(typical["t_max"] - 1e-4)) / 2e-4
    text = "stein_2019: d log C(28 d) / d t_max through the end of the phase, per day"
    return [_row(text, "published parameters", 0.1396, ours, 5e-5), _row(text, "differences of the closed form", exact, ours, 1e-5)]


def _rates(y: Any, p: Any) -> dict[str, Any]:
    antigen = y.target / (p.half + y.target)
    growth = p.growth * y.target * (1 - y.target / p.capacity)
    return dict(effector=(p.expansion * antigen - p.loss) * y.effector, target=growth - p.killing * y.effector * y.target)


def eradication() -> list[Claim]:
    """Count wrong patients where effectors and targets fall far below any absolute tolerance and may come back."""
    typical = dict(expansion=0.9, half=50.0, loss=0.17, growth=0.02, capacity=1000.0, killing=0.01)
    model = Model(
        name="selftest_eradication", time="day", states=dict(effector=State("cells"), target=State("cells")),
        parameters={name: Parameter(value, "1", name, None, "self-test") for name, value in typical.items()},
        initial=lambda p: dict(effector=1.0, target=100.0), phases=[Phase(_rates)],
        outputs=dict(effector_cells=Output(lambda y: y.effector, "cells"), target_cells=Output(lambda y: y.target, "cells")),
        reference="none",
    )  # fmt: skip
    z = seeds.normals(20240601, seeds.Purpose.PARAMETERS, np.arange(PATIENTS), len(typical))
    p, times = np.array(list(typical.values())) * np.exp(0.4 * z), np.linspace(0.0, 365.0, 41)
    truth = solve(model, p, times=times, solver=Solver(explicit=True, rtol=1e-12, max_steps=1_000_000)).values
    rows = []
    for solver in (STIFF, EXPLICIT):
        found = solve(model, p, times=times, solver=solver)
        wrong, silent = float(_wrong(found.values, truth)), float((found.status < 0).sum())
        text = f"eradication, {solver.method}: {{}} of {PATIENTS}"
        rows.append(_row(text.format("wrong patients"), "the same at rtol 1e-12", 0.0, wrong))
        rows.append(_row(text.format("patients without a status"), "every patient has one", 0.0, silent))
    return rows


def _wrong(values: NDArray[np.float64], truth: NDArray[np.float64]) -> int:
    off = (truth > 1e-4) & ~(np.abs(values - truth) <= 0.01 * truth)
    return int((off | ~np.isfinite(values) | (values < -1e-3)).any(axis=(1, 2)).sum())


def random_numbers() -> list[Claim]:
    """Compare the generator with its published known answers, and the normal quantile with its value."""
    wrong = 0
    for words, answer in KNOWN_ANSWERS.items():
        wrong += " ".join(f"{int(word):08x}" for word in seeds.philox4x32(*words)) != answer
    quantile = seeds.normal_quantile(0.975)
    return [
        _row(f"known answers of Philox4x32-10 that differ, of {len(KNOWN_ANSWERS)}", "Random123 distribution", 0.0, float(wrong)),
        _row("normal quantile at 0.975", "tables", 1.959963984540054, quantile, 1e-14),
        _row("uniform number 0 of patient 7, seed 1, residual error", "pinned: part of every saved result", UNIFORM,
             float(seeds.uniforms(1, seeds.Purpose.RESIDUAL, [7], 1)[0, 0])),
    ]  # fmt: skip


def exposure() -> list[Claim]:
    """Analyse an exponential decline, for which linear-up log-down is exact."""
    times = np.arange(0.0, 25.0)
    found = nca_profiles(times, 100.0 * np.exp(-0.2 * times), np.zeros(len(times), dtype=bool), np.array([0, len(times)]))
    exact = {"half_life": np.log(2) / 0.2, "auc_inf": 500.0, "auc_last": 500.0 * -np.expm1(-0.2 * 24.0), "cmax": 100.0}
    return [
        _row(f"exposure of 100 exp(-0.2 t): {name}", "closed form", v, float(found[name].iloc[0]), 1e-9 * v) for name, v in exact.items()
    ]


CHECKS: dict[str, Callable[[], list[Claim]]] = {
    "engine against scipy": against_scipy,
    "chance extinction": extinction,
    "order of convergence": convergence,
    "chunks and threads": same_bits,
    "sensitivity": gradient,
    "eradication": eradication,
    "random numbers": random_numbers,
    "exposure": exposure,
}
