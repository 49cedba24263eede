"""Which files of links the patients of a protocol need: the disease, toxicity, mortality, controls, and the product."""

from __future__ import annotations

from collections.abc import Mapping

from autologue.protocol import Protocol
from autologue.trial.courses import links_named
from autologue.trial.link import Link, shipped_links
from autologue.trial.products import product_links, product_scope

__all__ = ["course_links", "link_scopes"]


def link_scopes(protocol: Protocol) -> Mapping[str, Mapping[str, Link]]:
    """Return the links that patients of a protocol need, by the file they stand in; where two files have one name, the later has it.

    >>> from autologue.trial.shelf import load_protocol
    >>> list(link_scopes(load_protocol("zuma_1")))
    ['mortality', 'toxicity', 'lymphoma', 'axicabtagene_ciloleucel']
    """
    names = ["mortality"]
    if any(arm.treatment == "comparator" for arm in protocol.arms.values()):
        names.append("controls")
    if protocol.course in ("", "none"):
        return {name: shipped_links(name) for name in names}
    names += ["toxicity", *links_named(protocol.course)]
    product = protocol.product.value
    found = {**{name: shipped_links(name) for name in names}, product_scope(product): product_links(product)}
    owner = {name: scope for scope, links in found.items() for name in links}
    return {scope: {name: link for name, link in links.items() if owner[name] == scope} for scope, links in found.items()}


def course_links(protocol: Protocol) -> Mapping[str, Link]:
    """Return the links that patients of a protocol need."""
    return {name: link for links in link_scopes(protocol).values() for name, link in links.items()}
