"""Results of studies too long for every run: kept as JSON in `recorded/`, with what they rest on, and read by the documentation."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from autologue import __version__

FOLDER = Path(__file__).resolve().parent / "recorded"


def mark(*inputs: object) -> str:
    """Return a short hash of what a study rests on."""
    return hashlib.sha256("\n".join(map(repr, inputs)).encode()).hexdigest()[:16]


def record(name: str, *, inputs: str, seed: object, found: Any) -> Path:
    """Write the result of a study; inputs: its mark."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.json"
    head = dict(inputs=inputs, autologue=__version__, seed=seed, date=datetime.datetime.now(datetime.UTC).date().isoformat())
    path.write_text(json.dumps({**head, "found": found}, indent=1) + "\n", encoding="utf-8")
    return path


def resumed(file: Path, plan: Sequence[tuple[str, int]], replicate: Callable[[str, int], Any]) -> list[Any]:
    """Return the replicates (arm, seed) of a plan in its order, those that the file of JSON lines lacks computed and added to it."""
    done: dict[tuple[str, int], Any] = {}
    if file.exists():
        done = {(r["arm"], r["seed"]): r for r in map(json.loads, file.read_text(encoding="utf-8").splitlines())}
    for arm, seed in plan:
        if (arm, seed) not in done:
            done[arm, seed] = replicate(arm, seed)
            with file.open("a", encoding="utf-8") as out:
                out.write(json.dumps(done[arm, seed]) + "\n")
            print(f"{len(done)} of {len(plan)}: {arm}, seed {seed}", flush=True)
    return [done[key] for key in plan]


def recorded(name: str) -> dict[str, Any]:
    """Return the record of a study."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found
