"""What `evenhand doctor` looks at beside the proxy itself: how phones join, and what tells more."""

from __future__ import annotations

import datetime
import os
import shutil
import socket
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from analyzer.bundle import crashed_bundles
from analyzer.cli.health import Check
from analyzer.errors import UserError
from analyzer.joining.authority import load_authority
from analyzer.phone import journal
from analyzer.phone.undo import pending_undo
from analyzer.region.exits import found_databases, open_databases
from analyzer.study import load_study

TUNNEL_PORT = 51820
_AUTHORITY = ("mitmproxy-ca-cert.pem", "mitmproxy-ca.pem")
_SOON = datetime.timedelta(days=30)
_OLD = datetime.timedelta(days=365)


def examine_phones(folder: Path, confdir: Path, tunnel_port: int = TUNNEL_PORT) -> list[Check]:
    """Return every check of joining, of phones at a cable, of exits and of earlier sessions."""
    return [
        _tunnel(tunnel_port),
        _ipv6(),
        *_readable("certificate authority", lambda: [_authority(confdir.expanduser())]),
        *_readable("left on a phone", _left_on_phones),
        _adb(),
        *_readable("country databases", lambda: [_databases(found_databases())]),
        _packets(),
        *_readable("sessions", lambda: _crashed(folder)),
    ]


def _readable(what: str, look: Callable[[], Iterable[Check]]) -> list[Check]:
    """Return the checks of `look`, or that this user may not see what they are about."""
    try:
        return list(look())
    except OSError as error:
        told = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        return [Check(what, "bad", told, "check the rights, or run it as the user who records")]


def _tunnel(port: int) -> Check:
    what = f"WireGuard, UDP port {port}"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("", port))
        except OSError as error:
            fix = f"end what uses it (wg-quick down?), or evenhand proxy --port {port + 10}"
            return Check(what, "bad", error.strerror or str(error), fix)
    return Check(what, "ok", "free")


def _ipv6() -> Check:
    """Inside the tunnel phones have IPv6 in any case; what they want there needs a way out."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("2001:db8::1", 9))  # sends nothing; reserved for documentation
        except OSError:
            return Check(
                "IPv6",
                "note",
                "this machine has no way out",
                "nothing is missed: phones come back over IPv4; join an IPv6 network to see both",
            )
    return Check("IPv6", "ok", "there is a way out")


def _authority(confdir: Path) -> Check:
    what = "certificate authority"
    public, private = (confdir / name for name in _AUTHORITY)
    if not public.exists():
        return Check(what, "ok", f"none yet in {confdir}: the first recording makes it")
    try:
        found = load_authority(public)
    except UserError as error:
        return Check(what, "bad", error.message, "name another folder with --confdir")
    expires = datetime.date.fromisoformat(found.expires)
    told = f"{found.name}, until {found.expires}, SHA-256 {found.fingerprint[:23]}..."
    if expires - _today() < _SOON:
        fix = f"remove {confdir}; phones have to install and trust the new one"
        return Check(what, "bad", told, fix)
    if private.exists() and stat.S_IMODE(private.stat().st_mode) & 0o077:
        fix = f"chmod 600 {private}: whoever reads it can read those phones' traffic"
        return Check(what, "bad", "others can read its key", fix)
    return Check(what, "ok", told)


def _left_on_phones() -> Iterator[Check]:
    """What an earlier run changed on a phone and nobody has undone."""
    for change in pending_undo():
        yield Check("left on a phone", "bad", str(change), "evenhand phone undo")
    for path in journal.damaged():
        fix = f"look at the proxy setting of the phone, then remove {path}"
        yield Check("left on a phone", "bad", "a note that cannot be read", fix)


def _adb() -> Check:
    found = shutil.which("adb")
    if found:
        return Check("adb", "ok", found)
    fix = "only phones at a cable need it: apt-get install adb, brew install android-platform-tools"
    return Check("adb", "note", "not found", fix)


def _databases(paths: Sequence[Path]) -> Check:
    what = "country databases"
    fetch = "evenhand geo fetch: two of them say where a session leaves from"
    if find_spec("maxminddb") is None:
        return Check(what, "note", "no reader", "pip install 'evenhand[geo]', evenhand geo fetch")
    if not paths:
        return Check(what, "note", "none", fetch)
    try:
        with open_databases(paths) as opened:
            sources = opened.sources
    except UserError as error:
        return Check(what, "bad", error.message, error.fix)
    told = ", ".join(source.removeprefix("geo:") for source in sources)
    days = [datetime.date.fromisoformat(source.rpartition(" ")[2]) for source in sources]
    if len(days) < 2:
        return Check(what, "note", told, fetch)
    if _today() - min(days) > _OLD:
        return Check(what, "note", f"{told}: more than a year old", "evenhand geo fetch")
    return Check(what, "ok", told)


def _packets() -> Check:
    if sys.platform == "linux" and os.geteuid() == 0:
        return Check("packets", "ok", "can be recorded")
    fix = "only `evenhand proxy --packets` needs it: run it as an administrator"
    return Check("packets", "note", "this user may not record them", fix)


def _crashed(folder: Path) -> Iterator[Check]:
    """Sessions whose recorder died; nothing where there is no study."""
    try:
        crashed = crashed_bundles(load_study(folder).captures)
    except UserError:
        return
    if crashed:
        names = ", ".join(path.name for path in crashed[:3])
        more = f" and {len(crashed) - 3} more" if len(crashed) > 3 else ""
        yield Check("sessions", "bad", f"{names}{more} were never closed", "evenhand recover")


def _today() -> datetime.date:
    return datetime.datetime.now(datetime.UTC).date()
