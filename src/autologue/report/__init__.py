"""Reports: one HTML file with figures, tables, methods, references and the manifest of the run; nothing to load, nothing that runs.

>>> report = Report("A virtual trial", sections=[Section("Kinetics", "Cells *expand*.")], manifest={"seed": 7})
>>> page = render_report(report)
>>> "<em>expand</em>" in page, '"seed": 7' in page
(True, True)
"""

from autologue.report.content import Figure, Reference, Report, Section, Table
from autologue.report.manifest import manifest, sha256
from autologue.report.page import BANNER, render_report, write_report

__all__ = ["BANNER", "Figure", "Reference", "Report", "Section", "Table", "manifest", "render_report", "sha256", "write_report"]
