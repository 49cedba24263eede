"""Individual times rebuilt from a published curve and its numbers at risk.

Guyot et al. (2012), BMC Med Res Methodol 12:9. Between two published numbers at risk the censored are spread evenly, events
follow from the falls of the curve, and the number censored is moved until the next number at risk is met.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from autologue.errors import InputError
from autologue.survival.counts import counts
from autologue.survival.kaplan_meier import kaplan_meier
from autologue.survival.read import numbers, time_to_event
from autologue.survival.records import Floats, Integers, TimeToEvent

__all__ = ["Reconstruction", "reconstruct"]

SLACK = 0.01  # digitising error allowed when numbers at risk are held against the curve, beside one subject


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """Rebuilt subjects, and how well they give back what was published.

    `at_risk`: time, published and rebuilt numbers at risk. `deviation`: greatest distance between the digitised curve and the
    Kaplan-Meier curve of the rebuilt subjects. `warnings` says what was assumed.
    """

    data: TimeToEvent
    at_risk: pd.DataFrame
    deviation: float
    warnings: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Published:
    """A digitised curve, time 0 and survival 1 first, and numbers at risk with the curve's position at each."""

    time: Floats
    survival: Floats
    risk_time: Floats
    at_risk: Integers
    start: Integers


def reconstruct(curve: pd.DataFrame, at_risk: pd.DataFrame, *, events: int | None = None, unit: str = "month") -> Reconstruction:
    """Return subjects that reproduce a digitised curve (`time`, `survival`) and its risk table (`time`, `at_risk`).

    `events` is the published total number of events, if there is one; without it the censoring rate before the last number at
    risk is taken to go on after it. Raises `InputError` where the curve rises or leaves 0 to 1, the numbers at risk rise, do not
    start at time zero, or are more than the curve allows.

    >>> curve = pd.DataFrame({"time": [1.0, 2.0, 3.0], "survival": [0.75, 0.5, 0.25]})
    >>> rebuilt = reconstruct(curve, pd.DataFrame({"time": [0.0, 2.5], "at_risk": [4, 2]}))
    >>> rebuilt.data.time.tolist(), rebuilt.data.event.tolist()
    ([1.0, 2.0, 3.0, 3.0], [True, True, True, False])
    """
    published = _published(curve, at_risk)
    _agree(published)
    censored = _censored(published)
    if events is not None and not 0 < events <= published.at_risk[0]:
        raise InputError(f"{events} events cannot come from {published.at_risk[0]} subjects; give the total number of first events.")
    times, happened = _subjects(published, _match_events(published, censored, events))
    data = time_to_event(pd.DataFrame({"time": times, "status": happened.astype(int)}), unit=unit)
    return _judge(published, data, events)


def _published(curve: pd.DataFrame, at_risk: pd.DataFrame) -> Published:
    time, survival = numbers(curve, "time", 0.0, "time zero"), numbers(curve, "survival", 0.0, "the least survival")
    for row in np.flatnonzero(survival > 1)[:1]:
        raise InputError(f"row {row + 1}, column 'survival': {survival[row]:g} is above 1; give survival as a fraction.")
    for row in np.flatnonzero(np.diff(time) < 0)[:1]:
        raise InputError(f"row {row + 2}, column 'time': {time[row + 1]:g} comes after {time[row]:g}; sort the curve by time.")
    for row in np.flatnonzero(np.diff(survival) > 0)[:1]:
        raise InputError(
            f"row {row + 2}, column 'survival': the curve rises from {survival[row]:g} to {survival[row + 1]:g} at {time[row + 1]:g}; "
            "a survival curve never rises, so digitise that stretch again."
        )
    keep = np.append(np.diff(time) > 0, True) & (time > 0)  # the lowest of several values at one time
    if not keep.any():
        raise InputError("column 'time': the curve has no point after time zero; digitise it to the end of follow-up.")
    time, survival = np.append(0.0, time[keep]), np.append(1.0, survival[keep])
    when, n = numbers(at_risk, "time", 0.0, "time zero"), numbers(at_risk, "at_risk", 0.0, "the least number")
    if when[0] != 0:
        raise InputError(f"row 1, column 'time': the numbers at risk start at {when[0]:g}; the number at time 0 is needed.")
    for row in np.flatnonzero(n % 1 != 0)[:1]:
        raise InputError(f"row {row + 1}, column 'at_risk': {n[row]:g} is no whole number of subjects; correct it.")
    if n[0] == 0:
        raise InputError("row 1, column 'at_risk': nobody is at risk at time zero; give the number that the curve starts with.")
    for row in np.flatnonzero(np.diff(when) <= 0)[:1]:
        raise InputError(f"row {row + 2}, column 'time': {when[row + 1]:g} does not come after {when[row]:g}; sort the numbers at risk.")
    for row in np.flatnonzero(np.diff(n) > 0)[:1]:
        raise InputError(f"row {row + 2}, column 'at_risk': the number at risk rises from {n[row]:g} to {n[row + 1]:g}; it can only fall.")
    start = np.searchsorted(time, when, side="left")
    start[0] = 0
    kept = start < time.size
    if survival[-1] == 0 and np.any(n[~kept] > 0):
        row = int(np.flatnonzero(~kept & (n > 0))[0])
        raise InputError(
            f"row {row + 1}, column 'at_risk': {n[row]:g} at risk at {when[row]:g} contradict the curve, which is at zero "
            f"from {time[-1]:g}; check both readings."
        )
    return Published(time, survival, when[kept], np.rint(n[kept]).astype(np.int64), start[kept])


def _agree(published: Published) -> None:
    """Refuse more subjects at risk than the curve leaves, and events after nobody is at risk."""
    n, survival = published.at_risk, published.survival
    at = np.concatenate([[1.0], survival[published.start[1:] - 1]])
    for row in range(1, n.size):
        most = n[row - 1] * (at[row] / at[row - 1] if at[row - 1] > 0 else 0.0)
        if n[row] > most + 1 + SLACK * n[row - 1]:
            raise InputError(
                f"row {row + 1}, column 'at_risk': {n[row]} at risk at {published.risk_time[row]:g} contradict the curve, which "
                f"leaves at most {most:.0f} of the {n[row - 1]} before; check both readings."
            )
        if n[row] == 0 and survival[-1] < at[row] - 1e-9:
            raise InputError(
                f"row {row + 1}, column 'at_risk': nobody is at risk at {published.risk_time[row]:g}, but the curve still falls after it; "
                "check both readings."
            )


def _walk(published: Published, stretch: int, n: int, last: float, censored: int) -> tuple[Integers, Floats, int, float]:
    """Return events at each curve point of a stretch, censoring times, the number left and the curve reached."""
    first = published.start[stretch]
    final = stretch + 1 == published.at_risk.size
    stop = published.time.size if final else published.start[stretch + 1]
    low = published.risk_time[stretch]
    high = published.time[-1] if final else published.risk_time[stretch + 1]
    spread = low + (high - low) * (np.arange(censored) + 0.5) / max(censored, 1)
    events = np.zeros(stop - first, np.int64)
    gone = 0
    for k in range(first, stop):
        leaving = min(int(np.searchsorted(spread, published.time[k], side="left")) - gone, n)
        n, gone = n - leaving, gone + leaving
        if n == 0:
            break
        if last > 0:
            events[k - first] = min(round(n * (1 - published.survival[k] / last)), n)
        if events[k - first]:
            last *= 1 - events[k - first] / n
            n -= int(events[k - first])
    late = min(censored - gone, n)
    return events, spread[: gone + late], n - late, last


def _censored(published: Published) -> list[int]:
    """Number censored in each stretch, so that the next published number at risk is met; the last by the rate before."""
    found: list[int] = []
    n, last = int(published.at_risk[0]), 1.0
    for stretch in range(published.at_risk.size - 1):
        target = int(published.at_risk[stretch + 1])
        guess, tried = 0, set[int]()
        while guess not in tried:
            tried.add(guess)
            _, _, left, _ = _walk(published, stretch, n, last, guess)
            guess = min(max(guess + left - target, 0), n)
        _, _, _, last = _walk(published, stretch, n, last, guess)
        found.append(guess)
        n = target
    before = published.risk_time[-1]
    rate = sum(found) / before if before > 0 else 0.0
    found.append(int(min(round(rate * (published.time[-1] - before)), n)))
    return found


def _match_events(published: Published, censored: list[int], events: int | None) -> list[int]:
    """Move the number censored after the last number at risk until the total number of events is met as well as can be."""
    if events is None:
        return censored

    def total(last: int) -> int:
        return int(_subjects(published, [*censored[:-1], last])[1].sum())

    low, high = 0, int(published.at_risk[-1])  # more censored leave fewer events
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if total(middle) <= events else (middle + 1, high)
    best = min((max(low - 1, 0), low), key=lambda last: abs(total(last) - events))
    return [*censored[:-1], best]


def _subjects(published: Published, censored: list[int]) -> tuple[Floats, Integers]:
    n, last = int(published.at_risk[0]), 1.0
    times: list[Floats] = []
    status: list[Integers] = []
    for stretch, count in enumerate(censored):
        events, spread, n, last = _walk(published, stretch, n, last, count)
        first = published.start[stretch]
        times += [np.repeat(published.time[first : first + events.size], events), spread]
        status += [np.ones(int(events.sum()), np.int64), np.zeros(spread.size, np.int64)]
    times.append(np.full(max(n, 0), published.time[-1]))
    status.append(np.zeros(max(n, 0), np.int64))
    return np.concatenate(times), np.concatenate(status)


def _judge(published: Published, data: TimeToEvent, events: int | None) -> Reconstruction:
    found = counts(data)
    rebuilt = found.risk_at(published.risk_time)
    table = pd.DataFrame({"time": published.risk_time, "published": published.at_risk, "rebuilt": rebuilt})
    curve = kaplan_meier(data).at(np.minimum(published.time, data.follow_up)).estimate.to_numpy()
    deviation = float(np.max(np.abs(curve - published.survival)))
    said = []
    if events is None:
        said.append(
            "No total number of events was given: after the last number at risk, censoring is taken to go on at the rate before it."
        )
    elif int(data.event.sum()) != events:
        said.append(f"The rebuilt subjects have {int(data.event.sum())} events and not the {events} published.")
    far = int(np.argmax(np.abs(curve - published.survival)))
    left = max(float(found.risk_at(published.time[far : far + 1])[0]), 1.0)
    if deviation > SLACK + published.survival[far] / (2 * left):  # events are whole, so half a subject's step is no contradiction
        said.append(
            f"The numbers at risk contradict the curve near {published.time[far]:g}: the rebuilt subjects put survival at "
            f"{100 * curve[far]:.0f} % there and the curve at {100 * published.survival[far]:.0f} %; check both readings."
        )
    worst = float(np.max(np.abs(rebuilt - published.at_risk)))
    if worst > 1:
        said.append(f"The rebuilt numbers at risk differ from the published ones by up to {worst:.0f}.")
    return Reconstruction(data, table, deviation, tuple(said))
