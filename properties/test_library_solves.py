"""Every solve returns: parameters of every library model moved by factors up to 1,000 give a status for every patient, doses or not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autologue import library
from autologue.engine.solve import REASONS, Solver, solve
from autologue.qualify.agreement import REGIMENS


@pytest.mark.parametrize("explicit", [False, True], ids=["Rodas5P", "Tsit5"])
@pytest.mark.parametrize("name", library.names())
@settings(max_examples=8, deadline=None, derandomize=True)
@given(data=st.data())
def test_every_patient_gets_a_status(name: str, explicit: bool, data: st.DataObject) -> None:
    model = library.load(name)
    typical = np.array(list(model.with_typical().values()))
    powers = data.draw(st.lists(st.floats(-3.0, 3.0), min_size=8 * len(typical), max_size=8 * len(typical)))
    p = typical * 10.0 ** np.array(powers).reshape(8, -1)
    regimen = data.draw(st.sampled_from([None, REGIMENS[name]])) if name in REGIMENS else None
    solver = Solver(explicit=explicit, max_steps=3000)
    found = solve(model, p, times=np.linspace(0.0, model.horizon, 5), regimens=[regimen], solver=solver, workers=1)
    assert ((found.status >= 0) & (found.status < len(REASONS))).all()
    solved = found.status == 0
    assert np.isfinite(found.values[solved]).all()
    assert np.isfinite(found.failed_at[~solved]).all()
