"""Runs a proxy that records one session or several: mitmproxy embedded, our own order of addons."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, Protocol

from mitmproxy import version
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.master import Master
from mitmproxy.options import Options

from addons.chain import recorder
from addons.crashes import watching
from addons.datagrams import wait_for_datagrams
from addons.ending import hang_up
from addons.http1 import read_all_of_http1
from addons.http3 import be_patient
from addons.lanes import Lane, Lanes, Track
from addons.loopback import Address
from addons.sleeping import ClockWatch, SleepWatch, slept_s
from addons.starting import listening, prepare_authority, specs_of
from analyzer.bundle import BundleWriter, RecordingError
from analyzer.models import Event, Session

# Nobody listens to mitmproxy's log; while it hangs up on everyone, Python would print it.
logging.getLogger("mitmproxy").addHandler(logging.NullHandler())
LOW_DISK = 200 * 1024 * 1024
OTHER_FAILED = "another session of this recording failed"
ASLEEP = "this machine was asleep"
CLOCK = "the clock was changed"
Counts = Mapping[str, int]
_TICK_S = 0.05
_COUNTS_S = 0.5
_DISK_S = 2.0
_FIRST_EXIT_S = 10.0
_EXIT_S = 30.0
_LAST_EXIT_S = 0.8
_PATIENCE_S = 2.0  # until it is said that the bundles are being sealed
_END_S = 0.7  # for what is still there to be cancelled
_SIGNALS = {
    signal.SIGINT: "stopped",
    signal.SIGTERM: "terminated",
    signal.SIGHUP: "terminal closed",
}


class Stop(Protocol):
    """An Event of threading, multiprocessing or asyncio."""

    def is_set(self) -> bool:
        """Whether the recording shall end."""


def record(
    captures: Path,
    session: Session,
    *,
    phase: str,
    confdir: Path,
    host: str = "127.0.0.1",
    port: int = 0,
    mode: str = "regular",
    remap: Mapping[str, Address] | None = None,
    upstream_ca: Path | None = None,
    ready: Callable[[int], None] | None = None,
    stop: Stop | None = None,
    on_counts: Callable[[Counts], None] | None = None,
    low_disk: int = LOW_DISK,
) -> Session:
    """Record one phone; `record_lanes` with one plain lane. Returns the session as sealed."""
    [sealed] = record_lanes(
        captures,
        [Lane(session=session, phase=phase, mode=mode, host=host, port=port)],
        confdir=confdir,
        remap=remap,
        upstream_ca=upstream_ca,
        ready=None if ready is None else lambda ports: ready(ports[0]),
        stop=stop,
        on_counts=None if on_counts is None else lambda counts: on_counts(counts[0]),
        low_disk=low_disk,
    )
    return sealed


def record_lanes(
    captures: Path,
    lanes: Sequence[Lane],
    *,
    confdir: Path,
    remap: Mapping[str, Address] | None = None,
    upstream_ca: Path | None = None,
    ready: Callable[[tuple[int, ...]], None] | None = None,
    stop: Stop | None = None,
    on_counts: Callable[[tuple[Counts, ...]], None] | None = None,
    low_disk: int = LOW_DISK,
    slept: Callable[[], float] = slept_s,
    on_closing: Callable[[], None] | None = None,
) -> tuple[Session, ...]:
    """Record until `stop` is set, a signal (INT, TERM, HUP) comes or the recording of one fails.

    `captures` is the study's folder of bundles; `confdir` holds the CA of the proxy (made there the
    first time). `ready` gets the port of each lane once all answer. With `remap` (host -> loopback
    address) nothing leaves this machine. `upstream_ca` are certificates that servers, upstream
    proxies and check URLs may have. `on_counts` gets each writer's live counts twice a second. The
    sessions end when less than `low_disk` bytes are free. `slept` is `sleeping.slept_s`.
    Within three seconds of the end everyone is hung up on; `on_closing` is called, in a thread of
    its own, where the sealing that follows takes long.

    Returns the sessions as they were sealed, in the order of `lanes`. `UserError` if the proxy
    cannot start, then without a trace; `RecordingError` if a bundle could not be sealed (`recover`
    does it later). Blocks; once per process at a time. A process that has recorded over WireGuard
    has to end with `leave`.
    """
    specs = specs_of(lanes)
    options = Options(
        confdir=str(confdir),
        mode=[spec for each in specs for spec in each],
        ssl_verify_upstream_trusted_ca=str(upstream_ca) if upstream_ca else None,
    )
    prepare_authority(confdir, options.key_size)
    be_patient()
    wait_for_datagrams()
    read_all_of_http1()
    run = _Run(specs, stop, low_disk, SleepWatch(slept))
    loop = asyncio.new_event_loop()
    try:
        for lane in lanes:
            writer = BundleWriter.create(captures, _described(lane), phase=lane.phase)
            run.add(lane, writer, remap, upstream_ca)
        return loop.run_until_complete(run.until_the_end(options, ready, on_counts, on_closing))
    except BaseException:
        run.break_off()
        raise
    finally:
        _wind_up(loop)


def leave(code: int) -> NoReturn:
    """End this process at once, with everything said that was to be said.

    For the command line, after `record_lanes`: mitmproxy's WireGuard server runs threads of its
    own, and every version of it crashes when Python ends while phones are connected. What was
    registered with `atexit` does not run, and child processes have to be ended before.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # nobody listens any more
            stream.flush()
    os._exit(code)


def _described(lane: Lane) -> Session:
    session = lane.session
    tools = dict(session.tools) | {"mitmproxy": version.VERSION}
    return dataclasses.replace(
        session,
        tools=tuple(sorted(tools.items())),
        mode=session.mode or lane.kind,
        policy=(*session.policy, *(each for each in lane.policy if each not in session.policy)),
    )


def _wind_up(loop: asyncio.AbstractEventLoop) -> None:
    """Close a loop without waiting for whoever does not want to end, such as a name lookup."""
    loop.set_exception_handler(_ignore_cancelled)
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.wait(tasks, timeout=_END_S))
    loop.close()


def _ignore_cancelled(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Python 3.11 complains of the connections that we cancel ourselves."""
    if not isinstance(context.get("exception"), asyncio.CancelledError):
        loop.default_exception_handler(context)


class _Run:
    """One proxy with its lanes, from start to end."""

    def __init__(
        self,
        specs: Sequence[tuple[str, ...]],
        stop: Stop | None,
        low_disk: int,
        sleep: SleepWatch,
    ) -> None:
        self._specs = specs
        self._stop = stop
        self._low_disk = low_disk
        self._sleep = sleep
        self._clock = ClockWatch()
        self._tracks: list[Track] = []
        self._reason = ""
        self._failed: Track | None = None
        self._listened = False
        self._master: Master | None = None

    def add(
        self,
        lane: Lane,
        writer: BundleWriter,
        remap: Mapping[str, Address] | None,
        upstream_ca: Path | None,
    ) -> None:
        """Take one more lane, before the start."""
        track = Track(lane, writer, self._fail, remap=remap, upstream_ca=upstream_ca)
        self._tracks.append(track)

    def _fail(self, reason: str) -> None:
        """Stop all lanes: one of them cannot be recorded any more, and its guard has stopped."""
        self._failed = next((each for each in self._tracks if each.guard.stopped), None)
        for each in self._tracks:
            each.guard.stop()
        self._end(reason)

    def break_off(self) -> None:
        """Close what an exception left open; without a trace if no phone could come in yet."""
        for track in self._tracks:
            track.finish()
            track.writer.mark_incomplete("the proxy broke off")
            with contextlib.suppress(RecordingError):
                track.writer.close("broke off")
            if not self._listened:
                shutil.rmtree(track.writer.path)

    async def until_the_end(
        self,
        options: Options,
        ready: Callable[[tuple[int, ...]], None] | None,
        on_counts: Callable[[tuple[Counts, ...]], None] | None,
        on_closing: Callable[[], None] | None,
    ) -> tuple[Session, ...]:
        """Serve, watch, close."""
        master = self._master = self._assembled(options)
        server = master.addons.get("proxyserver")
        if not isinstance(server, Proxyserver):
            raise TypeError("mitmproxy runs without its proxyserver addon")
        # Signals are caught to the end: a second Ctrl-C must not break the seal.
        with watching(self._tracks), self._signals():
            await self._ask_exits(_FIRST_EXIT_S)
            watcher = asyncio.create_task(self._watch(server, ready, on_counts))
            watcher.add_done_callback(lambda _: master.shutdown())
            checks = [asyncio.create_task(self._keep_asking(track)) for track in self._tracks]
            await master.run()
            for task in (watcher, *checks):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
            if not any(track.guard.stopped for track in self._tracks):
                await self._ask_exits(_LAST_EXIT_S)
            for track in self._tracks:
                track.finish()
            for track in self._tracks:
                track.guard.stop()  # nothing gets through or is recorded from here on
            await hang_up(server)
            return self._close(on_closing)

    def _assembled(self, options: Options) -> Master:
        tracks = {
            spec: track
            for track, specs in zip(self._tracks, self._specs, strict=True)
            for spec in specs
        }
        master = recorder(options, asyncio.get_running_loop(), Lanes(tracks))
        # Lazy: a server that cannot be reached must not keep the request from being seen.
        options.update(connection_strategy="lazy")
        return master

    def _close(self, on_closing: Callable[[], None] | None) -> tuple[Session, ...]:
        """Seal the bundles, however long that takes: nobody is connected any more."""
        sealed: list[Session] = []
        failures: list[RecordingError] = []
        patience = threading.Timer(_PATIENCE_S, on_closing or (lambda: None))
        patience.daemon = True
        patience.start()
        try:
            for track in self._tracks:
                try:
                    sealed.append(self._seal(track))
                except RecordingError as error:
                    failures.append(error)
        finally:
            patience.cancel()
        if failures:
            raise failures[0]
        return tuple(sealed)

    def _seal(self, track: Track) -> Session:
        reason = self._reason or "stopped"
        if self._failed and track is not self._failed:
            track.writer.mark_incomplete(OTHER_FAILED)
            reason = OTHER_FAILED
        return track.writer.close(reason, extra={"hook_errors": track.guard.errors})

    def _end(self, reason: str) -> None:
        self._reason = self._reason or reason
        if self._master:
            self._master.shutdown()

    def _stopped(self) -> bool:
        if self._stop is not None and self._stop.is_set():
            self._end("stopped")
        return bool(self._reason)

    async def _watch(
        self,
        server: Proxyserver,
        ready: Callable[[tuple[int, ...]], None] | None,
        on_counts: Callable[[tuple[Counts, ...]], None] | None,
    ) -> None:
        """Say when the proxy listens, then look now and then whether the session shall end."""
        ports = await listening(server, self._specs)
        self._listened = True
        if ready and not self._reason:
            ready(ports)
        now = next_counts = next_disk = 0.0
        while not self._stopped():
            now = asyncio.get_running_loop().time()
            if length := self._sleep.length():
                self._note_gap(f"{ASLEEP} for {length:.0f} s", length)
            if self._clock.jump():
                self._note_gap(CLOCK)
            if on_counts and now >= next_counts:
                on_counts(tuple(dict(track.writer.counts) for track in self._tracks))
                next_counts = now + _COUNTS_S
            if now >= next_disk:
                if any(track.writer.free_bytes() < self._low_disk for track in self._tracks):
                    self._end("the disk is almost full")
                next_disk = now + _DISK_S
            await asyncio.sleep(_TICK_S)

    def _note_gap(self, words: str, length: float = 0.0) -> None:
        for track in self._tracks:
            with track.guard.watch("gap"):
                began = max(0.0, track.writer.seconds() - length)
                track.writer.add_event(Event(began, "gap", "", words, 0, 0))
                track.writer.mark_incomplete(words)

    async def _ask_exits(self, timeout_s: float) -> None:
        """Ask all lanes' check URLs at once, no longer than that, and no longer than wanted."""
        asked = [
            asyncio.create_task(track.exits.ask(timeout_s)) for track in self._tracks if track.exits
        ]
        while asked and not all(each.done() for each in asked):
            if timeout_s > _LAST_EXIT_S and self._stopped():
                for each in asked:
                    each.cancel()
            await asyncio.wait(asked, timeout=_TICK_S)
        await asyncio.gather(*asked, return_exceptions=True)

    async def _keep_asking(self, track: Track) -> None:
        while track.exits:
            await asyncio.sleep(track.exits.every_s)
            await track.exits.ask(_EXIT_S)

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """End properly on INT, TERM and HUP; only the main thread gets signals."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        for number, reason in _SIGNALS.items():
            loop.add_signal_handler(number, self._end, reason)
        try:
            yield
        finally:
            for number in _SIGNALS:
                loop.remove_signal_handler(number)
