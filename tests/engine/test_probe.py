"""The probe: the explicit pair where the model is not stiff, the stiff method where it is, the same answer every time."""

from __future__ import annotations

import numpy as np
import pytest
from engine_models import ERADICATION, ROBERTSON, STEIN, build, wide

from autologue import library
from autologue.engine.probe import choose_solver
from autologue.functions import log
from autologue.model import Model, Output, State
from autologue.population import Individuals, Parametric


def stiff_and_fitted(*, clearance: float) -> Model:
    """A tumour whose output bears the state's name on another scale, and a drug cleared at a rate that may be fast."""
    return build(
        "test_probe", dict(tumour=State("1"), drug=State("1", absolute=1e-6)), dict(g=0.05, c=clearance),
        lambda p: dict(tumour=1e9, drug=1.0),
        lambda y, p: dict(tumour=p.g * y.tumour, drug=1e-9 * y.tumour - p.c * (y.tumour * 1e-9) * y.drug),
        outputs=dict(tumour=Output(lambda y: log(y.tumour), "1")),
    )  # fmt: skip


@pytest.mark.parametrize("model", [STEIN, ERADICATION], ids=lambda m: m.name)
def test_models_of_cells_alone_are_not_stiff(model: Model) -> None:
    solver, reason = choose_solver(Parametric(model=model), horizon=365.0)
    assert solver.method == "Tsit5"
    assert reason.startswith("Tsit5: the probe found the model not stiff")


def test_robertson_is_stiff() -> None:
    solver, reason = choose_solver(Parametric(model=ROBERTSON), horizon=1e4, rtol=1e-5)
    assert not solver.explicit
    assert solver.rtol == 1e-5
    assert reason.startswith("Rodas5P: the probe found the model stiff")


def test_the_probe_looks_at_states_and_not_at_outputs_of_the_same_name() -> None:
    """The logarithm of the tumour in place of the tumour would hide the fast clearance."""
    solver, _ = choose_solver(Parametric(model=stiff_and_fitted(clearance=3e3)), horizon=100.0)
    assert not solver.explicit
    solver, _ = choose_solver(Parametric(model=stiff_and_fitted(clearance=0.3)), horizon=30.0)
    assert solver.explicit


def test_the_answer_is_the_same_every_time_and_needs_no_variability() -> None:
    answers = {choose_solver(Parametric(model=ERADICATION), horizon=365.0)[1] for _ in range(3)}
    assert len(answers) == 1
    people = Individuals(ERADICATION, np.arange(70), wide(ERADICATION, 70))
    assert choose_solver(people, horizon=365.0) == choose_solver(people, horizon=365.0)


def test_where_no_patient_can_be_solved_the_stiff_method_is_kept() -> None:
    people = Individuals(ERADICATION, np.arange(3), wide(ERADICATION, 3) * np.nan)
    solver, reason = choose_solver(people, horizon=365.0)
    assert not solver.explicit
    assert "could solve no patient" in reason


def test_models_of_the_library() -> None:
    solver, reason = choose_solver(library.populations("stein_2019")["sd"], horizon=365.0)
    assert solver.explicit
    assert "not stiff" in reason
    assert choose_solver(library.populations("stein_2019")["sd"], horizon=365.0) == (solver, reason)
    solver, reason = choose_solver(library.populations("leon_triana_2021_source")["typical"], horizon=500.0)
    assert reason.startswith(solver.method)
