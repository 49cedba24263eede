"""Conducting a virtual trial: the patients of every replicate through three panels, then each figure beside the published one.

The panels are three papers. They share the age, weight and burden of a patient and nothing else: each samples its own random effects
under its own seed, so that no correlation between panels is implied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue import seeds, units
from autologue.engine.describe import fingerprint
from autologue.engine.solve import prepare
from autologue.errors import InputError, UnitError, unknown
from autologue.library import populations
from autologue.population import Individuals, Parametric, Population
from autologue.protocol import Protocol, read_protocol
from autologue.trial import inflammation, kinetics, leukaemia
from autologue.trial.comparison import PANELS, Row, read_rows
from autologue.trial.curves import kinetic_curves, leukaemic_curves
from autologue.trial.interval import predictive_interval
from autologue.trial.panel import Panel, statistic, statistic_unit
from autologue.trial.patients import Patients, sample_patients
from autologue.trial.result import Line, TrialResult
from autologue.trial.shelf import find_protocol, find_published

__all__ = ["conduct"]

Floats = NDArray[np.float64]
Progress = Callable[[float], None]
BLOCK = 50  # replicates that are sampled and solved at once
PATIENT_UNITS = {"age": "year", "weight": "kg", "burden": "1", "dose_per_kg": "cells/kg", "dose_total": "cells"}


def conduct(protocol: Protocol | str, *, replicates: int = 1000, seed: int = 0, progress: Progress | None = None) -> TrialResult:
    """Conduct a trial `replicates` times and return what it predicts beside what was published.

    `protocol`: a Protocol, the name of one that ships (`eliana`) or the path of a file. `progress` is called with the fraction done.
    The same protocol, published figures, replicates and seed give the same numbers for any number of threads; replicate k is the
    same trial for any number of replicates. Raises InputError for what cannot be used.
    """
    if isinstance(replicates, bool) or not isinstance(replicates, int) or replicates < 1:
        raise InputError(f"{replicates!r} replicates asked for; expected a whole number of at least 1")
    inputs = []
    if isinstance(protocol, str):
        inputs.append(find_protocol(protocol))
        protocol = read_protocol(inputs[0])
    published = find_published(protocol, beside=inputs[0] if inputs else None)
    rows = read_rows(published)
    studies = _studies(protocol, rows, seed)
    _check_variables(rows, studies, published.name)
    patients, found = _run(protocol, studies, replicates, seed, progress or (lambda done: None))
    panels = {name: tuple(p for p in found if p.name == name) for name in PANELS}
    first = patients.rows(np.arange(len(patients)) < protocol.infused)
    lines = tuple(line for row in rows for line in _lines(row, panels[row.panel], patients.burden.reshape(replicates, -1), protocol))
    models = {s.population.model.name: fingerprint(prepare(s.population.model).system) for s in studies if s.population}
    return TrialResult(
        protocol=protocol, replicates=replicates, seed=seed, lines=lines, panels=panels, patients=first,
        kinetics=kinetic_curves(protocol, seed=_seed(seed, "kinetics"), size=_size(protocol, rows)),
        leukaemia=leukaemic_curves(protocol, patients, seed=_seed(seed, "leukaemia")),
        models=models, inputs=(*inputs, published),
    )  # fmt: skip
