"""Small models with known answers, shared so that few kernels are compiled. Time is in days, amounts have unit 1."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from autologue.functions import exp, hill, log, sqrt, where
from autologue.model import BirthDeath, Crossing, Dosing, Input, Model, Output, Parameter, Phase, Rule, State
from autologue.variability import LogNormal

Floats = NDArray[np.float64]


def build(name: str, states: dict[str, State], parameters: dict[str, float], initial: Any, phases: Any, **more: Any) -> Model:
    """A model whose outputs are its states unless given."""
    spread = more.pop("spread", {})
    return Model(
        name=name,
        time="day",
        states=states,
        parameters={n: Parameter(v, "1", n, spread.get(n)) for n, v in parameters.items()},
        initial=initial,
        phases=phases if isinstance(phases, list) else [Phase(phases)],
        outputs=more.pop("outputs", None) or {n: Output(_state(n), "1") for n in states},
        reference="none",
        **more,
    )


def _state(name: str) -> Any:
    return lambda y: getattr(y, name)


def typical(model: Model, **values: Any) -> Floats:
    """Parameter sets (patients, parameters): typical values, some replaced by numbers or arrays."""
    given = [np.asarray(values.get(n, q.value), dtype=float) for n, q in model.parameters.items()]
    return np.column_stack(np.broadcast_arrays(*[np.atleast_1d(v) for v in given]))


def wide(model: Model, count: int, *, sd: float = 0.3, seed: int = 1) -> Floats:
    """Typical parameters times log-normal factors (count, parameters)."""
    factors = np.exp(sd * np.random.default_rng(seed).standard_normal((count, len(model.parameters))))
    return typical(model) * factors


# expansion to a peak at t_max, then decline with two slopes: the phase end is a parameter
_STEIN = dict(c0=20.0, fold=3900.0, t_max=9.3, alpha=0.16, beta=0.0032, share=0.0079)


def _stein_closed(t: Any, p: Any) -> Any:
    rise = p.c0 * exp(log(p.fold) * t / p.t_max)
    peak, after = p.c0 * p.fold, t - p.t_max
    return dict(
        effector=where(t < p.t_max, rise, (1 - p.share) * peak * exp(-p.alpha * after)),
        memory=where(t < p.t_max, 0.0, p.share * peak * exp(-p.beta * after)),
    )


STEIN = build(
    "test_stein",
    dict(effector=State("1"), memory=State("1")),
    _STEIN,
    lambda p: dict(effector=p.c0, memory=0.0),
    [
        Phase(
            lambda y, p: dict(effector=log(p.fold) / p.t_max * y.effector, memory=0.0),
            until=lambda p: p.t_max,
            reset=lambda y, p: dict(effector=(1 - p.share) * y.effector, memory=p.share * y.effector),
        ),
        Phase(lambda y, p: dict(effector=-p.alpha * y.effector, memory=-p.beta * y.memory)),
    ],
    outputs=dict(transgene=Output(lambda y: y.effector + y.memory, "1")),
    closed_form=_stein_closed,
    spread=dict(fold=LogNormal(sd=2.4), t_max=LogNormal(sd=0.38), alpha=LogNormal(sd=1.0), beta=LogNormal(sd=0.5)),
)


def stein(p: Floats, t: Floats) -> Floats:
    """The closed form in numpy, for one parameter set."""
    c0, fold, t_max, alpha, beta, share = p
    fall = (1 - share) * np.exp(-alpha * (t - t_max)) + share * np.exp(-beta * (t - t_max))
    return c0 * np.where(t < t_max, np.exp(np.log(fold) * np.minimum(t, t_max) / t_max), fold * fall)


# a depot and a central compartment; the input `induction` multiplies clearance
PK = build(
    "test_pk",
    dict(depot=State("1", absolute=1e-12), central=State("1", absolute=1e-12)),
    dict(ka=1.3, k=0.21, share=0.7, lag=0.4),
    lambda p: dict(depot=0.0, central=0.0),
    lambda y, p, u: dict(depot=-p.ka * y.depot, central=p.ka * y.depot - p.k * u.induction * y.central),
    inputs=dict(induction=Input(1.0, "1")),
    dosing=dict(oral=Dosing("depot", "1", bioavailability=lambda p: p.share, lag=lambda p: p.lag), vein=Dosing("central", "1")),
)

# growth to 50, knocked to a tenth; decline to 1 but not before t = after; growth again
SWITCH = build(
    "test_switch",
    dict(x=State("1")),
    dict(g=0.7, d=0.9, top=50.0, after=0.0),
    lambda p: dict(x=2.0),
    [
        Phase(
            lambda y, p: dict(x=p.g * y.x),
            until=Crossing(lambda y, p: y.x - p.top, "rising"),
            reset=lambda y: dict(x=0.1 * y.x),
        ),
        Phase(lambda y, p: dict(x=-p.d * y.x), until=Crossing(lambda y: y.x - 1.0, "falling", after=lambda p: p.after)),
        Phase(lambda y, p: dict(x=p.g * y.x)),
    ],
    spread=dict(g=LogNormal(sd=0.2)),
)

# extinction below one cell while a second state goes on, doses and an input that stops the killing
EXTINCT = build(
    "test_extinct",
    dict(cells=State("1", extinct_below=1.0), product=State("1", absolute=1e-6)),
    dict(d=0.8, n0=1e4),
    lambda p: dict(cells=p.n0, product=0.0),
    lambda y, p, u: dict(cells=-p.d * u.killing * y.cells, product=y.cells - 0.5 * y.product),
    inputs=dict(killing=Input(1.0, "1")),
    dosing=dict(cells=Dosing("cells", "1")),
)

TAIL = build(
    "test_tail",
    dict(cells=State("1")),
    dict(b=0.5, d=0.8, n0=1000.0),
    lambda p: dict(cells=p.n0),
    lambda y, p, u: dict(cells=(p.b * u.feeding - p.d) * y.cells),
    inputs=dict(feeding=Input(1.0, "1")),
    birth_death=BirthDeath("cells", birth=lambda p, u: p.b * u.feeding, death=lambda p: p.d, below=100.0),
)

# x falls at rate `k * drug`; rules switch the drug off and on
RULED = build(
    "test_ruled",
    dict(x=State("1"), drug=State("1", absolute=1e-9)),
    dict(k=0.5),
    lambda p: dict(x=8.0, drug=0.0),
    lambda y, p, u: dict(x=-p.k * u.on * y.x + u.feed, drug=-1.0 * y.drug),
    inputs=dict(on=Input(1.0, "1"), feed=Input(0.0, "1"), seen=Input(0.0, "1"), jumped=Input(0.0, "1")),
    dosing=dict(drug=Dosing("drug", "1")),
    rules=[
        Rule("low", Crossing(lambda y: y.x - 2.0, "falling"), dict(on=0.0, feed=1.0), delay=0.5, lasting=3.0, times=2),
        Rule("visit", Crossing(lambda y: y.x - 1.9, "falling"), dict(seen=1.0), at="visits"),
        Rule("jump", Crossing(lambda y: y.drug - 5.0, "rising"), dict(jumped=1.0)),
    ],
    outputs={n: Output(f, "1") for n, f in dict(
        x=lambda y: y.x, on=lambda u: u.on, seen=lambda u: u.seen, jumped=lambda u: u.jumped).items()},
)  # fmt: skip

ROBERTSON = build(
    "test_robertson",
    dict(a=State("1", absolute=1e-12), b=State("1", absolute=1e-14), c=State("1", absolute=1e-12)),
    dict(k1=0.04, k2=3e7, k3=1e4),
    lambda p: dict(a=1.0, b=0.0, c=0.0),
    lambda y, p: dict(
        a=-p.k1 * y.a + p.k3 * y.b * y.c,
        b=p.k1 * y.a - p.k3 * y.b * y.c - p.k2 * y.b * y.b,
        c=p.k2 * y.b * y.b,
    ),
)

# van der Pol with a driving force: stiff or not by mu, not autonomous
FORCED = build(
    "test_forced",
    dict(x=State("1", absolute=1e-6, signed=True), v=State("1", absolute=1e-6, signed=True)),
    dict(mu=2.0, force=0.8, omega=1.1),
    lambda p: dict(x=2.0, v=0.0),
    lambda t, y, p: dict(x=y.v, v=p.mu * (1 - y.x**2) * y.v - y.x + p.force * t * exp(-p.omega * t / 8)),
)

# three states of CAR-T kinetics with the tumour's source and reactivation (well posed), or without (eradication)
_ERADICATION = dict(rho=0.9, kb=50.0, de=0.15, phi=0.02, mu=0.005, g=0.02, bmax=1000.0, kk=0.01, s=0.01, a=0.05, e0=1.0, m0=0.1, b0=100.0)


def _eradication(y: Any, p: Any) -> Any:
    x = y.b / (p.kb + y.b)
    return dict(
        e=(p.rho * x - p.de - p.phi) * y.e + p.a * x * y.m,
        m=p.phi * y.e - p.mu * y.m - p.a * x * y.m,
        b=p.s + p.g * y.b * (1 - y.b / p.bmax) - p.kk * y.e * y.b,
    )


ERADICATION = build(
    "test_eradication",
    dict(e=State("1"), m=State("1"), b=State("1")),
    _ERADICATION,
    lambda p: dict(e=p.e0, m=p.m0, b=p.b0),
    _eradication,
    spread={n: LogNormal(sd=0.3) for n in ("rho", "kb", "de", "phi", "mu", "g", "kk")},
)

# every operation of the graph, on states and parameters that stay positive
EVERYTHING = build(
    "test_everything",
    dict(x=State("1"), y=State("1"), z=State("1", absolute=1e-3)),
    dict(a=0.7, b=1.9, n=2.3),
    lambda p: dict(x=1.0, y=0.5, z=p.a),
    lambda t, y, p: dict(
        x=p.a * hill(y.y, p.b, p.n) - 0.3 * y.x * sqrt(y.x + 0.1) + 0.05 * exp(-t),
        y=p.b * y.x / (1.0 + y.z) ** 2 - 0.5 * y.y**1.5 + 0.01 * log(1.0 + y.x * y.y),
        z=y.x * 0.4 - p.a * y.z * exp(-0.1 * y.y) + 0.1 * (y.y + 0.2) ** p.n / (3.0 + t),
    ),
)
