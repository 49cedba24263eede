"""Regimens by hand; bad numbers are named."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from autologue.errors import InputError
from autologue.regimen import Bolus, Infusion, Level, Regimen


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Bolus(0.0, -1.0, "cells", "cells"), "has amount -1; expected zero or more"),
        (lambda: Bolus(math.nan, 1.0, "cells", "cells"), "has time nan; a finite number is expected"),
        (lambda: Bolus(0.0, 1.0, "cells", "cells", additional=-1), "additional doses; expected a whole number"),
        (lambda: Infusion(0.0, 1.0, 0.0, "mg", "drug"), "lasts 0; expected above zero"),
        (lambda: Infusion(0.0, 1.0, 1.0, "mg", "drug", steady_state=True), "give every= above zero"),
        (lambda: Level(2.0, "drug", 1.0, until=2.0), "held from 2 until 2; the end must come later"),
        (lambda: Regimen("dose"), "a regimen holds 'dose'"),  # type: ignore[arg-type]
        (lambda: Regimen(time="day") + Regimen(time="hour"), "cannot be added; give both in one time unit"),
    ],
)
def test_wrong_events(make: Callable[[], Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        make()


def test_regimens_add_up() -> None:
    first, second = Bolus(0.0, 1.0, "cells", "cells"), Level(1.0, "drug", 1.0)
    assert (Regimen(first, time="day") + Regimen(second, time="day")).events == (first, second)


def test_a_regimen_says_itself_in_words() -> None:
    plan = Regimen(
        Infusion(0.0, 54.0, 1.0, "mg", "drug", every=24.0, additional=2), Level(5.0, "steroid", 1.0), Bolus(2.0, 1e8, "cells", "cells")
    )
    assert str(plan) == "54 mg into drug at 0 over 1 and 2 more, each 24 later; steroid at 1 from 5 on; 1e+08 cells into cells at 2"
    assert str(Regimen(Bolus(0.0, 1.0, "mg", "drug", every=12.0, steady_state=True), time="hour")).endswith("at hour 0, at steady state")
    assert str(Regimen()) == "nothing"
