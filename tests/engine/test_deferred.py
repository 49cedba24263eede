"""Functions called through their address: as if called by name, and compiled only for those who need them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
from engine_models import PK, typical
from numba import types

from autologue.engine import driver
from autologue.engine.deferred import deferred
from autologue.engine.solve import EXPLICIT, solve


@deferred(types.float64)
def place(S: Any, k: Any) -> Any:
    if k < 0:
        raise ValueError("no such place")
    S[k] += 1.0
    return 2.0 * S[k]


call_place = place.call


@numba.njit
def caller(address: Any, S: Any, k: Any) -> Any:
    return call_place(address, S, k)


def test_a_call_through_an_address_is_a_call() -> None:
    numbers = np.array([1.0, 5.0])
    assert caller(place.address, numbers, 1) == 12.0
    assert numbers.tolist() == [1.0, 6.0]


def test_an_error_reaches_the_caller() -> None:
    with pytest.raises(ValueError, match="no such place"):
        caller(place.address, np.array([1.0]), -1)


def test_arguments_of_another_type_are_refused() -> None:
    with pytest.raises(numba.TypingError, match="place takes array"):
        caller(place.address, np.array([1, 2]), 1)


PROGRAM = """
import sys; sys.path.insert(0, {folder!r})
import numpy as np
from engine_models import EXTINCT, PK, typical
from autologue.engine import driver
from autologue.engine.solve import EXPLICIT, solve
from autologue.engine.summary import Maximum

def compiled():
    return sorted(name for name in ("watch", "rearm", "trigger", "settle", "summarise") if getattr(driver, name).function.signatures)

times = np.array([0.5, 1.0])
for model, asked in ((PK, []), (PK, [Maximum(list(PK.outputs)[0])]), (EXTINCT, [])):
    solve(model, typical(model), times=times, summaries=asked, solver=EXPLICIT)
    print(*compiled())
"""


def test_only_what_a_model_needs_is_compiled() -> None:
    program = PROGRAM.format(folder=str(Path(__file__).parent))
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.splitlines()
    assert said == ["", "summarise", "rearm settle summarise trigger watch"]


def test_parameters_that_cannot_be_written_need_no_other_driver() -> None:
    fixed = typical(PK)
    solve(PK, fixed, times=np.array([1.0]), solver=EXPLICIT)
    fixed.flags.writeable = False
    solve(PK, fixed, times=np.array([1.0]), solver=EXPLICIT)
    assert len(driver.drive.signatures) == 1  # type: ignore[attr-defined]
