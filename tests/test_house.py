"""The floors and budgets of the house, read from the source of `autologue` without importing it.

Floors: a module imports lower floors, or its own floor; never up, never sideways between applications. An import
inside a function or under TYPE_CHECKING counts as well: it is a dependency all the same. For cycles only what runs
at import counts. The root `autologue/__init__.py` re-exports lazily and may name anything; nobody imports from it
but `__version__`.
"""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src" / "autologue"

FLOORS = {  # from the ground up; the ground's modules in the order in which they may import each other
    "GROUND": ["errors", "units", "functions", "plain", "files", "compiled", "parallel", "seeds"],
    "LANGUAGE": ["model", "terms", "variability", "population", "patient", "regimen", "product", "protocol"],
    "LIBRARY": ["library"],
    "ENGINE": ["engine", "simulate", "likelihood", "results"],
    "INFERENCE": ["data", "fit", "forecast", "calibrate", "survival", "outcomes", "diagnose", "nca", "analysis", "qualify"],
    "APPLICATIONS": ["trial", "manufacture", "economics"],
    "FACES": ["cli", "workbench", "plot", "report", "__main__"],
}
FLOOR_OF = {part: floor for floor, parts in FLOORS.items() for part in parts}
RANK = {floor: rank for rank, floor in enumerate(FLOORS)}

LONG_FILE = "engine/generate.py"  # the one generator that may be longer than the rest
MEDIAN_FILE, LONGEST_FILE, P90_FUNCTION = 150, 500, 35  # lines; a function's docstring is not counted


@dataclass(frozen=True)
class Import:
    """One target of one import statement; `name` is what it takes from the module, '' where it takes the module itself."""

    importer: str
    imported: str
    name: str
    place: str
    runs_at_import: bool


def modules(root: Path) -> dict[str, Path]:
    """Dotted name to file, for every module under the package folder `root`."""
    found = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def statements(node: ast.AST, *, runs: bool = True) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    """Every import statement below `node`, and whether it runs when the module is imported."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, runs
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            for part in child.body:
                yield from statements(ast.Module([part], []), runs=False)
            for part in child.orelse:
                yield from statements(ast.Module([part], []), runs=runs)
        else:
            yield from statements(child, runs=runs and not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda))


def targets(statement: ast.Import | ast.ImportFrom, importer: str, path: Path) -> Iterator[tuple[str, str]]:
    """Module and name that a statement takes; a relative import is made absolute."""
    if isinstance(statement, ast.Import):
        yield from ((alias.name, "") for alias in statement.names)
        return
    base = statement.module or ""
    if statement.level:
        package = importer.split(".") if path.stem == "__init__" else importer.split(".")[:-1]
        base = ".".join([*package[: len(package) - statement.level + 1], *([base] if base else [])])
    yield from ((base, alias.name) for alias in statement.names)


def imports(root: Path) -> list[Import]:
    """Every import of ours by ours; `from a import b` points at `a.b` where that is a module."""
    known, found = modules(root), []
    for importer, path in known.items():
        for statement, runs in statements(ast.parse(path.read_text())):
            for base, name in targets(statement, importer, path):
                if base.split(".")[0] != root.name:
                    continue
                whole = f"{base}.{name}"
                imported, taken = (whole, "") if whole in known else (base, name)
                found.append(Import(importer, imported, taken, f"{path.relative_to(root.parent)}:{statement.lineno}", runs))
    return found


def part_of(module: str) -> str:
    """The part of the house that a module belongs to: `engine` for `autologue.engine.lanes`, '' for the root."""
    return module.split(".")[1] if "." in module else ""


def homeless(root: Path) -> list[str]:
    """A sentence for each part of the package that stands on no floor."""
    strangers = sorted({part_of(module) for module in modules(root)} - {"", *FLOOR_OF})
    remedy = f"move it into a part that does ({', '.join(FLOOR_OF)}), or give it a floor in FLOORS of tests/test_house.py and in"
    return [f"`{part}` stands on no floor: {remedy} docs/explanation/design.md" for part in strangers]


def fault(found: Import) -> str:
    """Why an import breaks the floors, or ''."""
    here, there = part_of(found.importer), part_of(found.imported)
    if not there:
        return "" if found.name == "__version__" else "import it from the module that defines it, not from the root package"
    if here == there or here not in FLOOR_OF or there not in FLOOR_OF:
        return ""
    low, high = FLOOR_OF[here], FLOOR_OF[there]
    if RANK[high] > RANK[low]:
        return f"{low} may not import {high}: imports go downward only"
    if low == high == "GROUND" and FLOORS["GROUND"].index(there) > FLOORS["GROUND"].index(here):
        return f"the ground's order is {', '.join(FLOORS['GROUND'])}: each may import only those before it"
    if low == high == "APPLICATIONS":
        return "applications never import each other: move what they share to a lower floor"
    return ""


def broken(root: Path) -> list[str]:
    """A sentence for each import that goes up or sideways."""
    inner = [found for found in imports(root) if found.importer != root.name]
    return [f"{found.place}: `{found.importer}` imports `{found.imported}`: {why}" for found in inner if (why := fault(found))]


def cycle(root: Path) -> list[str]:
    """The modules of one import-time cycle, or none."""
    graph: dict[str, set[str]] = {module: set() for module in modules(root)}
    for found in imports(root):
        if found.runs_at_import:
            graph[found.importer].add(found.imported)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def file_lengths(root: Path) -> dict[str, int]:
    """Lines of every file, by its path below the package."""
    return {path.relative_to(root).as_posix(): len(path.read_text().splitlines()) for path in modules(root).values()}


def function_lengths(root: Path) -> list[int]:
    """Lines of every function, without its docstring."""
    lengths = []
    for path in modules(root).values():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = node.body[0]
                docstring = (first.end_lineno or first.lineno) - first.lineno + 1 if ast.get_docstring(node) is not None else 0
                lengths.append((node.end_lineno or node.lineno) - node.lineno + 1 - docstring)
    return lengths


def test_every_module_has_a_floor() -> None:
    assert homeless(SOURCE) == []


def test_imports_go_downward() -> None:
    assert broken(SOURCE) == []


def test_no_import_cycle() -> None:
    assert cycle(SOURCE) == []


def test_files_are_short() -> None:
    lengths = file_lengths(SOURCE)
    assert statistics.median(lengths.values()) <= MEDIAN_FILE
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE and name != LONG_FILE} == {}


def test_functions_are_short() -> None:
    assert statistics.quantiles(function_lengths(SOURCE), n=10)[-1] <= P90_FUNCTION


def house(folder: Path, files: dict[str, str]) -> Path:
    """A small package `autologue` under `folder`, with the files given."""
    root = folder / "autologue"
    for name, source in {"__init__.py": "", **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return root


@pytest.mark.parametrize(
    ("name", "source", "why"),
    [
        ("model.py", "import autologue.engine", "LANGUAGE may not import ENGINE"),
        ("engine/lanes.py", "from autologue.fit.saem import SAEM", "ENGINE may not import INFERENCE"),
        ("nca.py", "def f():\n    from autologue import trial", "INFERENCE may not import APPLICATIONS"),
        ("results.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .plot import bands", "ENGINE may not import FACES"),
        ("library/stein_2019.py", "from ..simulate import simulate", "LIBRARY may not import ENGINE"),
        ("population.py", "from autologue import library", "LANGUAGE may not import LIBRARY"),
        ("trial/arms.py", "from autologue.economics import evaluate", "never import each other"),
        ("errors.py", "from autologue import units", "each may import only those before it"),
        ("seeds.py", "from autologue.model import Model", "GROUND may not import LANGUAGE"),
        ("cli/verbs.py", "from autologue import simulate_all", "from the module that defines it"),
    ],
)
def test_an_import_that_breaks_the_floors_is_found(tmp_path: Path, name: str, source: str, why: str) -> None:
    known = {"library/__init__.py": "", "trial/__init__.py": "", "units.py": ""}
    sentences = broken(house(tmp_path, {**known, name: source}))
    assert len(sentences) == 1
    assert why in sentences[0]
    assert f"autologue/{name}:" in sentences[0]


def test_imports_that_keep_to_the_floors_are_accepted(tmp_path: Path) -> None:
    files = {
        "__init__.py": "def __getattr__(name):\n    from autologue.trial import conduct\n    return conduct",
        "errors.py": "",
        "units.py": "from autologue.errors import UnitError",
        "library/stein_2019.py": "import numpy\nfrom autologue import units",
        "trial/__init__.py": "from .arms import Arm",
        "trial/arms.py": "from autologue import __version__\nfrom autologue.library import stein_2019",
        "plot/__init__.py": "",
        "report/page.py": "from autologue.plot import bands",
    }
    root = house(tmp_path, files)
    assert broken(root) == cycle(root) == homeless(root) == []


def test_a_module_without_a_floor_is_told_where_to_go(tmp_path: Path) -> None:
    (sentence,) = homeless(house(tmp_path, {"utils.py": ""}))
    assert sentence.startswith("`utils` stands on no floor")


def test_a_cycle_is_found_and_a_late_import_is_none(tmp_path: Path) -> None:
    files = {"model.py": "from autologue.population import Population", "population.py": "from autologue import model"}
    assert set(cycle(house(tmp_path / "cyclic", files))) == {"autologue.model", "autologue.population"}
    late = {**files, "population.py": "def f():\n    from autologue import model"}
    assert cycle(house(tmp_path / "late", late)) == []


def test_lengths_are_counted(tmp_path: Path) -> None:
    root = house(tmp_path, {"units.py": 'def f():\n    """Two\n    lines."""\n    x = 1\n    return x\n'})
    assert file_lengths(root)["units.py"] == 5
    assert function_lengths(root) == [3]
