"""A share of a trial's blocks, so that an array job of any scheduler makes each in a process of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from autologue.errors import InputError

__all__ = ["Share"]

Each = TypeVar("Each")


@dataclass(frozen=True)
class Share:
    """Number `index`, from 1, of `count` shares that together are everything.

    >>> [Share.read(f"{k}/3").of(range(8)) for k in (1, 2, 3)]
    [range(0, 8, 3), range(1, 8, 3), range(2, 8, 3)]
    """

    index: int
    count: int

    def __post_init__(self) -> None:
        if not 1 <= self.index <= self.count:
            raise InputError(f"share {self.index}/{self.count} does not exist; expected i/n with i from 1 to n, as in 2/8")

    @classmethod
    def read(cls, text: str) -> Share:
        """Return the share written as i/n; raises InputError for anything else."""
        if not (found := re.fullmatch(r"\s*(\d{1,9})\s*/\s*(\d{1,9})\s*", text, re.ASCII)):
            raise InputError(f"'{text}' is no share; expected i/n with i from 1 to n, as in 2/8")
        return cls(int(found[1]), int(found[2]))

    def of(self, items: Sequence[Each]) -> Sequence[Each]:
        """Return the items that belong to the share, in their order."""
        return items[self.index - 1 :: self.count]
