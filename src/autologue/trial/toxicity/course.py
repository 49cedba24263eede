"""Toxicity evening by evening: signs, the grade by the scale of the trial, the drugs its rule asks for, and then every other scale."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue.outcomes.arrays.grades import grade_states
from autologue.outcomes.toxicity.findings import DailyFindings
from autologue.outcomes.toxicity.grading import Course
from autologue.outcomes.toxicity.scales import SCALES
from autologue.protocol import Comedication, ToxicityPlan
from autologue.trial.flow import or_never
from autologue.trial.streams import Stream, uniforms
from autologue.trial.toxicity.severity import Neuro, Severity, neuro_of, severity_of
from autologue.trial.toxicity.signal import signal_rise
from autologue.trial.toxicity.states import CRS_SIGNS, NEURO_SIGNS, course_of, findings_of, neuro_course_of, neuro_findings_of, pack
from autologue.trial.values import Values

__all__ = ["CRS_SCALES", "DAYS", "NEURO_SCALE", "Toxicity", "toxicity_course"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Grades = NDArray[np.int8]
DAYS = np.arange(0.0, 36.0)
CRS_SCALES = ("crs_astct_2019", "crs_lee_2014", "crs_penn")
NEURO_SCALE = "icans_astct_2019"
CHILD_YEARS = 12.0
AFTER_WORST = 3.0  # days from the worst day to death
_KNOWN: dict[str, dict[int, int]] = {name: {} for name in SCALES}


@dataclass(frozen=True, eq=False)
class Toxicity:
    """Toxicity of patients (n,) in the first five weeks after infusion; days after infusion, NaN where there was none.

    `grades` has the daily grade of each scale (n, days), `states` and `neuro_states` the packed signs from which they follow, so that
    any scale can be read later. `death` is a day, `by_neuro` whether ICANS was its cause.
    """

    states: NDArray[np.int64]
    neuro_states: NDArray[np.int64]
    grades: Mapping[str, Grades]
    tocilizumab: Floats
    steroid: Floats
    pressure: NDArray[np.int64]
    oxygen: NDArray[np.int64]
    creatinine: NDArray[np.int64]
    death: Floats
    by_neuro: Flags

    def worst(self, scale: str) -> Grades:
        """Return the worst grade by a scale (n,)."""
        return np.asarray(self.grades[scale].max(axis=1))

    def onset(self, scale: str) -> Floats:
        """Return the first day of grade 1 or more (n,)."""
        ill = self.grades[scale] > 0
        return np.where(ill.any(axis=1), DAYS[np.argmax(ill, axis=1)], np.nan)

    def duration(self, scale: str) -> Floats:
        """Return last minus first day of grade 1 or more, plus one (n,)."""
        ill = self.grades[scale] > 0
        last = DAYS[len(DAYS) - 1 - np.argmax(ill[:, ::-1], axis=1)]
        return np.where(ill.any(axis=1), last - self.onset(scale) + 1.0, np.nan)


def toxicity_course(
    plan: ToxicityPlan, v: Values, *, relative: Floats, expansion: Floats, age: Floats, ids: NDArray[np.int64], seed: int
) -> Toxicity:
    """Return the toxicity of infused patients (n,), all arrays in their order and `ids` rising.

    `relative` is the burden at infusion relative to the median patient, `expansion` ln of the peak of CAR-T cells over its median.
    """
    rise = signal_rise(relative, v, ids=ids, seed=seed, days=DAYS)
    severity, susceptibility = severity_of(rise, expansion, v, ids=ids, seed=seed)
    neuro = neuro_of(susceptibility, v, ids=ids, seed=seed, days=DAYS)
    care = uniforms(seed, Stream.CARE, ids, 4)
    evenings = _Evenings(plan, v, severity, neuro, age < CHILD_YEARS, care)
    states, neuro_states, drugs = evenings.run()
    return _graded(states, neuro_states, drugs, v, care)


class _Evenings:
    """The loop over days; what was given so far lowers the severity of the next day."""

    def __init__(self, plan: ToxicityPlan, v: Values, severity: Severity, neuro: Neuro, child: Flags, care: Floats) -> None:
        self.plan, self.v, self.severity, self.neuro, self.child, self.care = plan, v, severity, neuro, child, care
        self.given = {name: np.full(len(child), np.nan) for name in ("tocilizumab", "steroid")}

    def run(self) -> tuple[NDArray[np.int64], NDArray[np.int64], dict[str, Floats]]:
        """Return packed signs and neurological signs (n, days), and the day of each drug (n,)."""
        states, neuro_states = [], []
        seen, treated = np.zeros(len(self.child), bool), np.zeros(len(self.child), bool)
        for place, day in enumerate(DAYS):
            had = {name: or_never(when) < day for name, when in self.given.items()}
            fall = had["tocilizumab"] * self.v["tocilizumab_effect"] + had["steroid"] * self.v["steroid_effect"]
            signs = self.severity.signs(self.severity.untreated[:, place] - fall)
            state = pack(CRS_SIGNS, {**signs, "fever_seen": seen, "treated": treated})
            felt = self.neuro.untreated[:, place] - had["steroid"] * self.v["neuro_steroid_effect"]
            brain = pack(NEURO_SIGNS, {**self.neuro.signs(felt), "child": self.child})
            self._give(day, _grade(self.plan.crs.value, state), _grade(self.plan.neuro.value, brain))
            seen = seen | np.asarray(signs["fever"], bool)
            treated = treated | seen  # antipyretics are given for fever
            states.append(state)
            neuro_states.append(brain)
        return np.stack(states, axis=1), np.stack(neuro_states, axis=1), self.given

    def _give(self, day: float, crs: Grades, neuro: Grades) -> None:
        for column, name in enumerate(self.given):
            rule: Comedication = getattr(self.plan, name)
            asked = crs >= rule.from_crs.value
            if rule.from_neuro is not None:
                asked |= neuro >= rule.from_neuro.value
            now = asked & np.isnan(self.given[name]) & (self.care[:, column] < rule.share.value)
            self.given[name] = np.where(now, day, self.given[name])


_READERS: dict[str, tuple[Callable[[int], DailyFindings], Callable[[int], Course]]] = {
    **dict.fromkeys(CRS_SCALES, (findings_of, course_of)),
    NEURO_SCALE: (neuro_findings_of, neuro_course_of),
}


def _grade(scale: str, states: NDArray[np.int64]) -> Grades:
    findings, course = _READERS[scale]
    return grade_states(states, SCALES[scale], findings=findings, course=course, known=_KNOWN[scale])


def _graded(states: NDArray[np.int64], neuro_states: NDArray[np.int64], drugs: dict[str, Floats], v: Values, care: Floats) -> Toxicity:
    """Return the toxicity with the grades of every scale, and who died of it."""
    grades = {name: _grade(name, states) for name in CRS_SCALES} | {NEURO_SCALE: _grade(NEURO_SCALE, neuro_states)}
    whens = []
    for scale, chance, column in ((CRS_SCALES[0], "crs_death", 2), (NEURO_SCALE, "neuro_death", 3)):
        fatal = (grades[scale].max(axis=1) >= 4) & (care[:, column] < v[chance])
        whens.append(np.where(fatal, DAYS[np.argmax(grades[scale], axis=1)] + AFTER_WORST, np.inf))
    death = np.minimum(*whens)
    crs = {name: _unpacked(CRS_SIGNS, states, name) for name in ("pressure", "oxygen", "creatinine")}
    return Toxicity(
        states=states, neuro_states=neuro_states, grades=grades, tocilizumab=drugs["tocilizumab"], steroid=drugs["steroid"],
        pressure=crs["pressure"].max(axis=1), oxygen=crs["oxygen"].max(axis=1), creatinine=crs["creatinine"].max(axis=1),
        death=np.where(np.isfinite(death), death, np.nan), by_neuro=whens[1] < whens[0],
    )  # fmt: skip


def _unpacked(signs: Mapping[str, int], states: NDArray[np.int64], name: str) -> NDArray[np.int64]:
    """Return the class of one sign from packed states, same shape."""
    weight = 1
    for each, count in signs.items():
        if each == name:
            return np.asarray(states // weight % count)
        weight *= count
    raise KeyError(name)
