"""An Android phone over the real `adb`: what it says of itself, and what is changed on it.

::

    adb = find_adb()                              # UserError: how to install it
    phone = adb.choose(serial)                    # UserError: what to do with the phone
    with usb_proxy(adb, phone.serial, 8080) as state:
        ...                                       # undone afterwards, also after kill -9
    state.left                                    # why it could not be undone; "" where it was
    pending_undo()                                # what is still changed on phones (for doctor)

Nothing here needs root on the phone.
"""

from __future__ import annotations

from analyzer.phone.adb import Adb, Device, PhoneGoneError, find_adb
from analyzer.phone.journal import Change
from analyzer.phone.undo import Guarded, pending_undo, undo_pending
from analyzer.phone.usb_proxy import usb_proxy

__all__ = [
    "Adb",
    "Change",
    "Device",
    "Guarded",
    "PhoneGoneError",
    "find_adb",
    "pending_undo",
    "undo_pending",
    "usb_proxy",
]
