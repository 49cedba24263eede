"""The independent objective functions of `validation/_oracle.py`, importable here as `_oracle`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "validation"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
