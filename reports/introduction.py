"""What to know before one reads the workbook: what it is, the answer, limits, versions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer.said import Said, say
from reports.answer import answer
from reports.limits import limits
from reports.naming import Names
from reports.record import Record
from reports.words import FICTIONAL

_Line = tuple[Said | str, Said | str]


def introduction(record: Record, names: Names) -> Iterator[_Line]:
    """Yield (what it is about, text), to be said in the language of `names`."""
    comparison, language = record.comparison, names.language
    yield (
        say("What this is"),
        say(
            "What {app} sends from phones of {a} and of {b}, compared session by session. No value"
            " that was captured is in this workbook.",
            app=comparison.app,
            a=names.side("a"),
            b=names.side("b"),
        ),
    )
    if comparison.fictional:
        yield say("Warning"), FICTIONAL
    yield from _under(say("Answer"), answer(comparison, names).sentences)
    for which, side in (("a", comparison.a), ("b", comparison.b)):
        arms = language.all_of(arm.label for arm in side.arms)
        told = say("Sessions: {number}. Arms: {arms}.", number=side.sessions, arms=arms)
        title = names.side("a" if which == "a" else "b")
        yield title, told
        if side.definition:
            yield "", language.term(side.definition)
    yield from _under(say("Limits"), limits(comparison, names))
    yield from _under(say("Warnings"), comparison.warnings)
    for gate in comparison.gates:
        if gate.waived:
            yield (
                say("A check that the study does without"),
                say("{title}: {found}. The study's reason: {why}", title=gate.title,
                    found=gate.found, why=gate.waived),
            )  # fmt: skip
    settings = comparison.settings
    yield (
        say("Bounds"),
        say(
            "False discovery rate: {alpha}. The same: within {margin} of a share. Least sessions a"
            " side: {least}. Intervals: {confidence}.",
            alpha=language.percent(settings.alpha),
            margin=language.percent(settings.margin),
            least=settings.min_sessions,
            confidence=language.percent(settings.confidence),
        ),
    )
    yield say("Computed with"), ", ".join(map(" ".join, comparison.versions))
    yield say("Recorded with"), ", ".join(map(" ".join, comparison.tools))
    yield say("Knowledge (SHA-256)"), comparison.knowledge
    yield (
        say("Recordings"),
        say("The SHA-256 of each recording stands in the sheet of the sessions."),
    )
    yield (
        say("Columns"),
        say("What a column means stands in the note on its head, and in the last sheet."),
    )


def _under(title: Said, texts: Iterable[str]) -> Iterator[_Line]:
    for number, text in enumerate(texts):
        yield ("" if number else title), text
