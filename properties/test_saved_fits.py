"""Whatever befalls the file of a saved fit, reading it gives the same fit or one sentence that says what is wrong."""

from __future__ import annotations

import copy
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autologue.errors import InputError
from autologue.fit import FOCEI, fit, load_fit
from autologue.library import populations
from autologue.patient import Cohort, Observations, Patient


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """A small fit of a library model, and its bytes."""
    times = np.array([3.0, 7.0, 14.0, 28.0])
    rng = np.random.default_rng(1)
    level = np.array([900.0, 9000.0, 12000.0, 1500.0])
    seen = [level * np.exp(rng.normal(0.0, 0.5) + rng.normal(0.0, 0.2, 4)) for _ in range(6)]
    people = [Patient(id=str(k), observations={"transgene": Observations(times, y, unit="copies/ug")}) for k, y in enumerate(seen)]
    start = populations("stein_2019")["variance"]
    fixed = [f"omega_{name}" for name in start.varying if name != "c_max"] + ["t_max", "alpha", "beta", "memory_fraction", "fold_expansion"]
    path = tmp_path_factory.mktemp("saved") / "fit.json"
    fit(Cohort(tuple(people), "six"), start, method=FOCEI(probes=0), fixed=fixed).save(path)
    return path, path.read_bytes()


def refused(path: Path) -> str | None:
    """Return the sentence with which an archive is refused, None where it is read; any other error is a failure."""
    try:
        load_fit(path)
    except InputError as problem:
        return str(problem).replace(str(path), "fit.json")
    return None


def one_sentence(words: str | None) -> bool:
    return words is not None and "\n" not in words and words.startswith(("fit.json", "cannot read fit.json"))


@given(place=st.integers(0, 10**9), old=st.integers(0, 40), new=st.binary(max_size=40))
def test_bytes_that_were_changed_are_seen(saved: tuple[Path, bytes], place: int, old: int, new: bytes) -> None:
    path, whole = saved
    at = place % len(whole)
    hurt = whole[:at] + new + whole[at + old :]
    path.write_bytes(hurt)
    words = refused(path)
    try:
        same = json.loads(hurt) == json.loads(whole)
    except ValueError:
        same = False
    assert words is None if same else one_sentence(words)


@given(length=st.integers(0, 10**9))
def test_a_file_that_was_cut_short_is_refused(saved: tuple[Path, bytes], length: int) -> None:
    path, whole = saved
    path.write_bytes(whole[: length % len(whole)])
    assert one_sentence(refused(path))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "fields", "map", "array"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(steps=st.lists(st.integers(0, 10**6), min_size=1, max_size=7), other=JSON)
def test_a_part_that_was_replaced_is_refused_or_harmless(saved: tuple[Path, bytes], steps: list[int], other: object) -> None:
    """With the hash made anew, as a tool would that writes such files: no error but in words."""
    path, whole = saved
    text = json.loads(whole)
    tree = copy.deepcopy(text)
    node = tree
    for step in steps:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = keys[step % len(keys)]
        if step == steps[-1] or not isinstance(node[key], dict | list) or not node[key]:
            node[key] = other
            break
        node = node[key]
    if isinstance(tree.get("fit"), dict | list):
        tree["sha256"] = hashlib.sha256(json.dumps(tree["fit"], sort_keys=True).encode()).hexdigest()
    path.write_text(json.dumps(tree))
    words = refused(path)
    assert words is None or words
