"""Results of studies too long for every run: kept as JSON in `recorded/`, with what they rest on, and read by the documentation."""

from __future__ import annotations

import datetime
import hashlib
import json
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


def recorded(name: str) -> dict[str, Any]:
    """Return the record of a study."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found
