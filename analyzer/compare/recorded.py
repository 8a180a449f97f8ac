"""The sessions of the frames as records, and those that cannot take part."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import pandas as pd

from analyzer.bundle.identity import Overlap, overlap
from analyzer.bundle.tallies import DISPUTED
from analyzer.comparison import Excluded
from analyzer.models import Arm
from analyzer.pipeline import began_of
from analyzer.said import Said, say

INSTRUMENTS = frozenset({"frida", "objection", "xposed", "lsposed"})  # they change what an app does
_MADE_BY = "source:"  # before the names of the programs that made an imported file


@dataclass(frozen=True, slots=True)
class Recorded:
    """One session, as `Frames.sessions` describes it; "" where nobody wrote it down."""

    id: str
    arm: Arm
    persona: str
    repeat: int
    block: str
    device: str
    app: str
    app_version: str
    started: str
    ended: str
    end_reason: str
    complete: bool
    origin: str
    egress: str
    tools: tuple[tuple[str, str], ...]
    partial: tuple[str, ...]
    mode: str
    instrumented: str
    beside: str
    policy: tuple[str, ...]
    phases: tuple[str, ...]
    exchanges: int
    capture: str
    content: str  # the same for copies of one recording; "" where that cannot be told
    prints: tuple[int, ...] = ()  # of its exchanges: see `bundle.identity.exchange_prints`
    steps: tuple[tuple[str, float], ...] = ()  # names, and when they began; from its own start
    account: str = ""  # of the study's [feed]

    @property
    def instruments(self) -> tuple[str, ...]:
        """What changed the app while it ran, by name, sorted: recorded, or known by its tools."""
        declared = {self.instrumented} if self.instrumented else set()
        return tuple(sorted(declared | ({name.lower() for name, _ in self.tools} & INSTRUMENTS)))

    @property
    def whose(self) -> str:
        """The test account: of the feed where one is named, else the persona; "" if nobody said."""
        return self.account or self.persona

    @property
    def recorded_by(self) -> str:
        """How it was recorded, and of an imported file also by which programs."""
        made = sorted(name[len(_MADE_BY) :] for name, _ in self.tools if name.startswith(_MADE_BY))
        return " ".join(filter(None, (self.origin, self.mode, ", ".join(made))))

    @property
    def elsewhere(self) -> bool:
        """Whether its traffic was measured to leave from another country than its arm's."""
        return is_elsewhere(self.egress, self.arm.country)

    @property
    def began(self) -> float:
        """When it began, in seconds since 1970."""
        return _instant(self.started).timestamp()

    @property
    def seconds(self) -> float | None:
        """How long it lasted; None where its end is not known."""
        if not self.ended:
            return None
        return (_instant(self.ended) - _instant(self.started)).total_seconds()

    @property
    def ready(self) -> float:
        """When the phone was ready, in seconds from its start: times of findings count from it."""
        return began_of([(t_s, name) for name, t_s in self.steps])

    def span(self, phase: str) -> tuple[float, float] | None:
        """Return from when to when a phase lasted, from its start; None where that is not known."""
        ends = [t_s for _, t_s in self.steps[1:]]
        found = [
            (t_s, self.seconds if end is None else end)
            for (name, t_s), end in zip(self.steps, [*ends, None], strict=False)
            if name == phase
        ]
        if len(found) != 1 or found[0][1] is None:
            return None
        return found[0][0], found[0][1]


def recorded(sessions: pd.DataFrame) -> list[Recorded]:
    """Return every row of `Frames.sessions`, by arm, repeat and id."""
    rows = cast("list[dict[str, Any]]", sessions.to_dict("records"))
    found = [
        Recorded(
            id=row["id"],
            arm=Arm(row["arm"], row["country"], int(row["age"]), row["consent"]),
            persona=row["persona"],
            repeat=int(row["repeat"]),
            block=row["block"],
            device=row["device"],
            app=row["app"],
            app_version=row["app_version"],
            started=row["started"],
            ended=row["ended"],
            end_reason=row["end_reason"],
            complete=bool(row["complete"]),
            origin=row["origin"],
            egress=row["egress"],
            tools=tuple((name, version) for name, version in row["tools"]),
            partial=tuple(row["partial"]),
            mode=row["mode"],
            instrumented=row["instrumented"],
            beside=row["beside"],
            policy=tuple(row["policy"]),
            phases=tuple(row["phases"]),
            exchanges=int(row["exchanges"]),
            capture=row["capture"],
            content=row["content"],
            prints=tuple(map(int, row["prints"])),
            steps=tuple((name, float(t_s)) for name, t_s in row["steps"]),
            account=row["account"],
        )
        for row in rows
    ]
    return sorted(found, key=lambda each: (each.arm.label, each.repeat, each.id))


def left_out(
    sessions: Sequence[Recorded], *, instrumented: bool = False, elsewhere: bool = True
) -> list[Excluded]:
    """Return the sessions that are evidence of nothing that is compared, and why, by id.

    One of which only names and numbers of bytes are known, or that is the witness of another; one
    of an instrumented app, where there are others (unless `instrumented`: then both count); one
    that is a copy of another one of its arm, or a recording of the same minutes.
    """
    untouched = not instrumented and any(not each.instruments for each in sessions)
    reasons: dict[str, Said] = {}
    same: dict[tuple[Arm, str], list[Recorded]] = defaultdict(list)
    for each in sessions:
        if each.beside:
            reasons[each.id] = say("it is a witness of {session}", session=each.beside)
        elif each.instruments and untouched:
            reasons[each.id] = say(
                "its app was instrumented ({tools}), which changes what an app does",
                tools=each.instruments,
            )
        elif _names_only(each):
            reasons[each.id] = say("it holds names and byte counts only")
        elif each.content and not each.elsewhere:
            same[each.arm, each.content].append(each)
    for first, *others in same.values():
        for each in others:
            reasons[each.id] = say("it is a copy of {session}", session=first.id)
    alone = [each for each in sessions if each.id not in reasons and not each.elsewhere]
    reasons |= _recorded_twice(alone)
    if elsewhere:
        reasons |= {
            each.id: exit_elsewhere(each.egress, each.arm.country)
            for each in sessions
            if each.elsewhere
        }
    return [Excluded(session, reason) for session, reason in sorted(reasons.items())]


def is_elsewhere(egress: str, country: str) -> bool:
    """Tell whether `egress`, the measured exit of a session, is another country than its arm's."""
    return bool(egress) and egress.upper() not in {country, DISPUTED.upper()}


def exit_elsewhere(egress: str, country: str) -> Said:
    """Say from where the traffic of a session left that was elsewhere."""
    return say(
        "its traffic left from {egress}, but its arm is in {country}",
        egress=egress,
        country=country,
    )


def share(a: Recorded, b: Recorded) -> Overlap:
    """Return how much of the same traffic two sessions hold: nothing if two phones sent it.

    The proxy gives each connection to one session: two of its own never hold the same, however
    alike phones are that do the same at once.
    """
    if a.origin == b.origin == "proxy" or (a.device and b.device and a.device != b.device):
        return Overlap(0, 0)
    if _is_before(a, b) or _is_before(b, a):
        return Overlap(0, 0)
    return overlap(a.prints, b.prints)


def _recorded_twice(sessions: list[Recorded]) -> dict[str, Said]:
    """Return those of which most is in a longer one of the same arm, and why they are left out."""
    reasons: dict[str, Said] = {}
    kept: dict[Arm, list[Recorded]] = defaultdict(list)
    for each in sorted(sessions, key=lambda each: (-each.exchanges, each.id)):
        for other in kept[each.arm]:
            if (same := share(each, other)).is_same:
                reasons[each.id] = say(
                    "it is a recording of the same minutes as {session}: {shared} of {of} exchanges"
                    " that were compared are in both",
                    session=other.id,
                    shared=same.shared,
                    of=same.of,
                )
                break
        else:
            kept[each.arm].append(each)
    return reasons


def _is_before(a: Recorded, b: Recorded) -> bool:
    return bool(a.ended) and _instant(a.ended) < _instant(b.started)


def _names_only(session: Recorded) -> bool:
    """Whether packets were recorded of which nothing could be read, here or where it comes from."""
    origins = {session.origin, dict(session.tools).get("source-origin", "")}
    return not session.exchanges and "pcap" in origins


def _instant(text: str) -> datetime.datetime:
    found = datetime.datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=datetime.UTC)
