"""Benchmark of the engine, per core in CPU seconds, with accuracy beside speed and the peers in the same run.

Run `make bench`, or `python benchmarks/engine.py [--quick] [--json FILE]`. Needs the extra `bench` (numbalsoda is built
from source: gfortran). Machines differ by a factor of three: compare the ratios.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import peers
import problems as pb
from hardware import hardware
from numpy.typing import NDArray

from autologue import library
from autologue.engine.closed import closed_form
from autologue.engine.probe import choose_solver
from autologue.engine.sensitivity import sensitivities
from autologue.engine.solve import EXPLICIT, STIFF, Solver, solve
from autologue.population import Drawn

Floats = NDArray[np.float64]
ROWS: list[dict[str, Any]] = []


def cpu(work: Callable[[], Any], repeats: int = 5) -> tuple[float, Any]:
    """Return the median CPU seconds of `work` after one run that is not counted, and what it returned."""
    found, seconds = work(), []
    for _ in range(repeats):
        begin = time.process_time()
        found = work()
        seconds.append(time.process_time() - begin)
    return statistics.median(seconds), found


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Send the output of compiled code elsewhere: LSODA prints a line for each step it cannot make."""
    sys.stdout.flush()
    kept = {stream: os.dup(stream) for stream in (1, 2)}
    with open(os.devnull, "w") as nowhere:
        for stream in kept:
            os.dup2(nowhere.fileno(), stream)
    try:
        yield
    finally:
        ctypes.CDLL(None).fflush(None)
        for stream, copy in kept.items():
            os.dup2(copy, stream)
            os.close(copy)


def row(problem: str, who: str, patients: float, **more: Any) -> None:
    """Record and print one row: patients per CPU second and what was checked beside it."""
    ROWS.append({"problem": problem, "who": who, "patients_per_cpu_second": patients, **more})
    text = "  ".join(f"{k} {v:.2g}" if isinstance(v, float) else f"{k} {v}" for k, v in more.items())
    print(f"{problem:3} {who:44} {patients:12,.0f} patients/CPU-s  {1e6 / patients:10.3g} us  {text}", flush=True)


def errors(values: Floats, truth: Floats) -> dict[str, float]:
    """Return median and 99.9th percentile over patients of the largest scaled error of problem A."""
    worst = (np.abs(values - truth) / (np.abs(truth) + pb.A_FLOOR)).max(axis=(1, 2))
    return {"median_error": float(np.median(worst)), "p999_error": float(np.quantile(worst, 0.999))}


def problem_a(count: int, *, quick: bool) -> None:
    """Speed and accuracy on the stiff problem, beside the peers."""
    p = pb.population_a(count)
    y0 = peers.starts_a(p)
    checked = min(count, 1000)
    truth = solve(pb.A, p[:checked], times=pb.A_TIMES, solver=Solver(explicit=True, rtol=1e-11, absolute=1e-7, max_steps=2_000_000)).values
    seconds, found = cpu(lambda: solve(pb.A, p, times=pb.A_TIMES, workers=1))
    ours = count / seconds
    row("A", f"autologue {STIFF.method}", ours, **errors(found.values[:checked], truth), failed=int((found.status != 0).sum()))
    lsoda = peers.numbalsoda_a()
    n = min(count, 2000)
    with quiet():
        seconds, values = cpu(lambda: lsoda(p[:n], y0[:n]), 3)
    row("A", "numbalsoda LSODA", n / seconds, **errors(values[:checked], truth[:n]), ours_is_faster_by=ours * seconds / n)
    n = 20 if quick else 60
    seconds, values = cpu(lambda: peers.scipy_lsoda(p[:n], y0[:n]), 1)
    row("A", "scipy LSODA", n / seconds, **errors(values, truth[:n]), ours_is_faster_by=ours * seconds / n)
    if not quick:
        kvaerno = peers.diffrax_a()
        seconds, values = cpu(lambda: kvaerno(p[:256], y0[:256]), 1)
        row("A", "diffrax Kvaerno5, vmap of 256", 256 / seconds, **errors(values, truth[:256]), ours_is_faster_by=ours * seconds / 256)


def problem_b(count: int) -> None:
    """Closed form of Stein 2019 at 40 times, against chunked numpy; and drawing the parameters."""
    model = library.load("stein_2019")
    people = library.populations("stein_2019")["sd"]
    times = np.concatenate([np.linspace(0, 28, 20), np.linspace(35, 365, 20)])
    chunk = 4096
    seconds, _ = cpu(lambda: [people.sample(chunk, seed=0, first=k) for k in range(0, count, chunk)], 3)
    row("B", "autologue, drawing the parameters", count / seconds)
    sets = people.sample(chunk, seed=0).parameters
    seconds, values = cpu(lambda: [closed_form(model, sets, times=times) for _ in range(0, count, chunk)][-1])
    ours = count / seconds
    truth = _stein_numpy(sets, times)
    row("B", "autologue closed form", ours, max_error=float(np.abs(values[..., 0] / truth - 1).max()))
    seconds, _ = cpu(lambda: [_stein_numpy(sets, times) for _ in range(0, count, chunk)], 3)
    row("B", "numpy, chunks of 4,096", count / seconds, ours_is_faster_by=ours * seconds / count)


def _stein_numpy(sets: Floats, times: Floats) -> Floats:
    fold, t_max, c_max, alpha, fraction, beta = (sets[:, k, None] for k in range(6))
    since = times - t_max
    rise = c_max / fold * np.exp(np.log(fold) / t_max * np.minimum(times, t_max))
    fall = c_max * ((1 - fraction) * np.exp(-alpha * np.maximum(since, 0)) + fraction * np.exp(-beta * np.maximum(since, 0)))
    return np.where(times < t_max, rise, fall)


def problem_c(count: int) -> None:
    """Six sensitivities of problem A, against fourth-order central differences of tight solutions.

    `median_error` is relative to the larger of the state and its sensitivity, `median_error_of_state` to the state alone: a
    sensitivity to the logarithm of a growth rate is some fifty times its state (`median_size`), and the second figure grows with it.
    """
    p, wrt = pb.population_a(count), ["r", "h", "dE", "e", "g", "k"]
    seconds, found = cpu(lambda: sensitivities(pb.A, p, wrt=wrt, times=pb.A_TIMES, workers=1), 3)
    n, step, tight = 100, 1e-4, Solver(explicit=True, rtol=1e-12, absolute=1e-7, max_steps=2_000_000)
    truth = np.empty((n, len(pb.A_TIMES), 5, len(wrt)))
    for k, name in enumerate(wrt):
        sides = {}
        for side in (-2, -1, 1, 2):
            q = p[:n].copy()
            q[:, list(pb.A_VALUES).index(name)] *= 1 + side * step
            sides[side] = solve(pb.A, q, times=pb.A_TIMES, solver=tight).values
        truth[..., k] = (8 * (sides[1] - sides[-1]) - (sides[2] - sides[-2])) / (12 * step)
    scale = np.abs(found.values[:n, ..., None]) + pb.A_FLOOR[:, None]
    missed = np.abs(found.gradient[:n] - truth)
    own = (missed / np.maximum(scale, np.abs(truth))).max(axis=(1, 2, 3))
    state = (missed / scale).max(axis=(1, 2, 3))
    row(
        "C", "autologue, six sensitivities", count / seconds,
        median_error=float(np.median(own)), p90_error=float(np.quantile(own, 0.9)), median_error_of_state=float(np.median(state)),
        median_size=float(np.median((np.abs(truth) / scale).max(axis=(1, 2, 3)))),
    )  # fmt: skip


def problem_e(count: int) -> None:
    """Eradication: cost, accuracy where the problem is well posed, wrong patients where states pass below any tolerance."""
    lsoda = peers.numbalsoda_e()
    for name, eradicated in (("E1", False), ("E2", True)):
        p = pb.population_e(count, eradicated=eradicated)
        solver, reason = choose_solver(Drawn(model=pb.E, values=dict(zip(pb.E_VALUES, p.T, strict=True))), horizon=365.0)
        truth = solve(pb.E, p, times=pb.E_TIMES, solver=Solver(explicit=True, rtol=1e-12, max_steps=2_000_000)).values
        for kind in (solver, STIFF if solver.explicit else EXPLICIT):
            seconds, found = cpu(lambda p=p, kind=kind: solve(pb.E, p, times=pb.E_TIMES, solver=kind, workers=1), 3)
            worst = (np.abs(found.values - truth) / (np.abs(truth) + 1e-2)).max(axis=(1, 2))
            more = {
                "p999_error": float(np.quantile(worst, 0.999)),
                "wrong": pb.wrong(found.values, truth),
                "no_status": int((found.status < 0).sum()),
            }
            row(name, f"autologue {kind.method}{' (chosen by the probe)' if kind is solver else ''}", count / seconds, **more)
        print(f"    probe: {reason}")
        with quiet():
            seconds, values = cpu(lambda p=p: lsoda(p), 1)
        row(name, "numbalsoda LSODA, atol 1e-8", count / seconds, wrong=pb.wrong(values, truth))
        if eradicated:
            independent = peers.log_state_reference_e(p[:30])
            print(f"    truth against log states (scipy), 30 patients: {pb.wrong(truth[:30], independent)} wrong")


_MEMORY = """
import sys
sys.path.insert(0, {here!r})
import problems as pb
from hardware import hardware
from autologue.engine.solve import solve
from autologue.engine.summary import Area, LastAbove, Maximum, Minimum
import numpy as np
asked = [Maximum("E"), Area("E", 0, 28), LastAbove("E", 1e3), Minimum("T")]
kept = []
for first in range(0, {count}, 10_000):
    p = pb.population_a(10_000)
    kept.append(solve(pb.A, p, times=np.array([]), horizon=365.0, summaries=asked).summaries)
# not ru_maxrss, which keeps the peak of the process that started this one
print(next(float(line.split()[1]) / 1024 for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def memory(count: int) -> None:
    """Peak memory with summaries only, `count` patients against 10,000, each in a process of its own (Linux tells it)."""
    if not Path("/proc/self/status").exists():
        return
    peaks = {}
    for n in (10_000, count):
        script = _MEMORY.format(here=str(Path(__file__).parent), count=n)
        peaks[n] = float(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout)
    ROWS.append({"problem": "A", "who": "memory", "peak_mib": peaks})
    print(f"A   summaries only: {peaks[10_000]:.0f} MiB for 10,000 patients, {peaks[count]:.0f} MiB for {count:,}")


_START = """
import time
begin = time.perf_counter()
from autologue import library
from autologue.engine.solve import prepare, solve
import numpy as np
model = library.load({name!r}) if {name!r} != "problem_a" else __import__("problems").A
values = np.array([list(model.with_typical().values())])
loaded = time.perf_counter()
prepare(model).kernel(explicit=False)
compiled = time.perf_counter()
solve(model, values, times=np.array([0.0, 1.0]))
print(loaded - begin, compiled - loaded, time.perf_counter() - compiled)
"""


def starts() -> None:
    """First compilation in an empty cache, and a start with the kernels cached."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "AUTOLOGUE_CACHE_DIR": folder,
            "PYTHONPATH": str(Path(__file__).parent) + os.pathsep + os.environ.get("PYTHONPATH", ""),
        }
        for name, states in (("problem_a", 5), ("kirouac_2023", 8)):
            for kind in ("first", "cached"):
                run = subprocess.run(
                    [sys.executable, "-c", _START.format(name=name)], capture_output=True, text=True, check=True, env=environment
                )
                imported, kernel, solved = (float(v) for v in run.stdout.split()[-3:])
                ROWS.append({"problem": "start", "who": name, "kind": kind, "import": imported, "kernel": kernel, "solve": solved})
                print(f"    {name} ({states} states), {kind}: import {imported:.2f} s, kernel {kernel:.2f} s, first solve {solved:.2f} s")


def main() -> None:
    """Run all problems and print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--quick", action="store_true", help="fewer patients, without diffrax and the memory run")
    options.add_argument("--json", type=Path, help="write the rows to this file")
    chosen = options.parse_args()
    count = 2000 if chosen.quick else 10_000
    machine = hardware()
    ROWS.append({"problem": "machine", **machine})
    print("; ".join(f"{name.replace('_', ' ')} {value:.3g}" if isinstance(value, float) else f"{value}" for name, value in machine.items()))
    print("medians of CPU time, one core; targets were set on a core with avx512f that does 55 multiply-adds per ns")
    starts()
    problem_a(count, quick=chosen.quick)
    problem_b(50_000 if chosen.quick else 1_000_000)
    problem_c(count // 4)
    problem_e(count)
    if not chosen.quick:
        memory(1_000_000)
    if chosen.json:
        chosen.json.write_text(json.dumps(ROWS, indent=1))


if __name__ == "__main__":
    main()
