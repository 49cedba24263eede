"""Equations as text say what the model computes, and the fingerprint changes with it."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest

from autologue import functions, library
from autologue.engine.describe import equations, fingerprint
from autologue.engine.system import lower
from autologue.model import Model, Names, Output, Parameter, Phase, State, call

SMOOTH = [name for name in library.names() if library.load(name).birth_death is None]


def read(model: Model) -> dict[str, dict[str, str]]:
    """The printed equations, by heading."""
    found: dict[str, dict[str, str]] = {}
    for line in equations(model):
        if not line.startswith(" "):
            heading = line.split(",")[0]
            found[heading] = {}
        elif " = " in line:
            left, right = line.strip().split(" = ", 1)
            found[heading][left] = right
    return found


def compute(text: str, values: dict[str, float]) -> float:
    python = re.sub(r"infusion_rate\(\w+\)", "0.0", text).replace("^", "**")
    names = {"log": math.log, "exp": math.exp, "sqrt": math.sqrt, "min": min, "max": max, "hill": functions.hill}
    return float(eval(python, {"__builtins__": {}}, {**names, **values}))


@pytest.mark.parametrize("name", SMOOTH)
def test_printed_equations_compute_what_the_model_computes(name: str) -> None:
    model = library.load(name)
    p = model.with_typical()
    y = {state: 10.0 + 3.7 * k for k, state in enumerate(model.states)}
    u = {each: 0.3 for each in model.inputs}
    given = dict(t=2.5, y=Names("state", y), p=Names("parameter", p), u=Names("input", u))
    printed = read(model)
    headings = [h for h in printed if h.startswith(("phase", "equations"))]
    assert len(headings) == len(model.phases)
    for heading, phase in zip(headings, model.phases, strict=True):
        values = {**p, **y, **u, "t": 2.5}
        expected = call(phase.rhs, **given)
        for left, right in printed[heading].items():
            found = compute(right, values)
            if left.startswith("d("):
                state = left[2:].split(")")[0]
                assert found == pytest.approx(float(expected[state]), rel=1e-4), left
            else:
                values[left] = found
    outputs = {k: v for k, v in printed["outputs"].items() if k in model.outputs}
    for output, text in outputs.items():
        assert compute(text, {**p, **y, **u, "t": 2.5}) == pytest.approx(float(call(model.outputs[output].function, **given)), rel=1e-4)


def small(**changes: object) -> Model:
    fields: dict[str, object] = dict(
        name="small",
        time="day",
        states=dict(a=State("mg"), b=State("mg")),
        parameters=dict(k=Parameter(2.0, "1/day", "loss", None, "assumed"), n=Parameter(3.0, "1", "power", None, "assumed")),
        initial=lambda p: dict(a=1.0, b=0.0),
        phases=[Phase(lambda y, p: dict(a=-p.k * y.a - (y.b - y.a), b=p.k * (y.a - 2.0 * y.b) / (1 + y.a * y.a)))],
        outputs=dict(a=Output(lambda y: y.a, "mg")),
        reference="a test",
    )
    return Model(**{**fields, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda y, p: y.a - (y.b - p.k), "a - (b - k)"),
        (lambda y, p: -(y.a + y.b), "-(a + b)"),
        (lambda y, p: y.a / (y.b / p.k), "k * a / b"),
        (lambda y, p: y.a / y.b / p.k, "a / (k * b)"),
        (lambda y, p: y.a**3, "a^3"),
        (lambda y, p: (y.a + y.b) ** p.n, "(a + b)^n"),
        (lambda y, p: functions.hill(y.a, p.k, p.n), "hill(a, k, n)"),
        (lambda y, p: 2.0**p.n, "2^n"),
        (lambda y, p: functions.minimum(y.a, 3.0), "min(a, 3)"),
        (lambda y, p: functions.where(y.a < 1.0, y.a, y.b), "(a where a < 1, else b)"),
    ],
)
def test_expressions_read_as_they_are_written_by_hand(function: object, text: str) -> None:
    model = small(outputs=dict(z=Output(function, "mg")))  # type: ignore[arg-type]
    assert read(model)["outputs"]["z"] == text


def test_the_fingerprint_changes_with_what_is_computed_and_with_nothing_else() -> None:
    base = fingerprint(lower(small()))
    assert base == fingerprint(lower(small()))
    assert base == fingerprint(lower(small(title="another title", answers=("more",))))
    parameters = dict(small().parameters)
    other = [
        small(phases=[Phase(lambda y, p: dict(a=-p.k * y.a, b=0.0))]),
        small(initial=lambda p: dict(a=1.0, b=1e-9)),
        small(parameters={**parameters, "k": replace(parameters["k"], value=2.0000001)}),
        small(states=dict(a=State("mg", absolute=1e-9), b=State("mg"))),
        small(states=dict(a=State("g"), b=State("mg"))),
        small(outputs=dict(a=Output(lambda y: y.b, "mg"))),
        small(phases=[Phase(small().phases[0].rhs, until=1.0), Phase(small().phases[0].rhs)]),
    ]
    assert len({base, *(fingerprint(lower(model)) for model in other)}) == len(other) + 1
