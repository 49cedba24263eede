"""Virtual trials: a protocol is conducted many times, and every figure stands beside the published one with what that is worth.

>>> result = conduct("eliana", replicates=4, seed=1)
>>> line = next(line for line in result.lines if line.row.quantity == "Cmax, geometric mean")
>>> line.row.kind, line.verdict, line.population
('unverified', '', 'sd')
"""

from autologue.trial.comparison import KINDS, PANELS, Row, read_rows
from autologue.trial.conduct import conduct
from autologue.trial.families import Family, Published, read_families, shipped_families
from autologue.trial.interval import Interval, predictive_interval
from autologue.trial.panel import Panel
from autologue.trial.patients import Patients, sample_patients
from autologue.trial.result import Curves, Line, TrialResult
from autologue.trial.shelf import find_protocol, load_protocol, protocol_names

__all__ = [
    "Curves",
    "Family",
    "Interval",
    "KINDS",
    "Line",
    "PANELS",
    "Panel",
    "Patients",
    "Published",
    "Row",
    "TrialResult",
    "conduct",
    "find_protocol",
    "load_protocol",
    "predictive_interval",
    "protocol_names",
    "read_families",
    "read_rows",
    "sample_patients",
    "shipped_families",
]
