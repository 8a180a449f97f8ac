"""An explanation on the terminal: from the bytes of the capture to the verdict."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer import amounts
from analyzer.explanation import DeltaTrail, Explanation, Trail
from reports import terminal_names, words
from reports.console import Out
from reports.excerpt import excerpt
from reports.explained_feed import print_account, print_shown
from reports.explained_others import (
    print_country,
    print_gate,
    print_identifier,
    print_magnitude,
    print_recipient,
)
from reports.reach import reach


def print_explanation(explanation: Explanation, out: Out | None = None) -> None:
    """Print what `explanation` is about: each claim with the way back to what was recorded."""
    out = out or Out()
    if explanation.trail is not None:
        _trail(out, explanation.trail)
    if explanation.delta is not None:
        _delta(out, explanation.delta)
    if explanation.magnitude is not None:
        print_magnitude(out, explanation.magnitude)
    if explanation.country is not None:
        print_country(out, explanation.country)
    if explanation.gate is not None:
        print_gate(out, explanation.gate)
    if explanation.recipient is not None:
        print_recipient(out, explanation.recipient)
    if explanation.identifier is not None:
        print_identifier(out, explanation.identifier)
    if explanation.shown is not None:
        print_shown(out, explanation.shown)
    if explanation.account is not None:
        print_account(out, explanation.account)
    _examples(out, explanation.examples)


def _examples(out: Out, examples: Sequence[Trail]) -> None:
    if examples:
        out.line("")
        out.line("One exchange behind it" if len(examples) == 1 else "Exchanges behind it", "bold")
    for example in examples:
        out.line("")
        _trail(out, example)


def _trail(out: Out, trail: Trail) -> None:
    named = terminal_names.subject(trail.kind, trail.subject, trail.verdict)
    out.line(f"{trail.id}  {named} ({trail.subject})", "bold")
    out.fact("means", trail.meaning)
    out.fact("time", _time(trail))
    consent = "not asked for consent" if trail.consent == "none" else f"consent {trail.consent}"
    country = terminal_names.country(trail.country)
    out.fact("session", f"{trail.session} ({country}, declared age {trail.age}, {consent})")
    sealed = f", capture {trail.capture}" if trail.capture else ", never sealed"
    out.fact("exchange", f"{trail.exchange} of this session{sealed}")
    answer = f" -> {trail.status}" if trail.status is not None else ""
    out.fact("request", f"{trail.request} ({trail.transport}){answer}" if trail.request else "")
    out.fact("bytes", f"{trail.request_bytes} sent, {trail.response_bytes} received")
    out.fact("to", f"{trail.host}: {trail.owner or 'owner unknown'} ({trail.owner_reason})")
    out.fact("party", f"{trail.party}: {trail.party_reason}")
    out.fact("purpose", trail.purpose)
    layers = ", ".join(f"{size}" for size in trail.layers)
    passed = " -> ".join(trail.steps) or "nothing: it stands there as it is"
    out.fact("decoded", passed + (f" (layers of {layers} bytes)" if layers else ""))
    out.fact(
        "found in", f"{trail.part.replace('_', ' ')} {trail.path or '(no field: in its bytes)'}"
    )
    out.fact(
        "excerpt", excerpt(trail.part, trail.path, trail.steps, trail.shape, trail.transformed)
    )
    out.fact("value", _value(trail))
    out.fact("digest", trail.digest and f"{trail.digest} (keyed: equal values have equal ones)")
    how = words.method(trail.method, trail.confidence) or "signal"
    out.fact("rule", f"{trail.rule_id} ({how})")
    out.fact("because", trail.reason)
    out.fact("source", trail.source or words.OBSERVED_ONLY)
    if trail.grade in words.GRADES:
        out.fact("grade", f"{trail.grade}: {words.GRADES[trail.grade]}{_unverified(trail)}")
    else:
        out.fact("grade", "none: the value itself shows it" if trail.verified else "not verified")
    out.fact("checked", trail.check.text, "green" if trail.check.ok else "red")


def _unverified(trail: Trail) -> str:
    return "" if trail.verified else " (not verified)"


def _time(trail: Trail) -> str:
    phase = f"phase {trail.phase}"
    if trail.t_s is None or not trail.at:
        return phase
    at = trail.at.replace("T", " ").removesuffix("Z")
    return f"{at} UTC, {trail.t_s:.1f} s into the recording, {phase}"


def _value(trail: Trail) -> str:
    if trail.verdict:
        return words.state(trail.verdict, [trail.shape])
    how = "" if trail.transformed in {"", "raw"} else f", sent as {trail.transformed}"
    return f"hidden; shape {trail.shape}{how}"


def _delta(out: Out, trail: DeltaTrail) -> None:
    delta = trail.delta
    to = words.recipient_name(delta.owner, delta.hosts)
    named = terminal_names.subject(delta.kind, delta.subject, delta.state)
    out.line(f"{delta.id}  {named} ({delta.subject}) to {to}, phase {delta.phase}", "bold")
    for side, count, seen, unseen, blind in (
        (trail.a, delta.a, trail.seen_a, trail.unseen_a, trail.blind_a),
        (trail.b, delta.b, trail.seen_b, trail.unseen_b, trail.blind_b),
    ):
        of = amounts.number(count.n, "session")
        out.fact("side", f"{side.title}: seen in {count.k} of {of}")
        out.fact("  seen", ", ".join(seen))
        out.fact("  not seen", ", ".join(unseen))
        out.fact("  unreadable", ", ".join(blind))
    between = words.change_interval(delta.low, delta.high)
    direction = f"from {trail.a.title} to {trail.b.title}"
    out.fact(
        "difference",
        f"{words.change(delta.effect)} percentage points {direction}, 95% interval {between}",
    )
    out.fact("p, q", f"{words.probability(delta.p)}, {words.probability(delta.q)}")
    if delta.contrast is not None:
        beyond = words.change_interval(delta.contrast.low, delta.contrast.high)
        adults = f"{words.share(delta.contrast.adult_a)} and {words.share(delta.contrast.adult_b)}"
        shown = "beyond adults" if words.beyond_adults(delta) else "not shown to be beyond adults"
        if delta.contrast.reason:
            shown += f" ({delta.contrast.reason})"
        text = (
            f"seen of adults in {adults}; the difference less theirs is"
            f" {words.change(delta.contrast.effect)} points (of -200 to +200), 95% interval"
            f" {beyond}: {shown}"
        )
        out.fact("adults", text)
    out.fact("verdict", _verdict(trail))
    if narrow := reach(trail.delta):
        out.fact("countries", narrow, "yellow")
    out.fact("change", trail.change)
    for title, reason in trail.waived:
        out.fact("waived", f"“{title}” does not hold. The study's reason: {reason}", "yellow")
    _examples(out, trail.examples)


def _verdict(trail: DeltaTrail) -> str:
    if trail.delta.verdict != "insufficient":
        return words.verdict(trail.delta, trail.a.title, trail.b.title)
    return f"not decided: {trail.delta.reason}"
