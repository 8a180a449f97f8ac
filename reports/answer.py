"""How the page begins: the answer in three sentences, for a reader who knows neither law nor code.

The first says what differs, the second how sure that is, the third what was not seen. Where nothing
can be decided they say so, and what would be enough. Each can be quoted alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from analyzer.comparison import Comparison, Which
from analyzer.models import Delta
from analyzer.said import Said, say
from reports import words
from reports.coverage import SideCoverage, side_coverage
from reports.flows import Flow, flow_of, flows, grouped
from reports.language import Figure
from reports.naming import ADULT, TELLING, Names
from reports.reach import is_narrow
from reports.unseen import not_seen, share_unread

_OF_A = frozenset({"only_a", "more_a"})
Kind = Literal["different", "narrow", "signals", "moved", "same", "undecided", "nothing"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One number behind the certainty of the answer."""

    title: Said
    value: str
    note: Said
    doubtful: bool  # it weakens the answer


@dataclass(frozen=True, slots=True)
class Answer:
    """The head of the page. `flows` counts flows of data by verdict."""

    title: Said
    kind: Kind
    sentences: tuple[Said, ...]
    facts: tuple[Fact, ...]
    flows: dict[str, int]
    example: Delta | None


def answer(comparison: Comparison, names: Names) -> Answer:
    """Return what the head of the page says of `comparison`."""
    found = flows(comparison)
    signals = [flow_of(mine) for mine in grouped(comparison, "signal")]
    kind = _kind(comparison, found, signals)
    example = _example(kind, found, signals)
    read = (side_coverage(comparison.coverage, "a"), side_coverage(comparison.coverage, "b"))
    return Answer(
        title=_title(comparison, names),
        kind=kind,
        sentences=(
            _what(kind, comparison, found, example, names),
            _how_sure(kind, comparison, names),
            not_seen(comparison, read, names),
        ),
        facts=tuple(_facts(comparison, found, read, names)),
        flows={verdict: sum(each.verdict == verdict for each in found) for verdict in words.MARKS},
        example=example.row if example else None,
    )


def _kind(comparison: Comparison, found: list[Flow], signals: list[Flow]) -> Kind:
    if not comparison.deltas:
        return "nothing"
    different = [each for each in found if each.verdict in words.DIFFERENT]
    if different:
        return "narrow" if all(is_narrow(each.row) for each in different) else "different"
    if any(each.verdict in words.DIFFERENT for each in signals):
        return "signals"
    if any(each.moved for each in found):
        return "moved"
    if any(row.verdict == "same" for row in comparison.deltas):
        return "same"
    return "undecided"


def _title(comparison: Comparison, names: Names) -> Said:
    """Return the question of the study where these sides can answer it, else their names."""
    a, b = comparison.a, comparison.b
    children = all(arm.age < ADULT for arm in (*a.arms, *b.arms))
    if children and not {*a.countries} & {*b.countries}:
        return say("Does {app} treat children the same wherever they live?", app=comparison.app)
    return say("{app}: {a} and {b}", app=comparison.app, a=names.side("a"), b=names.side("b"))


def _example(kind: Kind, found: Sequence[Flow], signals: Sequence[Flow]) -> Flow | None:
    """Return what the first sentence names; None where it names nothing."""
    if kind in ("different", "narrow"):
        return _plainest([each for each in found if each.verdict in words.DIFFERENT])
    if kind == "moved":
        return _plainest([each for each in found if each.moved])
    return _strongest(signals) if kind == "signals" else None


def _plainest(found: Sequence[Flow]) -> Flow:
    """Return the one that shows the difference most plainly to somebody who is no engineer."""

    def plain(each: Flow) -> tuple[object, ...]:
        row = each.row
        return (
            is_narrow(row),
            row.contrast is not None and not each.beyond_adults,
            row.party == "first",
            -round(abs(row.whole.effect if row.whole else row.effect), 2),
            TELLING.index(row.subject) if row.subject in TELLING else len(TELLING),
            row.q,
            row.id,
        )

    return min(found, key=plain)


def _strongest(flows_of_signals: Sequence[Flow]) -> Flow | None:
    different = [each for each in flows_of_signals if each.verdict in words.DIFFERENT]
    return min(
        different,
        key=lambda each: (is_narrow(each.row), -abs(each.row.effect), each.row.q, each.row.id),
        default=None,
    )


def _what(
    kind: Kind, comparison: Comparison, found: list[Flow], example: Flow | None, names: Names
) -> Said:
    number = names.language.number
    told: dict[str, object] = {
        "app": comparison.app,
        "a": names.child("a"),
        "b": names.child("b"),
        "total": number(len(found)),
    }
    if kind == "nothing":
        return say(
            "In {n} sessions of {app}, on phones set up for {a} and for {b}, no kind of personal"
            " data and no privacy signal was recognised, which is no evidence that none was sent.",
            n=number(comparison.a.sessions + comparison.b.sessions),
            **told,
        )
    undecided = sum(each.verdict == "insufficient" for each in found)
    if kind == "undecided":
        return say(
            "These sessions cannot tell whether {app} treats phones set up for {a} and for {b} the"
            " same: not one of {rows} comparisons could be decided.",
            rows=number(len(comparison.deltas)),
            **told,
        )
    if kind == "same" or example is None:
        return say(
            "No difference was found between what {app} sends from phones set up for {a} and for"
            " {b}: of {total} flows of personal data (one type to one recipient) {same} are the"
            " same on both sides (in shares of sessions, to within {margin} percentage points), and"
            " {undecided} could not be decided.",
            margin=number(round(100 * comparison.settings.margin)),
            same=number(sum(each.verdict == "same" for each in found)),
            undecided=number(undecided),
            **told,
        )
    row, counts = example.row, example.counts
    if kind == "moved":
        counts = (row.a, row.b)
    more: Which = "a" if (row if kind == "moved" else example).verdict in _OF_A else "b"
    less: Which = "b" if more == "a" else "a"
    here, there = counts if more == "a" else counts[::-1]
    told |= {
        "more": names.where(row, more, whole=kind != "moved"),
        "less": names.claim(less),
        "child": names.child(more),
        "other": names.child(less),
        "what": names.subject(row),
        "who": names.recipient(row.owner, row.hosts),
        "seen": names.share(here),
        "against": names.share(there),
    }
    if kind == "signals":
        return say(
            "What {app} sends from phones set up for {a} and for {b} was not shown to differ, but"
            " what it says of the child was: the signal “{what}”, exchanged with {who}, was"
            " {state} in {seen} sessions for {more} and in {against} for {less}.",
            state=names.state(row.state),
            **told,
        )
    if kind == "moved":
        return say(
            "What {app} sends from phones set up for {a} and for {b} was not shown to differ, but"
            " when it is sent was: in the phase “{phase}”, {who} received “{what}” in {seen}"
            " sessions for {more}, and in {against} for {less}; in any phase, in {any_more} and"
            " {any_less}.",
            phase=row.phase,
            any_more=names.share(example.counts[0 if more == "a" else 1]),
            any_less=names.share(example.counts[1 if more == "a" else 0]),
            **told,
        )
    of_a = sum(each.verdict in _OF_A for each in found)
    different = sum(each.verdict in words.DIFFERENT for each in found)
    told |= {"different": number(different), "of_a": number(of_a), "of_b": number(different - of_a)}
    if kind == "narrow":
        return say(
            "{app} was not shown to treat phones set up for {a} and for {b} differently in most of"
            " their countries: of {total} flows of personal data (one type to one recipient)"
            " {different} differ, and each of them hangs on one country or few; most plainly, {who}"
            " received “{what}” in {seen} sessions for {more}, and in {against} for {less}.",
            **told,
        )
    told |= {"place_a": names.claim("a"), "place_b": names.claim("b")}
    if of_a and different - of_a:
        return say(
            "{app} does not send the same from test phones set up for {a} and for {b}: of {total}"
            " flows of personal data (one type to one recipient) {of_a} were seen more for"
            " {place_a} and {of_b} more for {place_b}; most plainly, {who} received “{what}” in"
            " {seen} sessions for {more}, and in {against} for {less}.",
            **told,
        )
    return say(
        "{app} sends more from test phones set up for {child} than from those set up for {other}:"
        " of {total} flows of personal data (one type to one recipient) {different} were seen only"
        " or more often for {place}, none more often for {less}; most plainly, {who} received"
        " “{what}” in {seen} sessions for {more}, and in {against} for {less}.",
        place=names.claim(more),
        **told,
    )


def _how_sure(kind: Kind, comparison: Comparison, names: Names) -> Said:
    number, percent = names.language.number, names.language.percent
    enough = [row.enough for row in comparison.deltas if row.verdict == "insufficient"]
    if kind == "nothing":
        return say(
            "Nothing can be said of a difference; what would help is to find out first why nothing"
            " was recognised, see blind spots."
        )
    if kind == "undecided":
        numbers = [each for each in enough if each]
        if numbers and len(numbers) == len(enough):
            return say(
                "With {n} sessions on each side (now {a} and {b}) each of them would be decided in"
                " at least four of five studies, if what was seen here is what is usual.",
                n=number(max(numbers)),
                a=number(comparison.a.sessions),
                b=number(comparison.b.sessions),
            )
        return say(
            "More sessions alone would not decide all of them (now there are {a} and {b}): each row"
            " says what would be enough.",
            a=number(comparison.a.sessions),
            b=number(comparison.b.sessions),
        )
    proven = sum(proof.verdict == "proven" for proof in comparison.regions)
    told = {
        "alpha": percent(comparison.settings.alpha),
        "proven": number(proven),
        "sessions": number(len(comparison.regions)),
        "passed": number(sum(gate.passed for gate in comparison.gates)),
        "gates": number(len(comparison.gates)),
    }
    if kind == "same":
        return say(
            "How sure: “the same” means that the true shares of sessions lie within {margin} points"
            " of each other, with 95% confidence: a smaller difference may be there; that the"
            " traffic left from the country a phone was set up for was shown in {proven} of"
            " {sessions} sessions; and {passed} of {gates} checks of the method held.",
            margin=number(round(100 * comparison.settings.margin)),
            **told,
        )
    if comparison.noise.possible:
        return say(
            "How sure: at most {alpha} of what is called a difference is expected to be chance"
            " between sessions of these phones, accounts and countries; where sessions of one side"
            " were split at random and compared with each other, {noise} of the rows were called"
            " different; that the traffic left from the country a phone was set up for was shown in"
            " {proven} of {sessions} sessions; and {passed} of {gates} checks of the method held.",
            noise=percent(comparison.noise.called),
            **told,
        )
    if comparison.noise.constant:
        return say(
            "How sure: at most {alpha} of what is called a difference is expected to be chance"
            " between sessions of these phones, accounts and countries; the sessions of a side"
            " are too much alike for a side to differ from itself; that the traffic left from the"
            " country a phone was set up for was shown in {proven} of {sessions} sessions; and"
            " {passed} of {gates} checks of the method held.",
            **told,
        )
    return say(
        "How sure: at most {alpha} of what is called a difference is expected to be chance between"
        " sessions of these phones, accounts and countries; there are too few sessions to compare a"
        " side with itself; that the traffic left from the country a phone was set up for was shown"
        " in {proven} of {sessions} sessions; and {passed} of {gates} checks of the method held.",
        **told,
    )


def _facts(
    comparison: Comparison,
    found: list[Flow],
    read: tuple[SideCoverage, SideCoverage],
    names: Names,
) -> list[Fact]:
    language = names.language
    proven = sum(proof.verdict == "proven" for proof in comparison.regions)
    different = [each for each in found if each.verdict in words.DIFFERENT]
    undecided = sum(each.verdict == "insufficient" for each in found)
    facts = [
        Fact(
            say("Chance findings"),
            names.plain(say("at most {share}", share=language.percent(comparison.settings.alpha))),
            say("of what is called a difference is expected to be chance"),
            doubtful=False,
        ),
        Fact(
            say("Place shown"),
            names.of(proven, len(comparison.regions)),
            say("sessions shown to leave from the country they were set up for"),
            doubtful=proven < len(comparison.regions) or not comparison.regions,
        ),
        Fact(
            say("Passed unread"),
            Figure(" · ".join(share_unread(each, names) for each in read)),
            say("of the bytes for {a} · {b}", a=names.side("a"), b=names.side("b")),
            doubtful=any(each.share is not None and each.share < 1 for each in read),
        ),
        Fact(
            say("Not decided"),
            names.of(undecided, len(found)),
            say("flows for which the evidence does not suffice"),
            doubtful=bool(undecided),
        ),
    ]
    if comparison.noise.possible:
        facts.insert(
            1,
            Fact(
                say("Noise floor"),
                language.percent(comparison.noise.called),
                say("of rows called different where a side is compared with itself"),
                doubtful=comparison.noise.called > comparison.settings.alpha,
            ),
        )
    if comparison.gates:
        passed = sum(gate.passed for gate in comparison.gates)
        facts.append(
            Fact(
                say("Checks"),
                names.of(passed, len(comparison.gates)),
                say("conditions of a fair comparison hold"),
                doubtful=passed < len(comparison.gates),
            )
        )
    few = [each for each in different if is_narrow(each.row)]
    if few:
        facts.append(
            Fact(
                say("Few countries"),
                names.of(len(few), len(different)),
                say("flows that differ, hang on one country or few of a side"),
                doubtful=True,
            )
        )
    if comparison.a.controls and comparison.b.controls and different:
        beyond = sum(each.beyond_adults for each in different)
        facts.append(
            Fact(
                say("About children"),
                names.of(beyond, len(different)),
                say("flows that differ: a wider gap between children than between adults"),
                doubtful=beyond < len(different),
            )
        )
    return facts
