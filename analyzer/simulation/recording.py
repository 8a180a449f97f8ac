"""Records one session of the fiction: the real proxy in this process, the phone in a thread of it.

Runs in a process of its own (one recording is one process). This is the only module here that
reaches mitmproxy, through `addons.runner`.
"""

from __future__ import annotations

import threading
from pathlib import Path

from mitmproxy.certs import CertStore

from addons.runner import record
from analyzer.bundle import add_step, new_session
from analyzer.simulation.client import Phone
from analyzer.simulation.job import Job, Recording
from analyzer.simulation.log import PhoneLog

_CA_NAME = "mitmproxy"
_CA_BITS = 2048
_LIMIT_S = 90.0  # a session takes about one second; this bound only ends one that hangs


def proxy_authority(confdir: Path) -> Path:
    """Return the PEM file of the proxy's certificate authority in `confdir`, made where missing.

    To be called before several proxies share the folder, lest each makes its own.
    """
    confdir.mkdir(mode=0o700, parents=True, exist_ok=True)
    CertStore.from_store(confdir, _CA_NAME, _CA_BITS)
    return confdir / f"{_CA_NAME}-ca-cert.pem"


def record_job(job: Job) -> Recording:
    """Record the session and return it with the phone's own log.

    What goes wrong on the phone is raised here, after the bundle was closed.
    """
    session = new_session(
        job.study,
        job.arm,
        repeat=job.repeat,
        device="simulated phone",
        origin="proxy",
        planted=job.planted,
    )
    phone = _PhoneThread(job, session.id)
    sealed = record(
        job.study.captures,
        session,
        phase=job.study.phases[0],
        confdir=job.confdir,
        remap=job.addresses,
        upstream_ca=job.servers_ca,
        ready=phone.start,
        stop=phone.ended,
    )
    return Recording(sealed, phone.result())


class _PhoneThread:
    """Plays the phone's requests beside the proxy, and says when it is done."""

    def __init__(self, job: Job, session: str) -> None:
        self.ended = threading.Event()
        self._job = job
        self._bundle = job.study.captures / session
        self._log: PhoneLog | None = None
        self._thread = threading.Thread(target=self._play, name="phone", daemon=True)
        self._port = 0

    def start(self, port: int) -> None:
        """Begin, as soon as the proxy listens on `port`."""
        self._port = port
        self._thread.start()
        watchdog = threading.Timer(_LIMIT_S, self.ended.set)
        watchdog.daemon = True
        watchdog.start()

    def result(self) -> PhoneLog:
        """Return the phone's log; `RuntimeError` where the phone did not come to the end."""
        if self._log is None:
            raise RuntimeError(f"the phone of {self._bundle.name} did not finish")
        return self._log

    def _play(self) -> None:
        try:
            trusted = self._job.confdir / f"{_CA_NAME}-ca-cert.pem"
            phone = Phone(f"http://127.0.0.1:{self._port}", trusted, self._job.servers_ca)
            self._log = phone.play(self._job.requests, self._mark)
        finally:
            self.ended.set()

    def _mark(self, phase: str) -> None:
        if phase != self._job.study.phases[0]:  # the first begins by itself
            add_step(self._bundle, phase)
