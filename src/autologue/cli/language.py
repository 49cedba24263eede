"""The small languages of options: times, doses, settings, summaries, windows; each reader raises InputError with an example."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from autologue.errors import InputError, unknown

if TYPE_CHECKING:
    from autologue.engine.summary import Summary
    from autologue.model import Model
    from autologue.regimen import Regimen

__all__ = ["read_doses", "read_number", "read_settings", "read_span", "read_summaries", "read_times"]

_SUMMARIES = "cmax, tmax, nadir, auc0-28, tlast>50, first>50, first<50"
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_DOSE = re.compile(
    rf"(?P<amount>{_NUMBER})\s+(?P<unit>\S+)(?:\s+into\s+(?P<into>\w+))?(?:\s+at\s+(?P<at>{_NUMBER}))?(?:\s+over\s+(?P<over>{_NUMBER}))?"
    rf"(?:\s+every\s+(?P<every>{_NUMBER})\s+times\s+(?P<times>\d+))?"
)
_SUMMARY = re.compile(
    rf"(?:(?P<output>\w+):)?(?:(?P<name>cmax|tmax|nadir)|auc(?P<start>{_NUMBER})-(?P<stop>{_NUMBER})"
    rf"|(?P<crossing>tlast>|first>|first<)(?P<limit>{_NUMBER}))"
)


def read_number(text: str, what: str) -> float:
    """Return a finite number.

    >>> read_number("1e8", "--dose")
    100000000.0
    """
    if not re.fullmatch(_NUMBER, text.strip()):
        raise InputError(f"{what}: '{text}' is not a number")
    return float(text)


def read_times(text: str, what: str = "--times") -> list[float]:
    """Return times given as '0,1,7,28'; 'none' gives none.

    >>> read_times("0, 1,7,28"), read_times("none")
    ([0.0, 1.0, 7.0, 28.0], [])
    """
    if text.strip().lower() == "none":
        return []
    return [read_number(piece, f"{what} (expected numbers with commas, like 0,1,7,28)") for piece in text.split(",")]


def read_span(text: str, what: str) -> tuple[float, float]:
    """Return a start and an end given as '0-28'.

    >>> read_span("0-28", "--window")
    (0.0, 28.0)
    """
    match = re.fullmatch(rf"({_NUMBER})-({_NUMBER})", text.strip())
    if match is None:
        raise InputError(f"{what}: '{text}' is no window; expected a start and an end, like 0-28")
    return float(match[1]), float(match[2])


def read_settings(texts: Sequence[str], known: Mapping[str, Any]) -> dict[str, float]:
    """Return parameter values given as 'name=value'.

    >>> read_settings(["t_max=12"], {"t_max": 9.3})
    {'t_max': 12.0}
    """
    found = {}
    for text in texts:
        name, sign, value = (piece.strip() for piece in text.partition("="))
        if not sign:
            raise InputError(f"--set '{text}' sets nothing; expected name=value, like t_max=12")
        if name not in known:
            raise InputError(f"--set: {unknown('parameter', name, known)}")
        found[name] = read_number(value, f"--set {name}")
    return found


def read_doses(texts: Sequence[str], model: Model, unit: str) -> Regimen | None:
    """Return doses written as '1e8 cells at 0', with 'into ROUTE', 'over DURATION', 'every INTERVAL times N' where needed.

    Times are in `unit`. A model with one route needs no 'into'. None where there is no text.
    """
    from autologue.regimen import Bolus, Infusion, Regimen

    events: list[Bolus | Infusion] = []
    for text in texts:
        match = _DOSE.fullmatch(text.strip())
        if match is None:
            examples = "'1e8 cells at 0' or '5 uM into chemotherapy at 0 over 0.5 every 1 times 3'"
            raise InputError(f"--dose '{text}' cannot be read; write it like {examples}")
        if not model.dosing:
            raise InputError(f"model {model.name} takes no doses: its course starts from its initial state; leave --dose out")
        routes = list(model.dosing)
        if match["into"] is None and len(routes) > 1:
            raise InputError(f"--dose '{text}' does not say where to; model {model.name} has {', '.join(routes)}: add 'into {routes[0]}'")
        common: dict[str, Any] = {"unit": match["unit"], "into": match["into"] or routes[0]}
        if match["every"]:
            if int(match["times"]) < 1:
                raise InputError(f"--dose '{text}' is given 0 times; expected at least once")
            common |= {"every": float(match["every"]), "additional": int(match["times"]) - 1}
        at, amount = float(match["at"] or 0.0), float(match["amount"])
        events.append(Infusion(at, amount, float(match["over"]), **common) if match["over"] else Bolus(at, amount, **common))
    return Regimen(*events, time=unit) if events else None


def read_summaries(texts: Sequence[str], outputs: Sequence[str]) -> list[Summary]:
    """Return summaries written as 'cmax,auc0-28', of all outputs or of one: 'tumour_cells:nadir'; cmax brings its time.

    >>> [type(s).__name__ for s in read_summaries(["cmax,tmax", "transgene:tlast>50"], ["transgene"])]
    ['Maximum', 'LastAbove']
    """
    from autologue.engine.summary import Area, FirstAbove, FirstBelow, LastAbove, Maximum, Minimum

    crossings: dict[str, Any] = {"tlast>": LastAbove, "first>": FirstAbove, "first<": FirstBelow}
    found: list[Summary] = []
    for text in (piece.strip() for whole in texts for piece in whole.split(",")):
        match = _SUMMARY.fullmatch(text)
        if match is None:
            raise InputError(f"--summary '{text}' is unknown; expected some of {_SUMMARIES}, or with an output before it: output:cmax")
        if match["output"] and match["output"] not in outputs:
            raise InputError(f"--summary '{text}': {unknown('output', match['output'], outputs)}")
        for output in [match["output"]] if match["output"] else outputs:
            summary: Summary
            if match["name"]:
                summary = (Minimum if match["name"] == "nadir" else Maximum)(output)
            elif match["crossing"]:
                summary = crossings[match["crossing"]](output, float(match["limit"]))
            else:
                summary = Area(output, float(match["start"]), float(match["stop"]))
            if summary not in found:
                found.append(summary)
    return found
