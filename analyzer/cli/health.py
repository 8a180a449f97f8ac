"""What `evenhand doctor` looks at. Each check finds a state, and the one thing to do about it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from analyzer.amounts import size
from analyzer.errors import UserError
from analyzer.knowledge import load_knowledge
from analyzer.study import FILE, load_study
from reports.chromium import find_chromium

GB = 1_000_000_000
# The clock cannot be earlier than the day on which this was written.
_NOT_BEFORE = 1_795_305_600  # 2026-11-22T00:00:00Z


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `fix` is empty where nothing need be done."""

    what: str
    state: Literal["ok", "note", "bad"]
    found: str
    fix: str = ""


def examine(folder: Path, port: int) -> list[Check]:
    """Return every check of this machine for captures into `folder` through TCP `port`."""
    return [
        _python(),
        _mitmproxy(),
        _port(port),
        _address(),
        _study(folder),
        _rights(folder),
        _disk(folder),
        _clock(),
        _chromium(),
    ]


def lan_addresses() -> list[str]:
    """Return this machine's addresses that a phone on the same network could reach."""
    return sorted(set(_local_addresses()))


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        return Check("Python", "ok", version)
    return Check("Python", "bad", version, "use Python 3.11, 3.12 or 3.13")


def _mitmproxy() -> Check:
    try:
        version = metadata.version("mitmproxy")
    except metadata.PackageNotFoundError:
        return Check("mitmproxy", "bad", "not installed", "install evenhand again with pip")
    if int(version.split(".")[0]) >= 12:
        return Check("mitmproxy", "ok", version)
    return Check(
        "mitmproxy",
        "note",
        version,
        "it works; Python 3.12 or 3.13 would get version 12 with current security fixes",
    )


def _port(port: int) -> Check:
    with socket.socket() as probe:
        # As servers do: a port in TIME_WAIT is not a taken port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError as error:
            fix = f"end what uses it, or choose another: evenhand proxy --port {port + 1}"
            return Check(f"port {port}", "bad", error.strerror or str(error), fix)
    return Check(f"port {port}", "ok", "free")


def _address() -> Check:
    addresses = lan_addresses()
    if addresses:
        return Check("address for the phone", "ok", ", ".join(addresses))
    return Check(
        "address for the phone",
        "note",
        "none but this machine itself",
        "join the network that the phone is on",
    )


def _local_addresses() -> Iterator[str]:
    # Connecting a datagram socket sends nothing; it makes the system choose the outgoing address.
    # 192.0.2.0/24 and 2001:db8::/32 are reserved for documentation.
    for family, target in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((target, 9))
                yield str(probe.getsockname()[0])
        except OSError:
            continue


def _study(folder: Path) -> Check:
    if not (folder / FILE).exists():
        return Check("study", "note", f"no {FILE} in {folder.resolve()}", "evenhand init DIR")
    try:
        study = load_study(folder)
        if study.feed is not None:
            from analyzer.feed.protocol import load_protocol

            load_protocol(study)
    except UserError as error:
        return Check("study", "bad", error.message, error.fix)
    knowledge = load_knowledge()
    named = {kind for persona in study.personas.values() for kind, _ in persona.values}
    strange = sorted(named - knowledge.types.keys())
    strange += sorted({arm.country for arm in study.arms.values()} - knowledge.countries.keys())
    if strange:
        fix = "see `evenhand knowledge list types` and `evenhand knowledge list countries`"
        return Check("study", "bad", f"{FILE} names {', '.join(strange)}, which nobody knows", fix)
    if study.app.startswith("com.example.") or "example.com" in study.first_party:
        fix = f"write the app's own name and domains into {FILE}"
        return Check("study", "note", f"app {study.app} is still the example's", fix)
    return Check("study", "ok", f"{study.name}, arms {', '.join(study.arms)}")


def _there(folder: Path) -> Path:
    """Return `folder`, or what of its path there is."""
    return next(path for path in (folder.resolve(), *folder.resolve().parents) if path.is_dir())


def _rights(folder: Path) -> Check:
    there = _there(folder)
    if os.access(there, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        return Check("rights", "ok", f"{there} can be written")
    return Check("rights", "bad", f"{there} cannot be written", "choose another folder")


def _disk(folder: Path) -> Check:
    free = shutil.disk_usage(_there(folder)).free
    found = f"{size(free)} free"
    if free < GB:
        return Check("disk", "bad", found, "make room: a session may take a gigabyte")
    return Check("disk", "ok", found)


def _clock() -> Check:
    now = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    if time.time() < _NOT_BEFORE:
        return Check("clock", "bad", now, "set the clock: times are evidence")
    synchronised = _synchronised()
    if synchronised is None:
        fix = "compare it with another clock: nothing here says whether it is synchronised"
        return Check("clock", "note", now, fix)
    if not synchronised:
        return Check("clock", "note", f"{now}, not synchronised", "turn on network time")
    return Check("clock", "ok", f"{now}, synchronised")


def _synchronised() -> bool | None:
    """Ask systemd whether network time is in force; None where there is no such answer."""
    program = shutil.which("timedatectl")
    if program is None:
        return None
    command = [program, "show", "--property=NTPSynchronized", "--value"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    answer = done.stdout.strip()
    return {"yes": True, "no": False}.get(answer)


def _chromium() -> Check:
    found = find_chromium()
    if found is not None:
        return Check("Chromium", "ok", str(found))
    return Check(
        "Chromium", "note", "not found", "only PDFs and tests need it: apt-get install chromium"
    )
