"""The names in real traces are those that two other programs find in the same files.

The baselines are Zeek's own expected results. They hold names of TLS and QUIC; none of the traces
has a DNS message that names anything, and the baselines have no `dns.log`.
"""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from foreign_files import of_kind, written

from analyzer.models import Event
from analyzer.readers.pcap import PcapReader

_QUIC = "scripts.base.protocols.quic."
ZEEK = [
    ("quic-39264-rand.pcap", _QUIC + "39264-rand/quic.log"),
    ("chromium-115.0.5790.110-api-cirrus-com.pcap", _QUIC + "chromium/quic.log"),
    ("curl-8.1.2-dev-http3-www-google-de.pcap", _QUIC + "curl-http3/quic.log"),
    (
        "quic-decrypt-fail-google-de-51833.pcap",
        _QUIC + "decrypt-fail-google-de-51833/quic.log.cut",
    ),
    ("chromium-dpd-custom-port-4433.pcap", _QUIC + "dpd-custom-port/quic.log"),
    ("quicv2-echo-dpd-custom-port-4433.pcap", _QUIC + "dpd-v2-custom-port/quic.log"),
    ("handshake.pcap", _QUIC + "interop.quic-go_quic-go.handshake/quic.log"),
    ("retry.pcap", _QUIC + "interop.quic-go_quic-go.retry/quic.log"),
    ("zerortt.pcap", _QUIC + "interop.quic-go_quic-go.zerortt/quic.log"),
    (
        "quic-multiple-initial-fragmented-crypto-only-initial.pcap",
        _QUIC + "multiple-initial-fragmented-crypto-only-initial/quic.log.cut",
    ),
    (
        "quic-multiple-initial-fragmented-crypto.pcap",
        _QUIC + "multiple-initial-fragmented-crypto/quic.log.cut",
    ),
    ("quicdoq.pcap", _QUIC + "quicdoq/quic.log"),
    ("quicv2-echo-443.pcap", _QUIC + "quicv2-echo-443/quic.log"),
    ("quicv2-http3-443.pcap", _QUIC + "quicv2-http3-443/quic.log"),
    ("vector-max-size-crash.pcap", _QUIC + "vector-max-size-crash/quic.log"),
    ("tls-conn-with-extensions.pcap", "scripts.base.protocols.ssl.basic/ssl.log"),
    ("tls-fragmented-handshake.pcap.gz", "scripts.base.protocols.ssl.fragment/ssl.log"),
    ("tls1.2.pcap", "scripts.base.protocols.ssl.tls-1.2/ssl.log"),
]


def zeek_names(log: Path) -> set[str]:
    """The server names of a baseline; "-" is a connection without one."""
    lines = log.read_text(encoding="utf-8").splitlines()
    head = next(line for line in lines if "server_name" in line)
    column = head.removeprefix("#fields\t").split("\t").index("server_name")
    rows = [line.split("\t") for line in lines if not line.startswith("#") and line != head]
    return {row[column] for row in rows} - {"-"}


def unwrapped(source: Path, folder: Path) -> Path:
    """A trace as it is, or as it was before it was compressed."""
    if source.suffix != ".gz":
        return source
    return written(folder / source.stem, gzip.decompress(source.read_bytes()))


def names(path: Path) -> tuple[set[str], set[str]]:
    """The names of TLS and QUIC, and those asked of DNS."""
    events = of_kind(PcapReader().read(path), Event)
    assert all(each.bytes_up + each.bytes_down > 0 for each in events)
    tls = {each.host for each in events if each.reason.startswith(("tls sni", "quic sni"))}
    return tls, {each.host for each in events if each.kind == "dns"}


@pytest.mark.parametrize(("trace", "log"), ZEEK)
def test_names_are_those_that_zeek_found(
    shared_data: Path, tmp_path: Path, trace: str, log: str
) -> None:
    path = unwrapped(shared_data / "zeek-quic" / "pcap" / trace, tmp_path)
    expected = zeek_names(shared_data / "zeek-quic" / "baseline" / log)
    assert names(path) == (expected, set())


def test_every_zeek_trace_is_compared(shared_data: Path) -> None:
    traces = {path.name for path in (shared_data / "zeek-quic" / "pcap").iterdir()}
    assert traces == {trace for trace, _ in ZEEK}


@pytest.fixture(scope="module")
def tshark() -> str:
    found = shutil.which("tshark")
    if found is None:
        pytest.skip("tshark is not on this machine (apt-get install tshark)")
    return found


# A QUIC packet that was made to crash parsers, on the port of DNS: tshark takes its bytes for a
# question and puts this note where the name would be.
NOT_NAMES = {"vector-max-size-crash.pcap": {"<Unknown extended label>"}}


@pytest.mark.parametrize("trace", [trace for trace, _ in ZEEK])
def test_names_are_those_that_tshark_finds(
    shared_data: Path, tmp_path: Path, tshark: str, trace: str
) -> None:
    path = unwrapped(shared_data / "zeek-quic" / "pcap" / trace, tmp_path)
    fields = ("tls.handshake.extensions_server_name", "dns.qry.name")
    command = [tshark, "-n", "-r", str(path), "-T", "fields", "-e", fields[0], "-e", fields[1]]
    quiet = {**os.environ, "HOME": str(tmp_path)}  # no settings of whoever runs this
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=quiet)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    tls, dns = ({name for row in rows for name in row[at].split(",") if name} for at in (0, 1))
    assert names(path) == (tls, dns - NOT_NAMES.get(trace, set()))
