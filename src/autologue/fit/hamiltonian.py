"""The No-U-Turn sampler of nutpie behind one small door: any log-density with its gradient, the same seed the same draws.

Hoffman, Gelman 2014, J Mach Learn Res 15:1593-1623. nutpie (MIT, on the Rust library nuts-rs) adapts the step and the masses, with a
low-rank part for correlated directions, from draws and gradients. Every chain is a thread of its own with its own random numbers; what the
chains ask for at a time is evaluated in one call, so that chains are lanes beside each other. A density must give the same bits for a
point whatever stands beside it.
"""

from __future__ import annotations

import inspect
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autologue import seeds
from autologue.errors import InputError, SolveError

__all__ = ["Density", "Hamiltonian", "sample_density"]

Floats = NDArray[np.float64]
Density = Callable[[Floats], tuple[Floats, Floats]]
"""From points (m, d) to log-densities (m,), not finite where there is none, and gradients (m, d)."""
TRIES = 12  # of a start: each begins nearer to the given one
WAIT = 0.1  # seconds between two looks at the chains
PATIENCE = 1e-3  # seconds after which a chain no longer waits for the others


@dataclass(frozen=True, eq=False)
class Hamiltonian:
    """Draws (chains, draws, d); which transitions diverged, and which reached the greatest depth (chains, draws)."""

    draws: Floats
    diverged: NDArray[np.bool_]
    deepest: NDArray[np.bool_]


class _Impossible(Exception):
    """The density is zero there, or not a number: nutpie counts a divergence and goes on."""

    is_recoverable = True


class _Gathering:
    """Collects what the chains ask for, and evaluates it together."""

    def __init__(self, density: Density, chains: int, length: int) -> None:
        self.density, self.live, self.length = density, chains, length
        self.asked: dict[int, Floats] = {}
        self.answered: dict[int, tuple[float, Floats]] = {}
        self.done, self.last = 0, np.empty(0)
        self.failure: BaseException | None = None
        self.turn = threading.Condition()

    def ask(self, u: Floats) -> tuple[float, Floats]:
        """Return log-density and gradient at u (d,) for the chain of this thread."""
        me = threading.get_ident()
        with self.turn:
            self.asked[me] = u.copy()
            while me not in self.answered and self.failure is None:
                if len(self.asked) >= self.live or not self.turn.wait(PATIENCE):
                    self._answer()
            if self.failure is not None:
                return -0.5 * float(u @ u), -u  # the chain is about to end, and nutpie panics at an error, or no gradient, at a start
            value, gradient = self.answered.pop(me)
        if not np.isfinite(value):
            raise _Impossible
        return value, gradient

    def _answer(self) -> None:
        who = list(self.asked)
        if not who:
            return
        try:
            values, gradients = self.density(np.array([self.asked.pop(each) for each in who]))
        except BaseException as problem:
            self.failure = problem
        else:
            self.answered |= {each: (float(values[k]), gradients[k]) for k, each in enumerate(who)}
        self.turn.notify_all()

    def expander(self, *_: int) -> Callable[[Floats], dict[str, Floats]]:
        """Return what notes the draws of one chain; a chain that has all of its draws is not waited for."""
        done = 0

        def expand(u: Floats) -> dict[str, Floats]:
            nonlocal done
            with self.turn:
                done, self.done, self.last = done + 1, self.done + 1, u
                if done == self.length:
                    self.live -= 1
                    self.turn.notify_all()
            return {"u": u}

        return expand

    def stop(self, problem: BaseException) -> None:
        """Let every chain end."""
        with self.turn:
            self.failure = self.failure or problem
            self.turn.notify_all()


def sample_density(
    density: Density, start: Floats, *, draws: int, tune: int, chains: int, target_accept: float, depth: int = 10, seed: int,
    spread: float = 0.5, watch: Callable[[int, int, Floats], None] | None = None,
) -> Hamiltonian:  # fmt: skip
    """Return draws of a density of u; chains begin around `start` (d,), as far as `spread` in each direction.

    watch: called with the iterations done, how many there are, and the last u. Raises InputError where nutpie is not installed, SolveError
    where a chain finds no start.
    """
    nutpie, from_pyfunc = _nutpie()
    if not np.isfinite(density(start[None])[0][0]):
        raise SolveError("NUTS: the density is zero, or not a number, where the chains shall start; give other starting values")
    gathering = _Gathering(density, chains, draws + tune)
    model = from_pyfunc(
        len(start), lambda: gathering.ask, gathering.expander, [np.dtype(float)], [(len(start),)], ["u"],
        make_initial_point_fn=lambda key: _begin(density, start, spread, key),
    )  # fmt: skip
    sampler = nutpie.sample(
        model, draws=draws, tune=tune, chains=chains, cores=chains, seed=seed % 2**63, target_accept=target_accept, maxdepth=depth,
        progress_bar=False, blocking=False, **_low_rank(nutpie.sample),
    )  # fmt: skip
    trace = _followed(sampler, gathering, lambda: watch and watch(gathering.done, chains * (draws + tune), gathering.last))
    stats = trace.sample_stats
    found = np.ascontiguousarray(trace.posterior["u"].to_numpy())
    return Hamiltonian(found, np.asarray(stats["diverging"], dtype=bool), np.asarray(stats["maxdepth_reached"], dtype=bool))


def _low_rank(sample: Callable[..., Any]) -> dict[str, Any]:
    """Return the argument that asks for a mass matrix of low rank: its name is another in the nutpie for Python 3.12 and later."""
    new = "adaptation" in inspect.signature(sample).parameters
    return {"adaptation": "low_rank"} if new else {"low_rank_modified_mass_matrix": True}


def _nutpie() -> tuple[Any, Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # ArviZ announces its next version at import
            import nutpie
            from nutpie.compiled_pyfunc import from_pyfunc
    except ModuleNotFoundError as missing:
        what = f"NUTS needs the package '{missing.name}', which is not installed"
        raise InputError(f"{what}; install the extra with: pip install 'autologue[bayes]'") from None
    return nutpie, from_pyfunc


def _followed(sampler: Any, gathering: _Gathering, report: Callable[[], object]) -> Any:
    """Return the trace once the chains have ended; a failure or an interruption ends them."""
    try:
        while gathering.failure is None:
            try:
                trace = sampler.wait(timeout=WAIT)
            except TimeoutError:
                if len(gathering.last):
                    report()
            else:
                if gathering.failure is None:
                    return trace
    except BaseException as problem:
        told = isinstance(problem, RuntimeError) or type(problem).__name__ == "PanicException"  # nutpie's own
        gathering.stop(SolveError(f"NUTS stopped: {str(problem).splitlines()[0]}; give other starting values") if told else problem)
    sampler.cancel()
    assert gathering.failure is not None
    raise gathering.failure


def _begin(density: Density, start: Floats, spread: float, key: int) -> Floats:
    """Return a start of a chain at which there is a density; the last that is tried is the given one."""
    for k in range(TRIES):
        z = seeds.normals(key % 2**63, seeds.Purpose.ESTIMATION, [0], len(start), attempt=k)[0]
        u: Floats = start + spread * 0.5**k * z
        value, gradient = density(u[None])
        if np.isfinite(value[0]) and np.isfinite(gradient).all():
            return u
    return start
