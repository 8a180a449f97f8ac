"""A recorder in WireGuard mode, in a process of its own; `phone_namespace` joins it.

Run as a script, it records: the argument is JSON; the first line of standard output has the ports,
the last one the reason of the end.
"""

from __future__ import annotations

import contextlib
import json
import pkgutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from app_server import Server
from capture_rig import ARM, OTHER_ARM, a_session
from netns_rig import Namespace, require_namespaces

from addons.lanes import Lane
from addons.runner import leave, record_lanes
from addons.upstream import parse_upstream
from analyzer.joining.wireguard import Keys, android_config, keep_keys

ARMS = (ARM, OTHER_ARM)


class Recorder:
    """The process. Its phones trust `authority`; `ports` and `paths` (the bundles) are by lane."""

    def __init__(
        self, process: subprocess.Popen[str], root: Path, confdir: Path, keys: list[Keys]
    ) -> None:
        self.process = process
        self.authority = confdir / "mitmproxy-ca-cert.pem"
        self._keys = keys
        assert process.stdout
        said = process.stdout.readline()
        if not said:
            raise AssertionError(process.communicate()[1])
        started = json.loads(said)
        self.ports: list[int] = started["ports"]
        self.paths: list[Path] = [root / "captures" / name for name in started["sessions"]]

    @property
    def path(self) -> Path:
        """The bundle of the first lane."""
        return self.paths[0]

    def config(self, lane: int = 0) -> str:
        """What the phone of a lane scans."""
        return android_config(self._keys[lane], "127.0.0.1", self.ports[lane]).text

    def end(self, how: signal.Signals = signal.SIGTERM) -> str:
        """End it with a signal; return the reason that it gave, empty if it was killed."""
        self.process.send_signal(how)
        said, complaints = self.process.communicate(timeout=20)
        assert "Traceback" not in complaints, complaints
        return said.strip()


@contextlib.contextmanager
def recorder(
    root: Path,
    server: Server,
    *,
    lanes: Sequence[Mapping[str, Any]] = ({},),
    machine: Namespace | None = None,
    **options: Any,
) -> Iterator[Recorder]:
    """Record in bundles under `root`/captures until the end of the block.

    The hosts of `server` lead to it, all others nowhere (unless `remap` is given as None). `lanes`
    are the fields of each `Lane` that JSON can hold (of `extra`, names such as
    "addons.checkpage:make"; of `upstream`, the URL); the first is of the arm KE-13, the second of
    DE-13. `options` are `record_lanes`'s. With `machine` it runs in that namespace.
    """
    require_namespaces()
    confdir = root / "conf"
    files = [confdir / "wireguard" / f"phone{number}.json" for number in range(len(lanes))]
    keys = [keep_keys(file) for file in files]
    given = {
        "root": str(root),
        "confdir": str(confdir),
        "lanes": [
            {"mode": f"wireguard:{file}", **lane} for file, lane in zip(files, lanes, strict=True)
        ],
        "remap": options.pop("remap", server.remap),
        "authority": str(server.authority),
        "options": options,
    }
    command = [sys.executable, __file__, json.dumps(given)]
    process = subprocess.Popen(
        machine.command(*command) if machine else command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield Recorder(process, root, confdir, keys)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def main() -> None:
    """Record in this process until a signal comes."""
    given = json.loads(sys.argv[1])
    root = Path(given["root"])
    lanes = []
    for arm, fields in zip(ARMS, given["lanes"], strict=False):
        extra = tuple(pkgutil.resolve_name(name) for name in fields.pop("extra", ()))
        if "upstream" in fields:
            fields["upstream"] = parse_upstream(fields["upstream"])
        session = a_session(root, arm=arm)
        lanes.append(Lane(session=session, phase="first launch", extra=extra, **fields))
    names = [lane.session.id for lane in lanes]
    remap: dict[str, tuple[str, int]] | None = given["remap"]

    def ready(ports: tuple[int, ...]) -> None:
        print(json.dumps({"ports": ports, "sessions": names}), flush=True)  # noqa: T201

    [session, *_] = record_lanes(
        root / "captures",
        lanes,
        confdir=Path(given["confdir"]),
        remap=remap and {host: (ip, port) for host, (ip, port) in remap.items()},
        upstream_ca=Path(given["authority"]),
        ready=ready,
        low_disk=0,
        **given["options"],
    )
    print(session.end_reason)  # noqa: T201
    leave(0)


if __name__ == "__main__":
    main()
