"""The peak of Stein 2019 is a kink in t_max: modes and standard errors by curvature, held against sampling."""

from __future__ import annotations

import _designs as designs
import numpy as np
import pytest

from autologue.fit.chains import Chains
from autologue.fit.conditional import expand
from autologue.fit.inner import FOUND, KINK, REASONS, find_modes
from autologue.fit.posterior import conditional_modes
from autologue.fit.problem import Problem
from autologue.fit.problem import pose as pose_structure
from autologue.fit.structure import read_structure
from autologue.fit.suspicions import gains_elsewhere
from autologue.likelihood import Likelihood

SAMPLES = 400


@pytest.fixture(scope="module")
def problem() -> Problem:
    cohort = designs.study(designs.stein(), designs.ELIANA, dict(transgene=50.0), patients=40, seed=3)
    return pose_structure(read_structure(cohort, designs.stein()), Likelihood(cohort, designs.stein()))


@pytest.fixture(scope="module")
def sampled(problem) -> tuple[np.ndarray, np.ndarray]:
    """Return random effects (samples, patients, q) of each patient given the data, and their log-joint density (samples, patients)."""
    point, q = problem.point(problem.start), problem.varying
    chains = Chains(problem, point, count=10, seed=1)
    chains.start(point)
    eta, joint = [], []
    for k in range(100 + SAMPLES // 10):
        chains.sweep(k, point, weight=(k + 1.0) ** -0.6 if k < 100 else 0.0, moments=1.0 / (k + 1.0))
        if k >= 100:
            off = (chains.phi - np.tile(point.centre[:, :q], (10, 1))).reshape(10, -1, q)
            eta.append(off)
            joint.append(chains.density.reshape(10, -1) - 0.5 * np.einsum("cni,ij,cnj->cn", off, point.inverse, off))
    return np.concatenate(eta), np.concatenate(joint)


@pytest.fixture(scope="module")
def modes(problem):
    return find_modes(problem, problem.point(problem.start), np.zeros((1, problem.patients, problem.varying)))


def test_where_a_sample_is_more_probable_than_the_mode_it_is_told(problem, modes, sampled):
    """Modes at a kink may be local: most are the highest, and the climbs from beside them find the others."""
    assert np.isin(modes.status, (FOUND, KINK)).all(), [REASONS[k] for k in modes.status]
    missed = sampled[1].max(axis=0) - modes.joint
    assert 1 <= (missed > 0.1).sum() <= 4
    gained = gains_elsewhere(problem, problem.point(problem.start), modes)
    assert (gained[missed > 0.1] > missed[missed > 0.1] - 0.01).all()
    assert (missed - np.maximum(gained, 0.0)).max() < 0.01


def test_patients_lie_where_sampling_says(problem, modes, sampled):
    """The modes lie within the sampled distribution of each patient, and most near its mean."""
    point, q = problem.point(problem.start), problem.varying
    eta = modes.phi[:, :q] - point.centre[:, :q]
    away = np.abs(eta - sampled[0].mean(axis=0)) / sampled[0].std(axis=0)
    assert away.max() < 4.0
    assert np.median(away) < 0.5


def test_curvature_at_the_modes_gives_the_spread_that_sampling_gives(problem, modes, sampled):
    """Standard deviations given the data: right for most, and at a kink (t_max) too small for some, which is why it is told."""
    point = problem.point(problem.start)
    curve = expand(problem, problem.start, point, modes.phi).curve
    ratio = np.sqrt(np.diagonal(np.linalg.inv(curve), axis1=1, axis2=2)) / sampled[0].std(axis=0)
    others = np.array([name != "t_max" for name in problem.coordinates[: problem.varying]])
    assert np.median(ratio[:, others]) == pytest.approx(1.0, abs=0.15)
    assert np.quantile(np.abs(np.log(ratio[:, others])), 0.9) < 0.6
    assert np.quantile(np.abs(np.log(ratio[:, ~others])), 0.9) < 1.2


def test_saem_gives_every_patient_a_mode_above_the_samples(problem, sampled):
    """Climbing alone ends beside the top in some patients at the kink, who then had no mode."""
    point, (eta, joint) = problem.point(problem.start), sampled
    climbed = find_modes(problem, point, eta.mean(axis=0)[None])
    assert (climbed.status == KINK).any()
    mode = conditional_modes(problem, point, eta)
    height = find_modes(problem, point, mode[None], limit=0).joint
    assert np.isfinite(mode).all()
    assert (height >= climbed.joint - 1e-9).all()
    assert (height > joint.max(axis=0) - 0.1).mean() > 0.9
