"""A recorder in WireGuard mode, in a process of its own; `phone_namespace` joins it.

Run as a script, it records: the argument is JSON; the first line of standard output has the port,
the last one the reason of the end.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from capture_rig import Server, a_session
from netns_rig import Namespace, require_namespaces

from addons.runner import record
from analyzer.bundle import list_bundles
from analyzer.joining.wireguard import android_config, keep_keys


class Recorder:
    """The process. `authority` is the certificate that its phones have to trust."""

    def __init__(
        self,
        root: Path,
        remap: Mapping[str, tuple[str, int]],
        upstream_ca: Path | None,
        *,
        machine: Namespace | None = None,
        **options: Any,
    ) -> None:
        confdir = root / "conf"
        self.authority = confdir / "mitmproxy-ca-cert.pem"
        self._keys = keep_keys(root / "conf" / "wireguard" / "phone.json")
        given = {
            "root": str(root),
            "confdir": str(confdir),
            "keys": str(confdir / "wireguard" / "phone.json"),
            "remap": remap,
            "authority": str(upstream_ca) if upstream_ca else None,
            "options": options,
        }
        command = [sys.executable, __file__, json.dumps(given)]
        self.process = subprocess.Popen(
            machine.command(*command) if machine else command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(self.process.communicate()[1])
        self.port = int(line)
        [self.path] = list_bundles(root / "captures")

    def config(self) -> str:
        """What the phone scans."""
        return android_config(self._keys, "127.0.0.1", self.port).text

    def end(self, how: signal.Signals = signal.SIGTERM) -> str:
        """End it with a signal; return the reason that it gave, empty if it was killed."""
        self.process.send_signal(how)
        said, complaints = self.process.communicate(timeout=20)
        assert "Traceback" not in complaints, complaints
        return said.strip()


@contextlib.contextmanager
def recorder(
    root: Path, server: Server, *, machine: Namespace | None = None, **options: Any
) -> Iterator[Recorder]:
    """Record until the end of the block, with the hosts of `server`; `options` are `record`'s."""
    require_namespaces()
    running = Recorder(root, server.remap, server.authority, machine=machine, **options)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.kill()
        running.process.communicate()


def main() -> None:
    """Record in this process until a signal comes."""
    given = json.loads(sys.argv[1])
    root = Path(given["root"])
    session = record(
        root / "captures",
        a_session(root),
        phase="first launch",
        confdir=Path(given["confdir"]),
        mode=f"wireguard:{given['keys']}",
        remap={host: (ip, port) for host, (ip, port) in given["remap"].items()},
        upstream_ca=Path(given["authority"]) if given["authority"] else None,
        ready=lambda port: print(port, flush=True),  # noqa: T201
        low_disk=0,
        **given["options"],
    )
    print(session.end_reason, flush=True)  # noqa: T201
    os._exit(0)  # or mitmproxy's tunnel, with connections alive, crashes on the way out


if __name__ == "__main__":
    main()
