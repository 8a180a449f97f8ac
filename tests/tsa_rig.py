"""An authority for time-stamps on this machine: the certificates, and `openssl ts` behind HTTP."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

_CONFIG = """
[tsa]
default_tsa = main
[main]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
certs = {folder}/{chain}
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
[root]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[req]
distinguished_name = name
[name]
"""
# DER sorts certificates by their size first, `openssl ts` puts its own first: so that be the short.
_ROOT = f"/O={'An authority ' * 4}/OU={'far away ' * 6}/CN=Root of time"


def openssl() -> str:
    """Return the program `openssl`; the test is skipped where there is none, except in CI."""
    found = shutil.which("openssl")
    if found is None:
        reason = "openssl is not installed"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


class Authority:
    """Signs requests; `root` is the certificate to be trusted. With `alone` it brings no root."""

    def __init__(self, folder: Path, *, alone: bool = False) -> None:
        self._openssl = openssl()
        self.folder = folder
        self.root = folder / "root.pem"
        self.broken = b""  # answered instead, if it is set
        chain = "tsa.pem" if alone else "root.pem"
        self._config = folder / "tsa.cnf"
        self._config.write_text(_CONFIG.format(folder=folder, chain=chain))
        (folder / "serial").write_text("01\n")
        new = ("req", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-config", self._config)
        self._run(
            *new, "-x509", "-subj", _ROOT, "-extensions", "root",
            "-keyout", folder / "root.key", "-out", self.root,
        )  # fmt: skip
        self._run(
            *new, "-subj", "/CN=Clock 1", "-keyout", folder / "tsa.key", "-out", folder / "tsa.csr"
        )
        self._run(
            "x509", "-req", "-in", folder / "tsa.csr", "-CA", self.root, "-CAkey",
            folder / "root.key", "-CAcreateserial", "-days", "30", "-extfile", self._config,
            "-extensions", "leaf", "-out", folder / "tsa.pem",
        )  # fmt: skip

    def answer(self, query: bytes) -> bytes:
        """Return the answer to a request."""
        if self.broken:
            return self.broken
        (self.folder / "query.tsq").write_bytes(query)
        self._run(
            "ts", "-reply", "-config", self._config, "-section", "main",
            "-queryfile", self.folder / "query.tsq", "-out", self.folder / "answer.tsr",
        )  # fmt: skip
        return (self.folder / "answer.tsr").read_bytes()

    def _run(self, *words: object) -> None:
        subprocess.run(
            [self._openssl, *map(str, words)], check=True, capture_output=True, timeout=60
        )


@contextmanager
def served(authority: Authority) -> Iterator[str]:
    """Answer requests on 127.0.0.1; yields the URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["content-type"] == "application/timestamp-query"
            content = authority.answer(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-type", "application/timestamp-reply")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()
