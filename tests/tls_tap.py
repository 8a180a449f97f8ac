"""The inner side of a server's TLS: what passes inside it is counted, by the server's own key.

In front of it goes a `Tap`, which counts the raw bytes: the difference is what TLS adds.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ssl
import threading
from hashlib import sha256

from app_server import Server
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class TlsTap:
    """Ends the TLS of connections on `address`, hands the rest on to `server`; a context manager.

    `host` is the name in its certificate, `pin` that certificate's key as apps write it. `up` and
    `down` are bytes inside TLS.
    """

    def __init__(self, server: Server, host: str) -> None:
        self.up = self.down = 0
        self.address: tuple[str, int] = ("", 0)
        self._server = server
        self._host = host
        certificate = server.issuer.issue_cert(host)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(self._context)
        self._context.set_alpn_protocols(["h2", "http/1.1"])
        key = x509.load_pem_x509_certificate(certificate.cert_chain_pems[0].bytes()).public_key()
        spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.pin = f"sha256/{base64.b64encode(sha256(spki).digest()).decode()}"
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self) -> TlsTap:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        if self._loop and self._stop:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        listening = await asyncio.start_server(self._take, "127.0.0.1", 0, ssl=self._context)
        self.address = listening.sockets[0].getsockname()[:2]
        self._ready.set()
        await self._stop.wait()
        listening.close()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        spoken = writer.get_extra_info("ssl_object").selected_alpn_protocol()
        onward = ssl.create_default_context(cafile=str(self._server.authority))
        onward.set_alpn_protocols([spoken or "http/1.1"])
        there, back = await asyncio.open_connection(
            *self._server.address, ssl=onward, server_hostname=self._host
        )
        await asyncio.gather(self._pump(reader, back, True), self._pump(there, writer, False))

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, is_up: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                if is_up:
                    self.up += len(data)
                else:
                    self.down += len(data)
                sink.write(data)
                await sink.drain()
        sink.close()
