"""What `explain` tells of the audit of a feed: an item that was shown, and an account.

The capture is read again. Nothing that strangers wrote is told: only where it stands.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow.compute as pc  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from analyzer.bundle import broken, read_session
from analyzer.errors import UserError
from analyzer.explanation import (
    AccountSession,
    AccountTrail,
    Check,
    Explanation,
    Logged,
    ShownTrail,
)
from analyzer.extract.places import place_of
from analyzer.extract.planted import Planted
from analyzer.feed.audit_material import batches_of, measured_account
from analyzer.feed.audit_sorting import Recorded, Sorted, sort_sessions
from analyzer.feed.coding.codes import Codes, load_codes
from analyzer.feed.driven import drive_log, read_lines
from analyzer.feed.kept import SessionItems, folder
from analyzer.feed.measures import columns_of_batches
from analyzer.feed.measures.tallying import Tally
from analyzer.feed.protocol import Account, Protocol, load_protocol
from analyzer.feed.reading import read_feed
from analyzer.feed.records import Serving, Watch
from analyzer.feed.showing_ids import ID, showing_id
from analyzer.feed.store import adapters_of, update
from analyzer.identified import the_one
from analyzer.knowledge import Knowledge
from analyzer.models import Exchange, Session
from analyzer.pipeline import persona_of
from analyzer.study import Study
from analyzer.sums import SUMS
from analyzer.trail import Reread, recorded_as

_Row = dict[str, Any]
_ROWS = 2_000
_ACTS = ("liked", "shared", "commented", "followed")


def of_feed(study: Study, knowledge: Knowledge, wanted: str) -> Explanation | None:
    """Return what is known of the account or the item of a feed that `wanted` means.

    None where it means neither. The items are brought up to date with the captures first.
    """
    if study.feed is None:
        return None
    folded = wanted.lower()
    declared = study.feed.get("accounts")
    named = isinstance(declared, Mapping) and wanted in declared
    if not named and not ID.fullmatch(folded):
        return None
    protocol = load_protocol(study)
    account = protocol.accounts.get(wanted)
    found = _Feed(study, protocol, knowledge)
    if account is not None:
        return Explanation(account.name, "account", account=found.account(account))
    there = {each: row for one in protocol.accounts.values() for each, row in found.shown(one)}
    if folded.isalpha() and not any(each.startswith(folded) for each in there):
        return None  # it may be a name
    try:
        identifier = the_one(folded, there)
    except UserError as error:
        raise UserError(error.message, f"{error.fix}{found.why}") from None
    return Explanation(identifier, "shown", shown=found.item(identifier, there[identifier]))


@dataclass(frozen=True, slots=True)
class _Again:
    """What the capture says now: the serving, lines of the app's log, and whether it is whole."""

    served: Serving | None
    lines: tuple[Watch, ...]
    wrong: str
    sealed: bool


class _Feed:
    def __init__(self, study: Study, protocol: Protocol, knowledge: Knowledge) -> None:
        self._study, self._protocol = study, protocol
        kept = update(study, phases=protocol.phases)
        self._kept: tuple[SessionItems, ...] = kept.sessions
        self._sorted: Sorted = sort_sessions(study, protocol, knowledge, kept)
        self._codes: Codes = load_codes(study.root, protocol.codebook)
        self._settled = self._codes.settled()

    @property
    def why(self) -> str:
        """The end of a sentence: sessions that are left out, and why."""
        return self._sorted.why

    def shown(self, account: Account) -> Iterator[tuple[str, _Row]]:
        """Yield what was on the screen of `account` in its sessions that count, by id."""
        for batch in self._batches(account):
            for row in batch.filter(pc.equal(batch.column("state"), "shown")).to_pylist():
                yield showing_id(self._study.key, row), row

    def account(self, account: Account) -> AccountTrail:
        """Return what `account` was shown."""
        settings, codebook = self._protocol.settings, self._protocol.codebook
        some = self._some(account)
        one = measured_account(self._protocol, account, "", some) if some else None
        final = {
            key: each.category
            for key, each in self._settled.items()
            if each.category not in codebook.unclear
        }
        positive = self._protocol.positive
        tally = Tally([one] if one else [], codebook.keys, positive, settings)
        if one:
            chunks = columns_of_batches(
                self._batches(account), [account.name], final, codebook.keys
            )
            tally.add(chunks)
        coded, measured = int(tally.coded.sum()), int(tally.positive.sum())
        counted = [
            (row["feed_s"], each)
            for each, row in self.shown(account)
            if row["ad"] != "formal" and final.get(row["item_key"]) in positive
        ]
        return AccountTrail(
            name=account.name,
            arm=account.arm,
            role=account.role,
            interest=account.interest,
            block=account.block,
            sessions=tuple(self._sessions(account, some)),
            feed_s=one.feed_s if one else 0.0,
            shown=int(tally.shown.sum()),
            coded=coded,
            positive=measured,
            unknown=int(tally.unknown.sum()),
            share=measured / coded if coded else None,
            first_exposure_s=_reached(tally.first) if one else None,
            onset_s=_reached(tally.reached(settings.half)) if one else None,
            half=settings.half,
            last=settings.last,
            measured=tuple(each for _, each in sorted(counted)),
        )

    def item(self, identifier: str, row: _Row) -> ShownTrail:
        """Return the way of one showing, `row`, from the capture to its codes."""
        session_id, key = row["session"], row["item_key"]
        reread = Reread.of(self._study.captures / session_id, row["exchange"])
        number, whole = self._whole(row)
        again = self._again(row, whole)
        account = self._protocol.accounts[row["account"]]
        settled = self._settled.get(key)
        decision = self._codes.decisions.get(key)
        return ShownTrail(
            id=identifier,
            account=account.name,
            role=account.role,
            interest=account.interest,
            session=session_id,
            exchange=row["exchange"],
            t_s=whole["t_s"],
            **recorded_as(reread, partial(self._masked, reread.session)),
            **{name: whole[name] for name in ("platform", "surface", "batch", "position", "place")},
            item=key,
            file=f"feed/items/{session_id}.parquet",
            row=number,
            **{
                name: row[name]
                for name in ("by", "feed_s", "watch_s", "duration_s", "rounds", "engaged", "ad")
            },
            log=(*map(_of_app, again.lines), *self._driven(session_id, key)),
            codes=self._codes.of(key),
            category=settled.category if settled else "",
            measured=settled is not None and settled.category in self._protocol.positive,
            how=settled.how if settled else "",
            decided_by=decision.by if decision and settled and settled.how != "agreed" else "",
            codebook=f"{self._protocol.codebook.name} {self._protocol.codebook.version}",
            ad_reasons=tuple(whole["ad_reasons"]),
            warnings=tuple(whole["warnings"]),
            check=_checked(again, reread.exchange, whole),
        )

    def _some(self, account: Account) -> tuple[Recorded, ...]:
        return self._sorted.sessions.get(account.name, ())

    def _batches(self, account: Account) -> Iterator[Any]:
        some = self._some(account)
        return batches_of(self._study, self._protocol, account, "", some, Counter())

    def _sessions(self, account: Account, some: tuple[Recorded, ...]) -> Iterator[AccountSession]:
        for each in some:
            yield self._session(each.items, "", each)
        counted = {each.items.session for each in some}
        why = {name: str(told) for name, told in (*self._sorted.away, *self._sorted.broken)}
        for items in self._kept:
            if items.account == account.name and items.session not in counted:
                other = "study.toml declares its account otherwise"
                yield self._session(items, why.get(items.session, other), None)
        for name, told in self._sorted.broken:
            if name not in {each.session for each in self._kept} and self._of(name) == account.name:
                yield AccountSession(name, "", 0.0, told, "", 0, 0, 0, "")

    def _of(self, session: str) -> str:
        try:
            return read_session(self._study.captures / session).account
        except UserError:
            return ""

    def _session(self, items: SessionItems, why: str, counted: Recorded | None) -> AccountSession:
        log = drive_log(self._study.root, items.session)
        drive = counted.drive if counted else None
        return AccountSession(
            session=items.session,
            started=items.started,
            feed_s=items.feed_s,
            left_out=why,
            driven=str(log.relative_to(self._study.root)) if log.is_file() else "",
            items=drive.items if drive else 0,
            matched=drive.matched if drive else 0,
            unknown=drive.unknown if drive else 0,
            stopped=drive.stopped if drive else "",
        )

    def _whole(self, wanted: _Row) -> tuple[int, _Row]:
        """Return the row of the private file that `wanted` is made of, without texts."""
        columns = [
            "exchange", "t_s", "surface", "batch", "position", "platform", "place", "state",
            "item_key", "ad_reasons", "warnings",
        ]  # fmt: skip
        at = 0
        same = ("exchange", "surface", "place", "item_key", "state")
        with pq.ParquetFile(folder(self._study) / f"{wanted['session']}.parquet") as file:
            for batch in file.iter_batches(_ROWS, columns=columns):
                for row in batch.to_pylist():
                    if all(row[name] == wanted[name] for name in same):
                        return at, row
                    at += 1
        raise LookupError("the file of a showing does not have it")

    def _masked(self, session: Session, text: str) -> str:
        return Planted(persona_of(self._study, session).values).mask(text)

    def _again(self, row: _Row, whole: _Row) -> _Again:
        """Read the capture of a showing once more."""
        bundle = self._study.captures / row["session"]
        served: Serving | None = None
        lines: list[Watch] = []
        for found in read_feed(bundle, adapters_of(self._study), self._study.key):
            if isinstance(found, Watch) and found.key == row["item_key"]:
                lines.append(found)
            elif (
                isinstance(found, Serving)
                and found.item.key == row["item_key"]
                and (found.exchange, found.surface, found.position)
                == (row["exchange"], row["surface"], whole["position"])
            ):
                served = found
        return _Again(served, tuple(lines), broken(bundle), (bundle / SUMS).is_file())

    def _driven(self, session: str, key: str) -> Iterator[Logged]:
        for line in read_lines(drive_log(self._study.root, session)):
            if line["event"] != "item" or line.get("key") != key:
                continue
            why = line.get("why")
            signs = why if isinstance(why, list) else []
            told = (line.get("decision"), *signs)
            dwell, t_s = line.get("dwell_s"), line.get("t_s")
            yield Logged(
                by="driver",
                exchange="",
                t_s=float(t_s) if isinstance(t_s, int | float) else 0.0,
                watch_s=float(dwell) if isinstance(dwell, int | float) else None,
                rounds=None,
                told=tuple(str(each)[:100] for each in told if each),
            )


def _of_app(line: Watch) -> Logged:
    acts = tuple(name for name in _ACTS if getattr(line, name))
    return Logged("app", line.exchange, line.t_s, line.watch_s, line.rounds, acts)


def _reached(times: Any) -> float | None:
    [found] = times.tolist()
    return None if math.isnan(found) else float(found)


def _checked(again: _Again, exchange: Exchange | None, whole: _Row) -> Check:
    if again.wrong:
        return Check(False, f"The capture is not what was sealed: {again.wrong}.")
    if exchange is None or again.served is None:
        return Check(False, "The capture, read again just now, does not have it at this place.")
    host = place_of(exchange.url)[0]
    seal = "its checksums are right" if again.sealed else "it was never sealed"
    told = f"the same item is number {whole['position'] + 1} of this answer of {host}"
    return Check(True, f"Checked against the capture just now: {told}, and {seal}.")
