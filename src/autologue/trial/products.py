"""Links of a product: its own file where figures calibrate it, else the spread between products."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from autologue.trial.link import Link, read_links

__all__ = ["known_product", "product_links", "product_scope"]

OTHER = "other"


def _file(product: str) -> Path:
    folder = Path(str(files("autologue.trial") / "links" / "products"))
    return folder / f"{product.strip().lower().replace(' ', '_').replace('-', '_')}.toml"


def known_product(product: str) -> bool:
    """Return whether a product has links of its own.

    >>> known_product("tisagenlecleucel"), known_product("a new product")
    (True, False)
    """
    return _file(product).is_file()


def product_scope(product: str) -> str:
    """Return the name of the file that holds the links of a product.

    >>> product_scope("axicabtagene ciloleucel"), product_scope("a new product")
    ('axicabtagene_ciloleucel', 'other')
    """
    return _file(product if known_product(product) else OTHER).stem


def product_links(product: str) -> Mapping[str, Link]:
    """Return the links of a product, or those drawn from the spread between products."""
    return read_links(_file(product if known_product(product) else OTHER))
