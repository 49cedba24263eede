"""Where protocols and their published figures are found: shipped by name, or files of the user."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from autologue.errors import InputError, unknown
from autologue.protocol import Protocol, read_protocol

__all__ = ["find_protocol", "find_published", "load_protocol", "protocol_names"]


def _folder() -> Path:
    return Path(str(files("autologue.trial") / "protocols"))


def protocol_names() -> list[str]:
    """Return the names of the protocols that ship.

    >>> protocol_names()
    ['cartitude_1', 'eliana', 'juliet', 'karmma', 'scholar_1', 'transcend', 'zuma_1', 'zuma_2', 'zuma_5']
    """
    return sorted(path.stem for path in _folder().glob("*.toml") if not path.stem.endswith("_published"))


def find_protocol(name: str) -> Path:
    """Return the file of a protocol: one that ships, by name, or the path of a file, which ends in .toml."""
    if name.endswith(".toml"):
        path = Path(name)
        if not path.is_file():
            raise InputError(f"there is no protocol file {name}; give the path of a TOML file, or one of {', '.join(protocol_names())}")
        return path
    if name not in protocol_names():
        raise InputError(f"{unknown('trial', name, protocol_names())}; or give the path of a protocol file that ends in .toml")
    return _folder() / f"{name}.toml"


def load_protocol(name: str) -> Protocol:
    """Return a protocol: one that ships, by name, or read from a file.

    >>> load_protocol("zuma_1").enrolled
    111
    """
    return read_protocol(find_protocol(name), shelf=_folder())


def find_published(protocol: Protocol, *, beside: Path | None) -> Path:
    """Return the file of published figures that a protocol names: beside the protocol's own file, else one that ships."""
    for folder in ([] if beside is None else [beside.parent]) + [_folder()]:
        if (folder / protocol.published).is_file():
            return folder / protocol.published
    raise InputError(f"{protocol.file}: published names {protocol.published}, which is neither beside the protocol nor one that ships")
