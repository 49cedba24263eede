"""What a report says, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from autologue.errors import InputError

if TYPE_CHECKING:
    import altair as alt

__all__ = ["Figure", "Reference", "Report", "Section", "Table"]


@dataclass(frozen=True, eq=False)
class Figure:
    """A figure, as an altair chart or the text of an SVG element, with its caption."""

    drawing: alt.TopLevelMixin | str
    caption: str


@dataclass(frozen=True, eq=False)
class Table:
    """A table with its caption; `units` maps columns to units, `digits` is how many significant digits fractions have."""

    frame: pd.DataFrame
    caption: str
    units: Mapping[str, str] = field(default_factory=dict)
    digits: int = 3

    def __post_init__(self) -> None:
        strangers = [name for name in self.units if name not in self.frame.columns]
        if strangers:
            has = ", ".join(map(str, self.frame.columns))
            raise InputError(f"a unit is given for the column {strangers[0]}, which the table does not have; it has {has}.")


@dataclass(frozen=True, eq=False)
class Section:
    """A heading, prose, then figures and tables in their order.

    Prose is plain text with the marks of Markdown for paragraphs, **bold**, *italic*, `code` and lists; links and HTML stay text.
    """

    heading: str
    prose: str = ""
    figures: Sequence[Figure] = ()
    tables: Sequence[Table] = ()


@dataclass(frozen=True)
class Reference:
    """A published source: its text, and its DOI (10.xxxx/...) if it has one."""

    text: str
    doi: str = ""

    def __post_init__(self) -> None:
        if self.doi and not self.doi.startswith("10."):
            raise InputError(f"a DOI begins with '10.', got '{self.doi}'; leave out 'doi:' and the address of the resolver.")


@dataclass(frozen=True, eq=False)
class Report:
    """A whole report: sections, then methods (prose), references, and the manifest by which the run can be repeated."""

    title: str
    subtitle: str = ""
    sections: Sequence[Section] = ()
    methods: str = ""
    references: Sequence[Reference] = ()
    manifest: Mapping[str, Any] = field(default_factory=dict)
