"""Properties of the random numbers: any chunking, order or subset of patients gives the same bits."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from autologue.seeds import Purpose, normal_quantile, normals, uniforms

SEEDS = st.integers(0, 2**63 - 1)
IDS = st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=40)


@settings(deadline=None)
@given(SEEDS, st.sampled_from(Purpose), IDS, st.integers(0, 9), st.integers(1, 11), st.integers(0, 2**24 - 1))
def test_chunks_and_counts_change_no_bit(seed: int, purpose: Purpose, ids: list[int], count: int, chunk: int, attempt: int) -> None:
    whole = normals(seed, purpose, ids, count, attempt=attempt)
    pieces = [normals(seed, purpose, ids[i : i + chunk], count + 3, attempt=attempt)[:, :count] for i in range(0, len(ids), chunk)]
    assert whole.tobytes() == np.concatenate(pieces).tobytes()
    assert whole[::-1].tobytes() == normals(seed, purpose, ids[::-1], count, attempt=attempt).tobytes()


@settings(deadline=None)
@given(SEEDS, st.sampled_from(Purpose), IDS)
def test_uniforms_stay_inside_the_open_interval(seed: int, purpose: Purpose, ids: list[int]) -> None:
    table = uniforms(seed, purpose, ids, 4)
    assert (table > 0.0).all()
    assert (table < 1.0).all()


@given(st.integers(0, 2**52 - 1), st.integers(0, 2**52 - 1))
def test_the_quantile_is_odd_and_increasing(one: int, other: int) -> None:
    low, high = sorted(((2 * one + 1) / 2**53, (2 * other + 1) / 2**53))
    assert normal_quantile(1.0 - low) == -normal_quantile(low)
    assert normal_quantile(low) <= normal_quantile(high)
