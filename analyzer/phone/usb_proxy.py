"""The phone's traffic through a USB cable: no Wi-Fi, no firewall, and always undone.

``adb reverse`` leads a port of the phone here, and the phone's `http_proxy` names that port. Only
what obeys the proxy setting comes this way; a tunnel sees more.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from analyzer.errors import UserError
from analyzer.phone.adb import Adb, PhoneGoneError, shown
from analyzer.phone.journal import LOOPBACK, OFF, Change, in_hands, now
from analyzer.phone.undo import Guarded, get_proxy, guarded, undo

# A proxy with these cannot be put back through `http_proxy`, so it is not touched.
_RICHER = ("global_proxy_pac_url", "global_http_proxy_exclusion_list")


@contextmanager
def usb_proxy(adb: Adb, serial: str, port: int) -> Iterator[Guarded]:
    """Lead the phone's HTTP traffic to port `port` of this machine while the block runs.

    The earlier setting is put back at its end, also after a crash or kill -9, or when the phone is
    back (see `analyzer.phone.undo`). `UserError` before anything is changed if it cannot be put
    back, or if another process leads this phone already.
    """
    phone = adb.fingerprint(serial)
    if any(change.kind == "proxy" and change.phone == phone for change in in_hands()):
        raise UserError("this phone has a USB proxy already", "end the other one with Ctrl-C")
    before = get_proxy(adb, serial)
    ours = f"{LOOPBACK}:{port}"
    for name in _RICHER:
        if adb.line(serial, "settings", "get", "global", name) not in {"", "null"}:
            raise UserError(
                "the phone has a proxy with a script or exceptions, which could not be put back",
                "take it away on the phone first, or use the tunnel",
            )
    change = Change(
        kind="proxy",
        phone=phone,
        model=shown(adb.line(serial, "getprop", "ro.product.model"), 60),
        made=now(),
        port=port,
        # Our own value is what a process left that nobody remembers: nothing to go back to.
        before=OFF if before == ours else before,
    )
    with guarded(adb, serial, change) as state:
        adb.reverse(serial, port)
        adb.shell(serial, "settings", "put", "global", "http_proxy", ours)
        if get_proxy(adb, serial) != ours:
            raise UserError(
                "the phone does not take a proxy setting",
                "some phones need `Disable permission monitoring` or `USB debugging (Security "
                "settings)` in Developer options",
            )
        yield state


def renew(adb: Adb, serial: str, port: int) -> bool:
    """Lead the port here again after the cable was out; whether the phone is there."""
    try:
        if f"tcp:{port}" not in adb.reversed_ports(serial):
            adb.reverse(serial, port)
    except PhoneGoneError:
        return False
    except UserError:
        return True  # somebody else took the port meanwhile
    return True


def take_away(adb: Adb, serial: str, port: int) -> bool:
    """Take away a USB proxy that nobody remembers; whether there was one.

    `UserError` if a running process has this phone in its hands.
    """
    phone = adb.fingerprint(serial)
    if any(change.kind == "proxy" and change.phone == phone for change in in_hands()):
        raise UserError("a running program holds this phone's USB proxy", "end it with Ctrl-C")
    if get_proxy(adb, serial) != f"{LOOPBACK}:{port}":
        return False
    undo(adb, serial, Change("proxy", phone, "", now(), port=port))
    return True


def listens(port: int) -> bool:
    """Whether something of this machine takes connections on `port`."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0
