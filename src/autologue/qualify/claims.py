"""Published claims and what we get for them: one row a claim, failures kept in sight.

The tolerance of a published number is half a unit of its last printed digit, unless the paper says less ("about 30"). It is
never widened to make a claim pass: a claim that fails because a paper contradicts itself carries a note that says so.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from autologue.errors import InputError

__all__ = ["claim", "precision", "print_claims", "shared_folder"]

Claim = dict[str, Any]


def precision(printed: str) -> float:
    """Return half a unit of the last digit of a number as printed.

    >>> precision("30.11"), precision("4.15e5")
    (0.005, 500.0)
    """
    exponent = Decimal(printed).as_tuple().exponent
    if not isinstance(exponent, int):
        raise InputError(f"'{printed}' is no number; give a published number as it is printed")
    return 0.5 * float(Decimal(1).scaleb(exponent))


def claim(text: str, *, source: str, published: str | bool, ours: float, tolerance: float | None = None, note: str = "") -> Claim:
    """Return one row: claim, source, published, ours, tolerance, passed and note; a statement has `published` True or False."""
    value = float(published)
    allowed = (0.0 if isinstance(published, bool) else precision(published)) if tolerance is None else tolerance
    passed = bool(abs(float(ours) - value) <= allowed * (1 + 1e-9))
    shown: Any = published if isinstance(published, bool) else value
    mine: Any = bool(ours) if isinstance(published, bool) else float(ours)
    return dict(claim=text, source=source, published=shown, ours=mine, tolerance=allowed, passed=passed, note=note)


def print_claims(claims: Sequence[Claim]) -> int:
    """Print the table; return 1 where a claim failed without a note that explains it, else 0: the exit status of a script."""
    from rich.console import Console
    from rich.table import Table

    table = Table("claim", "source", "published", "ours", "tolerance", "verdict")
    for row in claims:
        shown = [f"{row[key]:.6g}" if isinstance(row[key], float) else str(row[key]) for key in ("published", "ours", "tolerance")]
        missed = f"MISSED: {row['note']}" if row.get("note") else "MISSED"
        table.add_row(row["claim"], row["source"], *shown, "agrees" if row["passed"] else missed)
    console = Console()
    console.print(table)
    console.print(f"{sum(bool(row['passed']) for row in claims)} of {len(claims)} claims agree")
    return int(any(not row["passed"] and not row.get("note") for row in claims))


def shared_folder(repository: Path) -> Path | None:
    """Return the folder of reference data: $AUTOLOGUE_SHARED, else `shared` beside the repository; None where there is none."""
    folder = Path(os.environ.get("AUTOLOGUE_SHARED") or repository.parent / "shared")
    return folder if folder.is_dir() else None
