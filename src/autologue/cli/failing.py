"""How the command line fails: one line on standard error and an exit code, whatever went wrong."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from autologue.errors import AutologueError

__all__ = ["FailingGroup"]

_OWN: Any = (typer.Exit, typer.Abort, typer.BadParameter.__mro__[2])  # the last is ClickException, which typer prints itself


class FailingGroup(TyperGroup):
    """The root command: errors become one line; --debug lets unexpected ones through."""

    def invoke(self, ctx: Any) -> Any:
        """Run the subcommand."""
        try:
            return super().invoke(ctx)
        except AutologueError as problem:
            _fail(str(problem), 2)
        except KeyboardInterrupt:
            _fail("interrupted; nothing was left half-written", 130)
        except BrokenPipeError:
            raise
        except _OWN:
            raise
        except Exception as problem:
            if ctx.params.get("debug"):
                raise
            what = " ".join(f"{type(problem).__name__}: {problem}".split())
            _fail(f"unexpected {what}; run 'autologue --debug ...' to see where, and please report it", 1)


def _fail(message: str, code: int) -> None:
    typer.secho(f"autologue: {message}", fg="red", err=True)
    raise typer.Exit(code)
