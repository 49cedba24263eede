"""What a column holds (its role), and the names by which each role goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from autologue.data.table import Table
from autologue.errors import InputError, unknown

__all__ = ["BOOKKEEPING", "NAMES", "find_columns"]

NAMES: dict[str, tuple[str, ...]] = {  # role: the names it goes by, best first, in any case
    "id": ("ID", "USUBJID", "SUBJID", "SUBJECT", "PATIENT"),
    "time": ("TIME", "TAFD", "DAY", "DAYS", "AFRLT", "ATIME", "HOURS"),
    "nominal": ("NTIME", "NOMTIME", "NFRLT", "NTAFD", "NTFD", "PCTPTNUM"),
    "value": ("DV", "VALUE", "CONC", "CONCENTRATION", "AVAL", "TRANSGENE", "Y", "OBSERVATION"),
    "words": ("AVALC", "DVC", "PCSTRESC"),
    "amount": ("AMT", "AMOUNT"),
    "event": ("EVID",),
    "missing": ("MDV",),
    "compartment": ("CMT", "ADM", "ADMID"),
    "analyte": ("ANALYTE", "DVID", "PARAMCD", "YTYPE", "OBSID"),
    "rate": ("RATE",),
    "duration": ("DUR", "TINF"),
    "interval": ("II",),
    "additional": ("ADDL",),
    "steady": ("SS",),
    "censored": ("CENS",),
    "limit": ("LIMIT",),
    "blq": ("BLQ", "BQL", "BLOQ", "BLQFN", "BLQFL"),
    "lloq": ("LLOQ", "LOQ", "ALLOQ", "PCLLOQ"),
    "detection": ("LOD", "LLOD"),
    "uloq": ("ULOQ", "AULOQ"),
    "unit": ("AVALU", "DVU", "UNIT", "UNITS", "PCSTRESU"),
    "matrix": ("MATRIX", "PCSPEC", "SPECIMEN"),
    "time_unit": ("TIMEU", "RRLTU", "AFRLTU"),
    "dose_unit": ("AMTU", "DOSEU"),
    "occasion": ("OCC", "OCCASION"),
    "comment": ("C",),
    "dose": ("DOSE",),
    "group": ("GROUP", "ARM", "COHORT", "RESPONSE"),
}
BOOKKEEPING = frozenset({  # columns of usual data sets that are neither data nor covariates
    "STUDYID", "STUDYIDN", "PROJID", "PROJIDN", "USUBJIDN", "SUBJIDN", "SITEID", "ASEQ", "SEQ", "ROW", "REC", "LINE", "NUM", "DVL", "LDV",
    "LNDV", "LOGDV", "PARAM", "PARAMN", "PARCAT1", "NPRLT", "APRLT", "TAD", "NTAD", "DTYPE", "DATE", "DAT1", "DAT2", "DAT3", "ADT", "ADTM",
    "ATM", "ADY", "VISIT", "VISITNUM", "AVISIT", "AVISITN", "ROUTE", "ROUTEN", "DOSEA", "DOSEP", "FRLTU", "PRLTU", "FLAG", "EXCLFL",
    "ANL01FL", "TRTP", "TRTPN", "TRTA", "TRTAN", "BASE", "CHG",
})  # fmt: skip


def find_columns(table: Table, given: Mapping[str, str], *, roles: Iterable[str], needed: Iterable[str]) -> dict[str, str]:
    """Return the column of each of `roles` that the table has: as `given`, else by name.

    Raises InputError for an unknown role, a column that is not there, and a role of `needed` that no column has.
    """
    header = list(table.cells.columns)
    for role, column in given.items():
        if role not in NAMES:
            raise InputError(unknown("role of a column", role, NAMES))
        if column not in header:
            raise InputError(f"{table.name}: {unknown('column', column, header)}")
    taken = set(given.values())
    by_upper = {column.upper(): column for column in reversed(header) if column not in taken}
    found = dict(given)
    for role in roles:
        match = next((by_upper[upper] for upper in NAMES[role] if upper in by_upper), None)
        if role not in found and match is not None:
            found[role] = match
    for role in needed:
        if role not in found:
            known, has = ", ".join(NAMES[role]), ", ".join(header)[:200]
            raise InputError(f"{table.name} has no column for {role}: expected one of {known} (or say which), found {has!r}")
    return found
