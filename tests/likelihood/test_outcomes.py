"""Terms of outcomes: cumulative hazards against quadrature, densities against scipy's, derivatives against differences, sentences."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from _outcomes import LINK, TRUTH, falling, joint_cohort, joint_density, numbers, still
from scipy import stats
from scipy.integrate import quad
from scipy.special import expit

from autologue import Cohort, Event, Model, Observations, Output, Parameter, Patient, Phase, Solver, State
from autologue.engine.closed import closed_form
from autologue.engine.solve import solve
from autologue.errors import InputError, ModelError, UnitError
from autologue.likelihood import REASONS, Likelihood
from autologue.likelihood.happened import outcome_parts, outcome_value
from autologue.likelihood.outcomes import CATEGORY, COUNT, DISPERSED, HAZARD, INTERVAL, SURVIVAL
from autologue.population import Parametric
from autologue.qualify.gates import check_model
from autologue.terms import (
    Binary,
    Exponential,
    Exposure,
    Gompertz,
    Linear,
    Link,
    Logarithm,
    NegativeBinomial,
    Ordered,
    Peak,
    Poisson,
    Weibull,
)

FLOOR = 1e-3
RELAPSE = dict(relapse=Exponential(rate="rate"))
TIMES = np.array([1.0, 5.9, 6.0, 7.0, 30.0, 90.0, 200.0])


def course(t: Any, *, shape: float = 1.0) -> Any:
    return 5.0 * np.exp(0.8 * np.minimum(t, 6.0) - 0.1 * np.maximum(t - 6.0, 0.0))


def peaked(**outcomes: Any) -> Model:
    """Cells that rise until day 6 and then fall: a corner where a phase ends."""
    own = {"g": ("1/day", 0.8), "d": ("1/day", 0.1), "end": ("day", 6.0), "start": ("1", 5.0)}
    return Model(
        name="peaked", time="day", states=dict(x=State("1")),
        parameters={n: Parameter(v, u, n) for n, (u, v) in own.items()} | numbers("rate", "scale", "shape", "slope", "beta"),
        initial=lambda p: dict(x=p.start), outputs=dict(level=Output(lambda y: y.x, "1")), outcomes=outcomes, reference="none",
        phases=[Phase(lambda y, p: dict(x=p.g * y.x), until=lambda p: p.end), Phase(lambda y, p: dict(x=-p.d * y.x))],
    )  # fmt: skip


def cumulative(model: Model, name: str, solver: Solver, **values: float) -> Any:
    sets = np.array([list(model.with_typical(**values).values())])
    found = solve(model, sets, times=TIMES, outputs=[f"cumulative_hazard_{name}"], solver=solver)
    assert found.status[0] == 0
    return found.values[0, :, 0]


def integral(function: Any, end: float, *corners: float) -> float:
    inside = [c for c in corners if 0 < c < end]
    return float(quad(function, 0.0, end, points=inside or None, epsabs=1e-13, epsrel=1e-12, limit=500)[0])


SOLVERS = [Solver(), Solver(explicit=True)]


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("shape", [0.4, 0.8, 1.0, 2.3])
def test_a_weibull_hazard_that_follows_the_course(shape: float, solver: Solver) -> None:
    link = Link("beta", of="level", scale=Logarithm(reference=100.0, floor=FLOOR))
    found = cumulative(peaked(relapse=Weibull(scale="scale", shape="shape", links=[link])), "relapse", solver, shape=shape)
    low = 6.0 + math.log(course(6.0) / FLOOR) / 0.1  # where the floor is reached

    def ratio(v: float) -> float:  # v = (t / scale)^shape has no singularity
        return float((np.maximum(course(80.0 * v ** (1.0 / shape)), FLOOR) / 100.0) ** -0.8)

    expected = [integral(ratio, (t / 80.0) ** shape, (6.0 / 80.0) ** shape, (low / 80.0) ** shape) for t in TIMES]
    np.testing.assert_allclose(found, expected, rtol=3e-5)


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_hazard_that_follows_an_exposure(solver: Solver) -> None:
    link = Link("beta", of="x", summary=Exposure(), scale=Linear(centre=10.0, per=1000.0))
    found = cumulative(peaked(relapse=Exponential(rate="rate", links=[link])), "relapse", solver)

    def area(t: float) -> float:
        early = 5.0 / 0.8 * math.expm1(0.8 * min(t, 6.0))
        return early + (float(course(6.0)) / 0.1 * -math.expm1(-0.1 * (t - 6.0)) if t > 6.0 else 0.0)

    expected = [integral(lambda t: 0.01 * math.exp(-0.8 * (area(t) - 10.0) / 1000.0), t, 6.0) for t in TIMES]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_a_peak_converges_in_its_lag() -> None:
    def smooth(lag: float) -> float:  # x = sin(t): a smooth peak of 1
        model = Model(
            name="wave", time="day", states=dict(x=State("1", absolute=1e-9, signed=True), v=State("1", absolute=1e-9, signed=True)),
            parameters=numbers("rate", "beta"), initial=lambda: dict(x=0.0, v=1.0), phases=[Phase(lambda y: dict(x=y.v, v=-y.x))],
            outputs=dict(level=Output(lambda y: y.x, "1")), reference="none",
            outcomes=dict(relapse=Exponential(rate="rate", links=[Link("beta", of="level", summary=Peak(lag=lag))])),
        )  # fmt: skip
        sets = np.array([list(model.with_typical().values())])
        state = f"peak_of_level_{lag:g}".replace(".", "_")
        found = solve(model, sets, times=np.array([4.0]), outputs=[state], solver=Solver(rtol=1e-11))
        return 1.0 - float(found.values[0, 0, 0])

    errors = [smooth(lag) for lag in (0.1, 0.05, 0.025)]
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert (np.abs(orders - 2.0) < 0.1).all(), (errors, orders)


def test_a_hazard_that_follows_a_peak() -> None:
    link = Link("beta", of="level", summary=Peak(), scale=Linear(per=200.0))
    model = peaked(relapse=Gompertz(rate="rate", slope="slope", links=[link]))
    expected = [integral(lambda t: 0.01 * math.exp(0.01 * t - 0.8 * float(course(min(t, 6.0))) / 200.0), t, 6.0) for t in TIMES]
    np.testing.assert_allclose(cumulative(model, "relapse", Solver()), expected, rtol=2e-3)


@pytest.mark.parametrize("slope", [0.02, -0.03, 0.0, 1e-7])
def test_baselines_without_links_are_those_of_scipy(slope: float) -> None:
    outcomes = dict(w=Weibull(scale="scale", shape="shape"), g=Gompertz(rate="rate", slope="slope"), e=Exponential(rate="rate"))
    model = still(outcomes, numbers("rate", "scale", "shape", "slope"))
    times = np.array([0.0, 3.0, 50.0, 300.0])
    names = ["cumulative_hazard_w", "cumulative_hazard_g", "cumulative_hazard_e", "hazard_w", "hazard_g"]
    found = closed_form(model, np.array([list(model.with_typical(slope=slope).values())]), times=times, outputs=names)[0].T
    np.testing.assert_allclose(found[0], -stats.weibull_min(1.5, scale=80.0).logsf(times), rtol=1e-12)
    np.testing.assert_allclose(found[1], [integral(lambda t: 0.01 * math.exp(slope * t), t) for t in times], rtol=1e-9)
    np.testing.assert_allclose(found[2], 0.01 * times, rtol=1e-14)
    np.testing.assert_allclose(found[3][1:], 1.5 / 80.0 * (times[1:] / 80.0) ** 0.5, rtol=1e-12)
    np.testing.assert_allclose(found[4], 0.01 * np.exp(slope * times), rtol=1e-12)


def rows() -> list[tuple[int, float, float, float, float]]:
    """Kind, the numbers, what was observed, and the log-density by scipy."""
    expected = [
        (HAZARD, 0.3, 0.0, 0.0, math.log(0.3)),
        (SURVIVAL, 1.2, 0.5, 0.0, -0.7),
        (INTERVAL, 1.2, 0.5, 0.0, math.log(1 - math.exp(-0.7))),
        (INTERVAL, 30.0, 0.5, 0.0, math.log1p(-math.exp(-29.5))),
        (INTERVAL, 0.5 + 1e-9, 0.5, 0.0, math.log(1e-9)),
        (CATEGORY, math.inf, 2.0, 2.0, math.log(1 - expit(2.0))),
        (CATEGORY, -1.0, -math.inf, 0.0, math.log(expit(-1.0))),
        (CATEGORY, 1.5, 0.2, 1.0, math.log(expit(1.5) - expit(0.2))),
        (CATEGORY, 51.0, 50.0, 1.0, -50.0 + math.log1p(-math.exp(-1.0))),
    ]
    for y in (0, 1, 7):
        expected.append((COUNT, 2.5, 0.0, float(y), float(stats.poisson(2.5).logpmf(y))))
        expected.append((DISPERSED, 2.5, 0.4, float(y), float(stats.nbinom(1 / 0.4, 1 / (1 + 0.4 * 2.5)).logpmf(y))))
    expected.append((DISPERSED, 2.5, 1e-7, 3.0, float(stats.poisson(2.5).logpmf(3))))
    return expected


@pytest.mark.parametrize(("kind", "f", "g", "y", "expected"), rows())
def test_the_log_density_of_a_row(kind: int, f: float, g: float, y: float, expected: float) -> None:
    assert outcome_value(kind, f, g, y) == pytest.approx(expected, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(("kind", "f", "g", "y", "expected"), [row for row in rows() if row[2] != 1e-7 and abs(row[1] - row[2]) > 1e-6])
def test_derivatives_of_a_row(kind: int, f: float, g: float, y: float, expected: float) -> None:
    _, by_f, by_g, ff, fg, gg = outcome_parts(kind, f, g, y)
    h = 1e-5
    if math.isfinite(f):
        assert by_f == pytest.approx((outcome_value(kind, f + h, g, y) - outcome_value(kind, f - h, g, y)) / (2 * h), rel=1e-6, abs=1e-9)
    if math.isfinite(g) and kind not in (HAZARD, COUNT):
        assert by_g == pytest.approx((outcome_value(kind, f, g + h, y) - outcome_value(kind, f, g - h, y)) / (2 * h), rel=1e-5, abs=1e-9)
    assert np.linalg.eigvalsh([[ff, fg], [fg, gg]])[0] >= -1e-12
    if kind == CATEGORY:  # exact
        left = [outcome_parts(kind, f + s, g, y) for s in (h, -h)] if math.isfinite(f) else None
        if left is not None:
            assert ff == pytest.approx(-(left[0][1] - left[1][1]) / (2 * h), rel=1e-5, abs=1e-9)
            assert fg == pytest.approx(-(left[0][2] - left[1][2]) / (2 * h), rel=1e-5, abs=1e-9)


def test_an_impossible_row() -> None:
    assert outcome_value(HAZARD, 0.0, 0.0, 0.0) == -math.inf
    assert outcome_value(INTERVAL, 0.5, 0.5, 0.0) == -math.inf
    assert outcome_value(COUNT, 0.0, 0.0, 1.0) == -math.inf
    assert outcome_value(COUNT, 0.0, 0.0, 0.0) == 0.0


EVENTS = {
    "seen": Event(40.0, 40.0), "right": Event(90.0, math.inf), "left": Event(0.0, 30.0), "interval": Event(20.0, 50.0),
    "late": Event(60.0, 60.0, entry=25.0), "late and censored": Event(60.0, math.inf, entry=25.0),
    "late and between": Event(30.0, 60.0, entry=25.0), "late and left": Event(25.0, 60.0, entry=25.0),
}  # fmt: skip


@pytest.mark.parametrize("name", EVENTS)
def test_every_kind_of_time_beside_samples(name: str) -> None:
    base = joint_cohort(3, seed=1).patients[0]
    patient = Patient(id="1", observations=base.observations, events={"relapse": EVENTS[name]})
    population = Parametric(model=falling(dict(relapse=Exponential(rate="rate", links=[LINK])), numbers("rate", "beta")))
    lanes = Likelihood(Cohort((patient,)), population).lanes(np.zeros(5, dtype=int))
    eta = np.array([-1.5, -0.4, 0.0, 0.6, 1.3])
    sets = np.tile(population.typical_values(), (5, 1))
    sets[:, 0] *= np.exp(eta)
    expected = joint_density(patient, TRUTH)(eta)
    np.testing.assert_allclose(lanes.evaluate(sets).log_density, expected, rtol=2e-6, atol=2e-6)
    found = lanes.gradient(sets, ["a", "k", "rate", "beta"])
    by_row = found.density.log_density.reshape(5, -1).sum(axis=1)
    np.testing.assert_allclose(by_row + found.outcomes, expected, rtol=1e-5, atol=1e-5)
    for k, step in enumerate((1e-3 * sets[:, 0], 1e-4, 1e-5, 1e-3)):
        ends = []
        for side in (1, -1):
            moved = sets.copy()
            moved[:, k] += side * step
            values = [joint_density(patient, {**TRUTH, "a": m[0], "k": m[1], "rate": m[2], "beta": m[3]})(np.zeros(1))[0] for m in moved]
            ends.append(np.array(values))
        np.testing.assert_allclose(found.log_density[:, k], (ends[0] - ends[1]) / (2 * step), rtol=1e-3, atol=1e-3)


def test_an_event_where_nothing_can_happen_has_a_status() -> None:
    lanes = Likelihood(
        Cohort((Patient(id="1", events={"relapse": Event(5.0, 5.0)}),)), Parametric(model=still(RELAPSE, numbers("rate")))
    ).lanes()
    for found in (lanes.evaluate(np.array([[0.0]])), lanes.gradient(np.array([[0.0]]), ["rate"]).density):
        assert REASONS[found.status[0]].startswith("an observation is impossible")


def test_sensitivities_pass_the_end_of_a_phase() -> None:
    link = Link("beta", of="level", scale=Logarithm(reference=100.0, floor=1e-9))
    model = peaked(relapse=Weibull(scale="scale", shape="shape", links=[link]))
    patient = Patient(id="1", events={"relapse": Event(20.0, 20.0)})
    lanes = Likelihood(Cohort((patient,)), Parametric(model=model), solver=Solver(rtol=1e-9)).lanes()
    sets = np.array([list(model.with_typical().values())])
    names = ["g", "d", "end", "start", "scale", "shape", "beta"]
    found = lanes.gradient(sets, names)
    for k, name in enumerate(names):
        column = list(model.parameters).index(name)
        ends = []
        for side in (1, -1):
            moved = sets.copy()
            moved[:, column] *= 1 + side * 1e-4
            ends.append(lanes.evaluate(moved).log_density[0])
        assert found.log_density[0, k] == pytest.approx((ends[0] - ends[1]) / (2e-4 * sets[0, column]), rel=2e-3, abs=1e-5), name


def test_counts_and_categories_follow_the_course() -> None:
    up = Link("beta", of="level", scale=Logarithm(reference=100.0, floor=1e-9))
    outcomes = dict(
        lesions=Poisson(mean="mean", links=[up]), spots=NegativeBinomial(mean="mean", dispersion="dispersion", links=[up]),
        grade=Ordered(first="first", steps=("step_1", "step_2"), links=[up]), fever=Binary(logit="logit", links=[up]),
    )  # fmt: skip
    model = falling(outcomes, numbers("mean", "dispersion", "first", "step_1", "step_2", "logit", "beta"))
    days = [5.0, 20.0, 60.0]
    seen = {"lesions": [1, 3, 0], "spots": [0, 2, 9], "grade": [0, 2, 3], "fever": [1, 0, 1]}
    patient = Patient(id="1", observations={n: Observations(days, y, unit="1") for n, y in seen.items()})
    found = Likelihood(Cohort((patient,)), Parametric(model=model)).lanes().evaluate(np.array([list(model.with_typical().values())]))
    shift = -0.8 * np.log(200.0 * np.exp(-0.05 * np.array(days)) / 100.0)
    mean = 2.0 * np.exp(shift)
    expected = stats.poisson(mean).logpmf(seen["lesions"]).sum() + stats.nbinom(2.0, 1 / (1 + 0.5 * mean)).logpmf(seen["spots"]).sum()
    below = np.column_stack([np.zeros(3), *(expit(c - shift) for c in (-1.0, 0.2, 1.2)), np.ones(3)])
    expected += np.log(np.diff(below, axis=1)[np.arange(3), seen["grade"]]).sum()
    yes = expit(-0.5 + shift)
    expected += np.log(np.where(seen["fever"], yes, 1 - yes)).sum()
    assert found.log_density[0] == pytest.approx(expected, rel=1e-10)
    assert found.outcomes[0] == found.log_density[0]


@pytest.mark.parametrize(
    ("patient", "words"),
    [
        (Patient(id="7", events={"relapse": Event(0.0, 0.0)}), "nobody was at risk before"),
        (Patient(id="7", events={"relapse": Event(5.0, 5.0, entry=-2.0)}), "followed from -2, before the model's start at 0"),
        (Patient(id="7", events={"relapse": Event(9.0, 9.0), "death": Event(5.0, 5.0)}), "until 9, after 'death', which is terminal"),
        (Patient(id="7", events={"death": Event(5.0, 5.0), "exit": Event(8.0, 8.0)}), "two terminal events, 'death' and 'exit'"),
        (
            Patient(id="7", events={"death": Event(5.0, 5.0)}, observations={"lesions": Observations([9.0], [1.0], unit="1")}),
            "'lesions' is observed at 9, after 'death' at 5",
        ),
        (Patient(id="7", observations={"lesions": Observations([9.0], [1.5], unit="1")}), "the value is 1.5; expected a whole number"),
        (Patient(id="7", observations={"lesions": Observations([9.0], [-1.0], unit="1")}), "the value is -1; expected a whole number"),
        (Patient(id="7", observations={"grade": Observations([9.0], [4.0], unit="1")}), "the value is 4; expected a whole number from"),
        (Patient(id="7", observations={"lesions": Observations([-9.0], [4.0], unit="1")}), "lies before the model's start"),
    ],
)
def test_what_cannot_be(patient: Patient, words: str) -> None:
    outcomes = dict(
        relapse=Exponential(rate="rate"), death=Exponential(rate="rate", terminal=True), exit=Exponential(rate="rate", terminal=True),
        lesions=Poisson(mean="mean"), grade=Ordered(first="first", steps=("step_1", "step_2")),
    )  # fmt: skip
    population = Parametric(model=still(outcomes, numbers("rate", "mean", "first", "step_1", "step_2")))
    with pytest.raises(InputError, match="patient 7") as problem:
        Likelihood(Cohort((patient,)), population)
    assert words in str(problem.value)


def test_a_time_in_the_wrong_unit() -> None:
    population = Parametric(model=still(RELAPSE, numbers("rate")))
    hours = Likelihood(Cohort((Patient(id="1", events={"relapse": Event(48.0, 48.0)}, time="hour"),)), population)
    assert hours.lanes().evaluate(np.array([[0.01]])).log_density[0] == pytest.approx(math.log(0.01) - 0.02)
    with pytest.raises(UnitError, match="patient 1, event 'relapse': time"):
        Likelihood(Cohort((Patient(id="1", events={"relapse": Event(48.0, 48.0)}, time="mg"),)), population)


@pytest.mark.parametrize(
    ("outcomes", "words"),
    [
        (dict(relapse=Exponential(rate="rat")), "unknown parameter 'rat'; did you mean rate"),
        (dict(relapse=Exponential(rate="scale")), "parameter 'scale' is in day; expected 1/day"),
        (dict(relapse=Exponential(rate="rate", links=[Link("beta", of="levl")])), "unknown output or state 'levl'"),
        (dict(relapse=Exponential(rate="rate", links=[Link("scale", of="level")])), "parameter 'scale' is in day; expected 1"),
        (dict(level=Exponential(rate="rate")), "expected a Python name that no output and no state has"),
        (dict(relapse="exponential"), "is a str; expected one of autologue.terms"),
    ],
)
def test_what_cannot_be_declared(outcomes: Any, words: str) -> None:
    with pytest.raises(ModelError) as problem:
        still(outcomes, numbers("rate", "scale", "beta"))
    assert words in str(problem.value)


def test_the_gates_know_what_an_outcome_reads() -> None:
    model = falling(dict(relapse=Exponential(rate="rate", links=[LINK])), numbers("rate", "beta"))
    assert all(finding.passed for finding in check_model(model) if finding.gate in ("names", "units"))
    unread = falling(dict(relapse=Exponential(rate="rate")), numbers("rate", "beta"))
    assert any("'beta' is declared but no function reads it" in finding.message for finding in check_model(unread))


def test_numbers_of_links_and_categories_that_cannot_be() -> None:
    for make, words in (
        (lambda: Peak(lag=0.0), "expected a time above zero"),
        (lambda: Linear(per=0.0), "per not zero"),
        (lambda: Logarithm(reference=1.0, floor=0.0), "expected numbers above zero"),
        (lambda: Link("beta", of="level", summary="peak"), "expected Current(...) or Exposure(...) or Peak(...)"),
        (lambda: Ordered(first="first", steps=()), "Binary(logit=...)"),
    ):
        with pytest.raises(ModelError) as problem:
            make()
        assert words in str(problem.value)
