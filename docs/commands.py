"""The command-line reference, from the commands themselves."""

from __future__ import annotations

import inspect
from typing import Any

from pages import plain, table
from typer.main import get_command

from autologue.cli.app import app


def commands_page() -> str:
    """Return the page of all commands: what each does, its examples, arguments and options."""
    root: Any = get_command(app)
    text = (
        "# Command line\n\nWritten from the commands themselves; `--help` of each says the same. Exit codes: 0, 1 (a check failed),\n"
        "2 (something cannot be used, said in one sentence) and 130 (interrupted).\n"
    )
    return text + "".join(_section(command, name) for name, command in _walk(root))


def _walk(group: Any, before: str = "autologue") -> list[tuple[str, Any]]:
    """Return all commands with their whole names; groups stand before what they hold."""
    found = [(before, group)]
    for name, command in getattr(group, "commands", {}).items():
        found += _walk(command, f"{before} {name}")
    return found


def _section(command: Any, name: str) -> str:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and p.name != "help"]
    text = f"\n## `{name}`\n" + _prose(inspect.cleandoc(command.help or ""))
    text += table(["argument", "meaning"], [[f"`{p.name}`", plain(p.help or "")] for p in arguments])
    return text + table(["option", "meaning", "default"], [[_names(p), plain(p.help or ""), _default(p)] for p in options])


def _prose(text: str) -> str:
    """Return a help text as Markdown; what stands after a backspace keeps its lines."""
    paragraphs = [inspect.cleandoc(piece) for piece in text.replace("\f", "").split("\n\n")]
    return "".join(f"\n```text\n{p[1:].strip()}\n```\n" if p.startswith("\b") else f"\n{plain(p)}\n" for p in paragraphs if p)


def _names(option: Any) -> str:
    return ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))


def _default(option: Any) -> str:
    default = option.default
    return "" if default is None or default is False or default in ((), []) or callable(default) else f"`{default}`"
