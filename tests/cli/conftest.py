"""Runs the command line in this process."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

from autologue.cli import app

Command = Callable[..., Result]


@pytest.fixture
def autologue() -> Command:
    """A function that runs `autologue` with the arguments given."""
    runner = CliRunner()
    return lambda *arguments: runner.invoke(app, [str(each) for each in arguments])


@pytest.fixture
def refused(autologue: Command) -> Callable[..., str]:
    """A function that runs a command that must be refused: exit code 2, nothing on stdout, and one line, which it returns."""

    def run(*arguments: object) -> str:
        done = autologue(*arguments)
        assert done.exit_code == 2, done.output
        assert done.stdout == ""
        (line,) = done.stderr.splitlines()
        assert line.startswith("autologue: ")
        return line

    return run
