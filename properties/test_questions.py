"""Whatever is written into an option or a table of parameter sets is read, or refused in one sentence."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autologue.analysis import collinearity, read_population
from autologue.analysis.virtual import Holds
from autologue.cli.questions import read_conditions, read_observed, read_outcome, read_quantities, read_ranges, read_targets
from autologue.errors import AutologueError, InputError
from autologue.library import load
from autologue.model import Names
from autologue.population import Parametric

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests" / "analysis"))
KIMMEL = load("kimmel_2021")
PIECES = ["cmax", "at28", "tmax", "nadir", "auc0-28", "first>50", "mean", "median", "quantile 0.9", "log-sd", "sd", "cv", "at", "in", "log"]
SIGNS = [":", ",", "<", ">", "=", "..", "1e8", "-3", "0", "1e999", "nan", "inf", "(", ")", "+", "-", "*", "/", " "]
WORDS = st.sampled_from([*KIMMEL.parameters, *KIMMEL.outputs, *PIECES, *SIGNS])
TEXTS = st.one_of(st.text(max_size=40), st.lists(WORDS, max_size=9).map(" ".join), st.lists(WORDS, max_size=9).map("".join))
READERS: dict[str, Callable[[str], Any]] = {
    "quantities": lambda text: read_quantities([text], KIMMEL),
    "outcome": lambda text: read_outcome(text, KIMMEL),
    "ranges": lambda text: read_ranges([text], None, None, Parametric(model=KIMMEL)),
    "conditions": lambda text: read_conditions([text], KIMMEL),
    "targets": lambda text: read_targets([text], KIMMEL),
    "observed": lambda text: read_observed([text], KIMMEL),
}


@pytest.mark.parametrize("name", READERS)
@given(text=TEXTS)
@settings(max_examples=100, deadline=None)
def test_every_text_is_read_or_refused_in_one_sentence(name: str, text: str) -> None:
    refusal = "read"
    try:
        READERS[name](text)
    except AutologueError as problem:
        refusal = str(problem)
    assert refusal


@given(text=st.lists(WORDS, max_size=9).map(" ".join))
@settings(max_examples=200, deadline=None)
def test_a_condition_that_is_read_can_be_asked(text: str) -> None:
    try:
        (condition,) = read_conditions([text], KIMMEL)
    except AutologueError:
        return
    if isinstance(condition, Holds):
        p = Names("parameter", {n: np.array([q.value, 2 * q.value]) for n, q in KIMMEL.parameters.items()})
        assert np.asarray(condition.function(p)).dtype == bool


@given(content=st.one_of(st.binary(max_size=200), st.text(alphabet="kil,weight0123456789.eE+-\n\"' ", max_size=120).map(str.encode)))
@settings(max_examples=100, deadline=None)
def test_every_table_is_read_or_refused_in_one_sentence(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.getbasetemp()
    for ending in ("csv", "parquet"):
        path = folder / f"sets.{ending}"
        path.write_bytes(content)
        try:
            said = f"{path.name}: {read_population(path, KIMMEL).size} sets"
        except InputError as problem:
            said = str(problem)
        assert said.startswith(path.name)


@given(
    growth=st.floats(0.01, 10), capacity=st.floats(1, 1e12), catch=st.floats(1e-12, 1), gain=st.floats(1e-12, 1), death=st.floats(0.001, 10)
)
@settings(max_examples=12, deadline=None)
def test_equilibria_over_many_orders_of_magnitude(growth: float, capacity: float, catch: float, gain: float, death: float) -> None:
    """Coexistence stands at prey = death / gain where the capacity allows it; rates are zero at everything that is found."""
    from analysis_models import LOTKA

    from autologue.analysis import find_equilibria

    values = dict(growth=growth, capacity=capacity, catch=catch, gain=gain, death=death)
    prey = death / gain
    if 0.99 < prey / capacity < 1.01:
        return
    found = find_equilibria(LOTKA, settings=values).table()
    assert found["prey"].iloc[0] == 0.0
    assert found["prey"].iloc[1] == pytest.approx(capacity, rel=1e-6)
    assert len(found) == (3 if prey < capacity else 2)
    if prey < capacity:
        assert found["prey"].iloc[2] == pytest.approx(prey, rel=1e-6)
        assert found["predator"].iloc[2] == pytest.approx(growth * (1 - prey / capacity) / catch, rel=1e-6)
        damped = prey / capacity > 1e-6  # below that the eigenvalues are on the imaginary axis as far as numbers can tell
        assert found["kind"].iloc[2].startswith("stable" if damped else ("stable", "undecided"))


@given(st.lists(st.floats(-10, 10), min_size=12, max_size=12), st.floats(1e-6, 1e6))
def test_collinearity_does_not_depend_on_scale_and_is_at_least_one(values: list[float], scale: float) -> None:
    matrix = np.array(values).reshape(6, 2)
    index = collinearity(matrix)
    assert index >= 1 - 1e-9
    scaled = collinearity(matrix * np.array([scale, 1.0]))
    if np.isfinite(index) and index < 1e3:
        assert scaled == pytest.approx(index, rel=1e-5)
