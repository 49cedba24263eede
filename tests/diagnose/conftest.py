"""The fit that knows the truth, and its module importable by name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "validation"))


@pytest.fixture(scope="session")
def right():
    """A fit that knows the truth; nearly half of the late samples are censored."""
    from known_truth import cohort, judged

    return judged(cohort(80, 200.0, seed=5))
