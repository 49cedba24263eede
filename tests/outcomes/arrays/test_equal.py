"""Arrays of patients give what the per-patient definitions give, patient by patient, on random patients full of ties and gaps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from autologue.errors import InputError
from autologue.outcomes import ESTIMANDS, PatientRecord, all_course, b_cell_aplasia, best_response, lugano_burden_course, observe
from autologue.outcomes.arrays import (
    ALL_NCCN,
    IMWG,
    LUGANO_BURDEN,
    Labels,
    MyelomaArrays,
    Records,
    all_labels,
    aplasia_times,
    best_responses,
    first_responses,
    imwg_labels,
    lugano_burden_labels,
    observe_records,
)
from autologue.outcomes.arrays.labels import CATEGORIES
from autologue.outcomes.arrays.records import DATES
from autologue.outcomes.estimands.estimand import AnalysisSet, CensorAt, Estimand, Handling, NoResponseBy, Origin, Status
from autologue.outcomes.estimands.observe import first_response
from autologue.outcomes.estimands.record import NewTherapy
from autologue.outcomes.response.all_nccn import LeukaemiaFindings
from autologue.outcomes.response.assessment import Assessment, Category, Response
from autologue.outcomes.response.imwg_2016 import MEASURABLE, MyelomaFindings, imwg_course

CODES = {Status.CENSORED: 0, Status.EVENT: 1, Status.COMPETING: 2, Status.EXCLUDED: -1}
N, VISITS = 1500, 7


def random_records(seed: int, n: int = N) -> Records:
    """Patients whose days are small whole numbers, so that things fall on one day; some things never happen."""
    rng = np.random.default_rng(seed)
    death = np.where(rng.uniform(size=n) < 0.4, rng.integers(20, 60, n), np.nan)
    last = np.where(np.isfinite(death), death, rng.integers(20, 60, n)).astype(float)

    def some(share: float) -> np.ndarray:
        return np.where(rng.uniform(size=n) < share, np.minimum(rng.integers(5, 60, n), last), np.nan)

    randomisation = np.where(rng.uniform(size=n) < 0.8, 0.0, np.nan)
    infusion = np.where(rng.uniform(size=n) < 0.8, np.minimum(rng.integers(0, 15, n), last), np.nan)
    day = np.sort(rng.choice(55, size=(n, VISITS)).astype(float), axis=1) + np.arange(VISITS) * 1e-3
    category = np.where((rng.uniform(size=(n, VISITS)) < 0.85) & (day <= last[:, None]), rng.integers(0, 5, (n, VISITS)), 0)
    return Records(
        enrolment=np.zeros(n), randomisation=randomisation, salvage_start=some(0.3), infusion=infusion, transplant=some(0.3),
        new_therapy=some(0.4), for_efficacy=rng.uniform(size=n) < 0.5, crossover=some(0.2), death=death, last_contact=last, day=day,
        category=category.astype(np.int8),
    )  # fmt: skip


def one(records: Records, k: int) -> PatientRecord:
    """The record of one patient as the per-patient functions read it."""
    dates = {name: float(value) for name, value in zip(DATES, records.dates()[k], strict=True) if np.isfinite(value)}
    therapy = dates.pop("new_therapy", None)
    seen = zip(records.day[k], records.category[k], strict=True)
    return PatientRecord(
        patient=str(k),
        **dates,
        new_therapies=() if therapy is None else (NewTherapy(therapy, bool(records.for_efficacy[k])),),
        assessments=tuple(
            Assessment(float(day), Response("x", CATEGORIES[code].value, CATEGORIES[code], int(code), "")) for day, code in seen if code
        ),
    )


BASE = Estimand(name="base", title="", origin=Origin.INFUSION, analysis_set=AnalysisSet.INFUSED, reference="", before_zero_ignored=True)
OWN = (
    replace(BASE, name="stable", stable_from=20.0, progression_from=10.0, transplant=Handling.COMPETING, death=Handling.COMPETING),
    replace(BASE, name="late", no_response=NoResponseBy(15.0, 3.0), new_therapy=Handling.EVENT, new_therapy_for_efficacy_only=True),
    replace(BASE, name="landmark", landmark=10.0, weight_from=20.0, crossover=Handling.CENSOR, censor_at=CensorAt.LAST_CONTACT),
    replace(BASE, name="responders", analysis_set=AnalysisSet.RESPONDERS, transplant=Handling.CENSOR, death=Handling.CENSOR, landmark=8.0),
    replace(BASE, name="deep", origin=Origin.RESPONSE, analysis_set=AnalysisSet.RESPONDERS, response_depth=(Category.COMPLETE,)),
    replace(BASE, name="weighted", weight_from=15.0, new_therapy=Handling.CENSOR),
)


@pytest.mark.parametrize("estimand", [*ESTIMANDS.values(), *OWN], ids=lambda e: e.name)
def test_estimands(estimand: Estimand) -> None:
    records = random_records(seed=len(estimand.name))
    lenient = replace(estimand, before_zero_ignored=True)
    found = observe_records(records, lenient)
    for k in range(N):
        alone = observe(one(records, k), lenient)
        assert CODES[alone.status] == found.status[k], (k, alone)
        if alone.time is not None:
            assert found.time[k] == pytest.approx(alone.time, abs=1e-12), (k, alone)
            assert found.weight[k] == alone.weight, (k, alone)
    assert {-1, 0, 1} <= set(found.status.tolist()) or estimand.analysis_set is AnalysisSet.ENROLLED


def test_what_comes_before_time_zero_is_refused_where_one_patient_alone_is() -> None:
    records = random_records(seed=5, n=200)
    strict = replace(BASE, before_zero_ignored=False)
    refused = []
    for k in range(200):
        try:
            observe(one(records, k), strict)
        except InputError:
            refused.append(k)
    assert refused
    with pytest.raises(InputError, match=f"patient {refused[0]}: something is dated before time zero"):
        observe_records(records, strict)
    fine = np.setdiff1d(np.arange(200), refused)
    assert np.isfinite(observe_records(records.rows(fine), strict).time).any()


@pytest.mark.parametrize("depth", [(Category.COMPLETE,), (Category.COMPLETE, Category.PARTIAL)])
def test_first_responses(depth: tuple[Category, ...]) -> None:
    records = random_records(seed=2)
    found = first_responses(records, depth=depth)
    for k in range(N):
        alone = first_response(one(records, k), depth=depth)
        assert np.isnan(found[k]) if alone is None else found[k] == alone.day


@pytest.mark.parametrize("kinds", [ALL_NCCN, LUGANO_BURDEN, IMWG], ids=lambda kinds: kinds.criteria)
@pytest.mark.parametrize("confirm", [None, 0.0, 9.0])
def test_best_responses(kinds: Labels, confirm: float | None) -> None:
    rng = np.random.default_rng(4)
    days = np.sort(rng.integers(0, 60, (N, VISITS)), axis=1).astype(float) + np.arange(VISITS) * 1e-3
    labels = rng.integers(0, len(kinds.names), (N, VISITS)).astype(np.int8)
    until = rng.integers(20, 80, N).astype(float)
    day, label = best_responses(days, labels, kinds, confirm_days=confirm, by=40.0, until=until)
    for k in range(N):
        course = [
            Assessment(float(d), Response("x", kinds.names[c], CATEGORIES[kinds.categories[c]], int(kinds.ranks[c]), ""))
            for d, c in zip(days[k], labels[k], strict=True)
        ]
        alone = best_response(course, confirm_days=confirm, by=40.0, until=float(until[k])).assessment
        assert (alone is None) == np.isnan(day[k])
        if alone is not None:
            assert (day[k], kinds.names[label[k]]) == (alone.day, alone.response.label)


def test_leukaemia() -> None:
    rng = np.random.default_rng(6)

    def recorded(values: np.ndarray) -> np.ndarray:
        return np.where(rng.uniform(size=values.shape) < 0.9, values, np.nan)

    blasts, outside = recorded(rng.choice([0.0, 0.04, 0.05, 0.4], (N, VISITS))), recorded(rng.choice([0.0, 1.0], (N, VISITS), p=[0.8, 0.2]))
    anc, platelets = recorded(rng.choice([0.5, 1.0, 2.0], (N, VISITS))), recorded(rng.choice([50.0, 100.0, 200.0], (N, VISITS)))
    found = all_labels(blasts, extramedullary=outside, anc=anc, platelets=platelets)

    def value(x: float) -> float | None:
        return None if np.isnan(x) else float(x)

    def findings(k: int, v: int) -> LeukaemiaFindings:
        extra = None if np.isnan(outside[k, v]) else bool(outside[k, v])
        counts = {"anc": value(anc[k, v]), "platelets": value(platelets[k, v])}
        return LeukaemiaFindings(marrow_blasts=value(blasts[k, v]), extramedullary=extra, **counts)

    for k in range(N):
        visits = [(float(v), findings(k, v)) for v in range(VISITS)]
        assert [ALL_NCCN.names[c] for c in found[k]] == [a.response.label for a in all_course(visits)]


def test_lymphoma_by_burden() -> None:
    rng = np.random.default_rng(7)
    burden = 10.0 ** rng.integers(-1, 4, (N, VISITS)) * rng.choice([0.5, 1.0, 1.5], (N, VISITS))
    missing = rng.uniform(size=burden.shape) < 0.1
    baseline = 10.0 ** rng.integers(1, 4, N)
    found = lugano_burden_labels(np.where(missing, np.nan, burden), baseline=baseline, complete_at=2.0)
    for k in range(N):
        visits = [(float(v), float(burden[k, v])) for v in range(VISITS) if not missing[k, v]]
        alone = [a.response.label for a in lugano_burden_course(visits, baseline=float(baseline[k]), complete_at=2.0)]
        assert [LUGANO_BURDEN.names[c] for c in found[k] if c] == alone
    with pytest.raises(InputError, match=r"baseline of patient 0 is 1, expected a burden above complete_at \(2\)"):
        lugano_burden_labels(burden, baseline=np.ones(N), complete_at=2.0)


def test_myeloma() -> None:
    """Every label and every reason for it occurs: each marker alone and together, new lesions, and each thing not recorded."""
    rng = np.random.default_rng(8)

    def drawn(values: list[float], *, recorded: float = 0.93) -> np.ndarray:
        return np.where(rng.uniform(size=(N, VISITS)) < recorded, rng.choice(values, (N, VISITS)), np.nan)

    answers = ("flc_ratio_normal", "immunofixation_negative", "plasmacytoma", "clonal_cells")
    found = {
        "serum_m": drawn([0.0, 0.15, 0.3, 1.5, 1.6, 2.0, 2.5, 3.0]), "urine_m": drawn([0.0, 50.0, 100.0, 150.0, 200.0, 400.0, 600.0]),
        "dflc": drawn([0.0, 1.0, 5.0, 10.0, 15.0, 20.0, 25.0]), "marrow_plasma_cells": drawn([0.0, 0.04, 0.05, 0.3]),
        **{name: drawn([0.0, 1.0]) for name in answers}, "new_lesion": rng.choice([0.0, 1.0], (N, VISITS), p=[0.93, 0.07]),
    }  # fmt: skip
    starts = {
        "serum_m": rng.choice([np.nan, 0.5, 3.0], N, p=[0.1, 0.4, 0.5]), "urine_m": rng.choice([np.nan, 0.0, 1000.0], N),
        "dflc": rng.choice([np.nan, 2.0, 50.0], N),
    }  # fmt: skip
    measurable = np.any([starts[name] >= least for name, least in MEASURABLE.items()], axis=0)
    with pytest.raises(InputError, match=f"patient {np.argmin(measurable)}: no marker is measurable at baseline"):
        imwg_labels(MyelomaArrays(**found), **starts)
    starts["dflc"] = np.where(measurable, starts["dflc"], 50.0)
    labels = imwg_labels(MyelomaArrays(**found), **starts)

    def value(x: float) -> float | None:
        return None if np.isnan(x) else float(x)

    reasons = set()
    for k in range(N):
        baseline = MyelomaFindings(**{name: value(start[k]) for name, start in starts.items()})
        visits = []
        for v in range(VISITS):
            seen = {name: value(each[k, v]) for name, each in found.items() if name != "new_lesion"}
            seen |= {name: None if seen[name] is None else bool(seen[name]) for name in answers}
            visits.append((float(v), MyelomaFindings(**seen, new_lesion=bool(found["new_lesion"][k, v]))))
        alone = [a.response for a in imwg_course(visits, baseline=baseline)]
        assert [IMWG.names[c] for c in labels[k]] == [response.label for response in alone], k
        assert IMWG.category(labels[k]).tolist() == [CATEGORIES.index(response.category) for response in alone]
        assert IMWG.rank(labels[k])[labels[k] > 0].tolist() == [response.rank for response in alone if response.label != "NE"]
        reasons |= {(response.label, response.reason) for response in alone}
    assert {label for label, _ in reasons} == set(IMWG.names)
    rises = {words for label, words in reasons if label == "PD"}
    risen = "rise of 25 % or more from nadir in {}, absolute rise reached"
    assert rises >= {"new lesion", *(risen.format(marker) for marker in ("serum_m", "urine_m", "dflc", "serum_m or urine_m"))}
    with pytest.raises(InputError, match="expected one shape"):
        MyelomaArrays(**{**found, "dflc": found["dflc"][:, :2]})


def test_b_cell_aplasia() -> None:
    records = random_records(seed=9)
    rng = np.random.default_rng(9)
    days = np.tile(np.arange(4.0, 56.0, 9.0), (N, 1))
    counts = np.where(rng.uniform(size=days.shape) < 0.85, rng.choice([0.0, 20.0, 50.0, 90.0], days.shape, p=[0.6, 0.2, 0.1, 0.1]), np.nan)
    found = aplasia_times(records, days, counts, threshold=50.0)
    for k in range(N):
        known = [(float(d), float(c)) for d, c in zip(days[k], counts[k], strict=True) if np.isfinite(c)]
        alone = b_cell_aplasia(one(records, k), known, threshold=50.0)
        assert CODES[alone.status] == found.status[k]
        if alone.time is not None:
            assert found.time[k] == alone.time
    with pytest.raises(InputError, match="expected a number above 0"):
        aplasia_times(records, days, counts, threshold=0.0)


def test_a_record_after_death_is_refused() -> None:
    good = random_records(seed=1, n=3)
    late = np.array([np.nan, 500.0, np.nan])
    with pytest.raises(InputError, match="patient 1: transplant on day 500 is after the last contact"):
        replace(good, transplant=late)
