"""The parameters of a calibration: links that say `calibrate = true`, under the name of their file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from autologue.errors import InputError, unknown
from autologue.protocol import Protocol
from autologue.trial.link import Link
from autologue.trial.scopes import link_scopes

__all__ = ["calibratable", "chosen_links"]


def calibratable(protocol: Protocol) -> Mapping[str, tuple[str, Link]]:
    """Return the links of a protocol that calibration may move: `file.name` to the name within the protocol and the link.

    >>> from autologue.trial.shelf import load_protocol
    >>> "leukaemia.founders" in calibratable(load_protocol("eliana")), list(calibratable(load_protocol("scholar_1")))
    (True, [])
    """
    return {
        f"{scope}.{name}": (name, link) for scope, links in link_scopes(protocol).items() for name, link in links.items() if link.calibrate
    }


def chosen_links(protocols: Sequence[Protocol], only: Iterable[str] | None) -> Mapping[str, Link]:
    """Return the links to move, by `file.name`: all that are marked, or those named; raises InputError for a name that cannot be moved."""
    every = {f"{scope}.{name}": link for p in protocols for scope, links in link_scopes(p).items() for name, link in links.items()}
    marked = {name: link for p in protocols for name, (_, link) in calibratable(p).items()}
    if not marked:
        names = ", ".join(p.file or p.name.value for p in protocols)
        raise InputError(
            f"{names}: no link of these patients says calibrate = true, so there is nothing to calibrate; add a trial with cells"
        )
    for name in only or ():
        if name in marked:
            continue
        if name in every:
            raise InputError(f"link {name} is not calibratable: it does not say calibrate = true; choose from {', '.join(sorted(marked))}")
        raise InputError(unknown("link", name, marked))
    return marked if only is None else {name: marked[name] for name in only}
