"""M1 to M7: what each does to a series that was written out by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from autologue.data import M1, M2, M3, M4, M5, M6, M7, Censoring, Copies, convert_copies, convert_observations
from autologue.errors import InputError, UnitError
from autologue.patient import Cohort, Observations, Patient

INF = math.inf
Rows = list[tuple[float, float, float, float]]  # time, lower, upper, above


def cohort(rows: Rows, *, limit: float = 50.0, **more: Observations) -> Cohort:
    time, lower, upper, above = zip(*rows, strict=True)
    seen = Observations(time, unit="copies/ug", lower=lower, upper=upper, above=above, limit=limit)
    return Cohort((Patient(id="1", observations={"y": seen, **more}),))


def rows_of(found: Cohort) -> Rows:
    seen = found["1"].observations["y"]
    return list(zip(seen.times.tolist(), seen.lower.tolist(), seen.upper.tolist(), seen.above.tolist(), strict=True))


# not detected, detected, measured, above the range, then three below
SERIES = cohort([
    (0, -INF, 10, -INF), (1, 10, 50, -INF), (2, 90, 90, -INF), (3, 900, INF, -INF), (4, 60, 60, -INF),
    (5, -INF, 50, -INF), (6, 10, 50, -INF), (7, -INF, 50, -INF),
])  # fmt: skip
MEASURED: Rows = [(2, 90, 90, -INF), (3, 900, INF, -INF), (4, 60, 60, -INF)]


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        (M1(), MEASURED),
        (M2(), [(t, low, high, 50) for t, low, high, _ in MEASURED]),
        (M3(), [(0, -INF, 50, -INF), (1, -INF, 50, -INF), *MEASURED, *((t, -INF, 50, -INF) for t in (5, 6, 7))]),
        (M4(), [(0, 0, 50, 0), (1, 0, 50, 0), *((t, low, high, 0) for t, low, high, _ in MEASURED), *((t, 0, 50, 0) for t in (5, 6, 7))]),
        (M5(), [(0, 25, 25, -INF), (1, 25, 25, -INF), *MEASURED, *((t, 25, 25, -INF) for t in (5, 6, 7))]),
        (M6(), [(1, 25, 25, -INF), *MEASURED, (5, 25, 25, -INF)]),
        (M7(), [(0, 0, 0, -INF), (1, 0, 0, -INF), *MEASURED, *((t, 0, 0, -INF) for t in (5, 6, 7))]),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, Censoring) else "",
)
def test_each_method_changes_the_intervals_as_it_says(method: Censoring, expected: Rows) -> None:
    assert rows_of(method(SERIES)) == expected
    assert rows_of(SERIES)[0] == (0, -INF, 10, -INF)


def test_an_interval_that_does_not_end_at_the_limit_is_no_value_below_it() -> None:
    between = cohort([(0, 60, 80, -INF), (1, 200, INF, -INF)])
    for method in (M1(), M3(), M5(), M6(), M7()):
        assert rows_of(method(between)) == rows_of(between)


def test_without_a_limit_the_upper_bound_stands_for_it() -> None:
    unlimited = cohort([(0, -INF, 40, -INF), (1, 90, 90, -INF)], limit=math.nan)
    assert rows_of(M5()(unlimited)) == [(0, 20, 20, -INF), (1, 90, 90, -INF)]
    with pytest.raises(
        InputError, match="M2 conditions on the limit of quantification, which is unknown for output 'y' of patient 1 at time 1"
    ):
        M2()(unlimited)


def test_a_method_may_be_for_some_outputs_and_knows_their_names() -> None:
    two = cohort([(0, -INF, 50, -INF)], z=Observations([0], unit="1", lower=[-INF], upper=[5], limit=5))
    assert M1(("z",))(two).outputs == ("y",)
    assert M1()(two).outputs == ()
    with pytest.raises(InputError, match="unknown output of the cohort 'x'"):
        M3(("x",))(two)
    with pytest.raises(InputError, match="M4 takes values to lie above zero"):
        M4()(cohort([(0, 0, 0, -INF)]))


def white(times: list[float], cells: list[float]) -> Observations:
    return Observations(times, cells, unit="cells/uL", matrix="blood")


def test_copies_become_cells_with_what_ties_them() -> None:
    """2 copies a cell, 6 pg of DNA a cell, 4000 white cells/uL: 1e4 copies/ug are 1e4 * 6e-6 * 4000 / 2 = 120 cells/uL."""
    start = cohort([(7, 1e4, 1e4, -INF), (28, -INF, 50, -INF)], wbc=white([7, 27], [4000, 1000]))
    by = Copies(white_cells="wbc", dna_per_cell=6.0, copies_per_cell=2.0, within=1)
    cells = convert_copies(start, "y", to="cells/uL", by=by)
    seen = cells["1"].observations["y"]
    np.testing.assert_allclose(seen.upper, [120.0, 50 * 6e-6 * 1000 / 2])
    np.testing.assert_allclose(seen.limit, [50 * 6e-6 * 4000 / 2, 50 * 6e-6 * 1000 / 2])
    assert (seen.unit, seen.lower[1]) == ("cells/uL", -INF)
    back = convert_copies(cells, "y", to="copies/ug", by=by)
    np.testing.assert_allclose(back["1"].observations["y"].upper, [1e4, 50])
    known = Cohort((replace(start.patients[0], covariates={"WBC": 4.0}),))
    constant = Copies(white_cells="WBC", white_cells_unit="1e9*cells/L", dna_per_cell=6.0, copies_per_cell=2.0)
    np.testing.assert_allclose(convert_copies(known, "y", to="cells/uL", by=constant)["1"].observations["y"].upper[0], 120.0)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Copies(), "white_cells is missing, and copies are per DNA of all nucleated cells"),
        (lambda: Copies(white_cells="wbc", copies_per_cell=1.0), "dna_per_cell is missing, and copies are counted per mass of DNA"),
        (lambda: Copies(white_cells="wbc", dna_per_cell=6.0), "copies_per_cell is missing, and a CAR\\+ cell may carry several"),
        (lambda: Copies(white_cells="wbc", dna_per_cell=6.0, copies_per_cell=0.0), "copies_per_cell is 0.0; expected a number above zero"),
        (lambda: convert_copies(SERIES, "y", to="cells/uL"), "different measurements; give by=Copies"),
    ],
)
def test_the_conversion_is_refused_without_what_it_needs(make: Callable[[], object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        make()


def test_the_conversion_says_where_a_white_cell_count_is_missing() -> None:
    by = Copies(white_cells="wbc", dna_per_cell=6.0, copies_per_cell=2.0, within=1)
    with pytest.raises(InputError, match="patient 1 has no measured wbc within 1 of time 28"):
        convert_copies(cohort([(28, 9, 9, -INF)], wbc=white([7], [4000])), "y", to="cells/uL", by=by)
    with pytest.raises(InputError, match="patient 1 has no white-cell count 'wbc'"):
        convert_copies(cohort([(28, 9, 9, -INF)]), "y", to="cells/uL", by=by)
    with pytest.raises(InputError, match="are not copies per mass of DNA and cells per volume"):
        convert_copies(cohort([(7, 9, 9, -INF)], wbc=white([7], [4000])), "y", to="mg/L", by=by)


def test_a_unit_of_the_same_kind_needs_nothing_else() -> None:
    assert convert_observations(SERIES, "y", to="copies/ng")["1"].observations["y"].limit[0] == pytest.approx(0.05)
    with pytest.raises(UnitError, match="output 'y' of patient 1 is in 'copies/ug', which cannot be converted to 'cells/uL'"):
        convert_observations(SERIES, "y", to="cells/uL")
