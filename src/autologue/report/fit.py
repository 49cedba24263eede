"""The report of a fit: estimates, doubts, convergence, individual fits, residuals and predictive checks, on one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from autologue import units
from autologue.diagnose import EventCheck, PredictionErrors, VisualCheck, individual_curves
from autologue.fit import Fit
from autologue.plot.cohort import dose_times
from autologue.plot.fits import convergence, errors_chart, individual_fits, observed_predicted, predictive_check
from autologue.plot.forest import forest
from autologue.report.content import Figure, Reference, Report, Section, Table
from autologue.report.fit_events import EVENT_METHODS, EVENT_REFERENCES, event_section

__all__ = ["fit_report"]

METHODS = """\
**Data.** An observation is an interval: a measured value has no width, a value below quantification is everything below its limit. \
Censored rows enter the likelihood as the probability of their interval (M3), in the estimation and in every check on this page.

**Residuals.** IWRES is the residual at a patient's own parameters over its standard deviation; for a censored row the observation is a \
draw from the residual distribution within its interval, and is marked as drawn. NPDE rest on {simulations} simulated cohorts, with \
what is censored imputed by its distribution function. In the visual check simulated values are censored by the limits of the samples, \
as the observed ones were.

**Intervals** are 95 %, symmetric on the scale on which the estimate was made. They hold given the model.
"""
REFERENCES = (
    Reference(
        "Kuhn E, Lavielle M. Maximum likelihood estimation in nonlinear mixed effects models. Comput Stat Data Anal 2005;49:1020-1038.",
        "10.1016/j.csda.2004.07.002",
    ),
    Reference("Beal SL. Ways to fit a PK model with some data below the quantification limit. "
              "J Pharmacokinet Pharmacodyn 2001;28:481-504."),
    Reference("Nguyen THT, Comets E, Mentre F. Extension of NPDE for evaluation of nonlinear mixed effect models in presence of data below "
              "the quantification limit. J Pharmacokinet Pharmacodyn 2012;39:499-518."),
    Reference("Lavielle M, Ribba B. Enhanced method for diagnosing pharmacometric models: random sampling from conditional distributions. "
              "Pharm Res 2016;33:2979-2988.", "10.1007/s11095-016-2020-3"),
    Reference("Delattre M, Lavielle M, Poursat MA. A note on BIC in mixed-effects models. Electron J Stat 2014;8:456-475.",
              "10.1214/14-EJS890"),
)  # fmt: skip
PANELS, MOST = 24, 40  # patients whose fits are shown; rows of the correlations
_COLUMNS = {
    "estimate": "estimate",
    "se": "SE",
    "rse": "RSE (%)",
    "lower": "lower",
    "upper": "upper",
    "variance": "variance",
    "cv": "CV (%)",
}


def fit_report(
    found: Fit, rows: pd.DataFrame | None, errors: PredictionErrors | None, checks: Mapping[str, VisualCheck], *,
    record: Mapping[str, Any], events: Sequence[EventCheck] = (), correlations: pd.DataFrame | None = None,
    effects: pd.DataFrame | None = None,
) -> Report:  # fmt: skip
    """Return the report; `rows`: residuals, `checks`: visual checks by name, `record`: the manifest, `events`: checks of hazards.

    correlations: as `correlation_tests` gives them; effects: as `covariate_effects` does.
    Without a measured output there are no residuals and no prediction errors (None).
    """
    cohort, model = found.cohort, found.start.model
    seen = found.problem.likelihood.rows
    more = found.problem.likelihood.observed - len(seen)
    subtitle = f"{model.title or model.name}; {len(cohort)} patients, {len(seen)} observations"
    subtitle += f", {100 * seen.censored.mean():.0f} % of them censored" if len(seen) else ""
    subtitle += f", {more} times to event, counts and categories" if more else ""
    sections = [_estimates(found), _doubts(found), _convergence(found)]
    if rows is not None and errors is not None:
        sections += [_output(found, output, rows, errors, checks) for output in found.problem.likelihood.outputs]
    sections += [event_section(found, check) for check in events]
    if found.problem.varying:
        sections.append(_patients(found))
    if correlations is not None:
        sections.append(_correlations(correlations))
    if effects is not None:
        caption = "Each value of a covariate against the reference patient, 95 % intervals; the grey band holds 0.8 to 1.25."
        table = Table(effects, "Effects of covariates, the others at their reference; error: Monte-Carlo standard error of the ends.")
        sections.append(Section("Effects of covariates", "", [Figure(forest(effects), caption)], [table]))
    return Report(
        f"Fit of {model.name} to {cohort.name or 'a cohort'}",
        subtitle,
        sections,
        METHODS.replace("{simulations}", f"{errors.simulations:,}" if errors else "no") + (EVENT_METHODS if events else ""),
        (Reference(f"The model: {model.reference}"), *REFERENCES, *(EVENT_REFERENCES if events else ())),
        record,
    )


def _estimates(found: Fit) -> Section:
    table = found.table
    shown = table[list(_COLUMNS)].rename(columns=_COLUMNS)
    shown.insert(0, "name", table.index)
    likelihoods = pd.DataFrame(
        [(each.method, each.value, each.error or np.nan) for each in found.estimated.log_likelihoods],
        columns=["log-likelihood by", "value", "Monte-Carlo error"],
    )
    words = f"{type(found.method).__name__}; AIC {found.aic:.2f}, BIC {found.bic:.2f}. "
    words += "An omega is a standard deviation; its variance and coefficient of variation stand beside it."
    tables = [Table(shown.reset_index(drop=True), "Estimates with 95 % intervals.", digits=4), Table(likelihoods, "Likelihood.", digits=7)]
    errors = found.standard_errors.drop(columns="scale")
    if errors.shape[1] > 1:
        errors.insert(0, "name", errors.index)
        caption = "Standard errors on the scale of estimation, by method; those reported above are of the first that gave them."
        tables.append(Table(errors.reset_index(drop=True), caption))
    if found.estimated.settings:
        tables.append(Table(pd.DataFrame(found.estimated.settings, columns=["what", "how it went"]), "How the method went."))
    return Section("Estimates", words, (), tables)


def _doubts(found: Fit) -> Section:
    lines = "\n".join(f"- {each}" for each in found.warnings) or "Nothing speaks against the estimates that this program knows to look for."
    matrix = found.covariance
    with np.errstate(divide="ignore", invalid="ignore"):
        sd = np.sqrt(np.diagonal(matrix))
        correlation = matrix / sd[:, None] / sd[None, :]
    kept = np.isfinite(sd)
    tables = []
    if kept.sum() > 1:
        inside = correlation[np.ix_(kept, kept)]
        names = [name for name, k in zip(found.structure.names, kept, strict=True) if k]
        frame = pd.DataFrame(np.round(inside, 2), columns=names)
        frame.insert(0, "", names)
        caption = f"Correlation of the estimates; condition number {np.linalg.cond(inside):.3g}."
        tables.append(Table(frame, caption, digits=2))
    return Section("What speaks against them", lines, (), tables)


def _convergence(found: Fit) -> Section:
    values = found.trace.values
    names = found.structure.names
    step = max(len(values) // 300, 1)
    kept = np.arange(0, len(values), step)
    natural = [e.scale.back(values[kept, k]) for k, e in enumerate(found.structure.estimates)]
    frame = pd.concat([pd.DataFrame({"iteration": kept, "estimate": name, "value": v}) for name, v in zip(names, natural, strict=True)])
    phases = pd.DataFrame({"iteration": [first for _, first in found.trace.phases]}, dtype=float)
    words = ", ".join(f"{name} from iteration {first}" for name, first in found.trace.phases)
    caption = "Each estimate from one iteration to the next" + (f"; {words}." if words else ".")
    return Section("Convergence", "", [Figure(convergence(frame, phases=phases), caption)])


def _output(found: Fit, output: str, rows: pd.DataFrame, errors: PredictionErrors, checks: Mapping[str, VisualCheck]) -> Section:
    model = found.start.model
    declared = model.outputs[output]
    quantity = declared.meaning or output.replace("_", " ")
    own = rows[rows["output"] == output]
    npde = errors.table[errors.table["output"] == output]
    figures = []
    for name, check in checks.items():
        pieces = [frame[frame["output"] == output] for frame in (check.percentiles, check.below, check.points)]
        drawing = predictive_check(*pieces, quantity=quantity, unit=declared.unit, time_unit=model.time)
        caption = (
            f"{name}: observed percentiles (5, 50, 95 %) as lines over the {100 * check.interval:.0f} % interval of those of "
            f"{check.simulations} simulated cohorts; open triangles: the percentile is a censored value. "
            "Beneath: share below quantification."
        )
        figures.append(Figure(drawing, caption))
    common = {"quantity": quantity, "unit": declared.unit}
    figures += [
        _individuals(found, output, own, **common),
        Figure(observed_predicted(own, prediction="ipred", **common), "Observed against predicted at each patient's own parameters."),
        Figure(observed_predicted(own, prediction="pred", **common), "Observed against predicted without random effects."),
        Figure(errors_chart(own, value="iwres", title="IWRES", time_unit=model.time), "Individual weighted residuals against time."),
        Figure(errors_chart(npde, value="npde", title="NPDE", time_unit=model.time), "Prediction distribution errors against time."),
    ]
    tests = errors.tests.reset_index()
    table = Table(
        tests, f"Tests of all NPDE, from {errors.simulations} simulations; a small p of the global test speaks against the model."
    )
    return Section(quantity, "", figures, [table])


def _individuals(found: Fit, output: str, own: pd.DataFrame, *, quantity: str, unit: str) -> Figure:
    everyone = list(dict.fromkeys(own["patient"]))
    shown, clock = everyone[:PANELS], found.start.model.time
    given = [
        (patient.id, time * (units.convert(1.0, patient.time, clock) if patient.time else 1.0))
        for patient in found.cohort
        if patient.id in shown
        for time in dose_times(patient)
    ]
    drawing = individual_fits(
        own[own["patient"].isin(shown)], individual_curves(found, output, patients=shown), quantity=quantity, unit=unit, time_unit=clock,
        doses=pd.DataFrame(given, columns=["id", "time"]) if given else None,
    )  # fmt: skip
    first = f"the first {PANELS} of {len(everyone)} patients" if len(everyone) > PANELS else "every patient"
    caption = (
        f"Individual fits, {first}: coloured at the patient's own parameters, grey without random effects (the typical patient with the "
        "same covariates and doses); dashed: limit of quantification; open triangles: censored."
    )
    return Figure(drawing, caption)


def _patients(found: Fit) -> Section:
    shrinkage = found.shrinkage.rename_axis("random effect of").reset_index()
    caption = "Shrinkage: 0 where the data tell each patient apart, 1 where a patient's value is the population's."
    tables, given = [Table(shrinkage, caption)], found.individuals
    if len(given.samples):
        low, high = np.quantile(given.samples, (0.05, 0.95), axis=0)
        shown = pd.DataFrame({"patient": [patient.id for patient in found.cohort]})
        for k, name in enumerate(given.names):
            ends = zip(given.mode[:, k], low[:, k], high[:, k], strict=True)
            shown[name] = [f"{mode:.2f} ({a:.2f} to {b:.2f})" for mode, a, b in ends]
        which = f"the first {PANELS} of {len(shown)} patients" if len(shown) > PANELS else "every patient"
        words = f"Random effects, {which}: the mode, and the middle 90 % of {len(given.samples)} samples of the conditional distribution."
        tables.append(Table(shown.head(PANELS), words))
    return Section("Patients", "", (), tables)


def _correlations(table: pd.DataFrame) -> Section:
    tested = int(table["p"].notna().sum())
    words = (
        "Random effects by samples of each patient's conditional distribution, not by modes, which shrink. "
        f"{tested} pairs are tested: about {0.05 * tested:.1f} have p below 0.05 by chance alone; read the adjusted p (Holm). "
        "Pairs that the model correlates are shown and not tested."
    )
    caption = "Correlations, their middle 90 % over the sets of samples, what the model says, and the test that there is none."
    return Section("Correlations of random effects", words, (), [Table(table.head(MOST), caption)])
