"""Calibration to published summaries: posteriors of toy simulators beside their closed forms.

Two simulators have posteriors in closed form: normal means of known variance, and events among n patients under a Beta prior. Each is
calibrated many times to data simulated from parameters of its own prior. If the method is right, the place of the true parameter among
the draws is uniform, and intervals of 50, 80 and 90 % hold it that often (simulation-based calibration). Beside this stand exact means and
standard deviations of single posteriors. The method is approximate in three ways, all of which this study would show: the fitted surface,
the covariance from a few replicates, and the normal form of a binomial share. The last line is a fault put in on purpose: a target that
claims four times its patients must be found out.
"""

import sys

import numpy as np
from scipy.special import betaincinv, ndtr
from scipy.stats import beta, binom

from autologue import seeds
from autologue.calibrate import SyntheticLikelihood, Target, calibrate
from autologue.forecast.score import coverage, uniformity
from autologue.qualify.claims import claim, print_claims

METHOD = SyntheticLikelihood(points=60, replicates=16, block=6, powers=(0.0, 0.5, 0.5), particles=800, moves=12, draws=200)
DESIGN = np.array([[1.0, 0.0], [0.6, 0.8], [-0.5, 0.5]])  # of the normal means
ERRORS = np.array([0.5, 0.3, 0.8])
A, B, N = 2.0, 3.0, 40  # Beta prior and patients
SEED = 1 << 20
NO_EVENT = "a normal form has no skew: where no patient has the event the posterior is too narrow; shares of trials here are no such"


def normal_means(seed):
    """Return a simulator of three means of two parameters."""

    def simulator(z, *, first, count):
        return DESIGN @ z + ERRORS * seeds.normals(seed, seeds.Purpose.TRIAL, np.arange(first, first + count), 3)

    return simulator


def normal_posterior(y):
    """Return mean and covariance of the two parameters given the three means: the conjugate form."""
    covariance = np.linalg.inv(np.eye(2) + DESIGN.T @ np.diag(ERRORS**-2) @ DESIGN)
    return covariance @ DESIGN.T @ (y / ERRORS**2), covariance


def events(seed, n=N):
    """Return a simulator of the share of n patients with an event, whose chance has the Beta prior."""

    def simulator(z, *, first, count):
        u = seeds.uniforms(seed, seeds.Purpose.TRIAL, np.arange(first, first + count), 1)
        return binom.ppf(u, n, betaincinv(A, B, ndtr(z[0]))) / n

    return simulator


def calibrated_means(y, seed):
    """Return the calibration of the normal means to data y."""
    targets = [Target(f"mean {k}", value, "normal") for k, value in enumerate(y)]
    return calibrate(normal_means(seed + 7), targets, parameters=["a", "b"], method=METHOD, seed=seed)


def calibrated_share(share, seed, n=N):
    """Return the calibration of the chance to a share of n patients; the simulator has N."""
    return calibrate(events(seed + 7, n), [Target("share", share, "share", n=n)], parameters=["chance"], method=METHOD, seed=seed)


def places_of_means(studies):
    """Return the place of each true parameter among its draws (studies, 2)."""
    found = []
    for k in range(studies):
        true = seeds.normals(SEED, seeds.Purpose.PARAMETERS, [k], 2)[0]
        y = normal_means(SEED + 1)(true, first=k, count=1)[0]
        found.append((calibrated_means(y, SEED + 2 + k).draws < true).mean(axis=0))
    return np.array(found)


def places_of_chances(studies, claimed=1):
    """Return the place of each true chance; data are of N patients, said to be `claimed` times as many."""
    found = []
    for k in range(studies):
        true = seeds.normals(SEED, seeds.Purpose.PARAMETERS, [k], 1)[0]
        share = events(SEED + 1)(true, first=k, count=1)[0, 0]
        found.append((calibrated_share(share, SEED + 2 + k, N * claimed).draws[:, 0] < true[0]).mean())
    return np.array(found)


def _calibrated(places, what, level, source):
    """Return the claims about places of true parameters: coverage within three binomial errors, and uniformity."""
    rows = []
    for share in (0.5, 0.8, 0.9):
        error = 3 * np.sqrt(share * (1 - share) / len(places))
        rows.append(
            claim(f"{what}: {share:.0%} intervals hold it", source=source, published=share, ours=coverage(places, share), tolerance=error)
        )
    p = uniformity(places)
    said = f"above {level}"
    rows.append(
        dict(claim=f"{what}: p-value of uniform places", source=source, published=said, ours=p, tolerance=0.0, passed=p > level, note="")
    )
    return rows


def checks(*, quick):
    """Return the claims; the whole study has 400 data sets of each simulator, the quick one 40."""
    studies = 40 if quick else 400
    source = "Talts et al. 2018, arXiv:1804.06788"
    means = places_of_means(studies)
    rows = []
    for k, name in enumerate(("first parameter", "second parameter")):
        rows += _calibrated(means[:, k], f"normal means, {name}", 0.01, source)
    rows += _calibrated(places_of_chances(studies), "events, chance", 0.01, source)
    y = np.array([1.2, -0.4, 0.6])
    found, (mean, covariance) = calibrated_means(y, 5), normal_posterior(y)
    for k in range(2):
        sd = float(np.sqrt(covariance[k, k]))
        ours = float(found.draws[:, k].mean())
        rows.append(
            claim(
                f"normal means: mean of parameter {k + 1}",
                source="conjugate form",
                published=float(mean[k]),
                ours=ours,
                tolerance=0.25 * sd,
            )
        )
        ours = float(found.draws[:, k].std())
        rows.append(
            claim(f"normal means: deviation of parameter {k + 1}", source="conjugate form", published=sd, ours=ours, tolerance=0.15 * sd)
        )
    for k in (0, 4, 20):
        exact, ours = beta(A + k, B + N - k), betaincinv(A, B, ndtr(calibrated_share(k / N, 9).draws[:, 0]))
        for what, value, mine, allowed in (("mean", exact.mean(), ours.mean(), 0.25), ("deviation", exact.std(), ours.std(), 0.15)):
            said, error = f"{k} events of {N}: {what} of the chance", allowed * float(exact.std())
            note = NO_EVENT if not k else ""
            rows.append(claim(said, source="Beta", published=float(value), ours=float(mine), tolerance=error, note=note))
    held = coverage(places_of_chances(studies, claimed=4), 0.9)
    rows.append(dict(claim="four times the patients: 90 % intervals hold it", source="a fault put in on purpose",
                     published="below 0.8", ours=held, tolerance=0.0, passed=held < 0.8, note=""))  # fmt: skip
    return rows


if __name__ == "__main__":
    sys.exit(print_claims(checks(quick="--quick" in sys.argv)))
