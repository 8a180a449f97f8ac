"""The audit of a feed: from the captures of a study to what its accounts were shown, compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache

from analyzer.custody import log
from analyzer.feed.audit_cautions import cautions
from analyzer.feed.audit_coders import CodersGate
from analyzer.feed.audit_gates import Gates
from analyzer.feed.audit_left_out import CODES
from analyzer.feed.audit_material import batches, feed_accounts, gather, states
from analyzer.feed.audit_records import Audit, Coding
from analyzer.feed.audit_roles import Roles
from analyzer.feed.audit_seen import Seen
from analyzer.feed.codebook import Codebook
from analyzer.feed.coding.agreement import Agreement, agreement
from analyzer.feed.coding.codes import Codes, Settlement, load_codes, tally
from analyzer.feed.custody import fault_of_codes
from analyzer.feed.measures import CALLED, by_coders, called, columns_of_batches, measure
from analyzer.feed.protocol import load_protocol
from analyzer.feed.store import adapters_of, update
from analyzer.instants import instant
from analyzer.knowledge import Knowledge, load_knowledge
from analyzer.study import Study


def audit(
    study: Study,
    a: str,
    b: str,
    knowledge: Knowledge | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> Audit:
    """Audit the feed of two sides, each an arm, a country or a bloc, as `diff` takes them.

    The items are brought up to date with the captures first. `UserError` where the study declares
    no feed, or a side has no session of an account. `progress` is told (sessions read, of, what is
    being done).
    """
    protocol = load_protocol(study)
    kept = update(study, phases=protocol.phases, progress=progress)
    if progress:
        progress(len(kept.sessions), len(kept.sessions), "comparing accounts")
    material = gather(study, protocol, knowledge or load_knowledge(), kept, (a, b))
    codebook = protocol.codebook
    wrong = fault_of_codes(study.root, log.read(study.root).entries)
    codes = tally((), codebook.version) if wrong else load_codes(study.root, codebook)
    settled = codes.settled()
    final = {
        key: each.category for key, each in settled.items() if each.category not in codebook.unclear
    }
    accounts = feed_accounts(material)
    seen = Seen(settled, frozenset(protocol.positive), Roles(material.accounts, protocol, final))
    chunks = columns_of_batches(
        seen.passing(batches(study, material)), [each.name for each in accounts], final,
        codebook.keys,
    )  # fmt: skip
    names = (material.sides[0].name, material.sides[1].name)

    @cache
    def gates() -> Gates:  # when all that was shown has been seen
        return Gates(material, seen, CodersGate(codes, seen.items, final, protocol.positive))

    comparison = measure(
        chunks, accounts, codebook.keys, protocol.positive, names, protocol.settings,
        lambda row: gates().reasons(row),
    )  # fmt: skip
    if final:
        by_class = columns_of_batches(
            batches(study, material),
            [each.name for each in accounts],
            called(codes.by_coder, final, protocol.positive),
            CALLED,
        )
        coders = by_coders(by_class, accounts, names, comparison.window, protocol.settings)
        comparison = replace(comparison, coders=coders)
    shown = seen.shown
    agreed = _agreement(codes, shown, codebook, protocol.positive)
    recorded = list(material.recorded())
    times = sorted(each.session.started for each in recorded)
    problems = sum((Counter(dict(each.items.problems)) for each in recorded), Counter[str]())
    found = Audit(
        study=study.name,
        app=study.app,
        app_version=study.app_version,
        fictional=study.fictional,
        sides=material.sides,
        surface=protocol.surface,
        adapters=tuple(
            (each.id, each.digest) for each in adapters_of(study) if each.id in protocol.adapters
        ),
        protocol=protocol,
        comparison=comparison,
        accounts=states(material),
        elsewhere=tuple(each.name for each in material.elsewhere),
        coding=_coding(codes, settled, shown, codebook),
        agreement=agreed,
        labels={each.key: each.label for each in codebook.categories},
        drives=tuple(each.drive for each in recorded if each.drive),
        health=tuple(
            health
            for each in recorded
            for health in each.items.health
            if health.platform in protocol.adapters
        ),
        problems=tuple(sorted(problems.items())),
        cautions=(),
        examples=seen.examples(material, codebook, study.key),
        started=times[0] if times else "",
        ended=max((each.items.ended for each in recorded), key=instant, default=""),
    )
    told = tuple(cautions(found, material, gates(), seen))
    return replace(found, cautions=(CODES, *told) if wrong else told)


def _coding(
    codes: Codes, settled: Mapping[str, Settlement], shown: set[str], codebook: Codebook
) -> Coding:
    """Return how far the items `shown` are coded."""
    of_these = {key: each for key, each in settled.items() if key in shown}
    unclear = sum(each.category in codebook.unclear for each in of_these.values())
    waiting = [len(codes.of(key)) for key in shown if key not in settled]
    return Coding(
        codebook=codebook.name,
        version=codebook.version,
        coders=len(codes.by_coder),
        shown=len(shown),
        settled=len(of_these) - unclear,
        unclear=unclear,
        disagreed=sum(count > 1 for count in waiting),
        single=sum(count == 1 for count in waiting),
        uncoded=sum(count == 0 for count in waiting),
        others=codes.others,
        how=tuple(sorted(Counter(each.how for each in of_these.values()).items())),
    )


def _agreement(
    codes: Codes, shown: set[str], codebook: Codebook, positive: Iterable[str]
) -> Agreement | None:
    """Return how far coders agree on the items `shown`; None where no two have coded one."""
    of_these = {
        coder: {key: category for key, category in given.items() if key in shown}
        for coder, given in codes.by_coder.items()
    }
    found = agreement(
        {coder: given for coder, given in of_these.items() if given},
        codebook.keys,
        frozenset(positive),
    )
    return found if found.both else None
