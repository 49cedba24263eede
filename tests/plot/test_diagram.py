"""Diagrams: every state and flow is on the page, nothing lies outside it, boxes do not overlap, files are whole."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from autologue.engine.flows import flows
from autologue.errors import InputError
from autologue.library import load, names
from autologue.plot.arrange import arrange
from autologue.plot.diagram import model_diagram, save_diagram

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", names())
def test_the_diagram_of_every_library_model(name: str) -> None:
    model = load(name)
    page = ElementTree.fromstring(model_diagram(model))
    width, height = float(page.get("width", "0")), float(page.get("height", "0"))
    texts = [e.text or "" for e in page.iter(f"{SVG}text")]
    for state in model.states:
        assert state.replace("_", " ") in texts
    assert model.title in texts
    boxes = [[float(e.get(k, "0")) for k in ("x", "y", "width", "height")] for e in page.iter(f"{SVG}rect")][1:]
    assert len(boxes) == len(model.states)
    for x, y, w, h in boxes:
        assert x >= 0
        assert x + w <= width
        assert y >= 0
        assert y + h <= height
    for k, (x, y, w, h) in enumerate(boxes):
        assert not any(x < a + c and a < x + w and y < b + d and b < y + h for a, b, c, d in boxes[k + 1 :])
    for text in page.iter(f"{SVG}text"):
        assert 0 < float(text.get("x", "-1")) < width
        assert 0 < float(text.get("y", "-1")) < height


def test_parameters_stand_at_their_flows() -> None:
    svg = model_diagram(load("kimmel_2021"))
    for name in {p for flow in flows(load("kimmel_2021")) for p in flow.parameters}:
        assert re.search(rf"\b{name}\b", svg), name


def test_the_same_model_gives_the_same_picture() -> None:
    assert model_diagram(load("kirouac_2023")) == model_diagram(load("kirouac_2023"))


@pytest.mark.parametrize(("ending", "begin"), [("svg", b"<svg "), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_diagrams_are_written(tmp_path: Path, ending: str, begin: bytes) -> None:
    assert save_diagram(load("leon_triana_2021"), tmp_path / f"m.{ending}").read_bytes().startswith(begin)


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unknown diagram format 'gif'"):
        save_diagram(load("leon_triana_2021"), tmp_path / "m.gif")


def test_boxes_have_cells_of_their_own() -> None:
    for count in range(1, 10):
        solid = [(k, k + 1) for k in range(count - 1)]
        cells = arrange(count, solid, [(0, count - 1)] if count > 2 else [])
        assert len(set(cells)) == count
        assert min(c for c, _ in cells) == min(r for _, r in cells) == 0


def test_neighbours_in_a_chain_stand_side_by_side() -> None:
    cells = arrange(3, [(0, 1), (1, 2)], [])
    for (a, b), (c, d) in pairwise(cells):
        assert abs(a - c) + abs(b - d) == 1
