"""Calibration to published summaries: posteriors of toy simulators beside their closed forms.

Two simulators have posteriors in closed form: normal means of known variance, and events among n patients under a Beta prior. Each is
calibrated many times to data simulated from parameters of its own prior. If the method is right, the place of the true parameter among
the draws is uniform, and intervals of 50, 80 and 90 % hold it that often (simulation-based calibration). Beside this stand exact means and
standard deviations of single posteriors. The method is approximate in three ways, all of which this study would show: the fitted surface,
the covariance from a few replicates, and the normal form of a binomial share. The last line is a fault put in on purpose: a target that
claims four times its patients must be found out.
"""

import hashlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from scipy.special import betaincinv, ndtr
from scipy.stats import beta, binom

from autologue import __version__, seeds
from autologue import calibrate as calibrate_package
from autologue.calibrate import SyntheticLikelihood, Target, calibrate
from autologue.forecast.score import coverage, uniformity
from autologue.qualify.claims import claim, print_claims

METHOD = SyntheticLikelihood(points=60, replicates=16, block=6, powers=(0.0, 0.5, 0.5), particles=800, moves=12, draws=200)
DESIGN = np.array([[1.0, 0.0], [0.6, 0.8], [-0.5, 0.5]])  # of the normal means
ERRORS = np.array([0.5, 0.3, 0.8])
A, B, N = 2.0, 3.0, 40  # Beta prior and patients
SEED = 1 << 20
FAULT = "four times the patients claimed"
RECORD = Path(__file__).resolve().parent / "recorded" / "calibrate_toys.json"
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


def study(studies):
    """Return the places of true parameters, by what is calibrated."""
    means = places_of_means(studies)
    return {
        "normal means, first parameter": means[:, 0], "normal means, second parameter": means[:, 1],
        "events, chance": places_of_chances(studies), FAULT: places_of_chances(studies, claimed=4),
    }  # fmt: skip


def state():
    """Return a hash of the method's source, which a record belongs to."""
    files = sorted(Path(calibrate_package.__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def record():
    """Run the whole study and keep it."""
    places = {name: [round(float(place), 4) for place in found] for name, found in study(400).items()}
    kept = {"autologue": __version__, "date": datetime.now(UTC).date().isoformat(), "seed": SEED, "source": state(), "places": places}
    RECORD.parent.mkdir(exist_ok=True)
    RECORD.write_text(json.dumps(kept, indent=None) + "\n", encoding="utf-8")


def checks(*, quick):
    """Return the claims: 40 data sets of each simulator now, or the 400 that were recorded."""
    places = study(40) if quick else {name: np.array(found) for name, found in json.loads(RECORD.read_text())["places"].items()}
    source = "Talts et al. 2018, arXiv:1804.06788"
    rows = [row for name, found in places.items() if name != FAULT for row in _calibrated(found, name, 0.01, source)]
    y = np.array([1.2, -0.4, 0.6])
    found, (mean, covariance) = calibrated_means(y, 5), normal_posterior(y)
    for k in range(2):
        sd = float(np.sqrt(covariance[k, k]))
        for what, value, mine, allowed in (
            ("mean", mean[k], found.draws[:, k].mean(), 0.25),
            ("deviation", sd, found.draws[:, k].std(), 0.15),
        ):
            said = f"normal means: {what} of parameter {k + 1}"
            rows.append(claim(said, source="conjugate form", published=float(value), ours=float(mine), tolerance=allowed * sd))
    for k in (0, 4, 20):
        exact, ours = beta(A + k, B + N - k), betaincinv(A, B, ndtr(calibrated_share(k / N, 9).draws[:, 0]))
        for what, value, mine, allowed in (("mean", exact.mean(), ours.mean(), 0.25), ("deviation", exact.std(), ours.std(), 0.15)):
            said, error = f"{k} events of {N}: {what} of the chance", allowed * float(exact.std())
            note = NO_EVENT if not k else ""
            rows.append(claim(said, source="Beta", published=float(value), ours=float(mine), tolerance=error, note=note))
    held = coverage(places[FAULT], 0.9)
    return [*rows, dict(claim=f"{FAULT}: 90 % intervals hold it", source="a fault put in on purpose", published="below 0.8", ours=held,
                        tolerance=0.0, passed=held < 0.8, note="")]  # fmt: skip


def remarks():
    """Say where the method has changed since its study was recorded."""
    same = json.loads(RECORD.read_text())["source"] == state()
    return "" if same else "\nThe method has changed since that was recorded.\n"


if __name__ == "__main__":
    if "--quick" not in sys.argv:
        record()
    sys.exit(print_claims(checks(quick="--quick" in sys.argv)))
