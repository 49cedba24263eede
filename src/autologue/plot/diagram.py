"""The flow diagram of a model, as SVG: a box a state, solid arrows for what moves, is made or is lost, dashed lines for what drives it.

Each box has a colour, and so have the dashed lines that start from it. A line that ends in an arrow raises the flow at its dot, one that
ends in a bar lowers it, one that ends in a diamond does either. Parameters stand at their flow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path

import numpy as np

from autologue.engine.flows import Flow, flows
from autologue.errors import InputError, unknown
from autologue.model import Model
from autologue.plot.arrange import arrange
from autologue.plot.extra import vl_convert
from autologue.plot.files import write_whole
from autologue.plot.numbers import format_unit
from autologue.plot.theme import FONT, INK, MUTED, PALETTE, PAPER, RULE

__all__ = ["model_diagram", "save_diagram"]

WIDTH, HEIGHT = 140, 50  # of a box at least, in pixels
BETWEEN, MARGIN, HEAD, FOOT = 112, 56, 62, 46  # between boxes of a row, at the sides, above and below the picture
ABOVE, BELOW, LINE = 41, 55, 11  # from a box to the first line of text above it and below it; height of a line
MANY = 3  # drivers of one flow that are drawn; of more, words say that all of them count
LETTER = 5.3
_ROUND = [(math.cos(k * math.pi / 6), math.sin(k * math.pi / 6)) for k in range(12)]
_APPROACH = {  # the directions from which a dashed line may come, by the side of the box where the flow is
    -1: [(x, y) for x, y in _ROUND if y < 0.1 and abs(x) > 0.1], 1: [(x, y) for x, y in _ROUND if abs(x) > 0.8 and y > -0.1], 0: _ROUND,
}  # fmt: skip
TINTS = (*PALETTE, "#a23b3b", "#3c7a86", "#7a5c3e", "#5a5fa8", "#8a8f2a", "#b0568a")
Point = tuple[float, float]
Area = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True)
class _Box:
    """A state as drawn: its middle, colour and texts."""

    name: str
    x: float
    y: float
    colour: str
    title: str
    unit: str
    width: float = WIDTH

    def edge(self, towards: Point, gap: float = 0.0) -> Point:
        """Return where the line from the middle to a point leaves the box."""
        dx, dy = towards[0] - self.x, towards[1] - self.y
        scale = min((self.width / 2 + gap) / max(abs(dx), 1e-9), (HEIGHT / 2 + gap) / max(abs(dy), 1e-9))
        return self.x + dx * min(scale, 1.0), self.y + dy * min(scale, 1.0)


@dataclass
class _Page:
    """What is drawn, in layers; the places that are taken; and the flows whose drivers are still to be drawn."""

    boxes: dict[str, _Box] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    areas: list[Area] = field(default_factory=list)
    spots: list[Point] = field(default_factory=list)
    driven: list[tuple[Flow, Point, int]] = field(default_factory=list)

    def write(self, x: float, y: float, text: str, *, anchor: str = "middle", colour: str = MUTED, italic: bool = False) -> None:
        """Write a line of text and keep its place."""
        self.texts.append(_text(x, y, text, size=10, anchor=anchor, colour=colour, italic=italic))
        self.areas.append(_extent(x, y, text, anchor))


def model_diagram(model: Model) -> str:
    """Return the flow diagram of a model as the text of one SVG element.

    >>> from autologue.library import load
    >>> model_diagram(load("kimmel_2021")).startswith("<svg ")
    True
    """
    found = _merged(flows(model))
    names = list(model.states)
    solid = [(names.index(f.source), names.index(f.target)) for f in found if f.source and f.target]
    dashed = [
        (names.index(d), names.index(f.target or f.source or ""))
        for f in found if len(f.drivers) <= MANY for d, _ in f.drivers
    ]  # fmt: skip
    places = arrange(len(names), solid, dashed)
    page = _Page()
    page.boxes, size = _boxes(model, found, places)
    for box in page.boxes.values():
        _at_box(page, box, [f for f in found if box.name in (f.source, f.target) and not (f.source and f.target)], model)
    _transfers(page, [f for f in found if f.source and f.target])
    for flow, dot, side in page.driven:
        _drivers(page, flow, dot, side)
    return _svg(page, model, size, several=any(len(f.drivers) > MANY for f in found))


def save_diagram(model: Model, path: str | Path) -> Path:
    """Write the diagram as .svg, .png (300 dpi) or .pdf and return the path; the file is whole or not there."""
    ending = Path(path).suffix.lower().removeprefix(".")
    if ending not in ("svg", "png", "pdf"):
        raise InputError(unknown("diagram format", ending, ("svg", "png", "pdf")))
    svg = model_diagram(model)
    if ending == "svg":
        return write_whole(path, svg.encode())
    content = vl_convert.svg_to_png(svg, ppi=300) if ending == "png" else vl_convert.svg_to_pdf(svg)
    return write_whole(path, content)


def _merged(found: Sequence[Flow]) -> list[Flow]:
    """Return flows with the same ends and drivers as one, their parameters together; plain losses and gains of one state likewise."""
    merged: dict[tuple[object, ...], Flow] = {}
    for flow in found:
        key = (flow.source, flow.target, flow.grows, flow.drivers, flow.at_end, flow.net)
        if key in merged and (flow.drivers or not flow.inputs):
            before = merged[key]
            joined = tuple(dict.fromkeys((*before.parameters, *flow.parameters)))
            same = before.phases if before.phases == flow.phases else ()
            merged[key] = replace(before, parameters=joined, inputs=tuple(dict.fromkeys((*before.inputs, *flow.inputs))), phases=same)
        else:
            merged[key if key not in merged else (*key, flow.inputs)] = flow
    return list(merged.values())


def _boxes(model: Model, found: Sequence[Flow], places: Sequence[tuple[int, int]]) -> tuple[dict[str, _Box], Point]:
    """Return the boxes, each as wide as its texts and arrows need, in rows and columns; and the size of the picture."""
    widths, tall, deep = [], dict[int, int](), dict[int, int]()
    for name, (_, row) in zip(model.states, places, strict=True):
        own = [f for f in found if name in (f.source, f.target) and not (f.source and f.target)]
        gains, losses = [f for f in own if f.target], [f for f in own if f.source]
        doses = any(d.state == name for d in model.dosing.values())
        step = max((_step(f) for f in own), default=0.0)
        count = max(len(gains) + doses, len(losses))
        widths.append(max(WIDTH, 7.4 * len(name) + 24, step * count if count > 1 else 0.0))
        tall[row] = max([tall.get(row, 0), *(len(_lines(_words(f), step)) for f in gains), int(doses)])
        deep[row] = max([deep.get(row, 0), *(len(_lines(_words(f), step)) for f in losses)])
    over = [ABOVE + LINE * tall[k] if tall.get(k) else 20 for k in range(1 + max(tall))]
    under = [BELOW + LINE * deep[k] if deep.get(k) else 20 for k in range(1 + max(deep))]
    middle = [HEAD + sum(over[: k + 1]) + sum(under[:k]) + (HEIGHT + 12) * k + HEIGHT / 2 for k in range(len(over))]
    columns = 1 + max(c for c, _ in places)
    wide = [max([w for w, (c, _) in zip(widths, places, strict=True) if c == k] or [WIDTH]) for k in range(columns)]
    left = [MARGIN + sum(wide[:k]) + BETWEEN * k for k in range(columns)]
    boxes = {}
    for k, (name, (c, r)) in enumerate(zip(model.states, places, strict=True)):
        unit = format_unit(model.states[name].unit)
        boxes[name] = _Box(
            name, left[c] + wide[c] / 2, middle[r], TINTS[k % len(TINTS)], name.replace("_", " "), unit, widths[k]
        )
    height = middle[-1] + HEIGHT / 2 + under[-1] + FOOT
    return boxes, (max(left[-1] + wide[-1] + MARGIN, 470.0), height)


def _step(flow: Flow) -> float:
    """Return the room that the words of a flow need beside their neighbours."""
    return 16 + LETTER * max((len(word) for word in _words(flow)), default=4)


def _box_marks(box: _Box) -> str:
    left, top = box.x - box.width / 2, box.y - HEIGHT / 2
    return (
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{box.width:.1f}" height="{HEIGHT}" rx="7" fill="{PAPER}" stroke="{box.colour}" '
        f'stroke-width="2"/>{_text(box.x, box.y - (3 if box.unit else -4), box.title, size=13, colour=INK, weight=600)}'
        + (_text(box.x, box.y + 14, box.unit, size=10.5) if box.unit else "")
    )


def _at_box(page: _Page, box: _Box, own: Sequence[Flow], model: Model) -> None:
    """Draw what is made and lost at one state, and its dose: gains above, losses below."""
    routes = [n for n, d in model.dosing.items() if d.state == box.name]
    gains, losses = [f for f in own if f.target], [f for f in own if f.source]
    room = max((_step(f) for f in own), default=0.0)
    spots = _spots(box, len(gains) + bool(routes), room)
    top, foot = box.y - HEIGHT / 2, box.y + HEIGHT / 2
    if routes:
        x = spots.pop(0)
        page.lines.append(_arrow([(x, top - 30), (x, top - 1)], INK, width=2.4))
        page.write(x, top - 36, f"dose: {', '.join(routes)}", colour=INK, italic=True)
    for flow, x in zip(gains, spots, strict=True):
        page.lines.append(_loop(x, top, double=flow.net) if flow.grows else _arrow([(x, top - 34), (x, top - 1)], INK))
        _label(page, x, top - ABOVE, _words(flow), rising=True, room=room)
        page.driven.append((flow, (x, top - (27.0 if flow.grows else 20.0)), -1))
    for flow, x in zip(losses, _spots(box, len(losses), room), strict=True):
        page.lines.append(_arrow([(x, foot + 1), (x, foot + 30)], INK))
        page.lines.append(
            f'<circle cx="{x:.1f}" cy="{foot + 37:.1f}" r="5.5" fill="{PAPER}" stroke="{RULE}" stroke-width="1.2"/>'
            f'<path d="M{x - 4.6:.1f} {foot + 41.6:.1f}L{x + 4.6:.1f} {foot + 32.4:.1f}" stroke="{RULE}" stroke-width="1.2"/>'
        )
        _label(page, x, foot + BELOW, _words(flow), rising=False, room=room)
        page.driven.append((flow, (x, foot + 13.0), 1))


def _spots(box: _Box, count: int, room: float) -> list[float]:
    """Return where the arrows at one side of a box stand; a single one leaves the middle to what passes there."""
    if count == 1:
        return [box.x + box.width * 0.27]
    step = max(room, (box.width - 30) / max(count - 1, 1) if count > 1 else 0.0) if count * room < box.width else room
    return [box.x + (k - (count - 1) / 2) * step for k in range(count)]


def _words(flow: Flow) -> list[str]:
    """Return what stands at a flow: its parameters and inputs, how many states count, its phases."""
    said = [*flow.parameters, *(f"{name} (input)" for name in flow.inputs)]
    if len(flow.drivers) > MANY:
        signs = {s for _, s in flow.drivers}
        how = "lowered" if signs == {-1} else "raised" if signs == {1} else "changed"
        said.append(f"{how} by {len(flow.drivers)} states")
    if flow.phases:
        said.append(f"{'end of ' if flow.at_end else ''}phase {', '.join(map(str, flow.phases))}")
    return said


def _label(page: _Page, x: float, y: float, words: Sequence[str], *, rising: bool, room: float) -> None:
    """Write words in lines of at most `room` pixels, upwards or downwards from y."""
    lines = _lines(words, room)
    first = y - LINE * (len(lines) - 1) if rising else y
    for k, line in enumerate(lines):
        page.write(x, first + LINE * k, line)


def _lines(words: Sequence[str], room: float) -> list[str]:
    lines: list[str] = []
    for word in words:
        if lines and LETTER * (len(lines[-1]) + len(word) + 2) <= room:
            lines[-1] += f", {word}"
        else:
            lines.append(word)
    return [*lines[:3], f"and {len(words) - 3} more"] if len(lines) > 4 else lines


def _transfers(page: _Page, found: Sequence[Flow]) -> None:
    """Draw what moves from box to box; flows between the same boxes bend apart, and words look for free places."""
    for flow in found:
        a, b = page.boxes[flow.source or ""], page.boxes[flow.target or ""]
        bend = 26.0 if sum({f.source, f.target} == {flow.source, flow.target} for f in found) > 1 else 0.0
        middle = _bent((a.x, a.y), (b.x, b.y), bend)
        start, end = a.edge(middle, 1.0), b.edge(middle, 2.0)
        control = _bent(start, end, bend)
        page.lines.append(_curve(start, control, end, INK, marker="arrow"))
        flat = abs(end[1] - start[1]) < 30
        lines = _lines(_words(flow), abs(end[0] - start[0]) - 4 if flat else 96)
        anchors: tuple[str, ...] = ("below" if control[1] > start[1] + 4 else "middle",) if flat else ("start", "end")
        if bend and not flat:  # on the outer side of the bend
            anchors = ("start",) if control[0] > (start[0] + end[0]) / 2 else ("end",)
        along = (0.5,) if flat else (0.5, 0.4, 0.6, 0.3, 0.7, 0.22)
        options = [(_on(start, control, end, t), anchor) for t in along for anchor in anchors]
        places = [_beside(dot, lines, anchor) for dot, anchor in options]
        best = min(range(len(options)), key=lambda k: _crowd(page, options[k][0], places[k], lines, options[k][1]))
        dot = options[best][0]
        for (x, y), line in zip(places[best], lines, strict=True):
            page.write(x, y, line, anchor=options[best][1].replace("below", "middle"))
        page.spots.append(dot)
        page.driven.append((flow, dot, 0))


def _beside(dot: Point, lines: Sequence[str], anchor: str) -> list[Point]:
    """Return where the lines of words stand at a dot: above a level arrow, beside a steep one."""
    if anchor == "middle":
        return [(dot[0], dot[1] - 8 - LINE * (len(lines) - 1 - k)) for k in range(len(lines))]
    if anchor == "below":
        return [(dot[0], dot[1] + 14 + LINE * k) for k in range(len(lines))]
    aside = 10 if anchor == "start" else -10
    return [(dot[0] + aside, dot[1] + 3 + LINE * (k - (len(lines) - 1) / 2)) for k in range(len(lines))]


def _crowd(page: _Page, dot: Point, places: Sequence[Point], lines: Sequence[str], anchor: str) -> float:
    """Return how crowded a place is for words: what they would lie over, and how near other dots are."""
    near = sum(max(0.0, 60 - math.dist(dot, other)) / 20 for other in page.spots)
    own = [_extent(x, y, line, anchor) for (x, y), line in zip(places, lines, strict=True)]
    boxes = [(b.x - b.width / 2, b.y - HEIGHT / 2, b.x + b.width / 2, b.y + HEIGHT / 2) for b in page.boxes.values()]
    return near + 2.0 * sum(a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3] for a in own for b in (*page.areas, *boxes))


def _extent(x: float, y: float, text: str, anchor: str) -> Area:
    width = LETTER * len(text)
    left = {"start": x, "end": x - width}.get(anchor, x - width / 2)
    return left, y - 9, left + width, y + 3


def _on(start: Point, control: Point, end: Point, t: float) -> Point:
    """Return a point of a curve."""
    a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t**2
    return a * start[0] + b * control[0] + c * end[0], a * start[1] + b * control[1] + c * end[1]


def _drivers(page: _Page, flow: Flow, dot: Point, side: int) -> None:
    """Draw the states that drive a flow at `dot`; `side` says from where they come: -1 above, 1 below, 0 anywhere."""
    if not flow.drivers or len(flow.drivers) > MANY:
        return
    x, y = dot
    page.texts.insert(0, f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.2" fill="{INK}"/>')
    for name, sign in flow.drivers:
        box = page.boxes[name]
        start, leave, arrive = _way(page, box, dot, side)
        page.spots += [start]
        length = max(math.dist(dot, arrive), 1e-9)
        end = (x - 6 * (x - arrive[0]) / length, y - 6 * (y - arrive[1]) / length)
        path = "M{:.1f} {:.1f}C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}".format(*start, *leave, *arrive, *end)
        tip = _tip(end, math.atan2(y - arrive[1], x - arrive[0]), box.colour, {1: "raise", -1: "lower", 0: "either"}[sign])
        page.lines.append(f'<path d="{path}" fill="none" stroke="{box.colour}" stroke-width="1.5" stroke-dasharray="5 3.5"/>{tip}')


def _way(page: _Page, box: _Box, dot: Point, side: int) -> tuple[Point, Point, Point]:
    """Return where a dashed line leaves its box and the two points that bend it: the shortest way that runs behind nothing."""
    half, tall = box.width / 2 + 1, HEIGHT / 2 + 1
    starts = [(box.x + x * half, box.y + y * tall, 0.0, float(y)) for x in (-0.8, -0.45, 0.0, 0.45, 0.8) for y in (-1, 1)]
    starts += [(box.x + x * half, box.y + y * tall, float(x), 0.0) for x in (-1, 1) for y in (-0.5, 0.0, 0.5)]
    arrive = [(x * r, y * r) for r in (46.0, 120.0, 240.0) for x, y in _APPROACH[side]]
    ways = np.array([(*s, reach, *a) for s in starts for reach in (30.0, 100.0, 220.0) for a in arrive])
    first = ways[:, :2]
    leave, reached = first + ways[:, 2:4] * ways[:, 4:5], np.array(dot) + ways[:, 5:]
    t = np.linspace(0.04, 0.98, 28)[None, :, None]
    points = (1 - t) ** 3 * first[:, None] + 3 * t * (1 - t) ** 2 * leave[:, None]
    points = points + 3 * t**2 * (1 - t) * reached[:, None] + t**3 * np.array(dot)
    steps = np.diff(points, axis=1)
    headings = np.unwrap(np.arctan2(steps[..., 1], steps[..., 0]), axis=1)
    cost = np.hypot(steps[..., 0], steps[..., 1]).sum(axis=1) + 45.0 * np.abs(np.diff(headings, axis=1)).sum(axis=1)
    for other in page.boxes.values():
        inside = (np.abs(points[..., 0] - other.x) < other.width / 2 + 5) & (np.abs(points[..., 1] - other.y) < HEIGHT / 2 + 5)
        cost += 150.0 * inside[:, 1:].sum(axis=1)
    for left, top, right, bottom in page.areas:
        under = (points[..., 0] > left) & (points[..., 0] < right) & (points[..., 1] > top) & (points[..., 1] < bottom)
        cost += 25.0 * under.sum(axis=1)
    for place in page.spots:
        cost += 30.0 * (np.hypot(*(first - np.array(place)).T) < 9)
    best = int(np.argmin(cost))
    return tuple((float(p[best, 0]), float(p[best, 1])) for p in (first, leave, reached))  # type: ignore[return-value]


def _bent(a: Point, b: Point, bend: float) -> Point:
    """Return the middle of a line, moved sideways by `bend` pixels."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = max(math.hypot(dx, dy), 1e-9)
    return (a[0] + b[0]) / 2 + bend * dy / length, (a[1] + b[1]) / 2 - bend * dx / length


def _curve(start: Point, control: Point, end: Point, colour: str, *, marker: str, dashed: bool = False) -> str:
    path = f"M{start[0]:.1f} {start[1]:.1f}Q{control[0]:.1f} {control[1]:.1f} {end[0]:.1f} {end[1]:.1f}"
    look = 'stroke-width="1.5" stroke-dasharray="5 3.5"' if dashed else 'stroke-width="1.8"'
    angle = math.atan2(end[1] - control[1], end[0] - control[0])
    return f'<path d="{path}" fill="none" stroke="{colour}" {look}/>{_tip(end, angle, colour, marker)}'


def _tip(end: Point, angle: float, colour: str, marker: str) -> str:
    """Return the end of a line: an arrow, a bar, or a diamond."""
    def turned(along: float, aside: float) -> str:
        x = end[0] + along * math.cos(angle) - aside * math.sin(angle)
        y = end[1] + along * math.sin(angle) + aside * math.cos(angle)
        return f"{x:.1f} {y:.1f}"

    if marker == "lower":
        return f'<path d="M{turned(0, -5.5)}L{turned(0, 5.5)}" stroke="{colour}" stroke-width="2.4"/>'
    shapes = {
        "arrow": [(0.0, 0.0), (-9.0, -4.2), (-7.0, 0.0), (-9.0, 4.2)],
        "raise": [(1.0, 0.0), (-7.5, -3.8), (-7.5, 3.8)],
        "either": [(1.0, 0.0), (-4.0, -4.0), (-9.0, 0.0), (-4.0, 4.0)],
    }
    points = "L".join(turned(*each) for each in shapes[marker])
    return f'<path d="M{points}Z" fill="{colour}"/>'


def _arrow(points: Sequence[Point], colour: str, *, width: float = 1.8) -> str:
    (ax, ay), (bx, by) = points
    angle = math.atan2(by - ay, bx - ax)
    return (
        f'<path d="M{ax:.1f} {ay:.1f}L{bx - 5 * math.cos(angle):.1f} {by - 5 * math.sin(angle):.1f}" fill="none" stroke="{colour}" '
        f'stroke-width="{width}"/>{_tip((bx, by), angle, colour, "arrow")}'
    )


def _loop(x: float, top: float, *, double: bool) -> str:
    """Return the loop of a state that makes more of itself; with two arrows where growth turns into decline."""
    path = f"M{x - 13:.1f} {top - 1:.1f}C{x - 22:.1f} {top - 36:.1f} {x + 22:.1f} {top - 36:.1f} {x + 13:.1f} {top - 5:.1f}"
    ends = _tip((x + 12, top - 1), math.pi / 2 + 0.25, INK, "arrow")
    ends += _tip((x - 12, top - 1), math.pi / 2 - 0.25, INK, "arrow") if double else ""
    return f'<path d="{path}" fill="none" stroke="{INK}" stroke-width="1.8"/>{ends}'


def _text(
    x: float, y: float, text: str, *, size: float, colour: str = MUTED, weight: int = 400, anchor: str = "middle", italic: bool = False
) -> str:
    style = ' font-style="italic"' if italic else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" font-weight="{weight}" text-anchor="{anchor}"{style} '
        f'stroke="{PAPER}" stroke-width="3" paint-order="stroke" stroke-linejoin="round">{escape(text)}</text>'
    )


def _svg(page: _Page, model: Model, size: Point, *, several: bool) -> str:
    width, height = max(size[0], 32 + 7.9 * len(model.title)), size[1]
    title = _text(16, 26, model.title or model.name, size=14, colour=INK, weight=600, anchor="start")
    below = _text(16, 43, f"{model.name} · rates per {model.time} · {model.reference}", size=10.5, anchor="start")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'font-family="{escape(FONT)}"><rect width="{width:.0f}" height="{height:.0f}" fill="{PAPER}"/>'
        f"{title}{below}{''.join(page.lines)}{''.join(map(_box_marks, page.boxes.values()))}{''.join(page.texts)}"
        f"{_key(height, several=several)}</svg>"
    )


def _key(height: float, *, several: bool) -> str:
    """Return the key at the foot."""
    y = height - 18
    parts, x = [], 16.0
    for kind, words in (("arrow", "moves, is made, is lost"), ("raise", "raises"), ("lower", "lowers"), ("either", "either way")):
        dashed = kind != "arrow"
        colour = MUTED if dashed else INK
        parts.append(_curve((x, y - 3.5), (x + 14, y - 3.5), (x + 28, y - 3.5), colour, marker=kind, dashed=dashed))
        parts.append(_text(x + 36, y, words, size=10, anchor="start"))
        x += 48 + LETTER * len(words)
    if several:
        parts.append(_text(x, y, "by n states: their dashed lines are left out", size=10, anchor="start"))
    return "".join(parts)
