"""Where the phones of the sessions were, and what there is to say against it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import pandas as pd

from analyzer.compare.recorded import Recorded
from analyzer.compare.telling import listed
from analyzer.comparison import RegionProof, RegionVerdict, Side, Which
from analyzer.expectation import Expectation, expect
from analyzer.findings import RegionFact
from analyzer.knowledge import Knowledge
from analyzer.models import Arm
from analyzer.region.verdict import prove
from analyzer.said import Said, say
from analyzer.study import Study

_TOLD: tuple[RegionVerdict, ...] = ("contradicted", "disputed")


def region_proofs(
    region: pd.DataFrame, sessions: Sequence[Recorded], study: Study, knowledge: Knowledge
) -> Mapping[str, RegionProof]:
    """Return what `region` (the table of that name) proves of each session; of side a, for now."""
    facts: defaultdict[str, list[RegionFact]] = defaultdict(list)
    for row in cast("list[dict[str, Any]]", region.to_dict("records")):
        fact = RegionFact(**{**row, "ask": int(row["ask"]), "count": int(row["count"])})
        facts[fact.session].append(fact)
    expected = {arm: expected_of(arm, study) for arm in {each.arm for each in sessions}}
    return {
        each.id: prove(
            facts[each.id],
            expected[each.arm],
            knowledge.countries,
            session=each.id,
            side="a",
            arm=each.arm.label,
            egress=each.egress,
        )
        for each in sessions
    }


def expected_of(arm: Arm, study: Study) -> Expectation:
    """Return how a phone of `arm` should look, of which `study` may say more."""
    languages, zones = study.languages.get(arm.label, ()), study.time_zones.get(arm.label, ())
    return expect(arm.country, languages, zones)


def by_side(
    proofs: Mapping[str, RegionProof], compared: Mapping[Which, Sequence[Recorded]]
) -> tuple[RegionProof, ...]:
    """Return the proofs of the sessions of either side, in their order."""
    return tuple(
        replace(proofs[each.id], side=side)
        for side, sessions in compared.items()
        for each in sessions
    )


def region_cautions(a: Side, b: Side, proofs: Sequence[RegionProof]) -> list[Said]:
    """Return a sentence for each side some of whose sessions may not have been where they claim."""
    found = []
    for which, side in (("a", a), ("b", b)):
        mine = [proof for proof in proofs if proof.side == which]
        for verdict in _TOLD:
            those = [proof for proof in mine if proof.verdict == verdict]
            if those:
                reasons = dict.fromkeys(each for proof in those for each in proof.contradictions)
                told = {
                    "number": len(those),
                    "of": len(mine),
                    "side": side.title,
                    "sessions": listed([proof.session for proof in those]),
                    "reasons": listed(list(reasons)),
                }
                if verdict == "contradicted":
                    sentence = say(
                        "The region of {number} of {of} sessions of {side} is contradicted"
                        " ({sessions}): {reasons}.",
                        **told,
                    )
                else:
                    sentence = say(
                        "The region of {number} of {of} sessions of {side} is disputed"
                        " ({sessions}): {reasons}.",
                        **told,
                    )
                found.append(sentence)
    return found
