"""Reports of questions to a model: sensitivity, identifiability, equilibria, thresholds, virtual populations, comparisons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from autologue.analysis import (
    Comparison,
    DesignProfiles,
    Equilibria,
    GlobalSensitivity,
    Identifiability,
    LocalSensitivity,
    Sweep,
    Threshold,
    VirtualPopulation,
)
from autologue.analysis.profile import LIMIT
from autologue.model import Model
from autologue.plot.analysis import courses, equilibrium_curves, factor_indices, model_curves, profile_curves
from autologue.plot.axes import Axis
from autologue.report.content import Figure, Reference, Report, Section, Table

__all__ = [
    "comparison_report",
    "equilibria_report",
    "global_report",
    "identifiability_report",
    "indices_figure",
    "local_figure",
    "local_report",
    "sweep_figure",
    "threshold_report",
    "virtual_report",
]

Record = Mapping[str, Any]
TITLES = {"Sobol": "share of the variance", "Morris": "mean elementary effect", "PAWN": "median distance"}
METHODS = {
    "Sobol": (
        "**First order** is the share of the variance that a factor makes alone; **total** adds every interaction it is part of. Where "
        "total is far above first order, the factor works through others. Shares are of the variance over what was varied: another "
        "population or another range gives other shares."
    ),
    "Morris": (
        "**mu\\*** is the mean absolute change of the quantity as a factor crosses its distribution from one tail to the other, the others "
        "being anywhere; **sigma** is how much that change differs from place to place (interactions, curvature). It ranks and screens; it is "
        "no share of anything."
    ),
    "PAWN": (
        "The **median distance** (Kolmogorov-Smirnov, 0 to 1) is how far the whole distribution of the quantity moves when a factor is held in "
        "a slice of its range. A factor without effect scores above zero as well; its row is named, and what scores like it cannot be told "
        "from nothing."
    ),
}
REFERENCES = {
    "Sobol": Reference("Saltelli A, et al. Variance based sensitivity analysis of model output. Comput Phys Commun 2010;181:259-270.",
                       "10.1016/j.cpc.2009.09.018"),
    "Morris": Reference("Campolongo F, Cariboni J, Saltelli A. An effective screening design for sensitivity analysis of large models. "
                        "Environ Model Softw 2007;22:1509-1518.", "10.1016/j.envsoft.2006.10.004"),
    "PAWN": Reference("Pianosi F, Wagener T. Distribution-based sensitivity analysis from a generic input-output sample. Environ Model "
                      "Softw 2018;108:197-207.", "10.1016/j.envsoft.2018.07.019"),
}  # fmt: skip
SALIB = Reference("Iwanaga T, Usher W, Herman J. Toward SALib 2.0. Socio-Environ Syst Model 2022;4:18155.", "10.18174/sesmo.18155")
BRUN = Reference("Brun R, Reichert P, Künsch HR. Practical identifiability analysis of large environmental simulation models. Water Resour "
                 "Res 2001;37:1015-1030.", "10.1029/2000WR900350")  # fmt: skip
RAUE = Reference("Raue A, et al. Structural and practical identifiability analysis of partially observed dynamical models by exploiting the "
                 "profile likelihood. Bioinformatics 2009;25:1923-1929.", "10.1093/bioinformatics/btp358")  # fmt: skip
ALLEN = Reference("Allen RJ, Rieger TR, Musante CJ. Efficient generation and selection of virtual populations in quantitative systems "
                  "pharmacology models. CPT Pharmacometrics Syst Pharmacol 2016;5:140-146.", "10.1002/psp4.12063")  # fmt: skip
HAINMUELLER = Reference("Hainmueller J. Entropy balancing for causal effects. Polit Anal 2012;20:25-46.", "10.1093/pan/mpr025")


def _model(model: Model) -> Reference:
    return Reference(model.title or model.name, model.reference.removeprefix("doi:") if model.reference.startswith("doi:10.") else "")


def _notes(notes: Sequence[str]) -> list[Section]:
    return [Section("What to bear in mind", "\n".join(f"- {each}" for each in notes))] if notes else []


def indices_figure(found: GlobalSensitivity) -> Any:
    """Return the indices of all quantities with their intervals."""
    return factor_indices(found.table, title=TITLES[found.method.name])


def global_report(found: GlobalSensitivity, record: Record) -> Report:
    """Return the report of a global sensitivity analysis."""
    caption = f"Indices by {found.method.name} with {100 * found.method.confidence:g} % intervals of the Monte-Carlo error."  # type: ignore[attr-defined]
    prose = f"Varied {found.varied}. Population: {found.population or 'none'}; seed {found.seed}."
    tables = [Table(found.table, "All indices."), Table(found.counts, "Parameter sets solved, failed and used; base points used of all.")]
    sections = [Section("What matters", prose, [Figure(indices_figure(found), caption)], tables), *_notes(found.notes)]
    if found.reasons:
        sections.append(Section("Not solved", "\n".join(f"- {n}: {reason}" for reason, n in found.reasons.items())))
    subtitle = f"{found.model.name}, by {found.method.name}"
    references = [REFERENCES[found.method.name], SALIB, _model(found.model)]
    return Report("Sensitivity", subtitle, sections, METHODS[found.method.name], references, record)


def local_figure(found: LocalSensitivity) -> Any:
    """Return elasticities as marks or, where outputs are asked at many times, over time."""
    timed = found.table.dropna(subset=["time"])
    if len(timed) == len(found.table) and timed["output"].nunique() == 1 and timed["time"].nunique() > 2:
        output = timed["output"].iloc[0]
        return courses(timed, quantity=f"% change of {output} for 1 % of the parameter", time_unit=found.model.time)
    table = found.table.rename(columns={"parameter": "factor", "elasticity": "estimate"})
    table = table.assign(index="elasticity", lower=float("nan"), upper=float("nan")).dropna(subset=["estimate"])
    return factor_indices(table, title="% change for 1 % of the parameter")


def local_report(found: LocalSensitivity, record: Record) -> Report:
    """Return the report of local sensitivities."""
    said = (
        "An **elasticity** is the change of a quantity in percent when a parameter of the typical patient changes by one percent, the others "
        "unchanged; **per_sd** is it times the standard deviation between patients. It says nothing of what happens far from the typical "
        "patient, nor of interactions: ask Sobol for those. Outputs over time come from the engine's derivatives, which go through doses and "
        "phase ends; summaries from central differences."
    )
    section = Section("The typical patient", "", [Figure(local_figure(found), "Elasticities.")], [Table(found.table, "All derivatives.")])
    return Report("Local sensitivity", found.model.name, [section], said, [_model(found.model)], record)


def identifiability_report(found: Identifiability, profiles: DesignProfiles | None, record: Record) -> Report:
    """Return the report of what a design can tell, with profiles where they were made."""
    prose = f"{found.measurements} measurements; rank {found.rank} of {len(found.table)} parameters."
    prose += "".join(f"\n\n- {each}" for each in found.invisible)
    pairs = found.pairs[found.pairs["alike"]] if found.pairs["alike"].any() else found.pairs.head(10)
    tables = [
        Table(found.table, "Importance, and the smallest relative standard error in percent that the design allows (Cramér-Rao)."),
        Table(pairs, "Pairs by collinearity; cosine of their effects, correlation of their estimates."),
    ]
    if len(found.collinear):
        tables.append(Table(found.collinear, "Smallest sets with a collinearity index above 10."))
    sections = [Section("What the design tells", prose, (), tables)]
    if profiles is not None:
        chart = profile_curves(profiles.curves, profiles.table, limit=LIMIT)
        caption = "Profile likelihood: deviance above the best fit; dashed the 95 % limit, the rule is the true value."
        sections.append(Section("Profiles", "", [Figure(chart, caption)], [Table(profiles.table, "95 % profile intervals.")]))
    said = (
        "Rank and collinearity are those of the derivatives of all measurements, in residual standard deviations, at the typical patient: a "
        "local, numerical hint. A full rank does not make a parameter estimable in practice; a profile that stays below the limit says "
        "that this study cannot bound the parameter. The study is one of patients alike, without variability between them."
    )
    return Report("Identifiability", found.model.name, sections, said, [BRUN, RAUE, _model(found.model)], record)


def sweep_figure(found: Sweep, state: str) -> Any:
    """Return the equilibria of one state along the parameter."""
    table = found.table.assign(state=found.table[state])
    positive = table["state"][table["state"] > 0]
    wide = len(positive) > 0 and positive.max() > 30 * positive.min()
    log = bool((table["value"] > 0).all() and table["value"].max() > 30 * table["value"].min())
    return equilibrium_curves(
        table, state=Axis(state.replace("_", " "), found.model.states[state].unit, log=bool(wide)),
        parameter=Axis(found.parameter, found.model.parameters[found.parameter].unit, log=log),
    )  # fmt: skip


def equilibria_report(found: Equilibria | None, sweep: Sweep | None, record: Record) -> Report:
    """Return the report of steady states, along a parameter where it was swept."""
    sections = []
    model = found.model if found is not None else sweep.model  # type: ignore[union-attr]
    if found is not None:
        rates = {"slowest": f"1/{model.time}", **{n: s.unit for n, s in model.states.items()}}
        table = Table(found.table(), "Steady states; 'slowest' is the real part of the eigenvalue that decides.", rates, digits=5)
        sections.append(Section("Steady states", "", (), [table]))
    if sweep is not None:
        figures = [Figure(sweep_figure(sweep, n), f"{n.replace('_', ' ')} along {sweep.parameter}.") for n in model.states]
        sections.append(Section(f"Along {sweep.parameter}", "", figures, [Table(sweep.changes, "Where something changes.")]))
    notes = [*(found.notes if found else ()), *(sweep.notes if sweep else ())]
    said = (
        "Newton's method on the exact Jacobian from many starts, in every combination of states that can vanish together. Stability is that "
        "of the linear part. An equilibrium that no start leads to stays unseen, and stable says nothing of how far its basin reaches."
    )
    return Report("Steady states", model.name, [*sections, *_notes(list(dict.fromkeys(notes)))], said, [_model(model)], record)


def threshold_report(found: Threshold, record: Record) -> Report:
    """Return the report of a threshold."""
    counts = found.table["verdict"].value_counts().rename_axis("verdict").reset_index(name="patients")
    turned = found.table[found.table["verdict"] == "turns"]
    prose = f"Outcome: {found.outcome}. Varied: {found.varied} from {found.within[0]:g} to {found.within[1]:g} {found.unit}."
    tables = [Table(counts, "Patients by what was found.")]
    if len(found.table) == 1:
        prose += f" It turns between {found.bracket[0]:.6g} and {found.bracket[1]:.6g} {found.unit}."
    elif len(turned):
        spread = turned["upper"].quantile([0.05, 0.25, 0.5, 0.75, 0.95]).rename_axis("quantile").reset_index(name="threshold")
        tables.append(Table(spread, "Thresholds of the patients that have one.", {"threshold": found.unit}))
    said = "Seventeen values over the range, then bisection; more than one turn is told, not hidden. A threshold of a model is no dose advice."
    return Report("Threshold", found.model.name, [Section("Where it turns", prose, (), tables)], said, [_model(found.model)], record)


def virtual_report(found: VirtualPopulation, record: Record) -> Report:
    """Return the report of a virtual population, with its rule."""
    model = found.population.model
    tables = [Table(found.conditions, "Proposals that meet each condition alone, and those left after it and those before it.")]
    tables = tables if len(found.conditions) else []
    if len(found.targets):
        tables.append(Table(found.targets, "Targets before and after weighting."))
    tables.append(Table(_spread(found), "Parameters of the accepted patients, weighted, beside the typical value of the model."))
    said = (
        "Proposals are kept where every condition holds; weights are the ones nearest to equal that meet the targets. Accepted patients are "
        "plausible by these rules and no others: what was not asked of them, they need not do."
    )
    return Report("Virtual population", model.name, [Section("The rule", found.rule, (), tables)], said,
                  [ALLEN, HAINMUELLER, _model(model)], record)  # fmt: skip


def _spread(found: VirtualPopulation) -> pd.DataFrame:
    """Return weighted quantiles of every parameter that differs between accepted patients."""
    people, model = found.population, found.population.model
    weights = np.full(people.size, 1 / people.size) if people.weights is None else people.weights
    rows = []
    for name, values in people.values.items():
        order = np.argsort(values)
        places = np.minimum(np.searchsorted(np.cumsum(weights[order]), [0.05, 0.5, 0.95]), people.size - 1)
        low, middle, high = values[order][places].tolist()
        rows.append((name, model.parameters[name].unit, model.parameters[name].value, low, middle, high))
    return pd.DataFrame(rows, columns=["parameter", "unit", "typical", "5 %", "median", "95 %"])


def comparison_report(found: Comparison, record: Record) -> Report:
    """Return the report of models side by side."""
    caption = "Typical patients. Zero, and what lies below the axis, is drawn at its foot; disease beyond 100 times its start at the top."
    figures = [Figure(model_curves(found.curves), caption)] if len(found.curves) and found.curves["model"].nunique() <= 8 else []
    sections = [
        Section("Side by side", "", figures, [Table(found.table, "What each model says; a dash where it does not.")]),
        Section("How the patient reached each model", "", (), [Table(found.asked, "Dose and burden.")]),
        Section("What each cannot answer", "", (), [Table(found.silent, "As the model files say.")]),
    ]
    said = (
        "Models count in different units, so curves are relative: CAR-T cells to their own peak, disease to its own start. Differences between "
        "models are no uncertainty interval: they were made for other diseases, products and patients."
    )
    return Report("Models side by side", ", ".join(m.name for m in found.models), sections, said, [_model(m) for m in found.models], record)
