"""What could be read of each host in a session, and what could not.

"Not seen" is never "not collected": a refused connection, bytes that passed unread, a body or a
value that no decoder could read and an exchange that was cut off are counted here, host by host.
Requests and answers are counted apart, because personal data stands in requests: an unread answer
can hide a privacy signal, but nothing that was sent.

A capture may name any number of hosts. Those beyond `MOST_HOSTS` are counted together, as what
nobody knows the name of, and that is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final

from analyzer.amounts import asked
from analyzer.findings import Coverage
from analyzer.models import Connection, Destination, Event, Exchange, Problem, TrustState
from analyzer.trust import CUT_SHORT, is_own

_MEDIA = ("image/", "video/", "audio/", "font/")
_BODILESS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "CONNECT"})
_OTHER: frozenset[TrustState] = frozenset({"tcp", "udp"})
_STATES: frozenset[TrustState] = frozenset(
    {
        "decrypted", "plaintext", "ca_refused", "pinned", "pin_suspected", "passed",
        "quic_refused", "blocked",
    }
)  # fmt: skip
NOWHERE = Destination("", "", "", "third", "")  # a connection whose name nobody learned
MOST_HOSTS: Final = 10_000  # of one session


@dataclass(slots=True)
class Exchanged:
    """The running counts of exchanges with one host."""

    exchanges: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    opaque: int = 0
    cut: int = 0
    opaque_down: int = 0
    cut_down: int = 0

    def exchange(self, exchange: Exchange, problems: Sequence[Problem]) -> None:
        """Count an exchange. `problems` are those of decoding it."""
        self.exchanges += 1
        self.bytes_up += (
            len(exchange.request_body)
            + _size(exchange.request_headers)
            + asked(exchange.method, exchange.url)
        )
        self.bytes_down += len(exchange.response_body) + _size(exchange.response_headers)
        if exchange.complete and not problems:
            return
        # What is truncated is counted as cut. `decode` begins each detail with the part.
        unread = [each for each in problems if each.code != "truncated"]
        answers = [each for each in unread if each.detail.startswith("response")]
        self.opaque += len(answers) < len(unread)
        # The phone breaks pictures and films off all the time, and they hold no signal; what is
        # only called a picture may.
        media = _is_media(exchange)
        self.opaque_down += any(each.code == "opaque_value" or not media for each in answers)
        if not media:
            self.cut_down += not exchange.complete and not _request_cut(exchange)
        self.cut += _request_cut(exchange)

    def add(self, other: Exchanged) -> None:
        """Add the counts of other exchanges with the same host."""
        self.exchanges += other.exchanges
        self.bytes_up += other.bytes_up
        self.bytes_down += other.bytes_down
        self.opaque += other.opaque
        self.cut += other.cut
        self.opaque_down += other.opaque_down
        self.cut_down += other.cut_down


@dataclass(slots=True)
class _Seen(Exchanged):
    """The running counts of one host."""

    refused: int = 0
    unread_up: int = 0
    unread_down: int = 0
    quic: int = 0  # refused datagrams: the app may have come back over TCP
    blocked: int = 0
    failed: int = 0  # at the server
    idle: int = 0  # connections of which nothing came: lost, unless the host was read by others
    witnessed: int = 0  # sightings by an independent witness ...
    witnessed_up: int = 0  # ... and the bytes it saw
    witnessed_down: int = 0
    states: Counter[str] = field(default_factory=Counter)

    @property
    def recorded(self) -> bool:
        """Whether the recorder itself ever saw the host."""
        return bool(self.exchanges or self.states.total() or self.refused or self.quic)


class Hosts:
    """Counts the exchanges and events of one session by host."""

    def __init__(self, classify: Callable[[str], Destination]) -> None:
        self._classify = classify
        self._seen: dict[str, _Seen] = {}
        self._met: set[str] = set()  # hosts of connections, also of those that came to nothing
        self._destinations: dict[str, Destination] = {"": NOWHERE}
        self._beyond = 0

    def destination(self, host: str) -> Destination:
        """Return where `host` is; the one without a name or owner where it is empty.

        Hosts are counted by the name that may be shown, so that it leads to the same place.
        """
        found = self._destinations.get(host)
        if found is None:
            found = self._classify(host)
            if len(self._destinations) < 2 * MOST_HOSTS:  # what is sent to, and what is shown of it
                self._destinations[host] = found
                self._destinations.setdefault(found.host, found)
        return found

    def exchange(self, host: str, exchange: Exchange, problems: Sequence[Problem]) -> None:
        """Count an exchange. `problems` are those of decoding it."""
        self._of(host).exchange(exchange, problems)

    def add(self, exchanged: Mapping[Destination, Exchanged]) -> None:
        """Add the counts of the next exchanges, in the order of the first with each host."""
        for where, counts in exchanged.items():
            if len(self._seen) < MOST_HOSTS:
                self._destinations.setdefault(where.host, where)
            self._of(where.host, counts.exchanges).add(counts)

    def event(self, event: Event) -> None:
        """Count what happened beside the exchanges."""
        if event.kind in {"dns", "error"}:
            return  # a name that was asked for says nothing of what was sent; errors end a session
        seen = self._of(self.destination(event.host).host)
        seen.unread_up += event.bytes_up
        seen.unread_down += event.bytes_down
        seen.refused += event.kind == "tls_refused"
        seen.quic += event.kind == "quic"
        seen.cut += event.kind == "gap"
        seen.blocked += event.kind == "blocked"

    def connection(self, connection: Connection, state: TrustState) -> None:
        """Count what became of a connection; its bytes come with its event."""
        name = connection.host or connection.address.rpartition(":")[0]
        if is_own(name, connection.outcome):
            return
        host = self.destination(name).host
        if len(self._met) < MOST_HOSTS:
            self._met.add(host)
        column = "other" if state in _OTHER else state
        if column == "other" or state in _STATES:
            self._of(host).states[column] += 1
        elif state == "failed" and connection.transport == "tcp":
            self._of(host).failed += 1
        elif name and (
            state in {"failed", "open"} or connection.tls or connection.reason == CUT_SHORT
        ):
            self._of(host).idle += 1  # an app whose QUIC fails asks again over TCP

    def witness(self, event: Event) -> None:
        """Count what an independent witness of the session saw, beside the recorder.

        Addresses of the local network are passed over: the phone's router, its broadcasts, and the
        recorder itself, with all that goes through its tunnel.
        """
        if event.kind in {"dns", "error", "gap"} or not event.host or is_own(event.host):
            return
        if _is_local(event.host):
            return
        seen = self._of(self.destination(event.host).host)
        seen.witnessed += 1
        seen.witnessed_up += event.bytes_up
        seen.witnessed_down += event.bytes_down

    def coverage(self, session: str) -> tuple[Coverage, ...]:
        """Return the counts of every host, in order of the names."""
        return tuple(
            self._row(session, self.destination(host), seen)
            for host, seen in sorted(self._seen.items())
        )

    @property
    def bytes_seen(self) -> int:
        """How many bytes went by the recorder, read or not."""
        return sum(
            seen.bytes_up + seen.bytes_down + seen.unread_up + seen.unread_down
            for seen in self._seen.values()
        )

    @property
    def exchanges(self) -> int:
        """How many exchanges were counted."""
        return sum(seen.exchanges for seen in self._seen.values())

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What could not be told apart, because there was too much of it."""
        if not self._beyond:
            return ()
        detail = f"{self._beyond} times beyond {MOST_HOSTS} hosts"
        return (Problem("", "classify", "too_many_hosts", detail),)

    def _of(self, host: str, times: int = 1) -> _Seen:
        seen = self._seen.get(host)
        if seen is None:
            if len(self._seen) >= MOST_HOSTS and host:
                self._beyond += times
                return self._of("")
            seen = self._seen[host] = _Seen()
        return seen

    def _row(self, session: str, where: Destination, seen: _Seen) -> Coverage:
        # An app whose QUIC is refused asks again over TCP, and that was read. Where it never did,
        # what it had to say was lost with the refusal.
        lost = seen.quic if not seen.exchanges else 0
        # A witness only adds what the recorder never saw; of the rest it sees the same bytes.
        unseen = not seen.recorded and where.host not in self._met
        return Coverage(
            session=session,
            host=where.host,
            site=where.site,
            owner=where.owner,
            party=where.party,
            exchanges=seen.exchanges,
            bytes_up=seen.bytes_up,
            bytes_down=seen.bytes_down,
            refused=seen.refused + lost,
            unread_up=seen.unread_up + seen.witnessed_up * unseen,
            unread_down=seen.unread_down + seen.witnessed_down * unseen,
            opaque=seen.opaque,
            cut=seen.cut,
            opaque_down=seen.opaque_down,
            cut_down=seen.cut_down,
            decrypted=seen.states["decrypted"],
            plaintext=seen.states["plaintext"],
            ca_refused=seen.states["ca_refused"],
            pinned=seen.states["pinned"],
            pin_suspected=seen.states["pin_suspected"],
            passed=seen.states["passed"],
            quic_refused=seen.states["quic_refused"],
            other=seen.states["other"],
            blocked=max(seen.blocked, seen.states["blocked"]),
            unseen=seen.witnessed * unseen,
            lost=seen.failed + (0 if seen.exchanges else seen.idle),
        )


def _is_local(host: str) -> bool:
    """Whether `host` is an address that nobody on the internet can have."""
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return not address.is_global or address.is_multicast


def _request_cut(exchange: Exchange) -> bool:
    """Whether a part of the request may be missing.

    It was complete if an answer came, unless its body was the one that could not be kept: then it
    is the larger of the two, or, of a request that should have one, it is not there at all.
    """
    if exchange.complete:
        return False
    if exchange.status is None:
        return True
    if not exchange.truncated or exchange.method.upper() in _BODILESS:
        return False
    sent = len(exchange.request_body)
    return not sent or sent >= len(exchange.response_body)


def _is_media(exchange: Exchange) -> bool:
    return any(
        name.lower() == "content-type" and value.strip().lower().startswith(_MEDIA)
        for name, value in exchange.response_headers
    )


def _size(headers: tuple[tuple[str, str], ...]) -> int:
    return sum(len(name) + len(value) + 4 for name, value in headers)
