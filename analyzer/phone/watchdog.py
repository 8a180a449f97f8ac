"""A process of its own that undoes a change on a phone when its parent has been killed.

Started by `analyzer.phone.undo`: program of adb, serial, file of the journal, descriptor with the
lock. It says "ready", then waits on its input: "done" means that the parent has undone things
itself, the end of the input that it is no more.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from pathlib import Path

from analyzer.errors import UserError
from analyzer.phone.adb import Adb
from analyzer.phone.journal import Entry, read_change
from analyzer.phone.undo import undo

_TRIES = 5  # then it is for the journal: the phone is not there
_PAUSE_S = 2.0
_LOOK_S = 1.0


def main() -> None:
    """Wait for the end of the parent; undo if it left that to us."""
    program, serial, path, file = sys.argv[1:]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    change = read_change(Path(path))
    if change is None:
        raise SystemExit(1)
    parent = os.getppid()
    os.write(sys.stdout.fileno(), b"ready\n")
    if not _orphaned(parent):
        return
    entry = Entry(Path(path), int(file), change)
    adb = Adb(program)
    for _ in range(_TRIES):
        try:
            undo(adb, serial, change)
        except UserError:
            time.sleep(_PAUSE_S)
        else:
            entry.remove()
            return


def _orphaned(parent: int) -> bool:
    """Wait for the parent's word or end; whether there was only its end.

    A process that the parent forked may hold the other end of our input beyond its death, so the
    parent is looked for as well.
    """
    said = b""
    while True:
        readable, _, _ = select.select([sys.stdin], [], [], _LOOK_S)
        if readable:
            piece = os.read(sys.stdin.fileno(), 64)
            said += piece
            if said.startswith(b"done"):
                return False
            if not piece:
                return True
        elif os.getppid() != parent:
            return True
