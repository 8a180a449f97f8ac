"""Where an exchange went: site, owner, parent company, party, purpose, tracker or not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import IPv4Address, ip_address
from urllib.parse import quote

from publicsuffixlist import PublicSuffixList

from analyzer.extract.shapes import digest, safe_host
from analyzer.knowledge import Knowledge, Tracker
from analyzer.models import Destination, Party, Tracking
from analyzer.study import Study

_LONGEST = 253  # characters of a DNS name; hosts are captured, so they may be anything
_REMEMBERED = 65_536
_TELLING = 6  # hexadecimal digits that tell masked sites apart
_PLAIN = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_PORT = re.compile(r":[0-9]*$")
# What a purpose says of following people; the others, such as crash reports, leave it open.
_TRACKING = frozenset({"advertising", "analytics", "attribution"})
_NO_TRACKING = frozenset({"consent", "content", "functional"})


class Classifier:
    """Tells the `Destination` of hosts of one study; remembers what it told.

    `mask` hides the planted values in a host; what else may be a value is hidden always.
    """

    def __init__(
        self, study: Study, knowledge: Knowledge, mask: Callable[[str], str] = str
    ) -> None:
        self._mask = mask
        self._key = study.key
        self._first = frozenset(study.first_party)
        self._owners = knowledge.owners
        self._hosts = _tracker_hosts(knowledge.trackers)
        self._told: dict[str, Destination] = {}

    def destination(self, host: str) -> Destination:
        """Return where `host` (as captured: any case, with or without port, perhaps hostile) leads.

        The first party is what stands in `study.first_party`, with everything below it. Owner and
        purpose are those of the tracker file that has the host, else of the list of owners by its
        longest suffix; without either the owner is the site itself. The parent is that of
        `parents.csv`; who tracks is told by the purpose: advertising, analytics and attribution do,
        content, consent and plain functions do not, of all else nobody knows. Party and parent are
        two things: a sister company's host is a third party unless the study names it. In what is
        returned, labels that carry a value are replaced (a keyed digest tells the sites apart); the
        owner is that of the host itself.
        """
        found = self._told.get(host)
        if found is None:
            if len(self._told) >= _REMEMBERED:
                self._told.clear()
            found = self._told[host] = self._classify(canonical_host(host))
        return found

    def _classify(self, host: str) -> Destination:
        site = site_of(host)
        listed = self._owners.lookup(host)
        shown = self._safe(site)
        # Two sites that hide behind the same mask stay two.
        apart = "" if shown == site else f"~{digest(site, self._key)[:_TELLING]}"
        shown += apart
        owner, purpose = (listed.owner, listed.category) if listed else (shown, "")
        tracked = self._tracked(host)
        if tracked:
            owner, purpose = tracked[0] or owner, tracked[1] or purpose
        first = any(suffix in self._first for suffix in _suffixes(host))
        party: Party = "first" if first else "third"
        return Destination(
            host=self._safe(host) + apart,
            site=shown,
            owner=owner,
            party=party,
            purpose=purpose,
            parent=self._owners.parents.get(owner, ""),
            tracker=tracks(purpose),
        )

    def _safe(self, host: str) -> str:
        return safe_host(self._mask(host))

    def _tracked(self, host: str) -> tuple[str, str] | None:
        exact = self._hosts.get(host)
        if exact:
            return exact
        return next(
            (
                self._hosts[f"*.{suffix}"]
                for suffix in _suffixes(host.partition(".")[2])
                if f"*.{suffix}" in self._hosts
            ),
            None,
        )


def tracks(purpose: str) -> Tracking:
    """Tell whether a destination of this purpose follows people.

    >>> tracks("attribution"), tracks("content"), tracks("crash"), tracks("")
    ('yes', 'no', 'unknown', 'unknown')
    """
    if purpose in _TRACKING:
        return "yes"
    return "no" if purpose in _NO_TRACKING else "unknown"


def canonical_host(host: str) -> str:
    """Return `host` without port and final dot, in lower case, IDN as punycode.

    Anything that is no host keeps its printable ASCII letters and is percent-encoded otherwise, cut
    at 253 characters. Never raises.

    >>> canonical_host("WWW.Bücher.example.:8443"), canonical_host("[2001:DB8::1]:443")
    ('www.xn--bcher-kva.example', '2001:db8::1')
    """
    text = host.strip()[: 4 * _LONGEST]
    address = _address(text)
    if address:
        return address
    text = _PORT.sub("", text)
    address = _address(text)
    if address:
        return address
    name = text.rstrip(".").lower()
    if not _PLAIN.fullmatch(name):
        try:
            name = name.encode("idna").decode("ascii").lower()
        except UnicodeError:  # an empty or overlong label, or letters that no name may have
            name = ""
        if not _PLAIN.fullmatch(name):
            name = quote(text.lower(), safe="%", errors="replace").lower()
    return _address(name) or name[:_LONGEST].rstrip(".")


@lru_cache(maxsize=8192)
def site_of(host: str) -> str:
    """Return the registrable domain of a canonical `host`; an address or a lone label is its own.

    By the Public Suffix List that comes with the package, private suffixes included; unknown top
    level domains count as suffixes.

    >>> site_of("a.b.example.co.ke"), site_of("x.github.io"), site_of("localhost")
    ('example.co.ke', 'x.github.io', 'localhost')
    """
    if _address(host):
        return host
    return _suffix_list().privatesuffix(host) or host


@lru_cache(maxsize=1)
def _suffix_list() -> PublicSuffixList:
    return PublicSuffixList()


def _address(text: str) -> str:
    """Return `text` as an IP address in its usual form, or an empty text if it is none."""
    try:
        parsed = ip_address(text.removeprefix("[").removesuffix("]").partition("%")[0])
    except ValueError:
        return ""
    if not isinstance(parsed, IPv4Address) and parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(parsed)


def _suffixes(host: str) -> Iterable[str]:
    """Yield `host` and what remains when labels are taken off its left, longest first."""
    while host:
        yield host
        host = host.partition(".")[2]


def _tracker_hosts(trackers: Iterable[Tracker]) -> dict[str, tuple[str, str]]:
    """Return owner and purpose by host pattern (exact, or ``*.`` and a domain).

    Endpoints that share a host and have different purposes leave it to the tracker's own purpose.
    """
    owners: dict[str, tuple[str, str]] = {}
    purposes: dict[str, set[str]] = {}
    for tracker in trackers:
        if not tracker.owner:
            continue
        for endpoint in tracker.endpoints:
            for host in endpoint.hosts:
                if host != "*":
                    owners.setdefault(host, (tracker.owner, tracker.purpose))
                    purposes.setdefault(host, set()).add(endpoint.purpose)
    return {
        host: (owner, purposes[host].pop() if len(purposes[host]) == 1 else purpose)
        for host, (owner, purpose) in owners.items()
    }
