"""The same outcomes for many patients at once: arrays instead of records, equal to the per-patient definitions patient by patient."""

from autologue.outcomes.arrays.aplasia import aplasia_times
from autologue.outcomes.arrays.best import best_responses
from autologue.outcomes.arrays.grades import grade_states
from autologue.outcomes.arrays.labels import ALL_NCCN, IMWG, LUGANO_BURDEN, Labels
from autologue.outcomes.arrays.leukaemia import all_labels
from autologue.outcomes.arrays.lymphoma import lugano_burden_labels
from autologue.outcomes.arrays.myeloma import MyelomaArrays, imwg_labels
from autologue.outcomes.arrays.observe import Observed, first_responses, observe_records
from autologue.outcomes.arrays.records import Records

__all__ = [
    "ALL_NCCN",
    "IMWG",
    "LUGANO_BURDEN",
    "Labels",
    "MyelomaArrays",
    "Observed",
    "Records",
    "all_labels",
    "aplasia_times",
    "best_responses",
    "first_responses",
    "grade_states",
    "imwg_labels",
    "lugano_burden_labels",
    "observe_records",
]
