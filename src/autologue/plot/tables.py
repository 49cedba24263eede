"""What every chart asks of the table it draws."""

from __future__ import annotations

import pandas as pd
from pandas.api.types import is_numeric_dtype

from autologue.errors import InputError

__all__ = ["checked"]


def checked(frame: pd.DataFrame, numbers: tuple[str, ...], *, what: str, others: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return the table, once it has rows, the columns `numbers` as numbers and the columns `others`.

    Raises InputError that names the table by `what`.

    >>> import pandas as pd
    >>> checked(pd.DataFrame({"time": [1.0]}), ("time", "value"), what="curves")
    Traceback (most recent call last):
    autologue.errors.InputError: the table of curves lacks the column value; it has time, and needs time, value.
    """
    needed = (*others, *numbers)
    missing = [name for name in needed if name not in frame.columns]
    if missing:
        has = ", ".join(map(str, frame.columns)) or "no column"
        raise InputError(f"the table of {what} lacks the column {', '.join(missing)}; it has {has}, and needs {', '.join(needed)}.")
    if frame.empty:
        raise InputError(f"the table of {what} has no rows; give at least one.")
    for name in numbers:
        if not is_numeric_dtype(frame[name]):
            raise InputError(f"the column {name} of the table of {what} holds {frame[name].dtype}, not numbers; convert it first.")
    return frame
