"""Write the two generated shelves of the documentation: `models/` and `validation/`.

A page is made for every model file of the library and every script of `validation/`, from its own docstring, so a
page cannot say what its file does not. Pages whose file is gone are removed; unchanged pages keep their time stamp,
so that Sphinx reads again only what changed. `python docs/generate.py` writes them by hand. A model's page adds its equations as
traced from the code, its parameters, populations and gates; a validation page adds its table of claims, computed by its file.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import autologue
import autologue.errors

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
    more: Callable[[Path], str]


def rows(heads: Sequence[str], body: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table."""
    cells = [[str(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in body]
    lines = [heads, ["---"] * len(heads), *cells]
    return "\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def number(value: Any) -> str:
    """Return a number with up to six digits, other values as they are."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def spread(scale: Any) -> str:
    """Return a variability with its scale in words."""
    if scale is None:
        return "none published"
    kinds = {"LogNormal": "log-normal, sd of the logarithm", "LogitNormal": "logit-normal, sd of the logit", "Normal": "normal, sd"}
    return f"{kinds[type(scale).__name__]} {scale.sd:.4g}"


def model_page(path: Path) -> str:
    """Return what the code says of the models of one library file."""
    from autologue.engine.describe import equations
    from autologue.library import populations
    from autologue.qualify.gates import check_model

    text = ""
    importlib.import_module(f"autologue.library.{path.stem}")
    for model in _models(path.stem):
        name = model.name
        text += f"\n## {model.name}\n\n{model.title}. Disease: {model.disease}. Product: {model.product}. Time in {model.time}s.\n\n"
        text += f"Answers: {'; '.join(model.answers)}.\n\nSilent on: {'; '.join(model.silent_on) or 'nothing said'}.\n\n"
        text += f"**Provisional:** {model.provisional}\n\n" if model.provisional else ""
        text += "```text\n" + "\n".join(equations(model)) + "\n```\n"
        text += rows(
            ["parameter", "typical", "unit", "meaning", "between patients", "source"],
            [[f"`{n}`", number(q.value), q.unit, q.meaning, spread(q.variability), q.source] for n, q in model.parameters.items()],
        )
        people = [[f"`{n}`", p.source or "typical values", getattr(p, "assumed", "") or "nothing"] for n, p in populations(name).items()]
        text += rows(["population", "source", "assumed"], people)
        text += rows(["gate", "verdict", "found"], [[f.gate, "passed" if f.passed else "FAILED", f.message] for f in check_model(model)])
    return text


def _models(stem: str) -> list[Any]:
    from autologue.model import Model

    return [value for value in vars(sys.modules[f"autologue.library.{stem}"]).values() if isinstance(value, Model)]


def validation_page(path: Path) -> str:
    """Return the table of claims of one validation file, computed now."""
    spec = importlib.util.spec_from_file_location(f"validation_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
        claims = module.checks()
    except (OSError, autologue.errors.AutologueError) as problem:
        return f"\nNot computed here: {problem}\n"
    finally:
        sys.path.remove(str(path.parent))
    body = [
        [c["claim"], c["source"], number(c["published"]), number(c["ours"]), number(c["tolerance"]),
         "agrees" if c["passed"] else f"**missed** {c.get('note', '')}"]
        for c in claims
    ]  # fmt: skip
    return rows(["claim", "source", "published", "ours", "tolerance", "verdict"], body)


SHELVES = [
    Shelf(
        folder=HERE / "models",
        sources=LIBRARY,
        title="Models",
        intro="One published model per page, as its file in the library states it.",
        empty="This version of the library holds no published model.",
        command="",
        more=model_page,
    ),
    Shelf(
        folder=HERE / "validation",
        sources=VALIDATION,
        title="Validation",
        intro="One published claim or reference case per page, with the command that reproduces it.",
        empty="This version holds no validation script.",
        command="python validation/{name}.py",
        more=validation_page,
    ),
]


def sources(folder: Path) -> list[Path]:
    """Return the files of a folder that get a page: all but private ones and pytest's own."""
    return sorted(path for path in folder.glob("*.py") if not path.name.startswith("_") and path.name not in ("conftest.py", "shelf.py"))


def page(path: Path, shelf: Shelf) -> str:
    """Return the page of one file: its docstring, headed by the first sentence, and its command."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or path.stem
    head, _, body = docstring.partition("\n\n")
    command = f"\n```shell\n{shelf.command.format(name=path.stem)}\n```\n" if shelf.command else ""
    return f"# {' '.join(head.split()).rstrip('.')}\n\n`{path.stem}`\n\n{body}\n{command}{shelf.more(path)}"


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
