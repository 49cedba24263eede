"""The library: every file loads, passes the gates, and says what it must; details by model."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from autologue import library
from autologue.engine.reference import observe_reference, solve_reference
from autologue.errors import InputError, ModelError
from autologue.library import kirouac_2023, owens_bozic_2021
from autologue.model import Names, call
from autologue.population import Drawn, Parametric
from autologue.qualify.gates import check_model
from autologue.regimen import Bolus, Infusion, Level, Regimen

NAMES = library.names()


def test_the_shelf_is_complete_and_sorted() -> None:
    files = {path.stem for path in Path(library.__file__).parent.glob("*.py")} - {"__init__", "shelf"}
    assert sorted(NAMES) == NAMES
    assert {library.module(name).__name__.rpartition(".")[2] for name in NAMES} == files


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    for ask in (library.load, library.populations, library.module):
        with pytest.raises(ModelError, match="unknown model 'stien_2019'; did you mean stein_2019"):
            ask("stien_2019")


@pytest.mark.parametrize("name", NAMES)
def test_model_says_what_it_is(name: str) -> None:
    model = library.load(name)
    assert model.name == name
    assert all((model.title, model.disease, model.product, model.answers, model.silent_on))
    assert model.reference.startswith(("doi:", "https://"))
    assert model.reference.removeprefix("doi:") in str(library.module(name).__doc__)


@pytest.mark.parametrize("name", NAMES)
def test_model_passes_every_gate(name: str) -> None:
    assert [finding for finding in check_model(library.load(name)) if not finding.passed] == []


@pytest.mark.parametrize("name", NAMES)
def test_populations_belong_to_the_model_and_can_be_sampled(name: str) -> None:
    for label, population in library.populations(name).items():
        assert population.name == label
        assert population.model is library.load(name)
        assert np.isfinite(population.sample(5, seed=1).parameters).all()
        assert isinstance(population, Drawn) or population.source


@pytest.mark.parametrize("name", ["stein_2019", "ogasawara_2021", "ogasawara_2021_from_lag"])
def test_closed_form_is_the_phases(name: str) -> None:
    model = library.load(name)
    assert model.closed_form is not None
    times = np.array([0.0, 1.0, 3.0, 3.27, 5.0, 9.0, 9.29, 9.3, 12.56, 14.0, 28.0, 90.0, 365.0])
    parameters = model.with_typical(t_max=8.1)
    found = solve_reference(model, parameters, times, rtol=1e-12)
    exact = call(model.closed_form, t=times, p=Names("parameter", parameters))
    for state in model.states:
        scale = np.abs(exact[state]).max()
        np.testing.assert_allclose(found[state], exact[state], rtol=1e-8, atol=1e-12 * scale)


def test_stein_doubles_and_declines_as_the_abstract_says() -> None:
    model = library.load("stein_2019")
    seen = observe_reference(model, {}, [1.0, 2.0, 300.0, 365.0])["transgene"]
    assert math.log(2) / math.log(seen[1] / seen[0]) == pytest.approx(0.78, abs=0.005)
    assert 65 * math.log(2) / math.log(seen[2] / seen[3]) == pytest.approx(220, abs=5)


def test_stein_tocilizumab_speeds_growth_from_its_start_to_the_peak_only() -> None:
    model = library.load("stein_2019")
    plan = Regimen(Level(5.7, "tocilizumab", 1.0))
    with_drug, without = (observe_reference(model, {}, [5.0, 14.0], regimen=given)["transgene"] for given in (plan, None))
    assert with_drug[0] == pytest.approx(without[0], rel=1e-9)
    assert with_drug[1] / without[1] == pytest.approx(math.exp(0.2 * math.log(3900) / 9.3 * (9.3 - 5.7)), rel=1e-7)


def test_stein_readings_differ_as_square_roots_and_keep_the_truncations() -> None:
    sd, variance = (library.populations("stein_2019")[name] for name in ("sd", "variance"))
    assert isinstance(sd, Parametric)
    assert isinstance(variance, Parametric)
    for name in sd.varying:
        narrow, wide = sd.effect_scale(name), variance.effect_scale(name)
        assert narrow is not None
        assert wide is not None
        assert wide.sd == pytest.approx(math.sqrt(narrow.sd))
    for population in (sd, variance):
        people = population.sample(20000, seed=3)
        assert people["fold_expansion"].min() >= 1.0
        assert people["memory_fraction"].max() <= 0.95


def test_ogasawara_readings_share_all_but_the_growth() -> None:
    infusion, lag = (library.load(name) for name in ("ogasawara_2021", "ogasawara_2021_from_lag"))
    ends = [solve_reference(infusion, {}, [9.29])["effector"][0], solve_reference(lag, {}, [3.27 + 9.29])["effector"][0]]
    assert ends == pytest.approx([1 - 0.0079] * 2, rel=1e-8)
    assert infusion.provisional


def test_ogasawara_uncertainty_has_the_width_of_the_interval() -> None:
    population = library.populations("ogasawara_2021")["typical"]
    assert isinstance(population, Parametric)
    drawn = np.log([draw.typical["half_life_terminal"] for draw in population.draws(4000, seed=2)])
    assert np.diff(np.quantile(drawn, [0.025, 0.975]))[0] == pytest.approx(math.log(647 / 241), rel=0.05)


def test_kimmel_second_infusion_adds_its_cells() -> None:
    model = library.load("kimmel_2021")
    plan = Regimen(Bolus(60.0, 0.36, "cells/uL", "infusion"))
    again, once = (solve_reference(model, {}, [60.0], regimen=given)["car"][0] for given in (plan, None))
    assert again - once == pytest.approx(0.36, rel=1e-7)


def test_hanson_drug_lowers_the_peak() -> None:
    model = library.load("hanson_2016")
    times = np.linspace(0.0, 100.0, 201)
    plan = Regimen(Level(20.0, "drug", 300.0, until=40.0))
    treated, untreated = (
        solve_reference(model, dict(leukaemia_0=1200.0), times, regimen=given)["inflammation"].max() for given in (plan, None)
    )
    assert treated < 0.9 * untreated


def test_kirouac_dose_may_come_by_regimen_or_by_parameter() -> None:
    model = library.load("kirouac_2023")
    times = [1.0, 20.0, 365.0]
    by_parameter = solve_reference(model, {}, times)
    by_regimen = solve_reference(model, dict(dose=0.0), times, regimen=Regimen(Bolus(0.0, 1e8, "cells", "infusion")))
    np.testing.assert_allclose(by_regimen["tumour"], by_parameter["tumour"], rtol=1e-7)


def test_virtual_patients_are_read_by_group(tmp_path: Path) -> None:
    path = tmp_path / "sets.csv"
    symbols = [row[0] for row in kirouac_2023.MEDIANS.values()]
    lines = [",".join(["population", "vp_id", *symbols])]
    lines += [",".join([group, str(n), *(str(n + k) for k in range(len(symbols)))]) for group in ("CR", "NR") for n in (1, 2)]
    path.write_text("\n".join(lines))
    found = kirouac_2023.read_virtual_patients(path)
    assert list(found) == ["CR", "NR"]
    assert found["NR"].size == 2
    assert found["CR"].values["antigen_50"].tolist() == [1.0, 2.0]
    assert found["CR"].values["to_exhausted"].tolist() == [27.0, 28.0]


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda text: text.replace("TK50", "TK"), "sets.csv: column TK50 is missing"),
        (lambda text: text.replace(",5,", ",five,"), "sets.csv, row 2, column .*: 'five' is not a number"),
    ],
)
def test_bad_tables_of_virtual_patients(tmp_path: Path, edit, words: str) -> None:
    path = tmp_path / "sets.csv"
    symbols = [row[0] for row in kirouac_2023.MEDIANS.values()]
    path.write_text(edit(",".join(["population", *symbols]) + "\n" + ",".join(["CR", *map(str, range(1, 28))]) + "\n"))
    with pytest.raises(InputError, match=words):
        kirouac_2023.read_virtual_patients(path)


def test_a_missing_table_of_virtual_patients(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.csv: cannot be read"):
        kirouac_2023.read_virtual_patients(tmp_path / "nowhere.csv")


def test_owens_bozic_regimen_is_pulses_then_cells() -> None:
    plan = owens_bozic_2021.regimen(3, 4, 2.5e8)
    chemotherapy, cells = plan.events
    assert isinstance(chemotherapy, Infusion)
    assert isinstance(cells, Bolus)
    assert (chemotherapy.amount, chemotherapy.additional, cells.time) == (pytest.approx(125 * 0.63 / 24), 2, 7)
    assert owens_bozic_2021.regimen(0, 0, 1e7).events == (Bolus(0, 1e7, "cells", "cells"),)


def test_owens_bozic_one_percent_arrives_and_a_cleared_tumour_stays_away() -> None:
    model, population = library.load("owens_bozic_2021"), library.populations("owens_bozic_2021")["patient_2"]
    assert isinstance(population, Parametric)
    found = solve_reference(model, population.typical, [6.999, 7.0, 30.0, 200.0], regimen=owens_bozic_2021.regimen(3, 4, 2.5e8), rtol=1e-9)
    assert found["car"][:2].tolist() == [0.0, 2.5e6]
    assert found["tumour"][2:].tolist() == [0.0, 0.0]
