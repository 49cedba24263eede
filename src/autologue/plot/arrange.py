"""Boxes on a grid: few enough to be placed by trying exchanges, so that arrows are short, cross little and run left to right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

__all__ = ["arrange"]

Cell = tuple[int, int]
STARTS = 12
ROUNDS = 8


def arrange(count: int, solid: Sequence[tuple[int, int]], dashed: Sequence[tuple[int, int]]) -> list[Cell]:
    """Return (column, row) of each of `count` boxes; `solid` and `dashed` are pairs of boxes that arrows join, solid ones count more.

    The same input gives the same places.

    >>> arrange(2, [(0, 1)], [])
    [(0, 0), (1, 0)]
    """
    columns = max(1, min(count, math.ceil(math.sqrt(count * 1.4))))
    rows = math.ceil(count / columns) + (1 if count > 4 else 0)
    cells = [(c, r) for r in range(rows) for c in range(columns)]
    random = Random(count)
    pairs = [(a, b, 3.0) for a, b in dict.fromkeys(solid)]
    pairs += [(a, b, 1.0) for a, b in dict.fromkeys(dashed) if (a, b) not in set(solid)]
    best: tuple[float, list[Cell]] | None = None
    for start in range(STARTS):
        places = cells[:] if not start else random.sample(cells, len(cells))
        cost = _cost(places[:count], pairs)
        for _ in range(ROUNDS):
            before = cost
            for i in range(count):
                for j in range(i + 1, len(cells)):
                    places[i], places[j] = places[j], places[i]
                    tried = _cost(places[:count], pairs)
                    if tried < cost - 1e-9:
                        cost = tried
                    else:
                        places[i], places[j] = places[j], places[i]
            if cost >= before - 1e-9:
                break
        if best is None or cost < best[0] - 1e-9:
            best = (cost, places[:count])
    assert best is not None
    left, top = min(c for c, _ in best[1]), min(r for _, r in best[1])
    return [(c - left, r - top) for c, r in best[1]]


def _cost(places: Sequence[Cell], pairs: Sequence[tuple[int, int, float]]) -> float:
    """Return how bad an arrangement is: length, arrows that run back, boxes in the way, crossings."""
    total = 0.02 * sum(c + 1.5 * r for c, r in places)
    lines = []
    for a, b, weight in pairs:
        (ax, ay), (bx, by) = places[a], places[b]
        total += weight * (math.hypot(ax - bx, 1.1 * (ay - by)) + (0.35 if weight > 1 and bx < ax else 0.0))
        lines.append((ax, ay, bx, by, a, b, weight))
        for k, (cx, cy) in enumerate(places):
            if k not in (a, b) and _near(ax, ay, bx, by, cx, cy):
                total += 4.0 * weight
    for i, (ax, ay, bx, by, a, b, w) in enumerate(lines):
        for cx, cy, dx, dy, c, d, v in lines[i + 1 :]:
            if not {a, b} & {c, d} and _cross(ax, ay, bx, by, cx, cy, dx, dy):
                total += 0.6 * (w + v)
    return total


def _near(ax: float, ay: float, bx: float, by: float, cx: float, cy: float) -> bool:
    """Whether a box at c stands in the way of the line from a to b."""
    length = math.hypot(bx - ax, by - ay)
    along = ((cx - ax) * (bx - ax) + (cy - ay) * (by - ay)) / max(length * length, 1e-9)
    return 0 < along < 1 and abs((cx - ax) * (by - ay) - (cy - ay) * (bx - ax)) / max(length, 1e-9) < 0.36


def _cross(ax: float, ay: float, bx: float, by: float, cx: float, cy: float, dx: float, dy: float) -> bool:
    def side(px: float, py: float, qx: float, qy: float, rx: float, ry: float) -> float:
        return (qx - px) * (ry - py) - (qy - py) * (rx - px)

    first = side(ax, ay, bx, by, cx, cy) * side(ax, ay, bx, by, dx, dy)
    return first < 0 and side(cx, cy, dx, dy, ax, ay) * side(cx, cy, dx, dy, bx, by) < 0
