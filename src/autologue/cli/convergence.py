"""How the estimates of a fit come to rest, while they do: a live table in a terminal, a line now and then elsewhere."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from autologue.cli.console import engine_news, number

if TYPE_CHECKING:
    from autologue.population import Estimate

__all__ = ["convergence", "sparkline"]

BARS = "▁▂▃▄▅▆▇█"
WIDTH, EVERY, LINES = 40, 0.2, 10  # of a sparkline; seconds between pictures; lines where there is no terminal


def sparkline(values: Sequence[float], width: int = WIDTH) -> str:
    """Return values as bars between the smallest and the largest, one for each of at most `width` equal parts (its last value); infinite
    ones are left out.

    >>> sparkline([0, 1, 2, 3]), sparkline([5, 5]), sparkline(range(100), width=4)
    ('▁▃▆█', '▁▁', '▁▃▆█')
    """
    kept = [x for x in values if math.isfinite(x)]
    if len(kept) > width:
        kept = [kept[(k + 1) * len(kept) // width - 1] for k in range(width)]
    low, high = min(kept, default=0.0), max(kept, default=0.0)
    if high <= low:
        return BARS[0] * len(kept)
    return "".join(BARS[round((x - low) / (high - low) * (len(BARS) - 1))] for x in kept)


@contextmanager
def convergence(what: str, estimates: Sequence[Estimate], *, console: Console | None = None) -> Iterator[Callable[[int, int, Any], None]]:
    """Yield what `fit` takes as `watch`: the estimates on their scales are drawn as traces, with the time that is left at most."""
    shown = Console(stderr=True) if console is None else console
    traces: list[list[float]] = [[] for _ in estimates]
    begun, last, said = time.monotonic(), -math.inf, 0

    def left(iteration: int, most: int) -> str:
        rest = (time.monotonic() - begun) / (iteration + 1) * max(most - iteration - 1, 0)
        return f"{what}: iteration {iteration + 1} of at most {most}, at most {_clock(rest)} left"

    def follow(iteration: int, most: int, vector: Any) -> None:
        nonlocal last, said
        for trace, value in zip(traces, vector, strict=True):
            trace.append(float(value))
        if not shown.is_terminal:
            if (iteration + 1) * LINES // max(most, 1) > said:
                said = (iteration + 1) * LINES // max(most, 1)
                now = ", ".join(f"{e.name} {number(float(e.scale.back(t[-1])))}" for e, t in zip(estimates, traces, strict=True))
                shown.print(Text(f"{left(iteration, most)}: {now}"), soft_wrap=True)
        elif time.monotonic() - last > EVERY:
            last = time.monotonic()
            live.update(_picture(left(iteration, most), estimates, traces), refresh=True)

    with engine_news(shown):
        if shown.is_terminal:
            with Live(Text(what), console=shown, transient=True, auto_refresh=False) as live:
                yield follow
        else:
            yield follow


def _picture(title: str, estimates: Sequence[Estimate], traces: Sequence[Sequence[float]]) -> Table:
    table = Table(title=Text(title), title_justify="left", box=None)
    table.add_column("estimate", no_wrap=True)
    table.add_column("since the start, on its scale", no_wrap=True)
    table.add_column("now", justify="right", no_wrap=True)
    for e, trace in zip(estimates, traces, strict=True):
        table.add_row(Text(e.name), Text(sparkline(trace)), Text(number(float(e.scale.back(trace[-1])))))
    return table


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
