"""The expression graph of a model: hash-consed nodes, constant folding, forward differentiation, emission as code.

No computer algebra: a model is called once with `Node`s in place of numbers, every operation is recorded once, and the
graph is printed as straight-line code. Python's own `if`, `max` or `math.exp` on a node is refused with the remedy.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Real
from typing import Any

from autologue.errors import ModelError
from autologue.functions import hill, maximum, minimum

__all__ = ["Graph", "Node"]

_FOLD: dict[str, Callable[..., float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "rcp": lambda a: 1.0 / a if a else math.inf,
    "rcp0": lambda a: 1.0 / a if a > 0 else 0.0,
    "log": lambda a: math.log(a) if a > 0 else (-math.inf if a == 0 else math.nan),
    "exp": math.exp,
    "sqrt": math.sqrt,
    "pow": lambda a, b: 0.0 if a <= 0 else a**b,
    "hill": hill,
    "min": minimum,
    "max": maximum,
    "lt": lambda a, b: float(a < b),
    "eq": lambda a, b: float(a == b),
}
_REFUSED = (
    "a conditional on {what} inside a model function would simulate and then give gradients of the wrong sign; "
    "declare phases (Phase(..., until=...)), or use minimum, maximum or hill from autologue.functions"
)


class Node:
    """One operation of a graph; arithmetic on nodes makes new nodes."""

    __slots__ = ("args", "graph", "index", "op", "value")

    def __init__(self, graph: Graph, op: str, args: tuple[Node, ...], value: float | str | None, index: int) -> None:
        self.graph, self.op, self.args, self.value, self.index = graph, op, args, value, index

    def _lift(self, other: Any) -> Node:
        if isinstance(other, Node):
            return other
        if isinstance(other, Real):
            return self.graph.constant(float(other))
        raise ModelError(f"{type(other).__name__} {other!r} in a model function; expected a number")

    def _binary(self, op: str, a: Any, b: Any) -> Node:
        return self.graph.make(op, self._lift(a), self._lift(b))

    def __add__(self, other: Node | float) -> Node:
        return self._binary("+", self, other)

    def __radd__(self, other: Node | float) -> Node:
        return self._binary("+", other, self)

    def __sub__(self, other: Node | float) -> Node:
        return self._binary("-", self, other)

    def __rsub__(self, other: Node | float) -> Node:
        return self._binary("-", other, self)

    def __mul__(self, other: Node | float) -> Node:
        return self._binary("*", self, other)

    def __rmul__(self, other: Node | float) -> Node:
        return self._binary("*", other, self)

    def __truediv__(self, other: Node | float) -> Node:
        return self._binary("*", self, self.graph.make("rcp", self._lift(other)))

    def __rtruediv__(self, other: Node | float) -> Node:
        return self._lift(other) / self

    def __neg__(self) -> Node:
        return 0.0 - self

    def __pos__(self) -> Node:
        return self

    def __pow__(self, power: Node | float) -> Node:
        exponent = power.value if isinstance(power, Node) and power.op == "const" else power
        if isinstance(exponent, (int, float)):
            if exponent == 0.5:
                return self._sqrt()
            if float(exponent).is_integer() and abs(exponent) <= 8:
                return self._integer_power(int(exponent))
        return self._binary("pow", self, power)

    def __rpow__(self, base: float) -> Node:
        return self.graph.make("exp", self * math.log(base)) if base > 0 else self._binary("pow", base, self)

    def _integer_power(self, power: int) -> Node:
        result = self.graph.constant(1.0)
        for _ in range(abs(power)):
            result = result * self
        return result if power >= 0 else 1.0 / result

    def _exp(self) -> Node:
        return self.graph.make("exp", self)

    def _log(self) -> Node:
        return self.graph.make("log", self)

    def _sqrt(self) -> Node:
        return self.graph.make("sqrt", self)

    def _hill(self, x: Node | float, half: Node | float, power: Node | float) -> Node:
        return self.graph.make("hill", self._lift(x), self._lift(half), self._lift(power))

    def __lt__(self, other: Node | float) -> Node:
        return self._binary("lt", self, other)

    def __gt__(self, other: Node | float) -> Node:
        return self._binary("lt", other, self)

    def __le__(self, other: Node | float) -> Node:
        return self._binary("eq", self._binary("lt", other, self), 0.0)

    def __ge__(self, other: Node | float) -> Node:
        return self._binary("eq", self._binary("lt", self, other), 0.0)

    def _choose(self, a: Node | float, b: Node | float) -> Node:
        return self.graph.make("sel", self, self._lift(a), self._lift(b))

    def __bool__(self) -> bool:
        raise ModelError(_REFUSED.format(what=self.graph.describe(self)))

    def __float__(self) -> float:
        raise ModelError("a function of the math module was called on a model value; use exp, log, sqrt from autologue.functions")

    def __eq__(self, other: object) -> Any:
        return self._binary("eq", self, other) if isinstance(other, (Node, Real)) else NotImplemented

    def __ne__(self, other: object) -> Any:
        return self._binary("eq", self == other, 0.0) if isinstance(other, (Node, Real)) else NotImplemented

    def __hash__(self) -> int:
        return id(self)

    def __abs__(self) -> Node:
        return self._binary("max", self, -self)


class Graph:
    """A growing list of nodes, each operation present once."""

    def __init__(self) -> None:
        """Start empty."""
        self.nodes: list[Node] = []
        self.names: dict[str, str] = {}
        self._known: dict[tuple[object, ...], Node] = {}

    def _new(self, op: str, args: tuple[Node, ...], value: float | str | None = None) -> Node:
        key: tuple[object, ...] = (op, *(a.index for a in args), value if op != "const" else repr(value))
        if key not in self._known:
            self._known[key] = Node(self, op, args, value, len(self.nodes))
            self.nodes.append(self._known[key])
        return self._known[key]

    def constant(self, value: float) -> Node:
        """Return the node of a number."""
        return self._new("const", (), float(value))

    def variable(self, name: str) -> Node:
        """Return the node of a named variable."""
        return self._new("var", (), name)

    def make(self, op: str, *args: Node) -> Node:
        """Return the node of an operation, simplified where that is exact."""
        constants = [a.value if a.op == "const" else None for a in args]
        simple = self._simplified(op, args, constants)
        if simple is not None:
            return simple
        if op in ("+", "*", "min", "max") and args[0].index > args[1].index:
            args = (args[1], args[0])
        return self._new(op, args)

    def _simplified(self, op: str, args: tuple[Node, ...], constants: Sequence[float | str | None]) -> Node | None:
        if op == "sel":
            if constants[0] is not None:
                return args[1] if constants[0] else args[2]
            return args[1] if args[1] is args[2] else None
        if all(c is not None for c in constants):
            try:
                return self.constant(_FOLD[op](*constants))
            except (OverflowError, ValueError):
                return None
        if op == "+" and 0 in constants:
            return args[1] if constants[0] == 0 else args[0]
        if op == "-":
            if constants[1] == 0:
                return args[0]
            return self.constant(0.0) if args[0] is args[1] else None
        if op == "*":
            if 0 in constants:
                return self.constant(0.0)
            if 1 in constants:
                return args[1] if constants[0] == 1 else args[0]
        if op == "pow" and constants[0] == 0:
            return self.constant(0.0)
        return None

    def needed(self, outputs: Iterable[Node]) -> list[Node]:
        """Return all nodes that the outputs depend on, in order of computation."""
        seen: set[int] = set()
        stack = list(outputs)
        while stack:
            node = stack.pop()
            if node.index not in seen:
                seen.add(node.index)
                stack.extend(node.args)
        return [self.nodes[i] for i in sorted(seen)]

    def variables(self, outputs: Iterable[Node]) -> set[str]:
        """Return the names of the variables that the outputs depend on."""
        return {str(n.value) for n in self.needed(outputs) if n.op == "var"}

    def fixed(self, outputs: Sequence[Node], moves: Callable[[str], bool]) -> dict[int, bool]:
        """Return, for each node the outputs need, whether no variable that moves is in it; `moves` says so of a variable's name."""
        found: dict[int, bool] = {}
        for node in self.needed(outputs):
            found[node.index] = not moves(str(node.value)) if node.op == "var" else all(found[a.index] for a in node.args)
        return found

    def hoisted(self, outputs: Sequence[Node], moves: Callable[[str], bool]) -> list[Node]:
        """Return the largest nodes, no mere numbers or variables, in which nothing moves: they need computing only once."""
        fixed = self.fixed(outputs, moves)
        largest = [n for n in outputs if fixed[n.index]]
        largest += [a for n in self.needed(outputs) if not fixed[n.index] for a in n.args if fixed[a.index]]
        kept = {n.index: n for n in largest if n.op not in ("const", "var")}
        return [kept[i] for i in sorted(kept)]

    def substitute(self, outputs: Sequence[Node], values: Mapping[str, Node]) -> list[Node]:
        """Return the outputs with variables replaced by nodes."""
        new: dict[int, Node] = {}
        for node in self.needed(outputs):
            if node.op == "var":
                new[node.index] = values.get(str(node.value), node)
            elif node.op == "const":
                new[node.index] = node
            else:
                new[node.index] = self.make(node.op, *(new[a.index] for a in node.args))
        return [new[o.index] for o in outputs]

    def derivative(self, outputs: Sequence[Node], seeds: Mapping[str, Node]) -> list[Node]:
        """Return the directional derivatives of the outputs, where variable `name` moves at speed `seeds[name]`."""
        zero = self.constant(0.0)
        d: dict[int, Node] = {}
        for node in self.needed(outputs):
            if node.op == "var":
                d[node.index] = seeds.get(str(node.value), zero)
            elif node.op in ("const", "lt", "eq"):
                d[node.index] = zero
            else:
                d[node.index] = self._chain(node, [d[a.index] for a in node.args])
        return [d[o.index] for o in outputs]

    def _chain(self, node: Node, da: list[Node]) -> Node:
        a = node.args
        if node.op in "+-":
            return da[0] + da[1] if node.op == "+" else da[0] - da[1]
        if node.op == "*":
            return da[0] * a[1] + a[0] * da[1]
        if node.op == "rcp":
            return -(node * node) * da[0]
        if node.op == "log":
            return da[0] / a[0]
        if node.op == "exp":
            return node * da[0]
        if node.op == "sqrt":
            return 0.5 * da[0] * self.make("rcp0", node)
        if node.op == "sel":
            return self.make("sel", a[0], da[1], da[2])
        if node.op in ("min", "max"):
            first = self.make("lt", a[0], a[1]) if node.op == "min" else self.make("lt", a[1], a[0])
            return self.make("sel", first, da[0], da[1])
        if node.op == "pow":
            # 0 at a zero base: an infinite entry in the Jacobian would stop the step, and x leaves zero at once
            slope = a[1] * node * self.make("rcp0", a[0]) * da[0]
            return slope + node * a[0]._log() * da[1]
        if node.op == "hill":
            steep = node * (1.0 - node)
            moved = a[2] * (da[0] * self.make("rcp0", a[0]) - da[1] * self.make("rcp0", a[1]))
            return steep * (moved + (a[0]._log() - a[1]._log()) * da[2])
        if node.op == "rcp0":
            return -(node * node) * da[0]
        raise ModelError(f"operation '{node.op}' has no derivative")

    def describe(self, node: Node, depth: int = 4) -> str:
        """Return a node as a short readable expression, for messages; `names` gives variables the names of the model."""
        signs = {"+": " + ", "-": " - ", "*": "*", "lt": " < ", "eq": " == "}
        if node.op in ("const", "var"):
            return f"{node.value:g}" if node.op == "const" else self.names.get(str(node.value), str(node.value))
        parts = [self.describe(a, depth - 1) for a in node.args] if depth else ["..."]
        text = signs[node.op].join(parts) if node.op in signs else f"{node.op}({', '.join(parts)})"
        return text if len(text) <= 60 else text[:57] + "..."
