"""Which sessions may count: the gates that each session has to pass by itself.

A session of which nothing proves where it was recorded, in which nothing was recorded, or that was
broken off far too early, is left out of the verdicts. One that holds something which nobody could
read is not: it stays, and is blind (see `blindness`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from analyzer.compare.recorded import Recorded, exit_elsewhere, is_elsewhere
from analyzer.compare.telling import listed
from analyzer.comparison import Excluded, RegionProof
from analyzer.gates import SESSION_GATES, Gate, GateName
from analyzer.said import Said, say, say_many

SHORTEST = 0.25  # of the median length of all sessions
_NEEDED: Mapping[GateName, Said] = {
    "mislocated": say(
        "sessions whose SIM, language, time zone and way out are those of their arm's country, or"
        " an arm that says so (languages and time_zones in study.toml)"
    ),
    "region": say(
        "in every session two independent signs of the country that the traffic leaves from: two"
        " databases of addresses (`evenhand geo fetch`, then `evenhand proxy --check-url`), or one"
        " of them and a server that says so"
    ),
    "exchanges": say("sessions in which the phone sends something by way of the recorder"),
    "length": say(
        "sessions that last at least {percent}% of the median of their arm",
        percent=round(100 * SHORTEST),
    ),
}
_TITLES: Mapping[GateName, Said] = {
    "mislocated": say("Nothing contradicts where a session was recorded"),
    "region": say("Where each session was recorded is proven"),
    "exchanges": say("Something was recorded in each session"),
    "length": say("No session was broken off far too early"),
}


@dataclass(frozen=True, slots=True)
class Admission:
    """The sessions that fail a gate, each with its reason; of several gates the first counts."""

    failed: Mapping[str, tuple[GateName, Said]]
    waived: Mapping[GateName, str]

    def out(self, sessions: Collection[Recorded]) -> list[Excluded]:
        """Return those of `sessions` that are left out, by id."""
        return sorted(
            (
                Excluded(each.id, self.failed[each.id][1], self.failed[each.id][0])
                for each in sessions
                if each.id in self.failed and self.failed[each.id][0] not in self.waived
            ),
            key=lambda each: each.session,
        )

    def admits(self, session: Recorded) -> bool:
        """Say whether `session` may count."""
        found = self.failed.get(session.id)
        return found is None or found[0] in self.waived

    def shows(self, session: Recorded) -> bool:
        """Say whether `session` is of its arm at all, whether or not it may count."""
        return self.admits(session) or self.failed[session.id][0] != "mislocated"

    def gates(self, sessions: Sequence[Recorded]) -> list[Gate]:
        """Return the gates of `sessions`. Their `rows` are 0: they are counted when judged."""
        found = []
        for name in SESSION_GATES:
            those = [each.id for each in sessions if self.failed.get(each.id, ("",))[0] == name]
            found.append(
                Gate(
                    name=name,
                    level="session",
                    title=_TITLES[name],
                    passed=not those,
                    found=self._found(those, len(sessions)),
                    needed=_NEEDED[name] if those else "",
                    waived=self.waived.get(name, ""),
                    sessions=tuple(sorted(those)),
                    rows=0,
                )
            )
        return found

    def _found(self, those: Sequence[str], of: int) -> Said:
        if not those:
            return say_many("the one session passes", "all {number} sessions pass", of)
        reasons = list(dict.fromkeys(self.failed[each][1] for each in sorted(those)))
        return say(
            "{number} of {of} sessions do not pass: {reasons}",
            number=len(those),
            of=of,
            reasons=listed(reasons, 2),
        )


def admission(
    sessions: Sequence[Recorded],
    proofs: Mapping[str, RegionProof],
    covered: Collection[str],
    waived: Mapping[GateName, str],
) -> Admission:
    """Put each of `sessions`, all those of a study that are evidence of anything, to its gates.

    `proofs` are by session; `covered` are the sessions in which a host was seen, read or not.
    """
    lengths: defaultdict[str, list[float]] = defaultdict(list)
    for each in sessions:
        if each.seconds is not None:
            lengths[each.arm.label].append(each.seconds)
    failed: dict[str, tuple[GateName, Said]] = {}
    for each in sessions:
        reason = (
            _elsewhere(proofs[each.id], each.egress)
            or _empty(each, covered)
            or _short(each, lengths[each.arm.label])
            or _unproven(proofs[each.id])
        )
        if reason:
            failed[each.id] = reason
    return Admission(failed, waived)


def misplaced(proof: RegionProof, egress: str) -> tuple[GateName, Said] | None:
    """Return the gate that a session fails for where it was recorded, and why.

    `egress` is the exit as the session's own record has it. None where its region is proven.
    """
    return _elsewhere(proof, egress) or _unproven(proof)


def _elsewhere(proof: RegionProof, egress: str) -> tuple[GateName, Said] | None:
    if is_elsewhere(egress, proof.country):
        return "mislocated", exit_elsewhere(egress, proof.country)
    if proof.verdict != "contradicted":
        return None
    why = say("where it was recorded is contradicted: {why}", why=listed(proof.contradictions, 1))
    return "mislocated", why


def _unproven(proof: RegionProof) -> tuple[GateName, Said] | None:
    if proof.verdict == "proven":
        return None
    if proof.verdict == "disputed":
        why = say("where it was recorded is disputed: {why}", why=listed(proof.contradictions, 1))
        return "region", why
    return "region", say("nothing proves that it was recorded in {country}", country=proof.country)


def _empty(session: Recorded, covered: Collection[str]) -> tuple[GateName, Said] | None:
    if session.exchanges or session.id in covered:
        return None
    return "exchanges", say("nothing that the phone sent was recorded in it")


def _short(session: Recorded, lengths: Sequence[float]) -> tuple[GateName, Said] | None:
    """`lengths` are those of its arm: arms of different lengths are a matter of the pair."""
    usual = median(lengths) if lengths else 0.0
    if session.seconds is None or session.seconds >= SHORTEST * usual:
        return None
    why = say(
        "it was broken off after {seconds} s, where the median of its arm is {usual} s",
        seconds=round(session.seconds),
        usual=round(usual),
    )
    return "length", why
