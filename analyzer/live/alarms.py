"""What the person at the phone has to know while there is still time: pure, from one snapshot."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from analyzer.amounts import number, size
from analyzer.live.checks import title
from analyzer.live.snapshot import Alarm, Level, Snapshot

_LITTLE: Final = 1_000_000_000  # bytes free on the disk
_TOO_LITTLE: Final = 300_000_000
_NAMED: Final = 3
_ORDER: Final[tuple[Level, ...]] = ("red", "amber", "note")
_TLS_UNREAD: Final = frozenset(("ca_refused", "pinned", "pin_suspected", "passed", "quic_refused"))
_CHECK_PAGE: Final = "open http://phone.check/ on the phone: it names the step that is missing"


def with_alarms(snapshot: Snapshot) -> Snapshot:
    """Return `snapshot` with what there is to say of it, worst first."""
    found = [
        *_ending(snapshot),
        *_trust(snapshot),
        *_checks(snapshot),
        *_country(snapshot),
        *_disk(snapshot),
        *_pins(snapshot),
        *_recorder(snapshot),
    ]
    return replace(
        snapshot, alarms=tuple(sorted(found, key=lambda alarm: _ORDER.index(alarm.level)))
    )


def _ending(now: Snapshot) -> list[Alarm]:
    if now.condition != "crashed":
        return []
    return [Alarm("red", "The recorder has died", "run `evenhand recover`, then begin again")]


def _trust(now: Snapshot) -> list[Alarm]:
    """Nothing was decrypted so far: on the whole, or of one of several phones."""
    states = {state for state, _ in now.totals.states}
    if not now.totals.connections:
        if now.totals.exchanges or now.condition != "recording":
            return []
        return [Alarm("note", "No traffic yet", "join the phone, then open the app under test")]
    if states <= {"open", "unused"}:
        return []
    if not any(phone.trusted for phone in now.phones):
        if states & _TLS_UNREAD:
            text = "Nothing was decrypted yet: the phone does not trust the certificate authority"
            return [Alarm("red", text, _CHECK_PAGE)]
        return [Alarm("red", "Nothing was decrypted yet", _CHECK_PAGE)]
    strange = [phone.address for phone in now.phones if not phone.trusted and phone.connections]
    if strange:
        return [Alarm("red", f"Nothing was decrypted of {_some(strange)}", _CHECK_PAGE)]
    return []


def _checks(now: Snapshot) -> list[Alarm]:
    bad = dict.fromkeys(
        title(check) for phone in now.phones for check in phone.checks if check.state == "bad"
    )
    if not bad:
        return []
    return [Alarm("amber", f"The phone is not ready: {_some(list(bad))}", _CHECK_PAGE)]


def _country(now: Snapshot) -> list[Alarm]:
    exits = {fact.value for fact in now.facts if fact.topic == "exit_country"}
    wrong = sorted(exits - {now.country})
    if not wrong:
        return []
    text = f"The traffic leaves from {_some(wrong)}, the arm says {now.country}"
    return [Alarm("red", text, "put the way out right, then begin again")]


def _disk(now: Snapshot) -> list[Alarm]:
    if now.condition != "recording" or now.free_bytes >= _LITTLE:
        return []
    text = f"{size(now.free_bytes)} left on the disk"
    return [Alarm("red" if now.free_bytes < _TOO_LITTLE else "amber", text, "make room")]


def _pins(now: Snapshot) -> list[Alarm]:
    pinned = [
        row.owner for row in now.recipients if any(state == "pinned" for state, _ in row.states)
    ]
    if not pinned:
        return []
    text = f"Pinned, cannot be read: {_some(pinned)}"
    return [Alarm("amber", text, "their bytes are counted; what they hold is a blind spot")]


def _recorder(now: Snapshot) -> list[Alarm]:
    found = []
    gaps, unanswered = now.totals.gaps, now.totals.unanswered
    if now.condition == "ended" and not now.complete:
        text = "The session is incomplete: what is not in it may still have been sent"
        found.append(Alarm("amber", text, "; ".join(now.partial)))
    elif gaps:
        text = f"{number(gaps, 'gap')} in the recording"
        found.append(Alarm("amber", text, "the session will count as incomplete"))
    if unanswered:
        whose = "its" if unanswered == 1 else "their"
        text = f"{number(unanswered, 'request')} got no answer from {whose} server"
        found.append(Alarm("note", text, ""))
    if now.instrumented:
        text = f"The app is instrumented ({now.instrumented})"
        found.append(Alarm("note", text, "compared only with sessions that are, too"))
    return found


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    return shown if len(names) <= _NAMED else f"{shown} and {len(names) - _NAMED} more"
