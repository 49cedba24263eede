"""Models side by side: what reaches each, what each says, and what it cannot answer."""

from __future__ import annotations

import numpy as np
import pytest
from analysis_models import ALLEE, DECAY

from autologue.analysis import Burden, compare_models
from autologue.errors import InputError
from autologue.library import load
from autologue.regimen import Bolus, Regimen

NAMES = ("kimmel_2021", "kirouac_2023", "leon_triana_2021", "stein_2019")


def test_each_model_says_what_it_says_alone() -> None:
    found = compare_models([load(n) for n in NAMES])
    table = found.table.set_index("model")
    assert table.loc["stein_2019", "CAR-T peak, day"] == pytest.approx(9.3, abs=1e-6)
    assert table.loc["stein_2019", "CAR-T day 28, % of peak"] == pytest.approx(100 * 1373.6 / 24000, abs=0.01)
    assert table.loc["kimmel_2021", "CAR-T peak, day"] == pytest.approx(7.01, abs=0.01)
    assert table.loc["kimmel_2021", "disease over 1.2 x start, day"] == pytest.approx(193.5, abs=0.1)
    assert table.loc["leon_triana_2021", "disease minimum, day"] == pytest.approx(57.0, abs=0.1)


def test_a_model_is_not_followed_beyond_its_horizon() -> None:
    found = compare_models([load(n) for n in NAMES])
    followed = found.asked.set_index("model")["followed to day"]
    assert followed["leon_triana_2021"] == 60
    assert np.isnan(found.table.set_index("model").loc["leon_triana_2021", "CAR-T day 90, % of peak"])
    ends = found.curves.groupby("model")["time"].max()
    assert ends["leon_triana_2021"] == 60
    assert ends["kimmel_2021"] == 365


def test_what_a_model_cannot_answer_stands_beside_it() -> None:
    found = compare_models([load(n) for n in NAMES])
    silent = found.silent.groupby("model")["cannot answer"].apply(list)
    for name in NAMES:
        assert set(load(name).silent_on) <= set(silent[name])
    assert "disease burden (no such output)" in silent["stein_2019"]
    assert np.isnan(found.table.set_index("model").loc["stein_2019", "disease minimum, day"])


def test_dose_and_burden_reach_a_model_where_units_let_them() -> None:
    regimen, burden = Regimen(Bolus(0.0, 2e8, "cells", "cells")), Burden(3e10, "cells")
    asked = compare_models([load(n) for n in NAMES], regimen=regimen, burden=burden).asked.set_index("model")
    assert asked.loc["kirouac_2023", "dose"] == "2e+08 cells as dose"
    assert asked.loc["kirouac_2023", "burden"] == "3e+10 cells as tumour_0"
    assert asked.loc["leon_triana_2021", "burden"] == "3e+10 cells as leukaemia_0"
    assert asked.loc["kimmel_2021", "dose"] == "cells cannot be put into cells/uL: the model keeps its own"
    assert asked.loc["stein_2019", "dose"] == "takes no dose: the model keeps its own"


def test_the_common_patient_changes_the_answer() -> None:
    pair = [load("kirouac_2023"), load("leon_triana_2021")]
    own = compare_models(pair).table.set_index("model")
    heavier = compare_models(pair, burden=Burden(1e11, "cells")).table.set_index("model")
    assert own.loc["leon_triana_2021", "CAR-T peak, day"] != pytest.approx(heavier.loc["leon_triana_2021", "CAR-T peak, day"], rel=1e-3)


def test_a_later_dose_goes_through_the_route() -> None:
    regimen = Regimen(Bolus(0.0, 1e8, "cells", "cells"), Bolus(30.0, 1e9, "cells", "cells"))
    found = compare_models([load("leon_triana_2021"), load("stein_2019")], regimen=regimen)
    asked = found.asked.set_index("model")
    assert asked.loc["leon_triana_2021", "dose"] == "1e+08 cells as car_0; 1 dose into infusion"
    own = found.curves[(found.curves["model"] == "leon_triana_2021") & (found.curves["quantity"] == "CAR-T cells")]
    before, after = (float(np.interp(t, own["time"], own["value"])) for t in (29.9, 30.1))
    assert after > before


def test_comparisons_that_mean_nothing_are_refused() -> None:
    for models, horizon, message in (
        ([ALLEE], 10.0, "two models or more"),
        ([ALLEE, ALLEE], 10.0, "each once"),
        ([ALLEE, DECAY], -1.0, "positive number of days"),
    ):
        with pytest.raises(InputError, match=message):
            compare_models(models, horizon=horizon)
