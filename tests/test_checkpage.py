"""The page over HTTP: answered without a server, bounded, stored once, never taken for traffic."""

from __future__ import annotations

import ipaddress
import re
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import checkpage_rig
import httpx
import pytest
from capture_rig import Recording, Server, a_session
from cryptography import x509
from mitmproxy.net.dns import types
from mitmproxy.test import tflow

from addons.checkpage import CheckPage
from addons.checkpage_visits import Visits
from addons.guard import Guard
from analyzer.bundle import BundleWriter, verify
from analyzer.readers.bundle import (
    read_checkups,
    read_connections,
    read_events,
    read_exchanges,
    read_measured,
)
from analyzer.trust import PAGE_IPV4, PROBES_IPV6, is_own, is_page

pytestmark = pytest.mark.capture
PIXEL = {
    "User-Agent": "Mozilla/5.0 (Linux; Android 14; Pixel 7) Chrome/140.0 Mobile Safari/537.36",
    "Accept-Language": "en-KE,en;q=0.9",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("server")) as running:
        yield running


def recording(root: Path, server: Server) -> Recording:
    return Recording(root, server, root / "conf", extra=(checkpage_rig.kenya,))


def open_page(client: httpx.Client, address: str = "http://phone.check/") -> str:
    """Open the page; return the token of the visit."""
    found = re.search(r'data-visit="([0-9a-f]{16})"', client.get(address, headers=PIXEL).text)
    assert found
    return found[1]


def states(path: Path) -> dict[str, str]:
    """The last state of each check that was stored."""
    return {each.name: each.state for each in read_checkups(path)}


def test_a_visit_is_stored_and_nothing_of_it_is_traffic(tmp_path: Path, server: Server) -> None:
    with recording(tmp_path, server) as running, running.client() as client:
        token = open_page(client)
        assert (
            client.get(f"https://{token}.tls.phone.check/").headers["content-type"] == "image/gif"
        )
        for _ in range(2):
            answer = client.get(
                "http://phone.check/report",
                params={"v": token, "zone": "Africa/Nairobi", "languages": "en-KE", "now": 0},
            )
            assert "Nairobi" in answer.text
        client.get("https://api.app.example/echo?of=the+app")
    assert verify(running.path) == []
    assert [each.url for each in read_exchanges(running.path)] == [
        "https://api.app.example/echo?of=the+app"
    ]
    assert all(is_own(each.host) or each.host == "api.app.example"
               for each in read_connections(running.path))  # fmt: skip
    assert not [each for each in read_events(running.path) if is_own(each.host)]
    assert len(server.log) == 1
    found = states(running.path)
    assert (found["authority"], found["time_zone"], found["language"]) == ("ok", "ok", "ok")
    assert found["exit"] == "unknown"
    # Two reports of a clock that is decades off are not believed, and no change is no news.
    assert "clock" not in found
    assert len(read_checkups(running.path)) == len(found)
    measured = {each.topic: each.value for each in read_measured(running.path)}
    assert measured == {
        "locale": "en-KE", "os": "Android 14", "device": "Pixel 7", "time_zone": "Africa/Nairobi",
    }  # fmt: skip
    assert {each.source for each in read_measured(running.path)} == {"check page"}


def test_a_clock_is_believed_the_third_time(tmp_path: Path, server: Server) -> None:
    with recording(tmp_path, server) as running, running.client() as client:
        token = open_page(client)
        answers = [
            client.get("http://phone.check/report", params={"v": token, "now": 0}).text
            for _ in range(3)
        ]
    assert ["behind" in answer for answer in answers] == [False, False, True]
    assert states(running.path)["clock"] == "bad"
    [offset] = [each for each in read_measured(running.path) if each.topic == "clock_offset_s"]
    assert int(offset.value) < -(10**9)


def test_the_way_out_is_looked_up_each_time(tmp_path: Path, server: Server) -> None:
    with recording(tmp_path, server) as running, running.client() as client:
        for country in ("KE", "DE"):
            (tmp_path / checkpage_rig.EXIT).write_text(country)
            open_page(client)
    found = [
        (each.state, each.found) for each in read_checkups(running.path) if each.name == "exit"
    ]
    assert found == [("ok", "KE"), ("bad", "DE")]


def test_the_certificate_is_served_in_both_wrappings(tmp_path: Path, server: Server) -> None:
    with recording(tmp_path, server) as running, running.client() as client:
        pem, der = (client.get(f"http://phone.check/ca.{ending}") for ending in ("pem", "cer"))
        page = client.get("http://phone.check/", headers=PIXEL)
    ours = x509.load_pem_x509_certificate(running.authority.read_bytes())
    assert x509.load_pem_x509_certificate(pem.content) == ours
    assert x509.load_der_x509_certificate(der.content) == ours
    assert b"PRIVATE" not in pem.content
    for answer, name in ((pem, "evenhand-ca.pem"), (der, "evenhand-ca.crt")):
        assert answer.headers["content-type"] == "application/x-x509-ca-cert"
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert page.headers["cache-control"] == "no-store"


def test_a_phone_that_does_not_trust_us_has_no_proof(tmp_path: Path, server: Server) -> None:
    with recording(tmp_path, server) as running:
        with running.client() as client:
            token = open_page(client)
        with httpx.Client(proxy=running.proxy, verify=ssl.create_default_context()) as stranger:
            with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
                stranger.get(f"https://{token}.tls.phone.check/")
            report = {"v": token, "probed": "0"}
            text = stranger.get("http://phone.check/report", params=report).text
    assert "This phone does not trust our certificate yet." in text
    assert states(running.path)["authority"] == "bad"


def test_an_exception_that_the_user_has_made_is_no_trust(tmp_path: Path, server: Server) -> None:
    with (
        recording(tmp_path, server) as running,
        httpx.Client(proxy=running.proxy, verify=False) as careless,
    ):
        token = open_page(careless, "https://phone.check/")
        careless.get("http://phone.check/report", params={"v": token, "probed": "0"})
    assert states(running.path)["authority"] == "bad"


@pytest.mark.parametrize("http2", [True, False])
def test_what_has_no_business_there_is_turned_away(
    tmp_path: Path, server: Server, http2: bool
) -> None:
    with recording(tmp_path, server) as running, running.client(http2=http2) as client:
        token = open_page(client)
        base = "https://phone.check"
        assert client.get(f"{base}/nothing").status_code == 404
        assert client.options(f"{base}/").status_code == 405
        assert client.get(f"{base}/?{'x' * 3000}").status_code == 414
        assert client.get(f"{base}/report?v=0000000000000000").status_code == 404
        with pytest.raises(httpx.HTTPError):
            client.post(f"{base}/report", content=b"x" * 100_000)
        client.request("GET", "https://api.app.example/echo", content=b"goes on")
        answers = [client.get(f"{base}/report?v={token}").status_code for _ in range(62)]
        assert answers == [200] * 60 + [429] * 2
        # A body that is not announced goes nowhere.
        try:
            status = client.request("GET", f"{base}/", content=iter([b"x" * 100_000])).status_code
        except httpx.HTTPError:
            status = 502
        assert status >= 400
    assert [each.url for each in read_exchanges(running.path)] == ["https://api.app.example/echo"]
    assert running.sealed
    assert dict(running.sealed.counts)["hook_errors"] == 0


def test_lies_are_neither_shown_nor_stored(tmp_path: Path, server: Server) -> None:
    lie = '"><script>alert(1)</script>'
    with recording(tmp_path, server) as running, running.client() as client:
        page = client.get(
            "http://phone.check/",
            params={"lang": lie, "v": lie},
            headers={
                "User-Agent": f"Mozilla/5.0 (Linux; Android 14; {lie}) Chrome/1",
                "Accept-Language": lie,
            },
        )
        found = re.search(r'data-visit="([0-9a-f]{16})"', page.text)
        assert found
        report = client.get(
            "http://phone.check/report",
            params={"v": found[1], "zone": lie, "languages": lie, "model": lie, "now": lie},
        )
    assert "alert(1)" not in page.text + report.text
    stored = str(read_checkups(running.path)) + str(read_measured(running.path))
    assert "alert" not in stored
    assert {each.topic for each in read_measured(running.path)} == {"os"}


def test_a_loop_of_visits_fills_neither_memory_nor_disk(tmp_path: Path) -> None:
    visits = Visits()
    tokens = [visits.begin("10.0.0.1", checkpage_rig.DEVICES[0], ()).token for _ in range(200)]
    assert visits.get(tokens[0], "10.0.0.1") is None
    assert visits.get(tokens[-1], "10.0.0.1")
    assert visits.get(tokens[-1], "10.0.0.2") is None  # another phone's
    assert visits.get("../x", "10.0.0.1") is None


@pytest.fixture
def lookups(tmp_path: Path) -> Iterator[tuple[CheckPage, Path]]:
    """A page in tunnel mode that is asked for names directly."""
    from addons.starting import prepare_authority

    prepare_authority(tmp_path / "conf", 2048)
    writer = BundleWriter.create(tmp_path / "captures", a_session(tmp_path), phase="use")
    page = checkpage_rig.kenya_tunnel(writer, Guard(writer, print))
    yield page, writer.path
    writer.close("stopped")
    assert page.guard.counts == {}


def ask(page: CheckPage, name: str, kind: int) -> Any:
    flow = tflow.tdnsflow()
    question = flow.request.questions[0]
    question.name, question.type = name, kind
    page.dns_request(flow)
    return flow.response


def test_only_names_of_the_page_are_answered(lookups: tuple[CheckPage, Path]) -> None:
    page, _ = lookups
    answer = ask(page, "Phone.Check", types.A)
    assert answer
    assert [record.ipv4_address for record in answer.answers] == [PAGE_IPV4]
    for name, kind in (
        ("phone.check", types.AAAA),
        ("0123456789abcdef.six.phone.check", types.AAAA),
    ):
        empty = ask(page, name, kind)
        assert empty
        assert empty.answers == []
    for name in ("phone.check.example", "xphone.check", "check", "mask.icloud.com"):
        assert ask(page, name, types.A) is None


def test_each_visit_has_an_address_of_its_own() -> None:
    visits = Visits()
    one, other = (visits.begin("10.0.0.1", checkpage_rig.DEVICES[0], ()) for _ in range(2))
    assert one.address != other.address
    assert one.address in PROBES_IPV6
    assert visits.of_address(one.address) is one
    assert visits.of_address(ipaddress.IPv6Address("fd00:198:19::1")) is None
    assert visits.of_address(ipaddress.IPv6Address("2001:db8::1")) is None
    assert visits.of_host(f"{one.token}.six.phone.check") == (one, "six")
    assert visits.of_host(f"{one.token}.six.phone.check.example") == (None, "")


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("phone.check", True),
        ("x.phone.check", True),
        ("198.19.255.254", True),
        ("fd00:198:19::5", True),
        ("fd00:198:18::5", False),
        ("198.19.255.253", False),
        ("phone.check.example", False),
        ("::ffff:x", False),
        ("", False),
    ],
)
def test_it_is_known_what_belongs_to_the_page(host: str, ours: bool) -> None:
    assert is_page(host) == ours
