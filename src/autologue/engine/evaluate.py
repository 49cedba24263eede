"""Evaluating nodes of the graph on numpy arrays: for the stiffness probe, for phase ends and for tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autologue.engine.graph import Graph, Node
from autologue.functions import hill

__all__ = ["evaluate"]

_OPERATIONS: dict[str, Callable[..., Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "rcp": np.reciprocal,
    "rcp0": lambda a: np.where(a > 0, 1.0 / np.where(a > 0, a, 1.0), 0.0),
    "log": np.log,
    "exp": np.exp,
    "sqrt": lambda a: np.sqrt(np.maximum(a, 0.0)),
    "pow": lambda a, b: np.where(a <= 0, 0.0, np.power(np.where(a <= 0, 1.0, a), b)),
    "hill": hill,
    "min": np.minimum,
    "max": np.maximum,
    "lt": lambda a, b: np.less(a, b).astype(float),
    "eq": lambda a, b: np.equal(a, b).astype(float),
    "sel": lambda c, a, b: np.where(c != 0, a, b),
}


def evaluate(graph: Graph, outputs: Sequence[Node], values: Mapping[str, NDArray[np.float64] | float]) -> list[NDArray[np.float64]]:
    """Return the outputs for variables given as floats or arrays that broadcast together."""
    found: dict[int, Any] = {}
    with np.errstate(all="ignore"):
        for node in graph.needed(outputs):
            if node.op == "const":
                found[node.index] = np.float64(node.value if node.value is not None else np.nan)
            elif node.op == "var":
                found[node.index] = np.asarray(values[str(node.value)], dtype=float)
            else:
                found[node.index] = _OPERATIONS[node.op](*(found[a.index] for a in node.args))
    return [np.asarray(found[o.index], dtype=float) for o in outputs]
