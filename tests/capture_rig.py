"""A real server, a real proxy and real clients on loopback, for tests of the capture.

Run as a script, it records in a process of its own (to be killed): the argument is JSON; standard
output has the port, and at a proper end its reason.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import resource
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
from app_server import HOSTS, Served, Server, patterned

from addons.lanes import Lane
from addons.runner import leave, record_lanes
from analyzer.bundle import RecordingError, list_bundles, new_session
from analyzer.models import Arm, Session
from analyzer.study import CompareSettings, Study

__all__ = [
    "ARM", "HOSTS", "OTHER_ARM", "Recording", "RecordingProcess", "Served", "Server", "a_session",
    "a_study", "patterned", "trusting",
]  # fmt: skip
ARM = Arm("KE-13", "KE", 13, "none")
OTHER_ARM = Arm("DE-13", "DE", 13, "none")


def a_study(root: Path) -> Study:
    """A study with two arms in `root`."""
    return Study(
        root=root,
        name="rig",
        app="com.app.example",
        app_version="1.0",
        first_party=("app.example",),
        key=b"k" * 32,
        phases=("first launch", "use"),
        arms={ARM.label: ARM, OTHER_ARM.label: OTHER_ARM},
        personas={},
        persona_of={},
        compare=CompareSettings(),
    )


def a_session(root: Path, repeat: int = 1, arm: Arm = ARM) -> Session:
    """A session of an arm, by default the first."""
    return new_session(a_study(root), arm, repeat=repeat, origin="proxy")


class _Http2First(ssl.SSLContext):
    """Offers HTTP/2 before HTTP/1.1, as phones do; httpx behind a proxy has it the other way."""

    def set_alpn_protocols(self, alpn_protocols: Iterable[str]) -> None:
        super().set_alpn_protocols(sorted(alpn_protocols))  # h2 comes first


def trusting(authority: Path) -> ssl.SSLContext:
    """A client's TLS settings that trust `authority`, HTTP/2 first."""
    context = _Http2First(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(authority)
    return context


class Recording:
    """Sessions being recorded in a thread of this process; a context manager.

    `lanes` are the fields of each `Lane` (without session and phase), by default one plain lane;
    `options` those of `record_lanes`, and of the first lane where it has such a field.
    `ports`, `paths` and `sealed_all` are by lane; `port`, `path` and `sealed` are of the first.
    """

    def __init__(
        self,
        root: Path,
        server: Server,
        confdir: Path,
        *,
        lanes: Sequence[Mapping[str, Any]] = ({},),
        **options: Any,
    ) -> None:
        self.ports: tuple[int, ...] = (0,)
        self.sealed_all: tuple[Session, ...] = ()
        self.failed: BaseException | None = None
        self.counts: list[dict[str, int]] = []
        mine = {each.name for each in dataclasses.fields(Lane)} & options.keys()
        first = {name: options.pop(name) for name in mine}
        self.lanes = [
            Lane(**{
                "session": a_session(root, arm=ARM if number == 0 else OTHER_ARM),
                "phase": "first launch",
                **each,
                **(first if number == 0 else {}),
            })
            for number, each in enumerate(lanes)
        ]  # fmt: skip
        self.paths = [root / "captures" / lane.session.id for lane in self.lanes]
        self.path = self.paths[0]
        self._ready = threading.Event()
        self._stop = threading.Event()
        self._options = {
            "confdir": confdir,
            "remap": server.remap,
            "upstream_ca": server.authority,
            "low_disk": 0,
            **options,
        }
        self._thread = threading.Thread(target=self._record, args=(root / "captures",))
        self.authority = confdir / "mitmproxy-ca-cert.pem"

    def _record(self, captures: Path) -> None:
        def ready(ports: tuple[int, ...]) -> None:
            self.ports = ports
            self._ready.set()

        try:
            self.sealed_all = record_lanes(
                captures,
                self.lanes,
                ready=ready,
                stop=self._stop,
                on_counts=lambda counts: self.counts.append(dict(counts[0])),
                **self._options,
            )
        except BaseException as error:  # noqa: BLE001 - handed to the test's thread
            self.failed = error
        self._ready.set()

    @property
    def port(self) -> int:
        """Where the first lane listens."""
        return self.ports[0]

    @property
    def sealed(self) -> Session | None:
        """The first session as it was sealed; None until then."""
        return self.sealed_all[0] if self.sealed_all else None

    def __enter__(self) -> Recording:
        self._thread.start()
        assert self._ready.wait(20)
        if self.failed:
            raise self.failed
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the session as Ctrl-C would, and wait for it."""
        self._stop.set()
        self.wait()

    def wait(self) -> None:
        """Wait until the session has ended by itself."""
        self._thread.join(20)
        assert not self._thread.is_alive()

    @property
    def proxy(self) -> str:
        """The proxy's address, as clients take it."""
        return f"http://127.0.0.1:{self.port}"

    def trusting(self) -> ssl.SSLContext:
        """A client's TLS settings that trust the proxy's certificate."""
        return trusting(self.authority)

    @contextlib.contextmanager
    def client(self, *, http2: bool = True, lane: int = 0) -> Iterator[httpx.Client]:
        """An HTTP client behind the proxy, which trusts it."""
        proxy = f"http://127.0.0.1:{self.ports[lane]}"
        with httpx.Client(proxy=proxy, verify=self.trusting(), http2=http2, timeout=10) as client:
            yield client

    def post_all(self, urls: Sequence[str], body: bytes, *, http2: bool, lane: int = 0) -> None:
        """POST each URL with itself and `body`, eight at once; all echo.

        (httpx's synchronous client must not be shared between threads, and its pool must not run
        out of connections: it would close some that are about to be used.)
        """

        async def post_one(client: httpx.AsyncClient, few: asyncio.Semaphore, url: str) -> None:
            said = url.encode() + body
            async with few:
                answer = await client.post(url, content=said)
            assert (answer.status_code, answer.content) == (200, said)

        async def post() -> None:
            few = asyncio.Semaphore(8)
            proxy = f"http://127.0.0.1:{self.ports[lane]}"
            async with httpx.AsyncClient(
                proxy=proxy, verify=self.trusting(), http2=http2, timeout=20
            ) as client:
                await asyncio.gather(*(post_one(client, few, url) for url in urls))

        asyncio.run(post())


class RecordingProcess:
    """`lanes` sessions recorded in a process of its own; `kill` it. A context manager.

    `file_limit` is the largest size that a file of that process may have.
    """

    def __init__(
        self, root: Path, server: Server, confdir: Path, *, lanes: int = 1, **more: int
    ) -> None:
        arguments = {
            "lanes": lanes,
            "root": str(root),
            "confdir": str(confdir),
            "remap": server.remap,
            "authority": str(server.authority),
            **more,
        }
        self.process = subprocess.Popen(
            [sys.executable, __file__, json.dumps(arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        self.ports = [int(port) for port in self.process.stdout.readline().split()] or [0]
        self.port = self.ports[0]
        self.paths = list_bundles(root / "captures")
        self.path = self.paths[0]
        self.proxy = f"http://127.0.0.1:{self.port}"
        self._authority = confdir / "mitmproxy-ca-cert.pem"

    def __enter__(self) -> RecordingProcess:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def trusting(self) -> ssl.SSLContext:
        """A client's TLS settings that trust the proxy's certificate."""
        return trusting(self._authority)

    def end(self) -> str:
        """Wait for the end; return what the process said, empty if it was killed."""
        said, complaints = self.process.communicate(timeout=20)
        assert "Traceback" not in complaints, complaints
        return said.strip()


def main() -> None:
    """Record in this process until a signal comes."""
    given = json.loads(sys.argv[1])
    if "file_limit" in given:
        resource.setrlimit(resource.RLIMIT_FSIZE, (given["file_limit"], given["file_limit"]))
    root = Path(given["root"])
    lanes = [
        Lane(session=a_session(root, repeat), phase="first launch")
        for repeat in range(1, given["lanes"] + 1)
    ]
    try:
        [session, *_] = record_lanes(
            root / "captures",
            lanes,
            confdir=Path(given["confdir"]),
            remap={host: (ip, port) for host, (ip, port) in given["remap"].items()},
            upstream_ca=Path(given["authority"]),
            ready=lambda ports: print(*ports, flush=True),  # noqa: T201
            low_disk=0,
        )
    except RecordingError as error:
        print(error)  # noqa: T201
        leave(1)
    print(session.end_reason)  # noqa: T201
    leave(0)


if __name__ == "__main__":
    main()
