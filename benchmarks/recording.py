"""What recording costs: the recorder beside `mitmdump` with and without ``-w``, on loopback.

A client posts 1.5 kB over eight kept connections (HTTPS) and gets 10 kB, with a declared length, in
chunks, or over HTTP/2 (its server speaks it, too). Server, client and proxy are processes of their
own; each proxy gets the same requests in turn. Seconds are those of the client; processor time is
the proxy's (where /proc tells it), which other programs disturb less.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import trustme

from analyzer.bundle import list_bundles, read_session

REQUESTS = 4000
ROUNDS = 5
_WAYS = {"length": "declared length", "chunked": "chunked answers", "h2": "HTTP/2"}
_KINDS = ("mitmdump", "mitmdump -w", "evenhand")


@dataclass(frozen=True, slots=True)
class Cost:
    """What a proxy did with one batch: requests per second, its processor milliseconds for each."""

    rate: float
    busy_ms: float  # 0 where the system does not tell


def benchmark(requests: int = REQUESTS, rounds: int = ROUNDS) -> str:
    """Run the three in turn, `rounds` times for each way of answering; return a table."""
    told = f"{requests:,} requests of 1.5 kB with answers of 10 kB over 8 connections"
    lines = [f"Recording: {told}, {rounds} rounds, in turn."]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        authority, server_pem = folder / "ca.pem", folder / "server.pem"
        issuer = trustme.CA()
        issuer.cert_pem.write_to_path(authority)
        certificate = issuer.issue_cert("localhost")
        certificate.private_key_and_cert_chain_pem.write_to_path(server_pem)
        with _process("server", server_pem) as server:
            for way in _WAYS:
                costs: dict[str, list[Cost]] = {kind: [] for kind in _KINDS}
                for number in range(rounds):
                    for kind in _KINDS[number % 3 :] + _KINDS[: number % 3]:
                        work = folder / f"{way}-{number}-{_KINDS.index(kind)}"
                        work.mkdir()
                        costs[kind].append(_cost(kind, work, authority, server, way, requests))
                        shutil.rmtree(work)
                lines += _table(way, costs)
    return "\n".join(lines)


def _cost(kind: str, work: Path, authority: Path, server: int, way: str, requests: int) -> Cost:
    confdir = work / "conf"
    with _proxy(kind, work, confdir, authority) as (pid, port):
        trust = confdir / "mitmproxy-ca-cert.pem"
        _client(port, trust, server, way, requests // 10)  # what is done once is done before
        before, began = _busy(pid), time.perf_counter()
        _client(port, trust, server, way, requests)
        seconds, busy = time.perf_counter() - began, _busy(pid) - before
    if kind == "evenhand":
        _check(work, requests + requests // 10)
    return Cost(requests / seconds, 1000 * busy / requests)


def _check(work: Path, expected: int) -> None:
    """See that what was measured was recorded, too."""
    [path] = list_bundles(work / "captures")
    counts = dict(read_session(path).counts)
    if counts["exchanges"] != expected or counts["answered"] != expected:
        raise RuntimeError(f"{counts['exchanges']} of {expected} exchanges were recorded")


def _table(way: str, costs: dict[str, list[Cost]]) -> list[str]:
    lines = ["", f"{_WAYS[way]:18} {'requests/s: median (least to most)':>36} {'CPU ms each':>12}"]
    for kind, found in costs.items():
        rates = sorted(each.rate for each in found)
        spread = f"{statistics.median(rates):,.0f} ({rates[0]:,.0f} to {rates[-1]:,.0f})"
        busy = statistics.median(each.busy_ms for each in found)
        lines.append(f"{kind:18} {spread:>36} {busy:>12.2f}")
    for other in _KINDS[:2]:
        rate = [a.rate / b.rate for a, b in zip(costs["evenhand"], costs[other], strict=True)]
        line = f"evenhand's rate is {_spread(rate)} of {other}'s"
        if all(each.busy_ms for found in costs.values() for each in found):
            pairs = zip(costs["evenhand"], costs[other], strict=True)
            line += f"; its processor time {_spread([a.busy_ms / b.busy_ms for a, b in pairs])}"
        lines.append(f"{line}.")
    return lines


def _spread(ratios: Sequence[float]) -> str:
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


@contextlib.contextmanager
def _process(*words: object) -> Iterator[int]:
    """Run a part of this module as a process; yield the number that it prints first."""
    command = [sys.executable, "-m", "benchmarks.recording_parts", *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout is None:
                raise RuntimeError("no output to read")
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def _client(port: int, trust: Path, server: int, way: str, requests: int) -> None:
    words = ("client", port, trust, server, way, requests)
    with _process(*words) as done:
        if done != requests:
            raise RuntimeError(f"{done} of {requests} requests were answered")


@contextlib.contextmanager
def _proxy(kind: str, work: Path, confdir: Path, authority: Path) -> Iterator[tuple[int, int]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    if kind == "evenhand":
        command = [sys.executable, "-m", "benchmarks.recording_parts", "proxy"]
        command += [json.dumps([str(work), str(confdir), str(authority), port])]
    else:
        command = [str(Path(sys.executable).with_name("mitmdump")), "-q", "--listen-host"]
        command += ["127.0.0.1", "-p", str(port), "--set", f"confdir={confdir}", "--set"]
        command += [f"ssl_verify_upstream_trusted_ca={authority}"]
        command += ["-w", str(work / "flows")] if kind.endswith("-w") else []
    with subprocess.Popen(command) as process:
        try:
            _wait_for(port)
            yield process.pid, port
        finally:
            process.terminate()


def _wait_for(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise RuntimeError("the proxy does not answer")


def _busy(pid: int) -> float:
    """Return the processor seconds of a process so far; 0 where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    print(benchmark())
