"""Metropolis-Hastings kernels for the random effects of all patients in all chains, compiled.

| kernel | proposal | target acceptance |
|---|---|---|
| PRIOR | independent, the population's distribution | |
| OWN | independent, a t distribution (4 degrees of freedom) with the patient's own mean and covariance so far | |
| WALK | random walk in all directions at once, shaped by the patient's own covariance so far | 0.25 |
| EACH | random walk of one coordinate | 0.4 |

Kuhn, Lavielle 2005 (Comput Stat Data Anal 49:1020-1038, doi:10.1016/j.csda.2004.07.002) for PRIOR and EACH; Haario, Saksman, Tamminen
2001 (Bernoulli 7:223-242) for WALK; OWN takes the idea of Karimi, Lavielle, Moulines 2020 (Comput Stat Data Anal 141:123-138) without
derivatives. Steps adapt by patient with a weight that goes to zero. A lane is a patient in a chain, chain after chain. Every random number
is a function of seed, patient, chain, iteration and place in the iteration.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from autologue.compiled import compiled
from autologue.seeds import Purpose, normal, uniform

__all__ = ["EACH", "OWN", "PRIOR", "WALK", "accept", "accumulate", "fill", "own_shape", "propose", "regroup", "student", "student_density"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

PRIOR, OWN, WALK, EACH = range(4)
ESTIMATION = int(Purpose.ESTIMATION)
FREEDOM = 4.0  # of the t distribution
WALK_TARGET, EACH_TARGET = 0.25, 0.4


@compiled
def fill(phi: Floats, codes: Integers, columns: Integers, sets: Floats) -> None:
    """Write coordinates (lanes, q) into parameter sets, back from the scales: 0 log, 1 logit, 2 the value."""
    for lane in range(phi.shape[0]):
        for j in range(phi.shape[1]):
            x = phi[lane, j]
            if codes[j] == 0:
                x = math.exp(x)
            elif codes[j] == 1:
                x = 1.0 / (1.0 + math.exp(-x))
            sets[lane, columns[j]] = x


@compiled
def student(seed: int, patient: int, index: int, attempt: int, mean: Floats, root: Floats, out: Floats) -> None:
    """Write a draw of the t distribution into `out` (q,), from q + 2 numbers that begin at `index`."""
    q = len(mean)
    first, second = uniform(seed, ESTIMATION, patient, index, attempt), uniform(seed, ESTIMATION, patient, index + 1, attempt)
    wide = math.sqrt(FREEDOM / (-2.0 * (math.log(first) + math.log(second))))
    out[:] = mean
    for j in range(q):
        z = wide * normal(seed, ESTIMATION, patient, index + 2 + j, attempt)
        for i in range(j, q):
            out[i] += root[i, j] * z


@compiled
def student_density(x: Floats, mean: Floats, root: Floats) -> float:
    """Return the log-density of the t distribution at x (q,); `root` is the lower Cholesky factor of its matrix."""
    q = len(mean)
    z = np.empty(q)
    total, log_root = 0.0, 0.0
    for i in range(q):
        left = x[i] - mean[i]
        for j in range(i):
            left -= root[i, j] * z[j]
        z[i] = left / root[i, i]
        total += z[i] * z[i]
        log_root += math.log(root[i, i])
    constant = math.lgamma(0.5 * (FREEDOM + q)) - math.lgamma(0.5 * FREEDOM) - 0.5 * q * math.log(FREEDOM * math.pi)
    return constant - log_root - 0.5 * (FREEDOM + q) * math.log1p(total / FREEDOM)


@compiled
def propose(
    kind: int, which: int, seed: int, attempt: int, place: int, centre: Floats, root: Floats, mean: Floats, own: Floats, step: Floats,
    phi: Floats, codes: Integers, columns: Integers, trial: Floats, sets: Floats,
) -> None:  # fmt: skip
    """Write proposals into `trial` (lanes, q) and into parameter `sets`.

    centre (patients, >= q), root (q, q): of the population. mean (patients, q), own (patients, q, q): of each patient. step (patients,
    q + 1): of the coordinates, and last of WALK. which: the coordinate of EACH. place: first number of the lane of chain 0.
    """
    n, q = mean.shape
    z = np.empty(q)
    for lane in range(phi.shape[0]):
        i, index = lane % n, place + (lane // n) * (q + 4)
        if kind == EACH:
            trial[lane] = phi[lane]
            trial[lane, which] += step[i, which] * normal(seed, ESTIMATION, i, index, attempt)
        elif kind == OWN:
            student(seed, i, index, attempt, mean[i], own[i], trial[lane])
        else:
            for j in range(q):
                z[j] = normal(seed, ESTIMATION, i, index + j, attempt)
            for j in range(q):
                total = 0.0
                for k in range(j + 1):
                    total += (root[j, k] if kind == PRIOR else own[i, j, k]) * z[k]
                trial[lane, j] = centre[i, j] + total if kind == PRIOR else phi[lane, j] + step[i, q] * total
    fill(trial, codes, columns, sets)


@compiled
def regroup(
    seed: int, attempt: int, centre: Floats, inverse: Floats, root: Floats, pairs: Integers, active: Flags, phi: Floats
) -> None:  # fmt: skip
    """Draw again what the data do not see of the effects of occasions (Gibbs sampling, no course is solved).

    pairs (m, 1 + occasions): the coordinate of a patient's effect, and of the same parameter's effect in each occasion. Their sums decide
    the courses: the patient's effect is drawn given the sums. An occasion that the patient has not is drawn from the population.
    """
    n, q = active.shape
    m, copies = pairs.shape[0], pairs.shape[1] - 1
    off, bend, lower, slope = np.empty(q), np.empty((m, m)), np.zeros((m, m)), np.empty(m)
    for lane in range(phi.shape[0]):
        i, index = lane % n, (lane // n) * (q + 4)
        for j in range(q):
            if not active[i, j]:
                phi[lane, j] = centre[i, j]
                for k in range(j + 1):
                    if root[j, k] != 0.0:
                        phi[lane, j] += root[j, k] * normal(seed, ESTIMATION, i, index + k, attempt)
            off[j] = phi[lane, j] - centre[i, j]
        for a in range(m):
            slope[a] = 0.0
            for x in range(copies + 1):
                if active[i, pairs[a, x]]:
                    for j in range(q):
                        slope[a] -= (1.0 if x == 0 else -1.0) * inverse[pairs[a, x], j] * off[j]
            for b in range(a + 1):  # occasions are independent of each other and of the patient
                bend[a, b] = inverse[pairs[a, 0], pairs[b, 0]]
                for x in range(1, copies + 1):
                    if active[i, pairs[a, x]]:
                        bend[a, b] += inverse[pairs[a, x], pairs[b, x]]
        for a in range(m):  # bend = lower lower', lower' move = lower^-1 slope + z
            for b in range(a + 1):
                total = bend[a, b]
                for k in range(b):
                    total -= lower[a, k] * lower[b, k]
                lower[a, b] = math.sqrt(total) if a == b else total / lower[b, b]
            for k in range(a):
                slope[a] -= lower[a, k] * slope[k]
            slope[a] /= lower[a, a]
        for a in range(m):
            slope[a] += normal(seed, ESTIMATION, i, index + pairs[a, 0], attempt)
        for a in range(m - 1, -1, -1):
            for k in range(a + 1, m):
                slope[a] -= lower[k, a] * slope[k]
            slope[a] /= lower[a, a]
            for x in range(copies + 1):
                if active[i, pairs[a, x]]:
                    phi[lane, pairs[a, x]] += slope[a] if x == 0 else -slope[a]


@compiled
def _pull(phi: Floats, centre: Floats, inverse: Floats) -> float:
    """Return eta' inverse eta."""
    total = 0.0
    for i in range(len(phi)):
        for j in range(len(phi)):
            total += (phi[i] - centre[i]) * inverse[i, j] * (phi[j] - centre[j])
    return total


@compiled
def accept(
    kind: int, which: int, seed: int, attempt: int, place: int, weight: float, centre: Floats, inverse: Floats, mean: Floats, own: Floats,
    step: Floats, phi: Floats, density: Floats, predicted: Floats, begin: Integers, trial: Floats, offered: Floats, foreseen: Floats,
) -> None:  # fmt: skip
    """Accept or reject `trial` with log-density `offered` and predictions `foreseen`, and adapt the steps."""
    n, q = mean.shape
    chains = phi.shape[0] // n
    target = WALK_TARGET if kind == WALK else EACH_TARGET
    column = q if kind == WALK else which
    for lane in range(phi.shape[0]):
        i, index = lane % n, place + (lane // n) * (q + 4)
        ratio = offered[lane] - density[lane]
        if kind != PRIOR:
            ratio -= 0.5 * (_pull(trial[lane], centre[i], inverse) - _pull(phi[lane], centre[i], inverse))
        if kind == OWN:
            ratio += student_density(phi[lane], mean[i], own[i]) - student_density(trial[lane], mean[i], own[i])
        chance = math.exp(min(ratio, 0.0)) if ratio == ratio else 0.0
        if uniform(seed, ESTIMATION, i, index + q + 2, attempt) < chance:
            phi[lane] = trial[lane]
            density[lane] = offered[lane]
            predicted[begin[lane] : begin[lane + 1]] = foreseen[begin[lane] : begin[lane + 1]]
        if kind >= WALK:
            step[i, column] *= math.exp(weight * (chance - target) / chains)


@compiled
def accumulate(phi: Floats, weight: float, first: Floats, second: Floats) -> None:
    """Move the running means of phi (patients, q) and phi phi' (patients, q, q) towards those of the chains now."""
    n, q = first.shape
    chains = phi.shape[0] // n
    for i in range(n):
        for j in range(q):
            total = 0.0
            for c in range(chains):
                total += phi[c * n + i, j]
            first[i, j] += weight * (total / chains - first[i, j])
            for k in range(j + 1):
                total = 0.0
                for c in range(chains):
                    total += phi[c * n + i, j] * phi[c * n + i, k]
                second[i, j, k] += weight * (total / chains - second[i, j, k])
                second[i, k, j] = second[i, j, k]


@compiled
def own_shape(first: Floats, second: Floats, omega: Floats, blend: float, mean: Floats, own: Floats) -> None:
    """Write each patient's mean and the Cholesky factor of the covariance, blended with `blend` of the population's."""
    n, q = first.shape
    matrix = np.empty((q, q))
    for i in range(n):
        for j in range(q):
            mean[i, j] = first[i, j]
            for k in range(q):
                matrix[j, k] = max(1.0 - blend, 0.0) * (second[i, j, k] - first[i, j] * first[i, k]) + blend * omega[j, k]
        for j in range(q):  # Cholesky, with a floor under each pivot
            for k in range(j + 1):
                total = matrix[j, k]
                for m in range(k):
                    total -= own[i, j, m] * own[i, k, m]
                if j == k:
                    own[i, j, j] = math.sqrt(max(total, 1e-6 * omega[j, j]))
                else:
                    own[i, j, k] = total / own[i, k, k]
