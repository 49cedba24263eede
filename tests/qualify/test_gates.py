"""Each gate fails in the right words, and passes on the same model without the mistake."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from autologue import library
from autologue.functions import exp, hill, log, maximum, where
from autologue.model import Crossing, Dosing, Model, Output, Parameter, Phase, State
from autologue.qualify.gates import check_model

PARAMETERS = dict(
    growth=Parameter(0.1, "1/day", "growth", None, "Table 1"),
    capacity=Parameter(1e9, "cells", "capacity", None, "Table 1"),
    tumour_0=Parameter(1e6, "cells", "start", None, "Table 1"),
)


def growth(y: Any, p: Any) -> dict[str, Any]:
    return dict(tumour=p.growth * y.tumour * (1 - y.tumour / p.capacity))


def model(**changes: Any) -> Model:
    given: dict[str, Any] = dict(
        name="mine",
        time="day",
        horizon=30.0,
        states=dict(tumour=State("cells")),
        parameters=PARAMETERS,
        initial=lambda p: dict(tumour=p.tumour_0),
        phases=[Phase(growth)],
        outputs=dict(burden=Output(lambda y: y.tumour, "cells")),
        reference="unpublished",
    )
    return Model(**{**given, **changes})


def failures(**changes: Any) -> list[tuple[str, str]]:
    return [(f.gate, f.message) for f in check_model(model(**changes)) if not f.passed]


def slope(function: Callable[[Any, Any], Any]) -> dict[str, Any]:
    """A right-hand side that reads everything and then adds nothing but the mistake under test."""
    return dict(phases=[Phase(lambda y, p: dict(tumour=growth(y, p)["tumour"] + function(y, p)))])


def test_a_sound_model_passes() -> None:
    assert failures() == []
    assert [f.gate for f in check_model(model())] == ["names", "units", "source", "solvable", "non-negative"]


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda y, p: y.tumour, "adds cells to cells/day in d(tumour)/dt"),
        (lambda y, p: 1.0, "adds a number without unit to cells/day in d(tumour)/dt"),
        (lambda y, p: p.growth * (y.tumour + 1), "adds a number without unit to cells"),
        (lambda y, p: -p.growth * y.tumour * (1 - y.tumour), "subtracts cells from a number without unit"),
        (lambda y, p: p.growth * y.tumour * log(y.tumour), "takes the logarithm of cells; write log(a / b)"),
        (lambda y, p: p.growth * y.tumour * exp(-p.growth), "takes exp of 1/day; its argument must have no unit"),
        (lambda y, p: p.growth * y.tumour * hill(y.tumour, p.growth, 2.0), "takes the Hill function of cells and 1/day"),
        (lambda y, p: p.growth * y.tumour * hill(y.tumour, p.capacity, p.growth), "raises to a power that has unit 1/day"),
        (lambda y, p: p.growth * y.tumour * 2.0**p.growth, "raises 2 to a power that has unit 1/day"),
        (lambda y, p: p.growth * y.tumour * y.tumour ** (p.growth / p.growth), "raises cells to a power that is no plain number"),
        (lambda y, p: p.growth * maximum(y.tumour, p.growth), "takes the maximum of cells and 1/day"),
        (
            lambda y, p: p.growth * where(y.tumour > p.capacity, p.capacity, 0.0),
            "chooses by time or state in a right-hand side; end a phase",
        ),
        (lambda y, p: p.growth * y.tumour / 0, "divides by zero"),
    ],
)
def test_unit_mistakes(function: Callable[[Any, Any], Any], words: str) -> None:
    found = [message for gate, message in failures(**slope(function)) if gate == "units"]
    assert len(found) == 1
    assert words in found[0]
    assert "test_gates.py, line " in found[0]


@pytest.mark.parametrize(
    "function",
    [
        lambda y, p: 0.0,
        lambda y, p: p.growth * y.tumour * log(p.capacity / y.tumour),
        lambda y, p: -p.growth * y.tumour * hill(y.tumour, p.capacity, 0.5),
        lambda y, p: -p.growth * y.tumour**2 / p.capacity,
        lambda y, p: -p.growth * maximum(0.0, y.tumour - p.capacity),
        lambda y, p: -p.growth * where(p.capacity > p.tumour_0, y.tumour, 0.0) * 0.5,
        lambda y, p: -p.growth * (y.tumour * p.capacity) ** 0.5 * 1e-3,
    ],
)
def test_sound_expressions_have_no_unit_findings(function: Callable[[Any, Any], Any]) -> None:
    assert failures(**slope(function)) == []


def test_hours_are_not_days() -> None:
    hourly = {**PARAMETERS, "growth": replace(PARAMETERS["growth"], unit="1/hour")}
    (found,) = failures(parameters=hourly)
    assert found == ("units", "d(tumour)/dt has unit 24 cell day^-1; expected cells/day, which differ by a factor of 24")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (dict(initial=lambda p: dict(tumour=p.growth)), "initial tumour has unit 1/day; expected cells"),
        (dict(outputs=dict(burden=Output(lambda y: y.tumour, "mL"))), "output 'burden' has unit cells; expected mL"),
        (dict(closed_form=lambda t, p: dict(tumour=t * p.tumour_0)), "closed form of tumour has unit"),
        (dict(dosing=dict(iv=Dosing("tumour", "cells", lag=lambda p: p.growth))), "lag of 'iv' has unit 1/day; expected day"),
        (dict(dosing=dict(iv=Dosing("tumour", "cells", bioavailability=lambda p: p.capacity))), "bioavailability of 'iv' has unit cells"),
        (
            dict(phases=[Phase(growth, until=Crossing(lambda y, p: y.tumour - p.growth, "rising")), Phase(growth)]),
            "subtracts 1/day from cells",
        ),
        (dict(phases=[Phase(growth, until=lambda p: p.growth), Phase(growth)]), "the end of phase 1 has unit 1/day; expected day"),
        (
            dict(phases=[Phase(growth, until=1.0, reset=lambda p: dict(tumour=p.growth)), Phase(growth)]),
            "reset of tumour of phase 1 has unit",
        ),
    ],
)
def test_units_are_checked_everywhere(changes: dict[str, Any], words: str) -> None:
    assert any(gate == "units" and words in message for gate, message in failures(**changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (slope(lambda y, p: p.grwth), "unknown parameter 'grwth'; did you mean growth?"),
        (slope(lambda y, p: y.tumor), "unknown state 'tumor'; did you mean tumour?"),
        (dict(phases=[Phase(lambda y, p: dict(tumor=0.0))]), "unknown state 'tumor'"),
        (dict(phases=[Phase(lambda y, p: {})]), "d(tumour)/dt is missing"),
        (dict(initial=lambda p: p.tumour_0), "expected a dict of states"),
        (dict(phases=[Phase(lambda x: dict(tumour=0.0))]), "asks for 'x'; it may take t, y, p, u"),
        (
            dict(parameters={**PARAMETERS, "idle": Parameter(1.0, "1", "unused", None, "Table 1")}),
            "'idle' is declared but no function reads it",
        ),
        (slope(lambda y, p: 0.0 if y.tumour > p.capacity else y.tumour), "asks `if`, `and` or `or` about a value that is not yet known"),
        (slope(lambda y, p: 0.0 if y.tumour == 0 else y.tumour), "asks `if`, `and` or `or` about a value that is not yet known"),
        (slope(lambda y, p: [][0]), "IndexError"),
    ],
)
def test_name_mistakes(changes: dict[str, Any], words: str) -> None:
    assert any(gate == "names" and words in message for gate, message in failures(**changes))


def test_missing_sources_are_named() -> None:
    bare = {**PARAMETERS, "growth": replace(PARAMETERS["growth"], source=" ")}
    found = failures(parameters=bare, reference="")
    assert [gate for gate, _ in found] == ["source", "source"]
    assert found[0][1].startswith("parameter 'growth' (0.1 1/day) has no source")


def test_a_negative_state_is_named_with_its_time() -> None:
    falling: dict[str, Any] = dict(phases=[Phase(lambda p: dict(tumour=-0.2 * p.capacity * p.growth))])
    (found,) = failures(**falling)
    assert found[0] == "non-negative"
    assert "state 'tumour' is -" in found[1]
    assert failures(**falling, states=dict(tumour=State("cells", signed=True))) == []


def test_an_unsolvable_model_is_a_sentence() -> None:
    (found,) = failures(**slope(lambda y, p: p.growth * y.tumour * (y.tumour / p.tumour_0) ** 3))
    assert found[0] == "solvable"
    assert "time" in found[1]


def test_mass_balance_is_held_where_it_is_declared() -> None:
    states = dict(tumour=State("cells"), dead=State("cells"))
    given: dict[str, Any] = dict(
        states=states, initial=lambda p: dict(tumour=p.tumour_0, dead=0.0), conserved=dict(cells=lambda y: y.tumour + y.dead)
    )
    flow = Phase(lambda y, p: dict(tumour=-p.growth * y.tumour, dead=p.growth * y.tumour))
    leak = Phase(lambda y, p: dict(tumour=-p.growth * y.tumour, dead=0.5 * p.growth * y.tumour))
    used = {name: q for name, q in PARAMETERS.items() if name != "capacity"}
    assert failures(**given, parameters=used, phases=[flow]) == []
    ((gate, message),) = failures(**given, parameters=used, phases=[leak])
    assert gate == "mass balance"
    assert message.startswith("'cells' should stay at 1e+06 but is ")


def test_a_closed_form_must_agree_with_the_phases() -> None:
    used = {name: q for name, q in PARAMETERS.items() if name != "capacity"}
    phases = [Phase(lambda y, p: dict(tumour=p.growth * y.tumour))]
    right = failures(parameters=used, phases=phases, closed_form=lambda t, p: dict(tumour=p.tumour_0 * exp(p.growth * t)))
    wrong = failures(parameters=used, phases=phases, closed_form=lambda t, p: dict(tumour=p.tumour_0 * exp(1.01 * p.growth * t)))
    assert right == []
    assert [gate for gate, _ in wrong] == ["closed form"]
    assert wrong[0][1].startswith("closed form of 'tumour' gives")


def test_a_library_model_needs_its_validation_file() -> None:
    known = library.load("leon_triana_2021")
    absent = [f.message for f in check_model(replace(known, validation="validation/nobody_2000.py")) if not f.passed]
    assert absent == ["validation/nobody_2000.py does not exist"]
    silent = [f.message for f in check_model(replace(known, validation="")) if not f.passed]
    assert silent == ["names no validation file; expected 'validation/leon_triana_2021.py'"]
