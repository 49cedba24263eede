"""`autologue trial`: what is refused before any work is done."""

from __future__ import annotations

from collections.abc import Callable

import pytest


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["elianna"], "did you mean eliana"),
        (["absent.toml"], "no protocol file absent.toml"),
        (["eliana", "--replicates", "0"], "at least 1"),
        (["eliana", "--out", "page.pdf"], "ends in .html"),
        (["eliana", "--chunk", "1/2"], "expected --parts with the folder that all chunks share"),
        (["eliana", "--chunk", "3/2", "--parts", "."], "share 3/2 does not exist"),
        (["elianna", "--chunk", "1/2", "--parts", "."], "did you mean eliana"),
        (["eliana", "--scheduler", "nonsense", "--replicates", "1"], "no scheduler answers at 'nonsense'"),
        (["eliana", "--out", "no/such/folder/page.html"], "does not exist"),
    ],
)
def test_bad_options_are_one_sentence(refused: Callable[..., str], arguments: list[str], said: str) -> None:
    assert said in refused("trial", *arguments)
