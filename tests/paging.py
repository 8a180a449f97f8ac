"""A comparison with something in every section of the page, and pages that are large."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import reporting
import synthetic
from synthetic import blind, finding, findings, frames, session, sessions, signal

from analyzer.compare import compare, matrix
from analyzer.comparison import ArmNoise, Changed, Comparison, Excluded, NoiseFloor, Sensitivity
from analyzer.countries import CountryMatrix
from analyzer.gates import Gate
from analyzer.knowledge import Level
from analyzer.linkage import Group, Handover, Linkable, Linkage, Place, Tally
from analyzer.magnitudes import Magnitude, Summary
from analyzer.models import Arm, Count
from analyzer.said import say

DELAY = Magnitude(
    id="m-delay",
    measure="delay",
    owner="Waymark",
    party="third",
    subject="id.advertising",
    phase="",
    unit="second",
    ratio=False,
    a=Summary(0, None, None, None),
    b=Summary(12, 0.4, 1.5, 12.0),
    effect=None,
    low=None,
    high=None,
    p=1.0,
    q=1.0,
    margin=10.0,
    verdict="insufficient",
    reason=say("it was never sent for {side}", side="Germany"),
    enough=None,
    examples=(),
)
PRECISION = replace(
    DELAY,
    id="m-precision",
    measure="precision",
    subject="loc.precise",
    unit="decimal",
    a=Summary(12, 2.0, 2.0, 3.0),
    b=Summary(12, 5.0, 5.0, 6.0),
    effect=-3.0,
    low=-3.5,
    high=-2.0,
    p=0.001,
    q=0.004,
    margin=1.0,
    verdict="more_b",
    reason="",
)
REQUESTS = replace(
    PRECISION,
    id="m-requests",
    measure="requests_per_hour",
    subject="",
    unit="request",
    ratio=True,
    a=Summary(12, 80.0, 100.0, 120.0),
    b=Summary(12, 84.0, 101.0, 119.0),
    effect=0.99,
    low=0.9,
    high=None,
    q=0.8,
    margin=1.5,
    verdict="same",
)
GATES = (
    Gate(
        name="region",
        level="session",
        title=say("Every session left from its country"),
        passed=False,
        found=say("shown in {k} of {n}", k=0, n=24),
        needed=say("two witnesses that agree"),
        waived="the demo never leaves this machine",
        sessions=("DE-13-r01",),
        rows=0,
    ),
    Gate(
        name="duration",
        level="pair",
        title=say("The sessions of both sides are equally long"),
        passed=False,
        found=say("the median is {a} s and {b} s", a=40, b=300),
        needed=say("record sessions of the same length"),
        waived="",
        sessions=(),
        rows=3,
    ),
    Gate(
        name="app_version",
        level="pair",
        title=say("Both sides ran one version of the app"),
        passed=True,
        found=say("version {version}", version="1.0"),
        needed="",
        waived="",
        sessions=(),
        rows=0,
    ),
)
NOISE = ArmNoise(
    "side",
    "Germany",
    6,
    6,
    1000,
    every=False,
    rows=9,
    called=0.004,
    same=0.9,
    any=0.02,
    mean=0.05,
    largest=0.4,
    possible=True,
)


def everything() -> Comparison:
    """Twelve sessions of each arm; differences, doubts and blind spots of every kind."""
    every, half = range(1, 13), range(1, 7)
    found = [
        finding(f"{arm}-r{repeat:02d}", owner, kind, phase=phase, path=path, id=f"f{n}-{repeat}")
        for n, (arm, repeats, owner, kind, phase, path) in enumerate(
            (
                ("KE-13", every, "Waymark", "id.advertising", "launch", "device.ifa"),
                ("KE-13", every, "Waymark", "id.advertising", "use", "gps_adid"),
                ("DE-30", every, "Waymark", "id.advertising", "use", "gps_adid"),
                ("KE-13", half, "Bidriver", "ad.interest", "use", "user.0.segments.3.id"),
                ("DE-13", every, "Pebblo", "dev.model", "launch", "model"),
                ("KE-13", every, "Pebblo", "dev.model", "launch", "model"),
            )
        )
        for repeat in repeats
    ]
    signals = [signal(f"DE-13-r{repeat:02d}", "protective") for repeat in every]
    signals += [signal(f"KE-13-r{repeat:02d}", "non_protective") for repeat in every]
    made = compare(
        frames(
            sessions(12, "DE-13", "DE-30", "KE-13", "KE-30", phases=["launch", "consent", "use"]),
            found,
            signals=signals,
            coverage=[
                blind("DE-13-r01", exchanges=3, bytes_up=1200, bytes_down=34_000),
                blind("KE-13-r01", "Lockstep", refused=2, unread_up=900, unread_down=40_000),
                blind("DE-13-r01", "Lockstep", refused=1, unread_up=100, unread_down=4000),
            ],
        ),
        synthetic.study(),
        synthetic.knowledge(),
        "eea",
        "global_majority",
    )
    changed = tuple(
        Changed(
            row.kind, row.owner, row.party, row.subject, row.state, row.phase, row.verdict, None
        )
        for row in made.deltas[:2]
    )
    return replace(
        made,
        gates=GATES,
        magnitudes=(DELAY, PRECISION, REQUESTS),
        noise=NoiseFloor((NOISE,), 0.004, 0.05, 0.4, possible=True, rows=9, found=4),
        sensitivities=(
            Sensitivity(
                "country",
                "KE",
                say("Without {country}", country="Kenya"),
                "b",
                None,
                say("no country is left"),
                (),
                (),
            ),
            Sensitivity(
                "bloc", "x", say("With {bloc} instead", bloc="B"), "b", made.b, "", (), changed
            ),
            Sensitivity(
                "instrumented",
                "without",
                say("Without instrumented sessions"),
                "",
                made.b,
                "",
                (),
                (),
            ),
        ),
        regions=tuple(replace(each, verdict="unproven") for each in made.regions),
        excluded=(Excluded("KE-13-r13", say("its exit was in {country}", country="DE"), "region"),),
        warnings=tuple(say("Something is odd in session {n}.", n=n) for n in range(5)),
        phases=("launch", "consent", "use"),
        consent="consent",
    )


def linked() -> Linkage:
    """What the third parties of `everything` can join, and where their servers are."""
    waymark = Linkable(
        group="global_majority",
        owner="Waymark",
        parent="Waymark Holding",
        party="third",
        tracker="yes",
        same_company=False,
        count=Count(12, 12),
        identifiers=("id.advertising", ""),
        types=("dev.model", "ad.interest"),
        smallest=1,
        median=1.5,
        largest=2,
        common=("dev.model",),
        common_count=12,
        diffaudit=Count(12, 12),
    )
    handed = Handover(
        giver="Waymark",
        giver_party="third",
        taker="Bidriver",
        taker_party="third",
        taker_tracker="yes",
        way="redirect",
        certain=True,
        same_company=False,
        data_types=("id.advertising",),
        shapes=("uuid",),
        transformed=(),
        values=1,
        tallies=(Tally("eea", Count(0, 12)), Tally("global_majority", Count(12, 12))),
        sessions=("KE-13-r01",),
        example="KE-13-r01/4",
    )
    places = tuple(
        Place("global_majority", owner, "", "yes", country, ("geo:made up",), Count(12, 12))
        for owner, country in (("Waymark", "US"), ("Waymark", "DE"), ("Bidriver", "US"))
    )
    return Linkage(
        groups=(Group("eea", "EEA", ()), Group("global_majority", "Global Majority", ())),
        warnings=(say("The accounts can be linked."),),
        handovers=(handed,),
        bridges=(),
        persistent=(),
        linkable=(waymark,),
        diffaudit=(),
        places=places,
        knowledge="",
    )


def large(owners: int = 60, types: Sequence[str] = (), phases: int = 3) -> Comparison:
    """As many rows as a hundred sessions of a talkative app give: one for each combination."""
    small = reporting.sent_only_in_kenya()
    [row] = [each for each in small.deltas if each.subject == "id.advertising"]
    proof = {each.id: each for each in small.evidence}
    [recipient] = [each for each in small.recipients if each.owner == "Waymark"]
    known = tuple(types) or tuple(f"made.up_{number}" for number in range(25))
    deltas, evidence, recipients = [], [], []
    for number in range(owners):
        owner, host = f"Recipient {number}", f"api.recipient-{number}.example"
        recipients.append(
            replace(
                recipient, owner=owner, sites=(host[4:],), hosts=(host,), purposes=("analytics",)
            )
        )
        for place, kind in enumerate(known):
            for phase in range(phases):
                name = f"{number:x}-{place:x}-{phase}"
                examples: list[str] = []
                for example in row.examples * (1 + (number + place + 1) % 2):
                    found = replace(
                        proof[example],
                        id=f"f{name}-{len(examples)}",
                        host=host,
                        phase=f"phase {phase}",
                        path=f"events.0.properties.device.{kind}",
                        steps=("gzip", "json"),
                        rule_id=f"recipient-{number}/events#{place}",
                    )
                    evidence.append(found)
                    examples.append(found.id)
                deltas.append(
                    replace(
                        row,
                        id=f"d{name}",
                        owner=owner,
                        hosts=(host,),
                        subject=kind,
                        phase=f"phase {phase}",
                        verdict=("same", "only_b", "same", "insufficient")[(number + place) % 4],
                        examples=tuple(examples),
                    )
                )
    return replace(
        small,
        deltas=tuple(deltas),
        evidence=tuple(evidence),
        recipients=tuple(recipients),
        phases=tuple(f"phase {phase}" for phase in range(phases)),
    )


def lands() -> CountryMatrix:
    """Six countries of three levels of protection: two with the same, one with few sessions."""
    every = range(1, 7)
    rows = [
        *findings("KE-13", every),
        *findings("PH-13", range(1, 5)),
        *findings("BR-13", every, data_type="loc.precise", path="geo"),
        *findings("IN-13", (1, 2), data_type="loc.precise", path="geo"),
    ]
    for country in ("DE", "KE", "BR", "FR", "PH", "IN"):
        few = (1, 2) if country == "IN" else every
        rows += findings(f"{country}-13", few, data_type="dev.model", path="model", owner="Pebblo")
    known = synthetic.knowledge()
    codes = ("DE", "KE", "BR", "FR", "PH", "IN")
    levels: tuple[Level, ...] = ("ban", "consent_only", "ban", "ban", "consent_only", "none")
    laws = tuple(
        replace(synthetic.law(f"law-{code.lower()}", code), protection=level)
        for code, level in zip(codes, levels, strict=True)
    )
    recorded = [
        session("KE-13", repeat)
        | {
            "id": f"{code}-13-r{repeat:02d}",
            "arm": f"{code}-13",
            "country": code,
            "egress": code,
            "content": f"{code} {repeat}",
        }
        for code in codes
        for repeat in ((1, 2) if code == "IN" else every)
    ]  # fmt: skip
    countries = {
        code: replace(known.countries["FR"], alpha2=code, name=name)
        for code, name in (("PH", "Philippines"), ("IN", "India"))
    } | dict(known.countries)
    arms = {f"{code}-13": Arm(f"{code}-13", code, 13, "accepted") for code in codes}
    return matrix(
        frames(
            recorded,
            rows,
            signals=[signal(f"DE-13-r{repeat:02d}", "protective") for repeat in every],
            coverage=[blind("FR-13-r01", refused=1)],
        ),
        replace(synthetic.study(), arms=arms),
        replace(known, laws=laws, countries=countries),
    )
