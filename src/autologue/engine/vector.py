"""Vector code by construction: lines of a generated kernel become LLVM instructions on eight lanes at once.

numba compiles a loop over lanes well only where LLVM chooses to vectorise it, and then in pieces as wide as one register: with
256-bit registers four lanes, whose long chain of stages leaves the processor waiting. Eight lanes in every instruction give it
two chains at a time. The lines are the same plain Python that numba would compile; they are executed once, on `Lanes`
objects whose operators append instructions.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import extending, types
from numba.core import cgutils

from autologue.compiled import FASTMATH
from autologue.engine.codes import WIDTH

__all__ = ["vectorised", "vectorised_from"]

_FLOAT, _WHOLE, _HALF = (ir.VectorType(kind, WIDTH) for kind in (ir.DoubleType(), ir.IntType(64), ir.IntType(32)))
_LOOSE = tuple(sorted(FASTMATH))
_EXACT = ("contract", "nsz")  # for the argument reductions of exp and log, which reassociation would undo
_LN2, _MAGIC, _MAGIC_BITS = 0.693147180559945309417, 6755399441055744.0, 0x4338000000000000


class _Code:
    """Where instructions go, and with which freedom of floating-point arithmetic."""

    def __init__(self, builder: Any) -> None:
        self.builder, self.flags = builder, _LOOSE

    def lanes(self, value: Any) -> Lanes:
        if isinstance(value, Lanes):
            return value if value.value.type == _FLOAT else Lanes(self, self.builder.uitofp(value.value, _FLOAT))
        return Lanes(self, ir.Constant(_FLOAT, [float(value)] * WIDTH))

    def whole(self, value: int) -> Any:
        return ir.Constant(_WHOLE, [value] * WIDTH)


class Lanes:
    """Eight numbers, or eight truths."""

    __slots__ = ("code", "value")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, code: _Code, value: Any) -> None:
        self.code, self.value = code, value

    def _two(self, name: str, a: Any, b: Any) -> Lanes:
        make = getattr(self.code.builder, name)
        return Lanes(self.code, make(self.code.lanes(a).value, self.code.lanes(b).value, flags=self.code.flags))

    def __add__(self, other: Any) -> Lanes:
        return self._two("fadd", self, other)

    def __radd__(self, other: Any) -> Lanes:
        return self._two("fadd", other, self)

    def __sub__(self, other: Any) -> Lanes:
        return self._two("fsub", self, other)

    def __rsub__(self, other: Any) -> Lanes:
        return self._two("fsub", other, self)

    def __mul__(self, other: Any) -> Lanes:
        return self._two("fmul", self, other)

    def __rmul__(self, other: Any) -> Lanes:
        return self._two("fmul", other, self)

    def __truediv__(self, other: Any) -> Lanes:
        return self._two("fdiv", self, other)

    def __rtruediv__(self, other: Any) -> Lanes:
        return self._two("fdiv", other, self)

    def __pow__(self, power: int) -> Lanes:
        assert power == 2, "powers in generated lines are squares"
        return self * self

    def __neg__(self) -> Lanes:
        return Lanes(self.code, self.code.builder.fneg(self.value, flags=self.code.flags))

    def __abs__(self) -> Lanes:
        return _intrinsic(self.code, "llvm.fabs", self)

    def _compare(self, sign: str, other: Any) -> Lanes:
        a, b = self.code.lanes(self).value, self.code.lanes(other).value
        make = self.code.builder.fcmp_unordered if sign == "!=" else self.code.builder.fcmp_ordered
        return Lanes(self.code, make(sign, a, b))

    def __lt__(self, other: Any) -> Lanes:
        return self._compare("<", other)

    def __le__(self, other: Any) -> Lanes:
        return self._compare("<=", other)

    def __gt__(self, other: Any) -> Lanes:
        return self._compare(">", other)

    def __ge__(self, other: Any) -> Lanes:
        return self._compare(">=", other)

    def __eq__(self, other: object) -> Lanes:  # type: ignore[override]
        return self._compare("==", other)

    def __ne__(self, other: object) -> Lanes:  # type: ignore[override]
        return self._compare("!=", other)

    def __and__(self, other: Lanes) -> Lanes:
        return Lanes(self.code, self.code.builder.and_(self.value, other.value))

    def __or__(self, other: Lanes | bool) -> Lanes:
        if isinstance(other, bool):  # a constant compared with itself
            return self.code.lanes(0.0) == 0.0 if other else self
        return Lanes(self.code, self.code.builder.or_(self.value, other.value))


def _intrinsic(code: _Code, name: str, *arguments: Lanes) -> Lanes:
    kind = ir.FunctionType(_FLOAT, [_FLOAT] * len(arguments))
    function = cgutils.get_or_insert_function(code.builder.module, kind, f"{name}.v{WIDTH}f64")
    return Lanes(code, code.builder.call(function, [a.value for a in arguments]))


def _select(condition: Lanes, a: Any, b: Any) -> Lanes:
    code = condition.code
    if condition.value.type == _FLOAT:
        condition = condition != 0.0
    if all(isinstance(v, Lanes) and v.value.type != _FLOAT for v in (a, b)):
        return Lanes(code, code.builder.select(condition.value, a.value, b.value))
    return Lanes(code, code.builder.select(condition.value, code.lanes(a).value, code.lanes(b).value))


def _exact(function: Callable[..., Lanes]) -> Callable[..., Lanes]:
    """Let the instructions of a function stay in their order."""

    def wrapped(x: Lanes, *more: Any) -> Lanes:
        before, x.code.flags = x.code.flags, _EXACT
        found = function(x, *more)
        x.code.flags = before
        return found

    return wrapped


def _bits(x: Lanes) -> Any:
    return x.code.builder.bitcast(x.value, _WHOLE)


def _from_bits(code: _Code, bits: Any) -> Lanes:
    return Lanes(code, code.builder.bitcast(bits, _FLOAT))


@_exact
def _log(x: Lanes) -> Lanes:
    """The natural logarithm, as `scalar.vlog`."""
    code, b = x.code, x.code.builder
    bits = _bits(x)
    e = b.ashr(b.sub(bits, code.whole(0x3FE6A09E667F3BCD)), code.whole(52))
    f = _from_bits(code, b.sub(bits, b.shl(e, code.whole(52)))) - 1.0
    s = f / (2.0 + f)
    z = s * s
    p = 2.222219843214978396e-01 + z * (1.818357216161805012e-01 + z * (1.531383769920937332e-01 + z * 1.479819860511658591e-01))
    p = 6.666666666666735130e-01 + z * (3.999999999940941908e-01 + z * (2.857142874366239149e-01 + z * p))
    whole = _from_bits(code, b.add(e, code.whole(_MAGIC_BITS))) - _MAGIC
    r = s * (2.0 + z * p) + whole * _LN2
    r = _select(x > 0.0, r, math.nan)
    r = _select(x != math.inf, r, x)
    return _select(x != 0.0, r, -math.inf)


@_exact
def _exp(x: Lanes) -> Lanes:
    """The exponential function, as `scalar.vexp`."""
    code, b = x.code, x.code.builder
    c = _select(x > -708.0, x, -708.0)
    c = _select(c < 709.0, c, 709.0)
    rounded = c * 1.4426950408889634 + _MAGIC  # the nearest whole number is in its low bits
    k = rounded - _MAGIC
    r = c - k * 6.93145751953125e-1
    r = r - k * 1.42860682030941723212e-6
    z = r * r
    w = z * z
    q = (0.5000000000000011 + 0.16666666666666413 * r) + z * (0.04166666666653005 + 0.00833333333349459 * r)
    high = (0.0013888888943662573 + 0.00019841269506377647 * r) + z * (2.4801493061586292e-05 + 2.7557586481251375e-06 * r)
    q = q + w * (high + w * (2.763026285079372e-07 + 2.500005093427801e-08 * r))
    v = 1.0 + (r + z * q)
    v = _from_bits(code, b.add(_bits(v), b.shl(_bits(rounded), code.whole(52))))
    v = _select(x > -708.0, v, 0.0)
    v = _select(x <= 709.0, v, math.inf)
    return _select(x == x, v, x)


def _power(x: Any, a: Any) -> Lanes:
    x = x if isinstance(x, Lanes) else a.code.lanes(x)
    return _select(x <= 0.0, 0.0, _exp(a * _log(x)))


def _hill(x: Any, half: Any, power: Any) -> Lanes:
    code = next(v.code for v in (x, half, power) if isinstance(v, Lanes))
    x, half, power = code.lanes(x), code.lanes(half), code.lanes(power)
    inside = (x > 0.0) & (half > 0.0)
    value = 1.0 / (1.0 + _exp(power * (_log(_select(inside, half, 1.0)) - _log(_select(inside, x, 1.0)))))
    value = _select(inside, value, _select(x > 0.0, 1.0, 0.0))
    return _select((x == x) & (half == half), value, math.nan)


def _root(x: Lanes) -> Lanes:
    return _intrinsic(x.code, "llvm.sqrt", _select(x <= 0.0, 0.0, x))


def _rough_power(x: Lanes, a: float) -> Lanes:
    """A power of x within a few per cent, linear in the upper bits, for step-size control."""
    code, b = x.code, x.code.builder
    upper = b.trunc(b.lshr(_bits(x), code.whole(32)), _HALF)
    moved = 1072693248.0 + a * (Lanes(code, b.sitofp(upper, _FLOAT)) - 1072693248.0)
    return _from_bits(code, b.shl(b.zext(b.fptosi(moved.value, _HALF), _WHOLE), code.whole(32)))


class _Memory:
    """The array that the lines read and write: S[offset + l] is a slot of eight lanes, S[offset] one number for all."""

    def __init__(self, code: _Code, pointer: Any) -> None:
        self.code, self.pointer = code, pointer

    def _slot(self, offset: int) -> Any:
        b = self.code.builder
        place = b.gep(self.pointer, [ir.Constant(ir.IntType(64), offset)])
        return b.bitcast(place, _FLOAT.as_pointer())

    def __getitem__(self, place: int | tuple[int, int]) -> Lanes:
        if isinstance(place, tuple):
            return Lanes(self.code, self.code.builder.load(self._slot(place[0]), align=8))
        b = self.code.builder
        one = b.load(b.gep(self.pointer, [ir.Constant(ir.IntType(64), place)]))
        empty = ir.Constant(_FLOAT, ir.Undefined)
        first = b.insert_element(empty, one, ir.Constant(ir.IntType(32), 0))
        return Lanes(self.code, b.shuffle_vector(first, empty, ir.Constant(_HALF, [0] * WIDTH)))

    def __setitem__(self, place: tuple[int, int], value: Any) -> None:
        self.code.builder.store(self.code.lanes(value).value, self._slot(place[0]), align=8)


class _Rewrite(ast.NodeTransformer):
    """`a if c else b` has no operator to overload, and S[offset + l] must show that it is a slot."""

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        return ast.Call(ast.Name("select", ast.Load()), [node.test, node.body, node.orelse], [])

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        if isinstance(node.slice, ast.BinOp):
            node.slice = ast.Tuple([node.slice.left, ast.Constant(0)], ast.Load())
        return node


_FUNCTIONS: dict[str, Any] = {
    "select": _select, "vlog": _log, "vexp": _exp, "vpow": _power, "vhill": _hill, "vsqrt": _root, "bitpow": _rough_power,
    "INF": math.inf, "NAN": math.nan, "abs": abs,
    "max": lambda a, b: _select((a if isinstance(a, Lanes) else b.code.lanes(a)) > b, a, b),
    "min": lambda a, b: _select((a if isinstance(a, Lanes) else b.code.lanes(a)) < b, a, b),
}  # fmt: skip


def vectorised(lines: str) -> Any:
    """Return a function for compiled code that runs the lines on all lanes of the array S at a pointer or address."""
    program = _program(lines)

    def body(typingctx: Any, pointer: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            _run(program, builder, S=arguments[0])
            return context.get_dummy_value()

        return types.void(pointer), codegen

    return extending.intrinsic(body)


def vectorised_from(lines: str) -> Any:
    """Return a function for compiled code as `vectorised` does, which reads a second array T as well, wherever it lies."""
    program = _program(lines)

    def body(typingctx: Any, pointer: Any, read: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            _run(program, builder, S=arguments[0], T=arguments[1])
            return context.get_dummy_value()

        return types.void(pointer, read), codegen

    return extending.intrinsic(body)


def _program(lines: str) -> Any:
    return compile(ast.fix_missing_locations(_Rewrite().visit(ast.parse(lines))), "<kernel>", "exec")


def _run(program: Any, builder: Any, **places: Any) -> None:
    """Append the instructions of a program whose arrays lie at these pointers or addresses."""
    code = _Code(builder)
    kind = ir.DoubleType().as_pointer()
    arrays = {name: builder.inttoptr(place, kind) if isinstance(place.type, ir.IntType) else place for name, place in places.items()}
    exec(program, {**_FUNCTIONS, **{name: _Memory(code, place) for name, place in arrays.items()}})
