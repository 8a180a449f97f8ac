"""Independent witnesses of a session: what else saw the phone while the proxy recorded it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path

from analyzer.amounts import asked
from analyzer.bundle import find_bundle, read_session
from analyzer.errors import UserError
from analyzer.instants import instant
from analyzer.models import Event, Measured, Problem, Session
from analyzer.readers import Asked
from analyzer.readers.bundle import Connections, read_exchanges, read_measured
from analyzer.readers.netstats import SOURCE
from analyzer.study import Study

PACKETS = "packets.pcapng"  # in a bundle: recorded beside the proxy
RECORDER_ADDRESS = "recorder_address"  # measured: of the machine that recorded
APP_BYTES = ("app_bytes_up", "app_bytes_down")  # measured: of the app, by the phone itself
SLACK = 30.0  # seconds that two clocks may differ
MOST_OF_IT = 0.8  # of the app's bytes: framing and retransmissions are counted by phones only


def session_beside(study: Study, wanted: str) -> Session:
    """Return the session of `study` whose id is, or begins with, `wanted`.

    `UserError` if it is none that can have witnesses.
    """
    session = read_session(find_bundle(study.captures, wanted))
    if session.beside:
        raise UserError(
            f"{session.id} is itself a witness", f"name the session that it is of: {session.beside}"
        )
    if session.ended is None:
        raise UserError(f"{session.id} has not ended", "end it, or `evenhand recover` it, first")
    return session


def time_of(session: Session) -> tuple[float, float]:
    """Return when `session` was recorded, in seconds since 1970, as another clock may have it."""
    began = instant(session.started)
    ended = instant(session.ended) if session.ended else began
    return began - SLACK, max(began, ended) + SLACK


def packets_beside(bundle: Path) -> Iterator[Event | Problem]:
    """Yield whom the phone of the session `bundle` talked to, by the packets recorded beside it.

    The phone's are those of the addresses that came in by the proxy. What it said to the recording
    machine, and what that machine says itself, is not the phone's. Behind WireGuard the phone has
    an address inside the tunnel only: the packets outside of it are opaque, and nothing is told.
    Nothing either where no packets were recorded.
    """
    path = bundle / PACKETS
    if not path.is_file():
        return
    recorder = recorder_addresses(bundle)
    seen = {_packed(each.phone) for each in Connections(bundle)}
    phones = sorted(seen - recorder - {b""})
    if not phones:
        return
    # What reads packets takes 10 MB, and few sessions have any.
    from analyzer.readers.pcap import read_packets  # noqa: PLC0415

    asked = Asked(phones=tuple(str(ip_address(each)) for each in phones))
    try:
        records = read_packets(path, asked, recorder).records
    except UserError:
        yield Problem("", "read", "no_packets", f"{PACKETS} shows nothing of the phone")
        return
    for record in records:
        if isinstance(record, Event | Problem):
            yield record


def recorder_addresses(bundle: Path) -> set[bytes]:
    """Return the addresses of the machine that recorded `bundle`, as far as it noted them."""
    measured = read_measured(bundle)
    return {_packed(each.value) for each in measured if each.topic == RECORDER_ADDRESS} - {b""}


def _packed(address: str) -> bytes:
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return b""
    return (getattr(found, "ipv4_mapped", None) or found).packed


def captured_bytes(bundle: Path) -> int:
    """Return how many bytes of the phone a session saw: those it read and those that passed."""
    total = 0
    for exchange in read_exchanges(bundle):
        headers = (*exchange.request_headers, *exchange.response_headers)
        total += sum(len(name) + len(value) + 4 for name, value in headers)
        total += asked(exchange.method, exchange.url)
        total += len(exchange.request_body) + len(exchange.response_body) + exchange.truncated
    return total + sum(each.bytes_up + each.bytes_down for each in Connections(bundle))


def counted_bytes(measured: Sequence[Measured]) -> int | None:
    """Return the app's bytes as the phone counted them; None where it did not."""
    # `evenhand phone` measures the same of all time: that is another source.
    found = [each.value for each in measured if each.topic in APP_BYTES and each.source == SOURCE]
    return sum(int(each) for each in found if each.isdecimal()) if found else None


def share(counted: int, captured: int) -> str:
    """Say what share of the app's bytes was captured.

    >>> share(12_345_678, 11_900_000)
    '12.3 MB by the app, 11.9 MB captured'
    """
    return f"{_size(counted)} by the app, {_size(captured)} captured"


def unseen_bytes(witness: Path, captured: int) -> Problem | None:
    """Return the problem that the phone counted many more bytes of the app than were captured.

    It counts in spans of hours, so this is a hint and no proof: it blinds nobody.
    """
    counted = counted_bytes(read_measured(witness))
    if counted is None or captured >= counted * MOST_OF_IT:
        return None
    return Problem("", "read", "app_bytes_unseen", share(counted, captured))


def _size(number: int) -> str:
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if number >= size:
            return f"{number / size:.1f} {unit}"
    return f"{number} bytes"
