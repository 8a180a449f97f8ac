"""The tables of how a comparison was made: sessions, coverage, gates, law and the rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from analyzer.comparison import Changed
from analyzer.said import say
from reports.dictionary_columns import Column, Table, column
from reports.record import Record

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
_COUNTS: Final = (
    column("exchanges", "Requests with their answers", "count"),
    column("bytes_up", "Sent, read", "bytes"),
    column("bytes_down", "Received, read", "bytes"),
    column("refused", "Connections whose TLS the app refused", "count"),
    column("unread_up", "Sent, passed without being read", "bytes"),
    column("unread_down", "Received, passed without being read", "bytes"),
    column("opaque", "Requests and answers that could not be decoded completely", "count"),
    column("cut", "Exchanges that are not all there", "count"),
    column("decrypted", "Connections that were read", "count"),
    column("plaintext", "Connections without encryption", "count"),
    column("ca_refused", "Connections that trusted no certificate of the recorder", "count"),
    column("pinned", "Connections that were pinned", "count"),
    column("pin_suspected", "Connections that were probably pinned", "count"),
    column("passed", "Connections that were passed on unread", "count"),
    column("quic_refused", "QUIC connections that were refused", "count"),
    column("other", "Connections that were neither TLS nor HTTP", "count"),
    column("blocked", "Connections that the recorder blocked", "count"),
    column("unseen", "Connections that only a witness saw", "count"),
    column("lost", "Connections that failed or ended unused", "count"),
)
_COVERAGE: Final = (
    column("side", "a or b"),
    column("owner", "Company; empty where not known"),
    column("party", "first or third"),
    column("site", "Registrable domain"),
    column("host", "Host"),
    column("k", "Sessions of the side in which it was met", "sessions"),
    column("n", "Sessions of the side", "sessions"),
    *_COUNTS,
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
    column("side", "The side that changes: a or b; empty: both", value="which"),
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
_FACTS: Final = (
    column("title", "What the number is about"),
    column("value", "The number, as the report begins with it"),
    column("note", "What is counted"),
    column("doubtful", "Whether it weakens the answer", "yes or no"),
)
_CHANGED: Final = (
    column("sensitivity", "Which other condition (see the table sensitivity)"),
    column("kind", "data, signal, magnitude"),
    column("owner", "Company; empty where not known"),
    column("party", "first or third"),
    column("subject", "Data type, or signal"),
    column("state", "Of a signal: what it was set to; of a magnitude the measure"),
    column("phase", "Part of the session"),
    column("verdict", "In the report; empty: there is no such row"),
    column("alternative", "Under the other condition; empty: there is no such row"),
)


def _terms(meaning: str) -> tuple[Column, ...]:
    return (
        column("id", "Id, as in the other tables"),
        column("label", "In words"),
        column("meaning", "What it is"),
        column("group", meaning),
        column("source", "Who defines it; empty: evenhand"),
    )


class _Other(NamedTuple):
    """A row whose verdict is another one, and under which condition."""

    sensitivity: str
    row: Changed

    def __getattr__(self, name: str) -> Any:
        return getattr(self.row, name)


def _changed(record: Record) -> Iterator[Any]:
    for each in record.comparison.sensitivities:
        yield from (_Other(each.title, row) for row in each.changed)


SETTING: Final = (
    Table("facts", say("Key numbers"), say("One number behind the answer"), _FACTS,
          lambda record: record.facts),
    Table("sessions", say("Sessions"), say("One session that took part"), _SESSIONS,
          lambda record: record.comparison.sessions),
    Table("excluded", say("Left out"), say("One recording that was left out"), _EXCLUDED,
          lambda record: record.comparison.excluded),
    Table("regions", say("Regions"), say("Where the phone of one session was"), _REGIONS,
          lambda record: record.comparison.regions),
    Table("gates", say("Gates"), say("One condition for a verdict"), _GATES,
          lambda record: record.comparison.gates),
    Table("coverage", say("Coverage"), say("One host on one side"), _COVERAGE,
          lambda record: record.comparison.coverage),
    Table("blind_spots", say("Blind spots"), say("What could not be read of one recipient"), _BLIND,
          lambda record: record.comparison.blind_spots),
    Table("problems", say("Problems"), say("What could not be read, by kind"), _PROBLEMS,
          lambda record: record.comparison.problems),
    Table("recipients", say("Recipients"), say("Who received something"), _RECIPIENTS,
          lambda record: record.recipients),
    Table("noise", say("Noise floor"), say("A comparison of a side with itself"), _NOISE,
          lambda record: record.comparison.noise.arms),
    Table("sensitivity", say("Sensitivity"), say("The comparison under another condition"),
          _SENSITIVITY,
          lambda record: record.comparison.sensitivities),
    Table("changed", say("Changed verdicts"),
          say("One row whose verdict is another one under another condition"), _CHANGED, _changed),
    Table("law", say("Law"), say("One rule on profiling minors"), _LAW, lambda record: record.law),
    Table("data_types", say("Data types"), say("One type of data"), _terms(say("Group")),
          lambda record: record.data_types),
    Table("signal_names", say("Signal names"), say("One privacy signal"),
          _terms(say("Family of signals")),
          lambda record: record.signals),
    Table("measures", say("Measures"), say("One measure"), _terms(say("Unit")),
          lambda record: record.measures),
)  # fmt: skip
