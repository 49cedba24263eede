"""The second shelf: what its regimens and reductions say, beyond the published points of the self-test."""

from __future__ import annotations

import numpy as np
import pytest

from autologue import library
from autologue.engine.reference import observe_reference, solve_reference
from autologue.library import barros_2021, langenhorst_2019, singh_2021
from autologue.population import Parametric
from autologue.regimen import Bolus, Infusion, Regimen


def test_barros_fractions_are_equal_parts_that_add_up() -> None:
    (plan,) = barros_2021.infusion(2e6, day=42.0, parts=4, rest=7.0).events
    assert isinstance(plan, Bolus)
    assert (plan.amount, plan.every, plan.additional) == (5e5, 7.0, 3)
    model = library.load("barros_2021")
    still = dict(proliferation=0.35, wear=0.0, recall=0.0, to_memory=0.0, kill=0.0)
    found = solve_reference(model, still, [41.0, 42.0, 49.0, 63.0, 100.0], regimen=barros_2021.infusion(2e6, day=42.0, parts=4, rest=7.0))
    np.testing.assert_allclose(found["effector"], [0.0, 5e5, 1e6, 2e6, 2e6], rtol=1e-7)


def test_barros_without_a_regimen_of_ones_own_treats_on_the_day_of_the_paper() -> None:
    for name, day, cells in (("barros_2021", 42.0, 2e6), ("barros_2021_raji", 7.0, 1e7)):
        found = solve_reference(library.load(name), {}, [day - 0.01, day])
        assert found["effector"].tolist() == pytest.approx([0.0, cells])


def test_barros_a_tumour_that_is_gone_comes_back_only_as_a_second_one() -> None:
    model = library.load("barros_2021")
    plan = barros_2021.infusion(2e6, day=42.0) + barros_2021.challenge(100.0, 5e5)
    found = solve_reference(model, {}, [60.0, 99.0, 100.0, 120.0], regimen=plan)
    assert found["tumour"].tolist() == [0.0, 0.0, pytest.approx(5e5), 0.0]


def test_barros_ido_wears_down_and_1mt_gives_back() -> None:
    wear = {name: dict(p.typical) for name, p in library.populations("barros_2021_raji").items() if isinstance(p, Parametric)}
    late = {name: solve_reference(library.load("barros_2021_raji"), typical, [14.0])["tumour"][0] for name, typical in wear.items()}
    assert late["raji"] < late["raji_ido_1mt"] < late["raji_ido"]


def test_leon_triana_dual_without_homing_and_blood_is_the_single_target() -> None:
    single, dual = (library.load(f"leon_triana_2021_solid{ending}") for ending in ("", "_dual"))
    same = dict(inactivation=0.04, tumour_0=6.7e9, car_0=4e8)
    times = [10.0, 100.0]
    one, two = solve_reference(single, same, times), solve_reference(dual, dict(**same, blood_0=0.0), times)
    np.testing.assert_allclose(one["tumour"], two["tumour"], rtol=1e-8)


def test_kareva_a_tumour_below_its_founders_dies_out_by_itself() -> None:
    model, none = library.load("kareva_gevertz_2023"), Regimen()
    few, many = (solve_reference(model, dict(tumour_0=size), [3000.0], regimen=none)["tumour"][0] for size in (0.049, 0.051))
    assert few < 1e-3
    assert many > 0.99


def test_swanson_inhibition_of_tgf_beta_bares_the_tumour() -> None:
    model = library.load("swanson_2022")
    plan = Regimen(Bolus(20.0, 1e5, "cells", "effectors"))
    held, bare = (solve_reference(model, dict(tgf_made=made), [30.0], regimen=plan)["tumour"][0] for made in (0.5917, 0.005917))
    assert bare < 0.9 * held


def test_singh_is_at_rest_without_cells_but_for_the_growth_of_the_tumour() -> None:
    found = solve_reference(library.load("singh_2021"), dict(r_tumour=0.0), [100.0], regimen=singh_2021.infusion(0.0))
    assert [found[name][0] for name in ("tumour", "m_protein", "bcma", "complexes")] == pytest.approx([2.5e9, 1.0, 1.0, 0.0])


def test_singh_a_higher_density_of_receptors_expands_more() -> None:
    model = library.load("singh_2021")
    low, high = (solve_reference(model, dict(car_density=density), [8.0])["effector"][0] for density in (5000.0, 15000.0))
    assert high > 1.2 * low


def test_fludarabine_exposure_is_dose_over_clearance_for_either_route() -> None:
    model = library.load("langenhorst_2019")
    exact = 100.0 / (3.2 + 0.78 * 0.06 * 60.0) / (20 / 70) ** 0.75 / 1.3
    patient = dict(weight=20.0, kidney=60.0, clearance_factor=1.3, volume_factor=0.5)
    for route, amount in (("fludarabine", 100.0), ("phosphate", 100.0 / langenhorst_2019.SHARE)):
        found = observe_reference(model, patient, [1000.0], regimen=Regimen(Infusion(0.0, amount, 1.0, "mg", route)))
        assert found["auc"][0] == pytest.approx(exact, rel=1e-6)


def test_fludarabine_is_given_by_body_surface() -> None:
    (plan,) = langenhorst_2019.regimen(30.0, 1.8, days=3).events
    assert isinstance(plan, Infusion)
    assert (plan.amount, plan.duration, plan.every, plan.additional) == (pytest.approx(54.0), 1.0, 24.0, 2)


def test_fludarabine_weight_of_a_patient_is_the_covariate() -> None:
    for name, weights in dict(adults=langenhorst_2019.ADULTS, children=langenhorst_2019.CHILDREN).items():
        people = library.populations("langenhorst_2019")[name].sample(4000, seed=5)
        seen = people.covariates["weight"].astype(float)
        np.testing.assert_allclose(people["weight"], seen, rtol=1e-12)
        assert (seen.min() >= weights[3], seen.max() <= weights[4]) == (True, True)
    adults = library.populations("langenhorst_2019")["adults"].sample(4000, seed=5).covariates["weight"]
    np.testing.assert_allclose(np.quantile(adults, [0.25, 0.5, 0.75]), langenhorst_2019.ADULTS[:3], rtol=0.03)
