"""The recorded verdicts of each library model's validation file, with the fingerprint of the model they were computed for."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

__all__ = ["recorded_fingerprint", "recorded_verdicts"]


def _record() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((files("autologue.qualify") / "verdicts.json").read_text(encoding="utf-8"))
    return found


def recorded_verdicts(name: str) -> list[dict[str, Any]]:
    """Return the claims of a library model, as its validation file computed them; empty for a model without a record.

    >>> row = recorded_verdicts("stein_2019")[0]
    >>> sorted(row)
    ['claim', 'note', 'ours', 'passed', 'published', 'source', 'tolerance']
    """
    record = _record()
    model = record["models"].get(name)
    return list(record["files"][model["file"]]) if model else []


def recorded_fingerprint(name: str) -> str:
    """Return the fingerprint of the model for which the verdicts were computed, empty where there is none."""
    model = _record()["models"].get(name)
    return str(model["fingerprint"]) if model else ""
