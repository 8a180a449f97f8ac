"""Keeps a session on this machine: known names lead to loopback servers, others nowhere.

For the demonstration and the tests. No name is looked up and no packet leaves the machine, even if
the client asks for it. A phone behind a tunnel connects to addresses, not to names: its questions
are answered here, with an address for each name that means nothing outside the tunnel.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from mitmproxy.dns import DNSFlow
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from addons.guard import Guard, hook
from addons.names import plain
from addons.synthetic import SyntheticAddresses

Address = tuple[str, int]
ELSEWHERE = "refused: this session stays on this machine"


class Loopback:
    """Leads each host of `servers` (exact, lower case) to its address; refuses all others.

    TCP and UDP lead to the same port number, so a host's HTTP/3 server listens on the port of its
    other one. `ValueError` where an address is not a loopback address.
    """

    def __init__(self, servers: Mapping[str, Address], guard: Guard) -> None:
        for host, (address, _port) in servers.items():
            if not ipaddress.ip_address(address).is_loopback:
                raise ValueError(f"{host} leads to {address}, which is not on this machine")
        self.guard = guard
        self._servers = dict(servers)
        self._asked: dict[str, Address] = {}
        self._addresses = SyntheticAddresses(servers)

    @hook
    def dns_request(self, flow: DNSFlow) -> None:
        """Answer a question, whichever resolver it was for.

        This has to come before mitmproxy's own resolver, which would ask the internet.
        """
        question = flow.request.question
        exists = question is not None and plain(question.name) in self._servers
        flow.response = self._addresses.answer(flow.request, exists=exists)

    @hook
    def server_connect(self, data: ServerConnectionHookData) -> None:
        """Choose where a connection leads, before it is made."""
        server = data.server
        if server.address is None:
            return
        server.error = ELSEWHERE  # unless we come to the end of this
        asked = server.address[0]
        names = (self._addresses.name_of(asked) or asked, server.sni, data.client.sni)
        known = [name.lower() for name in names if name and name.lower() in self._servers]
        if known:
            self._asked[server.id] = server.address
            server.address = self._servers[known[0]]
            server.error = None

    @hook
    def server_connected(self, data: ServerConnectionHookData) -> None:
        """Give an open connection its name back, or mitmproxy would not use it a second time."""
        if asked := self._asked.pop(data.server.id, None):
            # Not by assignment: mitmproxy forbids it for open connections.
            vars(data.server)["address"] = asked

    @hook
    def server_connect_error(self, data: ServerConnectionHookData) -> None:
        """Give a connection that was not made its name back."""
        if asked := self._asked.pop(data.server.id, None):
            data.server.address = asked
