"""Two hundred patients of a published model, and the figure of their expansion."""

import numpy as np

from autologue import library, simulate
from autologue.plot import expansion_curves, quantile_bands, save_chart

people = library.populations("stein_2019")["sd"]
days = np.linspace(0, 365, 366)
course = simulate(people, times=days, patients=2000, seed=1)
print(course.status_counts())
bands = quantile_bands(days, course.data["transgene"].to_numpy())
save_chart(expansion_curves(bands, limit=50, unit="copies/ug"), "expansion.svg")
