"""The optional libraries that draw, behind one sentence for a machine that lacks them."""

from __future__ import annotations

from autologue.errors import AutologueError

try:
    import altair as alt
    import vl_convert
except ImportError as missing:
    raise AutologueError(
        f"charts need the package '{missing.name}', which is not installed; install the extra with: pip install 'autologue[report]'"
    ) from missing

__all__ = ["alt", "vl_convert"]
