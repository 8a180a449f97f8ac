"""A phone behind a proxy in another country: no lookup of its names leaves from here."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from capture_rig import Recording, Server
from connect_proxy import ConnectProxy, Echo
from mitmproxy.addons import dns_resolver
from mitmproxy.dns import DNSFlow
from mitmproxy.net.dns import response_codes, types
from mitmproxy.test.tflow import tdnsflow
from ports import free_port

from addons.checkpage import CheckPage
from addons.guard import Guard
from addons.policy import CANARIES
from addons.upstream import parse_upstream
from analyzer.bundle import BundleWriter
from analyzer.expectation import Expectation
from analyzer.readers.bundle import read_connections, read_events

pytestmark = pytest.mark.capture


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path) as running:
        yield running


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that this machine's resolver was asked for; it knows none."""
    names: list[str] = []

    async def dns_request(_resolver: object, flow: DNSFlow) -> None:
        if flow.response is None:
            assert flow.request.question
            names.append(flow.request.question.name)
            flow.response = flow.request.fail(response_codes.NXDOMAIN)
        await asyncio.sleep(0)

    monkeypatch.setattr(dns_resolver.DnsResolver, "dns_request", dns_request)
    return names


def look_up(port: int, name: str, kind: int = types.A) -> tuple[int, list[str]]:
    """Ask the lane's resolver; its code, and the addresses of its answer."""
    request = tdnsflow().request
    request.questions[0].name, request.questions[0].type = name, kind
    with socket.socket(type=socket.SOCK_DGRAM) as phone:
        phone.settimeout(5)
        phone.sendto(request.packed, ("127.0.0.1", port))
        answer = type(request).unpack(phone.recv(4096))
    return answer.response_code, [
        str(ipaddress.ip_address(each.data)) if each.type in (types.A, types.AAAA) else "other"
        for each in answer.answers
    ]


def test_behind_an_upstream_nothing_is_looked_up_here_and_addresses_leave_as_names(
    tmp_path: Path, server: Server, confdir: Path, asked: list[str]
) -> None:
    port = free_port()
    with (
        Echo() as raw,
        ConnectProxy({"raw.app.example": raw.address, "six.app.example": raw.address}) as proxy,
        Recording(
            tmp_path, server, confdir, remap=None, also=(f"dns@127.0.0.1:{port}",),
            upstream=parse_upstream(f"http://127.0.0.1:{proxy.port}"),
        ) as running,
    ):  # fmt: skip
        code, [address] = look_up(port, "Raw.app.example")
        six, [longer] = look_up(port, "six.app.example", types.AAAA)
        assert code == six == response_codes.NOERROR
        assert look_up(port, "raw.app.example", types.HTTPS) == (response_codes.NOERROR, [])
        for each in address, f"[{longer}]":
            with socket.create_connection(("127.0.0.1", running.port), timeout=5) as phone:
                phone.sendall(f"CONNECT {each}:7000 HTTP/1.1\r\n\r\n".encode())
                assert phone.recv(4096).startswith(b"HTTP/1.1 200")
                phone.sendall(b"\x00\x01\x02")
                assert phone.recv(3) == b"\x00\x01\x02"
    assert asked == []
    assert proxy.passed == ["raw.app.example:7000", "six.app.example:7000"]
    assert {each.host for each in read_events(running.path) if each.kind == "dns"} == {
        "raw.app.example", "six.app.example",
    }  # fmt: skip
    assert len(read_connections(running.path)) == 2


def test_without_an_upstream_this_machine_is_asked(
    tmp_path: Path, server: Server, confdir: Path, asked: list[str]
) -> None:
    port = free_port()
    also = (f"dns@127.0.0.1:{port}",)
    with Recording(tmp_path, server, confdir, remap=None, also=also):
        assert look_up(port, "raw.app.example") == (response_codes.NXDOMAIN, [])
    assert asked == ["raw.app.example"]


def test_the_check_page_and_the_canaries_keep_their_own_answers_behind_an_upstream(
    tmp_path: Path, server: Server, confdir: Path, asked: list[str]
) -> None:
    def page(writer: BundleWriter, guard: Guard) -> CheckPage:
        return CheckPage(
            writer, guard, expectation=Expectation("KE", (), ()), mode="wireguard",
            authority_pem=confdir / "mitmproxy-ca-cert.pem",
        )  # fmt: skip

    port = free_port()
    with (
        ConnectProxy({}) as proxy,
        Recording(
            tmp_path, server, confdir, remap=None, also=(f"dns@127.0.0.1:{port}",),
            upstream=parse_upstream(f"http://127.0.0.1:{proxy.port}"), extra=(page,),
        ),
    ):  # fmt: skip
        assert look_up(port, "phone.check") == (response_codes.NOERROR, ["198.19.255.254"])
        for name in CANARIES:
            assert look_up(port, name) == (response_codes.NXDOMAIN, [])
    assert asked == []
