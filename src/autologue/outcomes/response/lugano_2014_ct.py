"""Lymphoma response by CT.

Lugano classification, Cheson BD et al. 2014, J Clin Oncol 32:3059-3068, doi:10.1200/JCO.2013.54.8800.
CR: every target node 1.5 cm or less in longest diameter (LDi) and no extralymphatic disease. PR: the sum of the products of the
diameters (SPD) of up to six targets falls by 50 % or more. PD: a node above 1.5 cm whose product (PPD) grew by 50 % or more from its
nadir, with 0.5 cm or more in LDi or SDi (nodes of 2 cm or less at nadir) or 1.0 cm or more (larger ones); or a new lesion.
Spleen and marrow are not judged here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autologue.errors import InputError
from autologue.outcomes.response.assessment import Category, Response

__all__ = ["CtFindings", "Node", "lugano_ct"]

CRITERIA = "lugano_2014_ct"
NORMAL_LDI, LARGE_LDI, SMALL_STEP, LARGE_STEP = 1.5, 2.0, 0.5, 1.0  # cm
MOST_TARGETS, ROUNDING = 6, 1e-9


@dataclass(frozen=True)
class Node:
    """A target lesion: its name, longest (LDi) and short (SDi) diameter in cm."""

    name: str
    ldi: float
    sdi: float

    def __post_init__(self) -> None:
        if not 0 <= self.sdi <= self.ldi <= 50:
            raise InputError(
                f"node {self.name} measures {self.ldi:g} x {self.sdi:g} cm, expected 0 <= SDi <= LDi <= 50 cm; check order and unit"
            )

    @property
    def ppd(self) -> float:
        """Product of the perpendicular diameters, cm2."""
        return self.ldi * self.sdi


@dataclass(frozen=True, kw_only=True)
class CtFindings:
    """Up to six target nodes, whether there is extralymphatic disease, and whether a lesion is new; raises InputError for more targets."""

    nodes: tuple[Node, ...]
    extralymphatic: bool
    new_lesion: bool = False

    def __post_init__(self) -> None:
        if not 1 <= len(self.nodes) <= MOST_TARGETS or len({node.name for node in self.nodes}) < len(self.nodes):
            raise InputError(f"{len(self.nodes)} target nodes are given, expected 1 to 6 with different names; choose the targets")

    @property
    def spd(self) -> float:
        """Sum of the products of the diameters, cm2."""
        return sum(node.ppd for node in self.nodes)


def lugano_ct(current: CtFindings, *, baseline: CtFindings, previous: Sequence[CtFindings] = ()) -> Response:
    """Return the CT response; nadirs are taken over `baseline` and `previous`. Raises InputError if the targets differ.

    >>> before = CtFindings(nodes=(Node("a", 4.0, 3.0),), extralymphatic=False)
    >>> lugano_ct(CtFindings(nodes=(Node("a", 2.5, 2.0),), extralymphatic=False), baseline=before).label
    'PR'
    """
    names = {node.name for node in baseline.nodes}
    for findings in (current, *previous):
        if {node.name for node in findings.nodes} != names:
            raise InputError(f"the targets are not those of baseline ({', '.join(sorted(names))}); measure the same nodes, 0 x 0 if gone")
    if current.new_lesion:
        return Response(CRITERIA, "PD", Category.PROGRESSION, 0, "new lesion")
    grown = [node.name for node in current.nodes if _progresses(node, [f for f in (baseline, *previous)])]
    if grown:
        return Response(CRITERIA, "PD", Category.PROGRESSION, 0, f"node {grown[0]} grew by 50 % or more of its nadir product")
    if all(node.ldi <= NORMAL_LDI for node in current.nodes) and not current.extralymphatic:
        return Response(CRITERIA, "CR", Category.COMPLETE, 3, "all targets 1.5 cm or less, no extralymphatic disease")
    change = current.spd / baseline.spd - 1 if baseline.spd else 0.0
    words = f"SPD {change:+.0%} from baseline"
    if change <= -0.5 + ROUNDING:
        return Response(CRITERIA, "PR", Category.PARTIAL, 2, words)
    return Response(CRITERIA, "SD", Category.STABLE, 1, words)


def _progresses(node: Node, earlier: Sequence[CtFindings]) -> bool:
    past = [other for findings in earlier for other in findings.nodes if other.name == node.name]
    ldi, sdi, ppd = (min(getattr(other, size) for other in past) for size in ("ldi", "sdi", "ppd"))
    step = SMALL_STEP if ldi <= LARGE_LDI else LARGE_STEP
    enough = max(node.ldi - ldi, node.sdi - sdi) >= step - ROUNDING
    return node.ldi > NORMAL_LDI and node.ppd >= 1.5 * ppd - ROUNDING and enough
