"""Scalar functions for generated code: inline polynomials that vectorise, where a call into libm would not.

`vexp` and `vlog` follow the classical rational approximations of Cephes and fdlibm (relative error below 3e-16 and
1e-15 over the normal range). `flush_denormals` sets the processor's flush-to-zero mode where it has one (x86); elsewhere,
and where the environment variable AUTOLOGUE_PORTABLE is set, kernels zero values below 1e-150 themselves.
"""

from __future__ import annotations

import math
import os
import platform
from typing import Any

from llvmlite import ir
from numba import extending, njit, types

from autologue.compiled import FASTMATH

__all__ = [
    "FASTMATH",
    "HAS_FLUSH",
    "X86",
    "bits_to_float",
    "call_aux",
    "call_step",
    "float_to_bits",
    "flush_denormals",
    "restore_mode",
    "vexp",
    "vhill",
    "vlog",
    "vpow",
    "vsqrt",
]

intrinsic: Any = extending.intrinsic
X86 = platform.machine().lower() in ("x86_64", "amd64")
HAS_FLUSH = X86 and not os.environ.get("AUTOLOGUE_PORTABLE")


@intrinsic
def float_to_bits(typingctx: Any, x: Any) -> Any:
    """Return the 64 bits of a float as an integer."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(types.int64))

    return types.int64(types.float64), codegen


@intrinsic
def bits_to_float(typingctx: Any, x: Any) -> Any:
    """Return the float with these 64 bits."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(types.float64))

    return types.float64(types.int64), codegen


def _mode(name: str) -> Any:
    @intrinsic
    def change(typingctx: Any, value: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            i32 = ir.IntType(32)
            if not X86:
                return i32(0)
            cell = builder.alloca(i32)
            pointer = builder.bitcast(cell, ir.IntType(8).as_pointer())
            kind = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer()])
            builder.call(builder.module.declare_intrinsic("llvm.x86.sse.stmxcsr", (), kind), [pointer])
            before = builder.load(cell)
            after = builder.or_(before, i32(0x8040)) if name == "flush" else args[0]
            builder.store(after, cell)
            builder.call(builder.module.declare_intrinsic("llvm.x86.sse.ldmxcsr", (), kind), [pointer])
            return before

        return types.int32(types.int32), codegen

    return change


flush_denormals = _mode("flush")
restore_mode = _mode("restore")


def _data(context: Any, builder: Any, kind: Any, array: Any) -> Any:
    """Return the pointer to an array's numbers."""
    return context.make_array(kind)(context, builder, array).data


@intrinsic
def call_step(typingctx: Any, step: Any, S: Any) -> Any:
    """Call the kernel's `step`, an address, with the array of all lanes."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = _data(context, builder, signature.args[1], args[1])
        kind = ir.FunctionType(ir.VoidType(), [pointer.type])
        builder.call(builder.inttoptr(args[0], kind.as_pointer()), [pointer])
        return context.get_dummy_value()

    return types.void(types.int64, S), codegen


@intrinsic
def call_aux(typingctx: Any, aux: Any, code: Any, S: Any, lane: Any, B: Any) -> Any:
    """Call the kernel's `aux`, an address: `code` says what it does for a lane, with the buffer B."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer, buffer = (_data(context, builder, signature.args[k], args[k]) for k in (2, 4))
        i64 = ir.IntType(64)
        kind = ir.FunctionType(ir.VoidType(), [i64, pointer.type, i64, buffer.type])
        builder.call(builder.inttoptr(args[0], kind.as_pointer()), [args[1], pointer, args[3], buffer])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, S, types.int64, B), codegen


# 1.5 * 2^52: adding it to an integer-valued float leaves the integer in the low bits. Conversions between int64 and float
# have no vector instruction below AVX-512, this has.
_MAGIC = 6755399441055744.0
_MAGIC_BITS = 0x4338000000000000
# reassociation would undo the two-part argument reduction of exp and the trick above
_EXACT = {"contract", "nsz"}


@njit(fastmath=_EXACT, error_model="numpy", cache=False)
def whole_to_float(k: int) -> float:
    """Return a small integer as a float."""
    return bits_to_float(k + _MAGIC_BITS) - _MAGIC


@njit(fastmath=_EXACT, error_model="numpy", cache=False)
def whole_bits(k: float) -> int:
    """Return bits whose low part is the small integer that k holds."""
    return float_to_bits(k + _MAGIC)


@njit(fastmath=_EXACT, error_model="numpy", cache=False)
def vlog(x: float) -> float:
    """Return the natural logarithm; -inf at 0, NaN below, inf at inf."""
    bits = float_to_bits(x)
    e = (bits - 0x3FE6A09E667F3BCD) >> 52
    m = bits_to_float(bits - (e << 52))
    f = m - 1.0
    s = f / (2.0 + f)
    z = s * s
    p = 2.222219843214978396e-01 + z * (1.818357216161805012e-01 + z * (1.531383769920937332e-01 + z * 1.479819860511658591e-01))
    p = 6.666666666666735130e-01 + z * (3.999999999940941908e-01 + z * (2.857142874366239149e-01 + z * p))
    r = s * (2.0 + z * p) + whole_to_float(e) * 0.693147180559945309417
    r = r if x > 0.0 else math.nan
    r = r if x != math.inf else x
    return r if x != 0.0 else -math.inf


@njit(fastmath=_EXACT, error_model="numpy", cache=False)
def vexp(x: float) -> float:
    """Return e to the power x; 0 below -708, inf above 709.

    After the reduction to |r| <= log(2) / 2 the polynomial of degree 11 that is nearest in relative error (3.6e-18, by Remez'
    exchange): a division would cost as much as all of it.
    """
    c = min(max(x, -708.0), 709.0)
    k = math.floor(c * 1.4426950408889634 + 0.5)
    r = c - k * 6.93145751953125e-1
    r = r - k * 1.42860682030941723212e-6
    z = r * r
    w = z * z
    q = (0.5000000000000011 + 0.16666666666666413 * r) + z * (0.04166666666653005 + 0.00833333333349459 * r)
    high = (0.0013888888943662573 + 0.00019841269506377647 * r) + z * (2.4801493061586292e-05 + 2.7557586481251375e-06 * r)
    q = q + w * (high + w * (2.763026285079372e-07 + 2.500005093427801e-08 * r))
    v = 1.0 + (r + z * q)
    v = bits_to_float(float_to_bits(v) + (whole_bits(k) << 52))
    v = v if x > -708.0 else 0.0
    v = v if x <= 709.0 else math.inf
    return v if x == x else x


@njit(fastmath=FASTMATH, error_model="numpy", cache=False)
def vpow(x: float, a: float) -> float:
    """Return x to the power a, zero for x <= 0 (as in a Hill function)."""
    return 0.0 if x <= 0.0 else vexp(a * vlog(x))


@njit(fastmath=FASTMATH, error_model="numpy", cache=False)
def vhill(x: float, half: float, power: float) -> float:
    """Return x^n / (K^n + x^n); zero for x <= 0, one for K <= 0 < x."""
    inside = x > 0.0 and half > 0.0
    value = 1.0 / (1.0 + vexp(power * (vlog(half if inside else 1.0) - vlog(x if inside else 1.0))))
    value = value if inside else (1.0 if x > 0.0 else 0.0)
    return value if x == x and half == half else math.nan


@njit(fastmath=FASTMATH, error_model="numpy", cache=False)
def vsqrt(x: float) -> float:
    """Return the square root, zero for x <= 0."""
    return math.sqrt(0.0 if x <= 0.0 else x)
