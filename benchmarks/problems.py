"""The problems of the engine benchmark: A (stiff, five states), B (closed form), E1 and E2 (eradication).

A is a CAR-T model as real ones are: expansion on antigen, saturated killing up to a thousand times faster than a day,
healthy B cells, a cytokine cleared within hours, cell counts to 1e12, a year. E is a three-state course in 1e6 cells:
E1 has a small source that keeps every state away from zero, E2 has none, and effector and tumour pass far below any
absolute tolerance before they come back.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autologue.functions import log
from autologue.model import Model, Output, Parameter, Phase, State
from autologue.population import Parametric
from autologue.variability import LogNormal

Floats = NDArray[np.float64]

A_VALUES = dict(  # median, CV of the log-normal, unit, meaning
    r=(1.0, 0.3, "1/day", "growth of effectors on antigen"), h=(1e9, 0.8, "cells", "antigen at half growth"),
    dE=(0.25, 0.5, "1/day", "loss of effectors"), e=(0.03, 0.7, "1/day", "effectors to memory"),
    dM=(0.003, 0.7, "1/day", "loss of memory"), rM=(0.02, 0.8, "1/day", "recall of memory"),
    g=(0.01, 0.7, "1/day", "growth of the tumour"), K=(2e12, 0.5, "cells", "capacity of the tumour"),
    k=(5.0, 0.7, "1/day", "killing"), s=(1e9, 1.0, "cells", "target cells at half killing"),
    dB=(0.02, 0.5, "1/day", "turnover of B cells"), B0=(1e11, 0.5, "cells", "B cells in health"),
    kB=(3.0, 0.7, "1/day", "killing of B cells"), pC=(2e-9, 0.8, "signal/cell/day", "release of cytokine"),
    dC=(4.0, 0.5, "1/day", "clearance of cytokine"),
    dose=(2e8, 0.6, "cells", "infused cells"), burden=(1e11, 1.0, "cells", "tumour at infusion"),
)  # fmt: skip


def rhs_a(y, p):  # type: ignore[no-untyped-def]
    """Return the rates of problem A."""
    return rates_a(y, p, log)


def rates_a(y, p, log):  # type: ignore[no-untyped-def]
    """Return the rates of problem A with the logarithm of some array library."""
    antigen = y.T + y.B
    drive = antigen / (p.h + antigen)
    recall = p.rM * y.M * drive
    growth = p.g * y.T * log(p.K / (y.T + 1.0)) * (y.T / (y.T + 100.0))
    return dict(
        E=p.r * y.E * drive - p.dE * y.E - p.e * y.E + recall,
        M=p.e * y.E - p.dM * y.M - recall,
        T=growth - p.k * y.E * y.T / (p.s + y.T),
        B=p.dB * (p.B0 - y.B) - p.kB * y.E * y.B / (p.s + y.B),
        C=p.pC * y.E * drive - p.dC * y.C,
    )


A = Model(
    name="problem_a",
    time="day",
    states={**{n: State("cells", absolute=1e-4) for n in "EMTB"}, "C": State("signal", absolute=1e-8)},
    parameters={n: Parameter(v, unit, meaning, LogNormal(cv=cv), "benchmark") for n, (v, cv, unit, meaning) in A_VALUES.items()},
    initial=lambda p: dict(E=p.dose, M=0.0, T=p.burden, B=p.B0, C=0.0),
    phases=[Phase(rhs_a)],
    outputs={
        "E": Output(lambda y: y.E, "cells"),
        "M": Output(lambda y: y.M, "cells"),
        "T": Output(lambda y: y.T, "cells"),
        "B": Output(lambda y: y.B, "cells"),
        "C": Output(lambda y: y.C, "signal"),
    },
    reference="benchmark",
)
A_TIMES = np.concatenate([np.linspace(0, 28, 21)[1:], np.linspace(35, 365, 20)])
A_FLOOR = np.array([1e-4, 1e-4, 1e-4, 1e-4, 1e-8]) / 1e-6


def population_a(count: int) -> Floats:
    """Return parameters (count, 17) of problem A; the tumour starts below its capacity."""
    people = Parametric(model=A).sample(count, seed=1)
    return people.with_parameters(burden=np.minimum(people["burden"], 0.8 * people["K"])).parameters


E_VALUES = dict(  # median, standard deviation of the logarithm, unit, meaning
    rho=(0.9, 0.3, "1/day", "expansion"), KB=(50.0, 0.4, "cells", "antigen at half expansion"),
    dE=(0.15, 0.3, "1/day", "loss of effectors"),
    phi=(0.02, 0.5, "1/day", "effectors to memory"), mu=(0.005, 0.3, "1/day", "loss of memory"), g=(0.02, 0.3, "1/day", "growth"),
    Bmax=(1000.0, 0.2, "cells", "capacity"), kk=(0.01, 0.5, "1/day/cell", "killing"), s=(0.01, 0.5, "cells/day", "source of target cells"),
    a=(0.05, 0.3, "1/day", "reactivation"), E0=(1.0, 0.5, "cells", "effectors"), M0=(0.1, 0.5, "cells", "memory"),
    B0=(100.0, 0.7, "cells", "target"),
)  # fmt: skip


def rhs_e(y, p):  # type: ignore[no-untyped-def]
    """Return the rates of problem E."""
    antigen = y.B / (p.KB + y.B)
    recall = p.a * antigen * y.M
    return dict(
        E=(p.rho * antigen - p.dE - p.phi) * y.E + recall,
        M=p.phi * y.E - p.mu * y.M - recall,
        B=p.s + p.g * y.B * (1.0 - y.B / p.Bmax) - p.kk * y.E * y.B,
    )


E = Model(
    name="problem_e",
    time="day",
    states={n: State("cells") for n in "EMB"},
    parameters={n: Parameter(v, unit, meaning, LogNormal(sd=sd), "benchmark") for n, (v, sd, unit, meaning) in E_VALUES.items()},
    initial=lambda p: dict(E=p.E0, M=p.M0, B=p.B0),
    phases=[Phase(rhs_e)],
    outputs={"E": Output(lambda y: y.E, "cells"), "M": Output(lambda y: y.M, "cells"), "B": Output(lambda y: y.B, "cells")},
    reference="benchmark",
)
E_TIMES = np.concatenate([np.arange(0, 29, 1.0), [35, 42, 56, 70, 90, 120, 150, 180, 240, 300, 365]]).astype(float)


def population_e(count: int, *, eradicated: bool) -> Floats:
    """Return parameters (count, 13) of problem E1, or of E2 where `eradicated` (no source, no reactivation)."""
    rng = np.random.default_rng(20240601)
    columns = [median * np.exp(rng.normal(0, sd, count)) for median, sd, *_ in E_VALUES.values()]
    table = np.column_stack(columns)
    if eradicated:
        table[:, [list(E_VALUES).index("s"), list(E_VALUES).index("a")]] = 0.0
    return table


def wrong(values: Floats, truth: Floats) -> int:
    """Return the patients with a value off by over 1 % where the truth exceeds 1e-4, not finite, or below -1e-3."""
    off = (truth > 1e-4) & ~(np.abs(values - truth) <= 0.01 * truth)
    return int((off | ~np.isfinite(values) | (values < -1e-3)).any(axis=(1, 2)).sum())
