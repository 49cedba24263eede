"""The log likelihood of any family under exact, right- and interval-censored, left-truncated and weighted data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue.errors import InputError
from autologue.survival.families.family import Family, Values
from autologue.survival.records import Floats, Integers, TimeToEvent

__all__ = ["Likelihood", "Terms", "likelihood"]


BLOCK = 8_192  # subjects evaluated at once: their temporary arrays stay in the processor's cache


@dataclass(frozen=True, eq=False)
class Terms:
    """Subjects that contribute in one way: their positions and the family's basis at the times that matter."""

    rows: Integers
    basis: Floats
    upper_basis: Floats
    background: Floats


Contribution = Callable[[Family, Terms, Floats], tuple[Floats, Floats]]


@dataclass(frozen=True, eq=False)
class Likelihood:
    """The log likelihood of a family on data; the part that depends on time alone is computed once."""

    family: Family
    parts: tuple[tuple[Contribution, Terms], ...]
    weight: Floats

    def __call__(self, theta: Floats) -> tuple[float, Floats]:
        """Return the log likelihood and its gradient, shape (parameter,); minus infinity outside the family's domain."""
        value, gradient = 0.0, np.zeros(theta.size)
        if not self.family.admissible(theta):
            return -np.inf, gradient
        for part, slope, weight in self._contributions(theta):
            value += float(np.einsum("n,n->", weight, part))
            gradient += np.einsum("pn,n->p", slope, weight)
            if not np.isfinite(value):
                break
        if not np.isfinite(value) or not np.all(np.isfinite(gradient)):
            return -np.inf, np.zeros(theta.size)
        return value, gradient

    def information(self, theta: Floats) -> Floats:
        """Return the sum of outer products of the terms' scores, shape (parameter, parameter): the metric of a fit."""
        total = np.zeros((theta.size, theta.size))
        for _, slope, weight in self._contributions(theta):
            total += np.einsum("pn,n,qn->pq", slope, weight, slope)
        return total

    def reweighted(self, weight: Floats) -> Likelihood:
        """Return the same likelihood with other weights, shape (subject,), as a bootstrap needs."""
        return Likelihood(self.family, self.parts, weight)

    def _contributions(self, theta: Floats) -> Iterator[tuple[Floats, Floats, Floats]]:
        with np.errstate(all="ignore"):
            for contribution, terms in self.parts:
                yield (*contribution(self.family, terms, theta), self.weight[terms.rows])


def likelihood(data: TimeToEvent, family: Family) -> Likelihood:
    """Return the log likelihood of a resolved family; refuses exact events at time zero, where densities may not exist."""
    interval = (data.lower < data.upper) & np.isfinite(data.upper)
    exact = data.event & ~interval
    if np.any(exact & (data.lower <= 0)):
        row = int(np.flatnonzero(exact & (data.lower <= 0))[0])
        raise InputError(
            f"subject {data.subject[row]} has the event exactly at time zero, where a parametric density has no value; "
            "give the time of the event in a finer unit, or half a unit."
        )
    if np.any(interval & (data.background > 0)):
        raise InputError(
            "a background hazard needs exact event times, but some are interval censored; drop the background or the intervals."
        )
    groups: tuple[tuple[Contribution, NDArray[np.bool_], Floats], ...] = (
        (_exact, exact, data.lower),
        (_free, ~data.event & (data.lower > 0), data.lower),
        (_between, interval, data.lower),
        (_entered, data.entry > 0, data.entry),
    )
    parts = tuple((contribution, terms) for contribution, rows, times in groups for terms in _terms(family, data, rows, times))
    return Likelihood(family, parts, data.weight)


def _terms(family: Family, data: TimeToEvent, rows: NDArray[np.bool_], times: Floats) -> Iterator[Terms]:
    every = np.flatnonzero(rows)
    for first in range(0, every.size, BLOCK):
        at = every[first : first + BLOCK]
        upper = np.where(np.isfinite(data.upper[at]), data.upper[at], times[at])
        yield Terms(at, family.basis(times[at]), family.basis(upper), data.background[at])


def _exact(family: Family, terms: Terms, theta: Floats) -> tuple[Floats, Floats]:
    """Log density of an exact event, all causes together where there is a background hazard."""
    if not np.any(terms.background > 0):
        return family.density(terms.basis, theta)
    at = family.evaluate(terms.basis, theta)
    hazard, d_hazard = _with_background(at, terms.background)
    return at.log_survival + hazard, at.d_log_survival + d_hazard


def _free(family: Family, terms: Terms, theta: Floats) -> tuple[Floats, Floats]:
    """Log survival to the time of censoring."""
    at = family.evaluate(terms.basis, theta)
    return at.log_survival, at.d_log_survival


def _entered(family: Family, terms: Terms, theta: Floats) -> tuple[Floats, Floats]:
    """Minus the log survival to entry: late entrants are seen because they had no event before."""
    at = family.evaluate(terms.basis, theta)
    return -at.log_survival, -at.d_log_survival


def _between(family: Family, terms: Terms, theta: Floats) -> tuple[Floats, Floats]:
    """log(S(lower) - S(upper))."""
    return _difference(family.evaluate(terms.basis, theta), family.evaluate(terms.upper_basis, theta))


def _with_background(at: Values, background: Floats) -> tuple[Floats, Floats]:
    """Log of the background plus the excess hazard, and its derivatives."""
    total = np.logaddexp(np.log(background), at.log_hazard)
    return total, at.d_log_hazard * np.exp(at.log_hazard - total)


def _difference(low: Values, high: Values) -> tuple[Floats, Floats]:
    """log(S(lower) - S(upper)) and its derivatives."""
    gap = np.maximum(low.log_survival - high.log_survival, 1e-300)
    rest = -np.expm1(-gap)
    slope = (low.d_log_survival - np.exp(-gap) * high.d_log_survival) / rest
    return low.log_survival + np.log(rest), slope
