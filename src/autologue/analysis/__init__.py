"""Questions that modellers put to any model: what matters, what data can tell, where it settles and where it turns.

- sensitivity: `local_sensitivity`, `global_sensitivity` by `Sobol`, `Morris` or `PAWN`
- identifiability: `identify` over a `Design`, `profile_design` of a simulated study
- steady states and thresholds: `find_equilibria`, `sweep_equilibria`, `find_threshold`
- virtual populations: `accept`
- models side by side: `compare_models`

>>> from autologue.library import load
>>> local_sensitivity(load("stein_2019"), [At("transgene", 28)], parameters=["c_max", "alpha"]).ranking()
['alpha', 'c_max']
"""

from autologue.analysis.compare import Burden, Comparison, compare_models
from autologue.analysis.design import Design, Observed
from autologue.analysis.equilibria import Equilibria, Equilibrium, find_equilibria
from autologue.analysis.factors import Range, around
from autologue.analysis.identify import Identifiability, collinearity, identify
from autologue.analysis.local import LocalSensitivity, local_sensitivity
from autologue.analysis.morris import Morris
from autologue.analysis.pawn import PAWN
from autologue.analysis.population_file import read_population, write_population
from autologue.analysis.profile import DesignProfiles, profile_design
from autologue.analysis.quantity import At, Quantity, TimeOf, evaluate_quantities
from autologue.analysis.sensitivity import GlobalSensitivity, global_sensitivity
from autologue.analysis.sobol import Sobol
from autologue.analysis.sweep import Sweep, sweep_equilibria
from autologue.analysis.threshold import DoseOf, Outcome, ParameterOf, Threshold, find_threshold
from autologue.analysis.virtual import Holds, Mean, Quantile, VirtualPopulation, Within, accept

__all__ = [
    "At",
    "Burden",
    "Comparison",
    "Design",
    "DesignProfiles",
    "DoseOf",
    "Equilibria",
    "Equilibrium",
    "GlobalSensitivity",
    "Holds",
    "Identifiability",
    "LocalSensitivity",
    "Mean",
    "Morris",
    "Observed",
    "Outcome",
    "PAWN",
    "ParameterOf",
    "Quantile",
    "Quantity",
    "Range",
    "Sobol",
    "Sweep",
    "Threshold",
    "TimeOf",
    "VirtualPopulation",
    "Within",
    "accept",
    "around",
    "collinearity",
    "compare_models",
    "evaluate_quantities",
    "find_equilibria",
    "find_threshold",
    "global_sensitivity",
    "identify",
    "local_sensitivity",
    "profile_design",
    "read_population",
    "sweep_equilibria",
    "write_population",
]
