"""Random numbers without state: each one is a function of seed, purpose, patient, index and attempt, and of nothing else.

Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3", doi:10.1145/2063384.2063405)
turns a 128-bit counter and a 64-bit key into 128 random bits, which are two numbers here. The key is the seed; the counter says what
the number is for:

    bits   0-63   patient id                 0 .. 2**63 - 1
    bits  64-95   block of two numbers       index // 2 for 0 <= index < 2**32; all ones for child seeds
    bits  96-119  attempt                    0 .. 2**24 - 1 (rejection sampling, retries)
    bits 120-127  purpose                    0 .. 255

The map is one to one, so no two uses share a number; and there is nothing to advance, so chunks, threads and order cannot
change a bit.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autologue.compiled import compiled
from autologue.errors import InputError

__all__ = ["Purpose", "child_seed", "normal", "normal_quantile", "normals", "philox4x32", "uniform", "uniforms"]

Word = int | np.uint64

_WORD = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_ONE = np.uint64(1)
_MULTIPLIER_0, _MULTIPLIER_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL_0, _WEYL_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_DROPPED, _ATTEMPTS, _PURPOSE_SHIFT = np.uint64(12), np.uint64(0xFFFFFF), np.uint64(24)
_STEP = 2.0**-52


class Purpose(IntEnum):
    """What a random number is for; the numbers are part of every saved result, so they never change.

    >>> Purpose.RESIDUAL
    <Purpose.RESIDUAL: 2>
    """

    PARAMETERS = 0  # between-patient variability
    COVARIATES = 1  # age, weight, burden, ...
    RESIDUAL = 2  # assay and other residual error
    EXTINCTION = 3  # chance death of the last cells
    UNCERTAINTY = 4  # draws of the population parameters
    REPLICATE = 5  # the seed of a replicate of a trial
    TRIAL = 6  # enrolment, randomisation, visits, dropout
    SURVIVAL = 7  # event and censoring times
    MANUFACTURE = 8  # slots, failures, product attributes
    BOOTSTRAP = 9  # resampled patients
    ESTIMATION = 10  # Markov chains and importance samples
    OCCASION = 11  # between-occasion variability
    FORECAST = 12  # proposals, chains and resampling of one patient's forecast


@compiled
def philox4x32(c0: Word, c1: Word, c2: Word, c3: Word, k0: Word, k1: Word) -> tuple[Word, Word, Word, Word]:
    """Return the four 32-bit words of Philox4x32-10 for a counter of four words and a key of two, each as an unsigned integer.

    >>> [f"{int(word):08x}" for word in philox4x32(0, 0, 0, 0, 0, 0)]
    ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']
    """
    x0, x1, x2, x3 = np.uint64(c0) & _WORD, np.uint64(c1) & _WORD, np.uint64(c2) & _WORD, np.uint64(c3) & _WORD
    key0, key1 = np.uint64(k0) & _WORD, np.uint64(k1) & _WORD
    for _ in range(10):
        even, odd = _MULTIPLIER_0 * x0, _MULTIPLIER_1 * x2
        x0, x1, x2, x3 = (odd >> _HALF) ^ x1 ^ key0, odd & _WORD, (even >> _HALF) ^ x3 ^ key1, even & _WORD
        key0, key1 = (key0 + _WEYL_0) & _WORD, (key1 + _WEYL_1) & _WORD
    return x0, x1, x2, x3


@compiled
def _pair(seed: Word, purpose: Word, patient: Word, block: Word, attempt: Word) -> tuple[float, float]:
    """Return the two uniforms of one Philox block."""
    key, person = np.uint64(seed), np.uint64(patient)
    last = (np.uint64(purpose) << _PURPOSE_SHIFT) | (np.uint64(attempt) & _ATTEMPTS)
    x0, x1, x2, x3 = philox4x32(person & _WORD, person >> _HALF, block, last, key & _WORD, key >> _HALF)
    first = np.uint64(x0) | (np.uint64(x1) << _HALF)
    second = np.uint64(x2) | (np.uint64(x3) << _HALF)
    return (np.float64(first >> _DROPPED) + 0.5) * _STEP, (np.float64(second >> _DROPPED) + 0.5) * _STEP


@compiled
def uniform(seed: Word, purpose: Word, patient: Word, index: Word, attempt: Word) -> float:
    """Return one uniform number in the open interval (0, 1); callable from Python and from compiled code.

    The values are the midpoints of 2**52 equal cells: exact 53-bit doubles, symmetric about one half, never 0 and never 1.

    >>> 0.0 < uniform(1, Purpose.RESIDUAL, 7, 0, 0) < 1.0
    True
    """
    first, second = _pair(seed, purpose, patient, np.uint64(index) >> _ONE, attempt)
    return second if np.uint64(index) & _ONE else first


@compiled
def normal_quantile(p: float) -> float:
    """Return z with P(Z <= z) = p for a standard normal Z and 0 < p < 1; relative error about 1e-15.

    Rational approximations of Wichura 1988, algorithm AS 241 (PPND16), Applied Statistics 37:477-484, doi:10.2307/2347330.

    >>> round(normal_quantile(0.975), 12)
    1.95996398454
    """
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        above = 2.5090809287301226727e3
        above = above * r + 3.3430575583588128105e4
        above = above * r + 6.7265770927008700853e4
        above = above * r + 4.5921953931549871457e4
        above = above * r + 1.3731693765509461125e4
        above = above * r + 1.9715909503065514427e3
        above = above * r + 1.3314166789178437745e2
        above = above * r + 3.3871328727963666080e0
        below = 5.2264952788528545610e3
        below = below * r + 2.8729085735721942674e4
        below = below * r + 3.9307895800092710610e4
        below = below * r + 2.1213794301586595867e4
        below = below * r + 5.3941960214247511077e3
        below = below * r + 6.8718700749205790830e2
        below = below * r + 4.2313330701600911252e1
        return q * above / (below * r + 1.0)
    distance = _tail_quantile(p if q < 0.0 else 1.0 - p)
    return -distance if q < 0.0 else distance


@compiled
def _tail_quantile(tail: float) -> float:
    """Return the positive z with P(Z > z) = tail, for 0 < tail <= 0.075 (AS 241)."""
    r = np.sqrt(-np.log(tail))
    if r <= 5.0:
        r -= 1.6
        above = 7.74545014278341407640e-4
        above = above * r + 2.27238449892691845833e-2
        above = above * r + 2.41780725177450611770e-1
        above = above * r + 1.27045825245236838258e0
        above = above * r + 3.64784832476320460504e0
        above = above * r + 5.76949722146069140550e0
        above = above * r + 4.63033784615654529590e0
        above = above * r + 1.42343711074968357734e0
        below = 1.05075007164441684324e-9
        below = below * r + 5.47593808499534494600e-4
        below = below * r + 1.51986665636164571966e-2
        below = below * r + 1.48103976427480074590e-1
        below = below * r + 6.89767334985100004550e-1
        below = below * r + 1.67638483018380384940e0
        below = below * r + 2.05319162663775882187e0
    else:
        r -= 5.0
        above = 2.01033439929228813265e-7
        above = above * r + 2.71155556874348757815e-5
        above = above * r + 1.24266094738807843860e-3
        above = above * r + 2.65321895265761230930e-2
        above = above * r + 2.96560571828504891230e-1
        above = above * r + 1.78482653991729133580e0
        above = above * r + 5.46378491116411436990e0
        above = above * r + 6.65790464350110377720e0
        below = 2.04426310338993978564e-15
        below = below * r + 1.42151175831644588870e-7
        below = below * r + 1.84631831751005468180e-5
        below = below * r + 7.86869131145613259100e-4
        below = below * r + 1.48753612908506148525e-2
        below = below * r + 1.36929880922735805310e-1
        below = below * r + 5.99832206555887937690e-1
    return float(above / (below * r + 1.0))


@compiled
def normal(seed: Word, purpose: Word, patient: Word, index: Word, attempt: Word) -> float:
    """Return one standard normal number: the quantile of `uniform` of the same arguments.

    >>> normal(1, Purpose.RESIDUAL, 7, 0, 0) == normal_quantile(uniform(1, Purpose.RESIDUAL, 7, 0, 0))
    True
    """
    return normal_quantile(uniform(seed, purpose, patient, index, attempt))


@compiled
def _fill(seed: int, purpose: int, patients: NDArray[np.int64], attempt: int, out: NDArray[np.float64]) -> None:
    """Fill `out` (patients x count) with uniforms."""
    count = out.shape[1]
    for i in range(out.shape[0]):
        for block in range((count + 1) // 2):
            first, second = _pair(seed, purpose, patients[i], block, attempt)
            out[i, 2 * block] = first
            if 2 * block + 1 < count:
                out[i, 2 * block + 1] = second


@compiled
def _quantiles_in_place(table: NDArray[np.float64]) -> None:
    """Replace each uniform in `table` by its normal quantile."""
    for i in range(table.shape[0]):
        for j in range(table.shape[1]):
            table[i, j] = normal_quantile(table[i, j])


def uniforms(seed: int, purpose: Purpose, ids: ArrayLike, count: int, *, attempt: int = 0) -> NDArray[np.float64]:
    """Return uniform numbers in the open interval (0, 1), shape (len(ids), count), row i belonging to patient `ids[i]`.

    `seed` and each id are integers from 0 to 2**63 - 1, `attempt` from 0 to 2**24 - 1. A row depends on its own id alone.
    Raises InputError for an argument outside its range.

    >>> whole = uniforms(2024, Purpose.PARAMETERS, [3, 1], 5)
    >>> bool((whole[1] == uniforms(2024, Purpose.PARAMETERS, [1], 5)[0]).all())
    True
    """
    _check("seed", seed, 2**63 - 1)
    _check("count", count, 2**32 - 2)
    _check("attempt", attempt, 2**24 - 1)
    patients = _patients(ids)
    out = np.empty((patients.size, count))
    _fill(int(seed), int(purpose), patients, int(attempt), out)
    return out


def normals(seed: int, purpose: Purpose, ids: ArrayLike, count: int, *, attempt: int = 0) -> NDArray[np.float64]:
    """Return standard normal numbers, shape (len(ids), count): the quantiles of `uniforms` of the same arguments.

    >>> normals(2024, Purpose.PARAMETERS, [0, 1, 2], 4).shape
    (3, 4)
    """
    table = uniforms(seed, purpose, ids, count, attempt=attempt)
    _quantiles_in_place(table)
    return table


def child_seed(seed: int, purpose: Purpose, number: int) -> int:
    """Return the seed (0 to 2**63 - 1) of the `number`-th child of `seed`, a replicate of a trial for instance.

    >>> child_seed(1, Purpose.REPLICATE, 0) != child_seed(1, Purpose.REPLICATE, 1)
    True
    """
    _check("seed", seed, 2**63 - 1)
    _check("number", number, 2**63 - 1)
    low, high, _, _ = philox4x32(number & 0xFFFFFFFF, number >> 32, 0xFFFFFFFF, int(purpose) << 24, seed & 0xFFFFFFFF, seed >> 32)
    return int(low) | (int(high) & 0x7FFFFFFF) << 32


def _patients(ids: ArrayLike) -> NDArray[np.int64]:
    """Return `ids` as an array, or raise InputError."""
    given = np.atleast_1d(np.asarray(ids))
    if given.ndim != 1 or (given.size and given.dtype.kind not in "iu"):
        raise InputError(f"ids must be a list of whole numbers, not an array of {given.dtype} with {given.ndim} dimensions")
    if given.size and (given.min() < 0 or given.max() > 2**63 - 1):
        raise InputError(f"ids must lie between 0 and 2**63 - 1, not {int(given.min())} to {int(given.max())}")
    return given.astype(np.int64)


def _check(name: str, value: int, largest: int) -> None:
    """Raise InputError unless `value` is an integer from 0 to `largest`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not 0 <= value <= largest:
        raise InputError(f"{name} must be a whole number from 0 to {largest}, not {value!r}")
