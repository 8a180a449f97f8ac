"""Sees to it that a proxy can start, or says in one line why it cannot."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import re
import socket
from collections.abc import Sequence
from pathlib import Path

from mitmproxy import platform
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.certs import CertStore
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy_rs.wireguard import pubkey

from addons.lanes import Lane
from analyzer.errors import UserError

_MODES = ("regular", "socks5", "transparent", "wireguard")
_RUST = re.compile(r"\(os error ([0-9]{1,5})\)")  # what WireGuard mode has instead of a number
_PORT_FIX = "choose another port with --port, or another address with --host"


def prepare_authority(confdir: Path, key_size: int) -> None:
    """Make the proxy's certificate authority, or see that it can be read; `UserError` if not.

    mitmproxy would go on without one, and every connection of the phone would fail.
    """
    try:
        CertStore.from_store(confdir, "mitmproxy", key_size)
    except (OSError, ValueError, TypeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is damaged or locked"
        raise UserError(
            f"the certificate authority in {confdir} cannot be used ({reason})",
            "name another folder with --confdir",
        ) from None


def specs_of(lanes: Sequence[Lane]) -> list[tuple[str, ...]]:
    """Return mitmproxy's full mode specs of each lane, its own first; `UserError` for a wrong one.

    mitmproxy tells lanes apart by these, so each port 0 is replaced by a free one where there are
    several.
    """
    found: list[tuple[str, ...]] = []
    taken: set[tuple[str, int, str]] = set()
    with contextlib.ExitStack() as reserved:  # until all have one
        for lane in lanes:
            check_mode(lane)
            port = lane.port
            if not port and len(lanes) > 1:
                port = _free_port(lane, reserved)
            specs = (f"{lane.mode}@{lane.host}:{port}", *lane.also)
            for spec in specs:
                _claim(spec, taken)
            found.append(specs)
    return found


def check_mode(lane: Lane) -> None:
    """Raise `UserError` where the lane's mode cannot work, as far as one can know beforehand."""
    if lane.kind not in _MODES:
        raise UserError(f"there is no mode {lane.kind!r}", f"use one of {', '.join(_MODES)}")
    if lane.kind == "transparent" and platform.original_addr is None:
        raise UserError("this system has no transparent mode", "use the mode wireguard or regular")
    if lane.kind == "wireguard":
        _check_keys(lane.mode.partition(":")[2])


def _check_keys(path: str) -> None:
    """mitmproxy would make a missing key file, readable by all."""
    if not path:
        raise UserError("the mode wireguard has no key file", "write it as wireguard:FILE")
    try:
        keys = json.loads(Path(path).expanduser().read_text(encoding="utf-8"))
        pubkey(keys["server_key"]), pubkey(keys["client_key"])
    except OSError as error:
        raise UserError(
            f"the tunnel's keys in {path} cannot be read ({error.strerror})",
            "name another file, or make it readable",
        ) from None
    except (ValueError, KeyError, TypeError):
        raise UserError(
            f"{path} does not hold the keys of a tunnel", "move it away: new ones will be made"
        ) from None


def _free_port(lane: Lane, reserved: contextlib.ExitStack) -> int:
    kind = socket.SOCK_DGRAM if lane.kind == "wireguard" else socket.SOCK_STREAM
    family = socket.AF_INET6 if ":" in lane.host else socket.AF_INET
    probe = reserved.enter_context(socket.socket(family, kind))
    try:
        probe.bind((lane.host, 0))
    except OSError as error:
        raise _not_listening(lane.host, 0, error) from None
    port: int = probe.getsockname()[1]
    return port


def _claim(spec: str, taken: set[tuple[str, int, str]]) -> None:
    try:
        mode = ProxyMode.parse(spec)
    except ValueError:
        raise UserError(f"{spec!r} is not a mode", "see `evenhand proxy --help`") from None
    transport = mode.transport_protocol
    for each in ("tcp", "udp") if transport == "both" else (transport,):
        where = mode.listen_host(), mode.listen_port() or 0, each
        if where in taken:
            raise UserError(f"two phones share port {where[1]}", "give each a port of its own")
        taken.add(where)


async def listening(server: Proxyserver, specs: Sequence[tuple[str, ...]]) -> tuple[int, ...]:
    """Wait until every mode listens; return the first port of each lane. `UserError` if one fails.

    `specs` are those that `specs_of` returned.
    """
    wanted = {spec for each in specs for spec in each}
    while True:
        ports: dict[str, int] = {}
        for instance in server.servers:
            if error := instance.last_exception:
                host, port = instance.mode.listen_host(), instance.mode.listen_port()
                raise _not_listening(host, port or 0, error)
            if addresses := instance.listen_addrs:
                ports[instance.mode.full_spec] = int(addresses[0][1])
        if wanted <= ports.keys():
            return tuple(ports[each[0]] for each in specs)
        await asyncio.sleep(0.01)


def _not_listening(host: str, port: int, error: BaseException) -> UserError:
    where = f"{host} port {port}".strip()
    return UserError(f"the proxy cannot listen on {where} ({_refusal(error)})", _PORT_FIX)


def _refusal(error: BaseException) -> str:
    """Say in the system's words why a port could not be had; mitmproxy adds many of its own."""
    cause = error.__cause__ or error  # the name of the address was not found: it has other numbers
    number = error.errno if isinstance(error, OSError) else None
    if number is None and (found := _RUST.search(str(error))):
        number = int(found[1])
    if number is not None and number in errno.errorcode:
        return os.strerror(number)
    return (cause.strerror if isinstance(cause, OSError) else None) or type(cause).__name__
