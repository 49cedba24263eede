"""The small languages of questions to a model: quantities, outcomes, ranges, conditions, targets, designs."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from autologue.cli.language import read_number, read_summaries
from autologue.errors import InputError, unknown

if TYPE_CHECKING:
    from autologue.analysis import Observed, Outcome, Quantity, Range
    from autologue.analysis.virtual import Condition, Target
    from autologue.model import Model
    from autologue.population import Population
    from autologue.variability import ResidualError

__all__ = ["read_conditions", "read_observed", "read_outcome", "read_quantities", "read_ranges", "read_targets"]

QUANTITIES = "at28, cmax, tmax, nadir, tnadir, auc0-28, tlast>50, first>50, first<50"
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_AT = re.compile(rf"(?:(?P<output>\w+):)?(?:at(?P<time>{_NUMBER})|(?P<when>tmax|tnadir))")
_ERROR = {"log-sd": "LogNormal", "sd": "Constant", "cv": "Proportional"}


def read_quantities(texts: Sequence[str], model: Model, option: str = "--quantity") -> list[Quantity]:
    """Return quantities written as 'car_t:cmax,tumour:at28'; without an output before it, each is asked of every output.

    >>> from autologue.library import load
    >>> read_quantities(["transgene:at28, tmax"], load("stein_2019"))
    [At(output='transgene', time=28.0), TimeOf(extreme=Maximum(output='transgene', start=-inf, stop=inf))]
    """
    from autologue.analysis import At, TimeOf
    from autologue.engine.summary import Maximum, Minimum

    outputs = [*model.outputs, *([f"{model.birth_death.state}_extinction_probability"] if model.birth_death else [])]
    found: list[Quantity] = []
    for text in (piece.strip() for whole in texts for piece in whole.split(",")):
        match = _AT.fullmatch(text)
        if match is None:
            try:
                found += [q for q in read_summaries([text], outputs) if q not in found]
            except InputError as problem:
                if "is unknown; expected some of" not in str(problem):
                    raise InputError(str(problem).replace("--summary", option)) from None
                known = f"expected some of {QUANTITIES}, or with an output before it: output:at28"
                raise InputError(f"{option} '{text}' is unknown; {known}") from None
            continue
        if match["output"] and match["output"] not in outputs:
            raise InputError(f"{option} '{text}': {unknown('output', match['output'], outputs)}")
        for output in [match["output"]] if match["output"] else outputs:
            extreme = Maximum(output) if match["when"] == "tmax" else Minimum(output)
            asked: Quantity = At(output, float(match["time"])) if match["time"] else TimeOf(extreme)
            found += [asked] if asked not in found else []
    if not found:
        raise InputError(f"{option}: nothing is asked; write some of {QUANTITIES}")
    return found


def _one(text: str, model: Model, option: str) -> Quantity:
    found = read_quantities([text], model, option)
    if len(found) > 1:
        raise InputError(f"{option} '{text}' names no output, and model {model.name} has several; write {next(iter(model.outputs))}:{text}")
    return found[0]


def read_outcome(text: str, model: Model) -> Outcome:
    """Return an outcome written as 'tumour_cells:at300 < 8e5' or with '>'.

    >>> from autologue.library import load
    >>> read_outcome("car_t:at28 > 1", load("kimmel_2021")).above
    True
    """
    from autologue.analysis import Outcome

    match = re.fullmatch(rf"(\S+)\s+([<>])=?\s*({_NUMBER})", text.strip())
    if match is None:
        example = "write a quantity, < or >, and a number with spaces between: 'tumour:at300 < 8e5'"
        raise InputError(f"--outcome '{text}' cannot be read; {example}")
    return Outcome(_one(match[1], model, "--outcome"), float(match[3]), above=match[2] == ">")


def read_ranges(texts: Sequence[str], around: float | None, names: str | None, population: Population) -> dict[str, Range] | None:
    """Return ranges written as 'kill=0.5..2' (add ' log' for the logarithm), and those around typical values; None for neither."""
    from autologue.analysis import Range
    from autologue.analysis import around as spread

    model = population.model
    listed = None if names is None else [n.strip() for n in names.split(",")]
    found: dict[str, Range] = {} if around is None else spread(population, around, names=listed)
    for text in texts:
        match = re.fullmatch(rf"(\w+)\s*=\s*({_NUMBER})\.\.({_NUMBER})(\s+log)?", text.strip())
        if match is None:
            raise InputError(f"--range '{text}' cannot be read; write it like kill=0.5..2, or 'kill=0.1..10 log'")
        if match[1] not in model.parameters:
            raise InputError(f"--range: model {model.name}: {unknown('parameter', match[1], model.parameters)}")
        found[match[1]] = Range(float(match[2]), float(match[3]), logarithmic=match[4] is not None)
    return found or None


def read_conditions(texts: Sequence[str], model: Model) -> list[Condition]:
    """Return conditions on quantities ('tumour:at28 < 1e8', 'tumour:first>1e10 in 100..207') or parameters ('phi < rho').

    >>> from autologue.library import load
    >>> read_conditions(["kill > 2 * r_tumour"], load("kimmel_2021"))[0].words
    'kill > 2 * r_tumour'
    """
    from autologue.analysis import Holds, Within

    found: list[Condition] = []
    for text in texts:
        spanned = re.fullmatch(rf"(\S+)\s+in\s+({_NUMBER})\.\.({_NUMBER})", text.strip())
        sided = re.fullmatch(rf"(\S+:\S+)\s+([<>])=?\s*({_NUMBER})", text.strip())
        if spanned is not None:
            found.append(Within(_one(spanned[1], model, "--require"), float(spanned[2]), float(spanned[3])))
        elif sided is not None:
            limit = {"upper": float(sided[3])} if sided[2] == "<" else {"lower": float(sided[3])}
            found.append(Within(_one(sided[1], model, "--require"), **limit))
        else:
            found.append(Holds(text.strip(), _compared(text.strip(), model)))
    return found


def _compared(text: str, model: Model) -> Callable[[Any], Any]:
    """Return a comparison of parameters as a function; only arithmetic, numbers and names of parameters are read."""
    example = "write it like 'phi < rho', 'tumour:at28 < 1e8' or 'tumour:first>1e10 in 100..207'"
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise InputError(f"--require '{text}' cannot be read; {example}") from None
    if not isinstance(tree, ast.Compare) or not all(type(op) in _COMPARE for op in tree.ops):
        raise InputError(f"--require '{text}' compares nothing; {example}")
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id not in model.parameters:
            raise InputError(f"--require '{text}': {unknown('parameter', node.id, model.parameters)}")
        number = isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool)
        known = (ast.Compare, ast.BinOp, ast.UnaryOp, ast.USub, ast.Name, ast.Load, *_ARITHMETIC, *_COMPARE)
        if not number and not isinstance(node, known):
            raise InputError(f"--require '{text}' may hold parameters, numbers, + - * / and comparisons only; {example}")
    return lambda p: _truth(tree, p)


_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip


def _truth(tree: ast.Compare, p: Any) -> Any:
    sides = [_value(each, p) for each in (tree.left, *tree.comparators)]
    held: Any = True
    for left, op, right in zip(sides[:-1], tree.ops, sides[1:], strict=True):
        held = held & _COMPARE[type(op)](left, right)
    return held


def _value(node: ast.expr, p: Any) -> Any:
    import numpy as np

    if isinstance(node, ast.Constant):
        return np.float64(node.value)  # type: ignore[arg-type]
    if isinstance(node, ast.Name):
        return getattr(p, node.id)
    if isinstance(node, ast.UnaryOp):
        return -_value(node.operand, p)
    if isinstance(node, ast.Compare):
        return _truth(node, p)
    assert isinstance(node, ast.BinOp)
    with np.errstate(all="ignore"):
        return _ARITHMETIC[type(node.op)](_value(node.left, p), _value(node.right, p))


def read_targets(texts: Sequence[str], model: Model) -> list[Target]:
    """Return targets written as 'mean tumour:first>1e10 = 137', 'median ... = 128' or 'quantile 0.9 ... = 180'."""
    from autologue.analysis import Mean, Quantile

    found: list[Target] = []
    for text in texts:
        match = re.fullmatch(rf"(mean|median|quantile\s+({_NUMBER}))\s+(\S+)\s*=\s*({_NUMBER})", text.strip())
        if match is None:
            raise InputError(f"--target '{text}' cannot be read; write 'mean QUANTITY = NUMBER', 'median ...' or 'quantile 0.9 ...'")
        quantity, value = _one(match[3], model, "--target"), float(match[4])
        if match[1] == "mean":
            found.append(Mean(quantity, value))
        else:
            found.append(Quantile(quantity, 0.5 if match[1] == "median" else float(match[2]), value))
    return found


def read_observed(texts: Sequence[str], model: Model) -> list[Observed]:
    """Return what a study measures, written as 'car_t at 7,14,28 log-sd 0.3' (or 'sd 2', 'cv 0.2', or nothing for the model's own).

    >>> from autologue.library import load
    >>> read_observed(["transgene at 7, 28"], load("stein_2019"))
    [Observed(output='transgene', times=(7.0, 28.0), error=None)]
    """
    from autologue.analysis import Observed

    found = []
    for text in texts:
        match = re.fullmatch(rf"(\w+)\s+at\s+((?:{_NUMBER}\s*,\s*)*{_NUMBER})(?:\s+(log-sd|sd|cv)\s+({_NUMBER}))?", text.strip())
        if match is None:
            raise InputError(f"--observe '{text}' cannot be read; write it like 'car_t at 7,14,28 log-sd 0.3'")
        if match[1] not in model.outputs:
            raise InputError(f"--observe '{text}': {unknown('output', match[1], model.outputs)}")
        times = tuple(read_number(piece, "--observe") for piece in match[2].split(","))
        found.append(Observed(match[1], times, _error(match[3], match[4])))
    return found


def _error(kind: str | None, size: str | None) -> ResidualError | None:
    from autologue import variability

    if kind is None or size is None:
        return None
    names: Mapping[str, str] = {"log-sd": "sd", "sd": "sd", "cv": "cv"}
    made: ResidualError = getattr(variability, _ERROR[kind])(**{names[kind]: float(size)})
    return made
