"""NUTS: the posterior of all estimates and random effects, by Hamiltonian Monte Carlo.

Hoffman, Gelman 2014, J Mach Learn Res 15:1593-1623. Full Bayes: every estimate has a prior (see `beliefs`; the defaults are weak, and said
in the fit's settings), the density and its gradient are those of `joint`, the sampler is nutpie's (`hamiltonian`), an optional extra:
pip install 'autologue[bayes]'. Estimates are posterior medians, intervals are quantiles, and the draws are the fit's trace: its
population carries them on. Where a density has a kink (a peak time that passes a visit) its gradient jumps; the sampler
stays exact, since each proposal is accepted by the density itself, and pays with more rejections.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue.errors import InputError
from autologue.fit.beliefs import Beliefs
from autologue.fit.chains import Chains
from autologue.fit.concerns import concerns
from autologue.fit.estimated import Conditional, Covariance, Estimated, Estimator, LogLikelihood, Trace, Watch
from autologue.fit.hamiltonian import Hamiltonian, sample_density
from autologue.fit.importance import importance_sampling
from autologue.fit.joint import Joint, join
from autologue.fit.problem import Problem
from autologue.fit.weights import chain_quality

__all__ = ["NUTS"]

Floats = NDArray[np.float64]
DEPTH = 10  # of the tree, at most
AGREE, ENOUGH = 1.01, 100.0  # R-hat, effective draws for each chain: beyond them a warning (Vehtari et al. 2021)
UNINFORMED = 0.9  # of the prior's standard deviation
PIECE = 64  # draws whose random effects are computed at once


@dataclass(frozen=True, kw_only=True)
class NUTS(Estimator):
    """draws: of each of the `chains`, after `tune` iterations of adaptation that are thrown away.

    target_accept: mean acceptance of the steps; higher means shorter steps, and fewer divergences. samples: of the conditional
    distribution of each patient, kept.
    """

    draws: int = 1000
    tune: int = 800
    chains: int = 4
    target_accept: float = 0.9
    samples: int = 300

    def __post_init__(self) -> None:
        """Check the numbers."""
        for name, least in (("draws", 20), ("tune", 20), ("chains", 1), ("samples", 1)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise InputError(f"NUTS({name}={value!r}): expected a whole number of at least {least}")
        if not 0.0 < self.target_accept < 1.0:
            raise InputError(f"NUTS(target_accept={self.target_accept!r}): expected a number between 0 and 1, like 0.9")

    def estimate(self, problem: Problem, *, seed: int, watch: Watch | None = None) -> Estimated:
        """Return posterior medians, with the draws, the conditional distributions and the likelihood at the medians."""
        joint = join(problem)
        p = len(joint.origin)

        def follow(iteration: int, most: int, u: Floats) -> None:
            if watch:
                watch(iteration, most, joint.estimates(u[None, :p])[0][0])

        found = sample_density(
            joint, joint.start, draws=self.draws, tune=self.tune, chains=self.chains, target_accept=self.target_accept, depth=DEPTH,
            seed=seed, watch=follow,
        )  # fmt: skip
        drawn = joint.estimates(found.draws[..., :p].reshape(-1, p))[0]
        vector, covariance = np.median(drawn, axis=0), np.atleast_2d(np.cov(drawn, rowvar=False))
        eta = _effects(joint, drawn, found)
        kept = eta[np.linspace(0, len(eta) - 1, min(self.samples, len(eta))).astype(np.int64)]
        names = problem.coordinates[: problem.varying]
        likelihood = _likelihood(problem, vector, eta, seed)
        return Estimated(
            vector,
            (Covariance("posterior draws", covariance),),
            (likelihood,),
            Conditional(names, np.full(eta.shape[1:], np.nan), eta.mean(axis=0), eta.std(axis=0), kept),
            Trace(drawn, tuple((f"chain {c + 1}", c * self.draws) for c in range(self.chains))),
            (*self._doubts(joint, drawn, found), *concerns(problem, vector, covariance)),
            tuple(self._settings(joint, drawn, found).items()),
            sampled=True,
        )

    def _doubts(self, joint: Joint, drawn: Floats, found: Hamiltonian) -> list[str]:
        """Return what the chains say against themselves."""
        names, lines = joint.problem.structure.names, []
        rhat, bulk, tail = chain_quality(drawn.reshape(self.chains, self.draws, -1))
        if (diverged := int(found.diverged.sum())) > 0:
            share = f"{diverged} of {found.diverged.size} transitions diverged"
            lines.append(f"{share}: the posterior has corners that the steps miss; give target_accept= nearer to 1, or tighter priors")
        if (deep := float(found.deepest.mean())) > 0.01:
            lines.append(f"{deep:.0%} of the transitions reached the greatest depth of {DEPTH}: the chains move slowly; give more draws=")
        worst = int(np.argmax(rhat))
        if rhat[worst] > AGREE:
            lines.append(f"the chains disagree about '{names[worst]}' (R-hat {rhat[worst]:.3f}, above {AGREE}): give more tune= and draws=")
        for sizes, what in ((bulk, "middle"), (tail, "tails")):
            worst = int(np.argmin(sizes))
            if sizes[worst] < ENOUGH * self.chains:
                where = f"the {what} of the distribution of '{names[worst]}': {sizes[worst]:.0f} effective draws"
                lines.append(f"{where}, fewer than {ENOUGH * self.chains:.0f}: give more draws=")
        return [*lines, *_uninformed(joint.beliefs, names, drawn)]

    def _settings(self, joint: Joint, drawn: Floats, found: Hamiltonian) -> dict[str, str]:
        rhat, bulk, tail = chain_quality(drawn.reshape(self.chains, self.draws, -1))
        effects = found.draws[..., len(joint.origin) :]
        said = {
            "chains": f"{self.chains} of {self.draws} draws, after {self.tune} of adaptation",
            "target acceptance": f"{self.target_accept:g}; {int(found.diverged.sum())} transitions diverged",
            "R-hat, worst": f"{rhat.max():.4f} of the estimates"
            + (f", {chain_quality(effects)[0].max():.4f} of the random effects" if effects.shape[2] else ""),
            "effective draws, least": f"{bulk.min():.0f} in the middle, {tail.min():.0f} in the tails",
        }
        return said | {f"prior of {name}": words for name, words in zip(joint.problem.structure.names, joint.beliefs.words, strict=True)}


def _uninformed(beliefs: Beliefs, names: tuple[str, ...], drawn: Floats) -> list[str]:
    share = drawn.std(axis=0) / beliefs.sd
    return [
        f"the posterior of '{name}' is hardly narrower than its prior ({100 * s:.0f} % of its sd): the data say little of it"
        for name, s in zip(names, share, strict=True)
        if s > UNINFORMED
    ]


def _effects(joint: Joint, drawn: Floats, found: Hamiltonian) -> Floats:
    """Return the random effects of all draws (draws, patients, q)."""
    n, q = joint.problem.patients, joint.problem.varying
    z = found.draws.reshape(len(drawn), -1)[:, len(joint.origin) :].reshape(len(drawn), n, q)
    pieces = [slice(k, k + PIECE) for k in range(0, len(drawn), PIECE)]
    return np.concatenate([np.einsum("mab,mnb->mna", joint.roots(drawn[piece]), z[piece]) for piece in pieces])


def _likelihood(problem: Problem, vector: Floats, eta: Floats, seed: int) -> LogLikelihood:
    """Return the log-likelihood at the posterior medians, random effects integrated by importance sampling around those drawn."""
    point, q = problem.point(vector), problem.varying
    if not q:
        sets = problem.parameters(point.centre[None])[0]
        return LogLikelihood("at the posterior medians", float(problem.likelihood.lanes().evaluate(sets, point.sigma).log_density.sum()))
    chains = Chains(problem, point, count=1, seed=seed)
    chains.mean = point.centre[:, :q] + eta.mean(axis=0)
    off = eta - eta.mean(axis=0)
    spread = np.einsum("sia,sib->iab", off, off) / len(eta)
    floor = 1e-9 * np.diagonal(point.omega)
    chains.own = np.ascontiguousarray(np.linalg.cholesky(spread + np.diag(floor)))
    found = importance_sampling(chains, vector, most=5000, error=0.05)[0]
    return LogLikelihood("importance sampling at the posterior medians", found.value, found.error)
