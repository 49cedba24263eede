"""A trial protocol: who is treated, with what, when they are seen, what counts and what was assumed, read from a TOML file.

Every number is an entry `{ value = ..., unit = "...", source = "..." }` and every statement `{ value = "...", source = "..." }`, so that
nothing stands in a protocol without the place where it was read, or the word assumption. The same values can be made in Python.
"""

from autologue.protocol.arms import Arm, Comparator, Crossover, Curve
from autologue.protocol.conduct import (
    Analysis,
    Bridging,
    Comedication,
    LogSpread,
    Lymphodepletion,
    Manufacturing,
    ResponsePlan,
    Screening,
    ToxicityPlan,
    Waiting,
)
from autologue.protocol.endpoints import Endpoint, NoResponse
from autologue.protocol.entries import Assumptions, Covariate, Criterion, DoseRange, DoseRule, Fact, Quantity, Visits
from autologue.protocol.plan import COURSES, Protocol
from autologue.protocol.read import read_protocol

__all__ = [
    "Analysis",
    "Arm",
    "Assumptions",
    "Bridging",
    "COURSES",
    "Comedication",
    "Comparator",
    "Covariate",
    "Criterion",
    "Crossover",
    "Curve",
    "DoseRange",
    "DoseRule",
    "Endpoint",
    "Fact",
    "LogSpread",
    "Lymphodepletion",
    "Manufacturing",
    "NoResponse",
    "Protocol",
    "Quantity",
    "ResponsePlan",
    "Screening",
    "ToxicityPlan",
    "Visits",
    "Waiting",
    "read_protocol",
]
