"""What the outcome of a connection means, given the others of the same phone.

A refused certificate looks the same whether the phone does not trust our authority or the app pins
its own. What tells them apart is whether anything else of this phone could be read, and whether
this name ever could.

Only an alert says that a certificate was refused. Who hangs up after having seen it may also have
changed his mind, as browsers do with connections that they open in advance, several at a time: it
takes two that were not at the same time. Who hung up before he saw it refused nothing.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network

from analyzer.models import Connection, Event, EventKind, Outcome, TrustState

CHECK_HOST = "phone.check"
OWN_HOSTS = (CHECK_HOST, "mitm.it")  # pages of the recorder itself: not the app's traffic
# Addresses of the check page, which nobody has on the internet (RFC 2544, RFC 4193).
PAGE_IPV4 = IPv4Address("198.19.255.254")
PROBES_IPV6 = IPv6Network("fd00:198:19::/64")
READ: frozenset[TrustState] = frozenset({"decrypted", "plaintext"})
# Why a certificate is refused: only the first says that it was the certificate.
REFUSED = "the app refused the certificate"
HUNG_UP_EARLY = "the app hung up during the handshake"
HANDSHAKE = "the TLS handshake failed"
# Why a connection is silent. One that stays open is no sign of a pin.
HUNG_UP = "the app hung up after the handshake without a request"
QUIET = "the app said nothing after the handshake"
CUT_SHORT = "the app hung up before it was shown a certificate"
_NOT_OURS = frozenset({"passed", "tcp", "udp"})  # the recorder's pages never end so
# What a state is told as: (kind of event, in fixed words).
_TOLD: dict[TrustState, tuple[EventKind, str]] = {
    "ca_refused": ("tls_refused", "the phone does not trust the certificate authority"),
    "pinned": ("tls_refused", "the app pins its certificate"),
    "pin_suspected": ("host_seen", "the app may pin its certificate"),
    "passed": ("tls_passthrough", "passed through unread"),
    "quic_refused": ("quic", "QUIC was refused"),
    "tcp": ("non_http", "not HTTP"),
    "udp": ("non_http", "UDP"),
    "blocked": ("blocked", "blocked"),
    "failed": ("error", "the server could not be reached"),
}
# Those of which the state says more than how the connection ended.
_JUDGED = frozenset({"ca_refused", "pinned"})
_FELL_BACK = "QUIC was refused, then the app was read over TCP"
Who = tuple[str, str]  # phone and host; the address stands for a host that has no name


def tally(connections: Sequence[Connection]) -> dict[str, int]:
    """Count what became of the connections of one session, as `Session.counts` has it.

    ``connections_<state>`` for each `TrustState` that occurs, ``hosts`` that were asked for,
    ``hosts_unread`` to which no connection could be decrypted (or was without encryption), and the
    bytes that passed unread. Whether the bodies inside could be read is another question, which
    only `coverage` answers. The recorder's own pages are left out.
    """
    told = [
        (each, state)
        for each, state in zip(connections, judge(connections), strict=True)
        if not is_own(_who(each)[1], each.outcome)
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
    return tuple(state for _, state in judged(connections))


def judged(connections: Iterable[Connection]) -> Iterator[tuple[Connection, TrustState]]:
    """Yield the connections of one session with what became of them; gone through four times."""
    seen = _Seen(connections)
    for each in connections:
        yield each, seen.state(each)


def events(connections: Iterable[Connection]) -> Iterator[Event]:
    """Yield what a report tells of the connections of one session that were not simply read.

    They are gone through four times.
    """
    seen = _Seen(connections)
    for each in connections:
        state = seen.state(each)
        if event := as_event(each, state):
            fell_back = state == "quic_refused" and _who(each) in seen.over_tcp
            yield dataclasses.replace(event, reason=_FELL_BACK) if fell_back else event


def as_event(connection: Connection, state: TrustState) -> Event | None:
    """Return what a report tells of a connection that was not simply read, None of the others.

    None, too, for those with the recorder's own pages.
    """
    if state not in _TOLD or is_own(_who(connection)[1], connection.outcome):
        return None
    kind, words = _TOLD[state]
    return Event(
        connection.t_s,
        kind,
        _who(connection)[1],
        words if state in _JUDGED else connection.reason or words,
        connection.bytes_up,
        connection.bytes_down,
    )


@dataclass(slots=True)
class _Strikes:
    """Times that somebody hung up on us who had seen our certificate."""

    first_end: float = math.inf
    last_begin: float = -math.inf

    def add(self, connection: Connection) -> None:
        ended = math.inf if connection.ended_s is None else connection.ended_s
        self.first_end = min(self.first_end, ended)
        self.last_begin = max(self.last_begin, connection.t_s)

    @property
    def enough(self) -> bool:
        """Whether two of them were not at the same time."""
        return self.last_begin > self.first_end


class _Seen:
    """What the connections of a session say together."""

    def __init__(self, connections: Iterable[Connection]) -> None:
        self.first_read: dict[Who, float] = {}
        self.over_tcp: set[Who] = set()  # read over TCP
        self.trusting: dict[str, float] = {}  # phone -> when something was first decrypted
        self.doubted: dict[str, float] = {}  # phone -> until when it did not trust the authority
        self.strikes: dict[Who, _Strikes] = {}
        for each in connections:
            if _decrypted(each):
                who = _who(each)
                self.trusting[each.phone] = min(self.trusting.get(each.phone, each.t_s), each.t_s)
                self.first_read[who] = min(self.first_read.get(who, each.t_s), each.t_s)
                if each.transport == "tcp":
                    self.over_tcp.add(who)
        for each in connections:
            # A host that refused us before all others and was read later does not pin: the
            # authority came between.
            if _is_alert(each) and self._too_early(each):
                before = self.doubted.get(each.phone, each.t_s)
                self.doubted[each.phone] = max(before, each.t_s)
        for each in connections:
            if _is_strike(each) and self._since_read(each):
                self.strikes.setdefault(_who(each), _Strikes()).add(each)

    def state(self, connection: Connection) -> TrustState:
        """Return what the outcome of one of them means."""
        match connection.outcome:
            case "read":
                return "decrypted"
            case "plain":
                return "plaintext"
            case "refused":
                return self._refused(connection)
            case "silent":
                return self._silent(connection)
            case other:
                return other

    def _refused(self, connection: Connection) -> TrustState:
        if connection.transport == "quic":
            return "quic_refused"  # normal: browsers trust no authority but public ones there
        if connection.reason != REFUSED and not self._struck(connection):
            return "pin_suspected"
        return self._pinned(connection)

    def _silent(self, connection: Connection) -> TrustState:
        if not connection.tls:
            return "unused"
        if connection.transport == "quic":
            return "unused" if _who(connection) in self.first_read else "quic_refused"
        if _is_strike(connection) and self._since_read(connection) and self._struck(connection):
            return self._pinned(connection)
        # What is read, too, is more likely to have been opened in advance.
        return "unused" if _who(connection) in self.first_read else "pin_suspected"

    def _pinned(self, connection: Connection) -> TrustState:
        """Say whose refusal it is."""
        if connection.phone not in self.trusting or self._doubted(connection):
            return "ca_refused"
        # Where a host was read, too, one part of the app refuses what another accepts.
        return "pinned" if _who(connection) not in self.first_read else "pin_suspected"

    def _struck(self, connection: Connection) -> bool:
        found = self.strikes.get(_who(connection))
        return found is not None and found.enough

    def _since_read(self, connection: Connection) -> bool:
        """Whether a connection is not older than the first of its host that was read, if any."""
        return connection.t_s >= self.first_read.get(_who(connection), -math.inf)

    def _too_early(self, connection: Connection) -> bool:
        first_read = self.first_read.get(_who(connection), -1.0)
        return first_read > connection.t_s and self.trusting[connection.phone] > connection.t_s

    def _doubted(self, connection: Connection) -> bool:
        return connection.t_s <= self.doubted.get(connection.phone, -1.0)


def _decrypted(connection: Connection) -> bool:
    """Whether the phone went on over TLS with our certificate, whatever came of it."""
    if connection.outcome in {"tcp", "blocked", "failed"}:
        return connection.tls != ""
    return connection.outcome == "read"


def _who(connection: Connection) -> Who:
    return connection.phone, connection.host or connection.address.rpartition(":")[0]


def _is_alert(connection: Connection) -> bool:
    """Whether the app said that it was the certificate."""
    told = connection.outcome == "refused" and connection.reason == REFUSED
    return told and connection.transport == "tcp"


def _is_strike(connection: Connection) -> bool:
    """Whether the app hung up on us, having seen our certificate."""
    if connection.transport != "tcp":
        return False
    if connection.outcome == "refused":
        return connection.reason != REFUSED
    return connection.outcome == "silent" and connection.tls != "" and connection.reason == HUNG_UP


def is_page(host: str) -> bool:
    """Whether a name (lower case, no dot at the end) or an address is the check page's."""
    if host == CHECK_HOST or host.endswith(f".{CHECK_HOST}") or host == str(PAGE_IPV4):
        return True
    try:
        return ":" in host and IPv6Address(host.strip("[]")) in PROBES_IPV6
    except ValueError:
        return False


def is_own(host: str, became: Outcome | TrustState = "open") -> bool:
    """Whether `host`, a name or an address, is answered by the recorder itself.

    `became` is what a connection to it came to: an app may call whatever it likes by these names,
    and what was not HTTP, or passed on, went to somebody else.
    """
    if became in _NOT_OURS:
        return False
    name = host.lower().rstrip(".")
    return is_page(name) or any(name == own or name.endswith(f".{own}") for own in OWN_HOSTS)
