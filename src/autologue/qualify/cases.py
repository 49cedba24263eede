"""Reference cases that travel with the package: published numbers of the library models, and what the engine gives for them.

The first shelf stands here, the second in `second_shelf`. The files in `validation/` run these and more.
"""

from __future__ import annotations

import math

import numpy as np

from autologue.library.owens_bozic_2021 import regimen as owens_bozic
from autologue.qualify.case import ABSTRACT, COMPUTED, TEXT, Case, Setting, at, points
from autologue.qualify.claims import Claim, claim
from autologue.qualify.course import Course, follow
from autologue.qualify.second_shelf import SECOND_SHELF
from autologue.regimen import Bolus, Regimen

__all__ = ["COMPUTED", "SETTINGS", "Case", "Setting", "progression", "run_cases", "run_setting"]

CELLS = 1e9  # tumour cells in 1 mL, as in Kimmel 2021


def _area(course: Course) -> float:
    """Return the area over days 0 to 28 by Simpson's rule; the peak at 9.3 is a node between two pairs of intervals."""
    step, seen = course.times[1] - course.times[0], course.times <= 28.0 + 1e-9
    v = course["transgene"][seen]
    return float(step / 3 * (v[0] + v[-1] + 4 * v[1:-1:2].sum() + 2 * v[2:-1:2].sum()))


def progression(course: Course) -> float:
    """Return the first day after the minimum on which the tumour is above 1.2 x baseline."""
    tumour = course["tumour"]
    late = (np.arange(len(tumour)) > tumour.argmin()) & (tumour > 1.2 * tumour[0])
    return float(course.times[late.argmax()])


def _transgene(source: str, doubling: str, half_lives: tuple[str, str], loose: float | None) -> list[Case]:
    return [
        Case("doubling time, days", doubling, lambda c: -c.half_life("effector", start=4.0, stop=5.0), source),
        Case("half-life of the first decline, days", half_lives[0], lambda c: c.half_life("effector", start=20.0, stop=21.0), source),
        Case("terminal half-life, days", half_lives[1], lambda c: c.half_life("memory", start=20.0, stop=21.0), source, loose),
    ]


STEIN = [
    *_transgene(ABSTRACT, "0.78", ("4.3", "220"), 5.0),
    *_transgene(COMPUTED, "0.7796", ("4.332", "216.6"), None),
    Case("AUC0-28, copies*day/ug", "171774", _area),
    *points("transgene", "copies/ug", {0.0: "6.154", 14.0: "11411.5", 28.0: "1373.6", 90.0: "146.51", 180.0: "109.80", 365.0: "60.74"}),
]
OGASAWARA = [
    Case("lag, days", "3.27", lambda c: c.exceeds("effector", 1.0001 * c.at("effector", 0.0)), ABSTRACT),
    *_transgene(ABSTRACT, "0.755", ("5.00", "352"), None),
    Case("time of the peak, days", "9.29", lambda c: c.peak("relative_transgene")[1], ABSTRACT),
    Case("expansion, peak counted from the infusion", "251", lambda c: 1 / c.at("effector", 0.0)),
]
KIMMEL = [
    Case("CAR-T peak, cells/uL", "30.11", lambda c: c.peak("car")[0]),
    Case("day of the CAR-T peak", "7.01", lambda c: c.peak("car")[1]),
    Case("lowest tumour, cells", "1.1e3", lambda c: c.lowest("tumour")[0] * CELLS),
    Case("day of the lowest tumour", "63", lambda c: c.lowest("tumour")[1]),
    Case("day of progression (1.2 x baseline after the minimum)", "193.5", progression),
    *points("car", "cells/uL", {14.0: "8.975", 28.0: "2.487", 90.0: "0.338", 180.0: "0.019"}),
    *points("normal", "cells/uL", {14.0: "295.2", 28.0: "472.9", 50.0: "497.9"}),
]
LEON_TRIANA = [
    Case("CAR-T peak, cells", "1.640e10", lambda c: c.peak("car")[0]),
    Case("time of the CAR-T peak, days", "12.19", lambda c: c.peak("car")[1]),
    Case("leukaemia at its highest, cells", "5.740e10", lambda c: c.peak("leukaemia")[0]),
    *points("leukaemia", "cells", {60.0: "4.15e5"}),
    *points("b_cells", "cells", {60.0: "1.03e4"}),
    Case("leukaemia at its lowest, cells", "4.11e5", lambda c: c.lowest("leukaemia")[0]),
    Case("time of the lowest leukaemia, days", "57.0", lambda c: c.lowest("leukaemia")[1]),
]
LEON_TRIANA_SOURCE = [
    *points("b_cells", "cells", {60.0: "1.0002e7", 180.0: "8.4204e7", 365.0: "9.9276e7"}),
    *points("leukaemia", "cells", {60.0: "4.1381e5"}),
    Case("leukaemia at its lowest, cells", "4.0986e5", lambda c: c.lowest("leukaemia", stop=300.0)[0]),
    Case("time of the lowest leukaemia, days", "57.06", lambda c: c.lowest("leukaemia", stop=300.0)[1]),
    Case("first CAR-T peak, near day", "12", lambda c: c.peak("car", stop=60.0)[1]),
    Case("second CAR-T peak, cells", "1.65299e10", lambda c: c.peak("car", start=200.0)[0]),
    Case("second CAR-T peak, day", "443.28", lambda c: c.peak("car", start=200.0)[1]),
]


def _hanson(burden: int, peak: str, hour: str, effectors: str, when: str, *more: Case) -> Setting:
    cases = [
        Case(f"burden {burden}: peak inflammation", peak, lambda c: c.peak("inflammation")[0]),
        Case(f"burden {burden}: time of it, hours", hour, lambda c: c.peak("inflammation")[1]),
        Case(f"burden {burden}: peak of cytotoxic effectors", effectors, lambda c: c.peak("cytotoxic_effector")[0]),
        Case(f"burden {burden}: time of it, hours", when, lambda c: c.peak("cytotoxic_effector")[1]),
        Case(f"burden {burden}: read in hours, the peak falls on days 1 to 22", True,
             lambda c: 1 <= c.peak("inflammation")[1] / 24 <= 22.5, TEXT),
    ]  # fmt: skip
    return Setting("hanson_2016", np.arange(0.0, 2000.005, 0.01), [*cases, *more], changed=dict(leukaemia_0=float(burden)), explicit=False)


_EARLY = "printed 'about'; the equations with the pulse that gives all outcomes and the peak differ"


def _owens(patient: int, days: int, rest: int, dose: float, *about: str, clears: bool, high: bool = False) -> Setting:
    """Return one printed outcome; `about` holds the printed and the computed days from injection to clearance."""
    label = f"patient {patient}{', high burden' if high else ''}, C{days}, rest {rest}, {dose:g} cells"

    def since(course: Course) -> float:
        return course.first("tumour", below=0.0) - days - rest

    cases = [Case(f"{label}: clears", clears, lambda c: math.isfinite(since(c)), TEXT)]
    if about:
        words = f"{label}: days from injection to clearance"
        cases += [Case(words, about[0], since, TEXT + ", about", 0.5, _EARLY), Case(words, about[1], since)]
    changed = dict(tumour_0=1e10) if high else {}
    times = np.arange(0.0, 200.01, 0.05)
    return Setting("owens_bozic_2021", times, cases, f"patient_{patient}", owens_bozic(days, rest, dose), changed)


_SHORT = "a pulse of 0.63 h, the one with all eight outcomes, falls just short; half an hour gives 2.65"
_CHEMO = [
    Case("peak of chemotherapy, C5, uM", "3.34", lambda c: c.peak("chemo")[0], TEXT, note=_SHORT),
    Case("peak of chemotherapy, C5, uM, pulse of 0.63 h", "3.33", lambda c: c.peak("chemo")[0]),
]
_AGAIN = Regimen(Bolus(60.0, 0.36, "cells/uL", "infusion"), time="day")
_UNCURED = Case(
    "a second infusion on day 60 without lymphodepletion does not cure", True,
    lambda c: c.at("tumour_extinction_probability", 400.0) < 1e-3, TEXT,
)  # fmt: skip
_DAYS = np.arange(0.0, 400.005, 0.01)

SETTINGS = (
    Setting("stein_2019", np.arange(0.0, 365.005, 0.01), STEIN),
    Setting("ogasawara_2021", np.arange(0.0, 30.0005, 0.001), OGASAWARA),
    Setting("ogasawara_2021_from_lag", np.array([0.0]),
            [Case("expansion, peak counted from the lag", "5.1e3", lambda c: 1 / c.at("effector", 0.0))]),
    Setting("kimmel_2021", _DAYS, KIMMEL),
    Setting("kimmel_2021_extinction", _DAYS, [_UNCURED], regimen=_AGAIN),
    Setting("leon_triana_2021", np.arange(0.0, 60.0005, 0.005), LEON_TRIANA),
    Setting("leon_triana_2021_source", np.arange(0.0, 500.005, 0.01), LEON_TRIANA_SOURCE),
    Setting("leon_triana_2021_source", np.arange(0.0, 500.5, 1.0),
            [Case("B cells that marrow alone holds", "1e8", at("b_cells", 500.0), tolerance=1e2)],
            changed=dict(car_0=0.0, leukaemia_0=0.0, b_0=1e8)),
    _hanson(100, "144.371", "529.8", "19.216", "685.6"),
    _hanson(300, "167.890", "160.3", "45.450", "259.9"),
    _hanson(1200, "679.501", "33.75", "417.165", "50.1", Case("burden 1200: leukaemia at 100 hours", "5.39513", at("leukaemia", 100.0))),
    _owens(1, 3, 4, 2.5e8, clears=False),
    _owens(2, 3, 4, 2.5e8, "30", "17", clears=True),
    _owens(3, 5, 2, 1e7, "18", "21", clears=True),
    _owens(4, 5, 2, 1e7, clears=False),
    _owens(1, 3, 2, 1e7, clears=False),
    _owens(1, 5, 2, 1e7, clears=True),
    _owens(2, 5, 4, 2e8, clears=False, high=True),
    _owens(2, 5, 3, 2e8, clears=True, high=True),
    Setting("owens_bozic_2021", np.arange(0.0, 6.0, 0.0005), _CHEMO, "patient_1", owens_bozic(5, 2, 0.0)),
    *SECOND_SHELF,
)  # fmt: skip


def run_setting(setting: Setting) -> list[Claim]:
    """Solve one course and return its claims."""
    course = follow(
        setting.model, setting.times, population=setting.population, regimen=setting.regimen, explicit=setting.explicit,
        **setting.changed,
    )  # fmt: skip
    return [
        claim(case.claim, source=case.source, published=case.published, ours=case.ours(course), tolerance=case.tolerance, note=case.note)
        for case in setting.cases
    ]


def run_cases(*models: str) -> list[Claim]:
    """Return the claims of these models, in the order of the table.

    >>> all(row["passed"] for row in run_cases("leon_triana_2021"))
    True
    """
    return [row for setting in SETTINGS if setting.model in models for row in run_setting(setting)]
