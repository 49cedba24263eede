"""Brummer 2022: the readers of fits and wells, the drug by dose or by parameter."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from autologue import library
from autologue.engine.reference import solve_reference
from autologue.errors import InputError
from autologue.library import brummer_2022
from autologue.library.brummer_2022 import COLUMNS, FITTED, read_killing_assay
from autologue.regimen import Bolus, Regimen

HEADS = ["tumor_line", "data_column", "t_start_.hr.", "t_end_.hr.", "dex_.ug.ml.", "t_cell_start.ci.", "t_cell_end.ci.", "chi_sq", *COLUMNS]


def write_tables(folder: Path, *, fit: str = "", plate: str = "") -> Path:
    """Write one fit and its plate of five rows; `fit` and `plate` replace their first line of values."""
    values = fit or 'PBT1,"Y(A1,A2)",1,4,1E-07,0.25,0.5,2.5,0.1,0.2,0.3,0.04,0.005,-0.06,0.7'
    (folder / "fit_parameters.csv").write_text("\ufeff" + ",".join(HEADS) + "\n" + values + "\n", encoding="utf-8")
    rows = "\n".join(f"{k},{k + 0.5},0.1" for k in range(1, 5))
    text = '\ufeffTime (Hour),"Y(A1,A2)","SD(A1,A2)"\n' + (plate or "0,0,0") + "\n" + rows + "\n"
    (folder / brummer_2022.PLATES["PBT1"]).write_text(text, encoding="utf-8")
    return folder


def test_a_fit_is_read_with_its_wells_and_its_units(tmp_path: Path) -> None:
    found = read_killing_assay(write_tables(tmp_path))
    (label,) = found
    killing = found[label]
    assert label == "PBT030 A1,A2"
    assert killing.dexamethasone == pytest.approx(0.1)
    assert (killing.used, killing.car_end, killing.chi_square) == (3, 0.5, 2.5)
    assert killing.times.tolist() == [0.0, 1.0, 2.0, 3.0]
    assert killing.cell_index.tolist() == [1.5, 2.5, 3.5, 4.5]
    assert [killing.population.typical[name] for name in FITTED] == [0.1, 0.2, 0.3, 0.04, 0.005, -0.06, 0.7]
    assert [killing.population.typical[name] for name in ("tumour_0", "car_0", "dexamethasone_0")] == [1.5, 0.25, 1.0]


def test_a_pair_of_wells_becomes_a_patient_for_a_fit(tmp_path: Path) -> None:
    (killing,) = read_killing_assay(write_tables(tmp_path)).values()
    patient, thinned = killing.patient(), killing.patient(every=1.5)
    assert patient.id == "PBT030 A1,A2"
    assert dict(patient.known) == dict(tumour_0=1.5, car_0=0.25, dexamethasone_0=1.0)
    assert patient.observations["cell_index"].times.tolist() == [0.0, 1.0, 2.0]
    assert thinned.observations["cell_index"].lower.tolist() == [1.5, 3.5]
    assert (patient.observations["car_t"].times.tolist(), patient.observations["car_t"].upper.tolist()) == ([3.0], [0.5])
    assert set(patient.observations) <= set(library.load("brummer_2022").outputs)
    assert set(patient.known) <= set(library.load("brummer_2022").parameters)


def test_wells_without_car_cells_have_no_count(tmp_path: Path) -> None:
    plain = 'PBT1,"Y(A1,A2)",1,4,0,0,0,2.5,0.1,0.2,0,0,0,0,0'
    (killing,) = read_killing_assay(write_tables(tmp_path, fit=plain)).values()
    assert list(killing.patient().observations) == ["cell_index"]
    assert killing.patient().known["dexamethasone_0"] == 0.0


@pytest.mark.parametrize(
    ("fit", "plate", "words"),
    [
        ('PBT3,"Y(A1,A2)",1,4,0,0,0,1,1,1,1,1,1,1,1', "", "fit_parameters.csv, row 2, column tumor_line: 'PBT3'; expected one of PBT1"),
        ('PBT1,"Y(A1,A2)",1,4,0,0,0,1,fast,1,1,1,1,1,1', "", "fit_parameters.csv, row 2, column rho_val: 'fast' is not a number"),
        ('PBT1,"Y(A1,A2)",1,9,0,0,0,1,1,1,1,1,1,1,1', "", "row 2: the fit runs from row 1 to row 9 of .*, which has 5 rows"),
        ('PBT1,"Y(B1,B2)",1,4,0,0,0,1,1,1,1,1,1,1,1', "", r"column Y\(B1,B2\) is missing; a plate has"),
        ("", "0,none,0", r"row 2, column Y\(A1,A2\): 'none' is not a number"),
    ],
)
def test_bad_tables_are_answered_with_file_row_and_column(tmp_path: Path, fit: str, plate: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_killing_assay(write_tables(tmp_path, fit=fit, plate=plate))


def test_a_column_that_is_missing_and_a_folder_that_is_not_there(tmp_path: Path) -> None:
    write_tables(tmp_path)
    table = tmp_path / "fit_parameters.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("theta_val", "theta"), encoding="utf-8")
    with pytest.raises(InputError, match="row 2, column theta_val: missing"):
        read_killing_assay(tmp_path)
    with pytest.raises(InputError, match=r"fit_parameters\.csv: cannot be read"):
        read_killing_assay(tmp_path / "nowhere")


def test_the_drug_may_come_by_dose_or_by_parameter() -> None:
    model, times = library.load("brummer_2022"), [1.0, 24.0, 100.0]
    by_dose = solve_reference(model, dict(dexamethasone_0=0.0), times, regimen=Regimen(Bolus(0.0, 1.0, "1", "dexamethasone")))
    by_parameter = solve_reference(model, {}, times)
    np.testing.assert_allclose(by_dose["tumour"], by_parameter["tumour"], rtol=1e-7)


def test_sahoo_is_brummer_without_the_drug_in_other_units() -> None:
    r, k, kill, gain, death = 0.3, 2.5, 0.4, 0.05, 0.02
    times = np.linspace(0.0, 100.0, 11)
    scaled = solve_reference(
        library.load("sahoo_2020"),
        dict(r_tumour=r, death=death / r, stimulation=gain * k / r, tumour_0=0.5 / k, car_0=kill * 0.2 / r),
        times,
        rtol=1e-10,
    )
    plain = dict(r_tumour=r, inverse_capacity=1 / k, kill=kill, stimulation=gain, d_car=death, tumour_0=0.5, car_0=0.2, dexamethasone_0=0.0)
    wells = solve_reference(library.load("brummer_2022"), plain, times, rtol=1e-10)
    np.testing.assert_allclose(scaled["tumour"] * k, wells["tumour"], rtol=1e-6)
    np.testing.assert_allclose(scaled["car"] * r / kill, wells["car"], rtol=1e-6)
