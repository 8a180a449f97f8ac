"""Lets datagrams through that come after a rest.

mitmproxy gives a UDP conversation up after 20 s without a word, but mitmproxy_rs (0.12) remembers
it until 60 s have passed, and drops what comes from that port until then. Each lost datagram starts
the 60 s anew: a phone that says something every half a minute, or looks a name up from a port that
it used before, is never heard again. Here mitmproxy waits for longer than mitmproxy_rs, which then
makes a new conversation of what comes.
"""

from __future__ import annotations

from mitmproxy.proxy import server

REMEMBERED_S = 60  # UDP_TIMEOUT in mitmproxy_rs/src/network/udp.rs
PATIENCE_S = REMEMBERED_S + 30  # it looks what is over every 5 s


def wait_for_datagrams() -> None:
    """Let the UDP conversations of this process that begin from now on rest for longer."""
    vars(server)["UDP_TIMEOUT"] = PATIENCE_S
