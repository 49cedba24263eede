"""The traces of a fit: in a terminal a table that is drawn again, elsewhere lines."""

from __future__ import annotations

import io

import numpy as np
from rich.console import Console

from autologue.cli import convergence as module
from autologue.cli.convergence import convergence, sparkline
from autologue.population import Estimate, Kind, Scale

ESTIMATES = (Estimate("cl", Kind.TYPICAL, Scale.LOG, ("cl",)), Estimate("beta", Kind.EFFECT, Scale.VALUE, (0,)))


def drawn(*, terminal: bool, monkeypatch) -> str:
    monkeypatch.setattr(module, "EVERY", -1.0)
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=120)
    with convergence("Fitting it", ESTIMATES, console=console) as watch:
        for k in range(50):
            watch(k, 50, np.array([np.log(1.0 + k), -0.25]))
    return out.getvalue()


def test_a_terminal_shows_traces_and_the_time_left(monkeypatch) -> None:
    said = drawn(terminal=True, monkeypatch=monkeypatch)
    assert "iteration 50 of at most 50, at most 0 s left" in said
    assert "▁" in said
    assert "█" in said
    assert "50" in said.split("cl")[-1].split("beta")[0]  # on the natural scale
    assert "-0.25" in said


def test_a_pipe_gets_ten_plain_lines(monkeypatch) -> None:
    lines = drawn(terminal=False, monkeypatch=monkeypatch).splitlines()
    assert len(lines) == 10
    assert lines[-1].endswith("cl 50, beta -0.25")
    assert "\x1b" not in "".join(lines)


def test_sparklines_leave_out_what_is_no_number_and_keep_their_width() -> None:
    assert sparkline([1.0, float("nan"), 2.0, float("inf")]) == "▁█"
    assert sparkline([]) == ""
    assert len(sparkline(list(range(1000)))) == 40
