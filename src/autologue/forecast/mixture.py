"""A mixture of multivariate t distributions that learns the shape of a posterior: the proposal of importance sampling."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, logsumexp
from scipy.stats import chi2

__all__ = ["Mixture"]

Floats = NDArray[np.float64]
_DEGREES = 5.0  # of freedom: tails heavier than those of a normal posterior


@dataclass(frozen=True, eq=False, slots=True)
class Mixture:
    """share: (components,), means (components, d), covariance-like scales (components, d, d); the rest of the share is the prior's.

    The prior's share bounds the weights where a component misses what the prior allows (Hesterberg 1995, Technometrics 37:185-194).
    """

    share: Floats
    mean: Floats
    scale: Floats

    def draw(self, u: Floats, normal: Floats) -> Floats:
        """Return points (n, d) for uniform numbers u (n, 2), of which one picks the component, and normal ones (n, d)."""
        edges = np.cumsum(self.share)
        chosen = np.searchsorted(edges, u[:, 0], side="right")  # one past the last: the prior
        found = normal.copy()
        stretch = np.sqrt(_DEGREES / chi2.ppf(u[:, 1], _DEGREES))
        for k, (mean, scale) in enumerate(zip(self.mean, self.scale, strict=True)):
            rows = chosen == k
            found[rows] = mean + stretch[rows, None] * (normal[rows] @ np.linalg.cholesky(scale).T)
        return found

    def log_parts(self, z: Floats) -> Floats:
        """Return the log-density of each component times its share, the prior last, (n, components + 1)."""
        n, d = z.shape
        found = np.empty((n, len(self.share) + 1))
        constant = gammaln((_DEGREES + d) / 2) - gammaln(_DEGREES / 2) - 0.5 * d * np.log(_DEGREES * np.pi)
        for k, (share, mean, scale) in enumerate(zip(self.share, self.mean, self.scale, strict=True)):
            root = np.linalg.cholesky(scale)
            away = np.linalg.solve(root, (z - mean).T)
            far = (away * away).sum(axis=0)
            found[:, k] = np.log(share) + constant - np.log(np.diagonal(root)).sum() - 0.5 * (_DEGREES + d) * np.log1p(far / _DEGREES)
        prior = -0.5 * (z * z).sum(axis=1) - 0.5 * d * np.log(2 * np.pi)
        found[:, -1] = np.log(max(1.0 - self.share.sum(), 1e-300)) + prior
        return found

    def log_density(self, z: Floats) -> Floats:
        """Return the log-density of the mixture, (n,)."""
        found: Floats = logsumexp(self.log_parts(z), axis=1)
        return found

    def learn(self, z: Floats, weights: Floats, *, least: float) -> Mixture:
        """Return the mixture after a step of expectation and maximisation on weighted points (Cappe et al. 2008, Stat Comput 18:447).

        `least` is the prior's share, kept. A component that holds hardly any weight is dropped.
        """
        parts = self.log_parts(z)
        belongs = np.exp(parts - logsumexp(parts, axis=1, keepdims=True)) * weights[:, None]
        d = z.shape[1]
        share, mean, scale = [], [], []
        for k in range(len(self.share)):
            held = belongs[:, k].sum()
            if held < 5e-3:
                continue
            root = np.linalg.cholesky(self.scale[k])
            far = (np.linalg.solve(root, (z - self.mean[k]).T) ** 2).sum(axis=0)
            pull = belongs[:, k] * (_DEGREES + d) / (_DEGREES + far)
            middle = (pull[:, None] * z).sum(axis=0) / pull.sum()
            spread = np.einsum("n,ni,nj->ij", pull, z - middle, z - middle) / held
            effective = held**2 / max((belongs[:, k] ** 2).sum(), 1e-300)
            trust = effective / (effective + 2 * d)  # few points say little of a whole matrix
            share.append(held)
            mean.append(middle)
            scale.append(trust * spread + (1 - trust) * self.scale[k])
        if not share:
            return self
        whole = np.array(share) / sum(share) * (1 - least)
        return Mixture(whole, np.array(mean), np.array(scale))
