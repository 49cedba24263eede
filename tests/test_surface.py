"""What a public package exports is what its sorted `__all__` says, no more and no less."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src"
PACKAGES = sorted(
    ".".join(path.parent.relative_to(SOURCE).parts)
    for path in SOURCE.rglob("__init__.py")
    if not any(part.startswith("_") for part in path.parent.relative_to(SOURCE).parts)
)


def bound(body: list[ast.stmt]) -> Iterator[str]:
    """Names that a package's `__init__` defines or takes from ours, also under `if TYPE_CHECKING:`."""
    for statement in body:
        match statement:
            case ast.ImportFrom(module=module, level=level) if level or (module or "").partition(".")[0] == "autologue":
                yield from (alias.asname or alias.name for alias in statement.names)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=targets):
                yield from (target.id for target in targets if isinstance(target, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.If() | ast.Try():
                yield from bound([*statement.body, *statement.orelse])


def public(source: str) -> set[str]:
    """The bound names that do not begin with an underscore."""
    return {name for name in bound(ast.parse(source).body) if not name.startswith("_")}


@pytest.mark.parametrize("name", PACKAGES)
def test_exports_are_the_sorted_all(name: str) -> None:
    package = importlib.import_module(name)
    exported = list(getattr(package, "__all__", []))
    assert exported == sorted(set(exported)), f"{name}.__all__ is not sorted, or names something twice"
    assert [each for each in exported if not hasattr(package, each)] == [], f"{name}.__all__ promises names that do not exist"
    assert public(Path(str(package.__file__)).read_text()) <= set(exported), f"{name} exports names that its __all__ does not say"


def test_names_are_read_from_every_form() -> None:
    outside = "import os\nfrom typing import TYPE_CHECKING\n_w = 2\n"
    ours = "from .a import x as y\nZ: int = 1\nclass C: ...\nif TYPE_CHECKING:\n    from autologue.b import d"
    assert public(outside + ours) == {"y", "Z", "C", "d"}


@pytest.mark.parametrize(
    "words",
    [
        "from autologue import fit; import autologue.fit; import autologue; assert fit is autologue.fit",
        "import autologue.fit; from autologue import fit",
        "from autologue.fit.saem import SAEM; from autologue import SAEM as same, fit; assert SAEM is same",
        "import autologue; fit = autologue.fit; from autologue.fit import fit as same; assert fit is same",
        "from autologue.fit import Fit; from autologue import fit; import pickle; assert pickle.loads(pickle.dumps(Fit)) is Fit",
    ],
)
def test_a_verb_stays_a_function_whatever_is_imported_first(words: str) -> None:
    """In a fresh interpreter: the package `fit` and the function `fit` share a name."""
    done = subprocess.run([sys.executable, "-c", f"{words}; assert callable(fit), fit"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
