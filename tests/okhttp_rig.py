"""OkHttp, the network library of most Android apps, on the JVM: calls, WebSockets, a real pin.

    with OkHttp(java, [recording.authority], proxy=recording.port) as phone:
        assert phone.call("https://api.app.example/echo", b"said").body == b"said"

The program is tests/okhttp/*.java, which `compiled` compiles. It needs a JDK and Debian's
libokhttp-java: otherwise the test is skipped, with CI=true it fails.
"""

from __future__ import annotations

import base64
import os
import queue
import shutil
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from app_server import Served
from netns_rig import Namespace

SOURCES = Path(__file__).parent / "okhttp"
JARS = (Path("/usr/share/java/okhttp.jar"), Path("/usr/share/java/okio.jar"))
_WAIT_S = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call came to. `protocol` is "h2", "http/1.1" or "ws"."""

    status: int
    protocol: str
    body: bytes


class CallFailedError(Exception):
    """A call had no answer; its text is the name of the Java exception."""


def compiled(folder: Path) -> list[str]:
    """Compile the program into `folder`; return the words that a command begins with."""
    missing = [str(jar) for jar in JARS if not jar.exists()]
    missing += [name for name in ("javac", "java") if not shutil.which(name)]
    if missing:
        reason = f"no OkHttp here (apt-get install libokhttp-java): {', '.join(missing)} missing"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    path = os.pathsep.join(map(str, (*JARS, folder)))
    subprocess.run(["javac", "-cp", path, "-d", folder, *SOURCES.glob("*.java")], check=True)
    # One tier of the compiler and one collector: these programs live for seconds.
    quick = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"]
    return ["java", *quick, "-cp", path, "Phone"]


class OkHttp:
    """A running program; a context manager. Its connections stay in its pool until the end.

    `authorities` are all that it trusts. `proxy` is the port of a proxy on this machine, 0 for
    none. `pin` is (host, "sha256/..."). With `inside` it runs in that namespace. `log` is what it
    saw completed.
    """

    def __init__(
        self,
        java: Sequence[str],
        authorities: Sequence[Path],
        *,
        proxy: int = 0,
        pin: tuple[str, str] | None = None,
        inside: Namespace | None = None,
    ) -> None:
        self.log: list[Served] = []
        words = [
            *java,
            ",".join(map(str, authorities)),
            f"127.0.0.1:{proxy}" if proxy else "-",
            "=".join(pin) if pin else "-",
        ]
        self.process = subprocess.Popen(
            inside.command(*words) if inside else words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._said: list[queue.SimpleQueue[list[str]]] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> OkHttp:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """End the program, and with it its connections."""
        if self.process.stdin and not self.process.stdin.closed:
            self.process.stdin.close()
        try:
            self.process.wait(10)
        finally:
            self.process.kill()
            self.process.wait(10)
            self._reader.join(10)
            for pipe in (self.process.stdout, self.process.stderr):
                if pipe:
                    pipe.close()

    def call(self, url: str, body: bytes | None = None, *, protocol: str = "h2") -> Answer:
        """GET, or POST `body`; wait for the answer. `CallFailedError` if there is none."""
        return self.result(self.begin(url, body, protocol=protocol), url, body)

    def begin(self, url: str, body: bytes | None = None, *, protocol: str = "h2") -> int:
        """Begin a call; `result` waits for it."""
        method = "GET" if body is None else "POST"
        return self._order("call", protocol, method, url, _text(body or b""))

    def result(self, number: int, url: str, body: bytes | None = None) -> Answer:
        """Wait for a call that has begun, and note it in the log."""
        _, status, protocol, content = self._next(number)
        answer = Answer(int(status), protocol, base64.b64decode(content))
        method = "GET" if body is None else "POST"
        self.log.append(Served(method, url, (), body or b"", answer.status, answer.body))
        return answer

    def talk(
        self, url: str, messages: Sequence[str | bytes], *, protocol: str = "h2", close: bool = True
    ) -> list[str | bytes]:
        """Open a WebSocket, send messages one by one; return what came back."""
        said = [
            f"text:{_text(message.encode())}"
            if isinstance(message, str)
            else f"bytes:{_text(message)}"
            for message in messages
        ]
        number = self._order("talk", protocol, url, "close" if close else "hold", *said)
        echoed: list[str | bytes] = []
        shown = url.replace("wss:", "https:")
        while (line := self._next(number))[0] == "said":
            raw = base64.b64decode(line[2])
            sent = messages[len(echoed)]
            echoed.append(raw.decode() if line[1] == "text" else raw)
            there = sent.encode() if isinstance(sent, str) else sent
            self.log.append(Served("WS", shown, (), there, 101, b""))
            self.log.append(Served("WS", shown, (), b"", 101, raw))
        return echoed

    def _order(self, kind: str, *fields: str) -> int:
        number = len(self._said)
        self._said.append(queue.SimpleQueue())
        assert self.process.stdin
        self.process.stdin.write("\t".join((kind, str(number), *fields)) + "\n")
        self.process.stdin.flush()
        return number

    def _next(self, number: int) -> list[str]:
        try:
            line = self._said[number].get(timeout=_WAIT_S)
        except queue.Empty:
            raise AssertionError(f"OkHttp says nothing; it runs: {self.process.poll()}") from None
        if line[0] == "failed":
            raise CallFailedError(line[1])
        return line

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            number, *fields = line.rstrip("\n").split("\t")
            self._said[int(number)].put(fields)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
