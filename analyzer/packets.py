"""Records the packets of a network interface beside the proxy, in a process of its own.

scapy opens the interface and writes the file; nothing is taken apart, so that no packet is lost to
slowness. The process ends by itself when the one that started it does, however that ends, and has
then written what came until a moment before. It needs the right to see packets (root, or
CAP_NET_RAW). Run as a module, this is that process: its arguments are the interface, the file and
its largest size; standard output has a line of JSON once it listens, and one at the end.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import select
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analyzer.errors import UserError

PACKETS = "packets.pcapng"
MOST = 2 << 30  # bytes of a recording
_START_S = 20.0
_END_S = 1.0  # the bundle has to be sealed within three seconds
_FLUSH_S = 0.2
_LARGEST = 1 << 18  # bytes of one packet: a network card may have put many together
_BUFFER = 32 << 20  # bytes of packets that wait
_BLOCK = 36  # bytes that a packet costs beside itself, at most
_FORCED_BUFFER, _PACKET_LEVEL, _STATISTICS = 33, 263, 6  # SO_RCVBUFFORCE, SOL_PACKET, Linux only
_LINUX = platform.system() == "Linux"
_BPF = Path("/dev/bpf0")  # how macOS shows packets
_RIGHTS = "run as root, or give Python CAP_NET_RAW"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a recording of packets came to. `faults` say in words what is missing."""

    packets: int = 0
    faults: tuple[str, ...] = ()


def check_interface(name: str) -> None:
    """Raise `UserError` if the packets of the interface `name` cannot be recorded here."""
    known = [each for _, each in socket.if_nameindex()]
    if name not in known:
        raise UserError(
            f"this machine has no network interface {name!r}", f"it has {', '.join(known)}"
        )
    try:
        if _LINUX:
            socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close()
        else:
            _BPF.open("rb").close()
    except PermissionError:
        raise UserError(f"recording the packets of {name} is not allowed", _RIGHTS) from None
    except OSError as error:
        if _LINUX:  # elsewhere this one may be busy: the process takes the next
            why = error.strerror or str(error)
            raise UserError(f"the packets of {name} cannot be recorded", why) from None


class PacketRecorder:
    """Records the packets of `interface` into `<bundle>/packets.pcapng`; a context manager.

    It begins when this is made, and then listens already. It never raises: what went wrong is in
    `faults` of what `finish` returns. `addresses` are those of this machine.
    """

    def __init__(self, bundle: Path, interface: str, *, most: int = MOST) -> None:
        self.addresses: tuple[str, ...] = ()
        self._recorded: Recorded | None = None
        self._child: subprocess.Popen[bytes] | None = None
        path = bundle / PACKETS
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            self._child = subprocess.Popen(  # noqa: S603 - ourselves
                [sys.executable, "-m", "analyzer.packets", interface, str(path), str(most)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for us; it ends when we do
            )
        except OSError as error:
            self._recorded = Recorded(faults=(f"no packets: {error.strerror or error}",))
            return
        said = _line(self._child, _START_S)
        self.addresses = tuple(said.get("addresses", ()))
        if not said or said.get("error"):
            self._recorded = Recorded(faults=(f"no packets: {said.get('error', 'no start')}",))

    def __enter__(self) -> PacketRecorder:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the recording."""
        self.finish()

    def finish(self) -> Recorded:
        """End the recording, within about a second, and say what it came to; then it is whole."""
        child, self._child = self._child, None
        if child is not None:
            if child.stdin is not None:
                with contextlib.suppress(OSError):
                    child.stdin.close()
            said = _line(child, _END_S)
            try:
                child.wait(_END_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            if child.stdout is not None:
                child.stdout.close()
            if self._recorded is None:
                self._recorded = _recorded(said)
        return self._recorded or Recorded()


def _line(child: subprocess.Popen[bytes], timeout_s: float) -> dict[str, Any]:
    """Return the next line that the child says; nothing where it says none in time."""
    stdout = child.stdout
    if stdout is None or not select.select([stdout], [], [], timeout_s)[0]:
        return {}
    try:
        said = json.loads(stdout.readline())
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _recorded(said: dict[str, Any]) -> Recorded:
    if not said:
        return Recorded(faults=(f"{PACKETS} may lack its last packets",))
    faults = []
    if said["full"]:
        faults.append(f"{PACKETS} ends at its largest size, {said['bytes']} bytes")
    if said["error"]:
        faults.append(f"{PACKETS} breaks off: {said['error']}")
    if said["dropped"]:
        faults.append(f"{PACKETS} lacks {said['dropped']} packets that came too fast")
    return Recorded(int(said["packets"]), tuple(faults))


class _Recording:
    """The file and the interface, in the process that records."""

    def __init__(self, interface: str, path: str, most: int) -> None:
        from scapy.config import conf  # noqa: PLC0415 - only in this process
        from scapy.layers import inet, inet6, l2  # noqa: F401, PLC0415 - the kinds of links
        from scapy.utils import RawPcapNgWriter  # noqa: PLC0415

        conf.bufsize = _BUFFER
        # On the loopback interface a packet goes out and comes in: the one socket shows it twice,
        # the other shows only what comes in. Without `promisc`, bystanders are left alone.
        loopback = interface == conf.loopback_name
        kind = conf.L2socket if loopback else conf.L2listen
        self.socket = kind(iface=interface, promisc=False)
        with contextlib.suppress(AttributeError, OSError):
            self.socket.ins.setsockopt(socket.SOL_SOCKET, _FORCED_BUFFER, _BUFFER)
        self.dropped()  # asking begins the count anew: until now there was hardly a buffer
        self.addresses = sorted(
            {each for known in conf.ifaces.values() for ips in known.ips.values() for each in ips}
        )
        self._file = RawPcapNgWriter(path)
        layer = getattr(self.socket, "LL", None) or getattr(self.socket, "guessed_cls", None)
        self._file.linktype = conf.l2types.layer2num.get(layer or l2.Ether, 1)
        self._file.write_header(None)
        self._file.flush()
        self._path, self._most = Path(path), most
        self._whole = 0  # bytes that are in the file for certain
        self.packets = self.bytes = 0
        self.full = False
        self.error = ""

    def run(self, ends: int) -> None:
        """Record until the file descriptor `ends` comes to its end."""
        while not (self.full or self.error):
            ready = self.socket.select([self.socket], _FLUSH_S)
            if ready:
                self._take()
            else:
                self._flush()
            if select.select([ends], [], [], 0)[0]:
                break
        while self.socket.select([self.socket], 0) and not (self.full or self.error):
            self._take()
        self._flush()

    def _take(self) -> None:
        """Take what waits, a bounded number of packets, then write it out."""
        for _ in range(1000):
            if not self.socket.select([self.socket], 0):
                break
            _, data, moment = self.socket.recv_raw(_LARGEST)
            if data is None:  # our own way out, on the loopback interface
                continue
            if self.bytes + len(data) + _BLOCK > self._most:
                self.full = True
                break
            self.bytes += len(data) + _BLOCK
            self.packets += 1
            self._file.write_packet(data, sec=moment)
        self._flush()

    def _flush(self) -> None:
        try:
            self._file.flush()
        except OSError as error:  # a full disk: keep what is whole
            self.error = error.strerror or "it could not be written"
            with contextlib.suppress(OSError):
                os.truncate(self._path, self._whole)
        else:
            self._whole = self._path.stat().st_size

    def dropped(self) -> int:
        """Return how many packets came too fast to be recorded, where the system tells."""
        try:
            counts = self.socket.ins.getsockopt(_PACKET_LEVEL, _STATISTICS, 8)
        except (AttributeError, OSError):
            return 0
        return int.from_bytes(counts[4:8], sys.byteorder)


def _say(**told: object) -> None:
    with contextlib.suppress(OSError):  # nobody listens any more
        os.write(1, json.dumps(told).encode() + b"\n")


def _main(interface: str, path: str, most: str) -> None:
    # scapy's own errors are plain exceptions of many kinds: here all mean that nothing is recorded.
    from scapy.error import Scapy_Exception  # noqa: PLC0415

    try:
        recording = _Recording(interface, path, int(most))
    except (OSError, Scapy_Exception, ValueError) as error:
        _say(error=getattr(error, "strerror", None) or str(error) or type(error).__name__)
        return
    _say(addresses=recording.addresses)
    recording.run(0)
    _say(
        packets=recording.packets,
        bytes=recording.bytes,
        dropped=recording.dropped(),
        full=recording.full,
        error=recording.error,
    )


if __name__ == "__main__":
    _main(*sys.argv[1:4])
