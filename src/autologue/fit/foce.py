"""FOCE: first-order conditional estimation without interaction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue.fit.approximation import Approximation
from autologue.fit.conditional import Marginal, conditional_marginal
from autologue.fit.problem import Problem

__all__ = ["FOCE"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class FOCE(Approximation):
    """FOCEI with the standard deviation of each row held at that of a patient with no random effects.

    Wang 2007, J Pharmacokinet Pharmacodyn 34:575-593, doi:10.1007/s10928-007-9060-6; METHOD=1 of NONMEM. For errors of constant
    deviation, and log-normal ones, it is FOCEI. Censored rows as in FOCEI, with that deviation.
    """

    @property
    def label(self) -> str:
        return "FOCE"

    def marginal(self, problem: Problem, vector: Floats, start: Floats, metric: Floats | None = None) -> Marginal:
        return conditional_marginal(problem, vector, start, metric, interaction=False)
