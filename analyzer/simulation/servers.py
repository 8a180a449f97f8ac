"""The fictional app's servers: every host of the declaration, TLS and HTTP/2, on loopback.

Each session has a port of its own (in the world, the place and the account tell the servers whom
they serve; here the port does), so nothing has to be added to the traffic. All hosts share a port:
the Host header tells them apart, and one certificate names them all.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, Scope

from analyzer.simulation.declaration import Declaration
from analyzer.simulation.hosting import Hosting, live, read_body, send_answer
from analyzer.simulation.log import Seen, seen
from analyzer.simulation.plan import Reply, Scene, reply

_UNKNOWN = Reply(404, (), b"")


class Servers:
    """The running servers, as a context manager; `folder` takes their key and certificates.

    `port_of(scene)` is where the hosts listen for a session, `log_of(scene)` what they saw of it.
    """

    def __init__(self, folder: Path, scenes: Iterable[Scene]) -> None:
        self._scenes = list(scenes)
        self._ports: dict[tuple[str, int], int] = {}
        self._app = _App()
        self._hosting = Hosting(folder, hosts(self._scenes[0].declaration), self._app)

    @property
    def authority(self) -> Path:
        """The PEM file of the authority that signs the servers' certificate."""
        return self._hosting.authority

    def port_of(self, scene: Scene) -> int:
        """Return the loopback port on which all hosts serve the session `scene`."""
        return self._ports[scene.arm.label, scene.repeat]

    def addresses(self, scene: Scene) -> dict[str, tuple[str, int]]:
        """Return where each host of the app is to be found for the session `scene`."""
        return {host: ("127.0.0.1", self.port_of(scene)) for host in hosts(scene.declaration)}

    def log_of(self, scene: Scene) -> list[Seen]:
        """Return what the servers saw of the session `scene`, in the order of the answers."""
        return list(self._app.logs[self.port_of(scene)])

    def __enter__(self) -> Servers:
        for scene in self._scenes:
            port = self._hosting.listen()
            self._ports[scene.arm.label, scene.repeat] = port
            self._app.scenes[port] = scene
            self._app.logs[port] = []
        self._hosting.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._hosting.stop()


class _App:
    """The ASGI application behind every host and port."""

    def __init__(self) -> None:
        self.scenes: dict[int, Scene] = {}
        self.logs: dict[int, list[Seen]] = {}

    async def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        if scope["type"] == "lifespan":
            await live(receive, send)
            return
        port = scope["server"][1] if scope["server"] else None
        scene = self.scenes[port or 0]
        host = next(value.decode() for name, value in scope["headers"] if name == b"host")
        query = f"?{scope['query_string'].decode()}" if scope["query_string"] else ""
        url = f"{scope['scheme']}://{host}{scope['raw_path'].decode()}{query}"
        channel = find_channel(scene.declaration, url)
        answer = reply(scene, channel) if channel else _UNKNOWN
        log = self.logs[port or 0]
        if scope["type"] == "websocket":
            await _talk(url, answer, receive, send, log)
            return
        body = await read_body(receive)
        log.append(seen(scope["method"], url, body, answer.status, answer.body))
        await send_answer(send, answer.status, answer.headers, answer.body)


async def _talk(
    url: str,
    answer: Reply,
    receive: ASGIReceiveCallable,
    send: ASGISendCallable,
    log: list[Seen],
) -> None:
    await receive()
    await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
    log.append(seen("GET", url, b"", 101, b""))
    while True:
        event = await receive()
        if event["type"] != "websocket.receive":
            return
        text, raw = event.get("text"), event.get("bytes")
        content = text.encode() if text is not None else raw or b""
        log.append(seen("WS", url, content, None, b""))
        log.append(seen("WS", url, b"", None, answer.body))
        await send({"type": "websocket.send", "text": answer.body.decode(), "bytes": None})


def hosts(declaration: Declaration) -> list[str]:
    """Return every host that the app talks to, in order."""
    urls = (channel.url for channel in declaration.channels.values() if channel.url)
    return sorted({urlsplit(url).hostname or "" for url in urls})


def find_channel(declaration: Declaration, url: str) -> str | None:
    """Return the channel whose address `url` is; a ``-`` in a declared path stands for any part."""
    asked = urlsplit(url)
    for name, channel in declaration.channels.items():
        here = urlsplit(channel.url)
        if here.hostname != asked.hostname:
            continue
        pattern, parts = here.path.split("/"), asked.path.split("/")
        if len(pattern) == len(parts) and all(
            wanted in ("-", part) for wanted, part in zip(pattern, parts, strict=True)
        ):
            return name
    return None
