"""An explanation on the terminal: from the bytes of the capture to the verdict."""

from __future__ import annotations

from analyzer import amounts
from analyzer.explanation import DeltaTrail, Explanation, Trail
from reports import words
from reports.console import Out


def print_explanation(explanation: Explanation) -> None:
    """Print the trail of a finding or signal, or how the verdict of a row came about."""
    out = Out()
    if explanation.trail is not None:
        _trail(out, explanation.trail)
    if explanation.delta is not None:
        _delta(out, explanation.delta)


def _trail(out: Out, trail: Trail) -> None:
    out.line(f"{trail.id}  {trail.subject}: {trail.meaning}", "bold")
    consent = "not asked for consent" if trail.consent == "none" else f"consent {trail.consent}"
    out.fact("session", f"{trail.session} ({trail.country}, declared age {trail.age}, {consent})")
    moment = f" at {trail.t_s:.1f} s" if trail.t_s is not None else ""
    out.fact("phase", f"{trail.phase}{moment}")
    answer = f" -> {trail.status}" if trail.status is not None else ""
    out.fact("request", f"{trail.request} ({trail.transport}){answer}")
    out.fact("bytes", f"{trail.request_bytes} sent, {trail.response_bytes} received")
    layers = ", ".join(f"{size}" for size in trail.layers)
    passed = " -> ".join(trail.steps) or "nothing"
    out.fact("decoded", passed + (f" (layers of {layers} bytes)" if layers else ""))
    out.fact(
        "found in", f"{trail.part.replace('_', ' ')} {trail.path or '(no field: in its bytes)'}"
    )
    out.fact("value", _value(trail))
    how = words.method(trail.method, trail.confidence) or "signal"
    if trail.grade in words.GRADES:
        how += f", grade {trail.grade}: {words.GRADES[trail.grade]}"
    out.fact("rule", f"{trail.rule_id} ({how})")
    out.fact("because", trail.reason)
    out.fact(
        "source",
        (trail.source or words.OBSERVED_ONLY) + ("" if trail.verified else " (not verified)"),
    )
    out.fact("to", f"{trail.host}: {trail.owner or 'owner unknown'} ({trail.owner_reason})")
    out.fact("party", f"{trail.party}: {trail.party_reason}")
    out.fact("purpose", trail.purpose)
    out.fact("checked", trail.check.text, "green" if trail.check.ok else "red")


def _value(trail: Trail) -> str:
    if trail.verdict:
        return words.state(trail.verdict, [trail.shape])
    how = "" if trail.transformed in {"", "raw"} else f", {trail.transformed}"
    return f"hidden; shape {trail.shape}{how}; digest {trail.digest}"


def _delta(out: Out, trail: DeltaTrail) -> None:
    delta = trail.delta
    to = words.recipient_name(delta.owner, delta.hosts)
    out.line(f"{delta.id}  {words.subject(delta)} to {to}, phase {delta.phase}", "bold")
    for side, count, seen, unseen, blind in (
        (trail.a, delta.a, trail.seen_a, trail.unseen_a, trail.blind_a),
        (trail.b, delta.b, trail.seen_b, trail.unseen_b, trail.blind_b),
    ):
        of = amounts.number(count.n, "session")
        out.fact("side", f"{side.title}: seen in {count.k} of {of}")
        out.fact("  seen", ", ".join(seen))
        out.fact("  not seen", ", ".join(unseen))
        out.fact("  unreadable", ", ".join(blind))
    between = words.interval(delta.low, delta.high)
    out.fact("difference", f"{words.points(delta.effect)} points, 95% interval {between}")
    out.fact("p, q", f"{words.probability(delta.p)}, {words.probability(delta.q)}")
    if delta.contrast is not None:
        beyond = words.interval(delta.contrast.low, delta.contrast.high)
        adults = f"{words.share(delta.contrast.adult_a)} and {words.share(delta.contrast.adult_b)}"
        text = (
            f"difference of differences {words.points(delta.contrast.effect)} points (of -200 to"
            f" +200), 95% interval {beyond}; seen of adults in {adults}"
        )
        out.fact("less adults", text)
    out.fact("verdict", words.verdict(delta, trail.a.title, trail.b.title))
    out.fact("change", trail.change)
    for example in trail.examples:
        out.line("")
        _trail(out, example)
