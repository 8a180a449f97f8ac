"""The page inside a WireGuard tunnel: lookups and IPv6, as they should be and as not."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from app_server import Server
from netns_browser import Visit, open_page
from netns_recorder import Recorder, recorder
from netns_rig import Exit, Namespace, phone_namespace

from analyzer.readers.bundle import (
    read_checkups,
    read_connections,
    read_events,
    read_exchanges,
    read_measured,
)
from analyzer.trust import PAGE_IPV4, is_own

pytestmark = [pytest.mark.capture, pytest.mark.browser]
READ = """
async () => {
    const end = Date.now() + 20000;
    while (document.getElementById("result").dataset.settled !== "1" && Date.now() < end)
        await new Promise(done => setTimeout(done, 100));
    const all = [...document.querySelectorAll("article")];
    return {
        headline: document.querySelector("h1").innerText,
        states: Object.fromEntries(all.map(one => [one.id, one.dataset.state])),
        texts: Object.fromEntries(all.map(one => [one.id, one.innerText])),
    };
}
"""
GOOD = {
    "reached": "ok", "dns": "ok", "authority": "ok", "clock": "ok", "ipv6": "ok",
    "time_zone": "ok", "language": "ok", "private": "ok", "exit": "unknown", "device": "ok",
}  # fmt: skip


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Recorder]:
    (tmp_path / "server").mkdir()
    lanes = [{"extra": ["checkpage_rig:kenya_tunnel"]}]
    with (
        Server(tmp_path / "server") as server,
        recorder(tmp_path, server, lanes=lanes) as recording,
    ):
        yield recording


def look(phone: Namespace, running: Recorder, url: str = "http://phone.check/", **more: Any) -> Any:
    """Open the page with a browser that trusts us; return what is on it."""
    visit = Visit(url, READ, **{"trusted": str(running.authority), **more})
    return open_page(phone, visit).result()


def stored(running: Recorder) -> dict[str, str]:
    """End the recording; return the last state of each check."""
    assert running.end() == "terminated"
    return {each.name: each.state for each in read_checkups(running.path)}


def test_a_good_phone_is_all_green_and_nothing_of_it_is_traffic(running: Recorder) -> None:
    with phone_namespace(running.config()) as phone:
        found = look(phone, running)
    assert (found["headline"], found["states"]) == ("This phone is ready", GOOD)
    assert stored(running) == GOOD
    assert {each.phone for each in read_checkups(running.path)} == {"10.0.0.1"}
    assert {each.topic for each in read_measured(running.path)} >= {"time_zone", "locale"}
    assert list(read_exchanges(running.path)) == []
    connections = read_connections(running.path)
    assert any(":198:19:" in each.address for each in connections)  # IPv6 did arrive
    assert [each for each in connections if not is_own(each.host)] == []
    assert {each.kind for each in read_events(running.path)} <= {"dns"}


def leak(phone: Namespace, device: str) -> None:
    """Give a phone whose tunnel is IPv4 only another way out for IPv6, as Wi-Fi has it."""
    subprocess.run(["ip", "link", "set", device, "netns", phone.name], check=True)
    for words in (
        f"address add 2001:db8::2/64 dev {device} nodad",
        f"link set {device} up",
        f"-6 route add default dev {device}",
    ):
        assert phone.run("ip", *words.split()).returncode == 0


def test_ipv6_that_leaks_past_the_tunnel_is_named(running: Recorder) -> None:
    config = running.config()
    narrow = config.replace(", fd00:10::1/128", "").replace(", ::/0", "")
    assert narrow.count(",") == config.count(",") - 2
    with contextlib.closing(Exit()) as elsewhere, phone_namespace(narrow) as phone:
        leak(phone, elsewhere.device)
        found = look(phone, running, locale="pt-KE")
    assert found["headline"] == "Faltam 2 coisas"  # and Portuguese is no language of Kenya
    assert found["states"] == GOOD | {"ipv6": "bad", "language": "bad"}
    assert "Apague o túnel no app WireGuard" in found["texts"]["ipv6"]
    assert stored(running) == GOOD | {"ipv6": "bad", "language": "bad"}


def test_lookups_that_do_not_come_to_us_are_named(running: Recorder) -> None:
    with phone_namespace(running.config()) as phone:
        # As with a private DNS, no name of ours is known: the page opens by its number only.
        assert phone.run("ip", "route", "add", "blackhole", "10.0.0.53").returncode == 0
        found = look(phone, running, f"http://{PAGE_IPV4}/", locale="sw-KE")
    states = {"dns": "bad", "authority": "unknown", "ipv6": "unknown", "private": "unknown"}
    assert found["states"] == GOOD | states
    assert "DNS ya Faragha" in found["texts"]["dns"]
    assert stored(running) == GOOD | states


def test_a_phone_without_the_certificate_is_told_so(running: Recorder) -> None:
    with phone_namespace(running.config()) as phone:
        found = look(phone, running, trusted=None, locale="en-KE", time_zone="Europe/Berlin")
    assert found["headline"] == "2 things to do"
    assert found["states"] == GOOD | {"authority": "bad", "time_zone": "bad"}
    assert stored(running) == GOOD | {"authority": "bad", "time_zone": "bad"}
    assert list(read_exchanges(running.path)) == []


def test_a_relay_that_asks_is_heard_and_one_that_runs_is_named(running: Recorder) -> None:
    with phone_namespace(running.config()) as phone:
        asked = (
            "import socket, sys\ntry: socket.getaddrinfo(sys.argv[1], 443)\nexcept OSError: pass"
        )
        phone.python(asked, "mask.icloud.com")
        first = look(phone, running)
        phone.run(
            "curl", "--silent", "--max-time", "3", "--connect-to", "::198.18.9.9:443",
            "https://mask.icloud.com/",
        )  # fmt: skip
        second = look(phone, running)
    assert first["states"]["private"] == "ok"
    assert "stands down" in first["texts"]["private"]
    assert second["states"]["private"] == "bad"
    assert "iCloud > Private Relay" in second["texts"]["private"]
    assert stored(running) == GOOD | {"private": "bad"}
