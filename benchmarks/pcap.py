"""Names in packet captures: evenhand beside tshark, on the same file, each as a whole process.

tshark (Wireshark) is what an investigator would use instead, and the other program here that opens
QUIC and puts hellos together. It prints the two fields asked for, without resolving names; a filter
that leaves out packets without either makes it a little faster, so it has one. Before the rounds,
the names that both find are compared; a difference ends the benchmark.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.packets import write_packets
from benchmarks.timing import Run, run

PACKETS = 500_000
ROUNDS = 5
_FIELDS = ("tls.handshake.extensions_server_name", "dns.qry.name")


def benchmark(packets: int = PACKETS, rounds: int = ROUNDS) -> str:
    """Run both in turn, `rounds` times; return a table of rates, ratios and peak memory.

    `RuntimeError` if they do not find the same names.
    """
    with tempfile.TemporaryDirectory() as folder:
        path, part = Path(folder) / "all.pcap", Path(folder) / "tenth.pcap"
        planted = write_packets(path, packets)
        write_packets(part, packets // 10)
        ours, theirs = _ours(path), _theirs(path)
        found = _names_by_us(path)
        if found != planted:
            raise RuntimeError("not all names are found that are in the file")
        size = path.stat().st_size / 1e6
        lines = [
            f"Names in a pcap of {packets:,} packets ({size:.0f} MB); {rounds} rounds, in turn.",
            f"{len(found[0])} names of TLS and QUIC, {len(found[1])} of DNS.",
        ]
        if theirs is None:
            lines.append("tshark was not measured: it is not here (apt-get install tshark).")
        elif found != _names_by_tshark(theirs):
            raise RuntimeError("tshark finds other names in the same file")
        else:
            lines[-1] += " Both find the same."
        small = run(_ours(part))
        results = [(run(ours), run(theirs) if theirs else None) for _ in range(rounds)]
    lines += ["", f"{'':10} {'packets/s: median (least to most)':>40} {'peak MB':>8}"]
    lines.append(_row("evenhand", packets, [each for each, _ in results]))
    pairs = [(each, other) for each, other in results if other is not None]
    if pairs:
        lines.append(_row("tshark", packets, [other for _, other in pairs]))
        ratios = sorted(other.seconds / each.seconds for each, other in pairs)
        lines.append(
            f"evenhand's rate is {statistics.median(ratios):.1f} times tshark's "
            f"({ratios[0]:.1f} to {ratios[-1]:.1f}, round by round);"
        )
        work = sorted(other.busy_seconds / each.busy_seconds for each, other in pairs)
        lines.append(
            f"by processor time, which other programs disturb less, {statistics.median(work):.1f} "
            f"times ({work[0]:.1f} to {work[-1]:.1f})."
        )
    peak = max(each.peak_mb for each, _ in results)
    lines.append(
        f"For a tenth of the packets evenhand needs {small.peak_mb:.0f} MB, not {peak:.0f}."
    )
    return "\n".join(lines)


def _row(name: str, packets: int, runs: list[Run]) -> str:
    rates = sorted(packets / each.seconds for each in runs)
    spread = f"{statistics.median(rates):,.0f} ({rates[0]:,.0f} to {rates[-1]:,.0f})"
    return f"{name:10} {spread:>40} {max(each.peak_mb for each in runs):>8.0f}"


def _ours(path: Path) -> tuple[str, ...]:
    return (sys.executable, "-m", "benchmarks.read_pcap", str(path))


def _theirs(path: Path) -> tuple[str, ...] | None:
    tshark = shutil.which("tshark")
    if tshark is None:
        return None
    command = [tshark, "-n", "-r", str(path), "-Y", " || ".join(_FIELDS), "-T", "fields"]
    return (*command, "-e", _FIELDS[0], "-e", _FIELDS[1])


def _names_by_us(path: Path) -> tuple[set[str], set[str]]:
    command = (*_ours(path), "full")
    found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return set(found["tls"]), set(found["dns"])


def _names_by_tshark(command: tuple[str, ...]) -> tuple[set[str], set[str]]:
    told = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    rows = [line.split("\t") for line in told.splitlines()]
    tls, dns = ({name for row in rows for name in row[at].split(",") if name} for at in (0, 1))
    return tls, dns


if __name__ == "__main__":
    print(benchmark())
