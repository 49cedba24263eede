"""Estimates as the initial values of another program: $THETA, $OMEGA and $SIGMA, Monolix's <PARAMETER>, or nlmixr2's ini({})."""

from __future__ import annotations

import math
from collections.abc import Iterator

from autologue.data.conventions import NONMEM, Convention, Monolix, Nlmixr2
from autologue.errors import InputError
from autologue.fit.fitted import Fit
from autologue.population import Parametric, Scale
from autologue.population.covariates import coefficient, label
from autologue.population.estimates import blocks_of, occasion_blocks_of, scale_of
from autologue.variability import LogNormal, Power, ResidualError

__all__ = ["export_initials"]

Bounds = dict[str, tuple[float, float]]


def export_initials(fit: Fit, convention: Convention) -> str:
    """Return the estimates of a fit as text for NONMEM(), Monolix() or Nlmixr2(); what was not estimated is fixed there.

    Every parameter of the model is named; structure and error model are still to be written in that program, with the scales that the
    comments say (an omega is a variance in NONMEM and nlmixr2, a standard deviation in Monolix). Raises InputError for another dialect.
    """
    writers = {NONMEM: _nonmem, Monolix: _monolix, Nlmixr2: _nlmixr2}
    if type(convention) not in writers:
        raise InputError(f"initial values for {convention.name!r}: expected NONMEM(), Monolix() or Nlmixr2(); Fit.save keeps a fit itself")
    bounds = {
        e.name: (float(e.scale.back(low)), float(e.scale.back(high)))
        for e, (low, high) in zip(fit.structure.estimates, fit.structure.bounds, strict=True)
    }
    lines = writers[type(convention)](fit.population, bounds, 1 + max(len(patient.occasions) for patient in fit.cohort))
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    return f"{value:.6g}"


def _typical(population: Parametric) -> dict[str, float]:
    return dict(zip(population.model.parameters, map(float, population.typical_values()), strict=True))


def _blocks(population: Parametric, *, occasions: bool = False) -> Iterator[tuple[list[str], list[list[float]]]]:
    """Yield each block of random effects, of patients or of `occasions`, with the rows of the lower triangle of its covariance."""
    names = list(population.changing if occasions else population.varying)
    covariance = population.occasion_covariance() if occasions else population.covariance()
    for block in occasion_blocks_of(population) if occasions else blocks_of(population):
        places = [names.index(name) for name in block]
        yield block, [[float(covariance[i, j]) for j in places[: row + 1]] for row, i in enumerate(places)]


def _errors(population: Parametric, outputs: list[str]) -> Iterator[tuple[str, str, float, ResidualError]]:
    for output in outputs:
        error = population.error(output)
        for field in ("sd", "cv", "exponent"):
            if error is not None and hasattr(error, field):
                yield output, field, float(getattr(error, field)), error


def _outputs(population: Parametric) -> list[str]:
    return [output for output in population.model.outputs if population.error(output) is not None]


def _nonmem(population: Parametric, bounds: Bounds, count: int) -> Iterator[str]:
    def theta(name: str, value: float, said: str) -> str:
        if name not in bounds:
            return f"$THETA {_number(value)} FIX ; {name}{said}"
        low, high = bounds[name]
        ends = ["-INF" if math.isinf(low) else _number(low), _number(value), *([] if math.isinf(high) else [_number(high)])]
        inside = ends[1] if len(ends) == 2 and math.isinf(low) else f"({', '.join(ends)})"
        return f"$THETA {inside} ; {name}{said}"

    for name, value in _typical(population).items():
        unit = population.model.parameters[name].unit
        yield theta(name, value, f" ({unit})" if unit not in ("", "1") else "")
    for effect in population.effects:
        yield theta(label(effect), coefficient(effect), "")
    for output, field, value, error in _errors(population, _outputs(population)):
        if isinstance(error, Power) and field == "exponent":
            yield theta(f"exponent_{output}", value, " of the prediction in the residual error")
    for block, rows in _blocks(population):
        fixed = "" if all(f"omega_{name}" in bounds for name in block) else " FIX"
        if len(block) == 1:
            yield f"$OMEGA {_number(rows[0][0])}{fixed} ; omega^2 of {block[0]}, {_scale(population, block[0])}"
        else:
            yield f"$OMEGA BLOCK({len(block)}){fixed}"
            for name, row in zip(block, rows, strict=True):
                yield f"  {' '.join(map(_number, row))} ; omega^2 of {name}, {_scale(population, name)}"
    for block, rows in _blocks(population, occasions=True):
        fixed = "" if all(f"gamma_{name}" in bounds for name in block) else " FIX"
        yield f"$OMEGA BLOCK({len(block)}){fixed} ; an ETA for each of {count} occasions, chosen by OCC"
        for name, row in zip(block, rows, strict=True):
            yield f"  {' '.join(map(_number, row))} ; gamma^2 of {name} between occasions, {_scale(population, name)}"
        yield from [f"$OMEGA BLOCK({len(block)}) SAME"] * (count - 1)
    for output, field, value, error in _errors(population, _outputs(population)):
        if field != "exponent":
            what = "log-normal" if isinstance(error, LogNormal) else type(error).__name__.lower()
            fixed = "" if f"{field}_{output}" in bounds else " FIX"
            yield f"$SIGMA {_number(value**2)}{fixed} ; {field}_{output}^2, {what} error"


def _scale(population: Parametric, name: str) -> str:
    how = {Scale.LOG: "THETA * EXP(ETA)", Scale.LOGIT: "logit scale", Scale.VALUE: "THETA + ETA"}
    return how[scale_of(population, name)]


def _monolix(population: Parametric, bounds: Bounds, count: int) -> Iterator[str]:
    def line(name: str, value: float, own: str) -> str:
        return f"{name} = {{value={_number(value)}, method={'MLE' if own in bounds else 'FIXED'}}}"

    yield "; omega is the standard deviation of the random effect on the scale of its distribution"
    yield "<PARAMETER>"
    for name, value in _typical(population).items():
        yield line(f"{name}_pop", value, name)
    for effect in population.effects:
        yield line(label(effect), coefficient(effect), label(effect))
    for block, rows in _blocks(population):
        for k, name in enumerate(block):
            yield line(f"omega_{name}", math.sqrt(rows[k][k]), f"omega_{name}")
        for j, second in enumerate(block):
            for i, first in enumerate(block[:j]):
                value = rows[j][i] / math.sqrt(rows[i][i] * rows[j][j])
                yield line(f"corr_{first}_{second}", value, f"corr_{first}_{second}")
    for block, rows in _blocks(population, occasions=True):
        for k, name in enumerate(block):
            yield line(f"gamma_{name}", math.sqrt(rows[k][k]), f"gamma_{name}")
            for i, first in enumerate(block[:k]):
                value = rows[k][i] / math.sqrt(rows[i][i] * rows[k][k])
                yield f"; correlation of {first} and {name} between occasions: {_number(value)}"
    outputs = _outputs(population)
    for output, field, value, _ in _errors(population, outputs):
        letter = {"sd": "a", "cv": "b", "exponent": "c"}[field]
        number = str(outputs.index(output) + 1) if len(outputs) > 1 else ""
        yield line(f"{letter}{number}", value, f"{field}_{output}")


def _nlmixr2(population: Parametric, bounds: Bounds, count: int) -> Iterator[str]:
    def entry(name: str, own: str, value: float, scale: Scale, said: str) -> str:
        inner = float(scale.to(value))
        low, high = (float(scale.to(end)) for end in bounds.get(own, (math.nan, math.nan)))
        low = -math.inf if low == 0.0 and own in positive else low
        text = _number(inner)
        if own not in bounds:
            text = f"fix({text})"
        elif math.isfinite(low) or math.isfinite(high):
            ends = [_number(end) if math.isfinite(end) else ("-Inf" if side < 0 else "Inf") for end, side in ((low, -1), (high, 1))]
            text = f"c({ends[0]}, {text}, {ends[1]})"
        return f"  {name} <- {text}  # {said}"

    outputs = _outputs(population)
    positive = {f"{field}_{output}" for output, field, *_ in _errors(population, outputs)}
    yield "ini({"
    for name, value in _typical(population).items():
        scale = scale_of(population, name)
        said = {Scale.LOG: f"log of {_number(value)}", Scale.LOGIT: f"logit of {_number(value)}"}.get(scale, "the value")
        yield entry(f"t{name}", name, value, scale, f"{said}, {population.model.parameters[name].unit}")
    for effect in population.effects:
        yield entry(label(effect), label(effect), coefficient(effect), Scale.VALUE, "effect of a covariate")
    for block, rows in _blocks(population):
        numbers = ", ".join(_number(value) for row in rows for value in row)
        numbers = numbers if len(block) == 1 else f"c({numbers})"
        fixed = all(f"omega_{name}" in bounds for name in block)
        yield f"  {' + '.join(f'eta.{name}' for name in block)} ~ {numbers if fixed else f'fix({numbers})'}"
    for block, rows in _blocks(population, occasions=True):
        numbers = ", ".join(_number(value) for row in rows for value in row)
        numbers = numbers if len(block) == 1 else f"c({numbers})"
        fixed = all(f"gamma_{name}" in bounds for name in block)
        yield f"  {' + '.join(f'iov.{name}' for name in block)} ~ {numbers if fixed else f'fix({numbers})'} | occ"
    for output, field, value, error in _errors(population, outputs):
        kinds = {"sd": "lnorm.sd" if isinstance(error, LogNormal) else "add.sd", "cv": "prop.sd", "exponent": "pow.exponent"}
        kind = "pow.sd" if isinstance(error, Power) and field == "cv" else kinds[field]
        name = f"{kind}.{output}" if len(outputs) > 1 else kind
        yield entry(name, f"{field}_{output}", value, Scale.VALUE, f"{field} of {output}")
    yield "})"
