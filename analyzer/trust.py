"""What the outcome of a connection means, given the others of the same phone.

A refused certificate looks the same whether the phone does not trust our authority or the app pins
its own. What tells them apart is whether anything else of this phone could be read, and whether
this name ever could.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from analyzer.models import Connection, Event, EventKind, TrustState

OWN_HOSTS = ("phone.check", "mitm.it")  # pages of the recorder itself: not the app's traffic
READ: frozenset[TrustState] = frozenset({"decrypted", "plaintext"})
SILENT_ENOUGH = 2  # a browser, too, opens a connection that it then does not use: once
# What a state is told as: (kind of event, in fixed words).
_TOLD: dict[TrustState, tuple[EventKind, str]] = {
    "ca_refused": ("tls_refused", "the phone does not trust the certificate authority"),
    "pinned": ("tls_refused", "the app pins its certificate"),
    "pin_suspected": ("host_seen", "the app hung up after the handshake without a request, once"),
    "passed": ("tls_passthrough", "passed through unread"),
    "quic_refused": ("quic", "QUIC was refused"),
    "tcp": ("non_http", "not HTTP"),
    "udp": ("non_http", "UDP"),
    "blocked": ("blocked", "blocked"),
    "failed": ("error", "the server could not be reached"),
}


def tally(connections: Sequence[Connection]) -> dict[str, int]:
    """Count what became of the connections of one session, as `Session.counts` has it.

    ``connections_<state>`` for each `TrustState` that occurs, ``hosts`` that were asked for,
    ``hosts_unread`` of which nothing at all was read, and the bytes that passed unread. The
    recorder's own pages are left out.
    """
    told = [
        (each, state)
        for each, state in zip(connections, judge(connections), strict=True)
        if not is_own(each.host)
    ]
    counts = Counter(f"connections_{state}" for _, state in told)
    hosts = {each.host or each.address for each, _ in told}
    read = {each.host or each.address for each, state in told if state in READ}
    return {
        **dict(sorted(counts.items())),
        "hosts": len(hosts),
        "hosts_unread": len(hosts - read),
        "unread_up": sum(each.bytes_up for each, _ in told),
        "unread_down": sum(each.bytes_down for each, _ in told),
    }


def judge(connections: Sequence[Connection]) -> tuple[TrustState, ...]:
    """Return the trust state of each of the connections of one session, in their order."""
    first_read: dict[tuple[str, str], float] = {}  # (phone, host) -> when it was first read
    trusting: set[str] = set()  # phones of which something could be decrypted
    silences: Counter[tuple[str, str]] = Counter()
    for each in connections:
        if each.outcome == "read":
            trusting.add(each.phone)
            who = (each.phone, each.host)
            first_read[who] = min(first_read.get(who, each.t_s), each.t_s)
        silences[each.phone, each.host] += each.outcome == "silent"
    return tuple(_state(each, first_read, trusting, silences) for each in connections)


def _state(
    connection: Connection,
    first_read: dict[tuple[str, str], float],
    trusting: set[str],
    silences: Counter[tuple[str, str]],
) -> TrustState:
    who = (connection.phone, connection.host)
    trusts = connection.phone in trusting
    match connection.outcome:
        case "read":
            return "decrypted"
        case "plain":
            return "plaintext"
        case "refused" if connection.transport == "quic":
            return "quic_refused"
        case "refused" if not trusts:
            return "ca_refused"
        case "refused" if who in first_read:
            # Before the first success the authority was not trusted yet; after it, another part of
            # the app refuses what one part accepts.
            return "pin_suspected" if first_read[who] <= connection.t_s else "ca_refused"
        case "refused":
            return "pinned"
        case "silent" if who in first_read:
            return "unused"
        case "silent":
            enough = trusts and silences[who] >= SILENT_ENOUGH
            return "pinned" if enough else "pin_suspected"
        case other:
            return other


def as_event(connection: Connection, state: TrustState) -> Event | None:
    """Return what a report tells of a connection that was not simply read, None of the others.

    None, too, for those with the recorder's own pages.
    """
    if state not in _TOLD or is_own(connection.host):
        return None
    kind, words = _TOLD[state]
    return Event(
        connection.t_s,
        kind,
        connection.host or connection.address.rpartition(":")[0],
        connection.reason or words,
        connection.bytes_up,
        connection.bytes_down,
    )


def is_own(host: str) -> bool:
    """Whether `host` is answered by the recorder itself."""
    name = host.lower().rstrip(".")
    return any(name == own or name.endswith(f".{own}") for own in OWN_HOSTS)
