"""The part of a fit's report on a time to event: the Kaplan-Meier curve within those of simulated cohorts, and residuals."""

from __future__ import annotations

import numpy as np
import pandas as pd

from autologue.diagnose import EventCheck, event_residuals
from autologue.fit import Fit
from autologue.plot.events import cox_snell_chart, survival_check
from autologue.report.content import Figure, Reference, Section, Table

__all__ = ["EVENT_METHODS", "EVENT_REFERENCES", "event_section"]

EVENT_METHODS = """
**Times to event** enter the likelihood by their hazard, given the parameters of the patient: with late entry from the entry on, and \
an event between two times by the probability of that. Simulated cohorts have the covariates, doses and entry of the patients; where an \
event ended the follow-up, its end is drawn from the observed ends beyond that time. Under the model residuals of Cox and Snell are \
exponential with mean 1, censored as the events are.
"""
EVENT_REFERENCES = (
    Reference("Cox DR, Snell EJ. A general definition of residuals. J R Stat Soc B 1968;30:248-275."),
    Reference(
        "Therneau TM, Grambsch PM, Fleming TR. Martingale-based residuals for survival models. Biometrika 1990;77:147-160.",
        "10.1093/biomet/77.1.147",
    ),
)


def event_section(found: Fit, check: EventCheck) -> Section:
    """Return the section of one event."""
    rows, clock = event_residuals(found, check.event), found.start.model.time
    caption = (
        f"Kaplan-Meier curve of the observed times (steps) over the {100 * check.interval:.0f} % interval of those of "
        f"{check.simulations} simulated cohorts (dashed: their median). {100 * check.outside:.0f} % of the observed events lie where the "
        f"curve is outside; about {100 * (1 - check.interval):.0f} % are expected."
    )
    figures = [
        Figure(survival_check(check.curve, event=check.event, time_unit=clock), caption),
        Figure(cox_snell_chart(rows), "Residuals of Cox and Snell at each patient's own parameters: on the line if the hazard is right."),
    ]
    events = int(rows["event"].sum())
    table = pd.DataFrame(
        [(len(rows), events, float(rows["cox_snell"].sum()), float(rows["martingale"].mean()), float(np.abs(rows["deviance"]).max()))],
        columns=["patients", "events", "expected events", "mean martingale residual", "largest deviance residual"],
    )
    return Section(check.event.replace("_", " "), "", figures, [Table(table, "Observed and expected events.")])
