"""One self-contained page: key findings, matrix, signals, blind spots, method, evidence.

The template escapes everything; `visible` then makes characters that could reorder or hide text
readable. The page has no script and asks for nothing: a content security policy forbids both.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from analyzer import amounts
from analyzer.comparison import Comparison, CoverageRow, Recipient
from analyzer.extract.shapes import visible
from analyzer.knowledge import Knowledge
from analyzer.linkage import Linkage
from analyzer.models import Delta, DeltaKind
from reports import words
from reports.coverage import host_lines, side_coverage
from reports.headlines import headlines, label, shown_values, signal_label
from reports.joined import ties
from reports.location import location, unverified
from reports.matrix import matrix
from reports.opening import opening
from reports.proofs import proofs
from reports.region import arm_regions

_Groups = list[tuple[Recipient, list[Delta]]]
_STATES = ("", "non_protective", "contradictory", "protective", "no_signal")


def render_html(
    comparison: Comparison, knowledge: Knowledge, linkage: Linkage | None = None
) -> str:
    """Return the page as text. The same comparison, knowledge and linkage give the same text.

    `linkage` is that of the comparison's two sides; without it the page says nothing of it.
    """
    groups = words.by_recipient(comparison)
    laws = {law.id: law for law in knowledge.laws}
    cited = sorted({law for row in comparison.deltas for law in row.law if law in laws})
    days = sorted(row.started[:10] for row in comparison.sessions)

    def country(code: str) -> str:
        return words.country(code, knowledge)

    return _template().render(
        comparison=comparison,
        a=comparison.a,
        b=comparison.b,
        controlled=bool(comparison.a.controls and comparison.b.controls),
        opening=opening(comparison),
        headlines=headlines(comparison, knowledge),
        matrix=matrix(groups, knowledge),
        data=_of("data", groups),
        signals=_of("signal", groups),
        proofs=proofs(comparison, groups),
        hosts=host_lines(comparison.coverage),
        coverage=_COVERAGE,
        read=(side_coverage(comparison.coverage, "a"), side_coverage(comparison.coverage, "b")),
        regions=arm_regions(comparison),
        ties=ties(linkage, lambda data_type: label(data_type, knowledge)) if linkage else None,
        laws=[laws[law] for law in cited],
        law_numbers={law: number for number, law in enumerate(cited, 1)},
        knowledge=knowledge,
        days=" to ".join(dict.fromkeys([*days[:1], *days[-1:]])),
        located={"a": location(comparison, "a", country), "b": location(comparison, "b", country)},
        unverified=unverified(comparison, country),
        grades=words.GRADES,
        recognised=words.recognised(comparison.deltas),
        data_rows=sum(row.kind == "data" for row in comparison.deltas),
        observed_only=words.OBSERVED_ONLY,
        values_of=lambda row: shown_values(row, comparison, knowledge),
        country=country,
        label=lambda data_type: label(data_type, knowledge),
        signal_label=lambda signal: signal_label(signal, knowledge),
    )


def _of(kind: DeltaKind, groups: _Groups) -> _Groups:
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


_COVERAGE: dict[str, Callable[[CoverageRow], str]] = {
    "Sessions": lambda row: f"{row.k}/{row.n}",
    "Exchanges": lambda row: str(row.exchanges),
    "Sent": lambda row: amounts.size(row.bytes_up),
    "Received": lambda row: amounts.size(row.bytes_down),
    "TLS refused (pinned)": lambda row: (
        f"{row.refused} ({row.pinned})" if row.pinned else str(row.refused)
    ),
    "Passed unread": lambda row: amounts.size(row.unread_up + row.unread_down),
    "Not decoded": lambda row: str(row.opaque),
    "Cut off": lambda row: str(row.cut),
    "Blocked, lost, unseen": lambda row: str(row.blocked + row.lost + row.unseen),
}


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_shown,
    )
    environment.filters |= {
        "share": words.share,
        "points": words.points,
        "probability": words.probability,
        "percent": words.percent,
        "words": lambda text: text.replace("_", " "),
        "sentence": lambda text: text[:1].upper() + text[1:],
    }
    environment.globals |= {
        "interval": words.interval,
        "verdict": words.verdict,
        "method": words.method,
        "name_of": words.recipient_name,
        "number": amounts.number,
        "state": words.state,
        "marks": _MARKS,
    }
    return environment.get_template("report.html.j2")


_MARKS = dict.fromkeys(words.DIFFERENT, "≠") | {"insufficient": "?", "same": ""}


def _shown(value: object) -> object:
    # Markup is what the template itself has made; everything else may come from a capture.
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
