"""Sessions that are being recorded while somebody watches, and what was written into them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from recording import GAID, study

from analyzer.bundle import BundleWriter, new_session
from analyzer.live import Follower, Snapshot
from analyzer.models import Headers, Outcome, Transport
from analyzer.study import Study
from analyzer.trust import HUNG_UP, REFUSED

PHONE = "10.0.0.1"
HEADERS: Headers = (("content-type", "application/x-www-form-urlencoded"),)
HEADER_BYTES = sum(len(name) + len(value) + 4 for pair in HEADERS for name, value in [pair])
STEPPED = """
[study]
name = "watched"
app = "Pebblo"
app_version = "1.0"
first_party = ["pebblo.example"]
key = "00112233445566778899aabbccddeeff"
phases = ["first launch", "consent", "use"]

[arms]
DE-13 = {country = "DE", age = 13, consent = "accepted", persona = "amina"}
KE-13 = {country = "KE", age = 13, consent = "accepted", persona = "amina"}

[personas.amina]
"person.email" = "wanjiku.test@mail.example"
"""


def stepped_study(root: Path) -> Study:
    """A study with three phases and two arms."""
    return study(root, STEPPED)


@dataclass
class Recording:
    """A session that is being recorded; `up` and `down` are the bytes that were written."""

    writer: BundleWriter
    up: int = 0
    down: int = 0
    exchanges: list[int] = field(default_factory=list)

    @property
    def path(self) -> Path:
        """The bundle."""
        return self.writer.path

    def ask(
        self,
        url: str = "https://app.waymark.example/session",
        body: bytes = f"environment=production&gps_adid={GAID}".encode(),
        answer: bytes = b"{}",
        *,
        method: str = "POST",
        finished: bool = True,
        t_s: float | None = None,
    ) -> int:
        """Write a request over a connection that is read, and its answer."""
        host = urlsplit(url).hostname or ""
        connection = self.connect(host, "read")
        number = self.writer.begin_exchange(
            t_s=self.writer.seconds() if t_s is None else t_s,
            method=method,
            url=url,
            headers=HEADERS,
            body=body,
            transport="h2",
            connection=connection,
        )
        self.exchanges.append(number)
        target = url.partition("://")[2].partition("/")[2]
        self.up += len(f"{method}/{target}") + len(body) + HEADER_BYTES
        if finished:
            self.answer(number, answer)
        return number

    def answer(self, number: int, body: bytes = b"{}") -> None:
        """Write the answer of a request."""
        now = self.writer.seconds()
        self.writer.finish_exchange(number, t_s=now, status=200, headers=HEADERS, body=body)
        self.down += len(body) + HEADER_BYTES

    def connect(
        self,
        host: str,
        outcome: Outcome,
        *,
        up: int = 0,
        down: int = 0,
        phone: str = PHONE,
        transport: Transport = "tcp",
        tls: str = "TLSv1.3",
        ended: bool = True,
    ) -> int:
        """Write a connection and what became of it."""
        now = self.writer.seconds()
        connections = self.writer.connections
        number = connections.open(
            t_s=now, phone=phone, transport=transport, address="192.0.2.1:443", host=host
        )
        connections.change(
            number,
            outcome=outcome,
            reason={"refused": REFUSED, "silent": HUNG_UP}.get(outcome, ""),
            tls=tls,
            bytes_up=up,
            bytes_down=down,
            ended_s=self.writer.seconds() if ended else None,
        )
        return number


def record_now(found: Study, arm: str = "KE-13", *, repeat: int | None = None) -> Recording:
    """Begin to record a session of `arm` in this process."""
    session = new_session(
        found, found.arm(arm), repeat=repeat, origin="proxy", mode="wireguard", device="a Pixel"
    )
    return Recording(BundleWriter.create(found.captures, session, phase=found.phases[0]))


def caught_up(follower: Follower) -> Snapshot:
    """Poll until nothing is left to look at."""
    for _ in range(2000):
        now = follower.poll()
        if not now.backlog:
            return now
    raise AssertionError(f"{now.backlog} rows are never looked at")


def levels(now: Snapshot) -> list[tuple[str, str]]:
    """The alarms of a snapshot."""
    return [(alarm.level, alarm.text) for alarm in now.alarms]
