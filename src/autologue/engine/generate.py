"""The generator: a `System` becomes the source of a numba module with two C functions, `step` and `aux`.

`step(S)` advances all lanes by one attempted step; its body is one flat loop over `W` lanes that LLVM vectorises. `aux`
evaluates everything else for one lane: set-up, right-hand side, outputs, guards, resets. All state lives in one array S
whose slots are W wide, at offsets known when the source is written (`Layout`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autologue.engine import tableaus as tab
from autologue.engine.codes import GUARD_SPEEDS, GUARDS, NODES, OUTPUTS, RESET, RHS, SETUP, WIDTH
from autologue.engine.emit import cost, emit
from autologue.engine.graph import Graph, Node
from autologue.engine.system import System

__all__ = ["Layout", "generate", "step_cost"]


@dataclass(frozen=True)
class Layout:
    """Where each quantity starts in S; `numbers()` is what the driver reads."""

    states: int
    parameters: int
    derived: int
    inputs: int
    outputs: int
    guards: int
    phases: int
    routes: int

    def offsets(self) -> dict[str, int]:
        """Return the offset of each block; the blocks after `e2` are scalars."""
        n = self.states
        blocks = {
            "y": n, "p": self.parameters, "d": self.derived, "u": self.inputs, "r": n, "yo": n, "co": 4 * n, "k": n, "nn": n, "kn": n,
            "t": 1, "h": 1, "eo": 1, "stop": 1, "to": 1, "hu": 1, "ph": 1, "e2": 1,
        }  # fmt: skip
        found, position = {}, 0
        for name, count in blocks.items():
            found[name] = position
            position += count * WIDTH
        found["rtol"], found["atol"], found["end"] = position, position + 1, position + 1 + n
        return found

    def numbers(self) -> list[int]:
        """Return counts and offsets in the order the driver unpacks them."""
        o = self.offsets()
        counts = [self.states, self.parameters, self.inputs, self.outputs, self.guards, self.phases, self.routes]
        return counts + [
            o[k] for k in ("y", "p", "u", "r", "yo", "co", "k", "t", "h", "eo", "stop", "to", "hu", "ph", "rtol", "atol", "end")
        ]


class _Writer:
    """Collects the hoisted nodes of a system and emits its pieces."""

    def __init__(self, system: System) -> None:
        self.system, self.graph = system, system.graph
        self.n = len(system.states)
        self.jacobian = system.jacobian
        self.slope = [] if system.autonomous() else self.graph.derivative(system.rhs, {"t": self.graph.constant(1.0)})
        self.speeds = self._guard_speeds()
        targets = [*system.rhs, *(j for row in self.jacobian for j in row), *self.slope, *system.outputs.values()]
        targets += [g.value for g in system.guards] + self.speeds + [n for r in system.resets if r for n in r]
        # what depends on parameters alone is computed once per patient, not per step
        self.hoisted = self.graph.hoisted(targets, lambda name: name == "ph" or name[0] != "p")
        self.layout = Layout(
            self.n, len(system.parameters), len(self.hoisted), len(system.model.inputs), len(system.outputs),
            len(system.guards), len(system.phase_ends), len(system.routes),
        )  # fmt: skip
        self.ready = {node.index: f"d{k}" for k, node in enumerate(self.hoisted)}
        self.steady = self._steady()
        self.at = self.layout.offsets()

    def _guard_speeds(self) -> list[Node]:
        seeds = {f"y{i}": f for i, f in enumerate(self.system.rhs)} | {"t": self.graph.constant(1.0)}
        return self.graph.derivative([g.value for g in self.system.guards], seeds)

    def loads(self, nodes: Sequence[Node], *, states: bool) -> list[str]:
        """Return the lines that load what the nodes need from S into locals."""
        used = self.graph.variables(nodes)
        block = {"p": "p", "u": "u", "r": "r"} | ({"y": "y"} if states else {})
        lines = [f"{v}=S[{self.at[block[v[0]]] + int(v[1:]) * WIDTH}+l]" for v in sorted(used) if v[0] in block and v != "ph"]
        lines += [f"ph=S[{self.at['ph']}+l]"] if "ph" in used else []
        return lines + [f"d{k}=S[{self.at['d'] + k * WIDTH}+l]" for k in range(len(self.hoisted))]

    def lines(self, targets: Sequence[tuple[str, Node]], names: Mapping[str, str] | None = None) -> list[str]:
        """Return the lines that compute the targets."""
        return emit(self.graph, targets, names or {}, self.ready)

    def stage(self, q: int, targets: Sequence[tuple[str, Node]]) -> list[str]:
        """Return the lines of stage q at states z0, z1, .. and time tz; what moves with neither is taken from stage 0."""
        if q == 0:
            return emit(self.graph, targets, {}, self.ready, "_0")
        names = {f"y{i}": f"z{q}_{i}" for i in range(self.n)} | {"t": f"t{q}"}
        return emit(self.graph, targets, names, self.ready | self.steady, f"_{q}")

    def _steady(self) -> dict[int, str]:
        """Return the names of the nodes of stage 0 that depend on neither states nor time."""
        fixed = self.graph.fixed(self.system.rhs, lambda name: name == "t" or name[0] == "y")
        plain = [n for n in self.graph.needed(self.system.rhs) if fixed[n.index] and n.op not in ("const", "var")]
        return {n.index: f"w{n.index}_0" for n in plain if n.index not in self.ready}


def _factorise(w: _Writer) -> tuple[list[str], list[list[str]]]:
    """Return the lines of the unrolled sparse LU of I/(gamma h) - J, without pivoting, and the names of its entries."""
    n, lines = w.n, []
    zero = [[_zero(w.jacobian[i][j]) for j in range(n)] for i in range(n)]
    name = [["" for _ in range(n)] for _ in range(n)]
    for i in range(n):
        for j in range(n):
            if not zero[i][j] or i == j:
                name[i][j] = f"W{i}_{j}"
                entry = f"gi-J{i}_{j}" if i == j else f"-J{i}_{j}"
                lines.append(f"{name[i][j]}={'gi' if zero[i][j] else entry}")
    for k in range(n):
        lines.append(f"D{k}=1.0/{name[k][k]}")
        for i in range(k + 1, n):
            if not name[i][k]:
                continue
            lines.append(f"L{i}_{k}={name[i][k]}*D{k}")
            name[i][k] = f"L{i}_{k}"
            for j in range(k + 1, n):
                if name[k][j]:
                    lines.append(f"W{i}_{j}_{k}={name[i][j]}-L{i}_{k}*{name[k][j]}")
                    name[i][j] = f"W{i}_{j}_{k}"
    return lines, name


def _weighted(names: Sequence[str], weights: Sequence[float]) -> str:
    return "+".join(n if c == 1.0 else f"{c!r}*{n}" for n, c in zip(names, weights, strict=True) if c).replace("+-", "-")


def _singular(graph: Graph, node: Node) -> bool:
    """Whether a node divides by, or takes the root or power of, what may vanish."""
    return any(part.op in ("pow", "rcp0", "sqrt") for part in graph.needed([node]))


def _rodas(w: _Writer) -> list[str]:
    n, f = w.n, w.system.rhs
    found = {f"{i}_{j}": node for i, row in enumerate(w.jacobian) for j, node in enumerate(row) if not _zero(node)}
    entries = [(f"{'A' if _singular(w.graph, node) else 'J'}{place}", node) for place, node in found.items()]
    slopes = [(f"s{i}", node) for i, node in enumerate(w.slope)]
    lines = w.stage(0, [*((f"f0_{i}", f[i]) for i in range(n)), *entries, *slopes])
    # a power of a vanishing state can have an infinite slope in floating point; without that entry steps go on, within tolerance
    lines += [f"J{name[1:]}={name} if abs({name})<1e150 else 0.0" for name, _ in entries if name[0] == "A"]
    lines += ["hi=1.0/hh", f"gi={1 / tab.RODAS_GAMMA!r}*hi"]
    factor, name = _factorise(w)
    lines += factor
    for q in range(8):
        if q:
            # the last two stages go on from where the one before has come to
            start = "y{i}+" + "{more}" if q < 6 else "z{before}_{i}+k{before}_{i}"
            more = [_weighted([f"k{j}_{i}" for j in range(q)], tab.RODAS_A[q]) for i in range(n)]
            lines += [f"z{q}_{i}=" + start.format(i=i, more=more[i], before=q - 1) for i in range(n)]
            lines += [f"t{q}=t+{tab.RODAS_TIME[q]!r}*hh"] if slopes else []
            lines += w.stage(q, [(f"f{q}_{i}", f[i]) for i in range(n)])
        for i in range(n):
            terms = [f"f{q}_{i}"]
            terms += [f"hi*({_weighted([f'k{j}_{i}' for j in range(q)], tab.RODAS_C[q])})"] if q else []
            terms += [f"{tab.RODAS_SLOPE[q]!r}*hh*s{i}"] if slopes and abs(tab.RODAS_SLOPE[q]) > 1e-12 else []
            eliminated = "".join(f"-{name[i][j]}*b{q}_{j}" for j in range(i) if name[i][j])
            lines.append(f"b{q}_{i}=" + "+".join(terms).replace("+-", "-") + eliminated)
        for i in reversed(range(n)):
            solved = "".join(f"-{name[i][j]}*k{q}_{j}" for j in range(i + 1, n) if name[i][j])
            lines.append(f"k{q}_{i}=(b{q}_{i}{solved})*D{i}")
    for i in range(n):
        lines += [f"n{i}=z7_{i}+k7_{i}", f"er{i}=k7_{i}"]
        lines += [f"g{r}_{i}=" + _weighted([f"k{j}_{i}" for j in range(8)], tab.RODAS_DENSE[r]) for r in range(3)]
        lines += [f"c1_{i}=n{i}-y{i}+g0_{i}", f"c2_{i}=g1_{i}-g0_{i}", f"c3_{i}=g2_{i}-g1_{i}", f"c4_{i}=-g2_{i}"]
    return lines


def _zero(node: Node) -> bool:
    return node.op == "const" and node.value == 0


def _tsit(w: _Writer) -> list[str]:
    n, lines = w.n, []
    timed = not w.system.autonomous()
    # the first stage is the last of the step before; what moves with neither states nor time is computed here
    steady = [(f"s{k}", w.graph.nodes[index]) for k, index in enumerate(w.steady)]
    lines += w.stage(0, steady)
    for q in range(1, 7):
        lines += [f"z{q}_{i}=y{i}+hh*({_weighted([f'k{j}_{i}' for j in range(q)], tab.TSIT_A[q])})" for i in range(n)]
        lines += [f"t{q}=t+{tab.TSIT_TIME[q]!r}*hh"] if timed else []
        lines += w.stage(q, [(f"k{q}_{i}", w.system.rhs[i]) for i in range(n)])
    for i in range(n):
        stages = [f"k{j}_{i}" for j in range(7)]
        lines += [f"n{i}=z6_{i}", f"er{i}=hh*({_weighted(stages, tab.TSIT_ERROR)})"]
        lines += [f"c{r + 1}_{i}=hh*({_weighted(stages, [tab.TSIT_DENSE[j][r] for j in range(7)])})" for r in range(4)]
    return lines


def _control(w: _Writer, *, explicit: bool, portable: bool) -> list[str]:
    """Return the lines that accept or reject the step, choose the next size and store."""
    at, n = w.at, w.n
    flush = (lambda x: f"({x} if abs({x})>1e-150 else 0.0)") if portable else (lambda x: x)
    # exponents of the squared error: proportional control for Rodas5P, PI control for Tsit5
    low = _low(w)
    error, before = (-0.07, 0.04) if explicit else (-0.1, 0.0)
    lines = [
        "ok=e2<=1.0",
        "en=e2 if e2<1e30 else 1e10",
        "en=en if en>1e-12 else 1e-12",
        f"fac=0.9*bitpow(en,{error})" + (f"*bitpow(eo,{before})" if before else ""),
        "fac=max(0.15,min(6.0,fac))",
        "hn=hh*(fac if ok else min(fac,0.9))",
        "hn=max(hn,h) if ok&hit else hn",
        f"S[{at['to']}+l]=t",
        # the driver reads from the sign of a rejected step whether it was rejected for a state below zero
        f"S[{at['hu']}+l]=" + (f"-hh if {low} else hh" if low else "hh"),
        f"S[{at['t']}+l]=(stop if hit else t+hh) if ok else t",
        f"S[{at['h']}+l]=hn",
        f"S[{at['eo']}+l]=max(en,1e-4) if ok else eo",
    ]
    for i in range(n):
        lines.append(f"S[{at['y'] + i * WIDTH}+l]={flush(f'n{i}')} if ok else y{i}")
        if explicit:
            lines.append(f"S[{at['k'] + i * WIDTH}+l]=k6_{i} if ok else k0_{i}")
    return lines


def _error(w: _Writer) -> list[str]:
    """Return the lines of the squared error norm; a state below zero by more than ten tolerances rejects the step."""
    terms = "+".join(f"(er{i}/(at{i}+rtol*max(abs(y{i}),abs(n{i}))))**2" for i in range(w.n))
    moving = sum(1 for f in w.system.rhs if not (f.op == "const" and f.value == 0))
    low = _low(w)
    return [f"ea=({terms})*{1 / max(moving, 1)!r}", *([f"e2=1e10 if {low} else ea"] if low else ["e2=ea"])]


def _low(w: _Writer) -> str:
    """Return the condition that a state is below zero, and is no state that may be; empty where all may."""
    return "|".join(f"(n{i}<-10.0*at{i})" for i in range(w.n) if not w.system.signed[i])


def _step(w: _Writer, *, explicit: bool, group: bool, portable: bool) -> str:
    at, n = w.at, w.n
    clock = [f"t=S[{at['t']}+l]", f"h=S[{at['h']}+l]", f"eo=S[{at['eo']}+l]", f"stop=S[{at['stop']}+l]"]
    clock += ["hr=stop-t", "hit=h>=hr*0.9999", "hh=hr if hit else h"]
    base = [f"y{i}=S[{at['y'] + i * WIDTH}+l]" for i in range(n)]
    used = [*w.system.rhs, *(j for row in w.jacobian for j in row), *w.slope] if not explicit else w.system.rhs
    loads = w.loads(used, states=False) + ([f"k0_{i}=S[{at['k'] + i * WIDTH}+l]" for i in range(n)] if explicit else [])
    keep = [f"S[{at['yo'] + i * WIDTH}+l]=y{i}" for i in range(n)]
    keep += [f"S[{at['co'] + (r * n + i) * WIDTH}+l]=c{r + 1}_{i}" for i in range(n) for r in range(4)]
    limits = [f"rtol=S[{at['rtol']}]", *(f"at{i}=S[{at['atol'] + i}]" for i in range(n))]
    body = [*clock, *limits, *base, *loads, *(_tsit(w) if explicit else _rodas(w)), *_error(w)]
    control = _control(w, explicit=explicit, portable=portable)
    if not group:
        return _lanes("all_lanes", [*body, *keep, *control]) + _STEP + "    all_lanes(pointer)\n"
    keep += [f"S[{at['nn'] + i * WIDTH}+l]=n{i}" for i in range(n)] + [f"S[{at['e2']}+l]=e2"]
    keep += [f"S[{at['kn'] + i * WIDTH}+l]=k6_{i}" for i in range(n)] if explicit else []
    worst = f"    S=carray(pointer, ({w.at['end']},))\n    e2=0.0\n    for l in range({WIDTH}):\n"
    worst += f"        e2=e2 if e2>=S[{at['e2']}+l] else S[{at['e2']}+l]\n"
    worst += f"    for l in range({WIDTH}):\n        S[{at['e2']}+l]=e2\n"
    again = [*clock, *limits, f"e2=S[{at['e2']}+l]", *base, *(f"n{i}=S[{at['nn'] + i * WIDTH}+l]" for i in range(n))]
    if explicit:
        again += [f"k0_{i}=S[{at['k'] + i * WIDTH}+l]" for i in range(n)] + [f"k6_{i}=S[{at['kn'] + i * WIDTH}+l]" for i in range(n)]
    parts = _lanes("try_lanes", [*body, *keep]) + _lanes("end_lanes", [*again, *control])
    return parts + _STEP + "    try_lanes(pointer)\n" + worst + "    end_lanes(pointer)\n"


def _lanes(name: str, lines: Sequence[str]) -> str:
    return f"{name} = vectorised('''\n" + "".join(f"{line}\n" for line in lines) + "''')\n\n"


def _branch(code: int, lines: Sequence[str]) -> str:
    return f"    {'el' if code else ''}if code=={code}:\n" + "".join(f"        {line}\n" for line in lines or ["pass"])


def _query(w: _Writer, nodes: Sequence[Node]) -> list[str]:
    """Return the lines that evaluate nodes at the states and time in the buffer, behind them."""
    used = w.graph.variables(nodes)
    given = [f"{v}=B[{int(v[1:])}]" for v in sorted(used) if v[0] == "y"] + ([f"t=B[{w.n}]"] if "t" in used else [])
    return [*w.loads(nodes, states=False), *given, *w.lines([(f"B[{w.n + 1 + k}]", node) for k, node in enumerate(nodes)])]


def _nodes(w: _Writer) -> list[str]:
    """Return the lines that evaluate all outputs at five times, evenly over the last step, behind what an evaluation at one time leaves."""
    nodes, at, n = list(w.system.outputs.values()), w.at, w.n
    used = w.graph.variables(nodes)
    moving = [int(v[1:]) for v in sorted(used) if v[0] == "y"]
    lines = w.loads(nodes, states=False)
    lines += [f"{c}{i}=S[{at['co'] + (r * n + i) * WIDTH}+l]" for i in moving for r, c in enumerate(("c1_", "c2_", "c3_", "c4_"))]
    lines += [f"c0_{i}=S[{at['yo'] + i * WIDTH}+l]" for i in moving] + [f"to=S[{at['to']}+l]", f"hu=S[{at['hu']}+l]"]
    inner = ["x=0.25*q", *(f"y{i}=c0_{i}+x*(c1_{i}+x*(c2_{i}+x*(c3_{i}+x*c4_{i})))" for i in moving), "t=to+x*hu"]
    inner += w.lines([(f"B[{n + 1}+(1+q)*{len(nodes)}+{k}]", node) for k, node in enumerate(nodes)])
    return [*lines, "for q in range(5):", *(f"    {line}" for line in inner)]


def _setup(w: _Writer) -> list[str]:
    s, at = w.system, w.at
    values = [*w.hoisted, *s.initial]
    slots = [f"S[{at['d'] + k * WIDTH}+l]" for k in range(len(w.hoisted))] + [f"S[{at['y'] + i * WIDTH}+l]" for i in range(w.n)]
    more = [*s.phase_ends, *(g.after for g in s.guards), *(v for r in s.routes.values() for v in r[1:])]
    targets = [*zip(slots, values, strict=True), *((f"B[{k}]", node) for k, node in enumerate(more))]
    used = w.graph.variables([node for _, node in targets])
    loads = [f"{v}=S[{at[v[0]] + int(v[1:]) * WIDTH}+l]" for v in sorted(used) if v[0] in "pu" and v != "ph"]
    return loads + emit(w.graph, targets, {}, {})


def _resets(w: _Writer) -> list[str]:
    lines: list[str] = []
    for k, reset in enumerate(w.system.resets):
        if reset is not None:
            inner = [*w.loads(reset, states=True), f"t=S[{w.at['t']}+l]", *w.lines([(f"x{i}", node) for i, node in enumerate(reset)])]
            inner += [f"S[{w.at['y'] + i * WIDTH}+l]=x{i}" for i in range(w.n)]
            lines += [f"if S[{w.at['ph']}+l]=={float(k)!r}:", *(f"    {line}" for line in inner)]
    return lines


_HEAD = '''"""Kernel generated by autologue; do not edit."""
# model {name!r}
from math import inf as INF, nan as NAN
from numba import carray, cfunc, types
from autologue.engine.scalar import FASTMATH, vexp, vhill, vlog, vpow, vsqrt
from autologue.engine.vector import vectorised
F = types.CPointer(types.float64)

'''
_STEP = "@cfunc(types.void(F), {options})\ndef step(pointer):\n"
_OPTIONS = "nopython=True, cache={cache}, fastmath=FASTMATH, error_model='numpy'"


def generate(system: System, *, explicit: bool, group: bool, portable: bool, cache: bool = True) -> tuple[str, Layout]:
    """Return the source of the kernel module and its layout."""
    w = _Writer(system)
    end, n = w.at["end"], w.n
    options = _OPTIONS.format(cache=cache)
    source = _HEAD.format(name=system.model.name)
    source += _step(w, explicit=explicit, group=group, portable=portable).replace("{options}", options)
    guards = len(system.guards)
    size = n + 1 + max(6 * len(system.outputs), guards, 1) + len(system.phase_ends) + guards + 2 * len(system.routes)
    source += f"\n@cfunc(types.void(types.int64, F, types.int64, F), {options})\ndef aux(code, pointer, l, buffer):\n"
    source += f"    S=carray(pointer, ({end},))\n    B=carray(buffer, ({size},))\n"
    rhs = [*w.loads(system.rhs, states=True), f"t=S[{w.at['t']}+l]", *w.lines([(f"B[{i}]", f) for i, f in enumerate(system.rhs)])]
    source += _branch(SETUP, _setup(w)) + _branch(RHS, rhs)
    source += _branch(OUTPUTS, _query(w, list(system.outputs.values()))) + _branch(GUARDS, _query(w, [g.value for g in system.guards]))
    source += _branch(RESET, _resets(w)) + _branch(GUARD_SPEEDS, _query(w, w.speeds)) + _branch(NODES, _nodes(w))
    return source, w.layout


def step_cost(system: System, *, explicit: bool) -> float:
    """Return the rough cost of one step in multiply-adds, to compare the two methods."""
    w = _Writer(system)
    f, n = cost(system.graph, system.rhs), w.n
    if explicit:
        return 6 * f + 60 * n
    filled = sum(1 for row in _factorise(w)[1] for entry in row if entry)
    return 8 * f + cost(system.graph, [j for row in w.jacobian for j in row]) + filled * (n / 2 + 8) + 120 * n
