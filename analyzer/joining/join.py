"""Everything that the phone of one arm needs to join, made ready before the proxy starts."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from analyzer.errors import UserError
from analyzer.joining.authority import Authority, load_authority
from analyzer.joining.profile import mobileconfig
from analyzer.joining.wireguard import (
    android_config,
    endpoint,
    ios_config,
    ip_address,
    keep_keys,
)

Mode = Literal["wireguard", "regular", "socks5", "transparent"]
MODES: tuple[Mode, ...] = get_args(Mode)
_TUNNEL_NAME = 15  # characters that Android's WireGuard gives a tunnel


@dataclass(frozen=True, slots=True)
class Join:
    """How the phone of one arm joins. What is secret is not in its `repr`.

    `mitmproxy_mode` is for the option ``mode``. The three configurations are WireGuard's, empty
    in other modes: `android` (confined to `app_id` if that is given), `android_whole` (never
    confined: the check page opens in a browser, which has to be inside), `ios`. `profile` is the
    iPhone's .mobileconfig. `token` is the part of the address of the phone's page that nobody can
    guess; it is new each time.
    """

    study: str
    arm: str
    mode: Mode
    mitmproxy_mode: str
    host: str
    port: int
    endpoint: str  # "host:port", IPv6 in brackets
    app_id: str
    authority: Authority
    android: str = field(repr=False)
    android_whole: str = field(repr=False)
    ios: str = field(repr=False)
    profile: bytes = field(repr=False)
    token: str = field(repr=False)

    @property
    def file_name(self) -> str:
        """The arm's label as a file's and a tunnel's name, which has 15 characters at most."""
        return re.sub(r"[^A-Za-z0-9_=+.-]", "-", self.arm)[:_TUNNEL_NAME].strip(".") or "phone"


def prepare_join(
    confdir: Path,
    arm: str,
    *,
    study: str,
    mode: Mode,
    endpoint_host: str,
    port: int,
    authority_pem: Path,
    app_id: str | None = None,
    listen_host: str = "",
) -> Join:
    """Return what the phone of `arm` needs, with the tunnel's keys kept under `confdir`/wireguard.

    `endpoint_host` is this machine as the phone reaches it, `listen_host` the address that the
    proxy listens on (empty: all). `authority_pem` is the proxy's certificate. `UserError` says
    which of it cannot be used.
    """
    if mode not in MODES:
        raise UserError(f"no mode {str(mode)[:40]!r}", f"use one of {', '.join(MODES)}")
    where = endpoint(endpoint_host, port)
    authority = load_authority(authority_pem)
    listen = _listen(listen_host, endpoint_host)
    android = whole = ios = ""
    tunnel = None
    spec: str = mode
    if mode == "wireguard":
        path = confdir.expanduser().resolve() / "wireguard" / key_file(study, arm)
        keys = keep_keys(path)
        spec = f"wireguard:{path}"
        whole = android_config(keys, endpoint_host, port).text
        confined = android_config(keys, endpoint_host, port, *([app_id] if app_id else []))
        android = confined.text
        tunnel = ios_config(keys, endpoint_host, port)
        ios = tunnel.text
    return Join(
        study=study,
        arm=arm,
        mode=mode,
        mitmproxy_mode=f"{spec}@{listen}{port}",
        host=endpoint_host,
        port=port,
        endpoint=where,
        app_id=app_id or "",
        authority=authority,
        android=android,
        android_whole=whole,
        ios=ios,
        profile=mobileconfig(study, arm, authority, tunnel),
        token=secrets.token_urlsafe(16),
    )


def key_file(study: str, arm: str) -> str:
    """Return the name of the key file of an arm; two studies never share one."""
    label = "-".join(re.sub(r"[^A-Za-z0-9._-]+", "-", each).strip(".-") for each in (study, arm))
    # What was replaced or cut, or where study ends and arm begins, must not make two names one.
    digest = hashlib.sha256(f"{study}\0{arm}".encode()).hexdigest()[:8]
    return f"{label[:80]}-{digest}.conf"


def _listen(listen_host: str, endpoint_host: str) -> str:
    """Return the address in a mode's specification, with its colon, or nothing for all of them.

    mitmproxy 11 listens on IPv4 alone if no address is named, which no phone reaches over IPv6.
    """
    address = ip_address(listen_host or endpoint_host)
    if listen_host:
        return f"{address or listen_host}:"
    return ":::" if address is not None and address.version == 6 else ""
