"""The mathematical functions a model may use: the same call works on floats, numpy arrays and the tracer's symbols.

A symbol brings its own method (`_exp`, `_log`, ...); a number goes to `math`; anything else is an array.
"""

from __future__ import annotations

import math
from typing import Any

__all__ = ["exp", "hill", "log", "maximum", "minimum", "sqrt", "where"]


def _numpy() -> Any:
    import numpy

    return numpy


def _unary(name: str, x: Any) -> Any:
    if isinstance(x, (int, float)):
        return getattr(math, name)(x)
    method = getattr(x, f"_{name}", None)
    return method() if method is not None else getattr(_numpy(), name)(x)


def _symbolic(*arguments: Any) -> Any:
    return next((a for a in arguments if hasattr(a, "_exp")), None)


def exp(x: Any) -> Any:
    """Return e to the power x."""
    return _unary("exp", x)


def log(x: Any) -> Any:
    """Return the natural logarithm of x."""
    return _unary("log", x)


def sqrt(x: Any) -> Any:
    """Return the square root of x."""
    return _unary("sqrt", x)


def minimum(a: Any, b: Any) -> Any:
    """Return the smaller of a and b (a continuous kink, allowed in a right-hand side)."""
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return a if a < b or a != a else b  # a NaN on either side is seen
    symbol = _symbolic(a, b)
    return symbol._binary("min", a, b) if symbol is not None else _numpy().minimum(a, b)


def maximum(a: Any, b: Any) -> Any:
    """Return the larger of a and b (a continuous kink, allowed in a right-hand side)."""
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return a if a > b or a != a else b  # a NaN on either side is seen
    symbol = _symbolic(a, b)
    return symbol._binary("max", a, b) if symbol is not None else _numpy().maximum(a, b)


def hill(x: Any, half: Any, power: Any) -> Any:
    """Return the Hill function x^n / (K^n + x^n), zero for x <= 0; `half` is K, `power` is n."""
    if isinstance(x, (int, float)) and isinstance(half, (int, float)):
        if x <= 0:
            return 0.0
        if x >= half:
            return 1.0 / (1.0 + (half / x) ** power)
        small = (x / half) ** power  # below one, so that no power overflows
        return small / (1.0 + small)
    symbol = _symbolic(x, half, power)
    if symbol is not None and hasattr(symbol, "_hill"):
        return symbol._hill(x, half, power)
    if symbol is not None:
        ratio = (x / half) ** power
        return ratio / (1.0 + ratio)
    np = _numpy()
    x, half = np.maximum(x, 0.0), np.asarray(half, dtype=float)
    above = (x >= half) & (x > 0)
    small = (np.where(above, half, x) / np.where(above, x, np.where(half <= 0, 1.0, half))) ** power
    return np.where(above, 1.0, small) / (1.0 + small)


def where(condition: Any, a: Any, b: Any) -> Any:
    """Return a where the condition holds, else b. For closed forms and outputs; a right-hand side uses phases instead."""
    if isinstance(condition, bool):
        return a if condition else b
    choose = getattr(condition, "_choose", None)
    return choose(a, b) if choose is not None else _numpy().where(condition, a, b)
