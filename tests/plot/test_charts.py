"""Every chart renders without a browser and shows what it was given."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from autologue.plot import Axis, expansion_curves, intervals, profiles, quantile_bands, save_chart, scatter_with_band, spaghetti, survival_curves


@pytest.fixture(scope="session")
def gallery(expansion, bands, samples, curves, inflammation, comparison, survival):
    three = samples["id"].unique()[:8]
    few = samples[samples["id"].isin(three)]
    doses = few[["id"]].drop_duplicates().assign(time=0.0)
    predicted = curves.rename(columns={"value": "median"}).assign(id=curves["id"].map(lambda name: f"patient {int(name[1:]) + 1:02d}"))
    predicted = predicted.assign(lower_90=predicted["median"] / 3, upper_90=predicted["median"] * 3)
    return {
        "expansion": expansion_curves(bands, limit=50, unit="copies/ug", observed=samples),
        "expansion_plain": expansion_curves(bands[bands["time"] <= 28], limit=50, unit="copies/ug"),
        "spaghetti": spaghetti(curves, limit=50, unit="copies/ug", highlight=["P003", "P021", "P042"]),
        "spaghetti_plain": spaghetti(curves, limit=50, unit="copies/ug"),
        "inflammation": scatter_with_band(*inflammation, x=Axis("Burden at infusion", "cells", log=True), y=Axis("Peak inflammation", "a.u.", log=True)),
        "intervals": intervals(comparison),
        "survival": survival_curves(*survival, event="Overall survival"),
        "survival_one": survival_curves(*(t[t["arm"] == "CAR-T"].drop(columns="arm") for t in survival), event="Event-free survival"),
        "profiles": profiles(few, limit=50, unit="copies/ug", doses=doses, curves=predicted),
    }


def test_show(gallery):
    out = Path(os.environ["GALLERY"])
    out.mkdir(exist_ok=True)
    for name, chart in gallery.items():
        save_chart(chart, out / f"{name}.png")
        save_chart(chart, out / f"{name}.svg")
