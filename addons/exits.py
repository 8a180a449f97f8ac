"""Finds out from which country a phone's traffic leaves, and stops it where that is wrong.

The address that the internet sees is asked of a URL of the user's choice, over the way that the
traffic takes: the upstream proxy, or directly.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import io
import ipaddress
import json
import logging
import re
import ssl
import urllib.parse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import certifi
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from addons.guard import Guard, hook
from addons.upstream import WRONG_COUNTRY, Upstream
from analyzer.bundle import BundleWriter
from analyzer.errors import UserError
from analyzer.models import Event

UNANSWERED = "the check url did not say where the traffic leaves"
SOURCE = "check url"
_LONGEST = 64 * 1024
_PORTS = {"http": 80, "https": 443}
# What goes wrong between us, a proxy and a server that answers what it likes.
_NO_ANSWER = (
    OSError,
    ValueError,
    EOFError,
    RecursionError,
    asyncio.LimitOverrunError,
    http.client.HTTPException,
)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ExitCheck:
    """Whom to ask for the address that the internet sees, and where that address is.

    `url` answers with the address as text, or as JSON under "ip". `locate` gives (ISO country,
    source) of an address, one for each database. With `allow_wrong`, a wrong country is recorded
    but nothing is refused.
    """

    url: str
    locate: Callable[[str], Sequence[tuple[str, str]]]
    every_s: float = 300.0
    allow_wrong: bool = False

    def __post_init__(self) -> None:
        """Raise `UserError` where `url` cannot be asked."""
        try:
            parts = urllib.parse.urlsplit(self.url)
            usable = parts.scheme in _PORTS and parts.hostname and (parts.port or 1)
        except ValueError:
            usable = False
        if not usable or not self.url.isascii() or any(each <= " " for each in self.url):
            raise UserError("the check url cannot be asked", "write it as https://HOST/PATH")


class Exits:
    """Asks, records what it learns, and refuses connections that would leave wrongly.

    `country` is that of the arm. `authority` are the certificates that the check URL may have, by
    default those of certifi (as for all servers).
    """

    def __init__(
        self,
        writer: BundleWriter,
        guard: Guard,
        check: ExitCheck,
        *,
        country: str,
        upstream: Upstream | None,
        authority: Path | None,
    ) -> None:
        self.guard = guard
        self.wrong = False
        self.every_s = check.every_s
        self._writer = writer
        self._check = check
        self._country = country
        self._upstream = upstream
        self._authority = str(authority or certifi.where())

    @hook
    def server_connect(self, data: ServerConnectionHookData) -> None:
        """Refuse what would leave from the wrong country."""
        if self.wrong:
            data.server.error = data.server.error or WRONG_COUNTRY

    async def ask(self, timeout_s: float) -> None:
        """Ask once, and record the answer; the traffic goes on meanwhile."""
        address = ""
        with contextlib.suppress(*_NO_ANSWER):
            async with asyncio.timeout(timeout_s):
                address = _address_in(await self._fetch())
        if not self._writer.closed:
            with self.guard.watch("exit check"):
                self._learn(address)

    def _learn(self, address: str) -> None:
        if not address:
            self._writer.add_event(Event(self._writer.seconds(), "error", "", UNANSWERED, 0, 0))
            _log.warning(UNANSWERED)
            return
        self._writer.add_measured("exit_ip", address, SOURCE)
        places = self._check.locate(address)
        for country, source in places:
            self._writer.add_measured("exit_country", country, source)
        countries = {country for country, _ in places}
        wrong = len(countries) == 1 and countries != {self._country}
        if wrong and not self.wrong:
            _log.warning("the traffic leaves from the wrong country")
        self.wrong = wrong and not self._check.allow_wrong

    async def _fetch(self) -> bytes:
        """Return the body of the check URL's answer; `OSError` or `HTTPException` for none."""
        url = urllib.parse.urlsplit(self._check.url)
        host, port = url.hostname or "", url.port or _PORTS[url.scheme]
        reader, writer = await self._connect(host, port, secure=url.scheme == "https")
        try:
            target = f"{url.path or '/'}{'?' if url.query else ''}{url.query}"
            request = (
                f"GET {target} HTTP/1.1\r\nHost: {_authority(host, port, url.scheme)}\r\n"
                "Accept: application/json, text/plain\r\nConnection: close\r\n\r\n"
            )
            writer.write(request.encode())
            raw = b""
            while len(raw) < _LONGEST and (piece := await reader.read(_LONGEST)):
                raw += piece
        finally:
            writer.close()
        answer = http.client.HTTPResponse(_Received(raw))  # type: ignore[arg-type]
        answer.begin()
        if answer.status != http.HTTPStatus.OK:
            raise http.client.HTTPException
        return answer.read(_LONGEST)

    async def _connect(
        self, host: str, port: int, *, secure: bool
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        trusted = ssl.create_default_context(cafile=self._authority)
        if self._upstream is None:
            return await asyncio.open_connection(host, port, ssl=trusted if secure else None)
        reader, writer = await asyncio.open_connection(
            *self._upstream.address, ssl=trusted if self._upstream.scheme == "https" else None
        )
        try:
            asked = _authority(host, port, "")
            lines = [f"CONNECT {asked} HTTP/1.1", f"Host: {asked}"]
            if self._upstream.authorization:
                lines.append(f"Proxy-Authorization: {self._upstream.authorization}")
            writer.write("\r\n".join([*lines, "", ""]).encode())
            head = await reader.readuntil(b"\r\n\r\n")
            if not re.match(rb"HTTP/1\.[01] 2\d\d\b", head):
                raise http.client.HTTPException
            if secure:
                await writer.start_tls(trusted, server_hostname=host)
        except BaseException:
            writer.close()
            raise
        return reader, writer


class _Received:
    """What `http.client` reads an answer from: it wants a socket."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._raw)


def _authority(host: str, port: int, scheme: str) -> str:
    name = f"[{host}]" if ":" in host else host
    return name if _PORTS.get(scheme) == port else f"{name}:{port}"


def _address_in(body: bytes) -> str:
    """Return the IP address that is the body, or its "ip"; `ValueError` where there is none."""
    text = body.decode().strip()
    if text.startswith("{"):
        text = str(json.loads(text).get("ip", ""))
    return str(ipaddress.ip_address(text))
