"""The tables of who can recognise a person, and where the servers are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from analyzer.said import say
from reports.dictionary_columns import Table, column

_HANDOVERS: Final = (
    column("giver", "Company that had the identifier first; empty where nothing tells"),
    column("taker", "Company that got it"),
    column("taker_party", "first or third"),
    column("way", "redirect, set, shared, unsent"),
    column("same_company", "Whether both belong to one company", "yes or no"),
    column("certain", "Whether at least one value is certainly an identifier", "yes or no"),
    column("data_types", "Of the values"),
    column("values", "Different values", "count"),
    column("seen", "Sessions by group", value=lambda row: _tallies(row.tallies)),
    column("example", "Session and exchange where the taker got it first"),
)
_PERSISTENT: Final = (
    column("data_type", "Of the identifier; empty where nothing names it"),
    column("scope", "persona, device, or everywhere: whom it recognises"),
    column("certain", "Whether nothing else explains it", "yes or no"),
    column("owners", "Companies that got it", value=lambda row: "; ".join(row.owners)),
    column("personas", "Test accounts with which it came", value=lambda r: "; ".join(r.personas)),
    column("devices", "Phones with which it came", value=lambda row: "; ".join(row.devices)),
    column("arms", "Arms in whose sessions it came"),
    column("k", "Sessions in which it came", "sessions", "count.k"),
    column("n", "Sessions in which it could have come", "sessions", "count.n"),
    column("shape", "Looks of the value"),
    column("digest", "Keyed digest: equal values have equal ones; the key is the study's secret"),
)
_LINKABLE: Final = (
    column("group", "Side or arm"),
    column("owner", "Company"),
    column("parent", "Company above it"),
    column("party", "first or third"),
    column("tracker", "Whether it is known to follow people"),
    column("k", "Sessions in which it could join data to an identifier", "sessions", "count.k"),
    column("n", "Sessions of the group", "sessions", "count.n"),
    column("identifiers", "Types of the identifiers"),
    column("types", "Other types of data that it got with them"),
    column("common", "The set of types that it got most often"),
    column(
        "diffaudit_k",
        "Sessions in which it counts as linkable by DiffAudit's definition",
        "sessions",
        "diffaudit.k",
    ),
)
_DIFFAUDIT: Final = (
    column("group", "Side or arm"),
    column("sites", "Sites of third parties that got any data", "count"),
    column("linkable", "Those that got an identifier and other personal data"),
    column("identifiers_only", "Sites that got identifiers and nothing else", "count"),
    column("personal_only", "Sites that got other personal data and no identifier", "count"),
    column("common", "The set of classes that linkable sites got most often"),
)
_SERVERS: Final = (
    column("group", "Side or arm"),
    column("owner", "Company"),
    column("country", "Where databases put the server (ISO 3166-1 alpha-2); empty: nowhere"),
    column("k", "Sessions in which an address of the company was there", "sessions", "count.k"),
    column("n", "Sessions of the group", "sessions", "count.n"),
    column("sources", "Databases that say so", value=lambda row: "; ".join(row.sources)),
)


def _tallies(tallies: Iterable[Any]) -> str:
    return "; ".join(f"{each.group} {each.count.k}/{each.count.n}" for each in tallies)


LINKAGE: Final = (
    Table("handovers", say("Handovers"), say("An identifier that two companies share"), _HANDOVERS,
          lambda record: record.linkage.handovers if record.linkage else ()),
    Table("persistent", say("Came again"), say("An identifier that came in several sessions"),
          _PERSISTENT, lambda record: record.linkage.persistent if record.linkage else ()),
    Table("linkable", say("Linkable"), say("What one company can join on one person"), _LINKABLE,
          lambda record: record.linkage.linkable if record.linkage else ()),
    Table("diffaudit", say("As DiffAudit counts"),
          say("Linkability of one group of sessions, as DiffAudit counts it"), _DIFFAUDIT,
          lambda record: record.linkage.diffaudit if record.linkage else ()),
    Table("servers", say("Servers"), say("One company, and one country of its servers"), _SERVERS,
          lambda record: record.linkage.places if record.linkage else ()),
)  # fmt: skip
