"""From burden to response: what is measured at the visits, and the label of each by the criteria of the protocol."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autologue.outcomes.arrays.best import best_responses
from autologue.outcomes.arrays.labels import ALL_NCCN, COMPLETE, IMWG, LUGANO_BURDEN, PARTIAL, PROGRESSION, Labels
from autologue.outcomes.arrays.leukaemia import all_labels
from autologue.outcomes.arrays.lymphoma import lugano_burden_labels
from autologue.outcomes.arrays.myeloma import MyelomaArrays, imwg_labels
from autologue.outcomes.response.imwg_2016 import MEASURABLE
from autologue.protocol import ResponsePlan
from autologue.trial.courses import Burdens
from autologue.trial.flow import Flow
from autologue.trial.streams import Stream, normals, uniforms
from autologue.trial.values import Values

__all__ = ["Assessed", "assess", "labels_of_burden"]

Floats = NDArray[np.float64]
Codes = NDArray[np.int8]
LOW, HIGH = 0.5, 2.0  # 1e9/L of neutrophils before and after recovery
FEW, MANY = 50.0, 200.0  # 1e9/L of platelets before and after recovery
MRD = 1e-4  # fraction of marrow cells, by flow cytometry
MRD_MYELOMA = 1e-5
ERRORS = {"all_nccn": "blasts_error", "lugano_burden": "imaging_error", "imwg_2016": "m_protein_error"}


@dataclass(frozen=True, eq=False)
class Assessed:
    """Assessments of patients (n, visits + 1): days since enrolment, baseline at infusion first, and labels of `kinds` (0: none).

    `negative` says of each visit (n, visits) whether the disease seen is mostly without antigen, `residual` (n, visits) whether
    residual disease is below its limit.
    """

    day: Floats
    label: Codes
    kinds: Labels
    negative: NDArray[np.bool_]
    residual_negative: NDArray[np.bool_]
    burden: Floats

    @property
    def category(self) -> Codes:
        """Category codes of the labels."""
        return self.kinds.category(self.label)

    def first(self, category: int, *, at_least: bool = False) -> Floats:
        """Return the day of the first assessment after infusion in a category, or at least as good (n,); NaN where there is none."""
        found = self.category[:, 1:]
        hit = found >= category if at_least else found == category
        place = np.argmax(hit, axis=1) + 1
        return np.where(hit.any(axis=1), self.day[np.arange(len(place)), place], np.nan)

    def progression(self) -> Floats:
        """Return the day of the first progression or relapse (n,)."""
        return self.first(PROGRESSION)

    def response(self) -> Floats:
        """Return the day of the first complete or partial response (n,)."""
        return self.first(PARTIAL, at_least=True)

    def remission(self) -> Floats:
        """Return the day of the first complete response (n,)."""
        return self.first(COMPLETE)

    def without(self, late: NDArray[np.bool_]) -> Assessed:
        """Return the same without the assessments in `late` (n, visits + 1)."""
        return replace(self, label=np.where(late, 0, self.label).astype(np.int8))

    def held_complete(self, since: Floats) -> Assessed:
        """Return the same with complete responses at every visit from the days `since` (n,) on; NaN: unchanged."""
        best = self.kinds.number("CR")
        with np.errstate(invalid="ignore"):
            kept = (self.day >= since[:, None]) & (self.label > 0)
        return replace(self, label=np.where(kept, best, self.label).astype(np.int8))

    def best(self, plan: ResponsePlan, infusion: Floats, until: Floats) -> tuple[Floats, Codes]:
        """Return day and label of the best response that the cells can claim, by the rules of the plan (n,)."""
        by = np.inf if plan.by is None else infusion + plan.by.value
        confirm = None if plan.confirm is None else plan.confirm.value
        day, label = best_responses(self.day[:, 1:], self.label[:, 1:], self.kinds, confirm_days=confirm, by=by, until=until)
        gone = self.category[:, 0] == COMPLETE  # in remission at infusion already: nothing that the cells can claim
        return np.where(gone, np.nan, day), np.where(gone, 0, label).astype(np.int8)


def assess(plan: ResponsePlan, flow: Flow, burdens: Burdens, v: Values, *, seed: int) -> Assessed:
    """Return the assessments of all planned visits; patients who were not infused have none."""
    n, days = len(flow), np.array(plan.days)
    jitter = (2.0 * uniforms(seed, Stream.VISITS, flow.ids, len(days)) - 1.0) * plan.window.value
    when = flow.infusion[:, None] + np.concatenate([np.zeros((n, 1)), days[None, :] + jitter], axis=1)
    error = v[ERRORS[plan.criteria.value]]
    z = normals(seed, Stream.MEASURING, flow.ids, len(days) + 1)
    true = np.concatenate([flow.baseline[:, None], burdens.total], axis=1)
    measured = true * np.exp(error[:, None] * z)
    if plan.criteria.value == "all_nccn":
        label = _leukaemia(np.minimum(measured, 1.0), flow, v, days, seed=seed)
        kinds = ALL_NCCN
        residual = burdens.total < MRD
    elif plan.criteria.value == "imwg_2016":
        marrow = v["marrow_at_infusion"][:, None] * (burdens.positive + burdens.negative)
        label, kinds = _myeloma(measured, true, marrow, v), IMWG
        residual = marrow < MRD_MYELOMA
    else:
        assert plan.complete_at is not None
        label, kinds = _lymphoma(measured, plan.complete_at.value), LUGANO_BURDEN
        residual = burdens.total <= 0
    unseen = ~flow.infused | burdens.failed
    with np.errstate(invalid="ignore"):
        negative = burdens.negative > burdens.positive
    return Assessed(when, np.where(unseen[:, None], 0, label).astype(np.int8), kinds, negative, residual, true)


def labels_of_burden(plan: ResponsePlan, burden: Floats, *, baseline: Floats) -> Codes:
    """Return category codes (n, visits) of burdens in order of day, by the burden alone, against a baseline (n,); NaN: not assessed."""
    if plan.criteria.value == "imwg_2016":
        return IMWG.category(_by_serum(burden, baseline))
    assert plan.complete_at is not None
    floor = np.maximum(baseline, plan.complete_at.value * (1 + 1e-9))
    return LUGANO_BURDEN.category(lugano_burden_labels(burden, baseline=floor, complete_at=plan.complete_at.value))


def _leukaemia(measured: Floats, flow: Flow, v: Values, days: Floats, *, seed: int) -> Codes:
    """Return labels; counts recover on a day of the patient's own, and only in remission does it matter."""
    z = normals(seed, Stream.RECOVERY, flow.ids)[:, 0]
    recovered = v["recovery"] * np.exp(v["recovery_spread"] * z)
    back = np.concatenate([np.zeros((len(flow), 1), bool), days[None, :] >= recovered[:, None]], axis=1)
    nowhere = np.zeros_like(measured)
    return all_labels(measured, extramedullary=nowhere, anc=np.where(back, HIGH, LOW), platelets=np.where(back, MANY, FEW))


def _lymphoma(measured: Floats, complete_at: float) -> Codes:
    """Return labels; the baseline itself is complete where no disease is left to measure, else stable."""
    baseline = np.where(np.isfinite(measured[:, 0]), measured[:, 0], np.inf)
    later = lugano_burden_labels(measured[:, 1:], baseline=np.maximum(baseline, complete_at * (1 + 1e-9)), complete_at=complete_at)
    first = np.where(baseline <= complete_at, LUGANO_BURDEN.number("CR"), LUGANO_BURDEN.number("SD"))
    return np.concatenate([first[:, None], later], axis=1).astype(np.int8)


def _myeloma(measured: Floats, true: Floats, marrow: Floats, v: Values) -> Codes:
    """Return labels; `true` M-protein decides on immunofixation, cells in `marrow` (n, visits) on light chains and clonal cells."""
    nothing = np.zeros_like(marrow)
    share = marrow / v["marrow_at_infusion"][:, None]
    later = _by_serum(
        measured[:, 1:], measured[:, 0], urine_m=nothing, plasmacytoma=nothing, marrow_plasma_cells=marrow,
        immunofixation_negative=np.less(true[:, 1:], v["immunofixation_limit"][:, None]).astype(float),
        flc_ratio_normal=np.less(share, v["light_chains_normal"][:, None]).astype(float),
        clonal_cells=np.greater_equal(marrow, v["clonal_cells_seen"][:, None]).astype(float),
    )  # fmt: skip
    return np.concatenate([np.full((len(later), 1), IMWG.number("SD"), np.int8), later], axis=1)


def _by_serum(serum: Floats, baseline: Floats, **findings: Floats) -> Codes:
    """Return labels from M-protein in serum; at baseline it is measurable in all, for who falls below by bridging counts from the limit."""
    unknown, least = np.full_like(serum, np.nan), MEASURABLE["serum_m"]
    names = ("urine_m", "dflc", "flc_ratio_normal", "immunofixation_negative", "plasmacytoma", "marrow_plasma_cells", "clonal_cells")
    seen = MyelomaArrays(serum_m=serum, new_lesion=np.zeros_like(serum), **{name: findings.get(name, unknown) for name in names})
    none = np.zeros(len(serum))
    return imwg_labels(seen, serum_m=np.maximum(np.nan_to_num(baseline, nan=least), least), urine_m=none, dflc=none)
