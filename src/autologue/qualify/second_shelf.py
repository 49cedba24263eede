"""Reference cases of the second shelf of library models."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autologue.qualify.case import TEXT, Case, Setting, at, points

__all__ = ["SECOND_SHELF"]

_REST = 1e-8  # of values at rest, where only the solver's relative tolerance is left
SAHOO = [
    Case("lowest tumour, shares of the capacity", "0.0074768", lambda c: c.lowest("tumour")[0]),
    Case("day of the lowest tumour", "14.73", lambda c: c.lowest("tumour")[1]),
    Case("tumour at its highest thereafter", "0.23565", lambda c: c.peak("tumour", start=15.0)[0]),
    Case("second minimum of the tumour", "0.03576", lambda c: c.lowest("tumour", start=30.5)[0]),
    Case("CAR T-cells at their highest, scaled", "1.78744", lambda c: c.peak("car")[0]),
    Case("the tumour falls, returns and falls again, each time less (pseudo-response)", True,
         lambda c: c.lowest("tumour")[0] < c.lowest("tumour", start=30.5)[0] < c.peak("tumour", start=15.0)[0] < c["tumour"][0], TEXT),
]  # fmt: skip
_DAYS, _LONG = np.arange(0.0, 60.0005, 0.01), np.arange(0.0, 2000.5, 1.0)


def _rest(published: str, where: str) -> list[Case]:
    """Return the coexistence of the table of fits, theta/kappac2."""
    words = f"{where}: tumour that is left in the end, theta/kappac2, cell index"
    return [Case(words, published, at("tumour", 2000.0), "table of fits", _REST)]


def _killing(population: str, cases: Sequence[Case]) -> Setting:
    return Setting("brummer_2022", np.arange(0.0, 140.005, 0.01), cases, population)


_PEAK, _DIP = "tumour at its highest, cell index", "tumour at its lowest, cell index"
SECOND_SHELF = (
    Setting("sahoo_2020", _DAYS, SAHOO),
    Setting("sahoo_2020", _LONG, [
        Case("coexistence: tumour, A/B", "0.0875", at("tumour", 2000.0), TEXT, _REST),
        Case("coexistence: CAR T-cells, 1 - A/B", "0.9125", at("car", 2000.0), TEXT, _REST),
    ]),
    Setting("sahoo_2020", _LONG, [Case("B < A: the tumour returns to its capacity", "1", at("tumour", 2000.0), TEXT, _REST)],
            changed=dict(death=1.7)),
    _killing("pbt030_1250", [
        Case(f"PBT030, 1,250 cells: {_PEAK}", "1.20848", lambda c: c.peak("tumour")[0]),
        Case("PBT030, 1,250 cells: hour of it", "19.18", lambda c: c.peak("tumour")[1]),
        Case(f"PBT030, 1,250 cells: {_DIP}", "0.46085", lambda c: c.lowest("tumour")[0]),
        *points("car", "cell index", {100.0: "0.424956", 140.0: "0.412774"}),
    ]),
    _killing("pbt030_1250_dex", [
        Case(f"PBT030, 1,250 cells, dexamethasone: {_PEAK}", "1.55279", lambda c: c.peak("tumour")[0]),
        Case("PBT030, 1,250 cells, dexamethasone: CAR T-cells at their highest", "0.809439", lambda c: c.peak("car")[0]),
        *points("tumour", "cell index", {100.0: "0.242221", 140.0: "0.197365"}),
    ]),
    _killing("pbt138_2500", [
        Case(f"PBT138, 2,500 cells: {_PEAK}", "0.999691", lambda c: c.peak("tumour")[0]),
        *points("tumour", "cell index", {100.0: "5.49426e-5", 140.0: "2.44394e-7"}),
    ]),
    Setting("brummer_2022", _LONG, _rest("0.496593994", "PBT030, 1,250 cells"), "pbt030_1250"),
    Setting("brummer_2022", _LONG, _rest("0.864195322", "PBT128, 1,250 cells"), "pbt128_1250"),
    Setting("brummer_2022", _LONG, _rest("2.641624801", "PBT128, 500 cells"), "pbt128_500"),
)  # fmt: skip
