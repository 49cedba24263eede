"""Closed forms against numpy and the solver, in rows and threads, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
from engine_models import PK, STEIN, build, stein, typical

from autologue import library
from autologue.engine import solve as engine_solve
from autologue.engine.closed import closed_form
from autologue.engine.solve import Solver, solve
from autologue.errors import InputError, ModelError
from autologue.functions import exp
from autologue.model import Input, Model, Output, State


def test_a_closed_form_is_the_solution() -> None:
    p = typical(STEIN, t_max=np.linspace(2, 20, 40), fold=np.geomspace(5, 1e6, 40))
    times = np.linspace(0, 100, 41)
    exact = closed_form(STEIN, p, times=times)
    np.testing.assert_allclose(exact[..., 0], [stein(row, times) for row in p], rtol=2e-14)
    np.testing.assert_allclose(solve(STEIN, p, times=times, solver=Solver(rtol=1e-9)).values, exact, rtol=2e-6)


def test_a_closed_form_by_rows_and_by_threads_is_the_same_bits() -> None:
    p = typical(STEIN, t_max=np.linspace(2, 20, 9000))
    times = np.array([0.0, 9.3, 28.0])
    whole = closed_form(STEIN, p, times=times)
    np.testing.assert_array_equal(closed_form(STEIN, p, times=times, workers=2), whole)
    ragged = closed_form(STEIN, p[:3], times=[times[:1], times[1:], times])
    np.testing.assert_array_equal(ragged[:, 0], np.concatenate([whole[0, :1, 0], whole[1, 1:, 0], whole[2, :, 0]]))


def _numbered(k: int) -> Model:
    return build(
        f"test_closed_{k}", dict(x=State("1")), dict(a=1.0), lambda p: dict(x=1.0), lambda y, p: dict(x=-p.a * y.x),
        closed_form=lambda t, p: dict(x=(k + 1) * exp(-p.a * t)),
    )  # fmt: skip


def test_closed_forms_of_models_made_in_a_row_are_not_mixed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    for k in range(3):
        monkeypatch.setattr(engine_solve, "_prepared", {})  # as after many models, so that memory may be used again
        model = _numbered(k)
        assert closed_form(model, typical(model), times=np.array([0.0]))[0, 0, 0] == k + 1.0
        del model


def test_a_closed_form_takes_the_default_of_an_input() -> None:
    model = build(
        "test_closed_input", dict(x=State("1")), dict(a=1.0), lambda p: dict(x=1.0), lambda y, p: dict(x=-p.a * y.x),
        inputs=dict(scale=Input(3.0, "1")), outputs=dict(seen=Output(lambda y, u: u.scale * y.x, "1")),
        closed_form=lambda t, p: dict(x=exp(-p.a * t)),
    )  # fmt: skip
    np.testing.assert_allclose(closed_form(model, typical(model), times=np.array([0.0, 2.0]))[0, :, 0], [3.0, 3 * np.exp(-2)], rtol=1e-14)


def test_a_model_without_closed_form_and_an_unknown_output_are_refused() -> None:
    with pytest.raises(ModelError, match="no closed form"):
        closed_form(PK, typical(PK), times=np.array([1.0]))
    with pytest.raises(InputError, match="did you mean transgene"):
        closed_form(STEIN, typical(STEIN), times=np.array([1.0]), outputs=["transgen"])


def test_the_closed_form_of_the_library_is_its_solution() -> None:
    model, parameters = library.load("stein_2019"), library.populations("stein_2019")["sd"].sample(50, seed=3).parameters
    times = np.array([0.0, 2.0, 9.3, 20.0, 100.0, 365.0])
    exact = closed_form(model, parameters, times=times)
    solved = solve(model, parameters, times=times, solver=Solver(rtol=1e-10)).values
    np.testing.assert_allclose(solved, exact, rtol=1e-7)
    ragged = closed_form(model, parameters[:2], times=[times[:2], times])
    np.testing.assert_array_equal(ragged, np.vstack([exact[0, :2], exact[1]]))
    with pytest.raises(ModelError, match="has no closed form"):
        closed_form(library.load("kimmel_2021"), np.ones((1, 12)), times=times)
