"""The tables of how a comparison was made: sessions, coverage, gates, law and the rest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from reports.dictionary_columns import Column, Table, Unit, column

_SESSIONS: Final = (
    column("id", "Id of the session"),
    column("side", "a or b"),
    column("role", "compared, or control: an adult arm"),
    column("arm", "Arm of the study"),
    column("country", "As which the phone was set up (ISO 3166-1 alpha-2)"),
    column("age", "Declared to the app", "years"),
    column("consent", "What was answered where the app asked: accepted, refused, none"),
    column("persona", "Test account"),
    column("repeat", "Number of the repetition", "count"),
    column("block", "Time block; only sessions of one block are exchanged by the tests"),
    column("device", "Phone"),
    column("app", "App"),
    column("app_version", "Its version"),
    column("origin", "proxy, or from which kind of file it was imported"),
    column("started", "Begin, UTC"),
    column("ended", "End, UTC; empty where it was never written"),
    column("end_reason", "Why it ended"),
    column("seconds", "Length", "seconds"),
    column("complete", "Whether all of it was recorded", "yes or no"),
    column("partial", "What is known to be cut"),
    column("egress", "Country from which the traffic left, as measured; disputed; or empty"),
    column("mode", "How the phone reached the recorder"),
    column("instrumented", "What changed the app while it ran; empty: nothing"),
    column("policy", "What the recorder did to the traffic"),
    column("phases", "Phases and steps, in order"),
    column("exchanges", "Requests with their answers, and messages", "count"),
    column("findings", "Pieces of personal data that were recognised", "count"),
    column("signals", "Privacy signals that were recognised", "count"),
    column("problems", "Pieces of evidence that could not be read", "count"),
    column("capture", "SHA-256 of the sealed recording"),
)
_COUNTS: Final[tuple[tuple[str, str, Unit], ...]] = (
    ("exchanges", "Requests with their answers", "count"),
    ("bytes_up", "Sent, read", "bytes"),
    ("bytes_down", "Received, read", "bytes"),
    ("refused", "Connections whose TLS the app refused", "count"),
    ("unread_up", "Sent, passed without being read", "bytes"),
    ("unread_down", "Received, passed without being read", "bytes"),
    ("opaque", "Requests and answers that could not be decoded completely", "count"),
    ("cut", "Exchanges that are not all there", "count"),
    ("decrypted", "Connections that were read", "count"),
    ("plaintext", "Connections without encryption", "count"),
    ("ca_refused", "Connections that trusted no certificate of the recorder", "count"),
    ("pinned", "Connections that were pinned", "count"),
    ("pin_suspected", "Connections that were probably pinned", "count"),
    ("passed", "Connections that were passed on unread", "count"),
    ("quic_refused", "QUIC connections that were refused", "count"),
    ("other", "Connections that were neither TLS nor HTTP", "count"),
    ("blocked", "Connections that the recorder blocked", "count"),
    ("unseen", "Connections that only a witness saw", "count"),
    ("lost", "Connections that failed or ended unused", "count"),
)
_COVERAGE: Final = (
    column("side", "a or b"),
    column("owner", "Company; empty where not known"),
    column("party", "first or third"),
    column("site", "Registrable domain"),
    column("host", "Host"),
    column("k", "Sessions of the side in which it was met", "sessions"),
    column("n", "Sessions of the side", "sessions"),
    *(column(name, meaning, unit) for name, meaning, unit in _COUNTS),
)
_BLIND: Final = (
    column("side", "a or b"),
    column("owner", "Company; empty where not known, or where everybody is meant"),
    column("site", "Registrable domain"),
    column("hosts", "Hosts"),
    column("k", "Sessions in which something could not be read", "sessions"),
    column("n", "Sessions of the side", "sessions"),
    column("reasons", "Why", value=lambda row: "; ".join(row.reasons)),
)
_RECIPIENTS: Final = (
    column("owner", "Company; empty where not known"),
    column("party", "first or third"),
    column("parent", "Company above it; empty where nobody has looked it up"),
    column("purposes", "What it does for the app"),
    column("sites", "Registrable domains"),
    column("hosts", "Hosts"),
    column("countries", "Where databases put its servers (ISO 3166-1 alpha-2)"),
)
_GATES: Final = (
    column("name", "Gate"),
    column("level", "session: a session that fails is left out; pair: rows become insufficient"),
    column("title", "What has to hold"),
    column("passed", "Whether it holds", "yes or no"),
    column("found", "What was found"),
    column("needed", "What would be enough; empty if it holds"),
    column("waived", "Why the study does without it; empty where it does not"),
    column("sessions", "Sessions that it left out"),
    column("rows", "Rows that are insufficient because of it", "count"),
)
_EXCLUDED: Final = (
    column("session", "Id of the session"),
    column("gate", "Gate that left it out; empty where it was none"),
    column("reason", "Why it was left out"),
)
_REGIONS: Final = (
    column("session", "Id of the session"),
    column("side", "a or b"),
    column("arm", "Arm of the study"),
    column("country", "Claimed (ISO 3166-1 alpha-2)"),
    column("verdict", "proven, disputed, contradicted, unproven"),
    column("contradictions", "What speaks against it", value=lambda r: "; ".join(r.contradictions)),
    column("remarks", "Weak signs, which decide nothing", value=lambda r: "; ".join(r.remarks)),
)
_SENSITIVITY: Final = (
    column("kind", "bloc, country, instrumented, region"),
    column("name", "Which"),
    column("title", "Under which other condition everything was compared again"),
    column("reason", "Why it could not be; empty otherwise"),
    column("changed", "Rows whose verdict is another one", "count", lambda row: len(row.changed)),
)
_NOISE: Final = (
    column("kind", "side, arm, or duplicate: two arms of one region"),
    column("name", "Which"),
    column("n_a", "Sessions on the one part", "sessions"),
    column("n_b", "Sessions on the other", "sessions"),
    column("splits", "How often they were split", "count"),
    column("every", "Whether in all ways that there are", "yes or no"),
    column("rows", "Rows that were compared", "count"),
    column("called", "Called different, where nothing can be", "share"),
    column("same", "Called the same", "share"),
    column("any", "Splits with at least one row called different", "share"),
    column("mean", "Mean absolute difference of shares", "difference of shares"),
    column("largest", "Largest absolute difference of shares", "difference of shares"),
    column("possible", "Whether so few sessions can be called different", "yes or no"),
)
_PROBLEMS: Final = (
    column("side", "a or b"),
    column("stage", "Where it came up: read, decode, extract, classify"),
    column("code", "What could not be read"),
    column("count", "How often", "count"),
    column("sessions", "In how many sessions", "sessions"),
)
_LAW: Final = (
    column("id", "Name of the rule"),
    column("jurisdiction", "Where it holds"),
    column("instrument", "Law"),
    column("rule", "What it says"),
    column("age", "Of whom"),
    column("status", "Status"),
    column("adopted", "Adopted"),
    column("since", "In force from"),
    column("until", "In force until; empty: open"),
    column("level", "How far it protects minors from profiling"),
    column("grade", "Who says so: S source, D documentation, R client, O observed"),
    column("binding", "Whether it bound on a day of a session", "yes or no"),
    column("sources", "Where it can be read"),
)
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
)


def _terms(meaning: str) -> tuple[Column, ...]:
    return (
        column("id", "Id, as in the other tables"),
        column("label", "In words"),
        column("meaning", "What it is"),
        column("group", meaning),
        column("source", "Who defines it; empty: evenhand"),
    )


def _tallies(tallies: Iterable[Any]) -> str:
    return "; ".join(f"{each.group} {each.count.k}/{each.count.n}" for each in tallies)


SETTING: Final = (
    Table("sessions", "Sessions", "One session that took part", _SESSIONS,
          lambda record: record.comparison.sessions),
    Table("excluded", "Left out", "One recording that was left out", _EXCLUDED,
          lambda record: record.comparison.excluded),
    Table("regions", "Regions", "Where the phone of one session was", _REGIONS,
          lambda record: record.comparison.regions),
    Table("gates", "Gates", "One condition for a verdict", _GATES,
          lambda record: record.comparison.gates),
    Table("coverage", "Coverage", "One host on one side", _COVERAGE,
          lambda record: record.comparison.coverage),
    Table("blind_spots", "Blind spots", "What could not be read of one recipient", _BLIND,
          lambda record: record.comparison.blind_spots),
    Table("problems", "Problems", "What could not be read, by kind", _PROBLEMS,
          lambda record: record.comparison.problems),
    Table("recipients", "Recipients", "Who received something", _RECIPIENTS,
          lambda record: record.recipients),
    Table("handovers", "Handovers", "An identifier that two companies share", _HANDOVERS,
          lambda record: record.linkage.handovers if record.linkage else ()),
    Table("linkable", "Linkable", "What one company can join on one person", _LINKABLE,
          lambda record: record.linkage.linkable if record.linkage else ()),
    Table("noise", "Noise floor", "A comparison of a side with itself", _NOISE,
          lambda record: record.comparison.noise.arms),
    Table("sensitivity", "Sensitivity", "The comparison under another condition", _SENSITIVITY,
          lambda record: record.comparison.sensitivities),
    Table("law", "Law", "One rule on profiling minors", _LAW, lambda record: record.law),
    Table("data_types", "Data types", "One type of data", _terms("Group"),
          lambda record: record.data_types),
    Table("signal_names", "Signal names", "One privacy signal", _terms("Family of signals"),
          lambda record: record.signals),
    Table("measures", "Measures", "One measure", _terms("Unit"), lambda record: record.measures),
)  # fmt: skip
