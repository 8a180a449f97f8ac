"""Addresses that stand for names, for phones that connect to addresses and not to names.

They mean nothing outside of this process: whoever connects to one is led to its name.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Iterable

from mitmproxy import dns
from mitmproxy.net.dns import classes, op_codes, response_codes, types

from addons.names import plain

# RFC 2544's and RFC 4193's: nobody has them on the internet.
_IPV4 = ipaddress.IPv4Network("198.18.0.0/15")
_IPV6 = ipaddress.IPv6Network("fd00:198:18::/64")
_MOST = 65_536  # names: an app may make up any number of them


class SyntheticAddresses:
    """One IPv4 and one IPv6 address for each name; of more than `most` names the oldest goes.

    `names` are the first to have some, in their order; others get theirs when they are asked for.
    Never one for two: a browser would share a connection between hosts of one address.
    """

    def __init__(self, names: Iterable[str] = (), *, most: int = _MOST) -> None:
        self._most = most
        self._numbers: OrderedDict[str, int] = OrderedDict()
        self._names: dict[int, str] = {}
        for name in names:
            self._number(plain(name))

    def name_of(self, address: str) -> str:
        """Return the name that `address` stands for, "" where it stands for none."""
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return ""
        network = _IPV4 if found.version == _IPV4.version else _IPV6
        if found not in network:
            return ""
        return self._names.get(int(found) - int(network.network_address), "")

    def answer(self, request: dns.Message, *, exists: bool) -> dns.Message:
        """Answer the lookup of a name, which may be one that does not exist.

        Other types than addresses have no records, HTTPS among them: nothing here offers HTTP/3
        or ECH. What is no lookup of one name is not implemented.
        """
        question = request.question
        if question is None or request.op_code != op_codes.QUERY or question.class_ != classes.IN:
            return request.fail(response_codes.NOTIMP)
        if not exists:
            return request.fail(response_codes.NXDOMAIN)
        if question.type == types.A:
            address = _IPV4[self._number(plain(question.name))]
            return request.succeed([dns.ResourceRecord.A(question.name, address)])
        if question.type == types.AAAA:
            longer = _IPV6[self._number(plain(question.name))]
            return request.succeed([dns.ResourceRecord.AAAA(question.name, longer)])
        return request.succeed([])

    def _number(self, name: str) -> int:
        """Return the place of a name within the two networks, from 1."""
        number = self._numbers.get(name)
        if number is None:
            number = len(self._numbers) + 1
            if number > self._most:
                _, number = self._numbers.popitem(last=False)
            self._numbers[name] = number
            self._names[number] = name
        self._numbers.move_to_end(name)
        return number
