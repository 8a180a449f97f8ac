"""The local page: reads, and marks the next phase; for a browser on this machine only.

What another program or page on this machine could try is refused: the address holds a token that
cannot be guessed, the Host has to be this machine (a name that leads here is not enough), a step
needs the page's own Origin, and the page may load nothing and run only its own script. Captured
text is text: the template escapes it, the script sets `textContent`.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from flask import Flask, Response, abort, g, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from analyzer.errors import UserError
from analyzer.live.snapshot import Snapshot
from analyzer.live.view import View, page_view
from analyzer.live.watching import Watch
from analyzer.study import Study

_LOCAL: Final = frozenset(("127.0.0.1", "localhost", "[::1]"))
_FRESH: Final = 0.8  # seconds for which a snapshot is shown again
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Not "no-referrer": a form would then be posted without its origin.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class _Latest:
    """Polls when somebody asks, and not more often than need be; for several threads."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._lock = threading.Lock()
        self._at = float("-inf")
        self._snapshots: tuple[Snapshot, ...] = ()

    def view(self) -> View:
        """Return what the page shows."""
        with self._lock:
            if time.monotonic() - self._at > _FRESH:
                self._snapshots = self._watch.poll()
                self._at = time.monotonic()
            return page_view(self._watch.study, self._snapshots)

    def step(self, name: str) -> None:
        """Mark that phase `name` begins, in every session."""
        with self._lock:
            self._watch.poll(0)
            self._watch.set_phase(name)
            self._at = float("-inf")


def live_app(study: Study, bundles: Sequence[Path], token: str, *, setup: str = "") -> Flask:
    """Return the page that follows `bundles` (none: whatever is recorded), under ``/<token>/``.

    `setup` is the path of the set-up page on the same server, "" if there is none. `UserError` as
    from `Watch`.
    """
    latest = _Latest(Watch(study, bundles))
    app = Flask("analyzer.live", static_folder=None)

    @app.url_value_preprocessor
    def take_token(_: str | None, values: dict[str, Any] | None) -> None:
        g.token = (values or {}).pop("token", "")

    @app.before_request
    def only_for_this_machine() -> None:
        if request.host.rpartition(":")[0] not in _LOCAL:
            abort(403)
        if not hmac.compare_digest(g.token.encode(), token.encode()):
            abort(404)

    @app.after_request
    def harmless(response: Response) -> Response:
        response.headers.setdefault(
            "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"
        )
        for name, value in _HEADERS.items():
            response.headers[name] = value
        return response

    @app.errorhandler(UserError)
    def unreadable(error: UserError) -> Response:
        return Response(f"{error}\n", 503, content_type="text/plain; charset=utf-8")

    @app.get("/<token>/")
    def page() -> Response:
        nonce = secrets.token_urlsafe(16)
        text = render_template("live.html", v=latest.view(), nonce=nonce, setup=setup)
        response = Response(text)
        response.headers["Content-Security-Policy"] = (
            f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
            "img-src data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
            "frame-ancestors 'none'"
        )
        return response

    @app.get("/<token>/snapshot.json")
    def snapshot() -> Response:
        return jsonify(latest.view())

    @app.post("/<token>/step")
    def step() -> AnyResponse:
        if request.headers.get("Origin") != f"http://{request.host}":
            abort(403)
        name = request.form.get("phase", "")
        if name not in study.phases:
            abort(400)
        try:
            latest.step(name)
        except UserError:  # all have ended in the meantime: the page says so
            abort(409)
        return redirect(f"/{token}/", 303)

    return app
