"""The uncertain numbers of a trial, replicate by replicate: links, and shares of the protocol that rest on a number of patients."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from autologue import seeds
from autologue.errors import InputError, unknown
from autologue.protocol import Protocol, Quantity
from autologue.trial.link import Link, central_values, draw_values

__all__ = ["Values", "protocol_shares", "trial_values"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Values:
    """Numbers by name, one for each replicate (replicates,); `draws` says which draw each replicate has, -1 for the central values."""

    numbers: Mapping[str, Floats]
    draws: NDArray[np.int64]

    def __getitem__(self, name: str) -> Floats:
        """Return a number (replicates,)."""
        if name not in self.numbers:
            raise InputError(unknown("link", name, self.numbers))
        return self.numbers[name]

    def __contains__(self, name: str) -> bool:
        """Return whether there is such a number."""
        return name in self.numbers

    def one(self, replicate: int) -> dict[str, float]:
        """Return the numbers of one replicate by name."""
        return {name: float(value[replicate]) for name, value in self.numbers.items()}

    def spread(self, which: NDArray[np.int64]) -> Values:
        """Return the numbers of patients, whose replicates are `which` (patients,)."""
        return Values({name: value[which] for name, value in self.numbers.items()}, self.draws[which])


def protocol_shares(protocol: Protocol) -> Iterator[tuple[str, Quantity]]:
    """Yield the shares of a protocol by the name under which a course asks for them."""
    if protocol.screening:
        yield "screening.failing", protocol.screening.failing
    if protocol.manufacturing:
        yield "manufacturing.failing", protocol.manufacturing.failing
    if protocol.bridging:
        yield "bridging.share", protocol.bridging.share
    if protocol.lymphodepletion:
        yield "lymphodepletion.share", protocol.lymphodepletion.share
    for arm in protocol.arms.values():
        if arm.comparator:
            yield f"{arm.name}.complete", arm.comparator.complete
            yield f"{arm.name}.partial", arm.comparator.partial


def trial_values(
    protocol: Protocol, links: Mapping[str, Link], draws: NDArray[np.int64], *, seed: int, fixed: Mapping[str, Floats] | None = None
) -> Values:
    """Return the numbers of replicates whose draws are given (-1: central).

    A share with n patients behind it is drawn from the Beta distribution of Jeffreys. `fixed` has numbers (replicates,) that replace
    those of links, a calibrated draw for instance.
    """
    drawn = draws >= 0
    numbers = dict(central_values(links, len(draws)))
    if drawn.any():
        for name, value in draw_values(links, draws[drawn], seed=seed).items():
            numbers[name][drawn] = value
    for name, share in protocol_shares(protocol):
        numbers[name] = np.full(len(draws), share.value)
        if share.n and drawn.any():
            numbers[name][drawn] = _beta(share, name, draws[drawn], seed)
    return Values({**numbers, **(fixed or {})}, draws)


def _beta(share: Quantity, name: str, draws: NDArray[np.int64], seed: int) -> Floats:
    own = seeds.child_seed(seed, seeds.Purpose.UNCERTAINTY, zlib.crc32(name.encode()))
    u = seeds.uniforms(own, seeds.Purpose.UNCERTAINTY, draws, 1)[:, 0]
    found: Floats = betaincinv(share.value * share.n + 0.5, (1.0 - share.value) * share.n + 0.5, u)
    return found
