"""A traced model in words: its equations as text, and a fingerprint of everything that is computed."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from autologue.engine.graph import Node
from autologue.engine.system import System, lower
from autologue.model import Crossing, Model

__all__ = ["equations", "fingerprint"]

_SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(5)
_INLINE = 7  # a repeated expression of up to so many nodes is written out each time it occurs


def equations(model: Model) -> list[str]:
    """Return the equations of a model, one line each: phase by phase, then what starts, ends and is observed.

    Expressions that occur more than once get a name of their own (v1, v2, ...) on a line before their first use.

    >>> from autologue.library import load
    >>> equations(load("leon_triana_2021"))[2]
    '  d(leukaemia)/dt = rho_leukaemia * leukaemia - kill * car * leukaemia'
    """
    system = lower(replace(model, birth_death=None))  # a birth-death tail adds states of the engine's own
    writer = _Writer(system)
    lines = []
    for k, phase in enumerate(model.phases):
        here = system.graph.substitute(system.rhs[: len(model.states)], {"ph": system.graph.constant(float(k))})
        if isinstance(phase.until, Crossing):
            guard = next(g for g in system.guards if g.phase == k)
            end = f", until {writer.text(guard.value)} passes zero, {phase.until.direction}"
        else:
            end = "" if phase.until is None else f", until t = {writer.text(system.phase_ends[k])}"
        lines.append(f"phase {k + 1}{end}" if len(model.phases) > 1 or end else "equations")
        lines += writer.named([f"d({name})/dt" for name in model.states], here)
        reset = system.resets[k]
        if reset is not None:
            changed = [i for i, node in enumerate(reset[: len(model.states)]) if node.op != "var" or node.value != f"y{i}"]
            lines += [f"  at its end {system.states[i]} := {writer.text(reset[i])}" for i in changed]
    lines += ["start", *(f"  {n}(0) = {writer.text(v)}" for n, v in zip(model.states, system.initial, strict=False))]
    return [*lines, "outputs", *writer.named(list(system.outputs), list(system.outputs.values()))]


def fingerprint(system: System) -> str:
    """Return 16 hexadecimal digits that change with any equation, name, typical value, unit or tolerance of a model."""
    model = system.model
    roots: list[Node] = [*system.rhs, *system.initial, *system.phase_ends, *system.outputs.values()]
    for reset in system.resets:
        roots += reset or []
    for guard in system.guards:
        roots += [guard.value, guard.after]
    for _, share, lag in system.routes.values():
        roots += [share, lag]
    place: dict[int, int] = {}
    lines = []
    for node in system.graph.needed(roots):
        place[node.index] = len(place)
        lines.append([node.op, [place[a.index] for a in node.args], repr(node.value)])
    said = {
        "graph": lines,
        "roots": [place[node.index] for node in roots],
        "guards": [[g.name, g.direction, g.phase, g.action, g.target] for g in system.guards],
        "states": [[n, s.unit, s.absolute, s.extinct_below, s.signed] for n, s in model.states.items()],
        "parameters": [[n, q.value, q.unit, repr(q.variability)] for n, q in model.parameters.items()],
        "outputs": [[n, o.unit, repr(o.error)] for n, o in model.outputs.items()],
        "inputs": [[n, i.value, i.unit] for n, i in model.inputs.items()],
        "dosing": [[n, d.state, d.unit] for n, d in model.dosing.items()],
        "rules": [[r.name, dict(r.change), r.delay, r.lasting, r.times, r.at] for r in model.rules],
        "time": model.time,
        "regimen": repr(model.regimen),
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


class _Writer:
    """Writes nodes with the names of the model."""

    def __init__(self, system: System) -> None:
        model = system.model
        self.names = {f"y{i}": n for i, n in enumerate(system.states)}
        self.names |= {f"p{i}": n for i, n in enumerate(system.parameters)}
        self.names |= {f"u{i}": n for i, n in enumerate(model.inputs)}
        self.names |= {f"r{i}": f"infusion_rate({n})" for i, n in enumerate(model.states)}
        self.system = system
        self.given: dict[int, str] = {}

    def text(self, node: Node) -> str:
        """Return a node as an expression."""
        return self._write(node)[0]

    def named(self, left: Sequence[str], right: Sequence[Node]) -> list[str]:
        """Return the lines `left = right`, with lines for what is used more than once before them."""
        self.given = {}
        lines = []
        for node in self._repeated(right):
            text = self.text(node)
            self.given[node.index] = f"v{len(self.given) + 1}"
            lines.append(f"  {self.given[node.index]} = {text}")
        lines += [f"  {name} = {self.text(node)}" for name, node in zip(left, right, strict=False)]
        self.given = {}
        return lines

    def _repeated(self, roots: Iterable[Node]) -> list[Node]:
        roots = list(roots)
        uses: dict[int, int] = {}
        size: dict[int, int] = {}
        needed = self.system.graph.needed(roots)
        for node in needed:
            size[node.index] = 1 + sum(size[a.index] for a in node.args)
            for argument in node.args:
                uses[argument.index] = uses.get(argument.index, 0) + 1
        often = [n for n in needed if uses.get(n.index, 0) > 1 and size[n.index] > _INLINE]
        return [n for n in often if n.op != "rcp"]

    def _write(self, node: Node) -> tuple[str, int]:
        """Return the text of a node and how tightly it binds."""
        if node.index in self.given:
            return self.given[node.index], _ATOM
        if node.op == "const":
            assert isinstance(node.value, float)
            return ("log(2)", _ATOM) if node.value == math.log(2) else (f"{node.value:.6g}", _SIGN if node.value < 0 else _ATOM)
        if node.op == "var":
            return self.names.get(str(node.value), str(node.value)), _ATOM
        if node.op in ("+", "-"):
            return self._sum(node), _SUM
        if node.op in ("*", "rcp"):
            return self._product(node)
        if node.op == "pow":
            return f"{self._at(node.args[0], _ATOM)}^{self._at(node.args[1], _ATOM)}", _POWER
        if node.op in ("lt", "eq"):
            return f"{self._at(node.args[0], _SUM)} {'<' if node.op == 'lt' else '='} {self._at(node.args[1], _SUM)}", _SUM - 1
        if node.op == "sel":
            condition, yes, no = (self.text(a) for a in node.args)
            return f"({yes} where {condition}, else {no})", _ATOM
        if node.op == "exp" and (power := self._power_of_two(node.args[0])) is not None:
            return power, _POWER
        return f"{node.op}({', '.join(self.text(a) for a in node.args)})", _ATOM

    def _power_of_two(self, exponent: Node) -> str | None:
        two = [a for a in exponent.args if exponent.op == "*" and a.op == "const" and a.value == math.log(2)]
        other = [a for a in exponent.args if not any(a is b for b in two)]
        return f"2^{self._at(other[0], _ATOM)}" if two and len(other) == 1 else None

    def _at(self, node: Node, least: int) -> str:
        text, binding = self._write(node)
        return text if binding >= least else f"({text})"

    def _sum(self, node: Node) -> str:
        first, second = node.args
        if node.op == "-":
            right = self._at(second, _PRODUCT)
            return f"-{self._at(second, _SIGN)}" if first.op == "const" and first.value == 0 else f"{self._at(first, _SUM)} - {right}"
        right, binding = self._write(second)
        if right.startswith("-") and binding >= _SUM:
            return f"{self._at(first, _SUM)} - {right[1:]}"
        return f"{self._at(first, _SUM)} + {right}"

    def _factors(self, node: Node, above: list[Node], below: list[Node]) -> None:
        """Gather the factors of a product above and below the line."""
        if node.op == "*" and node.index not in self.given:
            for argument in node.args:
                self._factors(argument, above, below)
        elif node.op == "rcp":
            self._factors(node.args[0], below, above)
        else:
            above.append(node)

    def _product(self, node: Node) -> tuple[str, int]:
        above: list[Node] = []
        below: list[Node] = []
        self._factors(node, above, below)
        minus = [a for a in above if a.op == "-" and a.args[0].op == "const" and a.args[0].value == 0 and a.index not in self.given]
        above = [a.args[1] if any(a is b for b in minus) else a for a in above]
        over = self._powers([a for a in above if a.op != "+"]) + self._powers([a for a in above if a.op == "+"])
        under = self._powers(below)
        sign = "-" if len(minus) % 2 else ""
        if len(over) == 1 and not under and not sign:
            return over[0], _POWER
        text = sign + (" * ".join(over) or "1")
        if under:
            text += f" / {under[0] if len(under) == 1 else '(' + ' * '.join(under) + ')'}"
        return text, _SUM if sign else _PRODUCT

    def _powers(self, factors: Sequence[Node]) -> list[str]:
        """Return factors as text: numbers, parameters, states, then the rest; equal ones together as a power."""
        factors = sorted(factors, key=lambda f: "c" if f.op == "const" else f"v{f.value}" if f.op == "var" else "w")
        counts: dict[int, int] = {}
        for factor in factors:
            counts[factor.index] = counts.get(factor.index, 0) + 1
        first = {factor.index: factor for factor in reversed(factors)}
        return [
            self._at(first[i], _POWER) if n == 1 else f"{self._at(first[i], _ATOM)}^{n}"
            for i, n in counts.items()
        ]  # fmt: skip
