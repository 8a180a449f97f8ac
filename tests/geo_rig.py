"""Small databases of where addresses are, and a registry of packages on this machine."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from mmdb_writer import MMDBWriter
from netaddr import IPSet  # type: ignore[import-untyped]

BUILT = 1_781_654_400  # 2026-06-17T00:00:00Z
KENYA, GERMANY = "196.216.2.1", "146.70.117.1"


def database(
    path: Path, places: Mapping[str, Any], *, nested: bool = False, version: int = 6
) -> Path:
    """Write a database in which networks have countries (or whole records), and return its path.

    `nested` is MaxMind's layout, ``country.iso_code``; else it is ``country_code``.
    """
    writer = MMDBWriter(version, database_type="Country", ipv4_compatible=version == 6)
    for network, country in places.items():
        record = country if isinstance(country, dict) else {"country_code": country}
        if nested and isinstance(country, str):
            record = {"continent": {"code": "XX"}, "country": {"iso_code": country}}
        writer.insert_network(IPSet([network]), record)
    path.parent.mkdir(parents=True, exist_ok=True)
    writer.to_db_file(str(path))
    _built(path)
    return path


def _built(path: Path) -> None:
    """Set the day of building: mmdb_writer takes that of the machine's clock."""
    content = path.read_bytes()
    at = content.rindex(b"build_epoch") + len(b"build_epoch")
    size = content[at] & 0x1F  # a 64-bit number is an extended type: its size, then its type
    assert content[at + 1] == 2
    path.write_bytes(
        content[:at] + b"\x08\x02" + BUILT.to_bytes(8, "big") + content[at + 2 + size :]
    )


def tarball(members: Mapping[str, bytes | tarfile.TarInfo]) -> bytes:
    """Return a gzipped tar archive of files, or of whatever a `TarInfo` says."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in members.items():
            if isinstance(content, tarfile.TarInfo):
                archive.addfile(content)
            else:
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return gzip.compress(out.getvalue(), mtime=0)


def described(name: str, url: str, packed: bytes, **changes: Any) -> dict[str, Any]:
    """Return what npm says of a package whose latest version is `packed`, at `url`."""
    digest = base64.b64encode(hashlib.sha512(packed).digest()).decode()
    dist = {"tarball": url, "integrity": f"sha512-{digest}", "shasum": "0" * 40, **changes}
    return {
        "name": name,
        "dist-tags": {"latest": "2.3.4"},
        "versions": {"2.3.4": {"name": name, "version": "2.3.4", "dist": dist}},
    }


class Registry:
    """A server whose answers are `pages`; `asked` are the paths of all requests, as they came."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes | int] = {}
        self.asked: list[str] = []
        self.url = ""

    def publish(self, name: str, packed: bytes, **changes: Any) -> None:
        """Offer `packed` as the latest version of a package."""
        path = f"/{name}/-/{name.rpartition('/')[2]}-2.3.4.tgz"
        self.pages[path] = packed
        page = described(name, f"{self.url}{path}", packed, **changes)
        self.pages[f"/{name.replace('/', '%2F')}"] = json.dumps(page).encode()


@contextmanager
def registry() -> Iterator[Registry]:
    """Run a registry on 127.0.0.1 within the block."""
    made = Registry()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            page = made.pages.get(self.path, 404)
            self.send_response(page if isinstance(page, int) else 200)
            body = b"" if isinstance(page, int) else page
            if isinstance(page, int) and 300 <= page < 400:
                self.send_header("Location", f"{made.url}/elsewhere")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
