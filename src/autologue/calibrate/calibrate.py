"""Synthetic likelihood in waves: the posterior of a simulator's parameters given published summaries.

The published summaries are taken as normal about their simulated means with the covariance of replicates (Wood 2010, Nature
466:1102-1104). Means and covariance come from virtual studies at a design of parameters; between its points the mean is a fitted
surface, whose error at points left out is added to the covariance. Each wave draws a new design from the posterior so far, broadened by
a power of the likelihood, as in history matching (Vernon, Goldstein & Bower 2010, Bayesian Anal 5:619-669), so that the last surface is
fitted where it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.stats import qmc

from autologue import seeds
from autologue.calibrate.calibration import Calibration, Wave
from autologue.calibrate.simulated import Simulator, simulate_points
from autologue.calibrate.surface import Surface, fit_surface
from autologue.calibrate.target import Target
from autologue.calibrate.tempering import temper
from autologue.errors import InputError

__all__ = ["SyntheticLikelihood", "calibrate", "work"]

Floats = NDArray[np.float64]
MOVES = 0.05  # least share of a summary's variance between points that parameters must explain


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticLikelihood:
    """`points` of the design in each wave, `replicates` at each point, `block` points that share random numbers.

    `powers` of the likelihood broaden the design of each wave (0: the prior). `particles` and `moves` are those of the sampler, `draws`
    are kept of it.
    """

    points: int = 480
    replicates: int = 16
    block: int = 24
    powers: tuple[float, ...] = (0.0, 0.25, 0.5, 0.5)
    particles: int = 2000
    moves: int = 30
    draws: int = 400

    def __post_init__(self) -> None:
        """Refuse settings that cannot work."""
        for name, least in (("points", 4), ("replicates", 2), ("block", 2), ("particles", 10), ("moves", 1), ("draws", 2)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise InputError(f"{name} of the synthetic likelihood is {value!r}; expected a whole number of at least {least}")
        if not self.powers or self.powers[0] != 0.0 or not all(0.0 <= power <= 1.0 for power in self.powers):
            raise InputError(f"powers of the synthetic likelihood are {self.powers!r}; expected 0 first, the prior, then numbers up to 1")
        if self.draws > self.particles or self.replicates % 2:
            raise InputError("the synthetic likelihood needs draws <= particles and an even number of replicates, which come in pairs")


def work(method: SyntheticLikelihood) -> int:
    """Return how many points `progress` will be told of in all."""
    return method.points * len(method.powers)


def calibrate(
    simulator: Simulator, targets: Sequence[Target], *, parameters: Sequence[str], method: SyntheticLikelihood | None = None, seed: int = 0,
    parts: Path | None = None, fingerprint: str = "", progress: Callable[[int], None] | None = None,
) -> Calibration:  # fmt: skip
    """Return the posterior of `parameters`, standard normal before, given the published `targets`.

    `simulator` gives the targets' summaries in their order. `parts` is a folder that keeps what was simulated, under `fingerprint`,
    which must say what the simulator depends on; the same run resumes from it. The same seed gives the same draws. Raises InputError
    where a target is never simulated and where none of them moves with a parameter.

    >>> def simulator(z, *, first, count):
    ...     noise = seeds.normals(1, seeds.Purpose.TRIAL, np.arange(first, first + count), 1)
    ...     return z[0] + 0.5 * noise
    >>> found = calibrate(simulator, [Target("mean", 1.0, "normal")], parameters=["centre"], method=SyntheticLikelihood(points=40))
    >>> round(float(found.draws.mean()), 1), round(float(found.contraction["centre"]), 1)
    (0.8, 0.8)
    """
    method = method or SyntheticLikelihood()
    _check(targets, parameters)
    observed = np.array([target.observed for target in targets])
    spread = np.diag([target.spread**2 for target in targets])
    posterior, waves, seen = None, list[Wave](), list[_Seen]()
    for number, power in enumerate(method.powers):
        own = seeds.child_seed(seed, seeds.Purpose.ESTIMATION, number)
        z = _design(posterior, len(parameters), power, method, own)
        firsts = method.replicates * (np.arange(len(z)) // method.block + number * -(-method.points // method.block))
        raw = simulate_points(simulator, z, firsts.tolist(), method.replicates, parts=parts, fingerprint=fingerprint, progress=progress)
        seen.append(_seen(z, firsts, raw, targets))
        here = _nearby(seen)
        surface = fit_surface(here.z, here.means, here.block)
        if not number:
            _check_informed(surface, targets)
        chance = here.covariance
        level = chance / (method.replicates * (here.block.max() + 1))  # chance of the surface's level, over all blocks
        posterior = _Likelihood(surface, observed, chance + level + spread + surface.left_out)
        waves.append(Wave(number + 1, power, len(here.z), surface.explained, np.sqrt(np.diag(surface.left_out) / np.diag(chance + spread))))
    assert posterior is not None
    own = seeds.child_seed(seed, seeds.Purpose.ESTIMATION, len(method.powers))
    draws = temper(posterior, len(parameters), particles=method.particles, moves=method.moves, seed=own)
    return Calibration(
        parameters=tuple(parameters), targets=tuple(targets), draws=_thinned(draws, method.draws), surface=posterior.surface,
        chance=chance, covariance=posterior.covariance, waves=tuple(waves), outside=_outside(draws, seen[-1].z),
        informed=np.max([wave.explained for wave in waves], axis=0) >= MOVES, replicates=work(method) * method.replicates, seed=seed,
    )  # fmt: skip


def _check(targets: Sequence[Target], parameters: Sequence[str]) -> None:
    if not targets:
        raise InputError("there is no target to calibrate to; expected at least one published summary")
    if not parameters:
        raise InputError("there is no parameter to calibrate; expected at least one that is marked for it")
    names = [target.name for target in targets]
    for name in (*names, *parameters):
        if (names if name in names else list(parameters)).count(name) > 1:
            raise InputError(f"'{name}' comes twice among targets or parameters; names must differ")


@dataclass(frozen=True, eq=False)
class _Seen:
    """What was simulated at points: means (points, targets), their blocks, covariance of replicates pooled within points."""

    z: Floats
    block: NDArray[np.int64]
    means: Floats
    covariances: Floats  # (points, targets, targets)

    @property
    def covariance(self) -> Floats:
        return np.asarray(self.covariances.mean(axis=0))


def _seen(z: Floats, firsts: NDArray[np.int64], raw: Floats, targets: Sequence[Target]) -> _Seen:
    """Return means and covariances on the scales of the targets; points without some summary are left out."""
    if raw.shape[2] != len(targets):
        raise InputError(f"the simulator gave {raw.shape[2]} summaries for {len(targets)} targets; expected one for each, in their order")
    values = np.stack([target.at(raw[:, :, k]) for k, target in enumerate(targets)], axis=2)
    there = np.isfinite(values)
    some = there.sum(axis=1) >= 2
    for k, target in enumerate(targets):
        if 2 * some[:, k].sum() < len(z):
            raise InputError(
                f"target {target.name} is not simulated: {int((~some[:, k]).sum())} of {len(z)} points gave no such summary; "
                "leave it out, or widen what is simulated"
            )
    kept = some.all(axis=1)
    values, there = values[kept], there[kept]
    means = np.where(there, values, 0.0).sum(axis=1) / there.sum(axis=1)
    away = np.where(there, values - means[:, None, :], 0.0)
    covariances = np.einsum("pri,prj->pij", away, away) / (values.shape[1] - 1)
    return _Seen(z[kept], firsts[kept], means, covariances)


def _nearby(seen: Sequence[_Seen]) -> _Seen:
    """Return the last wave and the earlier points that lie where it does."""
    last = seen[-1]
    reach = float(np.quantile(_distance(last.z, last.z), 0.99))
    chosen = [_distance(each.z, last.z) <= reach for each in seen[:-1]] + [np.ones(len(last.z), bool)]
    block = np.concatenate([each.block[some] for each, some in zip(seen, chosen, strict=True)])
    joined = [
        np.concatenate([getattr(e, name)[some] for e, some in zip(seen, chosen, strict=True)]) for name in ("z", "means", "covariances")
    ]
    return _Seen(joined[0], np.unique(block, return_inverse=True)[1], joined[1], joined[2])


def _distance(z: Floats, among: Floats) -> Floats:
    """Return squared distances of points from a cloud of points, in its own covariance."""
    centre, covariance = among.mean(axis=0), np.atleast_2d(np.cov(among, rowvar=False)) + 1e-9 * np.eye(among.shape[1])
    away = z - centre
    return np.asarray(np.einsum("ij,ij->i", away, cho_solve(cho_factor(covariance), away.T).T))


def _outside(draws: Floats, design: Floats) -> float:
    """Return the share of draws beyond every point of the last design."""
    return float((_distance(draws, design) > _distance(design, design).max()).mean())


@dataclass(frozen=True, eq=False)
class _Likelihood:
    """The logarithm of the synthetic likelihood, up to a constant."""

    surface: Surface
    observed: Floats
    covariance: Floats

    def __call__(self, z: Floats) -> Floats:
        away = self.observed - self.surface.at(z)
        return np.asarray(-0.5 * np.einsum("ij,ij->i", away, cho_solve(cho_factor(self.covariance), away.T).T))


def _design(posterior: _Likelihood | None, dimension: int, power: float, method: SyntheticLikelihood, seed: int) -> Floats:
    """Return the points of a wave: quasi-random from the prior, else from the prior times a power of the likelihood so far."""
    if posterior is None or power == 0.0:
        points = qmc.Sobol(dimension, seed=seed).random_base2(max(1, (method.points - 1).bit_length()))[: method.points]
        return np.asarray([[seeds.normal_quantile(u) for u in row] for row in np.clip(points, 1e-9, 1 - 1e-9)])
    particles = temper(posterior, dimension, particles=method.particles, moves=method.moves, seed=seed, power=power)
    return _thinned(particles, method.points)


def _thinned(particles: Floats, count: int) -> Floats:
    """Return `count` of the particles, evenly through them; all of them, again and again, where more are asked for."""
    return particles[(np.arange(count) * len(particles) // count) % len(particles)]


def _check_informed(surface: Surface, targets: Sequence[Target]) -> None:
    if not (surface.explained >= MOVES).any():
        names = ", ".join(target.name for target in targets)
        remedy = "choose targets that the parameters change, or try more points"
        raise InputError(f"none of the targets moves with any parameter ({names}); {remedy}")
