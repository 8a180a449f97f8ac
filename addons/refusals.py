"""Which hosts an app will not let us read: learned from how its connections ended."""

from __future__ import annotations

from collections import OrderedDict

_ENOUGH = 4  # points; what they are given for is below
_MOST = 10_000  # hosts that are remembered


class Refusals:
    """Counts for each (phone, host) what speaks against its ever being read.

    One refused certificate is enough, so are two silences after the handshake. A connection that
    was quiet for long before it was closed is more likely a browser's precaution: it takes four. A
    host that has been read is never learned, and the first success of a phone gives every host a
    second chance: until then the phone may just not have trusted our authority.
    """

    def __init__(self) -> None:
        self._points: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._read: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._trusting: set[str] = set()

    def refused(self, phone: str, host: str) -> None:
        """Note that the app refused the certificate in the handshake."""
        self._add(phone, host, _ENOUGH)

    def hung_up(self, phone: str, host: str) -> None:
        """Note that the app hung up in the handshake, or right after it without a request."""
        self._add(phone, host, _ENOUGH // 2)

    def was_quiet(self, phone: str, host: str) -> None:
        """Note that the app said nothing for long, then hung up."""
        self._add(phone, host, _ENOUGH // 4)

    def read(self, phone: str, host: str) -> None:
        """Note that something the app said to `host` could be decrypted."""
        if phone not in self._trusting:
            self._trusting.add(phone)
            for who in [who for who in self._points if who[0] == phone]:
                del self._points[who]
        self._points.pop((phone, host), None)
        self._read[phone, host] = None
        self._read.move_to_end((phone, host))
        if len(self._read) > _MOST:
            self._read.popitem(last=False)

    def refuses(self, phone: str, host: str) -> bool:
        """Whether connections of `phone` to `host` are better passed on unread."""
        return self._points.get((phone, host), 0) >= _ENOUGH

    def __bool__(self) -> bool:
        """Whether anything speaks against any host at all."""
        return bool(self._points)

    def _add(self, phone: str, host: str, points: int) -> None:
        who = (phone, host)
        if who in self._read:
            return
        self._points[who] = self._points.get(who, 0) + points
        self._points.move_to_end(who)
        if len(self._points) > _MOST:
            self._points.popitem(last=False)
