"""The local coding page: text only, one item at a time; for a browser on this machine only.

As `analyzer.live.page`: the address holds a token that cannot be guessed, the Host has to be
this machine, what changes something needs the page's own Origin, and the page may load nothing and
run only its own script. What strangers wrote is text: the template escapes it. All works without
script.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from typing import Any, Final

from flask import Flask, Response, abort, g, redirect, render_template, request
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Response as AnyResponse

from analyzer.errors import UserError
from analyzer.feed.coding.desk import Desk
from analyzer.feed.coding.words import LANGUAGES, crisis_lines, words

HERE: Final = "127.0.0.1"
_LOCAL: Final = frozenset(("127.0.0.1", "localhost", "[::1]"))
_LARGEST: Final = 10_000  # bytes of a form
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
    return secrets.token_urlsafe(16)


def coding_app(
    desk: Desk, token: str, *, language: str = "en", countries: Sequence[str] = ()
) -> Flask:
    """Return the page of one person at `desk`, under ``/<token>/``.

    `language`: one of `LANGUAGES`. `countries`: whose crisis lines are shown; () for all.
    """
    if language not in LANGUAGES:
        raise UserError(f"the page is not in {language!r}", f"use one of {', '.join(LANGUAGES)}")
    app = Flask("analyzer.feed.coding", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _LARGEST
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    known = crisis_lines()

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

    @app.errorhandler(UserError)
    def wrong(error: UserError) -> Response:
        return Response(f"{error}\n", 409, content_type="text/plain; charset=utf-8")

    @app.get("/<token>/")
    def page() -> Response:
        nonce = secrets.token_urlsafe(16)
        response = Response(
            render_template(
                "coding.html",
                now=desk.now(),
                desk=desk,
                said=words(language),
                lines=known.of(countries),
                emergency=known.emergency,
                nonce=nonce,
            )
        )
        response.headers["Content-Security-Policy"] = (
            f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
            "img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        return response

    @app.post("/<token>/<any(begin, code, undo, rest):what>")
    def act(what: str) -> AnyResponse:
        if what == "begin":
            desk.begin()
        elif what == "undo":
            desk.undo()
        elif what == "rest":
            desk.go_on()
        else:
            desk.choose(request.form.get("item", ""), request.form.get("category", ""))
        return redirect(f"/{token}/", 303)

    return app


def coding_server(app: Flask, port: int) -> BaseWSGIServer:
    """Return a server of `app` on 127.0.0.1 (`port` 0: any); `UserError` where it is taken."""
    try:
        return make_server(HERE, port, app, threaded=True, request_handler=_Quiet)
    except (OSError, SystemExit) as error:
        reason = getattr(error, "strerror", None) or "it is in use"
        raise UserError(f"port {port} cannot be used: {reason}", "choose another --port") from None
