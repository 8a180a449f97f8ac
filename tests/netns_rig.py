"""A phone in a network namespace: its only way out is a WireGuard tunnel to the recorder.

    with recorder(tmp_path, server) as running, phone_namespace(running.config()) as phone:
        phone.run("curl", "--silent", "--cacert", running.authority, "https://api.app.example/")

wireguard-go runs outside, where it reaches the recorder on 127.0.0.1; only its tun device is moved
into the namespace. So nothing that runs inside can send a packet off this machine, even by mistake.
`phone_namespace` takes what a phone would scan (the text of `analyzer.joining`'s configurations):
addresses, resolver and routes are those of the text, so a configuration without IPv6 makes a phone
whose IPv6 does not reach the recorder. Several phones at once are several namespaces.

It needs root, /dev/net/tun, ip and wireguard-go: otherwise the test is skipped, with CI=true it
fails. Everything is removed at the end. The recorder is in netns_recorder.py, a browser in the
namespace in netns_browser.py.
"""

from __future__ import annotations

import configparser
import contextlib
import fcntl
import ipaddress
import os
import secrets
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

TUN = Path("/dev/net/tun")
_RESOLVERS = Path("/etc/netns")  # where ip-netns(8) looks for a namespace's own resolv.conf
_SOCKETS = Path("/var/run/wireguard")
_START_S = 10.0
_TUNSETIFF = 0x400454CA
_IFF_TUN_NO_PI = 0x1001


def require_namespaces() -> None:
    """Skip the test where namespaces cannot be made; fail it where they should be."""
    missing = [name for name in ("ip", "wg", "wireguard-go", "setpriv") if not shutil.which(name)]
    if not TUN.exists():
        missing.append(str(TUN))
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        missing.insert(0, "root")
    if missing:
        reason = f"no network namespaces: {', '.join(missing)} missing"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


@dataclass(frozen=True, slots=True)
class Namespace:
    """A network namespace by its name; whatever runs in it sees only its own devices."""

    name: str

    def command(self, *command: str | Path) -> list[str]:
        """The command as it has to be started from outside."""
        return ["ip", "netns", "exec", self.name, *map(str, command)]

    def run(
        self, *command: str | Path, given: str | None = None, timeout: float = 30
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in it to its end; whether it succeeded is in `returncode`."""
        return subprocess.run(
            self.command(*command),
            input=given,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def python(self, code: str, *arguments: str | Path, timeout: float = 30) -> str:
        """Run Python code in it; return what it printed. `AssertionError` if it failed."""
        done = self.run(sys.executable, "-", *arguments, given=code, timeout=timeout)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def popen(self, *command: str | Path) -> subprocess.Popen[str]:
        """Start a command in it, with pipes for all of its input and output."""
        pipe = subprocess.PIPE
        return subprocess.Popen(
            self.command(*command), stdin=pipe, stdout=pipe, stderr=pipe, text=True
        )


@contextlib.contextmanager
def namespace(kind: str = "phone") -> Iterator[Namespace]:
    """Make a namespace with nothing but its own loopback; remove it at the end."""
    require_namespaces()
    made = Namespace(f"evenhand-{kind}-{secrets.token_hex(3)}")
    _ip("netns", "add", made.name)
    try:
        _inside(made, "link", "set", "lo", "up")
        yield made
    finally:
        _end_all(made)
        _ip("netns", "del", made.name)


@contextlib.contextmanager
def phone_namespace(config: str, *, machine: Namespace | None = None) -> Iterator[Namespace]:
    """Make a phone that has joined with `config`, WireGuard's text with a loopback endpoint.

    With `machine`, the tunnel's outer end is in that namespace and not in that of the test.
    """
    require_namespaces()
    given = configparser.ConfigParser(interpolation=None)
    given.read_string(config)
    interface, peer = given["Interface"], given["Peer"]
    host, _, _port = peer["Endpoint"].rpartition(":")
    assert ipaddress.ip_address(host.strip("[]")).is_loopback, "a phone of a test stays here"
    device = f"eh{secrets.token_hex(5)}"  # a device's name has 15 characters at most
    with namespace() as phone, _wireguard(device, machine) as outside:
        _check(
            *outside, "wg", "set", device, "private-key", "/dev/stdin", "peer", peer["PublicKey"],
            "allowed-ips", "0.0.0.0/0,::/0", "endpoint", peer["Endpoint"], "persistent-keepalive",
            peer.get("PersistentKeepalive", "25"), given=interface["PrivateKey"],
        )  # fmt: skip
        # Up before it leaves: wireguard-go opens its socket then. Nothing is routed there yet.
        # Without an address of its own: a Chromium of another test outside would take it for a
        # change of the network, and break its connections off.
        _check(*outside, "ip", "link", "set", device, "addrgenmode", "none")
        _check(*outside, "ip", "link", "set", device, "up")
        _check(*outside, "ip", "link", "set", device, "netns", phone.name)
        addresses = [each.strip() for each in interface["Address"].split(",")]
        for address in addresses:
            no_detection = ("nodad",) if ":" in address else ()
            _inside(phone, "address", "add", address, "dev", device, *no_detection)
        _inside(phone, "link", "set", device, "up")
        for network in peer["AllowedIPs"].split(","):
            version = "-6" if ":" in network else "-4"
            _inside(phone, version, "route", "add", network.strip(), "dev", device)
        with _resolver(phone, interface["DNS"]):
            yield phone


@contextlib.contextmanager
def machine_namespace() -> Iterator[tuple[Namespace, Exit]]:
    """Make a machine with a way out that ends in the test: whatever is sent there is counted.

    For what a recorder does outside the tunnel. The servers of the test are not in there.
    """
    with namespace("machine") as machine, contextlib.closing(Exit()) as out:
        _ip("link", "set", out.device, "netns", machine.name)
        _inside(machine, "address", "add", "192.0.2.2/24", "dev", out.device)
        _inside(machine, "link", "set", out.device, "up")
        _inside(machine, "route", "add", "default", "via", "192.0.2.1")
        with _resolver(machine, "192.0.2.53"):
            yield machine, out


class Exit:
    """A tun device, and the packets that went out there."""

    def __init__(self) -> None:
        self.device = f"ex{secrets.token_hex(5)}"
        self._tun = os.open(TUN, os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(
            self._tun, _TUNSETIFF, struct.pack("16sH", self.device.encode(), _IFF_TUN_NO_PI)
        )

    def close(self) -> None:
        """Remove the device."""
        os.close(self._tun)

    def packets(self) -> list[bytes]:
        """The packets since the last call, less the kernel's own IPv6 neighbour messages."""
        found = []
        with contextlib.suppress(BlockingIOError):
            while True:
                found.append(os.read(self._tun, 65536))
        return [packet for packet in found if packet[0] >> 4 == 4]


@contextlib.contextmanager
def _wireguard(device: str, machine: Namespace | None) -> Iterator[list[str]]:
    """Run wireguard-go; give the words that a command beside it begins with."""
    outside = machine.command() if machine else []
    # Should the test be killed, it ends too, and takes the device with it.
    process = subprocess.Popen(
        [*outside, "setpriv", "--pdeathsig", "KILL", "wireguard-go", "--foreground", device],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    socket = _SOCKETS / f"{device}.sock"
    try:
        deadline = time.monotonic() + _START_S
        while not socket.exists():
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < deadline, "wireguard-go does not start"
            time.sleep(0.01)
        yield outside
    finally:
        process.kill()
        process.communicate()
        socket.unlink(missing_ok=True)


@contextlib.contextmanager
def _resolver(of: Namespace, address: str) -> Iterator[None]:
    folder = _RESOLVERS / of.name
    folder.mkdir(parents=True)
    try:
        (folder / "resolv.conf").write_text(f"nameserver {address}\noptions timeout:2 attempts:2\n")
        # No resolver of the machine's own (mDNS, systemd) has a say.
        (folder / "nsswitch.conf").write_text("hosts: files dns\n")
        yield
    finally:
        shutil.rmtree(folder)


def _end_all(made: Namespace) -> None:
    """End what is still running in it: we have started it."""
    for pid in _ip("netns", "pids", made.name).split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), 9)


def _inside(made: Namespace, *words: str) -> None:
    _ip("-n", made.name, *words)


def _ip(*words: str) -> str:
    return _check("ip", *words)


def _check(*command: str, given: str | None = None) -> str:
    done = subprocess.run(
        command, input=given, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout
