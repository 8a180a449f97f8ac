"""A snapshot in words and figures: the same for the page, for the terminal and for one line.

Plain texts and numbers only, so that JSON can carry them; nothing here is markup.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any, Final

from analyzer.amounts import number, size
from analyzer.live.checks import in_order, problems, sentence, title
from analyzer.live.snapshot import Check, Phone, Recipient, Request, Sighting, Snapshot
from analyzer.live.watching import next_for_all
from analyzer.models import CheckState, Method, TrustState
from analyzer.study import SETUP, Study

View = dict[str, Any]

STATES: Final[dict[TrustState, str]] = {
    "decrypted": "decrypted",
    "plaintext": "not encrypted",
    "ca_refused": "certificate refused",
    "pinned": "pinned",
    "pin_suspected": "perhaps pinned",
    "passed": "passed unread",
    "quic_refused": "QUIC refused",
    "tcp": "other TCP",
    "udp": "other UDP",
    "blocked": "blocked",
    "failed": "server failed",
    "unused": "unused",
    "open": "opening",
}
_BAD: Final = frozenset(("ca_refused", "pinned", "pin_suspected", "passed", "failed"))
_METHODS: Final[dict[Method, str]] = {
    "rule": "known field",
    "planted": "planted value",
    "name": "name of the field",
}
_MODES: Final = {
    "wireguard": "WireGuard",
    "regular": "proxy setting",
    "transparent": "transparent proxy",
    "socks5": "SOCKS",
}
_CONDITIONS: Final = {"recording": "recording", "ended": "ended", "crashed": "recorder died"}
_TOPICS: Final = {
    "exit_ip": "address of the way out",
    "exit_country": "country of the way out",
    "sim_country": "country of the SIM",
    "sim_operator": "operator of the SIM",
    "locale": "language",
    "store_country": "country of the store",
    "private_dns": "private DNS",
    "app_version": "version of the app",
    "app_sha256": "SHA-256 of the app",
    "os": "system",
    "device": "phone",
    "clock_offset_s": "clock, seconds ahead",
    "doh": "names looked up at",
}
MARKS: Final[dict[CheckState, str]] = {"ok": "✓", "bad": "✗", "unknown": "?", "off": "-"}
_MOST_THIRD: Final = 20
_MOST_FOUND: Final = 24
_HOSTS: Final = 3


def page_view(study: Study, snapshots: Sequence[Snapshot]) -> View:
    """Return everything that the page and the terminal show."""
    running = sum(now.condition == "recording" for now in snapshots)
    phases = {now.phase for now in snapshots if now.condition == "recording"}
    following = next_for_all(study, snapshots)
    hint = ""
    if running and not following:
        hint = "This is the last phase of the study."
    elif len(phases) > 1:
        hint = "The sessions are in different phases."
    elif running > 1:
        hint = f"For all {running} sessions at the same moment."
    return {
        "study": study.name,
        "status": f"{number(running, 'session')} being recorded"
        if running
        else "No session is being recorded",
        "running": bool(running),
        "next": following,
        "hint": hint,
        "sessions": [_session(now) for now in snapshots],
    }


def _session(now: Snapshot) -> View:
    totals = now.totals
    read, unread = totals.read_up + totals.read_down, totals.unread_up + totals.unread_down
    share = 100.0 * read / (read + unread) if read + unread else 0.0
    first = [row for row in now.recipients if row.party == "first"]
    third = [row for row in now.recipients if row.party == "third"]
    about = [now.app, now.device, _MODES.get(now.mode, now.mode)]
    return {
        "id": now.session,
        "arm": " \u00b7 ".join(filter(None, (now.arm, now.account))),
        "who": f"{now.country_name}, {now.age} years",
        "about": " · ".join(filter(None, about)),
        "condition": now.condition,
        "told": f"{_CONDITIONS[now.condition]} {clock(now.elapsed_s)}",
        "phase": now.phase,
        "since": f"since {clock(now.phase_since_s)}",
        "phases": _phases(now),
        "alarms": [{"kind": each.level, "text": each.text, "fix": each.fix} for each in now.alarms],
        "figures": [
            _figure(totals.exchanges, "request"),
            _figure(totals.messages, "message"),
            {"value": f"{totals.in_flight:,}", "label": "in flight"},
            _figure(totals.connections, "connection"),
        ],
        "read_width": round(share, 2),
        "none_width": 0 if read + unread else 100,  # drawn over all of the bar
        "read": f"{size(read)} read" + (f" ({_share(share)})" if read + unread else ""),
        "unread": f"{size(unread)} passed unread",
        "sent": f"{size(totals.read_up)} sent, {size(totals.read_down)} received",
        "states": [
            {"kind": "bad" if state in _BAD else "good", "text": f"{count:,} {STATES[state]}"}
            for state, count in totals.states
        ],
        "phones": [_phone(phone, now) for phone in now.phones],
        "facts": [
            {
                "topic": _TOPICS.get(fact.topic, fact.topic.replace("_", " ")),
                "value": fact.value,
                "source": fact.source,
            }
            for fact in now.facts
        ],
        "first_title": f"The app's own servers: {number(len(first), 'recipient')}",
        "first": [_recipient(row) for row in first[:_MOST_THIRD]],
        "third_title": f"Others: {number(len(third), 'recipient')}",
        "third": [_recipient(row) for row in third[:_MOST_THIRD]],
        "third_more": _more(len(third) - _MOST_THIRD),
        "recipients": len(now.recipients),
        "requests": [_request(each) for each in now.requests],
        "found": [_sighting(each) for each in now.sightings[:_MOST_FOUND]],
        "sightings": len(now.sightings) + now.more_sightings,
        "found_more": _more(len(now.sightings) - _MOST_FOUND + now.more_sightings),
        "foot": _foot(now),
    }


def _phases(now: Snapshot) -> list[View]:
    """Tick what was marked, and nothing else: an analysis goes by what is in the bundle."""
    names = list(now.phases)
    if SETUP in now.steps:
        names.insert(0, SETUP)
    if now.phase not in names:
        names.append(now.phase)
    # One of another name says nothing of how far it is in the study's own.
    reached = max((at for at, name in enumerate(now.phases) if name in now.steps), default=-1)
    skipped = set(now.phases[: reached + 1]) - set(now.steps)
    return [{"name": name, "kind": _kind(name, now, skipped)} for name in names]


def _kind(name: str, now: Snapshot, skipped: Set[str]) -> str:
    if name == now.phase:
        return "now"
    if name in now.steps:
        return "past"
    return "skipped" if name in skipped else "later"


def _phone(phone: Phone, now: Snapshot) -> View:
    ago = max(0.0, now.elapsed_s - phone.last_s)
    seen = "" if now.condition != "recording" else f", last seen {clock(ago)} ago"
    trust = "its traffic can be decrypted" if phone.trusted else "nothing decrypted yet"
    wrong = problems(phone, now.country)
    if not phone.trusted:
        short = "nothing decrypted yet"
    elif wrong:
        short = f"{number(len(wrong), 'thing')} to do at http://phone.check"
    else:
        short = "ready" if phone.checks else "can be read; not checked at http://phone.check yet"
    return {
        "kind": "good" if phone.trusted else "bad",
        "name": f"Phone {phone.address}",
        "text": f"{trust}, {number(phone.connections, 'connection')}{seen}",
        "short": f"{short}{seen}",
        "problems": wrong,
        "checks": [
            {
                "kind": each.state,
                "text": f"{MARKS[each.state]} {_titled(each, now.country)}",
            }
            for each in in_order(phone)
        ],
    }


def _titled(check: Check, country: str) -> str:
    told, about = sentence(check, country), title(check)
    return told if told.startswith(f"{about}: ") else f"{about}: {told}"


def _recipient(row: Recipient) -> View:
    hosts = ", ".join(row.hosts[:_HOSTS])
    beyond = len(row.hosts) - _HOSTS + row.more_hosts
    unread = row.unread_up + row.unread_down
    states = [f"{count:,} {STATES[state]}" for state, count in row.states if state in _BAD]
    return {
        "owner": row.owner or "unknown",
        "hosts": hosts + (f" and {beyond} more" if beyond > 0 else ""),
        "requests": f"{row.exchanges + row.messages:,}",
        "read": size(row.read_up + row.read_down),
        "unread": size(unread) if unread else "",
        "states": ", ".join(states),
    }


def _request(each: Request) -> View:
    return {
        "time": clock(each.t_s),
        "method": each.method,
        "host": each.host,
        "path": each.path,
        "status": str(each.status) if each.status is not None else _waiting(each.state),
    }


def _waiting(state: str) -> str:
    return "failed" if state == "failed" else "…"


def _sighting(each: Sighting) -> View:
    written = "" if each.transformed == "raw" else f", {each.transformed}"
    return {
        "time": clock(each.t_s),
        "what": each.label,
        "owner": each.owner,
        "own": "own server" if each.party == "first" else "third party",
        "how": f"{_METHODS[each.method]}, {each.shape}{written}",
        "phase": each.phase,
    }


def _foot(now: Snapshot) -> str:
    told = [f"{size(now.free_bytes)} free on the disk"]
    if now.backlog:
        told.append(f"{now.backlog:,} rows still to be looked at")
    if now.skipped:
        told.append(f"{now.skipped:,} large bodies left to `evenhand analyze`")
    return " · ".join(told)


def line(now: Snapshot) -> str:
    """Return a snapshot on one line, for logs."""
    totals = now.totals
    parts = [
        f"{clock(now.elapsed_s)} {now.phase}",
        number(totals.exchanges, "request"),
        f"{size(totals.read_up + totals.read_down)} read",
        f"{size(totals.unread_up + totals.unread_down)} unread",
        *(f"{count:,} {STATES[state]}" for state, count in totals.states if state in _BAD),
    ]
    worst = [each.text for each in now.alarms if each.level == "red"]
    return f"{now.session}: {', '.join(parts)}" + (f"; {'; '.join(worst)}" if worst else "")


def clock(seconds: float) -> str:
    """Return a duration as minutes and seconds, with hours where there are any.

    >>> clock(65.4), clock(3 * 3600 + 61)
    ('01:05', '3:01:01')
    """
    whole = int(seconds)
    hours, rest = divmod(whole, 3600)
    minutes = f"{rest // 60:02d}:{rest % 60:02d}"
    return f"{hours}:{minutes}" if hours else minutes


def _share(percent: float) -> str:
    """A share that is called all, or nothing, only where it is."""
    if 0 < percent < 1:
        return "<1%"
    return ">99%" if 99 < percent < 100 else f"{percent:.0f}%"


def _figure(count: int, what: str) -> View:
    return {"value": f"{count:,}", "label": what if count == 1 else f"{what}s"}


def _more(count: int) -> str:
    return f"and {count:,} more" if count > 0 else ""
