"""A phone in a tunnel whose traffic leaves through a proxy in another country, all of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from app_server import Server
from connect_proxy import ConnectProxy, Echo, PlainServer
from netns_recorder import recorder
from netns_rig import phone_namespace

from addons.upstream import WRONG_COUNTRY
from analyzer.bundle import read_session, verify
from analyzer.readers.bundle import read_connections, read_exchanges

pytestmark = pytest.mark.capture
RAW = """
import socket, sys
with socket.create_connection(("ads.other.example", 7000), 10) as raw:
    raw.sendall(b"\\x00\\x01\\x02")
    print(raw.recv(3) == b"\\x00\\x01\\x02")
with socket.socket(type=socket.SOCK_DGRAM) as datagrams:
    datagrams.settimeout(1)
    datagrams.sendto(b"\\x00\\x01\\x02", ("ads.other.example", 7001))
    try:
        print(datagrams.recv(3))
    except OSError:
        print("nothing")
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path) as running:
        yield running


@pytest.mark.parametrize("remapped", [True, False])
def test_everything_a_tunnelled_phone_says_leaves_under_its_name_or_not_at_all(
    tmp_path: Path, server: Server, remapped: bool
) -> None:
    with (
        Echo() as raw,
        PlainServer() as plain,
        ConnectProxy(
            {
                **server.remap,
                "ads.other.example": raw.address,
                "cdn.app.example": plain.address,
            },
            credentials="user:pass",
        ) as proxy,
        recorder(
            tmp_path,
            server,
            lanes=({"upstream": f"http://user:pass@127.0.0.1:{proxy.port}"},),
            # Without it, names that exist nowhere are known to the upstream proxy alone.
            remap=server.remap if remapped else None,
        ) as running,
        phone_namespace(running.config()) as phone,
    ):
        for version in ("-4", "-6"):
            got = phone.run(
                "curl", version, "--silent", "--show-error", "--cacert", running.authority,
                "--data", "said", f"https://api.app.example/echo?{version}",
            )  # fmt: skip
            assert (got.stdout, got.stderr) == ("said", "")
        got = phone.run("curl", "--silent", "--show-error", "http://cdn.app.example/")
        assert (got.stdout, got.stderr) == ("plain", "")
        assert phone.python(RAW).split() == ["True", "nothing"]
        assert running.end() == "terminated"
    assert proxy.passed == [
        "api.app.example:443",
        "api.app.example:443",
        "cdn.app.example:80",
        "ads.other.example:7000",
    ]
    assert server.peers | raw.peers | plain.peers == proxy.ports
    assert verify(running.path) == []
    assert len(list(read_exchanges(running.path))) == 3
    [udp] = [each for each in read_connections(running.path) if each.transport == "udp"]
    assert (udp.outcome, udp.reason, udp.host) == ("blocked", WRONG_COUNTRY, "ads.other.example")
    assert read_session(running.path).mode == "wireguard"
