"""Keeps a session on this machine: known names lead to loopback servers, others nowhere.

For the demonstration and the tests. No name is looked up and no packet leaves the machine, even if
the client asks for it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from addons.guard import Guard, hook

Address = tuple[str, int]
ELSEWHERE = "refused: this session stays on this machine"


class Loopback:
    """Leads each host of `servers` (exact, lower case) to its address; refuses all others.

    `ValueError` where an address is not a loopback address.
    """

    def __init__(self, servers: Mapping[str, Address], guard: Guard) -> None:
        for host, (address, _port) in servers.items():
            if not ipaddress.ip_address(address).is_loopback:
                raise ValueError(f"{host} leads to {address}, which is not on this machine")
        self.guard = guard
        self._servers = dict(servers)
        self._asked: dict[str, Address] = {}

    @hook
    def server_connect(self, data: ServerConnectionHookData) -> None:
        """Choose where a connection leads, before it is made."""
        server = data.server
        if server.address is None:
            return
        server.error = ELSEWHERE  # unless we come to the end of this
        names = (server.address[0], server.sni, data.client.sni)
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
