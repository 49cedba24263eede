"""Neurotoxicity (ICANS) by the ASTCT consensus, adults by ICE and children under 12 by CAPD.

Lee DW et al. 2019, Biol Blood Marrow Transplant 25:625-638, doi:10.1016/j.bbmt.2018.12.758.
The grade is the worst domain, nothing else explaining it. Intracranial haemorrhage, tremor and myoclonus are excluded: do not enter
them as oedema, seizure or weakness. ICE 0 in a patient who is awake (global aphasia) is grade 3; unarousable, it is grade 4.
Under 12 years CAPD stands for ICE: 9 or more is grade 3, 1 to 8 is grade 1, or 2 by consciousness. That row was read in a secondary
source only, so a grade that rests on it alone says so.
"""

from __future__ import annotations

from autologue.outcomes.toxicity.findings import Consciousness, DailyFindings, Death, Oedema, Seizure
from autologue.outcomes.toxicity.grading import Clause, Course, Gate, Scale
from autologue.outcomes.truth import Truth, all_of, at_least, not_

__all__ = ["ICANS_ASTCT_2019"]

CAPD_BELOW_YEARS = 12.0
LEVELS = tuple(Consciousness)
ICE_NEEDS = ("age_years", "ice_score")
CAPD_NEEDS = ("age_years", "capd")


def _child(findings: DailyFindings) -> Truth:
    return None if findings.age_years is None else findings.age_years < CAPD_BELOW_YEARS


def _ice(findings: DailyFindings, at_most: int) -> Truth:
    return all_of(not_(_child(findings)), None if findings.ice is None else findings.ice <= at_most)


def _capd(findings: DailyFindings, reach: int) -> Truth:
    return all_of(_child(findings), at_least(findings.capd, reach))


def _depressed(findings: DailyFindings, level: Consciousness) -> Truth:
    return None if findings.consciousness is None else LEVELS.index(findings.consciousness) >= LEVELS.index(level)


def _among(value: object, *members: object) -> Truth:
    return None if value is None else value in members


def _explained(findings: DailyFindings, course: Course) -> Truth:
    return not findings.neuro_other_cause


def _consciousness(grade: int, words: str, level: Consciousness) -> Clause:
    return Clause(grade, "consciousness", words, ("consciousness",), lambda f: _depressed(f, level))


ICANS_ASTCT_2019 = Scale(
    name="icans_astct_2019",
    title="ASTCT 2019 ICANS",
    reference="doi:10.1016/j.bbmt.2018.12.758",
    gate=Gate("the neurological findings of the day are attributed to another cause", (), _explained),
    clauses=(
        Clause(1, "ICE", "score 7 to 9", ICE_NEEDS, lambda f: _ice(f, 9)),
        Clause(2, "ICE", "score 3 to 6", ICE_NEEDS, lambda f: _ice(f, 6)),
        Clause(3, "ICE", "score 0 to 2", ICE_NEEDS, lambda f: _ice(f, 2)),
        Clause(
            4,
            "ICE",
            "score 0 in an unarousable patient",
            (*ICE_NEEDS, "consciousness"),
            lambda f: all_of(_ice(f, 0), _depressed(f, Consciousness.UNAROUSABLE)),
        ),
        Clause(1, "CAPD", "score 1 to 8", CAPD_NEEDS, lambda f: _capd(f, 1), unverified=True),
        Clause(3, "CAPD", "score 9 or more", CAPD_NEEDS, lambda f: _capd(f, 9), unverified=True),
        _consciousness(1, "wakes spontaneously", Consciousness.SPONTANEOUS),
        _consciousness(2, "wakes to voice", Consciousness.VOICE),
        _consciousness(3, "wakes to touch only", Consciousness.TOUCH),
        _consciousness(4, "unarousable or needs vigorous stimuli; stupor or coma", Consciousness.UNAROUSABLE),
        Clause(
            3,
            "seizure",
            "any that resolves rapidly, or non-convulsive on EEG that resolves with treatment",
            ("seizure",),
            lambda f: _among(f.seizure, Seizure.BRIEF, Seizure.PROLONGED),
        ),
        Clause(
            4,
            "seizure",
            "over 5 min, or repetitive without return to baseline",
            ("seizure",),
            lambda f: _among(f.seizure, Seizure.PROLONGED),
        ),
        Clause(4, "motor", "deep focal weakness (hemiparesis, paraparesis)", ("motor_weakness",), lambda f: f.motor_weakness),
        Clause(3, "oedema", "focal on imaging", ("oedema",), lambda f: _among(f.oedema, Oedema.FOCAL, Oedema.DIFFUSE)),
        Clause(
            4,
            "oedema",
            "diffuse on imaging, posturing, sixth-nerve palsy, papilloedema or Cushing's triad",
            ("oedema",),
            lambda f: _among(f.oedema, Oedema.DIFFUSE),
        ),
        Clause(5, "death", "death attributed to ICANS", (), lambda f: f.death is Death.ICANS),
    ),
)
