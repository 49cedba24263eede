"""Numbers and units as a reader of a journal expects them."""

from __future__ import annotations

import math

from autologue.errors import InputError

__all__ = ["format_interval", "format_number", "format_unit", "power_of_ten"]

THIN = "\u202f"  # a narrow space that does not break, between thousands
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def power_of_ten(exponent: int) -> str:
    """Return a power of ten as text.

    >>> power_of_ten(-3)
    '10⁻³'
    """
    return f"10{str(exponent).translate(SUPERSCRIPT)}"


def format_number(value: float, digits: int = 3) -> str:
    """Return a number with up to `digits` significant digits, thousands apart; powers of ten from 10⁷ up and below 10⁻³; a dash for NaN.

    Digits before the decimal point are rounded too: a simulated 24317 is no more certain than 24300. Zeros at the end of a fraction
    are left out, since nobody can say whether a published 68 was 68.0.

    >>> [format_number(x) for x in (24317.2, 0.0079, 68.0, 318e6, float("nan"), 0)]
    ['24\u202f300', '0.0079', '68', '3.18 × 10⁸', '–', '0']
    """
    if digits < 1:
        raise InputError(f"{digits} significant digits cannot show a number; ask for 1 or more.")
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    mantissa, _, power = f"{abs(value):.{digits - 1}e}".partition("e")
    sign, exponent = "−" if value < 0 else "", int(power)
    if not -3 <= exponent < 7:
        return f"{sign}{_trimmed(mantissa)} × {power_of_ten(exponent)}"
    return sign + _trimmed(f"{float(f'{mantissa}e{exponent}'):,.{max(digits - 1 - exponent, 0)}f}").replace(",", THIN)


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def format_interval(lower: float, upper: float, digits: int = 3) -> str:
    """Return two bounds as text, with a dash between, or a word where a minus sign would meet it; nothing where neither is known.

    >>> format_interval(0.48, 0.69), format_interval(-1, 2), format_interval(float("nan"), float("nan"))
    ('0.48–0.69', '−1 to 2', '')
    """
    if math.isnan(lower) and math.isnan(upper):
        return ""
    between = " to " if lower < 0 or math.isnan(lower) or math.isnan(upper) else "–"
    return f"{format_number(lower, digits)}{between}{format_number(upper, digits)}"


def format_unit(unit: str) -> str:
    """Return a unit as it is printed: a micro sign, a middle dot; nothing for a pure number.

    >>> format_unit("copies/ug"), format_unit("day*copies/ug"), format_unit("1")
    ('copies/µg', 'day·copies/µg', '')
    """
    if unit == "1":
        return ""
    shown = unit.replace("*", "·")
    for plain in ("ug", "uL", "umol", "uM", "um"):
        shown = "/".join(f"µ{part[1:]}" if part == plain else part for part in shown.split("/"))
    return shown
