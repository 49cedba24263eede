"""Event-free and progression-free survival as the trials define them: one patient, and the day and status each definition gives.

Definitions as tabulated in doi:10.1111/bjh.18335, Table 1 (ZUMA-7, BELINDA, TRANSFORM), in the primary reports of KarMMa-3,
CARTITUDE-4 and ELIANA. The patients are made up so that each definition differs from its neighbours; what is checked is the wording.
"""

from __future__ import annotations

import sys
from typing import Any

from autologue.outcomes.estimands.observe import observe
from autologue.outcomes.estimands.published import ESTIMANDS
from autologue.outcomes.estimands.record import NewTherapy, PatientRecord
from autologue.outcomes.response.assessment import Assessment, Category, Response
from autologue.qualify.claims import print_claims

C, P, S, D = Category.COMPLETE, Category.PARTIAL, Category.STABLE, Category.PROGRESSION


def patient(*visits: tuple[float, Category], **changes: Any) -> PatientRecord:
    """A patient randomised on day 0, infused on day 30 and followed for 400 days."""
    found = tuple(Assessment(day, Response("made up", category.value, category, 0, "")) for day, category in visits)
    return PatientRecord(**{"patient": "A", "randomisation": 0, "infusion": 30, "last_contact": 400, "assessments": found, **changes})


EARLY_PROGRESSION = patient((40, D), (90, C))
STABLE = patient((50, S), (85, S), (200, S))
SWITCHED = patient((50, P), (100, P), new_therapies=(NewTherapy(70),))
SWITCHED_FOR_TOXICITY = patient((50, P), (100, P), new_therapies=(NewTherapy(70, for_efficacy=False),))
TRANSPLANTED = patient((58, C), (90, C), (400, D), transplant=120)
CLAIMS: list[tuple[str, str, PatientRecord, str]] = [
    ("progression is an event at any time", "zuma_7_efs", EARLY_PROGRESSION, "event on day 40"),
    ("new therapy is an event", "zuma_7_efs", SWITCHED_FOR_TOXICITY, "event on day 70"),
    ("stable disease is no event as reported", "zuma_7_efs", STABLE, "censored on day 200"),
    ("the label adds stable disease at day 150", "zuma_7_efs_label", STABLE, "event on day 150"),
    ("progression before week 12 is no event", "belinda_efs", EARLY_PROGRESSION, "censored on day 90"),
    ("stable disease at week 12 is an event", "belinda_efs", STABLE, "event on day 85"),
    ("new therapy is no event", "belinda_efs", SWITCHED, "censored on day 100"),
    ("no response by week 9 is an event", "transform_efs", STABLE, "event on day 63"),
    ("new therapy for lack of efficacy is an event", "transform_efs", SWITCHED, "event on day 70"),
    ("other new therapy is no event", "transform_efs", SWITCHED_FOR_TOXICITY, "censored on day 100"),
    ("progression is an event from randomisation", "karmma_3_pfs", EARLY_PROGRESSION, "event on day 40"),
    ("an event in the first 8 weeks has weight 0", "cartitude_4_pfs", EARLY_PROGRESSION, "event on day 40, weight 0"),
    ("relapse-free survival, censored for therapy", "eliana_rfs_censored", TRANSPLANTED, "censored on day 32"),
    ("relapse-free survival, not censored", "eliana_rfs_uncensored", TRANSPLANTED, "event on day 342"),
]


def checks() -> list[dict[str, Any]]:
    """Return one row per claim: claim, source, published, ours, tolerance, passed."""
    rows = []
    for claim, name, record, published in CLAIMS:
        found = observe(record, ESTIMANDS[name])
        ours = f"{found.status} on day {found.time:g}" + (", weight 0" if found.weight == 0 else "")
        source = ESTIMANDS[name].reference
        rows.append(
            {
                "claim": f"{name}: {claim}",
                "source": source,
                "published": published,
                "ours": ours,
                "tolerance": "exact",
                "passed": ours == published,
            }
        )
    return rows


if __name__ == "__main__":
    sys.exit(print_claims(checks()))
