"""A state that falls to nothing must not stop a stiff step: in floating point, powers of it have slopes that overflow."""

from __future__ import annotations

import numpy as np
import pytest

from autologue import library
from autologue.engine.solve import Solver, solve
from autologue.library.owens_bozic_2021 import regimen


@pytest.mark.parametrize("rtol", [1e-8, 1e-10])
def test_cells_lost_to_the_tumour_do_not_stop_the_stiff_solver(rtol: float) -> None:
    model, parameters = library.load("owens_bozic_2021"), library.populations("owens_bozic_2021")["patient_1"].typical_values()[None]
    plan, times = regimen(3, 4, 2.5e8), np.linspace(0.0, 200.0, 41)
    found = solve(model, parameters, times=times, regimens=[plan], solver=Solver(rtol=rtol))
    assert found.status.tolist() == [0]
    explicit = solve(model, parameters, times=times, regimens=[plan], solver=Solver(explicit=True, rtol=rtol))
    tumour = [s.values[0, :, s.outputs.index("tumour_cells")] for s in (found, explicit)]
    np.testing.assert_allclose(*tumour, rtol=100 * rtol)
