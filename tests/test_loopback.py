"""A session that stays on this machine: which names and addresses lead where."""

from __future__ import annotations

from pathlib import Path

import pytest
from capture_rig import a_session
from mitmproxy.connection import Server
from mitmproxy.dns import DNSFlow
from mitmproxy.net.dns import op_codes, response_codes, types
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.test.tflow import tclient_conn, tdnsflow

from addons.guard import Guard
from addons.loopback import ELSEWHERE, Loopback
from analyzer.bundle import BundleWriter

HERE = ("127.0.0.1", 1443)
THERE = ("127.0.0.2", 2443)


@pytest.fixture
def guard(tmp_path: Path) -> Guard:
    writer = BundleWriter.create(tmp_path, a_session(tmp_path), phase="first launch")
    return Guard(writer, pytest.fail)


@pytest.fixture
def loopback(guard: Guard) -> Loopback:
    return Loopback({"api.app.example": HERE, "cdn.app.example": THERE}, guard)


def asked(loopback: Loopback, name: str, kind: int = types.A) -> tuple[int, list[str]]:
    flow: DNSFlow = tdnsflow()
    flow.request.questions[0].name = name
    flow.request.questions[0].type = kind
    loopback.dns_request(flow)
    assert flow.response
    return flow.response.response_code, [str(answer) for answer in flow.response.answers]


def led(loopback: Loopback, host: str, sni: str | None = None) -> ServerConnectionHookData:
    client = tclient_conn()
    client.sni = sni
    data = ServerConnectionHookData(Server(address=(host, 443)), client)
    loopback.server_connect(data)
    return data


@pytest.mark.parametrize("kind", [types.A, types.AAAA])
def test_the_address_that_is_told_leads_to_the_server_of_the_name(
    loopback: Loopback, kind: int
) -> None:
    told = {}
    for name, server in ("API.app.example", HERE), ("cdn.app.example.", THERE):
        code, [address] = asked(loopback, name, kind)
        assert code == response_codes.NOERROR
        data = led(loopback, address)
        assert (data.server.address, data.server.error) == (server, None)
        told[name] = address
    assert len(set(told.values())) == 2


@pytest.mark.parametrize("name", ["app.example", "other.example", "x.api.app.example", ""])
def test_other_names_do_not_exist(loopback: Loopback, name: str) -> None:
    assert asked(loopback, name) == (response_codes.NXDOMAIN, [])


@pytest.mark.parametrize("kind", [types.HTTPS, types.TXT, types.MX])
def test_of_a_known_name_there_are_only_addresses(loopback: Loopback, kind: int) -> None:
    assert asked(loopback, "api.app.example", kind) == (response_codes.NOERROR, [])


def test_what_is_no_question_is_not_answered_by_anybody_else(loopback: Loopback) -> None:
    flow: DNSFlow = tdnsflow()
    flow.request.op_code = op_codes.UPDATE
    loopback.dns_request(flow)
    assert flow.response
    assert flow.response.response_code == response_codes.NOTIMP


@pytest.mark.parametrize("host", ["198.18.0.3", "198.51.100.1", "fd00:198:18::3", "a.example"])
def test_all_else_is_refused(loopback: Loopback, host: str) -> None:
    assert led(loopback, host).server.error == ELSEWHERE


def test_a_name_in_the_handshake_leads_where_an_address_does_not(loopback: Loopback) -> None:
    assert led(loopback, "198.51.100.1", "cdn.app.example").server.address == THERE


def test_the_address_comes_before_the_name_in_the_handshake(loopback: Loopback) -> None:
    _, [address] = asked(loopback, "api.app.example")
    assert led(loopback, address, "cdn.app.example").server.address == HERE


@pytest.mark.parametrize("connected", [True, False])
def test_a_server_gets_back_the_address_that_was_asked_for(
    loopback: Loopback, connected: bool
) -> None:
    data = led(loopback, "api.app.example")
    (loopback.server_connected if connected else loopback.server_connect_error)(data)
    assert data.server.address == ("api.app.example", 443)


def test_a_server_elsewhere_is_no_server_of_a_loopback(guard: Guard) -> None:
    with pytest.raises(ValueError, match="not on this machine"):
        Loopback({"api.app.example": ("192.0.2.1", 443)}, guard)
