"""The report of one patient's forecast: one self-contained page. Research, not for treatment decisions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from autologue import units
from autologue.forecast.account import Account
from autologue.forecast.kept import LEVELS, KeptHistory
from autologue.plot.bands import quantile_bands
from autologue.plot.forecast import forecast_curve, forecast_history
from autologue.report.content import Figure, Reference, Report, Section, Table

__all__ = ["forecast_figure", "forecast_report"]

METHODS = """\
**Posterior.** What is unknown of the patient are the random effects of the population. Modes of the posterior are found from several \
starts; a mixture of t distributions begins there, learns from weighted points, and gives Pareto-smoothed importance weights. Where their \
tail is too heavy, many Markov chains are run until they agree. A value below quantification enters as the probability of lying there. \
{quality}

**Course.** Each draw is followed from the infusion to the horizon under what the patient was given. Bands are quantiles of the true \
course, without assay error. The interval beside a probability is the Monte-Carlo error of the draws alone.

**Drivers.** An observation's part is the change of the answer when it alone is left out; a parameter's part is its move from the \
population to the patient, in standard deviations between patients.

**Domain.** The density of the patient's data under the population is ranked among those of simulated patients with the same visits.
"""
CALIBRATION = """\
{said}

Simulation-based calibration simulates patients, forecasts each from part of the data, and asks whether the truth falls into every part of \
the forecast as often as it should (`validation/forecast_calibration.py`). That tests the algorithm, not the model: no individual course \
of a CAR-T patient is public.
"""
REFERENCES = (
    Reference("Vehtari A, Simpson D, Gelman A, Yao Y, Gabry J. Pareto smoothed importance sampling. J Mach Learn Res 2024;25(72):1-58."),
    Reference("Talts S, Betancourt M, Simpson D, Vehtari A, Gelman A. Validating Bayesian inference algorithms with simulation-based "
              "calibration. 2018.", "10.48550/arXiv.1804.06788"),
    Reference("ter Braak CJF. A Markov chain Monte Carlo version of the genetic algorithm Differential Evolution. Stat Comput "
              "2006;16:239-249.", "10.1007/s11222-006-8769-1"),
    Reference("Box GEP. Sampling and Bayes' inference in scientific modelling and robustness. J R Stat Soc A 1980;143:383-430."),
)  # fmt: skip


def forecast_report(account: Account, *, record: Mapping[str, Any], history: KeptHistory | None = None) -> Report:
    """Return the report; `record` is the manifest, `history` the forecasts of this patient so far, this one included."""
    found = account.forecast
    model = found.prior.model
    subtitle = f"Until {found.time_unit} {found.horizon:g}, from data to {found.time_unit} {found.now:g}. {model.title or model.name}"
    sections = [_course(account), _probabilities(account), *([_moved(account, history)] if history else []), _drivers(account)]
    sections += [Section("Does the patient belong here?", account.domain.sentence)] if account.domain else []
    sections.append(_trust(account))
    methods = METHODS.replace("{quality}", _quality(account))
    title = f"Forecast of patient {found.patient.id}: research, not for treatment decisions"
    source = [Reference(f"The model: {model.name}.", doi)] if (doi := model.reference.removeprefix("doi:")).startswith("10.") else []
    return Report(title, subtitle, sections, methods, (*source, *REFERENCES), record)


def forecast_figure(account: Account, output: str) -> Any:
    """Return the figure of one output: samples, bands, limits, today and phases."""
    found = account.forecast
    data, unit = found.simulation.data, found.prior.model.outputs[output].unit
    solved = found.simulation.solved
    values = data[output].to_numpy()[solved]
    log = bool((np.median(values, axis=0) >= 0).all() and (values >= 0).all() and (values > 0).any())
    bands = quantile_bands(data["time"].to_numpy(), values)
    phases = {}
    for name in found.simulation.names("event"):
        times = data[name].to_numpy()[solved]
        if np.isfinite(times).mean() > 0.5:
            phases[name.replace("_", " ")] = float(np.nanmedian(times))
    observed, quantity = observed_frame(account, output), output.replace("_", " ")
    return forecast_curve(
        bands, observed=observed, unit=unit, quantity=quantity, now=found.now, phases=phases, time_unit=found.time_unit, log=log
    )


def observed_frame(account: Account, output: str) -> pd.DataFrame:
    """Return the samples of an output as the figure draws them: time, value, blq, limit, in the unit of the model."""
    seen = account.forecast.patient.observations.get(output)
    if seen is None:
        return pd.DataFrame({"time": [], "value": [], "blq": np.zeros(0, dtype=bool), "limit": []})
    factor = units.convert(1.0, seen.unit, account.forecast.prior.model.outputs[output].unit)
    value = np.where(np.isfinite(seen.upper), seen.upper, seen.lower) * factor
    return pd.DataFrame({"time": seen.times, "value": value, "blq": seen.censored & np.isfinite(seen.upper), "limit": seen.limit * factor})


def _course(account: Account) -> Section:
    found = account.forecast
    shown = [account.output, *(name for name in found.patient.observations if name != account.output)]
    caption = (
        "{}: median, 50 % and 90 % of the draws; dots are measured values, open triangles values below the assay limit, which is the "
        "dashed rule. The line is the last observation; dotted lines are the medians of where phases of the model end. Bands that go "
        "decades beyond what was measured end at the edge."
    )
    figures = [Figure(forecast_figure(account, name), caption.format(name.replace("_", " ").capitalize())) for name in shown]
    return Section("In short", "\n".join(f"- {each}" for each in account.sentences), figures)


def _probabilities(account: Account) -> Section:
    if not account.probabilities:
        return Section("Probabilities", "None was asked for, and no assay limit is known by which detection could be judged.")
    rows = [
        {"statement": p.text, "probability": 100 * p.probability, "from": 100 * p.lower, "to": 100 * p.upper, "before data": 100 * p.before}
        for p in account.probabilities
    ]
    units_ = dict.fromkeys(("probability", "from", "to", "before data"), "%")
    caption = "Probabilities of the true course, with the 95 % interval of their Monte-Carlo error, and what they were before any data."
    return Section("Probabilities", "", (), [Table(pd.DataFrame(rows), caption, units_)])


def _drivers(account: Account) -> Section:
    tables = []
    if account.observations:
        rows = [
            {"output": p.output, "time": p.time, "value": p.value, "without it": p.alone_left_out, "moved by": p.moved}
            for p in account.observations
        ]
        said = f"Mean of {account.answer} with each observation left out; with all it is {account.observations[0].answer:.3g}."
        tables.append(Table(pd.DataFrame(rows), said, {"time": account.forecast.time_unit}))
    if account.parameters:
        frame = pd.DataFrame([vars_of(p) for p in account.parameters])
        said = "Parameters: shift from the population (standard deviations between patients), share of that spread that the data removed, "
        tables.append(Table(frame, said + "and rank correlation of the answer with the parameter over the draws."))
    return Section("What moved the answer", f"The answer here is {account.answer}.", (), tables)


def _moved(account: Account, history: KeptHistory) -> Section:
    """Return how the answer moved from one forecast of this patient to the next."""
    frame, unit, days = history.frame(), history.unit, history.time_unit
    log = bool((frame[["lower_90", "lower_50", "median"]] > 0).all(axis=None))
    drawn = forecast_history(
        frame[["now", "retraced", *LEVELS]],
        unit=unit,
        quantity=f"{history.output.replace('_', ' ')} at {days} {history.time:g}",
        time_unit=days,
        log=log,
    )
    caption = f"The {history.answer} as it was forecast from data until each time: median, thick 50 %, thin 90 % of the draws."
    caption += " Open: retraced." if frame["retraced"].any() else ""
    names = {"lower_90": "5 %", "lower_50": "25 %", "median": "median", "upper_50": "75 %", "upper_90": "95 %"}
    rows = [
        {
            "data until": each.now, "made": each.made + (" (retraced)" if each.retraced else ""), "observations": each.observations,
            **{said: each.answer[name] for name, said in names.items()}, "population": f"{each.model}, {each.population}",
        }
        for each in history.entries
    ]  # fmt: skip
    said = "Every forecast kept, as it was made; a retraced one was made later, as it would have been then."
    table = Table(pd.DataFrame(rows), said, {"data until": days} | dict.fromkeys(names.values(), unit))
    return Section("How the answer moved", "", [Figure(drawn, caption)] if len(frame) > 1 else [], [table])


def _trust(account: Account) -> Section:
    """Return what is recorded of the calibration of this kind of forecast, and what the model is silent on."""
    study, tables = account.calibration, []
    if study is not None:
        rows = [
            {"interval": name, "held the truth in": 100 * share, "standard error": 100 * (share * (1 - share) / study.patients) ** 0.5}
            for name, share in study.coverage.items()
        ]
        caption = (
            f"Coverage of the forecast of {study.output} on {study.time_unit} {study.forecast_of:g} from data to {study.time_unit} "
            f"{study.data_until:g}: {study.patients} simulated patients of {study.model}, {study.joint}. P-values of the simultaneous band "
            f"of ranks: {study.p_level:.2g} (level), {study.p_parameters:.2g} (least of the parameters). Recorded {study.date}, autologue "
            f"{study.autologue}, seed {study.seed}."
        )
        tables.append(Table(pd.DataFrame(rows), caption, {"held the truth in": "%", "standard error": "%"}))
    return Section("How far to trust this", CALIBRATION.replace("{said}", account.calibrated) + _silences(account), (), tables)


def vars_of(part: Any) -> dict[str, Any]:
    """Return a parameter's part as a row."""
    return {"parameter": part.parameter, "shift": part.shift, "narrowed by": part.narrowed, "answer follows": part.follows}


def _quality(account: Account) -> str:
    q = account.forecast.posterior.quality
    if q.method == "prior":
        return "Here nothing was measured, and the draws are those of the population."
    more = f"Pareto k {q.pareto_k:.2f}" if q.method == "importance sampling" else f"R-hat {q.rhat:.3f}"
    return f"Here: {q.method}, effective sample size {q.ess:.0f}, {more}, {len(account.forecast.posterior.modes)} mode(s)."


def _silences(account: Account) -> str:
    model, prior = account.forecast.prior.model, account.forecast.prior
    found = f"\n\nThe model is silent on: {'; '.join(model.silent_on)}." if model.silent_on else ""
    return found + (f"\n\nAssumed in the population: {prior.assumed}" if prior.assumed else "")
