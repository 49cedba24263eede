"""Axes: a quantity and its unit, decades on logarithmic axes, days as clinicians count them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from autologue.errors import InputError
from autologue.plot.extra import alt
from autologue.plot.numbers import format_unit
from autologue.plot.theme import HEIGHT, MUTED

__all__ = ["Axis", "axis_x", "axis_y", "decades", "exponents_x", "exponents_y", "linear_domain", "time_x"]

DAYS = (0, 7, 14, 28, 60, 90, 180, 365, 730, 1095, 1825, 3650)
_EXPONENT = "log(datum.value) / LN10"
_MAJOR = f"abs({_EXPONENT} - round({_EXPONENT})) < 1e-6"


@dataclass(frozen=True)
class Axis:
    """What an axis shows: a quantity, its unit, and whether its scale is logarithmic.

    >>> Axis("CAR transgene", "copies/ug", log=True).title
    'CAR transgene (copies/µg)'
    """

    quantity: str
    unit: str = ""
    log: bool = False

    @property
    def title(self) -> str:
        """The text at the axis."""
        unit = format_unit(self.unit)
        return f"{self.quantity} ({unit})" if unit else self.quantity


def decades(values: Iterable[ArrayLike], *, most: int = 12) -> tuple[float, float]:
    """Return the powers of ten that enclose the positive values, at most `most` decades counted from the top.

    Raises InputError where no value is positive: such values have no place on a logarithmic axis.

    >>> decades([[0, 3.0, 24000]])
    (1.0, 100000.0)
    """
    found = np.concatenate([np.asarray(each, np.float64).ravel() for each in values])
    found = found[np.isfinite(found) & (found > 0)]
    if not found.size:
        raise InputError("nothing to draw on a logarithmic axis: no value is above zero; check the values, or their unit.")
    high = math.ceil(math.log10(found.max()) - 1e-9)
    low = min(math.floor(math.log10(found.min()) + 1e-9), high - 1)
    return 10.0 ** max(low, high - most), 10.0**high


def linear_domain(values: Iterable[ArrayLike]) -> tuple[float, float]:
    """Return a domain from zero, or from the least value if it is negative, to just above the greatest."""
    found = np.concatenate([np.asarray(each, np.float64).ravel() for each in values])
    found = found[np.isfinite(found)]
    low, high = min(float(found.min(initial=0.0)), 0.0), float(found.max(initial=0.0))
    return low, high + 0.05 * (high - low or 1.0)


def _powers(domain: tuple[float, float]) -> tuple[range, int]:
    """Return the exponents on the axis, and every how many of them is labelled."""
    low, high = round(math.log10(domain[0])), round(math.log10(domain[1]))
    return range(low, high + 1), max(1, math.ceil((high - low) / 8))


def _exponents(field: str, domain: tuple[float, float]) -> pd.DataFrame:
    powers, step = _powers(domain)
    shown = [power for power in powers if (power - powers[0]) % step == 0]
    return pd.DataFrame({field: [10.0**power for power in shown], "text": [str(power).replace("-", "−") for power in shown]})


def exponents_y(y: Any, axis: Axis, domain: tuple[float, float]) -> list[Any]:
    """Return the exponents at the labels of a logarithmic y axis, as small raised text: few fonts have all raised digits."""
    if not axis.log:
        return []
    marks = alt.Chart(_exponents("power", domain)).mark_text(align="left", baseline="middle", fontSize=8.5, color=MUTED, dy=-4.5)
    tick = 5 if y["axis"].to_dict().get("ticks", True) else 0
    return [marks.encode(x=alt.value(1 - _room(domain) - tick), y=_same("power", y, alt.Y), text="text:N")]


def exponents_x(x: Any, axis: Axis, domain: tuple[float, float]) -> list[Any]:
    """Return the exponents at the labels of a logarithmic x axis."""
    if not axis.log:
        return []
    marks = alt.Chart(_exponents("power", domain)).mark_text(align="left", baseline="middle", fontSize=8.5, color=MUTED, dx=3.5)
    return [marks.encode(y=alt.value(HEIGHT + 10), x=_same("power", x, alt.X), text="text:N")]


def _same(field: str, channel: Any, kind: Any) -> Any:
    """Return the channel for another field, on the same scale and axis."""
    return kind(f"{field}:Q", scale=channel["scale"], axis=channel["axis"])


def _room(domain: tuple[float, float]) -> int:
    """Return the pixels that the widest exponent needs."""
    return 3 + 5 * max(len(text) for text in _exponents("power", domain)["text"])


def _axis(axis: Axis, domain: tuple[float, float], **more: Any) -> Any:
    """Return the altair axis: on a logarithmic one labels, grid and long ticks at powers of ten, short ticks between."""
    if not axis.log:
        return alt.Axis(**{"title": axis.title, "tickCount": 6, **more})
    powers, step = _powers(domain)
    ticks = [10.0**power for power in powers]
    if len(powers) <= 8:
        ticks += [m * 10.0**power for power in powers[:-1] for m in range(2, 10)]
    shown = {
        "values": sorted(ticks),
        "labelExpr": f"{_MAJOR} && (round({_EXPONENT}) - ({powers[0]})) % {step} == 0 ? '10' : ''",
        "gridOpacity": {"condition": {"test": _MAJOR, "value": 1}, "value": 0},
        "tickSize": {"condition": {"test": _MAJOR, "value": 5}, "value": 2.5},
        "ticks": True,
    }
    return alt.Axis(**{"title": axis.title, **shown, **more})


def _scale(axis: Axis, domain: tuple[float, float]) -> Any:
    return alt.Scale(type="log" if axis.log else "linear", domain=list(domain), nice=False, zero=False)


def axis_x(field: str, axis: Axis, domain: tuple[float, float], **more: Any) -> Any:
    """Return the x channel for a numeric field; `more` goes to the altair axis."""
    moved = {"labelOffset": -3} if axis.log else {}
    return alt.X(f"{field}:Q", scale=_scale(axis, domain), axis=_axis(axis, domain, **{**moved, **more}))


def axis_y(field: str, axis: Axis, domain: tuple[float, float], **more: Any) -> Any:
    """Return the y channel for a numeric field; `more` goes to the altair axis."""
    moved = {"labelPadding": _room(domain)} if axis.log else {}
    return alt.Y(f"{field}:Q", scale=_scale(axis, domain), axis=_axis(axis, domain, **{**moved, **more}))


def time_x(field: str, horizon: float, unit: str = "day", *, start: float = 0.0, **more: Any) -> Any:
    """Return the x channel for time after infusion.

    Beyond 60 days the scale is the square root of time, said in the title, with ticks at days 7, 14, 28, 90, 180, 365, ...: expansion
    takes two weeks and persistence years, and both are to be read. `start`: where the axis begins, before zero for earlier samples.
    """
    title, scale = f"Time after infusion ({unit}s)", alt.Scale(domain=[start, horizon], nice=False)
    shown: dict[str, Any] = {"tickCount": 7}
    if unit == "day" and horizon > 60:
        title, scale = "Days after infusion (square-root scale)", alt.Scale(type="sqrt", domain=[start, horizon], nice=False)
        shown = {"values": [day for day in DAYS if day <= horizon and not 0.86 * horizon < day < horizon]}
    elif unit == "day" and horizon > 10:
        shown = {"values": list(range(0, int(horizon) + 1, 7))}
    return alt.X(f"{field}:Q", scale=scale, axis=alt.Axis(**{"title": title, **shown, **more}))
