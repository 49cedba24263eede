"""What a study would measure: outputs at times, each with its residual error, in so many patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue.engine.probe import choose_solver
from autologue.engine.sensitivity import sensitivities
from autologue.engine.solve import REASONS, Solver
from autologue.errors import InputError, SolveError, unknown
from autologue.model import Model
from autologue.population import Individuals
from autologue.regimen import Regimen
from autologue.variability import Combined1, Combined2, Constant, LogNormal, Power, Proportional, ResidualError

__all__ = ["Design", "Measured", "Observed", "Whitened", "whiten"]

Floats = NDArray[np.float64]
NARROW = 1e-9


@dataclass(frozen=True, slots=True)
class Observed:
    """An output, the times at which it is measured (in the model's unit) and its residual error; None is the model's own."""

    output: str
    times: tuple[float, ...]
    error: ResidualError | None = None

    def __post_init__(self) -> None:
        """Sort the times and check them."""
        times = tuple(sorted({float(t) for t in self.times}))
        if not times or not np.isfinite(times).all():
            raise InputError(f"'{self.output}' is observed at {list(self.times)}; expected at least one finite time")
        object.__setattr__(self, "times", times)


@dataclass(frozen=True, slots=True)
class Design:
    """A study: what is observed, under which regimen (None: the model's own), in how many patients alike."""

    observed: tuple[Observed, ...]
    regimen: Regimen | None = None
    patients: int = 1

    def __post_init__(self) -> None:
        """Check that something is observed in somebody, and nothing twice."""
        object.__setattr__(self, "observed", tuple(self.observed))
        if not self.observed or self.patients < 1:
            raise InputError("a design observes nothing; give at least one Observed(output, times), in at least one patient")
        names = [each.output for each in self.observed]
        if len(set(names)) < len(names):
            raise InputError(f"'{max(names, key=names.count)}' is observed twice; give all its times at once")


@dataclass(frozen=True)
class Measured:
    """One measurement a row: output, time, prediction at the reference values, residual standard deviation, and on which scale."""

    outputs: tuple[str, ...]
    times: Floats
    values: Floats
    sd: Floats
    logarithmic: NDArray[np.bool_]


@dataclass(frozen=True)
class Whitened:
    """Predictions and their derivatives in residual standard deviations: values (rows,), gradient (rows, parameters)."""

    values: Floats
    gradient: Floats


class Predictor:
    """Predicts all measurements of a design, and their derivatives with respect to the logarithm of parameters."""

    def __init__(self, model: Model, design: Design, typical: Floats, *, solver: Solver | None = None) -> None:
        self.model, self.design = model, design
        for each in design.observed:
            if each.output not in model.outputs:
                raise InputError(f"model {model.name}: {unknown('output', each.output, model.outputs)}")
        self.times = np.array(sorted({t for each in design.observed for t in each.times}))
        self.outputs = [each.output for each in design.observed]
        self.regimens = (model.regimen if design.regimen is None else design.regimen,)
        places = {t: k for k, t in enumerate(self.times.tolist())}
        rows = [(places[t], k) for k, each in enumerate(design.observed) for t in each.times]
        self.row, self.column = np.array([r for r, _ in rows]), np.array([c for _, c in rows])
        person = Individuals(model, np.zeros(1, dtype=np.int64), typical[None])
        explicit = choose_solver(person, horizon=max(float(self.times[-1]), 1e-9), regimens=self.regimens)[0].explicit
        self.solver = solver or Solver(explicit=explicit, rtol=NARROW)
        self.reference = self._measured(typical)

    def predict(self, parameters: Floats, wrt: Sequence[str]) -> tuple[Floats, Floats]:
        """Return all measurements and their derivatives for one parameter set; raises SolveError where it cannot be solved."""
        found = sensitivities(
            self.model, parameters[None], wrt=wrt, times=self.times, regimens=self.regimens, outputs=self.outputs, solver=self.solver
        )
        if found.status[0]:
            raise SolveError(f"model {self.model.name}: the patient could not be solved: {REASONS[found.status[0]]}")
        return found.values[0][self.row, self.column], found.gradient[0][self.row, self.column]

    def whitened(self, parameters: Floats, wrt: Sequence[str]) -> Whitened:
        """Return predictions and derivatives in residual standard deviations."""
        values, gradient = self.predict(parameters, wrt)
        log, sd = self.reference.logarithmic, self.reference.sd
        with np.errstate(divide="ignore", invalid="ignore"):
            scaled = np.where(log[:, None], gradient / values[:, None], gradient)
            shown = np.where(log, np.log(values), values)
        return Whitened(shown / sd, scaled / sd[:, None])

    def _measured(self, typical: Floats) -> Measured:
        values, _ = self.predict(typical, [next(iter(self.model.parameters))])
        sd, logarithmic = np.empty(len(values)), np.zeros(len(values), dtype=bool)
        for k, each in enumerate(self.design.observed):
            own = self.column == k
            logarithmic[own], sd[own] = _scale(self.model, each, values[own])
        names = tuple(self.outputs[c] for c in self.column)
        return Measured(names, self.times[self.row], values, sd / np.sqrt(self.design.patients), logarithmic)


def whiten(model: Model, design: Design, parameters: Floats, wrt: Sequence[str]) -> tuple[Measured, Whitened]:
    """Return the measurements of a design at a parameter set, and predictions with derivatives in residual standard deviations."""
    predictor = Predictor(model, design, parameters)
    return predictor.reference, predictor.whitened(parameters, wrt)


def _scale(model: Model, observed: Observed, values: Floats) -> tuple[bool, Floats]:
    """Return whether the error is on the logarithm, and its standard deviation at each prediction."""
    error = observed.error or model.outputs[observed.output].error
    where = f"model {model.name}: output '{observed.output}'"
    if error is None:
        raise InputError(f"{where} states no residual error; give one, like Observed('{observed.output}', times, LogNormal(sd=0.3))")
    size = np.abs(values)
    if isinstance(error, LogNormal):
        if not (values > 0).all():
            raise InputError(f"{where} is zero at a time of the design, where a log-normal error has no meaning; leave that time out")
        sd = np.full(len(values), error.sd)
    elif isinstance(error, Constant):
        sd = np.full(len(values), error.sd)
    elif isinstance(error, Proportional):
        sd = error.cv * size
    elif isinstance(error, Combined1):
        sd = error.sd + error.cv * size
    elif isinstance(error, Combined2):
        sd = np.sqrt(error.sd**2 + (error.cv * size) ** 2)
    else:
        assert isinstance(error, Power)
        sd = error.cv * size**error.exponent
    if not (sd > 0).all():
        raise InputError(f"{where} has residual error zero at a time of the design; leave that time out, or give an error with a constant")
    return isinstance(error, LogNormal), sd
