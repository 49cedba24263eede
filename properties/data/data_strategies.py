"""Cohorts of all kinds that an event table can hold."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st

from autologue.data.conventions import Convention
from autologue.patient import Cohort, Event, Observations, Patient
from autologue.regimen import Bolus, Infusion, Level, Regimen

WORDS = st.text("abcXYZ0123456789 _-.,;'\"µé", min_size=1, max_size=6).filter(lambda text: text == text.strip())
NAMES = st.from_regex(r"[a-z][a-z_0-9]{0,6}", fullmatch=True)
NUMBERS = st.floats(1e-6, 1e9)
TIMES = st.floats(-30, 400).map(lambda t: round(t, 3) + 0.0)  # no negative zero
UNITS = (("copies/ug", "blood"), ("cells/uL", ""), ("mm^2", "tumour"))


@st.composite
def observations(draw: Any, unit: str, matrix: str, convention: Convention) -> Observations:
    """Samples of one output: measured, below, between, above, conditional where the dialect can say it."""
    limited = draw(st.booleans())
    times = sorted(draw(st.lists(TIMES, min_size=1, max_size=6)))
    rows = []
    for _ in times:
        limit = draw(NUMBERS) if limited else math.nan
        value, factor = draw(NUMBERS), draw(st.floats(0.0, 0.9))
        kinds = ["measured", "above"] + (["below"] if limited else []) + ["between"]
        kinds += ["conditional", "m4"] if convention.limit_conditions else []
        kind = draw(st.sampled_from(kinds))
        if kind == "between" and convention.limit_conditions:
            kind = "measured"
        rows.append({
            "measured": (value, value, -math.inf, limit),
            "above": (value, math.inf, -math.inf, limit),
            "below": (-math.inf, limit, -math.inf, limit),
            "between": (value * factor, value, -math.inf, value if math.isnan(limit) and limited else limit),
            "conditional": (value, value, value * factor, limit),
            "m4": (value * factor, value, value * factor, limit),
        }[kind])  # fmt: skip
    lower, upper, above, limits = map(np.array, zip(*rows, strict=True))
    if not limited:
        limits = np.where((lower < upper) & np.isfinite(upper), upper, limits)
    return Observations(times, unit=unit, lower=lower, upper=upper, above=above, limit=limits, matrix=matrix)


@st.composite
def doses(draw: Any, routes: list[str]) -> Bolus | Infusion:
    """A dose with any repeats."""
    again = draw(st.sampled_from([{}, {"every": 7.0, "additional": 3}, {"every": 2.5, "steady_state": True}]))
    time, amount, into = draw(TIMES), draw(st.one_of(st.just(0.0), NUMBERS)), draw(st.sampled_from(routes))
    if amount > 0 and draw(st.booleans()):
        return Infusion(time, amount, draw(st.floats(0.01, 30)), "cells", into, **again)
    return Bolus(time, amount, "cells", into, **again)


@st.composite
def levels(draw: Any, name: str) -> list[Level]:
    """The changes of one input, each to another value."""
    times = sorted(set(draw(st.lists(TIMES, max_size=3))))
    found: list[Level] = []
    for time in times:
        value = draw(NUMBERS)
        if not found or found[-1].value != value:
            found.append(Level(time, name, value))
    return found


@st.composite
def cohorts(draw: Any, convention: Convention) -> Cohort:
    """A cohort that a table in this dialect can hold."""
    outputs = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    covariates = draw(st.dictionaries(WORDS.filter(lambda text: text not in outputs), st.sampled_from([float, str]), max_size=3))
    known = draw(st.lists(NAMES.map(lambda text: f"k_{text}"), max_size=1))
    inputs = draw(st.lists(NAMES.map(lambda text: f"u_{text}"), max_size=1))
    happenings = draw(st.lists(NAMES.map(lambda text: f"e_{text}"), max_size=1))
    routes = draw(st.lists(NAMES.map(lambda text: f"r_{text}"), min_size=1, max_size=2, unique=True))
    patients = []
    for label in draw(st.lists(st.one_of(WORDS, st.integers(1, 99).map(str)), min_size=1, max_size=4, unique=True)):
        seen = {name: draw(observations(*UNITS[k], convention)) for k, name in enumerate(outputs) if draw(st.integers(0, 4))}
        given = draw(st.lists(doses(routes), max_size=3))
        held = [level for name in inputs for level in draw(levels(name))]
        entry, first, width = draw(TIMES), draw(st.floats(0, 9)), draw(st.sampled_from([0.0, 2.0, math.inf]))
        patients.append(Patient(
            id=label, observations=seen, regimen=Regimen(*given, *held, time="day") if given or held else None,
            covariates={n: draw(NUMBERS) if kind is float else draw(WORDS) for n, kind in covariates.items() if draw(st.integers(0, 4))},
            known={name: draw(NUMBERS) for name in known}, time="day",
            occasions=sorted(set(draw(st.lists(st.floats(1, 400).map(round), max_size=2)))),
            events={name: Event(entry + first, entry + first + width, entry=entry) for name in happenings if draw(st.booleans())},
        ))  # fmt: skip
    return Cohort(tuple(patients), "table")
