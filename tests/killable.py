"""Recordings in processes of their own that start at once, to be killed.

A recorder spends its first second importing mitmproxy. Here a server process has done so, and each
recording is a fork of it.
"""

from __future__ import annotations

import multiprocessing
import ssl
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from capture_rig import Server, a_session, trusting

_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload(["addons.runner", "httpx", "hypercorn.asyncio", "trustme"])
_START_S = 20


class Killable:
    """`lanes` sessions being recorded until it is killed; a context manager."""

    def __init__(self, root: Path, server: Server, confdir: Path, *, lanes: int = 1) -> None:
        ours, theirs = _FORKING.Pipe()
        given = {
            "root": root,
            "confdir": confdir,
            "lanes": lanes,
            "remap": server.remap,
            "authority": server.authority,
        }
        self.process = _FORKING.Process(target=_record, args=(given, theirs), daemon=True)
        self.process.start()
        theirs.close()
        with ours:
            assert ours.poll(_START_S)
            ports, names = ours.recv()
        self.proxies = [f"http://127.0.0.1:{port}" for port in ports]
        self.paths = [root / "captures" / name for name in names]
        self._authority = confdir / "mitmproxy-ca-cert.pem"

    def __enter__(self) -> Killable:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """End it as nothing can be ended more abruptly."""
        self.process.kill()
        self.process.join(10)
        assert not self.process.is_alive()

    def trusting(self) -> ssl.SSLContext:
        """A client's TLS settings that trust the proxy's certificate."""
        return trusting(self._authority)


def _record(given: dict[str, Any], said: Connection) -> None:
    from addons.lanes import Lane
    from addons.runner import record_lanes

    root = given["root"]
    sessions = [a_session(root, repeat) for repeat in range(1, given["lanes"] + 1)]
    record_lanes(
        root / "captures",
        [Lane(session=session, phase="use") for session in sessions],
        confdir=given["confdir"],
        remap=given["remap"],
        upstream_ca=given["authority"],
        ready=lambda ports: said.send((ports, [session.id for session in sessions])),
        low_disk=0,
    )
