"""The audit of a feed: from the captures of a study to what its accounts were shown, compared."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from analyzer.feed.audit_cautions import cautions
from analyzer.feed.audit_material import Material, batches, feed_accounts, gather, states
from analyzer.feed.audit_records import Audit, Coding, Example
from analyzer.feed.codebook import Codebook
from analyzer.feed.coding.agreement import Agreement, agreement
from analyzer.feed.coding.codes import Codes, Settlement, load_codes
from analyzer.feed.measures import CALLED, by_coders, called, columns_of_batches, measure
from analyzer.feed.measures.columns import digest
from analyzer.feed.protocol import load_protocol
from analyzer.feed.store import adapters_of, update
from analyzer.knowledge import Knowledge, load_knowledge
from analyzer.study import Study

EXAMPLES: Final = 5  # of an arm


def audit(study: Study, a: str, b: str, knowledge: Knowledge | None = None) -> Audit:
    """Audit the feed of two sides, each an arm, a country or a bloc, as `diff` takes them.

    The items are brought up to date with the captures first. `UserError` where the study declares
    no feed, or a side has no session of an account.
    """
    protocol = load_protocol(study)
    kept = update(study, phases=protocol.phases)
    material = gather(study, protocol, knowledge or load_knowledge(), kept, (a, b))
    codebook = protocol.codebook
    codes = load_codes(study.root, codebook)
    settled = codes.settled()
    final = {
        key: each.category for key, each in settled.items() if each.category not in codebook.unclear
    }
    accounts = feed_accounts(material)
    seen = _Seen(settled, frozenset(protocol.positive))
    chunks = columns_of_batches(
        seen.passing(batches(study, material)), [each.name for each in accounts], final,
        codebook.keys,
    )  # fmt: skip
    names = (material.sides[0].name, material.sides[1].name)
    comparison = measure(
        chunks, accounts, codebook.keys, protocol.positive, names, protocol.settings
    )
    if final:
        by_class = columns_of_batches(
            batches(study, material),
            [each.name for each in accounts],
            called(codes.by_coder, final, protocol.positive),
            CALLED,
        )
        coders = by_coders(by_class, accounts, names, comparison.window, protocol.settings)
        comparison = replace(comparison, coders=coders)
    coding = _coding(codes, settled, seen.shown, codebook)
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
        coding=coding,
        agreement=_agreement(codes, seen.shown, codebook, protocol.positive),
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
        examples=seen.examples(material, codebook),
        started=times[0] if times else "",
        ended=times[-1] if times else "",
    )
    return replace(found, cautions=tuple(cautions(found, material)))


class _Seen:
    """Looks at what goes by: which items were shown, and some measured ones of each account.

    Those are drawn by the digests of their keys, which nobody can choose.
    """

    def __init__(self, settled: Mapping[str, Settlement], positive: frozenset[str]) -> None:
        self._settled = settled
        self._measured = pa.array(
            [key for key, each in settled.items() if each.category in positive], pa.string()
        )
        self._drawn: defaultdict[tuple[str, str, str], dict[int, dict[str, Any]]]
        self._drawn = defaultdict(dict)
        self.shown: set[str] = set()

    def passing(self, some: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the batches as they come."""
        for batch in some:
            shown = batch.filter(pc.equal(batch.column("state"), "shown"))
            self.shown.update(pc.unique(shown.column("item_key")).to_pylist())
            measured = pc.is_in(shown.column("item_key"), self._measured)
            for row in shown.filter(measured).to_pylist():
                self._draw(row)
            yield batch

    def examples(self, material: Material, codebook: Codebook) -> tuple[Example, ...]:
        """Return `EXAMPLES` of each arm, of as many accounts as there are, in order of feed time.

        No item twice.
        """
        told: list[Example] = []
        used: set[str] = set()
        arms: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for account, side in material.accounts:
            arms[side, account.role].append(account.name)
        for (side, role), names in arms.items():
            rows: list[dict[str, Any]] = []
            for turn in range(EXAMPLES):
                for name in names:
                    drawn = sorted(self._drawn.get((side, role, name), {}).items())
                    if turn < len(drawn) and len(rows) < EXAMPLES:
                        row = drawn[turn][1]
                        if row["item_key"] not in used:
                            used.add(row["item_key"])
                            rows.append(row)
            for row in sorted(rows, key=lambda row: (row["feed_s"], row["account"])):
                told.append(self._example(len(told) + 1, row, codebook))
        return tuple(told)

    def _draw(self, row: dict[str, Any]) -> None:
        mine = self._drawn[row["side"], row["role"], row["account"]]
        place = digest(row["item_key"])
        if place in mine:
            return
        mine[place] = row
        if len(mine) > EXAMPLES:
            del mine[max(mine)]

    def _example(self, number: int, row: dict[str, Any], codebook: Codebook) -> Example:
        settlement = self._settled[row["item_key"]]
        same = {
            name: row[name]
            for name in (
                "side", "role", "account", "feed_s", "watch_s", "duration_s", "rounds", "engaged",
                "by", "ad",
            )
        }  # fmt: skip
        return Example(
            number=number,
            category=settlement.category,
            harmful=settlement.category in codebook.harmful,
            how=settlement.how,
            coders=settlement.coders,
            key=row["item_key"],
            **same,
        )


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
