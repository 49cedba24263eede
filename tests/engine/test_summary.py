"""Summaries in the kernel against closed forms, and the probe, the closed form and the cache around it."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autologue import library
from autologue.engine.closed import closed_form
from autologue.engine.probe import choose_solver
from autologue.engine.solve import Solver, solve
from autologue.engine.summary import Area, FirstAbove, FirstBelow, LastAbove, Maximum, Minimum
from autologue.errors import InputError, ModelError

STEIN = library.load("stein_2019")
PEOPLE = library.populations("stein_2019")["sd"].sample(50, seed=3)
ASKED = (
    Maximum("transgene"),
    Area("transgene", 0.0, 28.0),
    LastAbove("transgene", 50.0),
    FirstAbove("transgene", 1000.0),
    FirstBelow("transgene", 100.0, start=30.0),
    Minimum("transgene", start=40.0, stop=200.0),
    Area("transgene", 3.0, 17.0),
)


@pytest.fixture(scope="module")
def grid() -> tuple[np.ndarray, np.ndarray]:
    times = np.linspace(0.0, 365.0, 365_001)
    return times, closed_form(STEIN, PEOPLE.parameters, times=times)[..., 0]


@pytest.mark.parametrize("explicit", [False, True])
def test_summaries_are_those_of_the_closed_form(grid: tuple[np.ndarray, np.ndarray], *, explicit: bool) -> None:
    times, curves = grid
    found = solve(
        STEIN, PEOPLE.parameters, times=np.array([]), horizon=365.0, summaries=ASKED, solver=Solver(explicit=explicit, rtol=1e-9)
    ).summaries
    peak = PEOPLE["t_max"] < 365
    np.testing.assert_allclose(found[peak, 0, 0], PEOPLE["c_max"][peak], rtol=1e-6)
    np.testing.assert_allclose(found[peak, 0, 1], PEOPLE["t_max"][peak], rtol=1e-6)
    for column, (a, b) in ((1, (0.0, 28.0)), (6, (3.0, 17.0))):
        inside = (times >= a) & (times <= b)
        np.testing.assert_allclose(found[:, column, 0], np.trapezoid(curves[:, inside], times[inside], axis=1), rtol=1e-5)
    window = (times >= 40) & (times <= 200)
    np.testing.assert_allclose(found[:, 5, 0], curves[:, window].min(axis=1), rtol=1e-5)
    for k, curve in enumerate(curves):
        above = times[curve >= 50.0]
        assert (np.isnan(found[k, 2, 0]) and not len(above)) or found[k, 2, 0] == pytest.approx(above[-1], abs=2e-3)
        first = times[curve >= 1000.0]
        assert (np.isnan(found[k, 3, 0]) and not len(first)) or found[k, 3, 0] == pytest.approx(first[0], abs=2e-3)
        low = times[(curve <= 100.0) & (times >= 30.0)]
        assert (np.isnan(found[k, 4, 0]) and not len(low)) or found[k, 4, 0] == pytest.approx(low[0], abs=2e-3)


def test_summaries_that_make_no_sense_are_refused() -> None:
    p = PEOPLE.parameters[:1]
    with pytest.raises(InputError, match="did you mean transgene"):
        solve(STEIN, p, times=np.array([1.0]), summaries=[Maximum("transgen")])
    with pytest.raises(InputError, match="the end must come after the start"):
        solve(STEIN, p, times=np.array([1.0]), summaries=[Area("transgene", 5.0, 2.0)])


def test_the_closed_form_is_the_solution() -> None:
    times = np.array([0.0, 2.0, 9.3, 20.0, 100.0, 365.0])
    exact = closed_form(STEIN, PEOPLE.parameters, times=times)
    solved = solve(STEIN, PEOPLE.parameters, times=times, solver=Solver(rtol=1e-10)).values
    np.testing.assert_allclose(solved, exact, rtol=1e-7)
    ragged = closed_form(STEIN, PEOPLE.parameters[:2], times=[times[:2], times])
    np.testing.assert_array_equal(ragged, np.vstack([exact[0, :2], exact[1]]))
    with pytest.raises(ModelError, match="has no closed form"):
        closed_form(library.load("kimmel_2021"), np.ones((1, 12)), times=times)


def test_the_probe_tells_stiff_from_not_and_says_why() -> None:
    solver, reason = choose_solver(library.populations("stein_2019")["sd"], horizon=365.0)
    assert solver.explicit
    assert "not stiff" in reason
    assert choose_solver(library.populations("stein_2019")["sd"], horizon=365.0) == (solver, reason)
    solver, reason = choose_solver(library.populations("leon_triana_2021_source")["typical"], horizon=500.0)
    assert reason.startswith(solver.method)


def script(folder: Path, **more: str) -> subprocess.Popen[str]:
    """Start a process that solves one patient with its kernels in `folder`."""
    program = (
        "import logging, numpy as np; logging.basicConfig(level=logging.INFO)\n"
        "from autologue import library; from autologue.engine.solve import solve, Solver\n"
        "m = library.load('stein_2019'); p = np.array([list(m.with_typical().values())])\n"
        "print(repr(solve(m, p, times=np.array([1.0, 28.0, 300.0]), solver=Solver(explicit=True)).values.ravel().tolist()))"
    )
    environment = {**os.environ, "AUTOLOGUE_CACHE_DIR": str(folder), **more}
    return subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_two_processes_may_compile_at_once_and_a_third_only_reads(tmp_path: Path) -> None:
    both = [script(tmp_path) for _ in range(2)]
    said = [process.communicate(timeout=300) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert said[0][0] == said[1][0]
    third = script(tmp_path)
    out, err = third.communicate(timeout=300)
    assert third.returncode == 0
    assert out == said[0][0]
    assert "compiling" in said[0][1] + said[1][1]
    assert "compiling" not in err
    assert not list(tmp_path.rglob("*.part"))


def test_a_folder_that_cannot_be_written_and_portable_arithmetic_give_the_same_numbers(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    here, portable = script(blocked / "below"), script(tmp_path / "portable", AUTOLOGUE_PORTABLE="1")
    out, err = here.communicate(timeout=300)
    assert here.returncode == 0, err
    assert "cannot be written" in err
    other, err = portable.communicate(timeout=300)
    assert portable.returncode == 0, err
    np.testing.assert_allclose(eval(other), eval(out), rtol=1e-6)


def test_the_log_names_the_model(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "autologue.engine")
    solve(STEIN, PEOPLE.parameters[:1], times=np.array([1.0]))
    assert all("stein_2019" in record.message for record in caplog.records)
