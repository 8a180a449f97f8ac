"""Keeps a session on this machine: known names lead to loopback servers, others nowhere.

For the demonstration and the tests. No name is looked up and no packet leaves the machine, even if
the client asks for it. A phone behind a tunnel connects to addresses, not to names: its questions
are answered here, with an address for each name that means nothing outside the tunnel.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from mitmproxy.dns import DNSFlow, ResourceRecord
from mitmproxy.net.dns import classes, op_codes, response_codes, types
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from addons.guard import Guard, hook

Address = tuple[str, int]
ELSEWHERE = "refused: this session stays on this machine"
# RFC 2544's and RFC 4193's: nobody has them on the internet.
_IPV4 = ipaddress.IPv4Network("198.18.0.0/15")
_IPV6 = ipaddress.IPv6Network("fd00:198:18::/64")


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
        # One for each host: a browser would share a connection between hosts of one address.
        self._ipv4 = {host: _IPV4[number] for number, host in enumerate(servers, 1)}
        self._ipv6 = {host: _IPV6[number] for number, host in enumerate(servers, 1)}
        self._names = {str(ip): host for host, ip in (*self._ipv4.items(), *self._ipv6.items())}

    @hook
    def dns_request(self, flow: DNSFlow) -> None:
        """Answer a question, whichever resolver it was for.

        This has to come before mitmproxy's own resolver, which would ask the internet.
        """
        request, question = flow.request, flow.request.question
        if question is None or request.op_code != op_codes.QUERY or question.class_ != classes.IN:
            flow.response = request.fail(response_codes.NOTIMP)
            return
        host = question.name.lower().rstrip(".")
        if host not in self._servers:
            flow.response = request.fail(response_codes.NXDOMAIN)
        elif question.type == types.A:
            flow.response = request.succeed([ResourceRecord.A(question.name, self._ipv4[host])])
        elif question.type == types.AAAA:
            flow.response = request.succeed([ResourceRecord.AAAA(question.name, self._ipv6[host])])
        else:
            flow.response = request.succeed([])  # HTTPS among them: nothing offers HTTP/3 or ECH

    @hook
    def server_connect(self, data: ServerConnectionHookData) -> None:
        """Choose where a connection leads, before it is made."""
        server = data.server
        if server.address is None:
            return
        server.error = ELSEWHERE  # unless we come to the end of this
        asked = server.address[0]
        names = (self._names.get(asked, asked), server.sni, data.client.sni)
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
