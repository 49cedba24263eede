"""CAR T-cells against glioma cells in the well, with dexamethasone: predator and prey in cell index.

Brummer AB, Yang X, Ma E, Gutova M, Brown CE, Rockne RC. Dose-dependent thresholds of dexamethasone destabilize CAR T-cell
treatment efficacy. PLoS Comput Biol 2022;18:e1009504, doi:10.1371/journal.pcbi.1009504.

The CARRGO model of Sahoo 2020 (see sahoo_2020) with dexamethasone, which decays with a half-life of 3.33 hours and adds to the loss of
glioma cells (`dex_tumour`) and of CAR T-cells (`dex_car`). Both effects were fitted anew at every concentration: the drug is counted in
shares of the concentration added (1 at the addition), and how its effects depend on the concentration is not part of the model.
Negative effects are common in the fits and mean the opposite: the drug feeds the growth, or keeps CAR T-cells alive.

Time counts from the first row of a fit, 26 to 33 hours after plating. Both cell counts are in cell index, a number made of the
impedance of the well: CAR T-cells too, at 10,000 cells to a unit. Three lines: PBT030, PBT128 and PBT138 of high antigen (PBT1, PBT2
and PBT4 of the tables; PBT3 was left out of the paper). The populations here are the fits without the drug, named by line and CAR T-cells
plated, and one with the drug for each line; `read_killing_assay` reads all 72 fits with their wells from the published tables.

Four things to know of those tables (github.com/alexbbrummer/CARRGODEX, MIT licence), shown by reproducing their chi-squares:
`t_start` and `t_end` say hours but are row numbers (row 100 is hour 26.6); `dex` says ug/mL but is in g/mL, as the plate map shows;
where a fit stops before the plate does, zeros were appended as if measured; and about half of the chi-squares with CAR T-cells are sums
of squares without weights. Each fit minimised the tumour's residuals together with that of one count of CAR T-cells at the end, weighted
50-fold (10-fold where the others have no weights).

Residual errors are no figures of the paper. That of the cell index is the pooled standard deviation between the two wells of a pair
over all fits' windows, computed for this file; that of the count of CAR T-cells, 0.02, is what a weight of 50 amounts to. Readings are
15 minutes apart and far from independent, so a likelihood that takes them as such is too sure.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autologue.errors import InputError
from autologue.functions import log
from autologue.model import Dosing, Model, Output, Parameter, Phase, State
from autologue.patient import Observations, Patient
from autologue.population import Parametric
from autologue.variability import Constant

FITS = "table of fits, fit_parameters.csv"
FITTED = ("r_tumour", "inverse_capacity", "kill", "stimulation", "d_car", "dex_tumour", "dex_car")
COLUMNS = ("rho_val", "kappainv_val", "kappac1_val", "kappac2_val", "theta_val", "c0_val", "c3_val")  # of FITTED, in its order
LINES = dict(PBT1="PBT030", PBT2="PBT128", PBT4="PBT138")
PLATES = dict(PBT1="car_T_dex_pbt1_pbt2_lines.csv", PBT2="car_T_dex_pbt1_pbt2_lines.csv", PBT4="car_T_dex_pbt3_pbt4_lines.csv")
SETS = {  # wells, tumour and CAR T-cells at the start; FITTED
    "pbt030_1250_dex": ("C9,C10", 0.54215, 0.125,
        0.019773679, 0.110623316, 0.060176215, 0.035106589, 0.023015543, -0.222473942, -0.168979001),
    "pbt030_0": ("A1,A2", 0.52185, 0.0,
        0.04547757, 0.1883974, 0.0, 0.0, 0.0, 0.0, 0.0),
    "pbt030_500": ("D1,D2", 0.5035, 0.05,
        0.158646737, 0.735855735, 0.063431384, 0.085333041, 0.091327037, 0.0, 0.0),
    "pbt030_1250": ("C1,C2", 0.4633, 0.125,
        0.230303627, 0.558779003, 0.399998831, 0.046346801, 0.023015543, 0.0, 0.0),
    "pbt030_2500": ("B1,B2", 0.4669, 0.25,
        0.302972074, 0.32303399, 0.556784512, 0.02420882, 8.60e-14, 0.0, 0.0),
    "pbt128_1250_dex": ("F9,F10", 1.1867, 0.125,
        0.188144828, 0.136876097, 0.456748559, 0.005156552, 0.013712831, -0.14599809, -0.17880521),
    "pbt128_0": ("H1,H2", 1.20025, 0.0,
        0.109995193, 0.13043253, 0.0, 0.0, 0.0, 0.0, 0.0),
    "pbt128_500": ("E1,E2", 1.2567, 0.05,
        0.228899836, 0.162551309, 1.511460225, 0.024406502, 0.064472821, 0.0, 0.0),
    "pbt128_1250": ("F1,F2", 1.13565, 0.125,
        0.358709044, 0.175863091, 1.04663218, 0.015867745, 0.013712831, 0.0, 0.0),
    "pbt128_2500": ("G1,G2", 1.16285, 0.25,
        0.470864464, 0.270507179, 0.554935982, 0.031874228, 0.001817259, 0.0, 0.0),
    "pbt138_1250_dex": ("F9,F10", 0.64195, 0.125,
        0.233650968, 0.01, 2.062917675, 0.007762515, 1.07e-8, -0.117830062, 0.053430761),
    "pbt138_0": ("H1,H2", 0.61795, 0.0,
        0.022425871, 0.324110539, 0.0, 0.0, 0.0, 0.0, 0.0),
    "pbt138_500": ("E1,E2", 0.6573, 0.05,
        0.24105073, 0.16453678, 3.044090125, 0.006597602, 3.23e-5, 0.0, 0.0),
    "pbt138_1250": ("F1,F2", 0.57075, 0.125,
        0.233650968, 0.00586255, 1.447540777, 0.011853399, 1.86e-7, 0.0, 0.0),
    "pbt138_2500": ("G1,G2", 0.5194, 0.25,
        0.184514996, 0.073937131, 0.417698356, 0.039146053, 9.74e-8, 0.0, 0.0),
}  # fmt: skip


def values(tumour: float, car: float, *fitted: float, drug: bool) -> dict[str, float]:
    """Return the parameters of one fit by name."""
    return dict(zip(FITTED, fitted, strict=True)) | dict(tumour_0=tumour, car_0=car, dexamethasone_0=float(drug))


TYPICAL = values(*SETS["pbt030_1250_dex"][1:], drug=True)
MEANINGS = dict(
    r_tumour=("1/hour", "growth rate of the tumour"),
    inverse_capacity=("1", "one over the cell index that the well can hold"),
    kill=("1/hour", "killing rate per cell index of CAR T-cells"),
    stimulation=("1/hour", "growth rate of CAR T-cells per cell index of tumour; negative where they tire"),
    d_car=("1/hour", "death rate of CAR T-cells"),
    dex_tumour=("1/hour", "loss rate of tumour by fresh dexamethasone; negative where it feeds growth"),
    dex_car=("1/hour", "loss rate of CAR T-cells by fresh dexamethasone; negative where it protects"),
    tumour_0=("1", "tumour at the start, in cell index"),
    car_0=("1", "CAR T-cells at the start, in cell index"),
    dexamethasone_0=("1", "1 with dexamethasone from the start, 0 without"),
)
PARAMETERS = {
    **{name: Parameter(TYPICAL[name], *said, None, f"{FITS}: PBT030, C9,C10") for name, said in MEANINGS.items()},
    "dex_half_life": Parameter(3.33, "hour", "half-life of dexamethasone", None, "code of the fits"),
}


def initial(p):
    return dict(tumour=p.tumour_0, car=p.car_0, dexamethasone=p.dexamethasone_0)


def killing(y, p):
    tumour = p.r_tumour * (1 - p.inverse_capacity * y.tumour) - p.dex_tumour * y.dexamethasone - p.kill * y.car
    return dict(
        tumour=tumour * y.tumour,
        car=(p.stimulation * y.tumour - p.d_car - p.dex_car * y.dexamethasone) * y.car,
        dexamethasone=-log(2.0) / p.dex_half_life * y.dexamethasone,
    )


MODEL = Model(
    name="brummer_2022",
    title="CAR T-cells against glioma cells in the well, with dexamethasone",
    disease="glioblastoma, patient-derived lines PBT030, PBT128, PBT138 in vitro",
    product="CAR T-cells against an antigen of the line",
    answers=("course of a killing assay by CAR T-cells plated", "what dexamethasone does to it", "whether tumour and CAR T-cells coexist"),
    silent_on=("patients", "effect by concentration of dexamethasone (each has its own fit)", "spread between wells", "loss of antigen"),
    time="hour",
    horizon=140.0,
    states=dict(
        tumour=State("1", "tumour, in cell index"),
        car=State("1", "CAR T-cells, in cell index"),
        dexamethasone=State("1", "dexamethasone, in shares of the concentration added", absolute=1e-6),
    ),
    parameters=PARAMETERS,
    initial=initial,
    phases=[Phase(killing)],
    outputs=dict(
        cell_index=Output(lambda y: y.tumour, "1", Constant(sd=0.156), "well, by impedance", "tumour, in cell index"),
        car_t=Output(lambda y: y.car, "1", Constant(sd=0.02), "well, by flow cytometry at the end", "CAR T-cells, in cell index"),
    ),
    dosing=dict(cells=Dosing("car", "1"), dexamethasone=Dosing("dexamethasone", "1")),
    reference="doi:10.1371/journal.pcbi.1009504",
    validation="validation/brummer_2022.py",
)

POPULATIONS = {
    name: Parametric(
        model=MODEL,
        name=name,
        typical=values(*numbers, drug=name.endswith("dex")),
        source=f"{FITS}: {name[:6].upper()}, {wells}",
    )
    for name, (wells, *numbers) in SETS.items()
}


@dataclass(frozen=True, slots=True)
class Killing:
    """One pair of wells and its published fit.

    `times` (n,) in hours from the first row of the fit to the end of the plate, `cell_index` (n,) and `sd` (n,) of the two wells; the fit
    used the first `used` of them. `car_end` is the count of CAR T-cells at the end in cell index, `dexamethasone` in ug/mL.
    """

    line: str
    wells: str
    dexamethasone: float
    car_end: float
    chi_square: float
    used: int
    times: Any = field(repr=False)
    cell_index: Any = field(repr=False)
    sd: Any = field(repr=False)
    population: Parametric = field(repr=False)

    def patient(self, *, every: float = 0.0) -> Patient:
        """Return the pair of wells for a fit: readings that the published fit used, and the count of CAR T-cells at the end.

        `every` thins the readings to at least so many hours between them. Start and drug are known numbers of the patient.
        """
        times, kept, last = self.times[: self.used], [], -math.inf
        for k, time in enumerate(times):
            if time >= last + every - 1e-9:
                kept.append(k)
                last = time
        known = {name: self.population.typical[name] for name in ("tumour_0", "car_0", "dexamethasone_0")}
        observed = dict(cell_index=Observations(times[kept], self.cell_index[kept], unit="1"))
        if known["car_0"]:
            observed["car_t"] = Observations(self.times[-1], self.car_end, unit="1")
        return Patient(id=f"{self.line} {self.wells}", observations=observed, known=known, time="hour")


def read_killing_assay(folder: str | Path) -> dict[str, Killing]:
    """Return the published fits with the readings of their wells, by line and wells ("PBT030 C1,C2"), from the folder of the tables.

    The folder holds fit_parameters.csv and the two plates, as published. Raises InputError where a table cannot be read, lacks a column or
    has a value that is no number, and where a fit starts or stops at a row that its plate does not have.
    """
    fits = _table(Path(folder) / "fit_parameters.csv")
    plates: dict[str, Any] = {}
    found = {}
    for number, row in enumerate(fits.to_dict("records"), start=2):
        where = f"fit_parameters.csv, row {number}"
        line = row.get("tumor_line")
        if line not in LINES:
            raise InputError(f"{where}, column tumor_line: {line!r}; expected one of {', '.join(LINES)}")
        name = PLATES[line]
        if name not in plates:
            plates[name] = _table(Path(folder) / name)
        killing = _killing(row, plates[name], where, name)
        found[f"{killing.line} {killing.wells}"] = killing
    return found


def _table(path: Path) -> Any:
    import pandas as pd

    try:
        return pd.read_csv(path, encoding="utf-8-sig")
    except (OSError, ValueError) as problem:
        why = " ".join(str(problem).split())
        raise InputError(f"{path.name}: cannot be read as a table of the killing assay ({why}); expected CSV") from None


def _number(row: Mapping[str, Any], column: str, where: str) -> float:
    try:
        value = float(row[column])
    except KeyError:
        raise InputError(f"{where}, column {column}: missing; a table of fits has this column") from None
    except (TypeError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"{where}, column {column}: {row[column]!r} is not a number")
    return value


def _readings(plate: Any, column: str, name: str) -> Any:
    import pandas as pd

    if column not in plate:
        raise InputError(f"{name}: column {column} is missing; a plate has Time (Hour) and Y(...) and SD(...) for each pair of wells")
    values = pd.to_numeric(plate[column], errors="coerce")
    bad = ~values.map(math.isfinite)
    if bad.any():
        row = int(bad.to_numpy().argmax())
        raise InputError(f"{name}, row {row + 2}, column {column}: {plate[column].iloc[row]!r} is not a number")
    return values.to_numpy(float)


def _killing(row: Mapping[str, Any], plate: Any, where: str, name: str) -> Killing:
    wells = str(row.get("data_column")).removeprefix("Y(").removesuffix(")")
    first, last = (_number(row, column, where) for column in ("t_start_.hr.", "t_end_.hr."))
    if not 0 <= first < last <= len(plate) or first != int(first) or last != int(last):
        raise InputError(f"{where}: the fit runs from row {first:g} to row {last:g} of {name}, which has {len(plate)} rows")
    start, count = int(first), int(last - first)
    times, cell_index, sd = (_readings(plate, column, name)[start:] for column in ("Time (Hour)", f"Y({wells})", f"SD({wells})"))
    concentration, car = _number(row, "dex_.ug.ml.", where) * 1e6, _number(row, "t_cell_start.ci.", where)
    fitted = [_number(row, column, where) for column in COLUMNS]
    label = f"{LINES[row['tumor_line']]} {wells}"
    typical = values(float(cell_index[0]), car, *fitted, drug=concentration > 0)
    return Killing(
        line=LINES[row["tumor_line"]],
        wells=wells,
        dexamethasone=concentration,
        car_end=_number(row, "t_cell_end.ci.", where),
        chi_square=_number(row, "chi_sq", where),
        used=count,
        times=times - times[0],
        cell_index=cell_index,
        sd=sd,
        population=Parametric(model=MODEL, name=label, typical=typical, source=f"{FITS}: {label}"),
    )
