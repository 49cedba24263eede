"""The log likelihood of any family under exact, right- and interval-censored, left-truncated and weighted data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue.errors import InputError
from autologue.survival.families.family import Family, Values
from autologue.survival.records import Floats, Integers, TimeToEvent

__all__ = ["Likelihood", "Terms", "likelihood"]


@dataclass(frozen=True, eq=False)
class Terms:
    """Subjects that contribute in one way: their positions and the family's basis at the times that matter."""

    rows: Integers
    basis: Floats
    upper_basis: Floats
    background: Floats


@dataclass(frozen=True, eq=False)
class Likelihood:
    """The log likelihood of a family on data; the part that depends on time alone is computed once."""

    family: Family
    exact: Terms
    free: Terms
    between: Terms
    entered: Terms
    weight: Floats

    def __call__(self, theta: Floats) -> tuple[float, Floats]:
        """Return the log likelihood and its gradient, shape (parameter,); minus infinity outside the family's domain."""
        value, gradient = 0.0, np.zeros(theta.size)
        for part, slope, weight in self._parts(theta):
            value += float(weight @ part)
            gradient += slope @ weight
        if not np.isfinite(value) or not np.all(np.isfinite(gradient)):
            return -np.inf, np.zeros(theta.size)
        return value, gradient

    def information(self, theta: Floats) -> Floats:
        """Return the sum of outer products of the terms' scores, shape (parameter, parameter): the metric of a fit."""
        total = np.zeros((theta.size, theta.size))
        for _, slope, weight in self._parts(theta):
            total += (slope * weight) @ slope.T
        return total

    def reweighted(self, weight: Floats) -> Likelihood:
        """Return the same likelihood with other weights, shape (subject,), as a bootstrap needs."""
        return Likelihood(self.family, self.exact, self.free, self.between, self.entered, weight)

    def _parts(self, theta: Floats) -> list[tuple[Floats, Floats, Floats]]:
        parts = []
        with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
            if self.exact.rows.size:
                at = self.family.evaluate(self.exact.basis, theta)
                hazard, d_hazard = _with_background(at, self.exact.background)
                parts.append((at.log_survival + hazard, at.d_log_survival + d_hazard, self.weight[self.exact.rows]))
            if self.free.rows.size:
                at = self.family.evaluate(self.free.basis, theta)
                parts.append((at.log_survival, at.d_log_survival, self.weight[self.free.rows]))
            if self.between.rows.size:
                low, high = self.family.evaluate(self.between.basis, theta), self.family.evaluate(self.between.upper_basis, theta)
                parts.append((*_difference(low, high), self.weight[self.between.rows]))
            if self.entered.rows.size:
                at = self.family.evaluate(self.entered.basis, theta)
                parts.append((-at.log_survival, -at.d_log_survival, self.weight[self.entered.rows]))
        return parts


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
        raise InputError("a background hazard needs exact event times, but some are interval censored; drop the background or the intervals.")
    return Likelihood(
        family,
        exact=_terms(family, data, exact, data.lower),
        free=_terms(family, data, ~data.event & (data.lower > 0), data.lower),
        between=_terms(family, data, interval, data.lower),
        entered=_terms(family, data, data.entry > 0, data.entry),
        weight=data.weight,
    )


def _terms(family: Family, data: TimeToEvent, rows: NDArray[np.bool_], times: Floats) -> Terms:
    at = np.flatnonzero(rows)
    upper = np.where(np.isfinite(data.upper[at]), data.upper[at], times[at])
    return Terms(at, family.basis(times[at]), family.basis(upper), data.background[at])


def _with_background(at: Values, background: Floats) -> tuple[Floats, Floats]:
    """Log of the background plus the excess hazard, and its derivatives."""
    if not np.any(background > 0):
        return at.log_hazard, at.d_log_hazard
    total = np.logaddexp(np.log(background), at.log_hazard)
    return total, at.d_log_hazard * np.exp(at.log_hazard - total)


def _difference(low: Values, high: Values) -> tuple[Floats, Floats]:
    """log(S(lower) - S(upper)) and its derivatives."""
    gap = np.maximum(low.log_survival - high.log_survival, 1e-300)
    rest = -np.expm1(-gap)
    slope = (low.d_log_survival - np.exp(-gap) * high.d_log_survival) / rest
    return low.log_survival + np.log(rest), slope
