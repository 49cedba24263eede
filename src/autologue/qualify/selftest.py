"""The self-test: reference cases run again on the user's machine, what a regulated user files as installation qualification."""

from __future__ import annotations

import datetime
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import llvmlite
import numba
import numpy as np
import scipy

from autologue import __version__, library, seeds
from autologue.engine.kernel import cache_folder
from autologue.engine.reference import solve_reference
from autologue.engine.scalar import HAS_FLUSH
from autologue.engine.sensitivity import sensitivities
from autologue.engine.solve import EXPLICIT, STIFF, Solver, solve, threads
from autologue.model import Model, Output, Parameter, Phase, State
from autologue.nca import nca_profiles
from autologue.qualify.cases import LIBRARY_CASES

__all__ = ["COUNT", "Verdict", "as_record", "environment", "run_selftest"]

TIMES = np.linspace(0.0, 60.0, 31)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One row of the self-test: what is claimed, what was expected and found, the tolerance and whether it holds."""

    claim: str
    source: str
    expected: float
    ours: float
    tolerance: float
    passed: bool


def _verdict(claim: str, source: str, expected: float, ours: float, tolerance: float) -> Verdict:
    return Verdict(claim, source, expected, ours, tolerance, bool(abs(ours - expected) <= tolerance))


def environment() -> dict[str, Any]:
    """Return versions, processor, threads and the state of the kernel cache."""
    folder, lasting = cache_folder()
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "autologue": __version__, "python": sys.version.split()[0], "numpy": np.__version__, "scipy": scipy.__version__,
        "numba": numba.__version__, "llvmlite": llvmlite.__version__, "system": platform.platform(), "processor": platform.machine(),
        "flush_to_zero": HAS_FLUSH, "threads": threads(), "kernel_cache": str(folder), "kernel_cache_kept": lasting,
    }  # fmt: skip


def run_selftest(progress: Callable[[int], None] | None = None) -> list[Verdict]:
    """Run every check and return the verdicts; `progress` is called with the number of checks done , COUNT in all."""
    found: list[Verdict] = []
    for part in (*(_library_check(case) for case in LIBRARY_CASES), *_PARTS):
        found += part()
        if progress:
            progress(1)
    return found


def _library_check(case: Any) -> Callable[[], list[Verdict]]:
    return lambda: [_verdict(case.claim, case.source, case.expected, case.ours(), case.tolerance)]


def _against_scipy() -> list[Verdict]:
    """The engine against scipy's LSODA at tight tolerance, both methods."""
    rows = []
    for name in ("stein_2019", "kimmel_2021", "leon_triana_2021"):
        model = library.load(name)
        values = model.with_typical()
        truth = np.column_stack(list(solve_reference(model, values, TIMES, rtol=1e-11).values()))
        for kind in (STIFF, EXPLICIT):
            solver = Solver(explicit=kind.explicit, rtol=1e-9)
            ours = solve(model, np.array([list(values.values())]), times=TIMES, outputs=[f"state:{s}" for s in model.states], solver=solver)
            error = float(np.max(np.abs(ours.values[0] - truth) / (np.abs(truth) + 1e-9 * np.abs(truth).max(axis=0))))
            rows.append(
                _verdict(f"{name}: largest relative difference from scipy, {solver.method}", "scipy LSODA, rtol 1e-11", 0.0, error, 1e-6)
            )
    return rows


def _order() -> list[Verdict]:
    """The observed order of convergence: how the error falls with the number of steps."""
    model = library.load("leon_triana_2021")
    p, times = np.array([list(model.with_typical().values())]), np.array([40.0])
    exact = solve(model, p, times=times, outputs=["state:car"], solver=Solver(explicit=True, rtol=1e-13)).values[0, 0, 0]
    rows = []
    for explicit in (False, True):
        runs = [solve(model, p, times=times, outputs=["state:car"], solver=Solver(explicit=explicit, rtol=r)) for r in (1e-5, 1e-7, 1e-9)]
        errors = np.log([abs(run.values[0, 0, 0] / exact - 1) for run in runs])
        slope = -float(np.polyfit(np.log([run.steps[0] for run in runs]), errors, 1)[0])
        rows.append(_verdict(f"order of convergence, {Solver(explicit=explicit).method}", "theory: 5", 5.0, slope, 1.2))
    return rows


def _same_bits() -> list[Verdict]:
    """The same bits for any chunk size and number of threads."""
    people = library.populations("stein_2019")["sd"].sample(300, seed=4).parameters
    model = library.load("stein_2019")
    first = solve(model, people, times=TIMES, workers=1).values
    rows = []
    for chunk, workers in ((1, 1), (37, 2), (256, 2)):
        again = solve(model, people, times=TIMES, chunk=chunk, workers=workers).values
        differing = float((again.view(np.int64) != first.view(np.int64)).sum())
        rows.append(_verdict(f"values that differ in any bit, chunks of {chunk}, {workers} thread(s)", "determinism", 0.0, differing, 0.0))
    return rows


def _gradient() -> list[Verdict]:
    """The derivative of log transgene on day 28 with respect to the time of the peak."""
    model = library.load("stein_2019")
    p = np.array([list(model.with_typical().values())])
    found = sensitivities(model, p, wrt=["t_max"], times=np.array([28.0]), logarithmic=False)
    ours = float(found.gradient[0, 0, 0, 0] / found.values[0, 0, 0])
    return [_verdict("Stein 2019: d log C(28 d) / d t_max through the end of the phase", "closed form", 0.1396, ours, 5e-5)]


def _eradication() -> list[Verdict]:
    """No wrong patient where effector and tumour pass far below any absolute tolerance."""

    def rates(y: Any, p: Any) -> dict[str, Any]:
        antigen = y.b / (p.half + y.b)
        return dict(e=(p.rho * antigen - p.loss) * y.e, b=p.g * y.b * (1 - y.b / p.top) - p.kill * y.e * y.b)

    typical = dict(rho=0.9, half=50.0, loss=0.17, g=0.02, top=1000.0, kill=0.01)
    model = Model(
        name="selftest_eradication", time="day", states=dict(e=State("cells"), b=State("cells")),
        parameters={n: Parameter(v, "1", n, None, "self-test") for n, v in typical.items()},
        initial=lambda p: dict(e=1.0, b=100.0), phases=[Phase(rates)],
        outputs=dict(e=Output(lambda y: y.e, "cells"), b=Output(lambda y: y.b, "cells")), reference="self-test",
    )  # fmt: skip
    z = seeds.normals(20240601, seeds.Purpose.PARAMETERS, np.arange(200), len(typical))
    p = np.array(list(typical.values())) * np.exp(0.4 * z)
    times = np.linspace(0.0, 365.0, 40)
    truth = solve(model, p, times=times, solver=Solver(explicit=True, rtol=1e-12, max_steps=1_000_000)).values
    rows = []
    for kind in (STIFF, EXPLICIT):
        found = solve(model, p, times=times, solver=kind)
        off = (truth > 1e-4) & ~(np.abs(found.values - truth) <= 0.01 * truth)
        wrong = float((off | ~np.isfinite(found.values) | (found.values < -1e-3)).any(axis=(1, 2)).sum())
        rows.append(_verdict(f"eradication: wrong patients of 200, {kind.method}", "the same at rtol 1e-12", 0.0, wrong, 0.0))
        rows.append(
            _verdict(
                f"eradication: patients without a status, {kind.method}", "every patient has one", 0.0, float((found.status < 0).sum()), 0.0
            )
        )
    return rows


def _random_numbers() -> list[Verdict]:
    """The published known answer of Philox4x32-10 for a zero counter and key."""
    word = float(seeds.philox4x32(0, 0, 0, 0, 0, 0)[0])
    return [_verdict("first word of Philox4x32-10 at zero", "Random123 known answers: 6627e8d5", float(0x6627E8D5), word, 0.0)]


def _exposure() -> list[Verdict]:
    """Non-compartmental analysis of an exponential decline."""
    times = np.arange(0.0, 25.0)
    values = 100.0 * np.exp(-0.2 * times)
    found = nca_profiles(times, values, np.zeros(len(times), dtype=bool), np.array([0, len(times)]))
    return [
        _verdict("half-life of exp(-0.2 t)", "closed form", np.log(2) / 0.2, float(found["half_life"].iloc[0]), 1e-9),
        _verdict("AUCinf of 100 exp(-0.2 t)", "closed form, linear-up log-down is exact", 500.0, float(found["auc_inf"].iloc[0]), 1e-6),
    ]


_PARTS: Sequence[Callable[[], list[Verdict]]] = (_against_scipy, _order, _same_bits, _gradient, _eradication, _random_numbers, _exposure)
COUNT = len(LIBRARY_CASES) + len(_PARTS)


def as_record(verdicts: Sequence[Verdict]) -> Mapping[str, Any]:
    """Return the self-test as values that JSON can hold, with the environment it ran in."""
    return {"environment": environment(), "passed": all(v.passed for v in verdicts), "checks": [asdict(v) for v in verdicts]}
