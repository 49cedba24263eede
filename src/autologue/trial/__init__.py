"""Virtual trials: a protocol is conducted many times, and every figure stands beside the published one with what that is worth.

>>> result = conduct("eliana", replicates=4, seed=1)
>>> line = next(line for line in result.lines if line.row.quantity == "Cmax, geometric mean")
>>> line.row.kind, line.verdict, line.population
('unverified', '', 'sd')
"""

from autologue.trial.compared import Compared
from autologue.trial.comparison import KINDS, PANELS, Row, read_rows
from autologue.trial.conduct import conduct, conduct_share, work
from autologue.trial.course_result import CourseResult
from autologue.trial.families import Family, Published, read_families, shipped_families
from autologue.trial.interval import Interval, predictive_interval
from autologue.trial.panel import Panel
from autologue.trial.patients import Patients, sample_patients
from autologue.trial.result import Curves, Line, TrialResult
from autologue.trial.share import Share
from autologue.trial.shelf import find_protocol, load_protocol, protocol_names
from autologue.trial.statistics import Replicates
from autologue.trial.table import Courses

__all__ = [
    "Compared",
    "CourseResult",
    "Courses",
    "Curves",
    "Family",
    "Interval",
    "KINDS",
    "Line",
    "PANELS",
    "Panel",
    "Patients",
    "Published",
    "Replicates",
    "Row",
    "Share",
    "TrialResult",
    "conduct",
    "conduct_share",
    "find_protocol",
    "load_protocol",
    "predictive_interval",
    "protocol_names",
    "read_families",
    "read_rows",
    "sample_patients",
    "shipped_families",
    "work",
]
