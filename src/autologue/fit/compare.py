"""Fits of several structures to the same data, side by side."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from autologue.errors import InputError
from autologue.fit.fitted import Fit

__all__ = ["compare_structures"]


def compare_structures(fits: Mapping[str, Fit]) -> pd.DataFrame:
    """Return a row a fit, the best BIC first: model, method, estimates, log_likelihood, its Monte-Carlo error, aic, bic, and differences.

    Raises InputError for fewer than two fits, other data, or likelihoods by different methods, which cannot be compared.
    """
    if len(fits) < 2:
        raise InputError(f"{len(fits)} fits to compare; expected at least two, by name")
    first, own = next(iter(fits.items()))
    for name, fit in fits.items():
        if not fit.estimated.log_likelihoods:
            raise InputError(f"fit '{name}' has no log-likelihood; fit it with a method that gives one")
        if fit.provenance["data"] != own.provenance["data"]:
            raise InputError(f"fits '{first}' and '{name}' are of different data; only fits of the same cohort can be compared")
        by, ours = (f.estimated.log_likelihoods[0].method for f in (fit, own))
        if by != ours:
            raise InputError(f"the log-likelihood of '{first}' is by {ours}, that of '{name}' by {by}; fit them with one method")
    rows = [
        (f.start.model.name, type(f.method).__name__, len(f.structure.names), f.log_likelihood, f.estimated.log_likelihoods[0].error, f.aic,
         f.bic, len(f.warnings))
        for f in fits.values()
    ]  # fmt: skip
    columns = ["model", "method", "estimates", "log_likelihood", "error", "aic", "bic", "warnings"]
    table = pd.DataFrame(rows, index=pd.Index(list(fits), name="fit"), columns=columns).sort_values("bic", kind="stable")
    return table.assign(delta_aic=table["aic"] - table["aic"].min(), delta_bic=table["bic"] - table["bic"].min())
