"""The sessions and commands that the documentation prints are run, or asked of the command line, as they stand."""

from __future__ import annotations

import doctest
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from autologue.cli.app import app

ROOT = Path(__file__).resolve().parents[1]
GENERATED = ("models", "validation", "_build")
PAGES = sorted(p for p in (ROOT / "docs").rglob("*.md") if p.relative_to(ROOT / "docs").parts[0] not in GENERATED and p.stem != "commands")
PAGES.append(ROOT / "README.md")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path, *languages: str) -> list[str]:
    return [body for language, body in FENCE.findall(page.read_text(encoding="utf-8")) if language in languages]


PACKAGES = [f"autologue.{name}" for name in ("data", "diagnose", "fit", "nca", "outcomes", "plot", "survival")]
WITH_SESSIONS = [page for page in PAGES if blocks(page, "pycon")]


@pytest.mark.parametrize("page", WITH_SESSIONS, ids=lambda page: page.stem)
def test_every_session_prints_what_the_page_says(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    session = doctest.DocTestParser().get_doctest("\n".join(blocks(page, "pycon")), {}, page.stem, str(page), 0)
    said: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL).run(session, out=said.append)
    assert result.attempted > 0
    assert result.failed == 0, "".join(said)


def commands() -> list[tuple[str, str]]:
    lines = [(page.name, line.strip()) for page in PAGES for body in blocks(page, "shell", "text") for line in body.splitlines()]
    return [(name, line) for name, line in lines if re.match(r"(\.venv/bin/)?autologue ", line)]


@pytest.mark.parametrize(("page", "line"), commands())
def test_every_printed_command_and_option_exists(page: str, line: str) -> None:
    command: Any = get_command(app)
    words = line.split("#")[0].split()[1:]
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
    assert not getattr(command, "commands", {}), f"{page}: '{line}' names no command"
    known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
    unknown = [word for word in words if word.startswith("--") and word.split("=")[0] not in known]
    assert unknown == [], f"{page}: '{line}'"


@pytest.mark.parametrize("package", PACKAGES)
def test_the_reference_has_every_exported_name(package: str) -> None:
    page = (ROOT / "docs" / "reference" / "python.md").read_text(encoding="utf-8")
    names = import_module(package).__all__
    assert [name for name in names if f" {package}.{name}\n" not in page and f"`{name}`" not in page] == []
