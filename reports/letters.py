"""Letters: a company's right of reply, an annex for an authority, the annex of a report.

A letter is written in Markdown from a template in the language asked for, and made HTML from that.
What was captured, and what the study wrote, is text in both: it is never markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Final

from markdown_it import MarkdownIt
from markupsafe import Markup

from analyzer.compare.cautions import waivers
from analyzer.comparison import BlindSpot, Evidence, Recipient
from analyzer.errors import UserError
from analyzer.models import Delta
from analyzer.said import Said, say
from reports import words
from reports.answer import answer
from reports.language import Figure, Language
from reports.lawful import lawful
from reports.limits import limits
from reports.material import Material
from reports.measured import Group, measured
from reports.naming import Names
from reports.tables import cell
from reports.templating import environment, template

BLANK: Final = Markup("\\_\\_\\_\\_\\_\\_\\_\\_")
"""What the sender has to fill in, by hand or as `[publisher]` in study.toml."""
PUBLISHER: Final = ("name", "contact", "address", "email")
_BLANK_LINES: Final = re.compile(r"\n{3,}")
_TABLE: Final = re.compile(r"<table>.*?</table>", re.DOTALL)
_LONG_WORD: Final = re.compile(r"[^\s<>|]{30,}")
_TABLE_GAP: Final = re.compile(r"(\|\n)\n+(?=\|)")


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter in both forms."""

    markdown: str
    html: str


@dataclass(frozen=True, slots=True)
class _Group:
    """What one recipient got: its rows, and each reason for which one was not decided, once."""

    name: str
    hosts: tuple[str, ...]
    rows: tuple[Delta, ...]

    @property
    def reasons(self) -> list[str]:
        return list(dict.fromkeys(row.reason for row in self.rows if row.reason))


def reply(
    material: Material,
    company: str,
    language: Language,
    publisher: Mapping[str, str] | None = None,
    *,
    date: str = "",
    by: str = "",
) -> Letter:
    """Return the letter that asks `company` to reply to what was found about it, and only that.

    `company` is an owner, a company above owners, or a site. `date` and `by` (ISO 8601): of the
    letter, and until when to answer; "" leaves a blank. `UserError` where nobody is called so.
    """
    name, owners, sites = _company(material, company)
    comparison = material.comparison
    groups = [
        (recipient, rows)
        for recipient, rows in words.by_recipient(comparison)
        if recipient.owner in owners or (not recipient.owner and set(recipient.sites) & sites)
    ]
    spots = [
        spot
        for spot in comparison.blind_spots
        if spot.owner in owners or (not spot.owner and spot.site in sites)
    ]
    return _letter(
        material,
        "reply",
        language,
        publisher,
        groups,
        spots,
        company=name,
        date=language.date(date) if date else "",
        by=language.date(by) if by else "",
    )


def annex(
    material: Material,
    language: Language,
    publisher: Mapping[str, str] | None = None,
    *,
    authority: str | None = None,
    date: str = "",
) -> Letter:
    """Return facts, method, law, evidence and limits; with an `authority`, as an annex for it.

    "" leaves a blank for its name; None is the annex of a report, addressed to nobody.
    """
    groups = words.by_recipient(material.comparison)
    spots = list(material.comparison.blind_spots)
    told = language.date(date) if date else ""
    return _letter(
        material, "annex", language, publisher, groups, spots, authority=authority, date=told
    )


def companies(material: Material) -> list[str]:
    """Return the names that `reply` takes: owners, sites of unknown ones, companies above."""
    found = {each.owner or " ".join(each.sites[:1]) for each in material.record.recipients}
    found |= {each.parent for each in material.record.recipients}
    return sorted(found - {""})


def _company(material: Material, asked: str) -> tuple[str, set[str], set[str]]:
    """Return the name of who is meant, the owners that belong to it, and the sites."""
    recipients = material.record.recipients
    known = {name.casefold(): name for name in companies(material)}
    known |= {site.casefold(): each.owner or site for each in recipients for site in each.sites}
    wanted = asked.casefold().strip()
    fits = sorted({name for key, name in known.items() if key.startswith(wanted)})
    name = known.get(wanted) or (fits[0] if len(fits) == 1 else "")
    if not wanted or not name:
        near = fits or get_close_matches(asked, companies(material), 3, 0.5) or companies(material)
        raise UserError(f"nobody called {asked!r} received anything", f"use {', '.join(near)}")
    mine = [each for each in recipients if name in (each.owner, each.parent, *each.sites)]
    return (
        name,
        {each.owner for each in mine} - {""},
        {site for each in mine for site in each.sites},
    )


def _letter(
    material: Material,
    kind: str,
    language: Language,
    publisher: Mapping[str, str] | None,
    groups: list[tuple[Recipient, list[Delta]]],
    spots: list[BlindSpot],
    **more: object,
) -> Letter:
    comparison = material.comparison
    names = Names(comparison, material.knowledge, language)
    days = sorted(row.started for row in comparison.sessions if row.started)
    templates = environment(language, lambda value: _shown(value, language))
    text = templates.get_template(f"letters/{kind}.md.j2").render(
        comparison=comparison,
        names=names,
        answer=answer(comparison, names),
        limits=limits(comparison, names),
        law=lawful(comparison, material.knowledge, names),
        groups=[
            _Group(
                names.recipient(each.owner, each.sites), each.hosts,
                tuple(sorted(rows, key=_weight)),
            )
            for each, rows in groups
        ],
        tally=_tally([row for _, rows in groups for row in rows]),
        measured=_measured(names, groups),
        adults=bool(comparison.a.controls and comparison.b.controls),
        beyond=lambda row: _beyond(row, language),
        fictional_app=words.FICTIONAL,
        # Those of its gates stand under the method.
        warnings=[each for each in comparison.warnings if each not in waivers(comparison.gates)],
        evidence=_evidence(material, (row for _, rows in groups for row in rows)),
        sessions={row.id: row for row in comparison.sessions},
        spots=spots,
        days=language.days(days[0], days[-1]) if days else "",
        publisher=dict.fromkeys(PUBLISHER, "") | dict(publisher or {}),
        blank=BLANK,
        **more,
    )  # fmt: skip
    markdown = _BLANK_LINES.sub("\n\n", _TABLE_GAP.sub(r"\1", text)).strip() + "\n"
    return Letter(markdown, _html(markdown, language))


def _tally(rows: Sequence[Delta]) -> dict[str, int]:
    """Return how many rows got which verdict."""
    verdicts = [row.verdict for row in rows]
    return {
        "all": len(rows),
        "different": sum(each in words.DIFFERENT for each in verdicts),
        "same": verdicts.count("same"),
        "undecided": verdicts.count("insufficient"),
    }


def _measured(names: Names, groups: list[tuple[Recipient, list[Delta]]]) -> list[Group]:
    """Return what was measured of these recipients and decided, by measure."""
    owners = {each.owner for each, _ in groups if each.owner}
    found = []
    for group in measured(names.comparison, names).groups:
        lines = tuple(
            line
            for line in group.lines
            if line.row.owner in owners and line.row.verdict != "insufficient"
        )
        if lines:
            found.append(replace(group, lines=lines))
    return found


def _beyond(row: Delta, language: Language) -> str:
    """Return whether a difference was shown to be larger than that between adults."""
    if row.verdict not in words.DIFFERENT or row.contrast is None:
        return ""
    return language.tell(say("yes") if words.beyond_adults(row) else say("not shown"))


def _weight(row: Delta) -> tuple[bool, bool, str, str, str]:
    different = row.verdict in words.DIFFERENT
    return not different, row.verdict == "insufficient", row.kind, row.subject, row.id


def _evidence(material: Material, rows: Iterable[Delta]) -> list[Evidence]:
    wanted = {example for row in rows for example in row.examples}
    return [each for each in material.comparison.evidence if each.id in wanted]


def _shown(value: object, language: Language) -> object:
    """Return what is filled into Markdown: text, whatever it holds."""
    if isinstance(value, Markup | Figure):
        return value
    if isinstance(value, Said):
        return Markup(language.tell(value, _text))  # noqa: S704 - what is filled in is escaped
    return Markup(cell(value)) if isinstance(value, str) else value  # noqa: S704 - it is escaped


def _text(value: object) -> str:
    return str(value) if isinstance(value, Figure) else cell(str(value))


def _framed(table: re.Match[str]) -> str:
    """Return a table that scrolls by itself; one with long words may break them on paper."""
    long = " long" if _LONG_WORD.search(table[0]) else ""
    return f'<div class="table{long}" tabindex="0">{table[0]}</div>'


def _html(markdown: str, language: Language) -> str:
    made = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    made = _TABLE.sub(_framed, made)
    title = re.search(r"<h1>(.*?)</h1>", made)
    return template(language, "letters/letter.html.j2").render(
        body=Markup(made),  # noqa: S704 - a parser has made it, without any HTML of the text
        title=Markup(title[1] if title else ""),  # noqa: S704 - the same
    )
