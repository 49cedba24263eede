"""One quick trial for all tests of this folder."""

from __future__ import annotations

import pytest

from autologue.trial import TrialResult, conduct


@pytest.fixture(scope="session")
def quick() -> TrialResult:
    """ELIANA in 20 replicates."""
    return conduct("eliana", replicates=20, seed=3)
