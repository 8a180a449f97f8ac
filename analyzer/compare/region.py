"""Where the phones of the compared sessions were, and what there is to say against it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, cast

import pandas as pd

from analyzer.compare.recorded import Recorded
from analyzer.comparison import RegionProof, RegionVerdict, Side, Which
from analyzer.expectation import Expectation, expect
from analyzer.knowledge import Knowledge
from analyzer.models import Arm, RegionFact
from analyzer.region.verdict import prove
from analyzer.study import Study

_LISTED = 3
_TOLD: tuple[RegionVerdict, ...] = ("contradicted", "disputed")


def region_proofs(
    region: pd.DataFrame,
    compared: Mapping[Which, Sequence[Recorded]],
    study: Study,
    knowledge: Knowledge,
) -> tuple[RegionProof, ...]:
    """Return what `region` (the table of that name) proves of each session, in their order."""
    facts: defaultdict[str, list[RegionFact]] = defaultdict(list)
    for row in cast("list[dict[str, Any]]", region.to_dict("records")):
        fact = RegionFact(**{**row, "ask": int(row["ask"]), "count": int(row["count"])})
        facts[fact.session].append(fact)
    expected: dict[Arm, Expectation] = {}
    proofs = []
    for side, sessions in compared.items():
        for each in sessions:
            arm = each.arm
            if arm not in expected:
                languages = study.languages.get(arm.label, ())
                expected[arm] = expect(arm.country, languages, study.time_zones.get(arm.label, ()))
            proofs.append(
                prove(
                    facts[each.id],
                    expected[arm],
                    knowledge.countries,
                    session=each.id,
                    side=side,
                    arm=arm.label,
                    egress=each.egress,
                )
            )
    return tuple(proofs)


def region_cautions(a: Side, b: Side, proofs: Sequence[RegionProof]) -> list[str]:
    """Return a sentence for each side some of whose sessions may not have been where they claim."""
    found = []
    for which, side in (("a", a), ("b", b)):
        mine = [proof for proof in proofs if proof.side == which]
        for verdict in _TOLD:
            those = [proof for proof in mine if proof.verdict == verdict]
            if those:
                reasons = dict.fromkeys(each for proof in those for each in proof.contradictions)
                found.append(
                    f"The region of {len(those)} of {len(mine)} sessions of {side.title} is"
                    f" {verdict} ({_some([proof.session for proof in those], ', ')}):"
                    f" {_some(list(reasons), '; ')}."
                )
    return found


def _some(texts: Sequence[str], joint: str) -> str:
    more = f" and {len(texts) - _LISTED} more" if len(texts) > _LISTED else ""
    return joint.join(texts[:_LISTED]) + more
