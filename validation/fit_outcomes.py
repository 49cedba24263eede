"""Times to event joint with kinetics, and counts: against closed forms and quadrature, and simulated and fitted again.

Cells fall as a exp(-k t), a log-normal between patients, and are measured five times with a log-normal error; relapse has the hazard
rate * (cells / 100) ** beta, with follow-up of 60 to 120 days. Simulated by formula (`_outcomes.py`), fitted by Laplace: 100 cohorts of
60 patients, each fitted as they are and with the link ignored, and 100 without a link. A link that is ignored must show in the likelihood
ratio, and one that is not there must not. Means, mean squares and coverage are held within 3.5 Monte-Carlo errors of what they should be.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

sys.path.insert(0, str(Path(__file__).resolve().parent))
import _nlme as nlme
import _outcomes as outcomes
import _recorded

from autologue import Cohort, Event, LogNormal, Parametric, Patient, fit
from autologue.fit import Laplace, Quadrature, read_structure
from autologue.fit.problem import pose
from autologue.fit.quadrature import quadrature_marginal
from autologue.likelihood import Likelihood
from autologue.terms import Exponential, Poisson

REPLICATES, PATIENTS, SEED = 100, 60, 1000
CHI = 3.841458820694124  # of one degree of freedom, 5 %
FREE = ["k", "rate", "beta"]
JOINT = outcomes.falling(
    dict(relapse=Exponential(rate="rate", links=[outcomes.LINK])), outcomes.numbers("rate", "beta")
)  # fmt: skip
METHOD = Laplace(probes=0)


def constant_hazard() -> list[dict[str, object]]:
    """Return claims about a constant hazard, whose estimate is events over exposure."""
    rng = np.random.default_rng(1)
    times, ends = rng.exponential(50.0, 60), rng.uniform(10.0, 100.0, 60)
    events = [Event(t, t) if t < c else Event(c, math.inf) for t, c in zip(times, ends, strict=True)]
    cohort = Cohort(tuple(Patient(id=str(k), events={"relapse": e}) for k, e in enumerate(events)))
    found = fit(cohort, outcomes.still(dict(relapse=Exponential(rate="rate")), outcomes.numbers("rate")), method=METHOD, free=["rate"])
    rate = (times < ends).sum() / np.minimum(times, ends).sum()
    error = rate / math.sqrt((times < ends).sum())
    return [
        nlme.claim("constant hazard, estimate", "events / exposure", rate, found.table.estimate["rate"], 1e-4 * error),
        nlme.claim("constant hazard, standard error", "rate / root of events", error, found.table.se["rate"], 1e-4 * error),
    ]


def against_quadrature() -> list[dict[str, object]]:
    """Return claims about likelihoods, patient by patient, and about the optimum of a mixed Poisson model."""
    cohort = outcomes.joint_cohort(20, seed=3)
    problem = pose(read_structure(cohort, Parametric(model=JOINT), free=FREE), Likelihood(cohort, Parametric(model=JOINT)))
    ours = quadrature_marginal(problem, problem.start, np.zeros((1, len(cohort), 1)), nodes=15).value.sum()
    theirs = sum(outcomes.by_quadrature(outcomes.joint_density(p, outcomes.TRUTH), outcomes.TRUTH["omega_a"]) for p in cohort)
    rows = [nlme.claim("joint model, log-likelihood of 20 patients", "quadrature of the formula", theirs, ours, 1e-3)]
    counts = outcomes.count_cohort(60, seed=6)
    model = outcomes.still(dict(lesions=Poisson(mean="mean")), outcomes.numbers("mean", mean=LogNormal(sd=0.4)))

    def cost(x: np.ndarray) -> float:
        return -sum(outcomes.by_quadrature(outcomes.count_density(p, math.exp(x[0])), math.exp(x[1])) for p in counts)

    best = minimize(cost, np.log([2.0, 0.5]), method="BFGS", options=dict(gtol=1e-4))
    found = fit(counts, model, method=Quadrature(nodes=15, probes=0))
    source, values = "quadrature of the formula", np.exp(best.x)
    for name, value, near in zip(found.structure.names, values, found.table.se, strict=True):
        rows.append(nlme.claim(f"mixed Poisson model, {name}", source, value, found.table.estimate[name], 1e-3 * near))
    return rows


def replicate(seed: int, *, linked: bool, count: int = PATIENTS) -> dict[str, object]:
    """Return what one simulated cohort gave: distance from the truth in standard errors, and twice the gain of a link."""
    truth = outcomes.TRUTH if linked else {**outcomes.TRUTH, "beta": 0.0}
    cohort = outcomes.joint_cohort(count, seed=seed, truth=truth)
    whole = fit(cohort, JOINT, method=METHOD, free=FREE)
    blind = fit(cohort, Parametric(model=JOINT, typical={"beta": 0.0}), method=METHOD, free=["k", "rate"])
    there = whole.structure.read(Parametric(model=JOINT, typical={"beta": truth["beta"]}))
    off = whole.estimated.vector - there
    return dict(
        off=off.tolist(), z=(off / np.sqrt(np.diagonal(whole.covariance))).tolist(), names=list(whole.structure.names),
        gain=2.0 * (whole.log_likelihood - blind.log_likelihood),
    )  # fmt: skip


def rows(found: dict[str, list[dict[str, object]]]) -> list[dict[str, object]]:
    """Return one row a claim about the replicates."""
    linked, count = found["linked"], len(found["linked"])
    z, off = np.array([r["z"] for r in linked]), np.array([r["off"] for r in linked])
    table = []
    for k, name in enumerate(linked[0]["names"]):  # type: ignore[arg-type, var-annotated]
        half = 1.96 * off[:, k].std(ddof=1) / math.sqrt(count)
        note = f"bias {off[:, k].mean():+.3f} +- {half:.3f} on its scale"
        table.append(nlme.claim(f"{name}, mean of z", "0", 0.0, z[:, k].mean(), 3.5 / math.sqrt(count), note=note))
        table.append(nlme.claim(f"{name}, mean square of z", "1", 1.0, (z[:, k] ** 2).mean(), 3.5 * math.sqrt(2 / count)))
        error = math.sqrt(0.05 * 0.95 / count)
        table.append(nlme.claim(f"{name}, coverage of 95 %", "0.95", 0.95, (abs(z[:, k]) < 1.96).mean(), 3.5 * error))
    gains, none = (np.array([r["gain"] for r in found[kind]]) for kind in ("linked", "unlinked"))
    table.append(nlme.claim("a link that is ignored is seen, share of cohorts", "at least 0.95", 1.0, (gains > CHI).mean(), 0.05))
    error = math.sqrt(0.05 * 0.95 / len(none))
    table.append(nlme.claim("a link is seen where there is none, share", "0.05", 0.05, (none > CHI).mean(), 3.5 * error))
    return table


def checks(*, quick: bool = True) -> list[dict[str, object]]:
    """Return one row a claim; the replicates are those of the record."""
    exact = [*constant_hazard(), *against_quadrature()]
    if not quick:
        return [*exact, *rows(_recorded.recorded("fit_outcomes")["found"])]
    one = replicate(1, linked=True, count=50)
    far, gain = float(np.abs(one["z"]).max()), float(one["gain"])  # type: ignore[arg-type]
    exact.append(nlme.claim("joint model, 50 patients, largest distance in standard errors", "below 3.5", 0.0, far, 3.5))
    exact.append(nlme.claim("joint model, 50 patients, p of no link", "below 0.05", 0.0, math.erfc(math.sqrt(max(gain, 0.0) / 2.0)), 0.05))
    return exact


def mark() -> str:
    """Return what the replicates rest on."""
    return _recorded.mark(PATIENTS, outcomes.TRUTH, outcomes.DAYS.tolist(), outcomes.END)


def study() -> dict[str, list[dict[str, object]]]:
    """Run the replicates and record them one by one; a study that was interrupted goes on from its record."""
    found: dict[str, list[dict[str, object]]] = {"linked": [], "unlinked": []}
    if (_recorded.FOLDER / "fit_outcomes.json").exists() and (before := _recorded.recorded("fit_outcomes"))["inputs"] == mark():
        found = before["found"]
    for number in range(len(found["unlinked"]), REPLICATES):
        for kind, cases in found.items():
            cases[number:] = [replicate(SEED + number, linked=kind == "linked")]
        _recorded.record("fit_outcomes", inputs=mark(), seed=SEED, found=found)
        print(f"{number + 1} of {REPLICATES}", file=sys.stderr)
    return found


def main() -> int:
    """Print the table and return 1 where a verdict fails; without --quick the replicates are run and recorded."""
    if "--quick" not in sys.argv:
        study()
    return nlme.report(checks(quick="--quick" in sys.argv))


if __name__ == "__main__":
    sys.exit(main())
