"""Outcomes: response criteria, estimands, toxicity grading and predictive scores, each from dated findings.

The names below are what other floors use; each published definition is one file in `response`, `estimands`, `toxicity` or `scores`.
The functions on tables need pandas and load when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from autologue.outcomes.estimands.b_cell_aplasia import b_cell_aplasia
from autologue.outcomes.estimands.estimand import Estimand, Observation
from autologue.outcomes.estimands.observe import observe, observe_all, time_and_status
from autologue.outcomes.estimands.published import ESTIMANDS, named_estimand
from autologue.outcomes.estimands.record import NewTherapy, PatientRecord
from autologue.outcomes.response.all_eliana import eliana_remission
from autologue.outcomes.response.all_nccn import LeukaemiaFindings, all_course, all_response
from autologue.outcomes.response.assessment import Assessment, Category, Response, Visit, at_visits, best_response, time_to_response
from autologue.outcomes.response.bridging import credited, reset_baseline
from autologue.outcomes.response.imwg_2016 import MyelomaFindings, imwg_course, imwg_response
from autologue.outcomes.response.lugano_2014_ct import CtFindings, Node, lugano_ct
from autologue.outcomes.response.lugano_2014_pet import PetFindings, Uptake, lugano_pet
from autologue.outcomes.response.lugano_burden import lugano_burden, lugano_burden_course
from autologue.outcomes.response.mrd import Mrd, mrd_negative
from autologue.outcomes.scores.car_hematotox import car_hematotox
from autologue.outcomes.scores.easix import easix, m_easix, s_easix
from autologue.outcomes.scores.laboratory import Lab
from autologue.outcomes.toxicity.episode import Episode, summarise_grades
from autologue.outcomes.toxicity.findings import DailyFindings
from autologue.outcomes.toxicity.grading import Grade, Scale, grade, grade_course
from autologue.outcomes.toxicity.regrade import regrade
from autologue.outcomes.toxicity.scales import SCALES, named_scales

if TYPE_CHECKING:
    from autologue.outcomes.toxicity.tables import findings_from_table, grade_table, read_findings, summarise_table

__all__ = [
    "Assessment",
    "Category",
    "CtFindings",
    "DailyFindings",
    "ESTIMANDS",
    "Episode",
    "Estimand",
    "Grade",
    "Lab",
    "LeukaemiaFindings",
    "Mrd",
    "MyelomaFindings",
    "NewTherapy",
    "Node",
    "Observation",
    "PatientRecord",
    "PetFindings",
    "Response",
    "SCALES",
    "Scale",
    "Uptake",
    "Visit",
    "all_course",
    "all_response",
    "at_visits",
    "b_cell_aplasia",
    "best_response",
    "car_hematotox",
    "credited",
    "easix",
    "eliana_remission",
    "findings_from_table",
    "grade",
    "grade_course",
    "grade_table",
    "imwg_course",
    "imwg_response",
    "lugano_burden",
    "lugano_burden_course",
    "lugano_ct",
    "lugano_pet",
    "m_easix",
    "mrd_negative",
    "named_estimand",
    "named_scales",
    "observe",
    "observe_all",
    "read_findings",
    "regrade",
    "reset_baseline",
    "s_easix",
    "summarise_grades",
    "summarise_table",
    "time_and_status",
    "time_to_response",
]

_TABLES = ("findings_from_table", "grade_table", "read_findings", "summarise_table")


def __getattr__(name: str) -> object:
    if name in _TABLES:
        return getattr(import_module("autologue.outcomes.toxicity.tables"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
