"""Charts, from tidy tables to figures for print: one grammar, no browser, nothing computed but where a mark stands.

Every function takes tables and returns an altair chart with the look of the house; `save_chart` writes it. Quantile bands are made
beforehand (`quantile_bands`, `running_bands`). Needs the extra: pip install 'autologue[report]'.

>>> bands = quantile_bands([0, 7, 14, 28], [[50, 9e3, 4e3, 400], [50, 4e4, 9e3, 700], [50, 9e4, 3e4, 5e3]])
>>> svg = chart_svg(expansion_curves(bands, limit=50, unit="copies/ug"))
>>> "assay limit 50 copies/µg" in svg
True
"""

from autologue.plot.axes import Axis
from autologue.plot.bands import quantile_bands, running_bands
from autologue.plot.cohort import cohort_profiles
from autologue.plot.expansion import expansion_curves, spaghetti
from autologue.plot.export import chart_svg, save_chart
from autologue.plot.intervals import KINDS, intervals
from autologue.plot.numbers import format_number, format_unit
from autologue.plot.profiles import profiles
from autologue.plot.scatter import scatter_with_band
from autologue.plot.survival import survival_curves
from autologue.plot.theme import themed

__all__ = [
    "Axis",
    "KINDS",
    "chart_svg",
    "cohort_profiles",
    "expansion_curves",
    "format_number",
    "format_unit",
    "intervals",
    "profiles",
    "quantile_bands",
    "running_bands",
    "save_chart",
    "scatter_with_band",
    "spaghetti",
    "survival_curves",
    "themed",
]
