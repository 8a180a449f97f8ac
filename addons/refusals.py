"""Which hosts an app will not let us read: learned from how its connections ended."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

_ENOUGH = 4  # points; what they are given for is below
_OF_A_READ_HOST = 6  # three in a row
_MOST = 10_000  # hosts that are remembered
# When what was learned is put to the test again, by one connection that is not passed on. An app
# that pins loses that one: no more than one a minute.
_RETRY_S = 120.0
_RETRY_PASSES, _RETRY_LEAST_S = 20, 60.0  # sooner where much passes
# The same while nothing of the phone could be read: it may be given our authority any moment, and
# nothing else would tell us. Every third connection that would pass is tried, whichever its host.
_UNTRUSTED_S = 30.0
_UNTRUSTED_PASSES = 2


@dataclass(slots=True)
class _Host:
    """What speaks against a host. `since` is when that was last confirmed or put to the test."""

    since: float
    points: int = 0
    until: float = -math.inf  # when the last of its connections that counted had ended
    passes: int = 0  # since then


class Refusals:
    """Counts for each (phone, host) what speaks against its ever being read.

    One refused certificate is enough, so are two silences after the handshake. A connection that
    was quiet for long before it was closed is more likely a browser's precaution: it takes four.
    Connections that hang up while others do are one decision of the app and count once.

    A host that has been read is readable by a part of the app at least. It is learned after three
    refusals or silences in a row without a request between them: that other part, which pins, works
    on then. One that stays quiet does not count there.

    Nothing is learned for ever: now and then one connection is tried (`tries_again`), and a success
    forgets what was learned. The first success of a phone gives every host a second chance: until
    then the phone may just not have trusted our authority.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._hosts: OrderedDict[tuple[str, str], _Host] = OrderedDict()
        self._read: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._trusting: set[str] = set()
        self._passes: dict[str, int] = {}  # of phones that do not trust us yet, since the last try

    def refused(self, phone: str, host: str) -> None:
        """Note that the app refused the certificate in the handshake."""
        read = (phone, host) in self._read
        self._of(phone, host).points += _OF_A_READ_HOST // 3 if read else _ENOUGH

    def hung_up(self, phone: str, host: str, began: float, ended: float) -> None:
        """Note that the app hung up when it had seen the certificate, without a request.

        The connection lasted from `began` to `ended`, in seconds of any one clock.
        """
        read = (phone, host) in self._read
        self._add(phone, host, _OF_A_READ_HOST // 3 if read else _ENOUGH // 2, began, ended)

    def was_quiet(self, phone: str, host: str, began: float, ended: float) -> None:
        """Note that the app said nothing for long, then hung up."""
        if (phone, host) not in self._read:
            self._add(phone, host, _ENOUGH // 4, began, ended)

    def read(self, phone: str, host: str) -> None:
        """Note that something the app said to `host` could be decrypted."""
        if phone not in self._trusting:
            self._trusting.add(phone)
            self._passes.pop(phone, None)
            for who in [who for who in self._hosts if who[0] == phone]:
                del self._hosts[who]
        self._hosts.pop((phone, host), None)
        self._read[phone, host] = None
        self._read.move_to_end((phone, host))
        if len(self._read) > _MOST:
            self._read.popitem(last=False)

    def refuses(self, phone: str, host: str) -> bool:
        """Whether connections of `phone` to `host` are better passed on unread."""
        found = self._hosts.get((phone, host))
        enough = _OF_A_READ_HOST if (phone, host) in self._read else _ENOUGH
        return found is not None and found.points >= enough

    def tries_again(self, phone: str, host: str) -> bool:
        """Whether the next connection to a host that `refuses` is to be read all the same.

        To be asked once for each connection: those of which it is denied are counted as passed.
        """
        found = self._hosts[phone, host]
        waited = self._clock() - found.since
        if phone in self._trusting:
            often = found.passes >= _RETRY_PASSES and waited >= _RETRY_LEAST_S
            due = often or waited >= _RETRY_S
        else:
            passes = self._passes.get(phone, 0)
            due = passes >= _UNTRUSTED_PASSES or waited >= _UNTRUSTED_S
            self._passes[phone] = 0 if due else passes + 1
        if due:
            found.since, found.passes = self._clock(), 0
        else:
            found.passes += 1
        return due

    def __bool__(self) -> bool:
        """Whether anything speaks against any host at all."""
        return bool(self._hosts)

    def _add(self, phone: str, host: str, points: int, began: float, ended: float) -> None:
        found = self._of(phone, host)
        if began > found.until:
            found.points += points
            found.until = ended

    def _of(self, phone: str, host: str) -> _Host:
        """Return what is known of a host, of which there is news."""
        who = (phone, host)
        found = self._hosts.setdefault(who, _Host(0.0))
        found.since, found.passes = self._clock(), 0
        self._hosts.move_to_end(who)
        if len(self._hosts) > _MOST:
            self._hosts.popitem(last=False)
        return found
