"""A difference that a connection which could not be read may explain is not called one."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest
import recording

from analyzer.bundle import BundleWriter, new_session
from analyzer.compare import compare
from analyzer.comparison import Comparison
from analyzer.frames import analyse, load_frames
from analyzer.knowledge import Knowledge, load_knowledge
from analyzer.models import Outcome, Transport
from analyzer.study import Study
from analyzer.trust import CUT_SHORT, HUNG_UP, HUNG_UP_EARLY, QUIET, REFUSED

HOST, OTHER = "app.waymark.example", "app.other.example"
TLS = "TLSv1.3"


@functools.cache
def knowledge() -> Knowledge:
    return load_knowledge()


def session(study: Study, arm: str, repeat: int, body: str, to: str) -> BundleWriter:
    """Begin a bundle with a request that was read."""
    made = new_session(study, study.arm(arm), repeat=repeat, origin="proxy", started=1.8e9 + repeat)
    writer = BundleWriter.create(study.captures, made, phase=study.phases[0])
    number = writer.connections.open(
        t_s=1.0, phone="10.0.0.1", transport="tcp", host=to, address="192.0.2.1:443"
    )
    writer.connections.change(number, outcome="read", tls=TLS, ended_s=2.0)
    writer.add_exchange(recording.post(body, to))
    recording.prove_region(writer, study.arm(arm).country)
    return writer


def compared(
    root: Path,
    outcome: Outcome,
    reason: str,
    *,
    read: bool,
    transport: Transport = "tcp",
    tls: str = TLS,
    times: int = 3,
) -> Comparison:
    """Compare Kenya, where an identifier goes to `HOST`, with Germany, where this happens there."""
    study = recording.study(root)
    for repeat in range(1, 7):
        writer = session(study, "KE-13", repeat, f"gps_adid={recording.GAID}&n={repeat}", HOST)
        writer.close("done", ended=1.8e9 + repeat + 20)
        writer = session(study, "DE-13", repeat, f"n={repeat}", HOST if read else OTHER)
        for t_s in (3.0, 5.0, 7.0)[:times]:
            number = writer.connections.open(
                t_s=t_s, phone="10.0.0.1", transport=transport, host=HOST, address="192.0.2.1:443"
            )
            writer.connections.change(
                number, outcome=outcome, reason=reason, tls=tls, ended_s=t_s + 1
            )
        writer.close("done", ended=1.8e9 + repeat + 20)
    analyse(study, jobs=1)
    return compare(load_frames(study), study, knowledge(), "DE-13", "KE-13")


def verdict(found: Comparison) -> str:
    [row] = [each for each in found.deltas if each.subject == "id.advertising"]
    return row.verdict


MAY_BE_A_PIN = "perhaps refused by an app"
CAME_TO_NOTHING = "failed or ended unused"


@pytest.mark.parametrize("read", [True, False])
@pytest.mark.parametrize(
    ("outcome", "reason", "words"),
    [
        ("silent", HUNG_UP, {True: MAY_BE_A_PIN, False: "could not be read"}),
        ("refused", REFUSED, {True: MAY_BE_A_PIN, False: "could not be read"}),
        ("refused", HUNG_UP_EARLY, {True: MAY_BE_A_PIN, False: "could not be read"}),
        (
            "failed",
            "the server could not be reached",
            dict.fromkeys((True, False), CAME_TO_NOTHING),
        ),
    ],
)
def test_what_was_refused_or_failed_may_explain_a_difference(
    tmp_path: Path, outcome: Outcome, reason: str, words: dict[bool, str], read: bool
) -> None:
    found = compared(tmp_path, outcome, reason, read=read)
    assert verdict(found) == "insufficient"
    [spot] = found.blind_spots
    assert (spot.owner, spot.k) == ("Waymark", 6)
    assert any(words[read] in each for each in spot.reasons)


@pytest.mark.parametrize(
    ("outcome", "reason", "transport", "tls", "times"),
    [
        ("silent", HUNG_UP, "tcp", TLS, 1),
        ("silent", QUIET, "tcp", TLS, 3),
        ("silent", CUT_SHORT, "tcp", "", 1),
        ("open", "", "tcp", TLS, 1),
        ("open", "", "quic", TLS, 1),
        ("failed", "the server could not be reached", "quic", TLS, 2),
    ],
)
@pytest.mark.parametrize("read", [True, False])
def test_what_came_to_nothing_may_explain_one_only_where_the_host_was_never_read(
    tmp_path: Path,
    outcome: Outcome,
    reason: str,
    transport: Transport,
    tls: str,
    times: int,
    read: bool,
) -> None:
    found = compared(
        tmp_path, outcome, reason, transport=transport, tls=tls, times=times, read=read
    )
    assert verdict(found) == ("only_b" if read else "insufficient")
    assert bool(found.blind_spots) is not read
