"""Write the generated pages of the documentation: `models/`, `validation/`, `reference/commands.md` and `reference/speed.md`.

A page is made for every model file of the library and every script of `validation/`. It opens with the docstring of its file;
equations, parameters, populations and gates are read from the code, and claims are computed by their own script, so no number is typed
here. A study too long for that has its result in `validation/recorded`, from which its script makes the claims. Claims are kept in
`docs/_build/cache` under a hash of all sources, and computed again where anything changed. Pages whose file is gone are removed; unchanged
pages keep their time stamp, so that Sphinx reads again only what changed. `python docs/generate.py` writes them by hand.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import inspect
import json
import sys
from pathlib import Path

from commands import commands_page
from pages import Claim, claims_section, model_section, models_of, shelf_table
from speed import speed_page

import autologue
from autologue import library
from autologue.errors import AutologueError
from autologue.plot.diagram import model_diagram
from autologue.qualify.claims import shared_folder

HERE = Path(__file__).resolve().parent
PACKAGE = Path(str(autologue.__file__)).parent
VALIDATION = HERE.parent / "validation"
CACHE = HERE / "_build" / "cache"
NOT_PAGES = ("conftest", "shelf")


def sources(folder: Path) -> list[Path]:
    """Return the files of a folder that get a page: not private ones, pytest's, nor the list of models."""
    return sorted(path for path in folder.glob("*.py") if not path.name.startswith("_") and path.stem not in NOT_PAGES)


def head(path: Path) -> str:
    """Return the docstring of a file as the beginning of its page: the first sentence is the title."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or path.stem
    title, _, body = docstring.partition("\n\n")
    return f"# {' '.join(title.split()).rstrip('.')}\n\n{body}\n"


def state_of_sources() -> str:
    """Return a hash of everything that a claim may depend on, with whether the reference data are there."""
    files = sorted(file for file in (*PACKAGE.rglob("*"), *VALIDATION.glob("*.py")) if file.suffix in (".py", ".toml", ".csv", ".json"))
    seen = hashlib.sha256(str(shared_folder(HERE.parent)).encode())
    for file in files:
        seen.update(file.read_bytes())
    return seen.hexdigest()


def claims(path: Path, state: str) -> list[Claim] | str:
    """Return the claims of one script, from the cache or computed now; a sentence where its data are not there."""
    kept = CACHE / f"{path.stem}.json"
    if kept.exists() and kept.with_suffix(".md").exists() and (record := json.loads(kept.read_text(encoding="utf-8")))["state"] == state:
        found: list[Claim] | str = record["claims"]
        return found
    print(f"computing the claims of {path.name}", flush=True)
    found, said = compute(path)
    CACHE.mkdir(parents=True, exist_ok=True)
    (CACHE / f"{path.stem}.md").write_text(said, encoding="utf-8")
    kept.write_text(json.dumps({"state": state, "claims": found}, default=lambda value: value.item()), encoding="utf-8")
    return found


def compute(path: Path) -> tuple[list[Claim] | str, str]:
    """Run the `checks` of one script, and `remarks` where it has any: Markdown that stands before its claims."""
    spec = importlib.util.spec_from_file_location(f"validation_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))
    sys.modules[module.__name__] = module  # where its dataclasses look up what their annotations mean
    try:
        spec.loader.exec_module(module)
        asked = inspect.signature(module.checks).parameters.get("quick")
        record = path.parent / "recorded" / f"{path.stem}.json"
        if record.exists():
            kept = json.loads(record.read_text(encoding="utf-8"))
            said = f"\nThe whole study, as recorded on {kept['date']} with autologue {kept['autologue']}.\n"
            found: list[Claim] = module.checks(quick=False)
        elif asked is not None and asked.default is inspect.Parameter.empty:  # a study whose whole run takes too long for a page
            said = f"\nThe short run of this study; the whole one is `python validation/{path.name}`.\n"
            found = module.checks(quick=True)
        else:
            said, found = "", module.checks()
        return found, said + (module.remarks() if hasattr(module, "remarks") else "")
    except (OSError, AutologueError):
        return "its reference data are not on this machine (see [Install](../howto/install.md))", ""
    finally:
        sys.path.remove(str(path.parent))
        del sys.modules[module.__name__]


def shown(found: list[Claim] | str) -> str:
    """Return claims as Markdown."""
    return f"\nNot computed here: {found}.\n" if isinstance(found, str) else claims_section(found)


def model_page(path: Path, state: str) -> str:
    """Return the page of one library file."""
    text = head(path) + f"\nFile: `src/autologue/library/{path.name}`\n"
    models = models_of(path.stem)
    text += "".join(model_section(model) for model in models)
    for script in dict.fromkeys(model.validation for model in models):
        name = Path(script).stem
        text += f"\n## Validation\n\nBy [`{script}`](../validation/{name}.md).\n" + shown(claims(HERE.parent / script, state))
    return text


def validation_page(path: Path, state: str) -> str:
    """Return the page of one script of `validation/`."""
    found = shown(claims(path, state))
    said = (CACHE / f"{path.stem}.md").read_text(encoding="utf-8")
    return f"{head(path)}\n```shell\npython validation/{path.name}\n```\n{said}{found}"


def index(title: str, intro: str, names: list[str]) -> str:
    """Return the first page of a shelf, which lists the others."""
    entries = "\n".join(names)
    return f"# {title}\n\n{intro}\n\n```{{toctree}}\n:maxdepth: 1\n\n{entries}\n```\n"


def write(path: Path, text: str) -> None:
    """Write a page where it differs from what stands there."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def fill(folder: Path, pages: dict[str, str]) -> None:
    """Write one shelf, and remove pages that no file stands behind."""
    folder.mkdir(exist_ok=True)
    for stale in folder.glob("*.md"):
        if stale.stem not in pages:
            stale.unlink()
    for name, text in pages.items():
        write(folder / f"{name}.md", text)


def main() -> None:
    """Write all generated pages."""
    state = state_of_sources()
    models = {path.stem: model_page(path, state) for path in sources(PACKAGE / "library")}
    (HERE / "models").mkdir(exist_ok=True)
    for name in library.names():
        write(HERE / "models" / f"{name}.svg", model_diagram(library.load(name)))
    said = "One file of the library per page: what it states, its equations as the engine traced them, its gates and its verdicts.\n"
    said += shelf_table()
    fill(HERE / "models", {**models, "index": index("Models", said, list(models))})
    studies = {path.stem: validation_page(path, state) for path in sources(VALIDATION)}
    said = "One script per page, with its claims as computed when these pages were built. A figure that is missed stays in sight."
    fill(HERE / "validation", {**studies, "index": index("Validation", said, list(studies))})
    write(HERE / "reference" / "commands.md", commands_page())
    write(HERE / "reference" / "speed.md", speed_page())


if __name__ == "__main__":
    main()
