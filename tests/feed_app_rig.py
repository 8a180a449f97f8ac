"""The simulated app, its server, and the real proxy between them, recording."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from addons.runner import record
from analyzer.bundle import new_session
from analyzer.models import Session
from analyzer.simulation.feed_server import FeedServer
from analyzer.study import Study

_WAIT_S = 30.0


@dataclass(slots=True)
class FeedRecording:
    """A session of one account being recorded. `sealed` is there when its context has ended."""

    bundle: Path
    authority: Path  # PEM: what the phone has to trust
    port: int = 0
    sealed: Session | None = None

    @property
    def proxy(self) -> str:
        """The proxy's address for the app."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def recording(
    study: Study, account: str, server: FeedServer, confdir: Path, arm: str = ""
) -> Iterator[FeedRecording]:
    """Record a session of `account` (by default of the arm that the study's [feed] says).

    One at a time in a process.
    """
    accounts = (study.feed or {}).get("accounts", {})
    label = arm or str(accounts[account]["arm"])
    session = replace(new_session(study, study.arm(label), origin="proxy"), account=account)
    made = FeedRecording(study.captures / session.id, confdir / "mitmproxy-ca-cert.pem")
    ready, stop = threading.Event(), threading.Event()
    failed: list[BaseException] = []

    def is_ready(port: int) -> None:
        made.port = port
        ready.set()

    def run() -> None:
        try:
            made.sealed = record(
                study.captures,
                session,
                phase=study.phases[0],
                confdir=confdir,
                remap=server.addresses(account),
                upstream_ca=server.authority,
                ready=is_ready,
                stop=stop,
                low_disk=0,
            )
        except BaseException as error:  # noqa: BLE001 - handed to the test's thread
            failed.append(error)
            ready.set()

    thread = threading.Thread(target=run, name="recorder")
    thread.start()
    try:
        assert ready.wait(_WAIT_S), "the proxy does not start"
        if not failed:
            yield made
    finally:
        stop.set()
        thread.join(_WAIT_S)
    if failed:
        raise failed[0]
