"""Undoing: at once, when a process ends in whatever way, or later when the phone is back.

`guarded` remembers the change, starts a watchdog that undoes it should this process be killed, and
undoes it at the end. What could not be undone then (the phone was unplugged) stays in the journal:
`undo_pending` undoes it, `pending_undo` names it.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from analyzer.errors import UserError
from analyzer.phone import journal
from analyzer.phone.adb import Adb
from analyzer.phone.journal import LOOPBACK, OFF, Change, Entry

NOT_AS_IT_WAS = "then run `evenhand phone undo`: the phone is not as it was"
_READY_S = 20
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_ROOT = Path(__file__).resolve().parents[2]  # of the packages, for a process without our path
_START = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from analyzer.phone.watchdog import main; main()"
)


@dataclass(slots=True)
class Guarded:
    """A change while it lasts. `left` is why it could not be undone at the end; "" where it was."""

    change: Change
    left: str = ""


@contextmanager
def guarded(adb: Adb, serial: str, change: Change) -> Iterator[Guarded]:
    """Have `change` undone at the end of the block, whatever that is. Make it inside the block.

    At the end, failing to undo it is not raised but said in `left`; a `UserError` out of the block
    then says so as well.
    """
    entry = journal.write(change)
    state = Guarded(change)
    watchdog: subprocess.Popen[bytes] | None = None
    trouble: UserError | None = None
    try:
        watchdog = _watchdog(adb, serial, entry)
        yield state
    except UserError as error:
        trouble = error
    finally:
        with _undisturbed():
            try:
                undo(adb, serial, change)
                entry.remove()
            except UserError as error:
                state.left = str(error)
            finally:
                if watchdog is not None:
                    _dismiss(watchdog)
                entry.close()
    if trouble is not None:
        raise UserError(str(trouble), NOT_AS_IT_WAS) if state.left else trouble


def undo(adb: Adb, serial: str, change: Change) -> None:
    """Undo `change` on the phone `serial` and look whether it is undone; `UserError` if not.

    What somebody has set since is left alone.
    """
    if change.kind == "file":
        adb.shell(serial, "rm", "-f", change.path)
        if adb.shell(serial, "ls", change.path).out.strip() == change.path.encode():
            raise UserError(f"{change.path} cannot be removed from the phone", "remove it there")
        return
    ours = f"{LOOPBACK}:{change.port}"
    if get_proxy(adb, serial) == ours:
        # Never `settings delete`: Android looks at this value only while there is one, and would
        # go on using the proxy that it remembers (ProxyTracker.loadDeprecatedGlobalHttpProxy).
        adb.shell(serial, "settings", "put", "global", "http_proxy", change.before)
        if get_proxy(adb, serial) == ours and change.before != ours:
            raise UserError(
                "the phone keeps its proxy setting",
                "`adb shell settings put global http_proxy :0` takes it away",
            )
    if adb.reversed_ports(serial).get(f"tcp:{change.port}") == f"tcp:{change.port}":
        adb.stop_reverse(serial, change.port)


def get_proxy(adb: Adb, serial: str) -> str:
    """Return the phone's `http_proxy`, ":0" where it has none; `UserError` if it is no answer."""
    value = adb.line(serial, "settings", "get", "global", "http_proxy")
    if value in {"", "null", OFF}:
        return OFF
    if not journal.PROXY.fullmatch(value):
        raise UserError(
            "the phone's proxy setting is nothing that could be put back",
            "take it away on the phone first",
        )
    return value


def pending_undo() -> list[Change]:
    """Return what is still changed on phones and in nobody's hands; needs no adb."""
    return [entry.change for entry in journal.left_over()]


def undo_pending(adb: Adb) -> tuple[list[Change], list[Change]]:
    """Undo what can be undone on the phones that are connected; return (undone, still pending)."""
    undone: list[Change] = []
    waiting: list[Change] = []
    there: dict[str, str] | None = None
    for entry in journal.left_over():
        if there is None:
            there = _connected(adb)
        serial = there.get(entry.change.phone)
        try:
            if serial is None:
                raise UserError("that phone is not connected", "plug it in")
            undo(adb, serial, entry.change)
        except UserError:
            waiting.append(entry.change)
        else:
            entry.remove()
            undone.append(entry.change)
    return undone, waiting


def _connected(adb: Adb) -> dict[str, str]:
    found = {}
    for device in adb.devices():
        if device.state == "device":
            with suppress(UserError):  # unplugged in this moment
                found[adb.fingerprint(device.serial)] = device.serial
    return found


def _watchdog(adb: Adb, serial: str, entry: Entry) -> subprocess.Popen[bytes]:
    """Start the process that undoes after our death. It sees our end as that of its input."""
    command = [sys.executable, "-P", "-c", _START, str(_ROOT)]
    started = subprocess.Popen(  # noqa: S603
        [*command, adb.program, serial, str(entry.path), str(entry.file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # the terminal's Ctrl-C and hang-up are not for it
        pass_fds=(entry.file,),  # and with it the lock, as long as it undoes
        cwd="/",
    )
    alarm = threading.Timer(_READY_S, started.kill)
    alarm.start()
    try:
        ready = started.stdout.readline() if started.stdout else b""
    except BaseException:
        started.kill()
        raise
    finally:
        alarm.cancel()
    if ready != b"ready\n":
        started.kill()
        raise RuntimeError("the watchdog of the phone's settings did not start")
    return started


def _dismiss(watchdog: subprocess.Popen[bytes]) -> None:
    with suppress(OSError):
        watchdog.communicate(b"done\n", timeout=5)
        return
    watchdog.kill()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """No second Ctrl-C stops what undoes (where that can be said: in the main thread)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
