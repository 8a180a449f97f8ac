"""What `evenhand proxy` says: how the phones join, how it goes, how it ended."""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import multiprocessing.process
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


_PATIENCE_S = 3.0  # for the page, before the codes are drawn
_NARROW = 80  # columns


class Screen:
    """Says how the phones join, and serves the pages: set-up and live view here, files for phones.

    Their processes and threads end with `close`.
    """

    def __init__(
        self, study: Study, planned: Plan, *, invert: bool, codes: bool, pages: bool
    ) -> None:
        from analyzer.cli.recording_codes import Codes
        from analyzer.cli.recording_status import RunningLine

        self._study = study
        self._planned = planned
        self._pages = pages
        tunnels = [each for each in planned.joins if codes and each.mode == "wireguard"]
        self._codes = Codes(
            [(each.arm, each.android_whole) for each in tunnels], invert=invert, page=pages
        )
        sessions = [
            (lane.session.account or lane.session.arm.label, study.captures / lane.session.id)
            for lane in planned.lanes
        ]
        self._line = RunningLine(sessions, planned.lanes[0].phase)
        self._one_at_a_time = threading.Lock()  # a code is not drawn through by the running line
        self._ends = contextlib.ExitStack()

    def start(self, _ports: Sequence[int] = ()) -> None:
        """Say everything, once the proxy answers."""
        for lane, join in zip(self._planned.lanes, self._planned.joins, strict=True):
            click.echo(f"Recording {lane.session.id}")
            _say_join(join)
        if self._pages:
            told = self._serve()
        click.echo("  on the phone, http://phone.check says what is missing")
        first = self._planned.lanes[0].phase
        # On a terminal, the running line has the phase.
        phase = "next phase" if sys.stderr.isatty() else f"phase: {first}; next"
        click.echo(f"  {phase}: evenhand step NAME; end: Ctrl-C")
        if self._pages:
            told.start()
        else:
            self._codes.draw()

    def say_counts(self, all_counts: Sequence[Mapping[str, int]]) -> None:
        """Say how it goes, over the last line of stderr; for a terminal."""
        with self._one_at_a_time:
            self._codes.draw_if_enlarged()
            self._line.say(all_counts)

    def close(self) -> None:
        """End the pages."""
        self._ends.close()

    def _serve(self) -> threading.Thread:
        """Serve the pages: for this machine in a process of its own, for the phones from here.

        Return what says where the former are, to be started when all else is said.
        """
        from analyzer.joining.page import phone_app, setup_app
        from analyzer.joining.serving import serve
        from analyzer.joining.wireguard import endpoint
        from analyzer.live.serving import serve_pages
        from analyzer.local_page import new_token

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
        for join in joins:
            click.echo(f"  for the phone of {join.arm}:\n{_address(f'{base}/{join.token}/')}")
        return threading.Thread(target=self._tell, args=(answer, token), daemon=True)

    def _tell(self, answer: Connection, token: str) -> None:
        """Say where the page is once it is there; the phones are not kept waiting for it long."""
        with contextlib.suppress(OSError):
            slow = not answer.poll(_PATIENCE_S)
            if slow:
                with self._one_at_a_time:
                    self._codes.draw()
            with contextlib.suppress(EOFError):
                self._say_page(answer.recv(), token)
            if not slow:
                with self._one_at_a_time:
                    self._codes.draw()

    def _say_page(self, found: int | str, token: str) -> None:
        lines = [f"  no page: {found}"]
        if isinstance(found, int):
            address = _address(f"http://127.0.0.1:{found}/{token}/")
            lines = ["  in the browser here, live view and “Set-up: join a phone”:", address]
        if sys.stdout.isatty():  # over the running counts
            lines[0] = f"\r{lines[0]:<{shutil.get_terminal_size().columns - 1}}"
        with self._one_at_a_time:
            click.echo("\n".join(lines))


def _say_join(join: Join) -> None:
    if join.mode == "wireguard":
        click.echo(f"  WireGuard at {join.endpoint} (UDP): join with the phone's WireGuard app")
    elif join.mode == "transparent":
        click.echo(f"  transparent at {join.endpoint}: lead the phone's TCP traffic there")
    else:
        kind = "SOCKS5 proxy" if join.mode == "socks5" else "proxy"
        click.echo(f"  {kind} for the phone: {join.host} port {join.port}")


def _address(url: str) -> str:
    """Return an address as a line of its own, which no terminal of 80 columns folds."""
    return f"  {url}" if len(url) < _NARROW - 2 else url


def _end(child: multiprocessing.process.BaseProcess) -> None:
    child.terminate()
    child.join(1.0)
    if child.is_alive():
        child.kill()


def say_end(session: Session, path: Path) -> None:
    """Say how a session ended and what of it could be read."""
    from analyzer.bundle.seals import seal_facts
    from analyzer.custody.keys import shown

    counts = dict(session.counts)
    nouns = {"exchanges": "request", "messages": "message", "events": "event", "steps": "step"}
    told = [number(counts.get(name, 0), noun) for name, noun in nouns.items()]
    click.echo(f"\nClosed {click.format_filename(path)} ({session.end_reason})")
    click.echo(f"  {', '.join(told)}")
    if seal := seal_facts(path):
        by = f"signed by {shown(seal.signer)}" if seal.signer else "not signed: there is no key"
        click.echo(f"  seal {seal.digest[:16]}, {by}")
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
    open_ones = " or without encryption" if counts.get("connections_plaintext") else ""
    told = f"{hosts - unread} of {number(hosts, 'host')}"
    first = f"connections to {told} were decrypted{open_ones}"
    if passed:
        first += f"; {size(passed)} passed unread"
    other = counts.get("connections_tcp", 0) + counts.get("connections_udp", 0)
    found = {**{name: counts.get(f"connections_{name}", 0) for name in CONNECTIONS}, "other": other}
    states = [f"{count} {CONNECTIONS[name]}" for name, count in found.items() if count]
    if failed := counts.get("connections_failed", 0):
        states.append(f"{failed} failed at the server")
    return [first, *([f"connections: {', '.join(states)}"] if states else [])]
