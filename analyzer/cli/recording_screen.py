"""What `evenhand proxy` says: how the phones join, how it goes, how it ended."""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import multiprocessing.process
import os
import shutil
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analyzer.amounts import number, size
from reports.coverage import CONNECTIONS

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from analyzer.cli.recording_plan import Plan
    from analyzer.joining import Join
    from analyzer.models import Session
    from analyzer.study import Study


class Screen:
    """Says how the phones join, and serves the pages: set-up and live view here, files for phones.

    Their processes and threads end with `close`.
    """

    def __init__(
        self, study: Study, planned: Plan, *, invert: bool, codes: bool, pages: bool
    ) -> None:
        self._study = study
        self._planned = planned
        self._invert = invert
        self._codes = codes
        self._pages = pages
        self._ends = contextlib.ExitStack()

    def start(self, _ports: Sequence[int] = ()) -> None:
        """Say everything, once the proxy answers."""
        for lane, join in zip(self._planned.lanes, self._planned.joins, strict=True):
            click.echo(f"Recording {lane.session.id}")
            self._join(join)
        if self._pages:
            self._serve()
        click.echo("  on the phone, http://phone.check says what is missing")
        first = self._study.phases[0]
        click.echo(f"  phase: {first}; next: evenhand step NAME; end: Ctrl-C")

    def close(self) -> None:
        """End the pages."""
        self._ends.close()

    def _join(self, join: Join) -> None:
        if join.mode == "wireguard":
            click.echo(f"  WireGuard at {join.endpoint} (UDP): scan with the phone's WireGuard app")
            if self._codes:
                _code(join.android_whole, self._invert)
        elif join.mode == "transparent":
            click.echo(f"  transparent at {join.endpoint}: lead the phone's TCP traffic there")
        else:
            kind = "SOCKS5 proxy" if join.mode == "socks5" else "proxy"
            click.echo(f"  {kind} for the phone: {join.host} port {join.port}")

    def _serve(self) -> None:
        """Serve the pages: for this machine in a process of its own, for the phones from here."""
        from analyzer.joining.page import phone_app, setup_app
        from analyzer.joining.serving import serve
        from analyzer.joining.wireguard import endpoint
        from analyzer.live.serving import new_token, serve_pages

        joins = self._planned.joins
        phones = serve(phone_app(joins), self._planned.lanes[0].host, 0)
        self._ends.callback(phones.close)
        base = f"http://{endpoint(joins[0].host, phones.port)}"
        token = new_token()
        setup = functools.partial(setup_app, joins, token=token, phone_base=base)
        spawned = multiprocessing.get_context("spawn")
        answer, ready = spawned.Pipe(duplex=False)
        child = spawned.Process(
            target=serve_pages,
            args=(self._study.root, [lane.session.id for lane in self._planned.lanes]),
            kwargs={
                "port": 0,
                "token": token,
                "beside": {"/setup": setup},
                "setup": f"/setup/{token}/",
                "ready": ready,
            },
            daemon=True,
        )
        child.start()
        ready.close()
        self._ends.callback(_end, child)
        threading.Thread(target=_tell, args=(answer, token), daemon=True).start()
        for join in joins:
            click.echo(f"  for the phone of {join.arm}: {base}/{join.token}/")


def _tell(answer: Connection, token: str) -> None:
    """Say where the page is once it is there; the phones are not kept waiting for it."""
    with contextlib.suppress(EOFError, OSError):
        found = answer.recv()
        line = f"  no page: {found}"
        if isinstance(found, int):
            line = f"  here, set-up and live view: http://127.0.0.1:{found}/{token}/"
        if sys.stdout.isatty():  # over the running counts
            line = f"\r{line:<{shutil.get_terminal_size().columns - 1}}"
        click.echo(line)


def _end(child: multiprocessing.process.BaseProcess) -> None:
    child.terminate()
    child.join(1.0)
    if child.is_alive():
        child.kill()


def _code(data: str, invert: bool) -> None:
    from analyzer.joining import qr

    size = shutil.get_terminal_size()
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    drawn = qr.terminal(
        data, colour=colour, invert=invert, columns=size.columns, rows=max(size.lines, 40)
    )
    if drawn is None:
        click.echo("  (this terminal is too narrow for its QR code: see the set-up page)")
    else:
        click.echo(drawn)


def say_counts(all_counts: Sequence[Mapping[str, int]]) -> None:
    """Write the running counts of all sessions over the last line of stderr."""
    told = []
    for counts in all_counts:
        sent, got = size(counts["bytes_up"]), size(counts["bytes_down"])
        told.append(
            f"{number(counts['exchanges'], 'exchange')}, "
            f"{number(counts['messages'], 'message')}, {sent} up, {got} down"
        )
    line = f"  {' | '.join(told)}"
    width = shutil.get_terminal_size().columns - 1
    with contextlib.suppress(OSError):  # a recording does not end because nobody watches
        click.echo(f"\r{line[:width]:<{min(len(line) + 3, width)}}", nl=False, err=True)


def say_end(session: Session, path: Path) -> None:
    """Say how a session ended and what of it could be read."""
    counts = dict(session.counts)
    told = ("exchange", "message", "event", "step")
    click.echo(f"\nClosed {click.format_filename(path)} ({session.end_reason})")
    click.echo(f"  {', '.join(number(counts.get(f'{what}s', 0), what) for what in told)}")
    if coverage := coverage_lines(counts):
        click.echo("\n".join(f"  {line}" for line in coverage))
    for sentence in session.partial:
        click.echo(f"  partial: {sentence}")
    if not counts.get("exchanges"):
        click.echo("  nothing was read: does http://phone.check on the phone say that it is ready?")


def coverage_lines(counts: Mapping[str, int]) -> list[str]:
    """Return what became of the connections of a session, in words; nothing where none was."""
    hosts = counts.get("hosts", 0)
    if not hosts:
        return []
    unread = counts.get("hosts_unread", 0)
    passed = counts.get("unread_up", 0) + counts.get("unread_down", 0)
    first = f"{hosts - unread} of {number(hosts, 'host')} could be read"
    if passed:
        first += f"; {size(passed)} passed unread"
    other = counts.get("connections_tcp", 0) + counts.get("connections_udp", 0)
    found = {**{name: counts.get(f"connections_{name}", 0) for name in CONNECTIONS}, "other": other}
    states = [f"{count} {CONNECTIONS[name]}" for name, count in found.items() if count]
    if failed := counts.get("connections_failed", 0):
        states.append(f"{failed} failed at the server")
    return [first, *([f"connections: {', '.join(states)}"] if states else [])]
