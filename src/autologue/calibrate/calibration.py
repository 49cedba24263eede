"""What a calibration found: draws, what each target informed, fit, and whether the targets can be met together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.stats import chi2

from autologue.calibrate.surface import Surface
from autologue.calibrate.target import Target

__all__ = ["Calibration", "Wave"]

Floats = NDArray[np.float64]
LEVELS = (0.05, 0.5, 0.95)


@dataclass(frozen=True, slots=True)
class Wave:
    """A wave: its number, the power that broadened its design, points fitted; of each target the variance explained and the error.

    `error` is the standard deviation of the surface at points left out over that of the target itself.
    """

    number: int
    power: float
    points: int
    explained: Floats
    error: Floats


@dataclass(frozen=True, eq=False)
class Calibration:
    """Posterior draws (draws, parameters) in standard deviations of the prior, and what is needed to judge them.

    `chance` is the covariance of replicates at their real size, `covariance` what the likelihood used: chance, spread of the targets and
    error of the surface. `outside` is the share of particles beyond the last design; `informed` says which targets move with a parameter;
    `replicates` counts the virtual studies that were simulated.
    """

    parameters: tuple[str, ...]
    targets: tuple[Target, ...]
    draws: Floats
    surface: Surface
    chance: Floats
    covariance: Floats
    waves: tuple[Wave, ...]
    outside: float
    informed: NDArray[np.bool_]
    replicates: int
    seed: int

    @property
    def contraction(self) -> Mapping[str, float]:
        """One less the variance after over that before, by parameter: 0 learnt nothing, 1 all."""
        return dict(zip(self.parameters, (1.0 - self.draws.var(axis=0, ddof=1)).tolist(), strict=True))

    @property
    def correlation(self) -> Floats:
        """Correlations of the draws (parameters, parameters)."""
        return np.atleast_2d(np.corrcoef(self.draws, rowvar=False))

    @property
    def slopes(self) -> Floats:
        """Change of each target, in its standard deviations, for one of the prior of each parameter, at the posterior mean."""
        return np.asarray(self.surface.slopes(self.draws.mean(axis=0)) / np.sqrt(np.diag(self.covariance))[:, None])

    def identifiability(self) -> pd.DataFrame:
        """Return one row a parameter: shift and standard deviation in prior units, contraction, strongest correlation, strongest target.

        The Monte-Carlo standard error of the shift is that of independent draws, which particles are not quite.
        """
        sd, slopes = self.draws.std(axis=0, ddof=1), self.slopes
        rows = []
        for k, name in enumerate(self.parameters):
            others = np.abs(self.correlation[k]) * (np.arange(len(self.parameters)) != k)
            near, strong = int(np.argmax(others)), int(np.argmax(np.abs(slopes[:, k])))
            rows.append({
                "parameter": name, "shift": self.draws[:, k].mean(), "sd": sd[k], "error": sd[k] / math.sqrt(len(self.draws)),
                "contraction": self.contraction[name], "correlation": self.correlation[k, near] if others.any() else math.nan,
                "correlated_with": self.parameters[near] if others.any() else "", "slope": slopes[strong, k],
                "most_informed_by": self.targets[strong].name,
            })  # fmt: skip
        return pd.DataFrame(rows)

    def fit(self) -> pd.DataFrame:
        """Return one row a target: published, predictive mean and interval of a new study, distance in predictive standard deviations."""
        means = self.surface.at(self.draws)
        total = np.sqrt(np.diag(self.covariance) + means.var(axis=0, ddof=1))
        rows = []
        for k, target in enumerate(self.targets):
            centre, away = means[:, k].mean(), 1.6448536269514722 * total[k]
            low, middle, high = target.back(np.array([centre - away, centre, centre + away])).tolist()
            rows.append({
                "target": target.name, "published": target.published, "lower": low, "median": middle, "upper": high,
                "distance": (target.observed - centre) / total[k], "informed": bool(self.informed[k]),
                "surface_error": float(self.waves[-1].error[k]),
            })  # fmt: skip
        return pd.DataFrame(rows)

    def together(self) -> float:
        """Return the posterior predictive p-value of all targets at once.

        It is the chance of a new study farther from its mean than the published one, by the distance of Mahalanobis; near 0 the
        simulator cannot give the targets together, near 1 it claims too much chance.
        """
        away = np.array([target.observed for target in self.targets]) - self.surface.at(self.draws)
        distance = np.einsum("ij,ij->i", away, cho_solve(cho_factor(self.covariance), away.T).T)
        return float(chi2.sf(distance, len(self.targets)).mean())
