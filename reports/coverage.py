"""What could be read of each host, with both sides in one line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from analyzer import amounts
from analyzer.comparison import CoverageRow, Which
from analyzer.said import say
from reports import words

# What became of connections, in the order of telling; each is a column of `CoverageRow`.
CONNECTIONS = {
    "decrypted": say("decrypted"),
    "plaintext": say("without encryption"),
    "passed": say("passed through unread"),
    "pinned": say("refused by a pinned certificate"),
    "pin_suspected": say("perhaps refused by a pin"),
    "ca_refused": say("refused because the phone did not trust the authority"),
    "quic_refused": say("QUIC refused"),
    "other": say("other TCP or UDP"),
    "blocked": say("blocked by the recorder"),
    "unseen": say("past the recorder, seen by a witness only"),
    "lost": say("failed, or unused where nothing was read"),
}


@dataclass(frozen=True, slots=True)
class HostLine:
    """One host; a side is None where no session of it saw the host."""

    host: str
    owner: str
    a: CoverageRow | None
    b: CoverageRow | None

    @property
    def unread(self) -> bool:
        """Whether anything of it could not be read."""
        return any(_unread(row) for row in (self.a, self.b) if row is not None)

    @property
    def nothing(self) -> bool:
        """Whether nothing of it could be read, on whatever side it was met."""
        return self.unread and not any(row.exchanges for row in (self.a, self.b) if row)

    def pair(self, value: Callable[[CoverageRow], str]) -> str:
        """Return ``value(a) · value(b)``, or the one text if both sides have the same."""
        a, b = ("none" if row is None else value(row) for row in (self.a, self.b))
        return a if a == b else f"{a} · {b}"


@dataclass(frozen=True, slots=True)
class SideCoverage:
    """How much of one side could be read: by host, by byte and by connection."""

    hosts: int
    whole: int  # hosts of which everything could be read
    part: int  # hosts of which something could be read
    bytes_read: int
    bytes_unread: int  # that passed; of what was refused nobody knows
    connections: tuple[tuple[str, int], ...]  # (words of `CONNECTIONS`, how many), none that is 0

    @property
    def share(self) -> float | None:
        """The share of the bytes that could be read (0..1); None where there are none."""
        total = self.bytes_read + self.bytes_unread
        return self.bytes_read / total if total else None

    @property
    def sentence(self) -> str:
        """Say it in one sentence, without the connections."""
        none = self.hosts - self.whole - self.part
        told = f"of {self.whole} of {amounts.number(self.hosts, 'host')} everything could be read"
        if self.part:
            told += f", of {self.part} a part"
        if none:
            told += f", of {none} nothing"
        if self.share is None:
            return told
        passed = f"; {amounts.size(self.bytes_unread)} passed unread" if self.bytes_unread else ""
        return f"{told}; {words.percent(self.share)} of the bytes{passed}"


def side_coverage(rows: Iterable[CoverageRow], side: Which) -> SideCoverage:
    """Return what could be read on `side`, over all of its hosts."""
    mine = [row for row in rows if row.side == side]
    counts = [(told, sum(getattr(row, name) for row in mine)) for name, told in CONNECTIONS.items()]
    return SideCoverage(
        hosts=len(mine),
        whole=sum(bool(row.exchanges) and not _unread(row) for row in mine),
        part=sum(bool(row.exchanges) and _unread(row) for row in mine),
        bytes_read=sum(row.bytes_up + row.bytes_down for row in mine),
        bytes_unread=sum(row.unread_up + row.unread_down for row in mine),
        connections=tuple((told, count) for told, count in counts if count),
    )


def _unread(row: CoverageRow) -> bool:
    return bool(
        row.refused
        or row.unread_up
        or row.unread_down
        or row.opaque
        or row.cut
        or row.blocked
        or row.unseen
        or row.pin_suspected
        or row.lost
    )


def host_lines(rows: Iterable[CoverageRow]) -> list[HostLine]:
    """Return a line for each host, those that could not be read completely first."""
    by_host: dict[tuple[str, str, str], dict[str, CoverageRow]] = {}
    for row in rows:
        by_host.setdefault((row.owner, row.party, row.host), {})[row.side] = row
    lines = [
        HostLine(host, owner, sides.get("a"), sides.get("b"))
        for (owner, _, host), sides in sorted(by_host.items())
    ]
    return sorted(lines, key=lambda line: not line.unread)
