"""What `explain` tells of what has a name or a digest: gates, recipients, identifiers."""

from __future__ import annotations

import re
from typing import Any, cast

from analyzer.compare import compare
from analyzer.comparison import Comparison
from analyzer.errors import UserError
from analyzer.explanation import Explanation, GateTrail, IdentifierTrail, RecipientTrail
from analyzer.findings import Identifier
from analyzer.frames import Frames
from analyzer.gates import PAIR_GATES, SESSION_GATES
from analyzer.identified import the_one, unknown
from analyzer.knowledge import Knowledge
from analyzer.study import Study

_DIGEST = re.compile(r"[0-9a-f]{6,64}")
_SIDES = ("eea", "global_majority")


def by_name(
    frames: Frames,
    study: Study,
    knowledge: Knowledge,
    wanted: str,
    sides: tuple[str, str] | None,
) -> Explanation:
    """Return what is known of a gate, a recipient, a host, or the digest of an identifier.

    `sides` are those whose comparison is meant, where it is of one. `UserError` where nothing is
    called so.
    """
    digests = set(frames.identifiers["digest"].tolist())
    folded = wanted.lower()
    if _DIGEST.fullmatch(folded) and any(each.startswith(folded) for each in digests):
        return _identifier(frames, the_one(folded, digests))
    there = {each for name in ("owner", "site", "host") for each in frames.coverage[name].tolist()}
    gates = [*SESSION_GATES, *PAIR_GATES]
    if folded not in gates and folded not in {each.casefold() for each in there}:
        raise unknown(
            wanted,
            {*gates, *there} - {""},
            f"{wanted!r} is no id, and no gate or recipient has this name",
            "take an id that `diff`, `matrix` or the report prints",
        )
    comparison = _compared(frames, study, knowledge, sides)
    for gate in comparison.gates:
        if gate.name == folded:
            return Explanation(gate.name, "gate", gate=GateTrail(gate, comparison.a, comparison.b))
    return _recipient(comparison, folded, wanted)


def _compared(
    frames: Frames, study: Study, knowledge: Knowledge, sides: tuple[str, str] | None
) -> Comparison:
    try:
        return compare(frames, study, knowledge, *(sides or _SIDES))
    except UserError:
        if sides:
            raise
        raise UserError(
            "gates and recipients are those of two sides", "name them: explain ID A B"
        ) from None


def _recipient(comparison: Comparison, folded: str, wanted: str) -> Explanation:
    hosts = {
        row.host
        for row in comparison.coverage
        if folded in {name.casefold() for name in (row.owner, row.site, row.host)}
    }
    coverage = tuple(row for row in comparison.coverage if row.host in hosts)
    if not coverage:
        raise UserError(
            f"{wanted} was met in no session of {comparison.a.title} and {comparison.b.title}",
            "name the sides of which you ask: explain ID A B",
        )
    found = RecipientTrail(
        name=next((row.owner for row in coverage if row.owner), wanted),
        a=comparison.a,
        b=comparison.b,
        coverage=coverage,
        spots=tuple(each for each in comparison.blind_spots if not hosts.isdisjoint(each.hosts)),
        rows=tuple(row for row in comparison.deltas if not hosts.isdisjoint(row.hosts)),
    )
    return Explanation(found.name, "recipient", recipient=found)


def _identifier(frames: Frames, digest: str) -> Explanation:
    table = frames.identifiers
    rows = cast("list[dict[str, Any]]", table[table["digest"] == digest].to_dict("records"))
    seen = sorted((Identifier(**row) for row in rows), key=lambda each: (each.session, each.t_s))
    found = IdentifierTrail(
        digest=digest,
        shape=seen[0].shape,
        data_types=tuple(sorted({each.data_type for each in seen} - {""})),
        owners=tuple(sorted({each.owner for each in seen if each.direction == "sent"})),
        seen=tuple(seen),
    )
    return Explanation(digest, "identifier", identifier=found)
