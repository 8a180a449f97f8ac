"""Who a connection belongs to, and by which name it asked for an address."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict

from mitmproxy import dns
from mitmproxy.connection import Client
from mitmproxy.net.dns import types
from mitmproxy.proxy.mode_specs import WireGuardMode

TUNNEL_PHONE = "10.0.0.1"  # a tunnel has one phone in it, with an address of each kind
_MOST = 4096
_LENGTHS = {types.A: 4, types.AAAA: 16}


def phone_of(client: Client) -> str:
    """Return the address of the phone, without the port; in a tunnel that of IPv4 in any case."""
    address = client.peername[0]
    if isinstance(client.proxy_mode, WireGuardMode) and ":" in address:
        return TUNNEL_PHONE
    return address.removeprefix("::ffff:")


def destination_of(client: Client) -> tuple[str, int] | None:
    """Return where a phone in a tunnel wants to go, None where the mode does not say yet."""
    if isinstance(client.proxy_mode, WireGuardMode):
        return client.sockname[0], client.sockname[1]
    return None


def plain(host: str) -> str:
    """A host name as all names are written here: small letters, no dot at the end."""
    return host.lower().rstrip(".")


def is_address(host: str) -> bool:
    """Whether `host` is an IP address and not a name."""
    return ":" in host or host.replace(".", "").isdigit()


class Names:
    """The names that phones have looked up, by the addresses that they were given."""

    def __init__(self) -> None:
        self._names: OrderedDict[tuple[str, str], str] = OrderedDict()

    def learn(self, phone: str, answer: dns.Message) -> None:
        """Remember the answer that `phone` got to a lookup."""
        if answer.question is None:
            return
        name = plain(answer.question.name)
        for record in answer.answers:
            if _LENGTHS.get(record.type) == len(record.data):
                key = (phone, str(ipaddress.ip_address(record.data)))
                self._names[key] = name
                self._names.move_to_end(key)
        while len(self._names) > _MOST:
            self._names.popitem(last=False)

    def of(self, phone: str, address: str) -> str:
        """Return the name that led `phone` to `address`, "" where none did."""
        return self._names.get((phone, address), "")
