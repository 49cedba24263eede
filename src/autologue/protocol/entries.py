"""The entries of a protocol: numbers and statements with their source, covariates, eligibility, dose, blood samples."""

from __future__ import annotations

from dataclasses import dataclass

from autologue import units
from autologue.population import Continuous
from autologue.variability import LogitNormal, LogNormal

__all__ = ["DISTRIBUTIONS", "Assumptions", "Covariate", "Criterion", "DoseRange", "DoseRule", "Fact", "Quantity", "Visits"]

DISTRIBUTIONS = {"log-normal": LogNormal, "logit-normal": LogitNormal}


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit and source; `n`, for a share, is how many patients it was observed in (0: not said)."""

    value: float
    unit: str
    source: str
    n: int = 0


@dataclass(frozen=True, slots=True)
class Fact:
    """A statement with its source."""

    value: str
    source: str


@dataclass(frozen=True, slots=True)
class Criterion:
    """A rule of eligibility: the covariate is at least `lower` and at most `upper` (None: no such bound)."""

    covariate: str
    lower: Quantity | None
    upper: Quantity | None
    source: str

    @property
    def value(self) -> str:
        """The rule in words."""
        bounds = (("at least", self.lower), ("at most", self.upper))
        said = " and ".join(f"{words} {bound.value:g} {bound.unit}" for words, bound in bounds if bound is not None)
        return f"{self.covariate} {said}"


@dataclass(frozen=True, slots=True)
class Covariate:
    """A covariate of the patients: median, spread of its logarithm or logit, and the range that nobody leaves."""

    distribution: str
    median: Quantity
    sd: Quantity
    lower: Quantity
    upper: Quantity

    def continuous(self) -> Continuous:
        """Return the covariate as the language of populations has it; a percentage becomes a fraction."""
        scale = units.convert(1.0, self.median.unit, "1") if self.median.unit == "%" else 1.0
        spread = DISTRIBUTIONS[self.distribution](sd=self.sd.value, lower=scale * self.lower.value, upper=scale * self.upper.value)
        return Continuous(scale * self.median.value, "1" if self.median.unit == "%" else self.median.unit, spread, self.median.source)


@dataclass(frozen=True, slots=True)
class DoseRange:
    """Cells given, per kilogram or in total: median and the range that is allowed."""

    median: Quantity
    lower: Quantity
    upper: Quantity


@dataclass(frozen=True, slots=True)
class DoseRule:
    """Dose by weight: per kilogram up to `threshold`, a total above it; `sd` is the spread of its logarithm around the median."""

    threshold: Quantity
    light: DoseRange
    heavy: DoseRange
    sd: Quantity


@dataclass(frozen=True, slots=True)
class Visits:
    """When the transgene is measured, in days after the infusion, and the limit below which the assay cannot quantify it."""

    days: tuple[float, ...]
    days_source: str
    limit: Quantity


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What no publication at hand states and the panels need; each entry says why it has this value."""

    leukaemia_at_median_burden: Quantity
    inflammation_at_median_burden: Quantity
    share_engrafted: Quantity
    spread_leukaemia: Quantity
    spread_inflammation: Quantity
    aplasia_below: Quantity
    onset_above: Quantity
