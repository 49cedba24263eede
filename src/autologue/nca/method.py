"""The rules of a non-compartmental analysis, declared before the data are seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from autologue.errors import InputError

__all__ = ["Below", "BelowLimit", "NCA", "Tail", "TerminalRule", "Trapezoid", "Window"]


class Trapezoid(IntEnum):
    """How the area between two samples is computed."""

    LINEAR = 0  # straight lines
    LINEAR_UP_LOG_DOWN = 1  # straight lines, exponentials where the value falls between two positive values


class Below(IntEnum):
    """What becomes of a value below the limit of quantification."""

    DROP = 0  # the sample is left out
    ZERO = 1  # it counts as zero
    HALF = 2  # it counts as half the limit


class Tail(IntEnum):
    """What the area over a window holds after the last measurable value (Tlast)."""

    NOTHING = 0  # interpolated to the ends of the window, nothing after the last sample that is kept
    MEASURED = 1  # up to the last measurable value inside the window, whose end is not interpolated (PKNCA's auclast)
    EXTRAPOLATED = 2  # after Tlast, the terminal exponential; NaN where one is needed and not found


@dataclass(frozen=True)
class BelowLimit:
    """What becomes of values below the limit, by their place: before, between and after the measurable ones.

    >>> BelowLimit().middle
    <Below.DROP: 0>
    """

    first: Below = Below.ZERO
    middle: Below = Below.DROP
    last: Below = Below.DROP


@dataclass(frozen=True)
class TerminalRule:
    """How the points of the terminal slope are chosen: the last k measurable ones after the peak, k >= `points`.

    The largest adjusted r2 decides; among fits within `tolerance` of it, the one with the most points. This is the rule of PKNCA
    (Denney, Duvvuri, Buckeridge 2015, doi:10.1007/s10928-015-9432-2) with its default values.
    """

    points: int = 3
    tolerance: float = 1e-4

    def __post_init__(self) -> None:
        if self.points < 3:
            raise InputError(f"a terminal slope needs at least 3 points for its adjusted r2, not {self.points}")
        if not 0.0 <= self.tolerance < 1.0:
            raise InputError(f"the tolerance on adjusted r2 must lie in [0, 1), not {self.tolerance}")


@dataclass(frozen=True)
class Window:
    """An interval of time since the infusion, over which an area is wanted.

    >>> Window(0, 28).name
    'auc_0_28'
    """

    start: float
    end: float
    tail: Tail = field(default=Tail.NOTHING, kw_only=True)

    def __post_init__(self) -> None:
        if not 0.0 <= self.start < self.end < float("inf"):
            raise InputError(f"a window needs 0 <= start < end < infinity, not {self.start} to {self.end}")

    @property
    def name(self) -> str:
        """The column of the area, `auc_<start>_<end>`."""
        return f"auc_{self.start:.10g}_{self.end:.10g}"


@dataclass(frozen=True)
class NCA:
    """A non-compartmental analysis: which areas, by which trapezoids, with which rules for the limit and the terminal slope.

    Times count from the infusion: samples before time 0 are left out, and without a sample at time 0 the value there is zero.

    >>> [window.name for window in NCA().windows]
    ['auc_0_28', 'auc_0_84']
    """

    windows: tuple[Window, ...] = (Window(0, 28), Window(0, 84))
    trapezoid: Trapezoid = Trapezoid.LINEAR_UP_LOG_DOWN
    below: BelowLimit = BelowLimit()
    terminal: TerminalRule | None = TerminalRule()  # None: no terminal slope, and nothing that needs one

    def __post_init__(self) -> None:
        names = [window.name for window in self.windows]
        if len(set(names)) < len(names):
            raise InputError(f"each window may be asked for once, not {', '.join(names)}")
        if self.terminal is None and any(window.tail is Tail.EXTRAPOLATED for window in self.windows):
            raise InputError("an extrapolated window needs a terminal slope: give a TerminalRule instead of None")
