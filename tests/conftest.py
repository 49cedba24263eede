"""Fixtures for every test."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference tables and public data sets: $AUTOLOGUE_SHARED, or `shared` beside the repository."""
    folder = Path(os.environ.get("AUTOLOGUE_SHARED") or REPOSITORY.parent / "shared")
    if not folder.is_dir():
        pytest.skip(f"no reference data at {folder}; name the folder in AUTOLOGUE_SHARED")
    return folder
