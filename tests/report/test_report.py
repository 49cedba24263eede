"""A report is one whole file that needs nothing from outside and runs nothing."""

from __future__ import annotations

import builtins
import hashlib
import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from autologue.errors import AutologueError, InputError
from autologue.plot import expansion_curves, quantile_bands
from autologue.report import BANNER, Figure, Reference, Report, Section, Table, manifest, render_report, write_report
from autologue.report.inline import inline_svg, prose_html

EVIL = "<img src=x onerror=alert(1)> & </script><script>alert(2)</script>"


class Elements(HTMLParser):
    """Every element of a page with its attributes, and whether all were closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for each, attributes in self.found if each == tag]


@pytest.fixture(scope="module")
def report() -> Report:
    bands = quantile_bands([0, 7, 14, 28], [[60.0, 9e3, 4e3, 400], [60, 4e4, 9e3, 700]])
    chart = expansion_curves(bands, limit=50, unit="copies/ug")
    frame = pd.DataFrame({"quantity": ["Cmax", EVIL], "value": [24317.0, float("nan")], "n": [79, 1200], "inside": [True, False]})
    table = Table(frame, EVIL, {"value": "copies/ug"})
    return Report(
        f"Trial {EVIL}",
        subtitle=EVIL,
        sections=[
            Section("Kinetics", f"Cells **expand** {EVIL}", [Figure(chart, EVIL), Figure(chart, "again")], [table]),
            Section("Kinetics", "- one\n- two"),
            Section(EVIL),
        ],
        methods=EVIL,
        references=[Reference("Stein et al. 2019", "10.1002/psp4.12388"), Reference(EVIL)],
        manifest=manifest(seed=7, settings={"note": EVIL}, command="autologue trial eliana --seed 7"),
    )


@pytest.fixture(scope="module")
def page(report: Report) -> str:
    return render_report(report)


def test_nothing_is_loaded_from_outside(page: str) -> None:
    elements = Elements(page)
    pairs = [pair for _, attributes in elements.found for pair in attributes.items()]
    outside = {value for name, value in pairs if name.endswith(("src", "href")) and not str(value).startswith("#")}
    assert outside == {"https://doi.org/10.1002/psp4.12388"}
    assert "http" not in page.replace("https://doi.org/", "")
    assert not re.search(r"@import|url\((?!#)", page)
    assert not elements.all("link")
    assert not elements.all("img")


def test_nothing_runs(page: str) -> None:
    elements = Elements(page)
    assert elements.all("script") == [{"type": "application/json", "id": "manifest"}]
    assert not [name for _, attributes in elements.found for name in attributes if name.startswith("on")]


def test_text_of_the_user_is_shown_as_text(page: str) -> None:
    assert "<img" not in page
    assert page.count("&lt;img src=x onerror=alert(1)&gt;") >= 8
    assert "<strong>expand</strong>" in page


def test_the_manifest_is_embedded_as_data(report: Report, page: str) -> None:
    held = re.search(r'<script type="application/json" id="manifest">(.*?)</script>', page, re.DOTALL)
    assert held is not None
    assert json.loads(held[1]) == report.manifest


def test_banner_figures_and_tables_are_there(page: str) -> None:
    elements = Elements(page)
    assert page.count(BANNER) == 2  # on the screen, and on every printed page
    assert [each["role"] for each in elements.all("svg")] == ["img", "img"]
    assert "24\u202f300" in page
    assert "1\u202f200" in page
    assert 'class="unit">copies/µg<' in page


def test_ids_are_unique_and_links_within_the_page_arrive(page: str) -> None:
    found = Elements(page).found
    ids = [attributes["id"] for _, attributes in found if "id" in attributes]
    assert len(ids) == len(set(ids))
    inner = {str(each["href"])[1:] for each in Elements(page).all("a") if str(each["href"]).startswith("#")}
    assert inner <= set(ids)
    assert {"kinetics", "kinetics-2", "methods"} <= set(ids)


def test_ids_of_two_figures_do_not_meet() -> None:
    svg = '<svg width="1"><clipPath id="clip0"/><g clip-path="url(#clip0)"/><use href="#clip0"/></svg>'
    first, second = (inline_svg(svg, label="x", prefix=f"f{number}-") for number in (1, 2))
    assert set(re.findall(r"f\d-clip0", first)).isdisjoint(re.findall(r"f\d-clip0", second))
    assert first.count("f1-clip0") == 3


@pytest.mark.parametrize(
    ("inside", "what"),
    [
        ("<script>1</script>", "load or run"),
        ('<image href="a.png"/>', "load or run"),
        ('<g onclick="x()"/>', "event handler"),
        ('<a href="https://example.org">x</a>', "a link"),
        ('<g fill="url(https://example.org)"/>', "an address"),
    ],
)
def test_a_figure_that_reaches_outside_is_refused(inside: str, what: str) -> None:
    with pytest.raises(InputError, match=what):
        inline_svg(f"<svg>{inside}</svg>", label="x", prefix="f1-")


def test_text_that_is_no_figure_is_refused() -> None:
    with pytest.raises(InputError, match="must be an SVG element"):
        inline_svg("figure.svg", label="x", prefix="f1-")


def test_prose_has_no_links_and_no_html() -> None:
    html = prose_html("see [here](javascript:alert(1)) and <https://example.org>\n\n1. one")
    assert "<a" not in html
    assert "<ol>" in html


def test_a_report_is_written_whole(report: Report, page: str, tmp_path: Path) -> None:
    path = write_report(report, tmp_path / "eliana.html")
    assert path.read_text("utf-8") == page
    assert [each.name for each in tmp_path.iterdir()] == ["eliana.html"]


def test_an_unwritable_path_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot write .*eliana\.html: no such file or directory; name a file") as raised:
        write_report(Report("Trial"), tmp_path / "absent" / "eliana.html")
    assert "\n" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_wrong_values_are_refused_when_they_are_made() -> None:
    with pytest.raises(InputError, match="a unit is given for the column cmax"):
        Table(pd.DataFrame({"Cmax": [1.0]}), "x", {"cmax": "copies/ug"})
    with pytest.raises(InputError, match=r"begins with '10\.'"):
        Reference("x", "doi:10.1/x")
    with pytest.raises(InputError, match="JSON cannot"):
        render_report(Report("x", manifest={"limit": float("nan")}))


def test_the_manifest_names_inputs_by_their_content(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_bytes(b"id,time\n")
    made = manifest(seed=None, inputs=[tmp_path / "data.csv"], command="autologue nca data.csv")
    assert made["inputs"] == {str(tmp_path / "data.csv"): hashlib.sha256(b"id,time\n").hexdigest()}
    assert {"autologue", "python", "created", "platform"} <= set(made)
    assert {"numpy", "pandas"} <= set(made["libraries"])
    with pytest.raises(InputError, match=r"cannot read the input .*absent\.csv: no such file"):
        manifest(seed=1, inputs=[tmp_path / "absent.csv"])


def test_the_command_is_the_one_that_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/home/somebody/bin/autologue", "trial", "eliana", "--out", "my report.html"])
    assert manifest(seed=1)["command"] == "autologue trial eliana --out 'my report.html'"


@pytest.mark.parametrize("absent", ["altair", "vl_convert", "jinja2", "markdown_it"])
def test_a_missing_extra_is_one_sentence(monkeypatch: pytest.MonkeyPatch, absent: str) -> None:
    for name in [name for name in sys.modules if name == absent or name.startswith(("autologue.plot", f"{absent}."))]:
        monkeypatch.delitem(sys.modules, name)
    usual = builtins.__import__

    def missing(name: str, *rest: object, **more: object) -> object:
        if name.partition(".")[0] == absent:
            raise ModuleNotFoundError(f"No module named '{absent}'", name=absent)
        return usual(name, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(AutologueError, match=re.escape("pip install 'autologue[report]'")) as raised:
        render_report(Report("Trial"))
    assert absent in str(raised.value)
    assert "\n" not in str(raised.value)
