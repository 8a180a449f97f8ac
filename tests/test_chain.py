"""The recorder's chain of addons: nothing that matters is left out, ours are in their places."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from mitmproxy.addons import default_addons
from mitmproxy.hooks import UpdateHook
from mitmproxy.options import Options
from mitmproxy.proxy.server_hooks import ClientConnectedHook
from mitmproxy.test import tflow

from addons.chain import _NOT_NEEDED, recorder
from addons.lanes import Lanes

pytestmark = pytest.mark.capture
# What keeps strangers out, listens, speaks TLS and the protocols, resolves names, hides ECH, and
# serves the certificate.
NEEDED = {
    "Block", "Core", "DisableH2C", "DnsResolver", "NextLayer", "Onboarding", "ProxyAuth",
    "Proxyserver", "StripDnsHttpsRecords", "TlsConfig", "UpstreamAuth",
}  # fmt: skip


class Witness(Lanes):
    """Notes which hooks come."""

    def __init__(self) -> None:
        super().__init__({})
        self.seen: list[str] = []

    def client_connected(self, _: object) -> None:
        self.seen.append("client_connected")

    def update(self, _: object) -> None:
        self.seen.append("update")


def names(confdir: Path) -> list[str]:
    async def assembled() -> list[str]:
        loop = asyncio.get_running_loop()
        master = recorder(Options(confdir=str(confdir)), loop, Lanes({}))
        return [type(each).__name__ for each in master.addons.chain]

    return asyncio.run(assembled())


def test_what_is_needed_is_there_and_the_rest_is_known_not_to_be(tmp_path: Path) -> None:
    found = names(tmp_path)
    assert found.count("Lanes") == found.count("LayerChosen") == 1
    assert set(found) == NEEDED | {"Lanes", "LayerChosen"}
    everything = {type(each).__name__ for each in default_addons()}
    assert everything == NEEDED | _NOT_NEEDED  # a new mitmproxy may have new ones: look at them


def test_lanes_come_before_the_resolver_and_choices_after_mitmproxys(tmp_path: Path) -> None:
    found = names(tmp_path)
    assert found.index("Lanes") < found.index("DnsResolver")
    assert found.index("Lanes") < found.index("NextLayer")
    assert found.index("LayerChosen") == found.index("NextLayer") + 1


def test_a_hook_is_told_once_and_no_display_is_updated(tmp_path: Path) -> None:
    async def triggered() -> list[str]:
        witness = Witness()
        options = Options(confdir=str(tmp_path))
        master = recorder(options, asyncio.get_running_loop(), witness)
        client = tflow.tclient_conn()
        await master.addons.handle_lifecycle(ClientConnectedHook(client))
        return witness.seen

    assert UpdateHook.name == "update"
    assert asyncio.run(triggered()) == ["client_connected"]
