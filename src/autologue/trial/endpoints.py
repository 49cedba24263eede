"""The time-to-event endpoints of a protocol as estimands: shipped ones by name, others as the protocol defines them."""

from __future__ import annotations

from typing import Any

from autologue.errors import InputError, unknown
from autologue.outcomes.estimands.estimand import AnalysisSet, Estimand, Handling, NoResponseBy, Origin
from autologue.outcomes.estimands.published import ESTIMANDS
from autologue.outcomes.response.assessment import Category
from autologue.protocol import Endpoint, Protocol

__all__ = ["estimands_of"]


def estimands_of(protocol: Protocol) -> dict[str, Estimand]:
    """Return the estimand of each time-to-event endpoint of a protocol, by the endpoint's name.

    >>> from autologue.trial.shelf import load_protocol
    >>> sorted(estimands_of(load_protocol("zuma_1")))
    ['duration_of_response', 'overall_survival', 'overall_survival_enrolled', 'progression_free_survival']
    """
    return {name: _estimand(protocol, name, endpoint) for name, endpoint in protocol.endpoints.items() if endpoint.timed}


def _estimand(protocol: Protocol, name: str, endpoint: Endpoint) -> Estimand:
    if endpoint.estimand:
        if endpoint.estimand not in ESTIMANDS:
            raise InputError(f"{protocol.file}: endpoints.{name}: {unknown('estimand', endpoint.estimand, ESTIMANDS)}")
        return ESTIMANDS[endpoint.estimand]
    late = endpoint.no_response
    handled: dict[str, Any] = {happening: Handling(handling) for happening, handling in endpoint.handling.items()}
    return Estimand(
        name=name, title=endpoint.value, origin=Origin(endpoint.time_zero), analysis_set=AnalysisSet(endpoint.analysis_set),
        reference=endpoint.source, response_depth=tuple(Category(depth) for depth in endpoint.depth),
        no_response=None if late is None else NoResponseBy(late.day, late.grace), progression_from=endpoint.progression_from,
        stable_from=endpoint.stable_from, weight_from=endpoint.weight_from, landmark=endpoint.landmark,
        new_therapy_for_efficacy_only=endpoint.for_efficacy_only, before_zero_ignored=True,
        **handled,
    )  # fmt: skip
