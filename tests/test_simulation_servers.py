"""The phone and the servers, with a plain tunnel in between instead of a proxy that reads."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Iterator

import pytest

from analyzer.models import Arm
from analyzer.simulation.client import Phone
from analyzer.simulation.declaration import load_declaration
from analyzer.simulation.plan import Scene, plan
from analyzer.simulation.servers import Servers, find_channel, hosts
from analyzer.study import Persona

BLOCS = {"eea": frozenset({"DE"}), "global_majority": frozenset({"KE"})}


def scene(label: str, repeat: int = 1) -> Scene:
    declaration = load_declaration()
    arm = declaration.arms[label]
    planted = tuple(declaration.personas[arm.persona].items())
    return Scene(
        declaration,
        BLOCS,
        Arm(label, arm.country, arm.age, arm.consent),
        repeat,
        Persona(arm.persona, planted),
    )


class Tunnel:
    """An HTTP CONNECT proxy that leads every host to one loopback port, and reads nothing."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(0.2)
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.asked: list[str] = []
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(5)
        self._listening.close()

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                client, _ = self._listening.accept()
            except TimeoutError:
                continue
            thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._target)) as server:
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(4096)
            self.asked.append(head.split(b" ")[1].decode())
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            other = {client: server, server: client}
            while not self._ended.is_set():
                for end in select.select([client, server], [], [], 0.2)[0]:
                    with contextlib.suppress(ConnectionError):
                        content = end.recv(65536)
                        if content:
                            other[end].sendall(content)
                            continue
                    return


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    scenes = [scene("KE-13"), scene("KE-13", 2), scene("DE-13")]
    with Servers(tmp_path_factory.mktemp("servers"), scenes) as running:
        yield running


@pytest.mark.parametrize(("label", "repeat"), [("KE-13", 1), ("KE-13", 2), ("DE-13", 1)])
def test_phone_and_servers_saw_the_same_bytes(servers: Servers, label: str, repeat: int) -> None:
    here = scene(label, repeat)
    tunnel = Tunnel(servers.port_of(here))
    phases: list[str] = []
    try:
        phone = Phone(tunnel.url, trusted=servers.authority, pinned=servers.authority)
        log = phone.play(plan(here), phases.append)
    finally:
        tunnel.close()
    assert phases == ["launch", "consent", "use"]
    assert not log.refused
    assert sorted(log.seen, key=repr) == sorted(servers.log_of(here), key=repr)
    expected = sum(1 + 2 * len(request.messages) for request in plan(here))
    assert len(log.seen) == expected
    assert {asked.split(":")[0] for asked in tunnel.asked} == set(hosts(here.declaration))


def test_the_phone_follows_the_redirect_to_the_planned_address(servers: Servers) -> None:
    here = scene("KE-13", 2)
    planned = {request.channel: request.url for request in plan(here)}
    seen = {entry.url for entry in servers.log_of(here)}
    assert planned["bidriver match"] in seen
    assert "buyer_uid=" in planned["bidriver match"]


def test_a_host_is_found_by_name_and_path() -> None:
    declaration = scene("DE-13").declaration
    assert find_channel(declaration, "https://px.glint.example/sync?a=1") == "glint sync"
    profile = "https://api.pebblo.example/v1/members/4711/profile"
    assert find_channel(declaration, profile) == "pebblo profile"
    assert find_channel(declaration, "https://px.glint.example/other") is None
    assert find_channel(declaration, "https://other.example/sync") is None


def test_servers_that_nobody_asked_for_a_session_have_no_port(servers: Servers) -> None:
    with pytest.raises(KeyError):
        servers.port_of(scene("DE-30"))
