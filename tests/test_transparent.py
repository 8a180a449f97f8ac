"""A phone whose router sends its traffic to the recorder, in a network namespace of its own."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from netns_rig import namespace

from analyzer.bundle import list_bundles, read_session, verify
from analyzer.readers.bundle import read_connections, read_exchanges

# Server, recorder and phone in one namespace. What goes to port 443 is redirected, as a router
# does; the recorder itself goes to the server's port.
INSIDE = """
import json, socket, subprocess, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from capture_rig import Recording, Server

root = Path(sys.argv[2])
subprocess.run(["ip", "route", "add", "local", "198.18.0.0/15", "dev", "lo"], check=True)
with Server(root) as server, Recording(
    root, server, root, mode="transparent", also=("dns@127.0.0.1:5301",)
) as running:
    rules = (
        "table ip nat { chain output { type nat hook output priority -100;"
        f" tcp dport 443 redirect to :{running.port};"
        " udp dport 53 dnat to 127.0.0.1:5301; }; }"
    )
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)
    name = b"".join(bytes([len(part)]) + part for part in b"api.app.example".split(b".")) + b"\\0"
    with socket.socket(type=socket.SOCK_DGRAM) as asking:
        asking.settimeout(5)
        asking.connect(("198.18.9.9", 53))
        asking.send(b"\\0\\7\\1\\0\\0\\1" + bytes(6) + name + b"\\0\\1\\0\\1")
        address = socket.inet_ntoa(asking.recv(512)[-4:])
    got = subprocess.run(
        ["curl", "--silent", "--show-error", "--cacert", str(running.authority), "--resolve",
         f"api.app.example:443:{address}", "--data", "said", "https://api.app.example/echo"],
        capture_output=True, text=True,
    )
    print(json.dumps([address, got.stdout, got.stderr]))
"""


@pytest.mark.capture
def test_a_redirected_phone_and_its_lookups_are_one_session(tmp_path: Path) -> None:
    if not shutil.which("nft"):
        reason = "nft, which redirects, is missing"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with namespace("router") as inside:
        said = inside.python(INSIDE, Path(__file__).parent, tmp_path)
    address, body, complaints = json.loads(said)
    assert (body, complaints) == ("said", "")
    [path] = list_bundles(tmp_path / "captures")
    assert verify(path) == []
    [one] = read_exchanges(path)
    assert (one.method, one.url, one.request_body) == (
        "POST",
        "https://api.app.example/echo",
        b"said",
    )
    [read] = [each for each in read_connections(path) if each.outcome == "read"]
    assert (read.host, read.address) == ("api.app.example", f"{address}:443")
    assert read_session(path).mode == "transparent"
