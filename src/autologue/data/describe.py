"""A reading in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autologue.data.reading import Reading

__all__ = ["describe_reading"]


def describe_reading(reading: Reading) -> str:
    """Return a reading in lines."""
    return repr(reading)
