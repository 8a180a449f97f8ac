"""What could be read of each host, with both sides in one line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from analyzer.comparison import CoverageRow


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
        return any(
            row.refused or row.unread_up or row.unread_down or row.opaque or row.cut
            for row in (self.a, self.b)
            if row is not None
        )

    def pair(self, value: Callable[[CoverageRow], str]) -> str:
        """Return ``value(a) · value(b)``, or the one text if both sides have the same."""
        a, b = ("none" if row is None else value(row) for row in (self.a, self.b))
        return a if a == b else f"{a} · {b}"


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
