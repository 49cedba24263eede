"""The recorded verdicts belong to the models as they are."""

import pytest

from autologue import library
from autologue.engine.describe import fingerprint
from autologue.engine.system import lower
from autologue.qualify.verdicts import recorded_fingerprint, recorded_verdicts


@pytest.mark.parametrize("name", library.names())
def test_the_record_is_that_of_the_model_as_it_is(name: str) -> None:
    assert recorded_fingerprint(name) == fingerprint(lower(library.load(name))), "run python validation/_record.py"
    rows = recorded_verdicts(name)
    assert rows
    assert all(row["passed"] or row["note"] for row in rows), "a missed claim says why"


def test_a_model_without_a_record_has_none() -> None:
    assert recorded_verdicts("nobody_1900") == []
    assert recorded_fingerprint("nobody_1900") == ""
