"""Leads a phone's traffic through an HTTP proxy in another country, and lets nothing else out.

Names, not addresses, go to that proxy: what a name means depends on where one asks. HTTP, other
TLS and raw TCP all use its CONNECT. What cannot (UDP, thus QUIC) is refused. No lookup leaves this
machine either: each name gets an address that stands for it.
"""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from mitmproxy import ctx
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.connection import Client
from mitmproxy.dns import DNSFlow
from mitmproxy.http import HTTPFlow
from mitmproxy.proxy.layer import NextLayer
from mitmproxy.proxy.layers import ServerTLSLayer, TCPLayer
from mitmproxy.proxy.layers.http._upstream_proxy import HttpUpstreamProxy
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from addons.guard import Guard, hook
from addons.synthetic import SyntheticAddresses
from analyzer.errors import UserError

WRONG_COUNTRY = "would leave from the wrong country"
_FIX = "write it as http://HOST:PORT or http://USER:PASSWORD@HOST:PORT"
_PORTS = {"http": 80, "https": 443}
_AT_ONCE = 1000  # connections of one client: mitmproxy allows five to one address


@dataclass(frozen=True, slots=True)
class Upstream:
    """An HTTP proxy that accepts CONNECT. Its credentials are in no text that this makes."""

    scheme: Literal["http", "https"]
    host: str
    port: int
    credentials: str = field(default="", repr=False)  # "user:password"

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        return self.host, self.port

    @property
    def label(self) -> str:
        """How it is told, without credentials."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def authorization(self) -> str:
        """The header Proxy-Authorization that it wants, "" for none."""
        if not self.credentials:
            return ""
        return f"Basic {base64.b64encode(self.credentials.encode()).decode()}"


def parse_upstream(url: str) -> Upstream:
    """Read ``http[s]://[user:password@]host[:port]``; `UserError` for anything else."""
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise UserError("the upstream proxy's URL cannot be read", _FIX) from None
    if parts.scheme.startswith("socks"):
        raise UserError("mitmproxy cannot use a SOCKS proxy as upstream", "use an HTTP proxy")
    if parts.scheme not in ("http", "https") or not host:
        raise UserError("the upstream proxy's URL is not that of an HTTP proxy", _FIX)
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise UserError("the upstream proxy's URL has more than a host and a port", _FIX)
    credentials = ""
    if parts.username is not None:
        credentials = ":".join(
            urllib.parse.unquote(each) for each in (parts.username, parts.password or "")
        )
    scheme: Literal["http", "https"] = "https" if parts.scheme == "https" else "http"
    return Upstream(scheme, host, port or _PORTS[scheme], credentials)


class ThroughUpstream:
    """Gives each connection its way through `upstream`; refuses those that have none.

    `name_of` knows by which name a client asked for the address that it connects to, or "".
    """

    def __init__(
        self, upstream: Upstream, guard: Guard, *, name_of: Callable[[Client], str]
    ) -> None:
        self.guard = guard
        self._upstream = upstream
        self._name_of = name_of
        self._addresses = SyntheticAddresses()

    @hook
    def dns_request(self, flow: DNSFlow) -> None:
        """Answer every lookup, whichever resolver it was for, unless another addon has.

        mitmproxy's own resolver, which comes after all of ours, would ask that of this machine.
        Whether the name exists is for the proxy to find out.
        """
        if flow.response is None:
            flow.response = self._addresses.answer(flow.request, exists=True)

    @hook
    def next_layer(self, data: NextLayer) -> None:
        """Mark the server as one behind the proxy, before anything is opened."""
        server = data.context.server
        if data.context.client.transport_protocol == "tcp" and not server.connected:
            server.via = (self._upstream.scheme, self._upstream.address)

    @hook
    def layer_chosen(self, data: NextLayer) -> None:
        """Put what is not HTTP into a tunnel of its own; called after mitmproxy has chosen.

        HTTP opens its own tunnels; this one, outside of TLS, stays unused then.
        """
        layer, context = data.layer, data.context
        if (
            not isinstance(layer, TCPLayer | ServerTLSLayer)
            or context.server.via is None
            or context.server.connected
            or any(isinstance(each, HttpUpstreamProxy) for each in context.layers)
        ):
            return
        inside = context.layers[context.layers.index(layer) :]
        del context.layers[-len(inside) :]
        stack = HttpUpstreamProxy.make(context, True)
        context.layers.extend(inside)
        stack /= layer
        data.layer = stack[0]

    @hook
    def requestheaders(self, flow: HTTPFlow) -> None:
        """Ask for a name where the phone has looked it up itself, and TLS does not say it."""
        if _is_address(flow.request.host) and not flow.client_conn.sni:
            flow.request.data.host = flow.request.pretty_host

    @hook
    def http_connect_upstream(self, flow: HTTPFlow) -> None:
        """Fill in the CONNECT: name instead of address, and credentials."""
        request, client = flow.request, flow.client_conn
        host = request.host
        if _is_address(host):
            # What an address of ours stands for is what was asked; SNI need not be (fronting).
            host = self._addresses.name_of(host) or client.sni or self._name_of(client) or host
        request.authority = f"[{host}]:{request.port}" if ":" in host else f"{host}:{request.port}"
        if "Host" in request.headers:
            request.headers["Host"] = request.authority
        if self._upstream.authorization:
            request.headers["Proxy-Authorization"] = self._upstream.authorization

    @hook
    def server_connect(self, data: ServerConnectionHookData) -> None:
        """Let only connections to the proxy out."""
        server = data.server
        if server.address == self._upstream.address and server.transport_protocol == "tcp":
            self._make_room(data.client)
        else:
            server.error = server.error or WRONG_COUNTRY

    def _make_room(self, client: Client) -> None:
        """All servers have one address now: what mitmproxy allows to each would be for all."""
        proxy = ctx.master.addons.get("proxyserver")
        if isinstance(proxy, Proxyserver) and (handler := proxy.connections.get(client.id)):
            address = self._upstream.address
            if address not in handler.max_conns:
                handler.max_conns[address] = asyncio.Semaphore(_AT_ONCE)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
