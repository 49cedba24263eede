"""Severity of a day and the signs it brings: thresholds of links, own deviations of organ systems, drugs that lower it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue.trial.streams import Stream, normals
from autologue.trial.values import Values

__all__ = ["Neuro", "Severity", "neuro_of", "severity_of"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
PRESSURE = ("fluids", "low_pressor", "high_pressor", "several_pressors")
OXYGEN = ("low_oxygen", "high_oxygen", "pressure_oxygen", "ventilator")
ORGAN = ("organ_1", "organ_2", "organ_3", "organ_4")
PEAK_RANGE = (1.0, 25.0)  # days


@dataclass(frozen=True, eq=False)
class Severity:
    """Severity without drugs (n, days), deviations of pressure, oxygen, creatinine and transaminases (n, 4), thresholds by name (n,)."""

    untreated: Floats
    own: Floats
    thresholds: dict[str, Floats]

    def _class(self, severity: Floats, system: int, names: tuple[str, ...]) -> Integers:
        felt = severity + self.own[:, system]
        return np.asarray(np.sum([felt > self.thresholds[name] for name in names], axis=0))

    def signs(self, severity: Floats) -> dict[str, Integers | NDArray[np.bool_]]:
        """Return the class of each sign (n,) on a day of this severity (n,); what hangs on fever needs severity above zero."""
        ill = severity > 0
        found: dict[str, Integers | NDArray[np.bool_]] = {
            "fever": ill,
            "constitutional": severity > self.thresholds["constitutional"],
            "hospitalised": severity > self.thresholds["hospital"],
            "pressure": self._class(severity, 0, PRESSURE) * ill,
            "oxygen": self._class(severity, 1, OXYGEN) * ill,
            "creatinine": self._class(severity, 2, ORGAN) * ill,
            "transaminase": self._class(severity, 3, ORGAN) * ill,
            "blood_products": severity > self.thresholds["blood_products"],
        }
        return found


def severity_of(rise: Floats, expansion: Floats, v: Values, *, ids: NDArray[np.int64], seed: int) -> tuple[Severity, Floats]:
    """Return the severity of patients, and their susceptibility in standard deviations (n,).

    `rise` (n, days) is that of the signal, `expansion` (n,) ln of the peak of CAR-T cells over its median.
    """
    z = normals(seed, Stream.SUSCEPTIBILITY, ids, 5)
    patient = v["susceptibility_spread"] * z[:, 0] + v["expansion_weight"] * expansion + v["product_severity"]
    names = ("constitutional", "hospital", "blood_products", *PRESSURE, *OXYGEN, *ORGAN)
    thresholds = {name: v["severity_step"] * v[f"threshold_{name}"] for name in names}
    untreated = np.log(rise / v["fever_signal"][:, None]) + patient[:, None]
    return Severity(untreated, v["organ_spread"][:, None] * z[:, 1:], thresholds), z[:, 0]


@dataclass(frozen=True, eq=False)
class Neuro:
    """Severity of neurotoxicity without drugs (n, days), thresholds of grades 2 to 4 (3 arrays of n), and who may have a seizure (n,)."""

    untreated: Floats
    thresholds: tuple[Floats, ...]
    seizing: Integers

    def signs(self, severity: Floats) -> dict[str, Integers | NDArray[np.bool_]]:
        """Return the class of each neurological sign (n,) on a day of this severity (n,)."""
        level = (severity > 0) + np.sum([severity > limit for limit in self.thresholds], axis=0)
        return {"level": level, "seizure": np.where(level >= 3, self.seizing, 0)}


def neuro_of(susceptibility: Floats, v: Values, *, ids: NDArray[np.int64], seed: int, days: Floats) -> Neuro:
    """Return neurotoxicity: a peak that is correlated with susceptibility to CRS but not with expansion, on a day of its own."""
    z = normals(seed, Stream.NEURO, ids, 3)
    rho = np.clip(v["neuro_with_crs"], -0.99, 0.99)
    peak = v["product_neuro"] + v["neuro_spread"] * (rho * susceptibility + np.sqrt(1 - rho**2) * z[:, 0])
    when = np.clip(v["neuro_peak"] * np.exp(v["neuro_peak_spread"] * z[:, 1]), *PEAK_RANGE)
    fall = 0.5 * ((days[None, :] - when[:, None]) / v["neuro_width"][:, None]) ** 2
    seizing = np.select([z[:, 2] > 1.6, z[:, 2] > 1.0], [2, 1], 0)
    return Neuro(peak[:, None] - fall, tuple(v[f"neuro_threshold_{g}"] for g in (2, 3, 4)), seizing)
