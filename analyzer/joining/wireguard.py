"""WireGuard keys and the configuration that a phone scans.

mitmproxy's own client configuration covers IPv4 only, so on a network with IPv6 an app's traffic
would bypass the recording and nobody would know. This one covers both.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
import os
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from analyzer.errors import UserError

# Of the interface in the phone. The first and the resolver are what mitmproxy answers to; the
# second is a unique local address (RFC 4193), so that IPv6 has a way into the tunnel at all.
ADDRESSES = ("10.0.0.1/32", "fd00:10::1/128")
RESOLVER = "10.0.0.53"
EVERYTHING = ("0.0.0.0/0", "::/0")
KEEPALIVE_S = 25  # a router forgets a silent phone after 30 s or more

APP_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+")
_HOST = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
                   r"(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*")  # fmt: skip
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Keys:
    """The private keys of a tunnel's two ends, Base64 as WireGuard writes them."""

    server: str = field(repr=False)
    client: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ClientConfig:
    """What a phone has to know of its tunnel. `text` is what it scans.

    `endpoint` is "host:port" as the phone reaches this machine, IPv6 in brackets. `applications`
    are Android package names: only those use the tunnel. Empty: everything does.
    """

    private_key: str = field(repr=False)
    server_public_key: str
    endpoint: str
    applications: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The configuration in the format of wg-quick(8)."""
        lines = [
            "[Interface]",
            f"PrivateKey = {self.private_key}",
            f"Address = {', '.join(ADDRESSES)}",
            f"DNS = {RESOLVER}",
        ]
        if self.applications:
            lines.append(f"IncludedApplications = {', '.join(self.applications)}")
        lines += [
            "",
            "[Peer]",
            f"PublicKey = {self.server_public_key}",
            f"AllowedIPs = {', '.join(EVERYTHING)}",
            f"Endpoint = {self.endpoint}",
            f"PersistentKeepalive = {KEEPALIVE_S}",
        ]
        return "\n".join(lines) + "\n"


def android_config(keys: Keys, host: str, port: int, *app_ids: str) -> ClientConfig:
    """Return the tunnel of an Android phone, confined to the apps `app_ids` if any are given.

    An app that is not installed keeps the whole tunnel from starting: Android refuses the list.
    `UserError` if a package name or the endpoint cannot be one.
    """
    for app_id in app_ids:
        if not APP_ID.fullmatch(app_id):
            raise UserError(
                f"{app_id[:80]!r} is not an Android package name", "use one such as com.example.app"
            )
    return ClientConfig(keys.client, public_key(keys.server), endpoint(host, port), app_ids)


def ios_config(keys: Keys, host: str, port: int) -> ClientConfig:
    """Return the tunnel of an iPhone. Its parser rejects what only Android knows, such as apps."""
    return ClientConfig(keys.client, public_key(keys.server), endpoint(host, port))


def endpoint(host: str, port: int) -> str:
    """Return "host:port", with an IPv6 address in brackets; `UserError` if that cannot be one."""
    if not 0 < port < 65536:
        raise UserError(f"{port} is not a port", "use a number from 1 to 65535")
    address = ip_address(host)
    if address is None and not _HOST.fullmatch(host):
        raise UserError(
            f"{host[:80]!r} is no address that a phone could reach",
            "use this machine's address on the phone's network, such as 192.168.1.20",
        )
    if address is not None and (address.is_unspecified or address.is_link_local):
        raise UserError(
            f"{host[:80]!r} leads a phone nowhere",
            "use this machine's address on the phone's network, such as 192.168.1.20",
        )
    return f"[{address}]:{port}" if address and address.version == 6 else f"{host}:{port}"


def ip_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address that `host` writes (brackets allowed), None if it is a name."""
    try:
        return ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None


def make_key() -> str:
    """Return a new private key."""
    return base64.b64encode(X25519PrivateKey.generate().private_bytes_raw()).decode()


def public_key(private_key: str) -> str:
    """Return the public half of a private key; `ValueError` if it is none."""
    raw = base64.b64decode(private_key, validate=True)
    if len(raw) != _KEY_BYTES:
        raise ValueError("a WireGuard key has 32 bytes")
    public = X25519PrivateKey.from_private_bytes(raw).public_key()
    return base64.b64encode(public.public_bytes_raw()).decode()


def keep_keys(path: Path) -> Keys:
    """Return the keys in `path`; made there, readable by the owner only, if there are none.

    The format is that of mitmproxy's ``wireguard:`` mode (proxy/mode_servers.py, 11.0 to 12.3).
    A phone that has joined stays joined as long as the file lives. `UserError` if the file cannot
    be read or is damaged.
    """
    try:
        if not path.exists():
            _make(path)
        path.chmod(0o600)
        found = json.loads(path.read_text(encoding="utf-8"))
        keys = Keys(found["server_key"], found["client_key"])
        public_key(keys.server), public_key(keys.client)
    except OSError as error:
        raise UserError(
            f"the tunnel's keys in {path} cannot be used ({error.strerror or error})",
            "name another folder with --confdir",
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        raise UserError(
            f"the tunnel's keys in {path} are damaged", "remove the file; the phone then joins anew"
        ) from None
    return keys


def _make(path: Path) -> None:
    """Write new keys: all of them or none, and never over somebody else's."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    keys = {"server_key": make_key(), "client_key": make_key()}
    number, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".new")  # mode 0600
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            json.dump(keys, file, indent=4)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(name, path)
        except FileExistsError:
            return  # another process was quicker: its keys are the keys
    finally:
        Path(name).unlink()
