"""What this comparison cannot tell: each sentence is there because its data make it hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer.comparison import Comparison, Side
from analyzer.said import Said, say
from reports.naming import Names


def limits(comparison: Comparison, names: Names) -> list[Said]:
    """Return the limits of `comparison`, those that weigh most first."""
    return [
        *_of_places(comparison, names),
        *_of_sessions(comparison),
        *_of_sight(comparison, names),
    ]


def _of_places(comparison: Comparison, names: Names) -> Iterator[Said]:
    proven = sum(proof.verdict == "proven" for proof in comparison.regions)
    if proven < len(comparison.regions):
        yield say(
            "A session counts for the country that its phone was set up for. That its traffic left"
            " from there was shown in {proven} of {sessions} sessions.",
            proven=proven,
            sessions=len(comparison.regions),
        )
    for which, side in (("a", comparison.a), ("b", comparison.b)):
        if side.kind == "bloc" and len(side.countries) < len(side.members):
            yield say(
                "{side} is spoken for by {countries} of its {members} countries.",
                side=names.side("a" if which == "a" else "b"),
                countries=len(side.countries),
                members=len(side.members),
            )


def _of_sessions(comparison: Comparison) -> Iterator[Said]:
    compared = [row for row in comparison.sessions if row.role == "compared"]
    personas = _distinct(row.persona for row in compared)
    devices = _distinct(row.device for row in compared)
    days = _distinct(row.started[:10] for row in compared)
    versions = _distinct(row.app_version for row in compared)
    yield say(
        "Compared were: sessions {sessions}, test accounts {personas}, devices {devices}, days of"
        " recording {days}, versions of the app {versions}. They speak for these, not for everyone"
        " in a region.",
        sessions=len(compared),
        personas=personas,
        devices=devices,
        days=days,
        versions=versions,
    )
    few = [side for side in (comparison.a, comparison.b) if _few(side, comparison)]
    if few:
        yield say(
            "With fewer than {least} sessions on a side nothing is claimed.",
            least=comparison.settings.min_sessions,
        )
    instrumented = sum(bool(row.instrumented) for row in compared)
    if instrumented:
        yield say(
            "In {k} of {n} sessions the app was changed while it ran, so that it could be read;"
            " that can change what it does.",
            k=instrumented,
            n=len(compared),
        )
    incomplete = sum(not row.complete for row in compared)
    if incomplete:
        yield say(
            "{k} of {n} sessions are not complete: what is not in them may still have been sent.",
            k=incomplete,
            n=len(compared),
        )
    if not (comparison.a.controls and comparison.b.controls):
        yield say(
            "There are no adult sessions on both sides: whether a difference concerns children, or"
            " everybody in a region, cannot be told."
        )
    if comparison.excluded:
        yield say(
            "Recorded sessions that were left out: {n}. Why stands under the sessions.",
            n=len(comparison.excluded),
        )


def _of_sight(comparison: Comparison, names: Names) -> Iterator[Said]:
    if comparison.blind_spots:
        yield say(
            "Recipients at which something could not be read: {n}. A verdict that it could change"
            " is “not decided”, but whatever nobody has thought of may be in it, too.",
            n=len({(spot.owner, spot.site) for spot in comparison.blind_spots}),
        )
    if comparison.settings.uncertain:
        yield say(
            "Findings that are kept, but not counted, as they are less than {least} certain: {n}.",
            n=comparison.settings.uncertain,
            least=names.language.percent(comparison.settings.min_confidence / 100),
        )
    yield say(
        "A recording shows what left the phone, not what a company does with it, nor what it learns"
        " in other ways, as from the address of the phone."
    )
    yield say(
        "Only differences are described here. Whether one of them breaks a law is a question for a"
        " lawyer."
    )


def _few(side: Side, comparison: Comparison) -> bool:
    return side.sessions < comparison.settings.min_sessions


def _distinct(values: Iterable[str]) -> int:
    return len({value for value in values if value})
