"""mitmproxy with no more addons than a recorder needs, and ours among them.

For each step of each exchange mitmproxy asks every addon, then every addon once more whether it
wants to update its display. Most of them serve other programs (they replay, rewrite, export,
complete command lines) and do nothing here but cost a quarter of the proxy's time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from mitmproxy.addonmanager import AddonManager
from mitmproxy.addons import default_addons
from mitmproxy.addons.dns_resolver import DnsResolver
from mitmproxy.addons.next_layer import NextLayer
from mitmproxy.hooks import Hook
from mitmproxy.master import Master
from mitmproxy.options import Options

from addons.lanes import Lanes, LayerChosen

# By the names of their classes: with the options that we leave alone, these do nothing.
_NOT_NEEDED = frozenset(
    {
        "AntiCache", "AntiComp", "BlockList", "Browser", "ClientPlayback", "CommandHistory",
        "Comment", "Cut", "Export", "MapLocal", "MapRemote", "ModifyBody", "ModifyHeaders", "Save",
        "SaveHar", "ScriptLoader", "ServerPlayback", "StickyAuth", "StickyCookie", "UpdateAltSvc",
    }
)  # fmt: skip


class _Chain(AddonManager):
    """Asks once: that flows have changed is for displays, and there is none."""

    async def handle_lifecycle(self, event: Hook) -> None:
        """Let the addons take a hook, one after the other."""
        await self.trigger_event(event)


def recorder(options: Options, loop: asyncio.AbstractEventLoop, lanes: Lanes) -> Master:
    """Make a master whose hooks go to `lanes`; within `loop`, which has to run already."""
    master = Master(options, loop)
    master.addons = _Chain(master)  # type: ignore[no-untyped-call]
    master.addons.add(*_addons(lanes))  # type: ignore[no-untyped-call]
    return master


def _addons(lanes: Lanes) -> Iterator[object]:
    for addon in default_addons():
        if type(addon).__name__ in _NOT_NEEDED:
            continue
        if isinstance(addon, DnsResolver):
            yield lanes  # before it would ask the internet
        yield addon
        if isinstance(addon, NextLayer):
            yield LayerChosen(lanes)
