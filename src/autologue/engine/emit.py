"""Printing nodes of the graph as lines of Python that numba compiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from autologue.engine.graph import Graph, Node

__all__ = ["cost", "emit"]

_CALL = {
    "rcp": "1.0/{0}",
    "rcp0": "(1.0/{0} if {0}>0.0 else 0.0)",
    "log": "vlog({0})",
    "exp": "vexp({0})",
    "sqrt": "vsqrt({0})",
    "pow": "vpow({0},{1})",
    "hill": "vhill({0},{1},{2})",
    "min": "({0} if ({0}<{1})|({0}!={0}) else {1})",
    "max": "({0} if ({0}>{1})|({0}!={0}) else {1})",
    "lt": "{0}<{1}",
    "eq": "{0}=={1}",
    "sel": "({1} if {0} else {2})",
}
# rough costs in multiply-adds, to compare an explicit step with an implicit one
_COST = {"rcp": 4.0, "rcp0": 5.0, "log": 14.0, "exp": 14.0, "sqrt": 6.0, "pow": 30.0, "hill": 48.0}


def emit(
    graph: Graph, targets: Sequence[tuple[str, Node]], names: Mapping[str, str], ready: Mapping[int, str], suffix: str = ""
) -> list[str]:
    """Return lines that compute each target; `names` renames variables, `ready` gives nodes that are already computed.

    `suffix` ends the names of intermediate values: a name that is assigned once compiles faster.
    """
    wanted = [node for _, node in targets]
    label: dict[int, str] = {}
    lines: list[str] = []
    stop = {i for i in ready}
    for node in _reached(graph, wanted, stop):
        if node.index in ready:
            label[node.index] = ready[node.index]
        elif node.op == "const":
            label[node.index] = _signed(repr(node.value))
        elif node.op == "var":
            label[node.index] = names.get(str(node.value), str(node.value))
        else:
            parts = [label[a.index] for a in node.args]
            text = f"{parts[0]}{node.op}{parts[1]}" if node.op in ("+", "-", "*") else _CALL[node.op].format(*parts)
            label[node.index] = f"w{node.index}{suffix}"
            lines.append(f"{label[node.index]}={_signed(text)}")
    lines += [f"{target}={label[node.index]}" for target, node in targets]
    return lines


def _signed(text: str) -> str:
    return text.replace("--", "+").replace("+-", "-").replace("inf", "INF").replace("nan", "NAN")


def _reached(graph: Graph, wanted: Sequence[Node], stop: set[int]) -> list[Node]:
    seen: set[int] = set()
    stack = list(wanted)
    while stack:
        node = stack.pop()
        if node.index in seen:
            continue
        seen.add(node.index)
        if node.index not in stop:
            stack.extend(node.args)
    return [graph.nodes[i] for i in sorted(seen)]


def cost(graph: Graph, outputs: Sequence[Node]) -> float:
    """Return the rough cost of evaluating the outputs, in multiply-adds."""
    return sum(_COST.get(n.op, 1.0) for n in graph.needed(outputs) if n.op not in ("const", "var"))
