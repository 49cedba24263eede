"""Non-compartmental analysis: exposure and persistence read from measured concentrations, without a model.

>>> import pandas as pd
>>> data = pd.DataFrame({"id": 1, "time": [0, 7, 14, 21, 28], "value": [0.0, 1600.0, 400.0, 100.0, 25.0]})
>>> exposure = estimate_exposure(data, NCA(windows=(Window(0, 28),)), value_unit="copies/ug")
>>> summary = summarise_exposure(exposure).set_index("quantity")
>>> print(summary.loc["half_life", "unit"], round(summary.loc["half_life", "median"], 6))
day 3.5
"""

from autologue.nca.concentrations import read_concentrations
from autologue.nca.exposure import Exposure, estimate_exposure, nca_profiles
from autologue.nca.method import NCA, Below, BelowLimit, Tail, TerminalRule, Trapezoid, Window
from autologue.nca.summary import summarise_exposure

__all__ = [
    "Below",
    "BelowLimit",
    "Exposure",
    "NCA",
    "Tail",
    "TerminalRule",
    "Trapezoid",
    "Window",
    "estimate_exposure",
    "nca_profiles",
    "read_concentrations",
    "summarise_exposure",
]
