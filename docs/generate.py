"""Write the two generated shelves of the documentation: `models/` and `validation/`.

A page is made for every model file of the library and every script of `validation/`, from its own docstring, so a
page cannot say what its file does not. Pages whose file is gone are removed; unchanged pages keep their time stamp,
so that Sphinx reads again only what changed. `python docs/generate.py` writes them by hand.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

import autologue

HERE = Path(__file__).resolve().parent
LIBRARY = Path(str(autologue.__file__)).parent / "library"
VALIDATION = HERE.parent / "validation"


@dataclass(frozen=True)
class Shelf:
    """A folder of generated pages: the files they come from, and what its index says with and without pages."""

    folder: Path
    sources: Path
    title: str
    intro: str
    empty: str
    command: str


SHELVES = [
    Shelf(
        folder=HERE / "models",
        sources=LIBRARY,
        title="Models",
        intro="One published model per page, as its file in the library states it.",
        empty="This version of the library holds no published model.",
        command="",
    ),
    Shelf(
        folder=HERE / "validation",
        sources=VALIDATION,
        title="Validation",
        intro="One published claim or reference case per page, with the command that reproduces it.",
        empty="This version holds no validation script.",
        command="python validation/{name}.py",
    ),
]


def sources(folder: Path) -> list[Path]:
    """Return the files of a folder that get a page: all but private ones and pytest's own."""
    return sorted(path for path in folder.glob("*.py") if not path.name.startswith("_") and path.name != "conftest.py")


def page(path: Path, shelf: Shelf) -> str:
    """Return the page of one file: its docstring, headed by the first sentence, and its command."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or path.stem
    head, _, body = docstring.partition("\n\n")
    command = f"\n```shell\n{shelf.command.format(name=path.stem)}\n```\n" if shelf.command else ""
    return f"# {' '.join(head.split()).rstrip('.')}\n\n`{path.stem}`\n\n{body}\n{command}"


def index(shelf: Shelf, names: list[str]) -> str:
    """Return the shelf's first page, which lists the others."""
    if not names:
        return f"# {shelf.title}\n\n{shelf.empty}\n"
    entries = "\n".join(names)
    return f"# {shelf.title}\n\n{shelf.intro}\n\n```{{toctree}}\n:maxdepth: 1\n\n{entries}\n```\n"


def write(path: Path, text: str) -> None:
    """Write a page where it differs from what stands there."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def fill(shelf: Shelf) -> None:
    """Write one shelf, and remove pages that no file stands behind."""
    found = sources(shelf.sources)
    pages = {path.stem: page(path, shelf) for path in found}
    shelf.folder.mkdir(exist_ok=True)
    for stale in shelf.folder.glob("*.md"):
        if stale.stem not in {*pages, "index"}:
            stale.unlink()
    for name, text in {**pages, "index": index(shelf, list(pages))}.items():
        write(shelf.folder / f"{name}.md", text)


if __name__ == "__main__":
    for each in SHELVES:
        fill(each)
