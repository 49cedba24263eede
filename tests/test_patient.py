"""Patients, observations as intervals, cohorts."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest

from autologue.errors import AutologueError, InputError
from autologue.patient import Cohort, Event, Observations, Patient


def test_a_measured_value_is_an_interval_of_no_width() -> None:
    seen = Observations([0, 7, 28], [1.0, 300.0, 20.0], unit="copies/ug", limit=50)
    assert not seen.censored.any()
    assert seen.limit.tolist() == [50, 50, 50]
    assert len(seen.until(7)) == 2


def test_below_quantification_is_everything_below_the_limit() -> None:
    seen = Observations([0, 7], unit="copies/ug", lower=[-math.inf, 300], upper=[50, 300])
    assert seen.censored.tolist() == [True, False]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"times": [1, 0], "values": [1, 2]}, "ascending"),
        ({"times": [0, math.nan], "values": [1, 2]}, "finite"),
        ({"times": [0, 1], "values": [1, 2, 3]}, "shape"),
        ({"times": [0, 1], "values": [1, math.nan]}, "time 1"),
        ({"times": [0], "lower": [3], "upper": [2]}, "lower <= upper"),
        ({"times": [0], "lower": [3]}, "both lower= and upper="),
        ({"times": [0], "values": [1], "unit": "copiez"}, "copiez"),
    ],
)
def test_impossible_observations_are_refused(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(AutologueError, match=words):
        Observations(**{"unit": "copies/ug", **arguments})  # type: ignore[arg-type]


def test_events_are_ordered() -> None:
    assert Event(3, math.inf).entry == 0
    with pytest.raises(InputError, match="entry <= earliest"):
        Event(3, 5, entry=4)


def test_a_cohort_knows_its_patients() -> None:
    seen = Observations([0.0], [1.0], unit="1")
    cohort = Cohort((Patient(id="a", observations={"x": seen}), Patient(id="b", observations={"y": seen})))
    assert cohort.outputs == ("x", "y")
    assert cohort["b"].id == "b"
    with pytest.raises(InputError, match="unknown patient"):
        cohort["c"]
    with pytest.raises(InputError, match="more than once"):
        Cohort((Patient(id="a"), Patient(id="a")))
    with pytest.raises(InputError, match="no patient"):
        Cohort(())


def test_a_patient_can_be_pickled() -> None:
    patient = Patient(id="a", observations={"x": Observations([0.0], [1.0], unit="1")}, covariates={"age": 12.0}, occasions=(28,))
    again = pickle.loads(pickle.dumps(patient))
    assert again.covariates == {"age": 12.0}
    assert np.array_equal(again.observations["x"].lower, [1.0])
    with pytest.raises(InputError, match="ascending"):
        Patient(id="a", occasions=(28, 14))
