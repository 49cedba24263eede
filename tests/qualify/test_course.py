"""Reading a course by name, and the oracle's comparison: it must see a difference where there is one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from autologue import library
from autologue.engine.solve import Solution, Solver, solve
from autologue.errors import InputError, ModelError
from autologue.qualify import agreement
from autologue.qualify.course import Course, follow

TIMES = np.linspace(0.0, 10.0, 101)
WAVE = Course(TIMES, dict(wave=np.sin(TIMES), fall=np.exp(-0.5 * TIMES)))


def test_peaks_and_lows_keep_to_their_window() -> None:
    assert WAVE.peak("wave") == (pytest.approx(1.0, abs=1e-3), pytest.approx(math.pi / 2, abs=0.05))
    assert WAVE.peak("wave", start=3.0)[1] == pytest.approx(2.5 * math.pi, abs=0.05)
    assert WAVE.lowest("wave", stop=4.0)[1] == 4.0
    assert WAVE.lowest("wave")[0] == pytest.approx(-1.0, abs=1e-3)


def test_half_lives_levels_and_points() -> None:
    assert WAVE.half_life("fall", start=1.0, stop=3.0) == pytest.approx(math.log(2) / 0.5)
    assert WAVE.first("fall", below=math.exp(-1.01)) == pytest.approx(2.1)
    assert WAVE.exceeds("wave", 0.5) == pytest.approx(0.6)
    assert math.isnan(WAVE.exceeds("wave", 2.0))
    assert math.isnan(WAVE.first("fall", below=0.0))
    assert WAVE.at("fall", 2.0) == pytest.approx(math.exp(-1.0))


def test_follow_takes_populations_and_changes_and_refuses_others() -> None:
    start = follow("owens_bozic_2021", np.array([0.0]), population="patient_3", tumour_0=7e7)
    assert start.at("tumour", 0.0) == start.at("tumour_cells", 0.0) == 7e7
    with pytest.raises(ModelError, match="unknown parameter 'tumor_0'; did you mean tumour_0"):
        follow("owens_bozic_2021", np.array([0.0]), tumor_0=1.0)
    with pytest.raises(InputError, match="unknown population 'patient_5'; did you mean patient_"):
        follow("owens_bozic_2021", np.array([0.0]), population="patient_5")


def test_parameter_sets_hold_every_population_and_differ() -> None:
    sets = agreement.parameter_sets("owens_bozic_2021", 5)
    typical = [p.typical_values() for p in library.populations("owens_bozic_2021").values()]
    assert len(sets) == 9
    assert all((sets == row).all(axis=1).any() for row in typical)
    ratio = sets[4:] / typical[0]
    assert len(np.unique(ratio[:, 0])) == 5
    assert 1 / 1.3 <= ratio.min() < ratio.max() <= 1.3


def test_a_sloppy_engine_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    sets = agreement.parameter_sets("leon_triana_2021", 1)
    assert max(worst.difference for worst in agreement.compare_model("leon_triana_2021", sets)) < 5e-9

    def sloppy(*arguments: Any, **named: Any) -> Solution:
        return solve(*arguments, **{**named, "solver": Solver(explicit=named["solver"].explicit, rtol=1e-4)})

    monkeypatch.setattr(agreement, "solve", sloppy)
    assert min(worst.difference for worst in agreement.compare_model("leon_triana_2021", sets)) > 1e-6


def test_a_patient_without_a_solution_differs_infinitely(monkeypatch: pytest.MonkeyPatch) -> None:
    def capped(*arguments: Any, **named: Any) -> Solution:
        return solve(*arguments, **{**named, "solver": Solver(explicit=named["solver"].explicit, max_steps=3)})

    monkeypatch.setattr(agreement, "solve", capped)
    (worst,) = agreement.compare_model("leon_triana_2021", agreement.parameter_sets("leon_triana_2021", 0), methods=[True])
    assert worst.difference == math.inf


def test_kendall_by_quadrature_gives_the_certain_and_the_impossible() -> None:
    name = "kimmel_2021_extinction"
    typical, growth = agreement.parameter_sets(name, 0)[0], list(library.load(name).parameters).index("r_tumour")
    for value, low, high in ((0.02, 0.999, 1.0), (0.19, 0.0, 0.0)):
        typical[growth] = value
        times, chance = agreement.tail_probability(name, typical, points=3001)
        assert low <= chance[-1] <= high
        assert (np.diff(chance) >= 0).all()
        assert len(times) == len(chance) == 3001
