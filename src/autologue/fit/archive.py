"""A fit as one file of JSON, exact to the last bit: numbers as Python prints them, arrays as their bytes.

A model is code, so that the file holds its name and fingerprint; reading finds it in the library, or is given it. The file holds a hash
of its content too: one that was damaged or edited is refused.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from autologue import library
from autologue import patient as patients
from autologue import population as populations
from autologue import regimen as regimens
from autologue import variability as variabilities
from autologue.engine.describe import fingerprint
from autologue.engine.solve import Solver, prepare
from autologue.errors import AutologueError, InputError
from autologue.files import replacing
from autologue.fit import estimated, stopping, structure
from autologue.fit.estimated import Estimator
from autologue.fit.fitted import Fit
from autologue.model import Model

__all__ = ["encoded", "load_fit", "write_fit"]

FORMAT = 2
_TYPES: dict[str, type] = {
    kind.__name__: kind
    for room in (patients, populations, regimens, variabilities, estimated, stopping, structure)
    for kind in vars(room).values()
    if isinstance(kind, type) and is_dataclass(kind)
} | {"Solver": Solver}


def _plain(value: Any) -> Any:
    """Return a value as JSON can hold it."""
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, float):
        return float(value)
    if isinstance(value, np.ndarray):
        array = np.ascontiguousarray(value)
        return {"array": base64.b64encode(array.tobytes()).decode(), "dtype": array.dtype.str, "shape": list(array.shape)}
    if isinstance(value, Model):
        return {"model": value.name, "fingerprint": fingerprint(prepare(value).system)}
    if isinstance(value, Enum):
        raise InputError(f"{value!r} has no place in a saved fit")
    if isinstance(value, Mapping):
        return {"map": {str(k): _plain(v) for k, v in value.items()}}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if is_dataclass(value):
        return {"type": type(value).__name__, "fields": {f.name: _plain(getattr(value, f.name)) for f in fields(value)}}
    raise InputError(f"a {type(value).__name__} cannot be saved with a fit; expected a value of autologue")


def encoded(value: Any) -> str:
    """Return a value of the language (a cohort, a population, a fit) as text."""
    return json.dumps(_plain(value), sort_keys=True)


def write_fit(fit: Fit, path: str | Path) -> None:
    """Write a fit to a file; whole or not at all."""
    content = _plain(fit)
    with replacing(path) as part:
        part.write_text(json.dumps({"format": FORMAT, "sha256": _hash(content), "fit": content}, sort_keys=True), encoding="utf-8")


def _hash(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def load_fit(path: str | Path, *, model: Model | None = None) -> Fit:
    """Return a saved fit; a model that is not in the library is given. Raises InputError for another file, or another model."""
    try:
        text = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as problem:
        raise InputError(f"cannot read {path} as a saved fit ({problem}); give a file written by Fit.save") from None
    if not isinstance(text, dict) or text.get("format") != FORMAT:
        raise InputError(f"{path} is not a fit saved in format {FORMAT}; give a file written by this version's Fit.save")
    if "fit" not in text or text.get("sha256") != _hash(text["fit"]):
        raise InputError(f"{path} is damaged, or was edited: its content is not what was saved; save the fit again")
    try:
        found = _value(text["fit"], model)
        if isinstance(found, Fit):
            _check_sizes(found)
    except AutologueError as problem:
        raise InputError(f"{path}: {problem}") from None
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError, MemoryError) as problem:
        raise InputError(f"{path} is damaged ({type(problem).__name__}: {problem}); save the fit again") from None
    if not isinstance(found, Fit):
        raise InputError(f"{path} holds no fit; give a file written by Fit.save")
    return found


def _check_sizes(fit: Fit) -> None:
    """Raise ValueError where the estimates are not those of the structure."""
    count, given = len(fit.structure.names), fit.estimated
    sizes = [given.vector.shape == (count,), given.trace.values.shape[1:] == (count,)]
    sizes += [each.matrix.shape == (count, count) for each in given.covariances]
    sizes += [part.shape == (len(fit.cohort), len(given.conditional.names)) for part in (given.conditional.mode, given.conditional.mean)]
    if not all(sizes):
        raise ValueError(f"the sizes of its parts do not go with {count} estimates of {len(fit.cohort)} patients")


def _value(text: Any, model: Model | None) -> Any:
    if isinstance(text, list):
        return tuple(_value(v, model) for v in text)
    if not isinstance(text, dict):
        return text
    if "array" in text:
        return np.frombuffer(base64.b64decode(text["array"]), dtype=np.dtype(text["dtype"])).reshape(text["shape"]).copy()
    if "model" in text:
        return _model(text["model"], text["fingerprint"], model)
    if "map" in text:
        return {k: _value(v, model) for k, v in text["map"].items()}
    kind, given = _kinds()[text["type"]], {k: _value(v, model) for k, v in text["fields"].items()}
    if kind is regimens.Regimen:  # whose events are arguments without names
        return regimens.Regimen(*given["events"], time=given["time"])
    return kind(**given)


def _kinds() -> dict[str, type]:
    """Return every type that a saved fit may hold, by name: those of the language, of a result, and the estimators that are loaded."""
    return _TYPES | {"Fit": Fit} | {kind.__name__: kind for kind in _below(Estimator)}


def _below(kind: type) -> list[type]:
    own: list[type] = kind.__subclasses__()
    return own + [found for each in own for found in _below(each)]


def _model(name: str, mark: str, given: Model | None) -> Model:
    if given is None and name not in library.names():
        raise InputError(f"the fit is of model {name}, which is not in the library; give it as model=")
    found = library.load(name) if given is None else given
    if fingerprint(prepare(found).system) != mark:
        raise InputError(f"model {found.name} is not the one that was fitted: its equations or numbers have changed since")
    return found
