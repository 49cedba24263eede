"""FOCEI: first-order conditional estimation with interaction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue.fit.approximation import Approximation
from autologue.fit.conditional import Marginal, conditional_marginal
from autologue.fit.problem import Problem

__all__ = ["FOCEI"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class FOCEI(Approximation):
    """First-order conditional estimation with interaction.

    Lindstrom, Bates 1990, Biometrics 46:673-687, doi:10.2307/2532087; Wang 2007, J Pharmacokinet Pharmacodyn 34:575-593,
    doi:10.1007/s10928-007-9060-6. The curvature of a measured row is its expectation. A censored row, and the condition of M2 and M4, enter
    each patient's log-joint as the probability that they are, and the curvature by minus the second derivative by the prediction (so
    does Laplace, which adds the curvature of the predictions themselves; NONMEM asks for Laplace with M3). Times to event, counts and
    categories are refused: Laplace, quadrature and SAEM take them.
    """

    @property
    def label(self) -> str:
        return "FOCEI"

    def marginal(self, problem: Problem, vector: Floats, start: Floats, metric: Floats | None = None) -> Marginal:
        return conditional_marginal(problem, vector, start, metric)
