"""Grades of many patient-days: each state of physiology that occurs is graded once by the scale itself, and looked up.

Physiology of a simulation has few states (temperature, vasopressors, oxygen, organ grades in classes), patients have many days. So the
published table of clauses is evaluated on states, not on patients, and stays the only place where a scale is written.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from autologue.errors import InputError
from autologue.outcomes.toxicity.findings import DailyFindings
from autologue.outcomes.toxicity.grading import Course, Scale, grade

__all__ = ["grade_states"]

Integers = NDArray[np.int64]


def grade_states(
    states: Integers, scale: Scale, *, findings: Callable[[int], DailyFindings], course: Callable[[int], Course], known: dict[int, int]
) -> NDArray[np.int8]:
    """Return the grade (same shape as `states`) of patient-days whose physiology is numbered.

    `findings` and `course` say what a number means: the findings of the day and what earlier days established. `known` keeps the grades
    of states already seen, and grows. Raises InputError where a state cannot be graded, because a finding is missing.
    """
    seen, where = np.unique(states, return_inverse=True)
    grades = np.empty(len(seen), np.int8)
    for k, state in enumerate(seen.tolist()):
        if state not in known:
            given = grade(findings(state), scale, course=course(state))
            if given.value is None:
                raise InputError(f"{scale.title}: {given.reason}; a simulated day needs every finding")
            known[state] = given.value
        grades[k] = known[state]
    return grades[where].reshape(states.shape)
