"""Random numbers against the published vectors of Philox, a peer's normal quantile, and the laws they must follow."""

import numpy as np
import pytest
from numba import njit
from scipy import special, stats

from autologue.errors import InputError
from autologue.seeds import Purpose, child_seed, normal, normal_quantile, normals, philox4x32, uniform, uniforms

# Random123 1.x, examples/kat_vectors, "philox4x32 10": counter, key, result.
KNOWN_ANSWERS = [
    ((0,) * 4, (0,) * 2, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN_ANSWERS)
def test_philox_gives_the_published_known_answers(counter: tuple[int, ...], key: tuple[int, ...], expected: tuple[int, ...]) -> None:
    assert philox4x32(*counter, *key) == expected


def test_a_uniform_is_the_midpoint_of_the_cell_named_by_the_philox_words() -> None:
    seed, patient, index, attempt = 0x0123456789ABCDEF, 0x7EDCBA9876543210, 7, 5
    words = philox4x32(patient & 0xFFFFFFFF, patient >> 32, index // 2, Purpose.TRIAL << 24 | attempt, seed & 0xFFFFFFFF, seed >> 32)
    cell = (int(words[3]) << 32 | int(words[2])) >> 12
    assert uniform(seed, Purpose.TRIAL, patient, index, attempt) == (2 * cell + 1) / 2**53


def test_tables_hold_the_scalar_numbers() -> None:
    ids = [0, 5, 2**40 + 3, 2**63 - 1]
    for count in (1, 2, 7):
        flat = uniforms(2**63 - 1, Purpose.RESIDUAL, ids, count, attempt=3)
        bell = normals(2**63 - 1, Purpose.RESIDUAL, ids, count, attempt=3)
        for row, patient in enumerate(ids):
            for index in range(count):
                assert flat[row, index] == uniform(2**63 - 1, Purpose.RESIDUAL, patient, index, 3)
                assert bell[row, index] == normal(2**63 - 1, Purpose.RESIDUAL, patient, index, 3)


def test_scalars_can_be_called_from_compiled_code() -> None:
    @njit
    def total(seed: int) -> float:
        return normal(seed, Purpose.EXTINCTION, 4, 2, 1) + uniform(seed, 1, 4, 2, 1)

    assert total(11) == normal(11, Purpose.EXTINCTION, 4, 2, 1) + uniform(11, Purpose.COVARIATES, 4, 2, 1)


def test_normal_quantile_agrees_with_scipy_over_the_whole_range() -> None:
    middle = np.linspace(0.0005, 0.9995, 20_001)
    tails = 10.0 ** np.linspace(-300, -3, 3_001)
    p = np.concatenate([middle, tails, [0.075, 0.925, 2.0**-53, 1 - 2.0**-53, np.exp(-25.0)]])
    ours = np.array([normal_quantile(value) for value in p])
    np.testing.assert_allclose(ours, special.ndtri(p), rtol=1e-13, atol=1e-13)


def test_uniforms_are_uniform_and_normals_are_normal() -> None:
    flat = uniforms(20240101, Purpose.PARAMETERS, np.arange(50_000), 10)
    assert flat.min() > 0.0
    assert flat.max() < 1.0
    assert stats.kstest(flat.ravel(), "uniform").pvalue > 1e-3
    assert stats.kstest(normals(20240101, Purpose.PARAMETERS, np.arange(50_000), 10).ravel(), "norm").pvalue > 1e-3
    squares = np.histogram2d(flat[:, 0], flat[:, 1], bins=20)[0]  # the two numbers of one Philox block
    assert stats.chisquare(squares.ravel()).pvalue > 1e-3


def test_neighbours_in_every_direction_are_uncorrelated() -> None:
    ids = np.arange(100_000)
    base = normals(7, Purpose.PARAMETERS, ids, 3)
    others = {
        "seed": normals(8, Purpose.PARAMETERS, ids, 1)[:, 0],
        "purpose": normals(7, Purpose.COVARIATES, ids, 1)[:, 0],
        "attempt": normals(7, Purpose.PARAMETERS, ids, 1, attempt=1)[:, 0],
        "patient": normals(7, Purpose.PARAMETERS, ids + 1, 1)[:, 0],
        "index in the block": base[:, 1],
        "next block": base[:, 2],
    }
    limit = 4.5 / np.sqrt(ids.size)  # 4.5 standard errors of a null correlation
    for direction, other in others.items():
        for power in (1, 2):
            assert abs(np.corrcoef(base[:, 0] ** power, other**power)[0, 1]) < limit, direction


def test_no_number_is_used_twice() -> None:
    tables = [uniforms(3, purpose, np.arange(500), 9, attempt=attempt) for purpose in Purpose for attempt in (0, 1, 2**24 - 1)]
    together = np.concatenate([table.ravel() for table in tables])
    assert np.unique(together).size == together.size


def test_child_seeds_are_distinct_seeds() -> None:
    children = {child_seed(seed, purpose, number) for seed in (0, 1, 2**63 - 1) for purpose in Purpose for number in range(200)}
    assert len(children) == 3 * len(Purpose) * 200
    assert all(0 <= child < 2**63 for child in children)
    assert child_seed(1, Purpose.REPLICATE, 2**63 - 1) != child_seed(1, Purpose.REPLICATE, 2**32 - 1)


def test_empty_requests_give_empty_tables() -> None:
    assert uniforms(1, Purpose.TRIAL, [], 4).shape == (0, 4)
    assert normals(1, Purpose.TRIAL, [2, 3], 0).shape == (2, 0)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((-1, [1], 1, 0), "seed"),
        ((2**63, [1], 1, 0), "seed"),
        ((1.5, [1], 1, 0), "seed"),
        ((True, [1], 1, 0), "seed"),
        ((1, [-1], 1, 0), "ids"),
        ((1, [2**63], 1, 0), "ids"),
        ((1, [0.5], 1, 0), "ids"),
        ((1, [[1, 2]], 1, 0), "ids"),
        ((1, [1], -1, 0), "count"),
        ((1, [1], 1, 2**24), "attempt"),
    ],
)
def test_arguments_outside_their_range_are_named(arguments: tuple[object, ...], named: str) -> None:
    seed, ids, count, attempt = arguments
    with pytest.raises(InputError, match=named):
        uniforms(seed, Purpose.TRIAL, ids, count, attempt=attempt)  # type: ignore[arg-type]


def test_a_child_of_an_impossible_seed_is_refused() -> None:
    with pytest.raises(InputError, match="seed must be a whole number from 0"):
        child_seed(-1, Purpose.REPLICATE, 0)
    with pytest.raises(InputError, match="number must be a whole number from 0"):
        child_seed(1, Purpose.REPLICATE, -1)
