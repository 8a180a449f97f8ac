"""A small web server in a thread of its own, for the pages that a phone or its operator opens."""

from __future__ import annotations

import os
import socket
import threading
from typing import TYPE_CHECKING

from werkzeug.serving import WSGIRequestHandler, make_server

from analyzer.errors import UserError
from analyzer.joining.wireguard import ip_address

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_SILENCE_S = 10.0  # how long a client may keep us waiting for its request


class _Quiet(WSGIRequestHandler):
    """Logs nothing: paths hold the secret part of an address."""

    timeout = _SILENCE_S
    server_version = "evenhand"
    sys_version = ""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - werkzeug's name
        """Say nothing."""

    def version_string(self) -> str:
        """Name neither werkzeug nor Python."""
        return self.server_version


class Served:
    """A running server. `address` is "host:port" as bound, IPv6 in brackets."""

    def __init__(self, app: WSGIApplication, host: str, port: int) -> None:
        with _listen(host, port) as bound:
            # werkzeug, binding itself, would print and exit where the port is taken.
            self._server = make_server(
                host, port, app, threaded=True, request_handler=_Quiet, fd=bound.fileno()
            )
        self.port = self._server.port
        shown = f"[{host}]" if ":" in host else host
        self.address = f"{shown}:{self.port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="evenhand pages", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """End it; requests that are being answered are not waited for."""
        self._server.shutdown()
        self._thread.join()


def serve(app: WSGIApplication, host: str, port: int) -> Served:
    """Serve `app` in the background, on a free port if `port` is 0.

    `UserError` if the address or the port cannot be had.
    """
    return Served(app, host, port)


def _listen(host: str, port: int) -> socket.socket:
    address = ip_address(host)
    family = socket.AF_INET6 if address is not None and address.version == 6 else socket.AF_INET
    server = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((host, port))
        server.listen(128)
    except OSError as error:
        server.close()
        raise UserError(
            f"the set-up page cannot listen on {host} port {port} ({error.strerror or error})",
            "choose another port",
        ) from None
    return server
