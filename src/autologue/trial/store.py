"""The table of draws as Arrow: one row a patient, matrices as lists of fixed length; what is read back has the same bits."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from autologue.errors import InputError
from autologue.files import replacing
from autologue.outcomes.arrays.labels import ALL_NCCN, IMWG, LUGANO_BURDEN, Labels
from autologue.trial.table import Courses

__all__ = ["from_arrow", "read_part", "to_arrow", "write_part"]

KINDS: dict[str, Labels] = {kinds.criteria: kinds for kinds in (ALL_NCCN, LUGANO_BURDEN, IMWG)}


def to_arrow(table: Courses) -> pa.Table:
    """Return the table as Arrow, with the criteria of its labels in the metadata."""
    columns: dict[str, pa.Array] = {}
    for field in fields(Courses):
        value = getattr(table, field.name)
        if field.name == "kinds":
            continue
        if field.name == "crs":
            columns |= {f"crs:{name}": pa.array(grades) for name, grades in value.items()}
        elif value.ndim == 2:
            columns[field.name] = pa.FixedSizeListArray.from_arrays(pa.array(value.ravel()), value.shape[1])
        else:
            columns[field.name] = pa.array(value)
    return pa.table(columns).replace_schema_metadata({"criteria": table.kinds.criteria})


def from_arrow(table: pa.Table) -> Courses:
    """Return what `to_arrow` made."""
    made: dict[str, Any] = {"kinds": KINDS[table.schema.metadata[b"criteria"].decode()], "crs": {}}
    for name in table.column_names:
        column = table.column(name).combine_chunks()
        if pa.types.is_fixed_size_list(column.type):
            width = column.type.list_size
            made[name] = column.flatten().to_numpy(zero_copy_only=False).reshape(-1, width)
        else:
            value = column.to_numpy(zero_copy_only=False)
            if name.startswith("crs:"):
                made["crs"][name.removeprefix("crs:")] = value
            else:
                made[name] = value
    return Courses(**made)


def write_part(table: Courses, path: str | Path, *, fingerprint: str) -> None:
    """Write a block to a Parquet file, whole or not at all; `fingerprint` says what it was made from."""
    arrow = to_arrow(table)
    with replacing(path) as part:
        pq.write_table(arrow.replace_schema_metadata({**arrow.schema.metadata, b"fingerprint": fingerprint.encode()}), part)


def read_part(path: str | Path, *, fingerprint: str) -> Courses:
    """Return a block that was written from the same things. Raises InputError for a damaged file and for one made from other things."""
    try:
        arrow = pq.read_table(path)
        if (arrow.schema.metadata or {}).get(b"fingerprint", b"").decode() != fingerprint:
            raise InputError(f"{path}: was made from another protocol, seed or version than its name says; remove it")
        return from_arrow(arrow)
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as problem:
        raise InputError(f"{path}: cannot be read as a part of a trial ({str(problem).splitlines()[0]}); remove it") from None


def same(one: Courses, other: Courses) -> bool:
    """Return whether two tables hold the same bits."""
    for field in fields(Courses):
        a, b = getattr(one, field.name), getattr(other, field.name)
        pairs = [(a[name], b[name]) for name in a] if field.name == "crs" else [] if field.name == "kinds" else [(a, b)]
        if not all(np.array_equal(x, y, equal_nan=np.issubdtype(x.dtype, np.floating)) for x, y in pairs):
            return False
    return one.kinds is other.kinds
