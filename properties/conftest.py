"""Makes the engine's shared test models importable as `engine_models`, and cohorts for tables as `data_strategies`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "engine"))
sys.path.insert(0, str(Path(__file__).resolve().parent / "data"))
