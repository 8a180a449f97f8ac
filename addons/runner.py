"""Runs a proxy that records one session: mitmproxy embedded, with our own order of addons."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import errno
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from mitmproxy import version
from mitmproxy.addons.errorcheck import ErrorCheck
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.certs import CertStore
from mitmproxy.options import Options
from mitmproxy.tools.dump import DumpMaster

from addons.capture import Capture
from addons.guard import Guard
from addons.loopback import Address, Loopback
from addons.trust import Trust
from analyzer.bundle import BundleWriter, RecordingError
from analyzer.errors import UserError
from analyzer.models import Session

LOW_DISK = 200 * 1024 * 1024
_TICK_S = 0.05
_COUNTS_S = 0.5
_DISK_S = 2.0
_HANG_UP_S = 1.0  # for connections to close by themselves
_END_S = 1.0  # for what is still there to be cancelled
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
    on_counts: Callable[[Mapping[str, int]], None] | None = None,
    low_disk: int = LOW_DISK,
) -> Session:
    """Record until `stop` is set, a signal (INT, TERM, HUP) comes or recording fails.

    `captures` is the study's folder of bundles, `phase` its first phase, `confdir` holds the CA of
    the proxy (made there the first time). `port` 0 takes a free one; `ready` gets the port once the
    proxy answers. With `remap` (host -> loopback address) nothing leaves this machine.
    `upstream_ca` are certificates that servers may have. `on_counts` gets the writer's live counts
    twice a second. The session ends when less than `low_disk` bytes are free.

    Returns the session as it was sealed. `UserError` if the proxy cannot start; `RecordingError` if
    the bundle could not be sealed (`recover` does it later). Blocks; one session per process.
    """
    tools = dict(session.tools) | {"mitmproxy": version.VERSION}
    session = dataclasses.replace(session, tools=tuple(sorted(tools.items())))
    options = Options(
        confdir=str(confdir),
        listen_host=host,
        listen_port=port,
        mode=[mode],
        ssl_verify_upstream_trusted_ca=str(upstream_ca) if upstream_ca else None,
    )
    _prepare_authority(confdir, options.key_size)
    writer = BundleWriter.create(captures, session, phase=phase)
    run = _Run(writer, remap, stop, low_disk)
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(run.until_the_end(options, ready, on_counts))
    except BaseException:
        writer.mark_incomplete("the proxy broke off")
        with contextlib.suppress(RecordingError):
            writer.close("broke off")
        if not run.listened:
            shutil.rmtree(writer.path)
        raise
    finally:
        _wind_up(loop)


def _prepare_authority(confdir: Path, key_size: int) -> None:
    """Make the proxy's certificate authority, or see that it can be read.

    mitmproxy would go on without one, and every connection of the phone would fail.
    """
    try:
        CertStore.from_store(confdir, "mitmproxy", key_size)
    except (OSError, ValueError, TypeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is damaged or locked"
        raise UserError(
            f"the certificate authority in {confdir} cannot be used ({reason})",
            "name another folder with --confdir",
        ) from None


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
    """One proxy with its addons, from start to end."""

    def __init__(
        self,
        writer: BundleWriter,
        remap: Mapping[str, Address] | None,
        stop: Stop | None,
        low_disk: int,
    ) -> None:
        self.listened = False
        self._writer = writer
        self._stop = stop
        self._low_disk = low_disk
        self._reason = ""
        self._master: DumpMaster | None = None
        self._guard = Guard(writer, self._end)
        self._loopback = Loopback(remap, self._guard) if remap is not None else None
        self._trust = Trust(writer, self._guard)

    async def until_the_end(
        self,
        options: Options,
        ready: Callable[[int], None] | None,
        on_counts: Callable[[Mapping[str, int]], None] | None,
    ) -> Session:
        """Serve, watch, close."""
        master = self._master = DumpMaster(
            options, loop=asyncio.get_running_loop(), with_termlog=False, with_dumper=False
        )
        # It would print and exit; `_port` looks whether the proxy listens.
        check = master.addons.get("errorcheck")
        if isinstance(check, ErrorCheck):
            check.finish()
            master.addons.remove(check)
        # Lazy: a server that cannot be reached must not keep the request from being seen.
        options.update(connection_strategy="lazy")
        if self._loopback:
            # It comes before our addons, and would ask the internet for each of a tunnel's names.
            master.addons.remove(master.addons.get("dnsresolver"))
            master.addons.add(self._loopback)
        master.addons.add(self._trust, Capture(self._writer, self._guard))
        server = master.addons.get("proxyserver")
        if not isinstance(server, Proxyserver):
            raise TypeError("mitmproxy runs without its proxyserver addon")
        watcher = asyncio.create_task(self._watch(server, options, ready, on_counts))
        watcher.add_done_callback(lambda _: master.shutdown())
        with self._signals():  # to the end: a second Ctrl-C must not break the seal
            await master.run()
            watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watcher
            try:
                return self._close(server)
            finally:
                for _ in range(int(_HANG_UP_S / _TICK_S)):
                    if server.connections:
                        await asyncio.sleep(_TICK_S)

    def _close(self, server: Proxyserver) -> Session:
        """Seal the bundle, then hang up on everyone, with no chance for traffic in between."""
        self._trust.finish()
        self._guard.stop()
        try:
            return self._writer.close(
                self._reason or "stopped", extra={"hook_errors": self._guard.errors}
            )
        finally:
            for connection in server.connections.values():
                for transport in connection.transports.values():
                    if transport.writer is not None:
                        transport.writer.close()

    def _end(self, reason: str) -> None:
        self._reason = self._reason or reason
        if self._master:
            self._master.shutdown()

    async def _watch(
        self,
        server: Proxyserver,
        options: Options,
        ready: Callable[[int], None] | None,
        on_counts: Callable[[Mapping[str, int]], None] | None,
    ) -> None:
        """Say when the proxy listens, then look now and then whether the session shall end."""
        port = await _port(server, options)
        self.listened = True
        if ready:
            ready(port)
        now = next_counts = next_disk = 0.0
        while not self._reason:
            now = asyncio.get_running_loop().time()
            if self._stop is not None and self._stop.is_set():
                self._end("stopped")
            if on_counts and now >= next_counts:
                on_counts(dict(self._writer.counts))
                next_counts = now + _COUNTS_S
            if now >= next_disk:
                if self._writer.free_bytes() < self._low_disk:
                    self._end("the disk is almost full")
                next_disk = now + _DISK_S
            await asyncio.sleep(_TICK_S)

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


async def _port(server: Proxyserver, options: Options) -> int:
    """Wait until the proxy listens; `UserError` if it cannot."""
    while True:
        if addresses := server.listen_addrs():
            return int(addresses[0][1])
        for instance in server.servers:
            if error := instance.last_exception:
                where = f"{options.listen_host} port {options.listen_port}".strip()
                raise UserError(
                    f"the proxy cannot listen on {where} ({_refusal(error)})",
                    "choose another port with --port, or another address with --host",
                )
        await asyncio.sleep(0.01)


def _refusal(error: BaseException) -> str:
    """Say in the system's words why a port could not be had; mitmproxy adds many of its own."""
    if isinstance(error, OSError) and error.errno is not None and error.errno in errno.errorcode:
        return os.strerror(error.errno)
    cause = error.__cause__ or error  # the name of the address was not found: it has other numbers
    return (cause.strerror if isinstance(cause, OSError) else None) or type(cause).__name__
