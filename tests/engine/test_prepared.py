"""Prepared calls give what plain calls give, for any number of chains, and exact derivatives of closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from engine_models import PK, STEIN, TAIL, typical
from numpy.typing import NDArray

from autologue import library
from autologue.engine.closed import closed_form
from autologue.engine.prepared import prepare_closed, prepare_solve
from autologue.engine.solve import EXPLICIT, Solver, solve
from autologue.engine.summary import Maximum
from autologue.errors import InputError, ModelError
from autologue.regimen import Bolus, Regimen

Floats = NDArray[np.float64]
RAGGED = [np.array([0.0, 3.0, 28.0]), np.array([]), np.array([5.0, 5.0]), np.array([100.0])]


def _four() -> Floats:
    return typical(STEIN, t_max=np.array([4.0, 9.3, 12.0, 20.0]), fold=np.array([10.0, 1e3, 1e4, 1e5]))


def test_a_prepared_closed_form_is_the_closed_form_for_every_chain() -> None:
    call, p = prepare_closed(STEIN, RAGGED), _four()
    other = p * 1.1
    np.testing.assert_array_equal(call(p), closed_form(STEIN, p, times=RAGGED))
    stacked = call(np.vstack([p, other]))
    np.testing.assert_array_equal(stacked, np.vstack([call(p), call(other)]))
    times = np.array([1.0, 9.3, 50.0])
    np.testing.assert_array_equal(prepare_closed(STEIN, times)(p), closed_form(STEIN, p, times=times))


def test_results_of_calls_are_their_own() -> None:
    call, p = prepare_closed(STEIN, RAGGED), _four()
    first = call(p)
    kept = first.copy()
    call(2.0 * p)
    np.testing.assert_array_equal(first, kept)


@pytest.mark.parametrize("name", ["stein_2019", "ogasawara_2021"])
def test_the_gradient_of_a_closed_form_is_its_derivative(name: str) -> None:
    model = library.load(name)
    p = np.array([[q.value for q in model.parameters.values()]]) * np.array([[0.9], [1.2]])
    times, wrt = np.array([0.7, 5.0, 12.0, 30.0, 200.0]), list(model.parameters)
    values, gradient = prepare_closed(model, times, wrt=wrt)(p)
    np.testing.assert_allclose(values, closed_form(model, p, times=times), rtol=1e-13)
    for k in range(len(wrt)):
        moved, step = [], 1e-4 * p[:, k]
        for side in (-2.0, -1.0, 1.0, 2.0):
            q = p.copy()
            q[:, k] += side * step
            moved.append(closed_form(model, q, times=times))
        slope = (8 * (moved[2] - moved[1]) - (moved[3] - moved[0])) / (12 * step[:, None, None])
        np.testing.assert_allclose(gradient[..., k] * p[:, k, None, None], slope * p[:, k, None, None], rtol=1e-8, atol=1e-9 * values.max())


def test_the_gradient_of_ragged_rows_for_some_outputs_and_names() -> None:
    model, wrt = library.load("stein_2019"), ["beta", "t_max"]
    p = library.populations("stein_2019")["sd"].sample(4, seed=1).parameters
    ragged = prepare_closed(model, RAGGED, wrt=wrt, outputs=["transgene"])(p)
    whole = prepare_closed(model, np.array([0.0, 3.0, 5.0, 28.0, 100.0]), wrt=wrt)(p)
    rows = [(0, 0), (0, 1), (0, 3), (2, 2), (2, 2), (3, 4)]
    for found, expected in zip(ragged, whole, strict=True):
        np.testing.assert_array_equal(found, np.array([expected[i, j] for i, j in rows]))
    assert ragged[1].shape == (6, 1, 2)


def test_the_logarithmic_slope_of_stein_through_the_peak() -> None:
    # d log C(28 d) / d t_max of the typical patient, by hand from the two declining exponentials
    model = library.load("stein_2019")
    p = np.array([[q.value for q in model.parameters.values()]])
    values, gradient = prepare_closed(model, np.array([28.0]), wrt=["t_max"])(p)
    assert gradient[0, 0, 0, 0] / values[0, 0, 0] == pytest.approx(0.1396, abs=5e-5)


@pytest.mark.parametrize("solver", [Solver(), EXPLICIT])
def test_a_prepared_solve_is_the_solve_bit_by_bit(solver: Solver) -> None:
    p = typical(PK, k=np.array([0.1, 0.2, 0.3]))
    times = [np.array([0.0, 1.0, 30.0]), np.array([2.0]), np.array([4.0, 40.0])]
    regimens = [Regimen(Bolus(0.0, 100.0, "1", "oral")), None, Regimen(Bolus(1.0, 50.0, "1", "oral", additional=2, every=8.0))]
    call = prepare_solve(PK, times, regimens=regimens, solver=solver, summaries=[Maximum("central")])
    plain = solve(PK, p, times=times, regimens=regimens, solver=solver, summaries=[Maximum("central")])
    found = call(np.vstack([p, p, p]))
    np.testing.assert_array_equal(found.values, np.vstack([plain.values] * 3))
    np.testing.assert_array_equal(found.summaries, np.vstack([plain.summaries] * 3))
    np.testing.assert_array_equal(call(p).steps, plain.steps)


def test_a_prepared_solve_takes_steady_state_doses_and_chance() -> None:
    again = Regimen(Bolus(0.0, 100.0, "1", "oral", steady_state=True, every=12.0))
    p, times = typical(PK, k=np.array([0.1, 0.2])), np.array([0.0, 6.0])
    np.testing.assert_array_equal(prepare_solve(PK, times, regimens=[again])(p).values, solve(PK, p, times=times, regimens=[again]).values)
    p, chance, times = typical(TAIL, n0=np.array([50.0, 50.0])), np.array([0.2, 0.9]), np.array([0.0, 20.0, 60.0])
    np.testing.assert_array_equal(prepare_solve(TAIL, times)(p, chance=chance).values, solve(TAIL, p, times=times, chance=chance).values)


def test_what_does_not_fit_is_refused() -> None:
    call = prepare_closed(STEIN, RAGGED)
    with pytest.raises(InputError, match="6 sets of parameters for 4 patients"):
        call(np.tile(_four()[0], (6, 1)))
    with pytest.raises(InputError, match="parameters have shape"):
        call(_four()[:, :2])
    with pytest.raises(InputError, match="t_max"):
        prepare_closed(STEIN, RAGGED, wrt=["tmax"])
    with pytest.raises(ModelError, match="no closed form"):
        prepare_closed(PK, RAGGED)
    with pytest.raises(InputError, match="sets of parameters for 4 patients"):
        prepare_solve(STEIN, RAGGED)(_four()[:3])
