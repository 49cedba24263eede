"""Priors of a full Bayesian fit: what is believed of each estimate before the data, weakly where the user says nothing.

| estimate | prior | how wide |
|---|---|---|
| typical value | normal on its scale, around the starting value | log: sd log(10), a factor of ten; logit: 1.5; value: 2.5 spans |
| effect of a covariate | normal around zero | 2.5 spans of its parameter for one standard deviation of the covariate |
| standard deviation of a random effect | half-t with 3 degrees of freedom (Gelman 2006) | the span of its parameter |
| correlations of a block | LKJ with shape 2 (Lewandowski, Kurowicka, Joe 2009), by the partial correlations | |
| residual error | half-t with 3 degrees of freedom | cv: 1; sd: 1 of a logarithm, else the standard deviation of the output's values |
| exponent of a residual error | normal around 1 | sd 0.5 |

The span of a parameter is 1 on the scales of logarithm and logit, otherwise the size of its values. A prior that the user gives
(`Prior`) takes the place of the default one.

Gelman 2006, Bayesian Anal 1:515-534, doi:10.1214/06-BA117A. Lewandowski, Kurowicka, Joe 2009, J Multivar Anal 100:1989-2001,
doi:10.1016/j.jmva.2009.04.008: in a vine the partial correlations given the m variables before a pair in a block of d are independent,
and (r + 1) / 2 ~ Beta(a, a) with a = shape + (d - 2 - m) / 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, polygamma

from autologue.fit.problem import Problem
from autologue.population import Estimate, Kind, Scale, estimates_of
from autologue.variability import LogNormal

__all__ = ["Beliefs", "beliefs_of"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
FREEDOM = 3.0
SHAPE = 2.0  # of LKJ
FACTOR, LOGIT, SIZES = 10.0, 1.5, 2.5


@dataclass(frozen=True, eq=False)
class Beliefs:
    """Priors of the estimates (p,): normal with `centre` and `scale`; half-t of the value with `scale`; LKJ with shape `scale`.

    sd: the standard deviation of each prior on the scale of estimation. words: each in words.
    """

    centre: Floats
    scale: Floats
    half_t: Flags
    lkj: Flags
    sd: Floats
    words: tuple[str, ...]

    def log_density(self, vectors: Floats) -> tuple[Floats, Floats]:
        """Return the log-densities (m,) of estimates (m, p) on their scales, and their gradients (m, p)."""
        value, slope = np.empty_like(vectors), np.empty_like(vectors)
        plain, half_t, lkj = (np.flatnonzero(which) for which in (~(self.half_t | self.lkj), self.half_t, self.lkj))
        z = (vectors[:, plain] - self.centre[plain]) / self.scale[plain]
        value[:, plain], slope[:, plain] = -0.5 * z * z, -z / self.scale[plain]
        x = vectors[:, half_t]
        ratio = np.exp(2.0 * (x - np.log(self.scale[half_t]))) / FREEDOM
        value[:, half_t] = x - 0.5 * (FREEDOM + 1.0) * np.log1p(ratio)
        slope[:, half_t] = 1.0 - (FREEDOM + 1.0) * ratio / (1.0 + ratio)
        x, a = vectors[:, lkj], self.scale[lkj]
        value[:, lkj] = -2.0 * a * (np.abs(x) + np.log1p(np.exp(-2.0 * np.abs(x))) - np.log(2.0))
        slope[:, lkj] = -2.0 * a * np.tanh(x)
        return value.sum(axis=1) + self._constant, slope

    @cached_property
    def _constant(self) -> float:
        """The logarithm of what makes the densities have the integral one."""
        plain, a = ~(self.half_t | self.lkj), self.scale[self.lkj]
        found = -np.log(self.scale[plain]).sum() - 0.5 * np.log(2.0 * np.pi) * plain.sum() - np.log(self.scale[self.half_t]).sum()
        each = np.log(2.0) + gammaln((FREEDOM + 1.0) / 2.0) - gammaln(FREEDOM / 2.0) - 0.5 * np.log(FREEDOM * np.pi)
        return float(found + each * self.half_t.sum() + (gammaln(2.0 * a) - 2.0 * gammaln(a) - (2.0 * a - 1.0) * np.log(2.0)).sum())


def beliefs_of(problem: Problem) -> Beliefs:
    """Return the priors of a fit's estimates: the user's, and the defaults of the table above."""
    structure, p = problem.structure, len(problem.structure.estimates)
    centre, scale, sd = np.zeros(p), np.ones(p), np.ones(p)
    half_t, lkj, words = np.zeros(p, dtype=bool), np.zeros(p, dtype=bool), []
    for k, (e, start) in enumerate(zip(structure.estimates, problem.start, strict=True)):
        if structure.prior_precision[k] > 0.0:
            centre[k], scale[k] = structure.prior_centre[k], structure.prior_precision[k] ** -0.5
        elif e.kind in (Kind.TYPICAL, Kind.EFFECT):
            centre[k], scale[k] = (start if e.kind is Kind.TYPICAL else 0.0), _width(problem, e, k)
        elif e.scale is Scale.PARTIAL:
            lkj[k], scale[k] = True, _shape(problem, e)
        elif e.scale is Scale.VALUE:
            centre[k], scale[k] = 1.0, 0.5
        else:
            half_t[k], scale[k] = True, _deviation(problem, e)
        spread = polygamma(1, scale[k]) / 2.0 if lkj[k] else (polygamma(1, 0.5) + polygamma(1, FREEDOM / 2.0)) / 4.0
        sd[k] = np.sqrt(spread) if lkj[k] or half_t[k] else scale[k]
        words.append(_said(e, centre[k], scale[k], half_t=bool(half_t[k]), lkj=bool(lkj[k])))
    return Beliefs(centre, scale, half_t, lkj, sd, tuple(words))


def _width(problem: Problem, e: Estimate, k: int) -> float:
    """Return the sd of a typical value or an effect; `widths` is the span of the parameter over the largest value of the covariate."""
    if e.kind is Kind.TYPICAL:
        return {Scale.LOG: float(np.log(FACTOR)), Scale.LOGIT: LOGIT}.get(e.scale, SIZES * float(problem.widths[k]))
    regressor = problem.structure.regressors[:, e.of[0]]
    most = np.abs(regressor).max(initial=0.0)
    spread = regressor.std() or most or 1.0
    return SIZES * float(problem.widths[k] * (most or 1.0) / spread)


def _shape(problem: Problem, e: Estimate) -> float:
    """Return the shape of a partial correlation; every pair of a block is an estimate, first and second in the block's order."""
    pairs = [other.of for other in estimates_of(problem.structure.population) if other.kind is e.kind and e.of[0] in other.of]
    before = sum(second == e.of[0] for _, second in pairs)
    return float(SHAPE + (len(pairs) - 1 - before) / 2.0)


def _deviation(problem: Problem, e: Estimate) -> float:
    """Return the scale of the half-t of a deviation: of random effects, or of an output."""
    if e.kind is not Kind.RESIDUAL:
        return float(problem.spans[problem.coordinates.index(e.of[0])]) if e.of[0] in problem.coordinates else 1.0
    output, field = e.of
    if field == "cv" or isinstance(problem.structure.population.error(output), LogNormal):
        return 1.0
    rows = problem.likelihood.rows
    own = (rows.output == rows.outputs.index(output)) & ~rows.censored
    return float(rows.lower[own].std()) or 1.0 if own.any() else 1.0


def _said(e: Estimate, centre: float, scale: float, *, half_t: bool, lkj: bool) -> str:
    if lkj:
        return f"LKJ, partial correlation in Beta({scale:g}, {scale:g}) from -1 to 1"
    if half_t:
        return f"half-t, 3 degrees of freedom, scale {scale:.4g}"
    where = "" if e.scale is Scale.VALUE else f" on the {e.scale.value} scale"
    return f"normal{where} around {float(e.scale.back(centre)):.4g}, sd {scale:.4g}"
