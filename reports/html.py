"""One self-contained page: the answer, what is behind it, how sure it is, and the evidence.

The templates escape everything and make characters that could reorder or hide text readable. The
page asks for nothing. It has one script, which sorts, filters and opens what is there without it;
a content security policy lets no other run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from analyzer.compare.cautions import waivers
from analyzer.comparison import Comparison, CoverageRow, Recipient
from analyzer.countries import CountryMatrix
from analyzer.knowledge import Knowledge
from analyzer.linkage import Linkage
from analyzer.models import Delta, DeltaKind
from analyzer.said import Said, say
from reports import words
from reports.answer import answer
from reports.consenting import consenting
from reports.counted import counted
from reports.countries import lands
from reports.coverage import HostLine, host_lines, side_coverage
from reports.feed.sections import sections
from reports.filters import Filters
from reports.growing import growing
from reports.headlines import headlines
from reports.joined import ties
from reports.language import Figure, Language
from reports.lawful import lawful
from reports.limits import limits
from reports.location import location
from reports.matrix import matrix
from reports.measured import measured
from reports.naming import Names
from reports.proofs import proofs
from reports.receivers import receivers
from reports.region import arm_regions
from reports.templating import fingerprint, source, template
from reports.unread import unread_picture

if TYPE_CHECKING:
    from analyzer.feed.audit_records import Audit

_Value = Callable[[CoverageRow], str]
Groups = list[tuple[Recipient, list[Delta]]]
_MANY = 2000  # rows; with more the evidence of those that are the same is told in brief
# With more, what is below is laid out only when it is scrolled to: the page opens in two seconds,
# but a picture taken of all of it, or its text, has no more than the browser has laid out.
_LONG = 500
_STATES = ("", "non_protective", "contradictory", "protective", "no_signal")


def render_html(
    comparison: Comparison,
    knowledge: Knowledge,
    linkage: Linkage | None = None,
    language: Language | None = None,
    countries: CountryMatrix | None = None,
    feed: Audit | None = None,
) -> str:
    """Return the page as text, in English where no `language` is named.

    The same comparison, knowledge, linkage and language give the same text. `linkage` is that of
    the comparison's two sides, `countries` the matrix of all countries of the study, `feed` the
    audit of what their feeds showed: without one of them the page says nothing of it.
    """
    language = language or Language()
    names = Names(comparison, knowledge, language)
    groups = words.by_recipient(comparison)
    script = source("report.js")
    rows = _rows(groups)
    return template(language).render(
        comparison=comparison,
        a=comparison.a,
        b=comparison.b,
        knowledge=knowledge,
        names=names,
        script=script,
        script_hash=fingerprint(script),
        style=source("report.css"),
        controlled=bool(comparison.a.controls and comparison.b.controls),
        answer=answer(comparison, names),
        warnings=_warnings(comparison),
        headlines=headlines(names),
        counted=counted(comparison),
        matrix=matrix(groups, names),
        signals=_of("signal", groups),
        receivers=receivers(comparison, linkage, names),
        consent=consenting(comparison, names),
        ages=growing(comparison, names),
        lands=lands(countries, names) if countries else None,
        measured=measured(comparison, names),
        audit=feed,
        feed=sections(feed, language) if feed else None,
        ties=ties(linkage, names.data) if linkage else None,
        hosts=host_lines(comparison.coverage),
        unread=unread_picture(comparison, names),
        columns=_columns(names),
        read=(side_coverage(comparison.coverage, "a"), side_coverage(comparison.coverage, "b")),
        regions=arm_regions(comparison),
        located={"a": location(comparison, "a"), "b": location(comparison, "b")},
        limits=limits(comparison, names),
        law=lawful(comparison, knowledge, names),
        days=_days(comparison),
        grades=words.GRADES,
        recognised=words.recognised(comparison.deltas),
        observed_only=words.OBSERVED_ONLY,
        fictional=words.FICTIONAL,
        open_rows=[row for row in rows if row[1].verdict != "same"],
        same_rows=[row for row in rows if row[1].verdict == "same"],
        many_rows=len(rows) > _MANY,
        long=len(rows) > _LONG,
        filters=Filters(rows, names),
        proofs=proofs(comparison, knowledge),
    )


def _of(kind: DeltaKind, groups: Groups) -> Groups:
    """Return the rows of one kind, with those of one subject together, phase by phase."""
    found = [
        (
            recipient,
            sorted(
                (row for row in rows if row.kind == kind),
                key=lambda row: (row.subject, _STATES.index(row.state)),
            ),
        )
        for recipient, rows in groups
    ]
    return [(recipient, rows) for recipient, rows in found if rows]


def _rows(groups: Groups) -> list[tuple[Recipient, Delta]]:
    """Return every row with its recipient: data before signals."""
    return [
        (recipient, row)
        for kind in ("data", "signal")
        for recipient, rows in _of(kind, groups)
        for row in rows
    ]


def _warnings(comparison: Comparison) -> list[str]:
    """Return the warnings, but for those that the page tells of its gates."""
    told = set(waivers(comparison.gates))
    return [each for each in comparison.warnings if each not in told]


def _days(comparison: Comparison) -> tuple[str, str] | None:
    days = sorted(row.started for row in comparison.sessions if row.started)
    return (days[0], days[-1]) if days else None


def _columns(names: Names) -> list[tuple[Said, Callable[[HostLine], str]]]:
    """Return the columns of the table of hosts: a heading, and what tells of one host."""
    number, size = names.language.number, names.language.size

    def refused(row: CoverageRow) -> str:
        if not row.pinned:
            return number(row.refused)
        return f"{number(row.refused)} ({number(row.pinned)})"

    def column(heading: Said, value: _Value) -> tuple[Said, Callable[[HostLine], str]]:
        return heading, lambda line: _pair(line, value, names)

    return [
        column(say("Sessions"), lambda row: names.language.share(row.k, row.n)),
        column(say("Exchanges"), lambda row: number(row.exchanges)),
        column(say("Sent"), lambda row: size(row.bytes_up)),
        column(say("Received"), lambda row: size(row.bytes_down)),
        column(say("TLS refused (pinned)"), refused),
        column(say("Passed unread"), lambda row: size(row.unread_up + row.unread_down)),
        column(say("Not decoded"), lambda row: number(row.opaque)),
        column(say("Cut off"), lambda row: number(row.cut)),
        column(
            say("Blocked, lost, unseen"), lambda row: number(row.blocked + row.lost + row.unseen)
        ),
    ]


def _pair(line: HostLine, value: _Value, names: Names) -> str:
    """Return ``value(a) · value(b)``, or the one text if both sides have the same."""
    none = names.plain(say("not met"))
    a, b = (none if row is None else value(row) for row in (line.a, line.b))
    return Figure(a if a == b else f"{a} · {b}")
