"""The likelihood of a cohort under a model: continuous outputs with every residual error and censoring, on the engine of the project."""

from autologue.likelihood.likelihood import REASONS, Evaluation, Gradient, Lanes, Likelihood, RowDensity
from autologue.likelihood.residual import error_from, error_numbers, observe_above
from autologue.likelihood.rows import Rows, read_rows

__all__ = [
    "Evaluation",
    "Gradient",
    "Lanes",
    "Likelihood",
    "REASONS",
    "RowDensity",
    "Rows",
    "error_from",
    "error_numbers",
    "observe_above",
    "read_rows",
]
