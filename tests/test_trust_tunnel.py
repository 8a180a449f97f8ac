"""Connections as a tunnel brings them, hook by hook: lookups, QUIC, both kinds of addresses."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import ssl
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from bundle_rig import a_study, a_writer
from mitmproxy import dns
from mitmproxy.connection import Client, ConnectionState, Server
from mitmproxy.net.dns import classes, response_codes, types
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.tls import parse_client_hello
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.test import taddons, tflow, tutils
from mitmproxy.tls import ClientHelloData, TlsData

from addons import names, quiet, refusals, trust
from addons.guard import Guard
from addons.names import Names
from addons.policy import QUIC_REFUSED, Policy, resolvers
from addons.refusals import Refusals
from addons.trust import Trust
from analyzer.bundle import BundleWriter
from analyzer.models import Connection, Event, Measured
from analyzer.readers.bundle import read_connections, read_events, read_measured
from analyzer.trust import HUNG_UP, QUIET, judge

pytestmark = pytest.mark.capture
PHONE = ("10.0.0.1", 40_000)
SITE = "198.51.100.7"


class Tunnel:
    """A lane's `Policy` and `Trust`, fed with the hooks of a phone in a tunnel."""

    def __init__(self, root: Path, *, refuse_quic: bool = False) -> None:
        self.writer: BundleWriter = a_writer(a_study(root))
        self.guard = Guard(self.writer, lambda _: None)
        self.policy = Policy(self.writer, self.guard, refuse_quic=refuse_quic)
        self.trust = Trust(self.writer, self.guard)

    def connect(
        self,
        to: tuple[str, int],
        *,
        transport: str = "tcp",
        phone: tuple[str, int] = PHONE,
        mode: str = "wireguard",
        began: float = 1.0,
    ) -> Client:
        client = Client(
            peername=phone, sockname=to, state=ConnectionState.OPEN, timestamp_start=began
        )
        client.transport_protocol = "udp" if transport == "udp" else "tcp"
        client.proxy_mode = ProxyMode.parse(mode)
        for addon in (self.policy, self.trust):
            addon.client_connected(client)
        return client

    def hang_up(self, client: Client) -> None:
        client.state = ConnectionState.CLOSED
        self.trust.client_disconnected(client)

    def look_up(
        self, name: str, *addresses: str, phone: tuple[str, int] = PHONE, mode: str = "wireguard"
    ) -> dns.DNSFlow:
        """Ask for a name, and be answered; the connection ends."""
        client = self.connect(("10.0.0.53", 53), transport="udp", phone=phone, mode=mode)
        question = dns.Question(name, types.A, classes.IN)
        flow = tflow.tdnsflow(client_conn=client, req=tutils.tdnsreq(questions=[question]))
        self.policy.dns_request(flow)
        self.trust.dns_request(flow)
        if not flow.response:
            answers = [
                dns.ResourceRecord(
                    name,
                    types.A if "." in address else types.AAAA,
                    classes.IN,
                    60,
                    ipaddress.ip_address(address).packed,
                )
                for address in addresses
            ]
            flow.response = flow.request.succeed(answers)
        self.trust.dns_response(flow)
        self.hang_up(client)
        return flow

    def end(self) -> tuple[Connection, ...]:
        """Close the bundle; return the rows."""
        self.trust.finish()
        assert self.guard.counts == {}
        self.writer.close("stopped")
        return read_connections(self.writer.path)

    def events(self) -> list[Event]:
        return list(read_events(self.writer.path))


@pytest.fixture
def tunnel(tmp_path: Path) -> Tunnel:
    return Tunnel(tmp_path)


def test_a_lookup_is_no_connection_and_each_name_is_told_once(tunnel: Tunnel) -> None:
    tunnel.look_up("API.app.example", SITE)
    tunnel.look_up("api.app.example.", SITE)
    tunnel.look_up("cdn.app.example", SITE, mode="dns")
    assert tunnel.end() == ()
    assert [(each.kind, each.host) for each in tunnel.events()] == [
        ("dns", "api.app.example"),
        ("dns", "cdn.app.example"),
    ]


def test_names_that_are_asked_for_are_bounded(
    tunnel: Tunnel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trust, "_MOST_NAMES", 3)
    for number in range(5):
        tunnel.look_up(f"{number}.example")
    tunnel.end()
    assert len(tunnel.events()) == 3


def test_what_is_not_a_lookup_at_its_port_is_a_connection(tunnel: Tunnel) -> None:
    tunnel.hang_up(tunnel.connect(("198.51.100.9", 53), transport="udp"))
    [row] = tunnel.end()
    assert (row.outcome, row.reason, row.address) == ("udp", trust.NOT_LOOKUP, "198.51.100.9:53")


def test_an_address_has_the_name_that_this_phone_was_given_for_it(tunnel: Tunnel) -> None:
    tunnel.look_up("api.app.example", SITE, "2001:db8::7")
    for where in (SITE, "2001:db8::7", "198.51.100.8"):
        tunnel.hang_up(tunnel.connect((where, 4321)))
    other = Tunnel(tunnel.writer.path / "other")
    other.hang_up(other.connect((SITE, 4321)))
    assert [(each.host, each.address) for each in tunnel.end()] == [
        ("api.app.example", f"{SITE}:4321"),
        ("api.app.example", "2001:db8::7:4321"),
        ("", "198.51.100.8:4321"),
    ]
    assert [each.host for each in other.end()] == [""]


def test_the_names_of_addresses_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "_MOST", 2)
    known = Names()
    for number in range(4):
        answer = dns.ResourceRecord.A("x", ipaddress.IPv4Address(f"192.0.2.{number}"))
        question = dns.Question(f"{number}.example", types.A, classes.IN)
        known.learn("p", tutils.tdnsresp(questions=[question], answers=[answer]))
    assert [known.of("p", f"192.0.2.{number}") for number in range(4)] == [
        "", "", "2.example", "3.example",
    ]  # fmt: skip


def test_a_phone_in_a_tunnel_is_one_phone_with_both_kinds_of_addresses(tunnel: Tunnel) -> None:
    tunnel.look_up("api.app.example", "2001:db8::7", phone=("10.0.0.1", 1))
    tunnel.hang_up(tunnel.connect(("2001:db8::7", 443), phone=("fd00:10::1", 2)))
    tunnel.hang_up(tunnel.connect((SITE, 443)))
    rows = tunnel.end()
    assert {each.phone for each in rows} == {"10.0.0.1"}
    assert rows[0].host == "api.app.example"


@pytest.mark.parametrize("refuse", [True, False])
def test_quic_is_refused_where_asked_and_counted_once_for_each_try(
    tmp_path: Path, refuse: bool
) -> None:
    tunnel = Tunnel(tmp_path, refuse_quic=refuse)
    tunnel.look_up("api.app.example", SITE)
    clients = [
        tunnel.connect((SITE, 443), transport="udp"),
        tunnel.connect((SITE, 443), transport="udp"),  # sent again: the same two ports
        tunnel.connect((SITE, 443), transport="udp", phone=("10.0.0.1", 40_001)),
        tunnel.connect((SITE, 443)),
        tunnel.connect((SITE, 444), transport="udp"),
    ]
    refused = QUIC_REFUSED if refuse else None
    assert [client.error for client in clients] == [refused] * 3 + [None] * 2
    for client in clients:
        tunnel.hang_up(client)
    found = [(each.transport, each.outcome) for each in tunnel.end() if each.transport != "tcp"]
    if refuse:
        assert found == [("quic", "quic_refused")] * 2 + [("udp", "silent")]
        assert {each.kind for each in tunnel.events()} == {"dns", "quic"}
    else:
        assert found == [("udp", "silent")] * 4


@pytest.mark.parametrize(
    ("name", "topic"),
    [
        ("mask.icloud.com", "private_relay"),
        ("MASK-H2.icloud.com", "private_relay"),
        ("use-application-dns.net", "doh"),
        ("icloud.com", None),
        ("mask.icloud.com.example", None),
    ],
)
def test_canaries_do_not_exist_and_that_they_were_asked_is_known(
    tunnel: Tunnel, name: str, topic: str | None
) -> None:
    flows = [tunnel.look_up(name, SITE) for _ in range(2)]
    for flow in flows:
        assert flow.response
        refused = flow.response.response_code == response_codes.NXDOMAIN
        assert refused is (topic is not None)
        assert bool(flow.response.answers) is (topic is None)
    tunnel.end()
    measured = [(each.topic, each.source) for each in read_measured(tunnel.writer.path)]
    assert measured == ([(topic, "dns")] if topic else [])
    assert [each.kind for each in tunnel.events()] == ["dns"]


def measured(tunnel: Tunnel) -> list[Measured]:
    tunnel.end()
    return list(read_measured(tunnel.writer.path))


def test_a_known_resolver_is_noted_once_however_it_is_asked(tunnel: Tunnel) -> None:
    assert "dns.google" in resolvers()
    for host in ("dns.google", "api.app.example"):
        client = tunnel.connect((SITE, 443))
        client.sni = host
        for _ in range(2):
            tunnel.policy.tcp_start(tflow.ttcpflow(client_conn=client))
        connect = tflow.tflow(client_conn=client, req=tutils.treq(method=b"CONNECT", host=host))
        tunnel.policy.http_connect(connect)
    assert [(each.topic, each.value) for each in measured(tunnel)] == [("doh", "dns.google")]


def test_dns_over_tls_is_noted(tunnel: Tunnel) -> None:
    tunnel.connect((SITE, 853))
    tunnel.connect((SITE, 853))
    assert [each.topic for each in measured(tunnel)] == ["private_dns"]


def shaken(tunnel: Tunnel, client: Client, host: str) -> None:
    """Finish a handshake."""
    client.sni, client.tls_version = host, "TLSv1.3"
    client.timestamp_tls_setup = 1.0
    with taddons.context() as context:
        data = TlsData(client, Context(client, context.options))
    data.context.server.address = client.sockname
    outgoing = ssl.MemoryBIO()
    secure = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="x")
    with contextlib.suppress(ssl.SSLWantReadError):
        secure.do_handshake()
    hello = parse_client_hello(outgoing.read())
    assert hello
    tunnel.trust.tls_clienthello(ClientHelloData(data.context, hello))
    tunnel.trust.tls_established_client(data)


def in_loop(does: Callable[[], None], *, wait_s: float = 0.0) -> None:
    async def run() -> None:
        does()
        await asyncio.sleep(wait_s)

    asyncio.run(run())


def test_a_client_of_whom_mitmproxy_will_hear_no_more_has_hung_up(tunnel: Tunnel) -> None:
    # As Java's clients close TLS 1.3: no hook tells of it, the connection stays half open.
    client = tunnel.connect((SITE, 443))

    def close() -> None:
        shaken(tunnel, client, "pinned.example")
        client.state = ConnectionState.CAN_WRITE

    in_loop(close, wait_s=0.3)
    [row] = read_connections(tunnel.writer.path)
    assert (row.outcome, row.reason, row.host) == ("silent", HUNG_UP, "pinned.example")
    assert row.ended_s is not None


def test_a_client_that_hangs_up_while_the_session_ends_counts_too(tunnel: Tunnel) -> None:
    gone, there = tunnel.connect((SITE, 443)), tunnel.connect((SITE, 443))

    def close() -> None:
        shaken(tunnel, gone, "pinned.example")
        shaken(tunnel, there, "pinned.example")
        gone.state = ConnectionState.CAN_WRITE
        tunnel.trust.finish()

    in_loop(close)
    assert [each.outcome for each in read_connections(tunnel.writer.path)] == ["silent", "open"]


@pytest.mark.parametrize("together", [True, False])
def test_long_quiet_before_hanging_up_speaks_less_of_a_pin(
    tunnel: Tunnel, monkeypatch: pytest.MonkeyPatch, together: bool
) -> None:
    monkeypatch.setattr(quiet, "_LOOKS_S", (0.01,))
    refused = []
    began = time.time()
    for _ in range(4):
        client = tunnel.connect((SITE, 443), began=began if together else time.time())
        in_loop(partial(shaken, tunnel, client, ""), wait_s=0.1)
        refused.append(tunnel.trust.refusals.refuses("10.0.0.1", SITE))
        tunnel.hang_up(client)
    refused.append(tunnel.trust.refusals.refuses("10.0.0.1", SITE))
    assert refused == [False] * 4 + [not together]
    rows = tunnel.end()
    assert {each.reason for each in rows} == {QUIET}
    assert set(judge(rows)) == {"pin_suspected"}


def test_what_was_learned_is_of_one_phone_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "_MOST", 2)
    learned = Refusals()
    assert not learned
    for number in range(3):
        learned.refused("p", f"{number}.example")
    assert [learned.refuses("p", f"{number}.example") for number in range(3)] == [
        False, True, True,
    ]  # fmt: skip
    assert not learned.refuses("q", "2.example")
    learned.read("q", "2.example")
    assert learned.refuses("p", "2.example")
    learned.read("p", "x.example")
    assert not learned


@pytest.mark.parametrize(
    ("error", "began", "outcome", "reason"),
    [
        ("refused: elsewhere", None, "blocked", "refused: elsewhere"),
        ("Request destination unknown. Unable to ...", None, "blocked", trust.TO_ITSELF),
        ("[Errno 111] Connect call failed ('192.0.2.9', 80)", 1.0, "failed", trust.UNREACHED),
    ],
)
def test_why_there_was_no_server_is_told_in_fixed_words(
    tunnel: Tunnel, error: str, began: float | None, outcome: str, reason: str
) -> None:
    client = tunnel.connect((SITE, 443))
    server = Server(address=(SITE, 443), error=error, timestamp_start=began)
    for _ in range(2):
        tunnel.trust.server_connect_error(ServerConnectionHookData(client=client, server=server))
    [row] = tunnel.end()
    assert (row.outcome, row.reason) == (outcome, reason)


def test_a_server_is_lost_after_its_client(tunnel: Tunnel) -> None:
    client = tunnel.connect((SITE, 443))
    tunnel.hang_up(client)
    server = Server(address=(SITE, 443), error="gone", timestamp_start=1.0)
    tunnel.trust.server_connect_error(ServerConnectionHookData(client=client, server=server))
    tunnel.end()
    assert [(each.kind, each.host) for each in tunnel.events()] == [("error", SITE)]


def test_datagrams_are_counted_and_their_content_goes(tunnel: Tunnel) -> None:
    client = tunnel.connect((SITE, 3478), transport="udp")
    flow = tflow.tudpflow(client_conn=client, messages=True)
    tunnel.trust.udp_start(flow)
    tunnel.trust.udp_message(flow)
    flow.messages += tflow.tudpflow(messages=True).messages[:1]
    tunnel.trust.udp_message(flow)
    assert len(flow.messages) == 1
    tunnel.trust.udp_end(flow)
    assert flow.messages == []
    tunnel.hang_up(client)
    [row] = tunnel.end()
    assert (row.outcome, row.bytes_up, row.bytes_down) == ("udp", 5, 7)
