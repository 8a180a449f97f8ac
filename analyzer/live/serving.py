"""Serves the local page, and what else belongs beside it, on this machine only."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import BaseWSGIServer

from analyzer.bundle import running_bundles
from analyzer.errors import UserError
from analyzer.live.page import live_app
from analyzer.local_page import local_server
from analyzer.study import Study, load_study

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_LINGER: Final = 3.0  # seconds that the page stays after the last session has ended
_GENTLE: Final = 5  # the recorder comes first


def page_server(
    study: Study,
    bundles: Sequence[Path],
    *,
    port: int,
    token: str,
    beside: Mapping[str, WSGIApplication] | None = None,
    setup: str = "",
) -> BaseWSGIServer:
    """Return a server on 127.0.0.1 (`port` 0: any) that shows `bundles` under ``/<token>/``.

    `beside` are other applications by the first part of their path (``/setup``); `setup` is the
    path of the set-up page among them, which the page then links to. `UserError` where the port is
    taken. The caller runs ``serve_forever`` and ``shutdown``.
    """
    page = live_app(study, bundles, token, setup=setup)
    dispatcher = DispatcherMiddleware(page, dict(beside or {}))
    return local_server(dispatcher, port)


def serve_until_ended(server: BaseWSGIServer, study: Study, bundles: Sequence[Path]) -> None:
    """Serve until no session is recorded any more, and a little longer; or until Ctrl-C.

    Sessions that had ended before are shown until Ctrl-C.
    """
    if _running(study, bundles):
        watcher = threading.Thread(target=_stop_when_ended, args=(server, study, bundles))
        watcher.daemon = True
        watcher.start()
    server.serve_forever()


def serve_pages(
    study_dir: Path,
    sessions: Sequence[str],
    *,
    port: int,
    token: str,
    beside: Mapping[str, Callable[[], Flask]] | None = None,
    setup: str = "",
    ready: Connection | None = None,
) -> None:
    """Serve the page for the sessions with the ids `sessions`, as the child of a recorder.

    Everything here can be pickled, so that this is the target of a ``spawn`` process; `beside`
    makes the other applications. `ready` is sent the port, or what is wrong as text. Ctrl-C is for
    the recorder: the page goes when the sessions end.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_GENTLE)
    try:
        study = load_study(study_dir)
        bundles = [study.captures / session for session in sessions]
        made = {path: make() for path, make in (beside or {}).items()}
        server = page_server(study, bundles, port=port, token=token, beside=made, setup=setup)
    except UserError as error:
        if ready is None:
            raise
        ready.send(str(error))
        return
    if ready is not None:
        ready.send(server.port)
        ready.close()
    serve_until_ended(server, study, bundles)


def _running(study: Study, bundles: Sequence[Path]) -> list[Path]:
    return [path for path in running_bundles(study.captures) if not bundles or path in bundles]


def _stop_when_ended(server: BaseWSGIServer, study: Study, bundles: Sequence[Path]) -> None:
    last = time.monotonic()
    while time.monotonic() - last < _LINGER:
        time.sleep(0.5)
        if _running(study, bundles):
            last = time.monotonic()
    server.shutdown()
