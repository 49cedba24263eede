"""Functions that only some models need, called through their address, so that they are compiled for those models alone.

numba compiles with a function everything that it names. What the drivers do for state triggers and summaries took half of
their compilation, so they name it by address: a driver is given the addresses of what a model needs (0 in place of the
rest, which it never calls), and calls them by numba's own convention. Both sides have the types of `_TYPES`, so that they
agree, and the machine code is kept on disk as that of any compiled function.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cached_property
from typing import Any, final

from numba import extending, types
from numba.core import cgutils, errors

from autologue.compiled import compiled_part

__all__ = ["Deferred", "deferred"]

_WHOLE, _FLOAT = types.int64, types.float64
_ROW, _TABLE, _WHOLES = types.Array(_FLOAT, 1, "C"), types.Array(_FLOAT, 2, "C"), types.Array(_WHOLE, 2, "C")
# a name stands for the same thing in every function: the lanes and what a kernel needs, triggers, summaries
_TYPES: dict[str, Any] = {
    **{"aux": _WHOLE, "S": _ROW, "L": types.Array(_WHOLE, 1, "C"), "lane": _WHOLE, "patient": _WHOLE, "phase": _FLOAT, "B": _ROW},
    **{"k": _WHOLE, "guards": _WHOLES, "after": _TABLE, "before": _TABLE, "tail": _ROW, "ends": _TABLE, "marks": _TABLE},
    **{"rules": _WHOLES, "delays": _TABLE, "waiting": _WHOLES, "pending": _TABLE, "used": _WHOLES},
    **{"kinds": _WHOLES, "limits": _TABLE, "sums": types.Array(_FLOAT, 3, "C")},
}


@final
class Deferred:
    """A function that is compiled when its address is first asked for; compiled code runs `call(address, arguments..)`."""

    def __init__(self, function: Callable[..., Any], returns: Any) -> None:
        self.function: Any = compiled_part(function)
        self.signature = returns(*(_TYPES[name] for name in inspect.signature(function).parameters))
        self.call = _caller(function, self.signature)

    @cached_property
    def address(self) -> int:
        """The address of the machine code, compiled now or read from disk."""
        found = self.function.get_compile_result(self.signature)
        return int(found.library.get_pointer_to_function(found.fndesc.llvm_func_name))


def deferred(returns: Any = types.void) -> Callable[[Callable[..., Any]], Deferred]:
    """Return the decorator that makes a `Deferred` of a function with this result."""
    return lambda function: Deferred(function, returns)


def _caller(function: Callable[..., Any], signature: Any) -> Any:
    """Return the intrinsic that calls what is at an address as `function` is called."""

    def call(typingctx: Any, address: Any, *arguments: Any) -> Any:
        for given, wanted in zip(arguments, signature.args, strict=True):
            if typingctx.can_convert(given, wanted) is None:
                raise errors.TypingError(f"{function.__name__} takes {wanted}, not {given}")

        def codegen(context: Any, builder: Any, _: Any, args: Any) -> Any:
            convention, returns = context.call_conv, signature.return_type
            kind = convention.get_function_type(returns, signature.args)
            target = builder.inttoptr(args[0], kind.as_pointer())
            status, result = convention.call_function(builder, target, returns, signature.args, args[1:])
            with cgutils.if_unlikely(builder, status.is_error):
                convention.return_status_propagate(builder, status)
            return result

        return signature.return_type(types.int64, *signature.args), codegen

    # numba reads from the signature how many arguments there are
    names = ("typingctx", "address", *inspect.signature(function).parameters)
    parameters = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in names]
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return extending.intrinsic(call)
