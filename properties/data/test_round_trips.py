"""What is written in a dialect is read back as it was, for any cohort that the dialect can hold."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from data_strategies import cohorts
from hypothesis import given, settings
from hypothesis import strategies as st

from autologue.data import NONMEM, Autologue, Monolix, Nlmixr2, load_reading, read_cohort, save_reading, write_events
from autologue.data.conventions import Convention
from autologue.patient import Cohort, Observations, Patient
from autologue.regimen import Bolus, Infusion, Level


def same_samples(ours: Observations, theirs: Observations) -> bool:
    arrays = ("times", "lower", "upper", "above", "limit")
    equal = all(np.array_equal(getattr(ours, name), getattr(theirs, name), equal_nan=True) for name in arrays)
    return equal and (ours.unit, ours.matrix) == (theirs.unit, theirs.matrix)


def course(patient: Patient) -> list[tuple[object, ...]]:
    """What is given to a patient, in the order of time; a duration to the last digits, since NONMEM knows rates only."""
    found: list[tuple[object, ...]] = []
    for event in patient.regimen.events if patient.regimen else ():
        if isinstance(event, Level):
            found.append((event.time, "level", event.input, event.value))
        else:
            lasts = float(f"{event.duration:.12g}") if isinstance(event, Infusion) else 0.0
            kind = type(event) is Bolus
            found.append(
                (event.time, "dose", event.into, event.amount, kind, lasts, event.unit, event.every, event.additional, event.steady_state)
            )
    return sorted(found, key=repr)


def check(ours: Cohort, theirs: Cohort) -> None:
    assert [p.id for p in ours] == [p.id for p in theirs]
    for mine, read in zip(ours, theirs, strict=True):
        assert mine.observations.keys() == read.observations.keys()
        assert all(same_samples(seen, read.observations[name]) for name, seen in mine.observations.items())
        assert course(mine) == course(read)
        for name in ("covariates", "known", "events", "occasions", "time"):
            assert getattr(mine, name) == getattr(read, name), name


@pytest.mark.parametrize("convention", [Autologue(), NONMEM(), Monolix(), Nlmixr2()], ids=lambda each: each.name)
@settings(max_examples=12)
@given(data=st.data(), ending=st.sampled_from(["csv", "parquet"]))
def test_a_cohort_comes_back(data: st.DataObject, ending: str, convention: Convention) -> None:
    cohort = data.draw(cohorts(convention))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"table.{ending}"
        reading = write_events(cohort, path, convention=convention)
        saved = load_reading(save_reading(reading, Path(folder) / "reading.toml"))
        assert saved == reading
        check(cohort, read_cohort(path, reading=saved))
