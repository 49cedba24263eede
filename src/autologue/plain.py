"""Values as JSON can hold them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

__all__ = ["jsonable", "unfrozen"]


def jsonable(value: Any) -> Any:
    """Return a value with mappings, lists, and numbers of Python; what is not finite becomes None.

    >>> jsonable({"median": float("inf"), 1: (2.0, "x")})
    {'median': None, '1': [2.0, 'x']}
    """
    if isinstance(value, Mapping):
        return {str(key): jsonable(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(each) for each in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def unfrozen(value: Any, *, without: tuple[str, ...] = ()) -> Any:
    """Return a value with its dataclasses as mappings, all through; fields named in `without` are left out."""
    if hasattr(value, "__dataclass_fields__") and not isinstance(value, type):
        return {name: unfrozen(getattr(value, name), without=without) for name in value.__dataclass_fields__ if name not in without}
    if isinstance(value, Mapping):
        return {str(key): unfrozen(each, without=without) for key, each in value.items()}
    return [unfrozen(each, without=without) for each in value] if isinstance(value, (list, tuple)) else value
