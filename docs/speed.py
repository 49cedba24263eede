"""The page of measured speed, from what `benchmarks/engine.py --json benchmarks/recorded/engine.json` kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pages import number, plain, table

RECORD = Path(__file__).resolve().parents[1] / "benchmarks" / "recorded" / "engine.json"
PROBLEMS = {
    "A": "A, five stiff states of 10,000 patients over a year, 40 times, relative tolerance 1e-6",
    "B": "B, the closed form of Stein 2019 at 40 times",
    "C": "C, problem A with six sensitivities",
    "E1": "E1, three states, relapse and cure, 40 times",
    "E2": "E2, as E1, with tumours that fall far below one cell",
}
WORDS = {
    "median_error": "median error",
    "p90_error": "error, 90th percentile",
    "p999_error": "error, 99.9th percentile",
    "max_error": "largest error",
    "median_error_of_state": "median error relative to the state",
    "median_size": "median sensitivity over state",
    "failed": "failed",
    "wrong": "wrong patients",
    "no_status": "without a status",
    "ours_is_faster_by": "ours is faster by",
}


def speed_page() -> str:
    """Return the page: one table a problem, accuracy beside speed, and the machine they were measured on."""
    rows: list[dict[str, Any]] = json.loads(RECORD.read_text(encoding="utf-8"))
    machine = next(row for row in rows if row["problem"] == "machine")
    text = "# Speed, with accuracy beside it\n\nMade from the record of `python benchmarks/engine.py`, all rows of a table in one run. "
    text += f"Machine: {plain(machine['processor'])} ({machine['architecture']}), widest vectors {machine['widest_vectors']}, "
    text += f"{machine['multiply_adds_per_ns']:.3g} multiply-adds a nanosecond on one core, {machine['system']}, "
    text += f"Python {machine['python']}. Times are medians of CPU time on one core; other machines differ, ratios less so.\n\n"
    text += "Errors are the largest over times and states of a patient, relative to the value and its floor; those of sensitivities are\n"
    text += "relative to the larger of state and sensitivity.\n"
    for name, words in PROBLEMS.items():
        text += f"\n## {words}\n" + _problem([row for row in rows if row["problem"] == name and "patients_per_cpu_second" in row])
    text += "\n## Starts and memory\n" + _starts([row for row in rows if row["problem"] == "start"])
    peaks = next(row for row in rows if row.get("who") == "memory")["peak_mib"]
    said = " and ".join(f"{peak:.0f} MiB for {int(count):,} patients" for count, peak in peaks.items())
    return text + f"\nPeak memory of problem A with summaries only: {said}.\n"


def _problem(rows: list[dict[str, Any]]) -> str:
    kept = [key for key in WORDS if any(key in row for row in rows)]
    heads = ["", "patients per CPU second", "microseconds each", *(WORDS[key] for key in kept)]
    body = [
        [plain(row["who"]), f"{row['patients_per_cpu_second']:,.0f}", f"{1e6 / row['patients_per_cpu_second']:.3g}"]
        + [f"{row[key]:.3g}" if isinstance(row.get(key), float) else number(row.get(key, "")) for key in kept]
        for row in rows
    ]
    return table(heads, body)


def _starts(rows: list[dict[str, Any]]) -> str:
    body = [[plain(row["who"]), row["kind"], *(f"{row[key]:.2f}" for key in ("import", "kernel", "solve"))] for row in rows]
    return table(["model", "cache of kernels", "import, s", "kernel, s", "first solve, s"], body)
