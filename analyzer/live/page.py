"""The local page: reads, and marks the next phase; for a browser on this machine only.

What another program or page on this machine could try is refused (`analyzer.local_page`). Captured
text is text: the template escapes it, the script sets `textContent`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from flask import Flask, Response, abort, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from analyzer.errors import UserError
from analyzer.live.snapshot import Snapshot
from analyzer.live.view import View, page_view
from analyzer.live.watching import Watch
from analyzer.local_page import guard, new_nonce, page_response
from analyzer.study import Study

_FRESH: Final = 0.8  # seconds for which a snapshot is shown again


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

    guard(app, token)

    @app.errorhandler(UserError)
    def unreadable(error: UserError) -> Response:
        return Response(f"{error}\n", 503, content_type="text/plain; charset=utf-8")

    @app.get("/<token>/")
    def page() -> Response:
        nonce = new_nonce()
        text = render_template("live.html", v=latest.view(), nonce=nonce, setup=setup)
        return page_response(text, nonce, asks=True)

    @app.get("/<token>/snapshot.json")
    def snapshot() -> Response:
        return jsonify(latest.view())

    @app.post("/<token>/step")
    def step() -> AnyResponse:
        name = request.form.get("phase", "")
        if name not in study.phases:
            abort(400)
        try:
            latest.step(name)
        except UserError:  # all have ended in the meantime: the page says so
            abort(409)
        return redirect(f"/{token}/", 303)

    return app
