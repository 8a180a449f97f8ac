"""What every page for a browser on this machine refuses, and the server it is served by.

What another program or page on this machine could try is refused: the address holds a token that
cannot be guessed, the Host has to be this machine (a name that leads here is not enough), what
changes something needs the page's own Origin, and the page may load nothing and run only its own
script.
"""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, Response, abort, g, request
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from analyzer.errors import UserError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

HERE: Final = "127.0.0.1"
_LOCAL: Final = frozenset(("127.0.0.1", "localhost", "[::1]"))
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Not "no-referrer": a form would then be posted without its origin.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class _Quiet(WSGIRequestHandler):
    """Writes no lines: the addresses hold tokens."""

    def log(self, *args: object) -> None:
        """Say nothing."""


def new_token() -> str:
    """Return a part of an address that nobody can guess."""
    return secrets.token_urlsafe(16)  # short: an address has to fit a line


def guard(app: Flask, token: str) -> None:
    """Let only a browser on this machine that knows `token` reach `app`.

    Its addresses begin with ``/<token>/``; its views do not get that part.
    """

    @app.url_value_preprocessor
    def take_token(_: str | None, values: dict[str, Any] | None) -> None:
        g.token = (values or {}).pop("token", "")

    @app.before_request
    def only_for_this_machine() -> None:
        if request.host.rpartition(":")[0] not in _LOCAL:
            abort(403)
        if not hmac.compare_digest(g.token.encode(), token.encode()):
            abort(404)
        if request.method == "POST" and request.headers.get("Origin") != f"http://{request.host}":
            abort(403)

    @app.after_request
    def harmless(response: Response) -> Response:
        response.headers.setdefault(
            "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"
        )
        for name, value in _HEADERS.items():
            response.headers[name] = value
        return response


def new_nonce() -> str:
    """Return what marks the scripts and styles of one answer as its own."""
    return secrets.token_urlsafe(16)


def page_response(text: str, nonce: str, *, asks: bool = False) -> Response:
    """Return a page of which only what bears `nonce` runs; `asks`: it may ask its own server."""
    response = Response(text)
    connect = "connect-src 'self'; " if asks else ""
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
        f"img-src data:; {connect}form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return response


def local_server(app: WSGIApplication, port: int) -> BaseWSGIServer:
    """Return a server of `app` on 127.0.0.1 (`port` 0: any); `UserError` where it is taken.

    The caller runs ``serve_forever`` and ``shutdown``.
    """
    try:
        return make_server(HERE, port, app, threaded=True, request_handler=_Quiet)
    except (OSError, SystemExit) as error:
        reason = getattr(error, "strerror", None) or "it is in use"
        raise UserError(f"port {port} cannot be used: {reason}", "choose another --port") from None
