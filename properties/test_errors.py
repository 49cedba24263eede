"""Sentences for unknown names, for any names."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from autologue.errors import FEW, nearest, unknown

NAMES = st.text("abcdefghijklmnopqrstuvwxyz_0123456789", min_size=1, max_size=20)


@given(name=NAMES, choices=st.sets(NAMES), count=st.integers(1, 5))
def test_nearest_offers_only_known_names(name: str, choices: set[str], count: int) -> None:
    offered = nearest(name, choices, count)
    assert set(offered) <= choices
    assert len(offered) == len(set(offered)) <= count


@given(choices=st.sets(NAMES, min_size=1))
def test_a_known_name_is_nearest_to_itself(choices: set[str]) -> None:
    assert all(nearest(name, choices)[0] == name for name in choices)


@given(name=NAMES, choices=st.sets(NAMES))
def test_unknown_is_one_line_and_does_not_depend_on_the_order(name: str, choices: set[str]) -> None:
    sentence = unknown("model", name, sorted(choices))
    assert sentence == unknown("model", name, sorted(choices, reverse=True)) == sentence.replace("\n", "")
    assert repr(name) in sentence
    near = nearest(name, sorted(choices), 3)
    assert all(choice in sentence for choice in (near if near and len(choices) > FEW else choices))
