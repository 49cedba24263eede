"""Generalised gamma survival in Prentice's form, which holds the log-normal, Weibull and gamma families.

Prentice (1974), Biometrika 61:539-544; Cox et al. (2007), Stat Med 26:4352-4374.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, gammainc, gammaincc, gammaln

from autologue.survival.families.family import TINY, Family, Values, summary_rate
from autologue.survival.families.log_normal import LOG_ROOT_2PI
from autologue.survival.records import Floats, TimeToEvent

__all__ = ["GeneralisedGamma"]

STEP = 3e-5  # central difference in q: the incomplete gamma function has no closed derivative; the mean of the two is exact to 1e-9
NEARLY = np.log(1e-12)  # below this log argument the incomplete gamma function is its first term, to twelve digits
NARROW = 2e-3  # below this |q| the incomplete gamma function loses digits and a straight line in q is exact to 1e-6


@dataclass(frozen=True)
class GeneralisedGamma(Family):
    """With w = (log t - mu) / sigma: q = 0 log-normal, q = 1 Weibull, q = sigma gamma."""

    @property
    def name(self) -> str:
        return "generalised gamma"

    @property
    def parameters(self) -> tuple[str, ...]:
        return ("mu", "log_sigma", "q")

    def basis(self, times: Floats) -> Floats:
        return np.log(np.maximum(times, TINY))[None, :]

    def evaluate(self, basis: Floats, theta: Floats) -> Values:
        x, sigma, q = basis[0], np.exp(theta[1]), float(theta[2])
        w = (x - theta[0]) / sigma
        log_survival, d_survival_q = _log_survival(w, q)
        log_density, d_density_w, d_density_q = _log_density(w, q)
        mills = np.exp(log_density - log_survival)
        d_hazard_w = d_density_w + mills
        return Values(
            log_survival,
            log_density - theta[1] - x - log_survival,
            np.stack([mills / sigma, mills * w, d_survival_q]),
            np.stack([-d_hazard_w / sigma, -1.0 - w * d_hazard_w, d_density_q - d_survival_q]),
        )

    def density(self, basis: Floats, theta: Floats) -> tuple[Floats, Floats]:
        x, sigma, q = basis[0], np.exp(theta[1]), float(theta[2])
        w = (x - theta[0]) / sigma
        log_density, d_w, d_q = _log_density(w, q)
        return log_density - theta[1] - x, np.stack([-d_w / sigma, -1.0 - w * d_w, d_q])

    def start(self, data: TimeToEvent) -> Floats:
        return np.array([-np.log(summary_rate(data)), 0.0, 0.5])

    def natural(self, theta: Floats) -> dict[str, float]:
        return {"mu": float(theta[0]), "sigma": float(np.exp(theta[1])), "q": float(theta[2])}


def _tail(w: Floats, q: float) -> Floats:
    """Log survival of the standardised variable for q away from zero.

    Where the argument of the incomplete gamma function is nearly zero its first term says all, and stays right where the argument
    itself underflows: without it a survival of 1 beside a finite density once gave likelihoods that no distribution has.
    """
    shape = q**-2
    log_u = np.log(shape) + np.minimum(q * w, 700.0)
    u = np.exp(log_u)
    small = log_u < NEARLY
    first = np.minimum(shape * log_u - gammaln(shape + 1), 0.0)  # log of the lower incomplete gamma function, where u is small
    if q > 0:
        low = np.log(-np.expm1(np.minimum(first, -TINY)))
        rest = np.log(np.maximum(gammaincc(shape, u), TINY))
    else:
        low, rest = first, np.log(np.maximum(gammainc(shape, u), TINY))
    return np.asarray(np.where(small, low, rest))


def _log_survival(w: Floats, q: float) -> tuple[Floats, Floats]:
    """Log survival and its derivative in q at fixed w."""
    if abs(q) < NARROW:
        low, high = _tail(w, -NARROW), _tail(w, NARROW)
        slope = (high - low) / (2 * NARROW)
        return 0.5 * (low + high) + slope * q, slope
    step = STEP * max(1.0, abs(q))
    low, high = _tail(w, q - step), _tail(w, q + step)
    return 0.5 * (low + high), (high - low) / (2 * step)


def _log_density(w: Floats, q: float) -> tuple[Floats, Floats, Floats]:
    """Log density of w, and its derivatives in w and in q; series where q is small."""
    y = np.minimum(q * w, 700.0)
    grown = np.expm1(y)
    small = np.abs(y) < 1e-2
    safe = 1.0 if q == 0 else q
    bend = np.where(small, w * w * (0.5 + y / 6 + y**2 / 24 + y**3 / 120), (grown - y) / safe**2)
    d_w = np.where(small, -w * (1 + y / 2 + y**2 / 6 + y**3 / 24), -grown / safe)
    d_bend = np.where(small, w**3 * (1 / 6 + y / 12 + y**2 / 40), (w * grown * safe - 2 * (grown - y)) / safe**3)
    if abs(q) < 0.1:
        constant, d_constant = -LOG_ROOT_2PI - q**2 / 12 + q**6 / 360, -q / 6 + q**5 / 60
    else:
        k = q**-2
        constant = np.log(abs(q)) + k * np.log(k) - k - gammaln(k)
        d_constant = 1 / q - 2 * q**-3 * (np.log(k) - digamma(k))
    return constant - bend, d_w, d_constant - d_bend
