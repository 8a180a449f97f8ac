"""The packets of a network interface, recorded beside each session, and the keys to read them.

Every lane's bundle gets all packets of the interface and the TLS secrets of all lanes: which packet
is whose phone's is decided when they are read.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
from pathlib import Path

from mitmproxy.net import tls

from addons.guard import Guard
from addons.lanes import AddonFactory
from analyzer.bundle import BundleWriter
from analyzer.packets import MOST, PacketRecorder

KEYS = "keys.log"


class KeyLog:
    """mitmproxy's log of TLS secrets, as a file of several bundles at once.

    All have the same file while it grows, so that each has its keys also after a crash, and a copy
    of their own at the end: what is said to phones while they are hung up on comes after the seal.
    """

    def __init__(self) -> None:
        self._first: Path | None = None
        self._logger: tls.MasterSecretLogger | None = None
        self._before: tls.MasterSecretLogger | None = None

    def add(self, bundle: Path) -> None:
        """Keep the secrets in `bundle`, too, from now on; `OSError` if that cannot be."""
        path = bundle / KEYS
        if self._first is not None:
            os.link(self._first, path)
            return
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        self._first = path
        self._logger = tls.MasterSecretLogger(path)
        self._logger.f = path.open("ab")  # at once: it must not be opened again after the seal
        self._before, tls.log_master_secret = tls.log_master_secret, self._logger

    def finish(self, bundle: Path) -> None:
        """Add nothing more to the file in `bundle`."""
        if tls.log_master_secret is self._logger:
            tls.log_master_secret = self._before
        path = bundle / KEYS
        part = path.with_name(f"{KEYS}.part")
        with path.open("rb") as source, os.fdopen(_private(part), "wb") as target:
            shutil.copyfileobj(source, target)
        part.replace(path)


class Packets:
    """An addon without hooks: it begins when it is made and ends when its session does."""

    def __init__(
        self, writer: BundleWriter, guard: Guard, *, interface: str, keys: KeyLog, most: int
    ) -> None:
        self._writer = writer
        self._guard = guard
        self._keys: KeyLog | None = keys
        self._faults: list[str] = []
        try:
            keys.add(writer.path)
        except OSError as error:
            self._keys = None
            self._faults.append(f"no {KEYS}: {error.strerror or error}")
        self._recorder = PacketRecorder(writer.path, interface, most=most)
        with guard.watch("packets"):
            for address in self._recorder.addresses:
                writer.add_measured("recorder_address", address, "packets")

    def finish(self) -> None:
        """End the recording of packets, so that the bundle can be sealed."""
        recorded = self._recorder.finish()
        if self._keys is not None:
            with contextlib.suppress(OSError):  # the file as it is, then
                self._keys.finish(self._writer.path)
            self._keys = None
        faults = (*self._faults, *recorded.faults)
        self._faults.clear()
        session = self._writer.session
        self._writer.session = dataclasses.replace(session, partial=(*session.partial, *faults))


def record_packets(interface: str, *, most: int = MOST) -> AddonFactory:
    """Return what makes the addon of each lane of one recording (`Lane.extra`).

    `analyzer.packets.check_interface` says before whether it can be done. At most `most` bytes are
    recorded for each lane.
    """
    keys = KeyLog()

    def make(writer: BundleWriter, guard: Guard) -> Packets:
        return Packets(writer, guard, interface=interface, keys=keys, most=most)

    return make


def _private(path: Path) -> int:
    return os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
