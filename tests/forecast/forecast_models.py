"""Models whose posterior has a closed form or is one integral, and patients to go with them."""

from __future__ import annotations

import math

import numpy as np

from autologue.model import BirthDeath, Input, Model, Output, Parameter, Phase, State
from autologue.patient import Observations, Patient
from autologue.variability import Constant, LogNormal, Normal

LINE = Model(
    name="line",
    time="day",
    horizon=20.0,
    states=dict(y=State("mg", absolute=1e-6, signed=True)),
    parameters=dict(
        level=Parameter(2.0, "mg", "level at the start", Normal(sd=1.5)),
        slope=Parameter(0.5, "mg/day", "slope", Normal(sd=0.4)),
    ),
    initial=lambda p: dict(y=p.level),
    phases=[Phase(lambda y, p: dict(y=p.slope))],
    outputs=dict(y=Output(lambda y: y.y, "mg", Constant(sd=0.7))),
    closed_form=lambda t, p: dict(y=p.level + p.slope * t),
    reference="none",
)

SQUARE = Model(  # only the square of the effect is seen: two modes
    name="square",
    time="day",
    horizon=5.0,
    states=dict(y=State("mg", absolute=1e-6, signed=True)),
    parameters=dict(effect=Parameter(0.2, "1", "effect", Normal(sd=1.0))),
    initial=lambda p: dict(y=p.effect * p.effect),
    phases=[Phase(lambda y, p: dict(y=p.effect))],
    outputs=dict(y=Output(lambda y: y.y, "mg", Constant(sd=0.3))),
    closed_form=lambda t, p: dict(y=p.effect * p.effect + p.effect * t),
    reference="none",
)

TAIL = Model(  # a tumour that may die out by chance, and a marker that remembers it
    name="tail",
    time="day",
    horizon=60.0,
    states=dict(cells=State("cells"), marker=State("cells")),
    parameters=dict(
        birth=Parameter(0.5, "1/day", "birth"), death=Parameter(0.45, "1/day", "death"), start=Parameter(12.0, "cells", "start"),
        scale=Parameter(1.0, "1", "of the marker", LogNormal(sd=0.3)),
    ),
    initial=lambda p: dict(cells=p.start, marker=100.0),
    phases=[Phase(lambda y, p: dict(cells=(p.birth - p.death) * y.cells, marker=0.1 * y.cells * p.scale - 0.2 * y.marker))],
    outputs=dict(count=Output(lambda y: y.cells, "cells", LogNormal(sd=0.4)), marker=Output(lambda y: y.marker, "cells", Constant(sd=4.0))),
    birth_death=BirthDeath("cells", birth=lambda p: p.birth, death=lambda p: p.death),
    reference="none",
)  # fmt: skip

DRUGGED = Model(  # grows, unless the drug is given
    name="drugged",
    time="day",
    horizon=20.0,
    states=dict(y=State("mg", absolute=1e-6, signed=True)),
    parameters=dict(rate=Parameter(0.2, "1/day", "growth", LogNormal(sd=0.5)), brake=Parameter(0.3, "1/day", "what the drug takes")),
    inputs=dict(drug=Input(0.0, "1", "1 while given")),
    initial=lambda: dict(y=1.0),
    phases=[Phase(lambda y, p, u: dict(y=(p.rate - p.brake * u.drug) * y.y))],
    outputs=dict(y=Output(lambda y: y.y, "mg", LogNormal(sd=0.2))),
    reference="none",
)


def seen(values, times, output="y", unit="mg", limit=-math.inf, **more) -> Patient:
    """A patient measured at times; values below `limit` (one, or one a sample) are below quantification."""
    y, low = np.asarray(values, dtype=float), np.broadcast_to(limit, np.shape(values))
    below = y < low
    rows = Observations(
        times,
        unit=unit,
        lower=np.where(below, -math.inf, y),
        upper=np.where(below, low, y),
        limit=np.where(np.isfinite(low), low, math.nan),
    )
    return Patient(id="a", observations={output: rows}, **more)
