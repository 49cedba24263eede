"""Forecasts of month 6 learn from the patient: CRPS and log score from data to day 7, 14, 28 and 90.

Scored is the decimal logarithm of what is measured on day 180, with its assay error; below the limit of quantification it counts as
censored there. Each patient is forecast by three rules, all with a whole predictive distribution (Gneiting and Raftery 2007,
doi:10.1198/016214506000001437):

- the forecast from the data to a day, and the forecast of the population, both as normals around draws (`_forecast_studies.log_score`);
- the last value carried forward: a normal of the logarithm around the last measurement (its limit where it is not quantified), with the
  spread under which this rule scores best in 2,000 other patients of the population.

Patients, models and joint distributions are those of `forecast_calibration.py`, whose recorded replicates are read here. The score of
Kimmel 2021 and Leon-Triana 2021 is of the tumour. A tumour followed under a model without a last cell falls and grows by many decades, so
that its CRPS is large for every rule. This is learning under the model, not in patients.

Tolerances: a difference between rules in the same patients agrees where it is below zero by two standard errors; from one day to the next
the score may be worse by two standard errors at most.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent))
from _forecast_studies import DAYS, FAR, STUDIES, WHOLE, read_record, whole_scores

FIGURE = Path(__file__).resolve().parents[1] / "docs" / "images" / "forecast_learning_curve.svg"
RULES = {"": "forecast", "_population": "population", "_carried": "last value carried forward"}


def losses(key):
    """Return the losses of each day that is recorded whole: {day: {score + rule: (patients,)}}, the log score with its sign changed."""
    found = {}
    for day, cell in read_record(key).get("found", {}).items():
        if len(cell["method"]) < WHOLE:
            continue
        whole = whole_scores(key, cell)
        found[float(day)] = {f"crps{rule}": np.array(cell[f"crps{rule}"]) for rule in RULES}
        found[float(day)] |= {f"log{rule}": -whole[f"log_score{rule}"] for rule in RULES}
    return found


def row(claim, ours, error, *, least=True):
    """Return a row for a difference of losses: below zero by two standard errors, or (not `least`) no worse than two above."""
    passed = ours < -2 * error if least else ours < 2 * error
    tolerance = f"{'< -' if least else '< '}{2 * error:.2g}"
    return {"claim": claim, "source": "simulation", "published": "below 0", "ours": ours, "tolerance": tolerance, "passed": bool(passed)}


def compared(title, score, days):
    """Return the rows of one study and score."""
    words = {"crps": "CRPS (decades)", "log": "negative log score"}[score]
    rows, before = [], None
    for day, found in days.items():
        ours = found[score]
        for rule in ("_population", "_carried"):
            gap = ours - found[score + rule]
            said = f"{title}, {words} from day {day:g}: {ours.mean():.3f} against {found[score + rule].mean():.3f} of the {RULES[rule]}"
            rows.append(row(said, gap.mean(), gap.std() / np.sqrt(len(gap))))
        if before is not None:
            gap = ours - before
            rows.append(
                row(f"{title}, {words}: day {day:g} against the day before", gap.mean(), gap.std() / np.sqrt(len(gap)), least=False)
            )
        before = ours
    return rows


def checks():
    """Return one row a claim."""
    rows = []
    for key, study in STUDIES.items():
        days = losses(key)
        whole = list(days) == list(DAYS)
        rows.append(
            dict(claim=f"{study.title}: recorded whole", published=4, ours=len(days), tolerance="none", passed=whole, source="file")
        )
        rows += [each for score in ("crps", "log") for each in compared(study.title, score, days)]
    return rows


def remarks():
    """Return the figure as Markdown for the documentation."""
    said = f"Mean CRPS (decades) of the measurement on day {FAR:g}, with two standard errors, by the day until which data were used."
    return f"\n![{said}](../images/{FIGURE.name})\n\n{said}\n"


def figure():
    """Return the learning curves: mean loss with two standard errors over the day of the data, a panel for each model."""
    import altair as alt

    from autologue.plot.theme import themed

    rows = []
    for key, study in STUDIES.items():
        for day, found in losses(key).items():
            for rule, name in RULES.items():
                loss = found[f"crps{rule}"]
                error = 2 * loss.std() / np.sqrt(len(loss))
                rows.append(
                    dict(study=study.title, day=f"{day:g}", rule=name, mean=loss.mean(), low=loss.mean() - error, high=loss.mean() + error)
                )
    x = alt.X("day:O", title="Data until day", sort=None, axis=alt.Axis(labelAngle=0))
    y = alt.Y("mean:Q", title="CRPS of log10 level on day 180", scale=alt.Scale(zero=True))
    colour = alt.Color("rule:N", sort=list(RULES.values()), legend=alt.Legend())
    base = alt.Chart(pd.DataFrame(rows)).encode(x=x, color=colour)
    layers = alt.layer(
        base.mark_line(strokeWidth=1.6).encode(y=y),
        base.mark_point(filled=True, size=36, opacity=1).encode(y=y),
        base.mark_rule(strokeWidth=1.6).encode(y=alt.Y("low:Q"), y2="high:Q"),
        width=190,
        height=150,
    )
    panels = layers.facet(facet=alt.Facet("study:N", title=None, sort=[s.title for s in STUDIES.values()]), columns=2)
    return themed(panels.resolve_scale(y="independent", x="independent"))


def main() -> int:
    """Print the table and return 1 where a verdict fails; the whole run draws the figure of the documentation as well."""
    found = checks()
    for each in found:
        print(f"{each['claim']:120} {each['ours']:9.4f} {each['tolerance']:>10}  {'agrees' if each['passed'] else 'DIFFERS'}")
    if "--quick" not in sys.argv:
        from autologue.plot import save_chart

        save_chart(figure(), FIGURE)
    return 0 if all(each["passed"] for each in found) else 1


if __name__ == "__main__":
    sys.exit(main())
