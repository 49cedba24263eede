"""One HTML file that holds everything: text, style, figures, tables, and the manifest as data."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from autologue.errors import AutologueError, InputError
from autologue.report.content import Report, Section

__all__ = ["render_report", "write_report"]

BANNER = "Research and simulation. Not a medical device, and not for decisions about the treatment of any patient."


def write_report(report: Report, path: str | Path) -> Path:
    """Write a report as one self-contained HTML file and return its path.

    Raises InputError where it cannot be written (nothing is left behind), AutologueError where the extra `report` is not installed.
    """
    page = render_report(report)
    from autologue.plot.files import write_whole

    return write_whole(path, page.encode())


def render_report(report: Report) -> str:
    """Return a report as the text of an HTML page without scripts, and without anything to load from outside."""
    try:
        from jinja2 import Environment, StrictUndefined
        from markdown_it import MarkdownIt  # noqa: F401  (prose needs it; said here, before any work is done)
    except ImportError as missing:
        name = (missing.name or "").partition(".")[0]
        raise AutologueError(
            f"reports need the package '{name}', which is not installed; install the extra with: pip install 'autologue[report]'"
        ) from missing
    from autologue.report.inline import prose_html

    folder = files("autologue.report")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((folder / "report.html.jinja").read_text("utf-8"))
    return template.render(
        report=report,
        banner=BANNER,
        style=(folder / "report.css").read_text("utf-8") + _foot() + _dark(),
        sections=list(_sections(report)),
        methods=prose_html(report.methods),
        facts=list(_facts(report.manifest)),
        manifest=_json(report.manifest),
    )


def _sections(report: Report) -> Iterator[dict[str, Any]]:
    """Return what the template shows of each section; figures and tables are numbered through the report."""
    from autologue.report.inline import prose_html, table_cells

    figure, table = 0, 0
    used: set[str] = {"methods", "references", "provenance"}
    for section in report.sections:
        drawn = [_figure(section, place, number=figure + place + 1) for place in range(len(section.figures))]
        tables = [{"number": table + place + 1, **table_cells(each)} for place, each in enumerate(section.tables)]
        figure, table = figure + len(drawn), table + len(tables)
        yield {
            "id": _slug(section.heading, used),
            "heading": section.heading,
            "prose": prose_html(section.prose),
            "figures": drawn,
            "tables": tables,
        }


def _figure(section: Section, place: int, *, number: int) -> dict[str, Any]:
    from autologue.report.inline import inline_svg

    found = section.figures[place]
    if isinstance(found.drawing, str):
        svg = found.drawing
    else:
        from autologue.plot.export import chart_svg

        svg = chart_svg(found.drawing)
    return {"number": number, "caption": found.caption, "svg": inline_svg(svg, label=found.caption, prefix=f"f{number}-")}


def _slug(heading: str, used: set[str]) -> str:
    """Return an id for a heading that no other heading has."""
    base = re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-") or "section"
    name = next(name for count in range(1, len(used) + 2) if (name := base if count == 1 else f"{base}-{count}") not in used)
    used.add(name)
    return name


def _facts(manifest: Mapping[str, Any]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Return the rows of the provenance: a name, and pairs where the value is a mapping."""
    for name, value in manifest.items():
        if isinstance(value, Mapping):
            if value:
                yield name, [(str(key), str(each)) for key, each in value.items()]
        else:
            yield name, [("", "not set" if value is None else str(value))]


def _json(manifest: Mapping[str, Any]) -> str:
    """Return the manifest as JSON that cannot end the element it stands in."""
    try:
        text = json.dumps(dict(manifest), ensure_ascii=False, indent=1, allow_nan=False)
    except (TypeError, ValueError) as error:
        wrong = f"the manifest holds something that JSON cannot: {error}"
        raise InputError(f"{wrong}; give text, finite numbers, lists and mappings.") from error
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").replace("\u2028", "\\u2028")


def _foot() -> str:
    """Return the rule that prints the banner at the foot of every page, in browsers that know margin boxes."""
    return f"@page{{@bottom-center{{content:{json.dumps(BANNER)};font:8pt system-ui,sans-serif;color:#5b6673}}}}\n"


def _dark() -> str:
    """Return the rules that turn the colours of figures on a dark screen."""
    from autologue.plot.theme import DARK

    rules = "".join(
        f'figure svg [fill="{light}"]{{fill:{dark}}}figure svg [stroke="{light}"]{{stroke:{dark}}}' for light, dark in DARK.items()
    )
    return f"@media screen and (prefers-color-scheme:dark){{{rules}}}\n"
