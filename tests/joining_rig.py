"""What the tests of joining share: an authority, phones to join, a reader of QR codes."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from analyzer.joining import Join, Mode, prepare_join

HOSTILE = "<script>alert(1)</script>\"'&]]>\u202e"


def authority_file(folder: Path, name: str = "mitmproxy") -> Path:
    """Write a certificate of an authority, with its key in the same file as mitmproxy does."""
    key = generate_private_key(SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    path = folder / "mitmproxy-ca.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    return path


def phone(
    folder: Path,
    arm: str = "KE-13",
    *,
    mode: Mode = "wireguard",
    study: str = "pebblo",
    host: str = "192.168.1.20",
    port: int = 51820,
    app_id: str | None = None,
    listen: str = "",
) -> Join:
    """Make a phone of the study ready to join, with everything under `folder`."""
    authority = folder / "mitmproxy-ca.pem"
    return prepare_join(
        folder,
        arm,
        study=study,
        mode=mode,
        endpoint_host=host,
        port=port,
        app_id=app_id,
        listen_host=listen,
        authority_pem=authority if authority.exists() else authority_file(folder),
    )


def program(name: str, package: str) -> str:
    """Return the path of a program that the tests need; where it is missing, say why they skip."""
    found = shutil.which(name)
    if found is None:
        reason = f"no {name} on this machine (apt-get install {package})"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def scan(image: bytes, folder: Path) -> list[str]:
    """Return what a reader of QR codes, zbar, finds in a PNG, without the line break at its end."""
    path = folder / "scanned.png"
    path.write_bytes(image)
    command = [program("zbarimg", "zbar-tools"), "--quiet", "-Sdisable", "-Sqrcode.enable"]
    done = subprocess.run(
        [*command, "--xml", str(path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode in {0, 4}, done.stderr  # 4: it found none
    from xml.etree import ElementTree

    found = ElementTree.fromstring(done.stdout).findall(".//{*}data")
    return [(each.text or "").rstrip("\n") for each in found]


def picture(rows: list[list[int]]) -> bytes:
    """Return grey levels (0 to 255), row by row, as a PNG file."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows))
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts
