"""How Sphinx builds the documentation; nothing is fetched while it builds or when a page is read."""

import subprocess
import sys
from pathlib import Path

from sphinx.application import Sphinx

import autologue

HERE = Path(__file__).resolve().parent

project = "autologue"
author = "The autologue authors"
project_copyright = "The autologue authors"
version = release = autologue.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
autodoc_typehints = "description"
autodoc_member_order = "bysource"
exclude_patterns = ["_build"]
nitpicky = False

html_theme = "pydata_sphinx_theme"
html_title = f"autologue {release}"
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "show_prev_next": True,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}


def generate(app: Sphinx) -> None:
    """Write the shelves `models/` and `validation/` before any page is read."""
    subprocess.run([sys.executable, str(HERE / "generate.py")], check=True)


def setup(app: Sphinx) -> None:
    """Register the generator."""
    app.connect("builder-inited", generate)
