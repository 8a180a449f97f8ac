"""Studies on disk, with sessions recorded call by call, for tests of what reads them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from analyzer.bundle import BundleWriter, new_session
from analyzer.models import Event, Exchange
from analyzer.study import Study, load_study

GAID = "9b1e7c55-0f2d-4c8a-b7de-3a6f0d2c9e11"
EMAIL = "wanjiku.test@mail.example"
STUDY = f"""
[study]
name = "recorded"
app = "Pebblo"
app_version = "1.0"
first_party = ["pebblo.example"]
key = "00112233445566778899aabbccddeeff"
phases = ["first launch", "use"]

[arms]
DE-13 = {{country = "DE", age = 13, consent = "accepted", persona = "amina"}}
KE-13 = {{country = "KE", age = 13, consent = "accepted", persona = "amina"}}

[personas.amina]
"person.email" = "{EMAIL}"
"""


def study(root: Path, text: str = STUDY) -> Study:
    """Write study.toml into `root` and load it."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "study.toml").write_text(text, encoding="utf-8")
    return load_study(root)


def post(
    body: str = f"environment=production&gps_adid={GAID}",
    host: str = "app.waymark.example",
    path: str = "/session",
    *,
    t_s: float = 1.0,
    answer: tuple[str, bytes] = ("application/json", b"{}"),
    **changed: object,
) -> Exchange:
    """A form that is posted; by default the attribution SDK of the demonstration starts."""
    exchange = Exchange(
        id="1",
        session="",
        t_s=t_s,
        phase="",
        method="POST",
        url=f"https://{host}{path}",
        request_headers=(("content-type", "application/x-www-form-urlencoded"),),
        request_body=body.encode(),
        status=200,
        response_headers=(("content-type", answer[0]),),
        response_body=answer[1],
        server_ip=None,
        transport="h2",
        complete=True,
        truncated=0,
    )
    return replace(exchange, **changed)  # type: ignore[arg-type]


def prove_region(writer: BundleWriter, country: str) -> None:
    """Store that two databases put the way out of the traffic into `country`."""
    for source in ("geo:a.mmdb 2026-06-17", "geo:b.mmdb 2026-06-17"):
        writer.add_measured("exit_country", country, source, 0.0)


def record(
    found: Study,
    arm: str,
    repeat: int = 1,
    exchanges: Iterable[Exchange] = (),
    *,
    events: Iterable[Event] = (),
    steps: Sequence[tuple[str, float]] = (),
    close: bool = True,
    proven: bool = True,
    account: str = "",
) -> Path:
    """Record a session of `arm` and return its bundle; without `close` its recorder has died.

    Two databases were asked where its traffic leaves, and agree with the arm, unless not `proven`.
    """
    started = 1.8e9 + 3600 * (repeat - 1)
    session = new_session(
        found, found.arm(arm), repeat=repeat, origin="proxy", started=started, account=account
    )
    session = replace(session, id=f"{arm}-r{repeat:02d}-20270115T080000Z-{repeat:06x}")
    writer = BundleWriter.create(found.captures, session, phase=found.phases[0])
    # No two recordings agree to the millisecond: those that do are taken for copies.
    later = 0.001 * sum(arm.encode()) + 0.01 * repeat
    for number, exchange in enumerate(exchanges, 1):
        writer.add_exchange(replace(exchange, id=str(number), t_s=exchange.t_s + later))
    for event in events:
        writer.add_event(event)
    if proven:
        prove_region(writer, session.arm.country)
    for name, t_s in steps:
        writer.add_step(name, t_s)
    if close:
        writer.close("done", ended=started + 300)
    else:
        writer._database.close()
        writer._lock.release()
    return writer.path
