"""Bands, labels, files and the look, each against something independent."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from autologue.errors import InputError
from autologue.plot import quantile_bands, running_bands, save_chart, scatter_with_band
from autologue.plot.axes import Axis, decades
from autologue.plot.files import write_whole
from autologue.plot.marks import spread
from autologue.plot.theme import DARK, GRID, INK, MUTED, PALETTE, PAPER

SIGNATURES = {".svg": b"<svg", ".png": b"\x89PNG", ".pdf": b"%PDF", ".html": b"<!doctype html>"}


def test_bands_of_a_normal_distribution_are_its_quantiles() -> None:
    values = np.random.default_rng(1).normal(size=(200_000, 1))
    found = quantile_bands([0.0], values).iloc[0]
    assert found["upper_90"] == pytest.approx(1.6449, abs=0.02)
    assert found["lower_50"] == pytest.approx(-0.6745, abs=0.02)


def test_running_median_of_a_monotone_relation_is_the_relation() -> None:
    x = np.linspace(1, 10, 401)
    found = running_bands(np.random.default_rng(2).permutation(x), np.random.default_rng(2).permutation(x**2))
    assert found["median"].to_numpy() == pytest.approx(found["x"].to_numpy() ** 2, rel=1e-9)


def test_bands_of_the_wrong_shape_are_refused() -> None:
    with pytest.raises(InputError, match=r"shape \(curve, 2\), got \(2, 3\)"):
        quantile_bands([0, 1], np.ones((2, 3)))
    with pytest.raises(InputError, match="at least 20 points"):
        running_bands([1, 2], [1, 2])


def test_decades_enclose_the_values() -> None:
    assert decades([[50.0, 1e5]]) == (10.0, 1e5)
    assert decades([[1e-30, 1.0]]) == (1e-12, 1.0)
    assert decades([[5.0]]) == (1.0, 10.0)


def test_labels_are_moved_apart_and_keep_their_order() -> None:
    found = spread({"a": 100.0, "b": 101.0, "c": 99.0, "d": 300.0}, gap=13)
    assert sorted(found, key=found.__getitem__) == ["c", "a", "b", "d"]
    assert min(np.diff(sorted(found.values()))) >= 13 - 1e-9
    assert np.mean([found[name] for name in "abc"]) == pytest.approx(100.0)
    assert found["d"] == 300.0


def linear(colour: str) -> np.ndarray:
    """Return the linear RGB of a hexadecimal colour (sRGB, IEC 61966-2-1)."""
    channel = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(channel <= 0.04045, channel / 12.92, ((channel + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """Return CIE L*a*b* of linear RGB under D65."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    share = to_xyz @ rgb / to_xyz.sum(axis=1)
    root = np.where(share > (6 / 29) ** 3, np.cbrt(share), share * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


SIGHT = {  # full severity, Machado, Oliveira, Fernandes 2009, doi:10.1109/TVCG.2009.113
    "usual": np.eye(3),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
}


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("dark", [False, True])
def test_the_first_three_colours_differ_for_every_reader(sight: str, dark: bool) -> None:
    seen = [lab(np.clip(SIGHT[sight] @ linear(DARK[colour] if dark else colour), 0, 1)) for colour in PALETTE[:3]]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 15


@pytest.mark.parametrize(("text", "page"), [(INK, PAPER), (MUTED, PAPER), (DARK[INK], DARK[PAPER]), (DARK[MUTED], DARK[PAPER])])
def test_text_is_legible(text: str, page: str) -> None:
    """Contrast by WCAG 2: 4.5 for body text."""
    bright = sorted((np.dot([0.2126, 0.7152, 0.0722], linear(colour)) for colour in (text, page)), reverse=True)
    assert (bright[0] + 0.05) / (bright[1] + 0.05) > 4.5
    assert GRID in DARK


@pytest.fixture
def dots() -> object:
    return scatter_with_band(pd.DataFrame({"x": [1.0, 2.0], "y": [3.0, 4.0]}), x=Axis("a"), y=Axis("b"))


@pytest.mark.parametrize("ending", SIGNATURES)
def test_a_chart_is_saved_without_a_browser(tmp_path: Path, dots, ending: str) -> None:  # type: ignore[no-untyped-def]
    path = save_chart(dots, tmp_path / f"figure{ending}")
    content = path.read_bytes()
    assert content.startswith(SIGNATURES[ending])
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    if ending in (".svg", ".html"):
        assert b"<script" not in content
        assert b"href" not in content


def test_an_unknown_format_is_refused(tmp_path: Path, dots) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match="unknown chart format 'pgn'; did you mean png"):
        save_chart(dots, tmp_path / "figure.pgn")


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="no such file or directory; name a file in a folder"):
        write_whole(tmp_path / "absent" / "page.html", b"new")
    old = tmp_path / "page.html"
    old.write_bytes(b"old")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(InputError, match="no space left on device"):
        write_whole(old, b"new")
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == {"page.html": b"old"}
