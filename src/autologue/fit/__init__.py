"""Mixed-effects estimation: from a cohort and a population's structure to a fitted population."""

from autologue.fit.structure import Prior, Structure, read_structure

__all__ = ["Prior", "Structure", "read_structure"]
