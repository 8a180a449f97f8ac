"""What an audit rests on: the accounts of its sides, and the sessions that count for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from analyzer.compare.sides import ADULT, apart, resolve_side
from analyzer.comparison import Side
from analyzer.errors import UserError
from analyzer.feed.audit_order import Order
from analyzer.feed.audit_records import AccountState
from analyzer.feed.audit_sorting import Recorded, sort_sessions
from analyzer.feed.kept import folder
from analyzer.feed.measures import FeedAccount
from analyzer.feed.protocol import Account, Protocol
from analyzer.feed.store import ItemsSummary
from analyzer.gates import GateName
from analyzer.knowledge import Knowledge
from analyzer.models import Arm
from analyzer.said import Said
from analyzer.study import Study

BY_CONTENT: Final = frozenset({"positive_in_a_row"})  # rules that depend on what was shown
_ROWS: Final = 65_536
_READ = (
    "surface", "platform", "item_key", "state", "by", "feed_s", "watch_s", "duration_s", "rounds",
    "engaged", "ad", "exchange", "place",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Material:
    """The accounts of two sides with their sessions, in order, and what was left out."""

    protocol: Protocol
    sides: tuple[Side, Side]
    accounts: tuple[tuple[Account, str], ...]  # with its side; the never recorded too
    sessions: Mapping[str, tuple[Recorded, ...]]  # by account
    elsewhere: tuple[Account, ...]  # declared, on neither side
    nameless: tuple[str, ...]  # sessions with items that name no account
    undeclared: tuple[str, ...]  # accounts that sessions name, and the study does not
    elsewhere_recorded: tuple[str, ...]  # accounts with a session in another arm than declared
    otherwise: tuple[str, ...]  # sessions of another protocol than declared
    away: tuple[tuple[str, Said], ...]  # sessions that were recorded elsewhere, and how that shows
    broken: tuple[tuple[str, str], ...]  # sessions that were changed since, and how that shows
    unlogged: tuple[str, ...]  # logs with lines of which the custody log says nothing
    order: Order
    running: int  # sessions that are still being recorded
    waived: Mapping[GateName, str]  # gates that the study does without, and why
    passed: Counter[str] = field(default_factory=Counter)  # items of other surfaces and feeds

    def recorded(self) -> Iterator[Recorded]:
        """Yield all sessions that count."""
        for account, _ in self.accounts:
            yield from self.sessions.get(account.name, ())


def gather(
    study: Study,
    protocol: Protocol,
    knowledge: Knowledge,
    kept: ItemsSummary,
    names: tuple[str, str],
) -> Material:
    """Return the material of the sides `names`; `UserError` where one has no session that counts.

    `kept` is what `analyzer.feed.store.update` has found of all sessions.
    """
    done = sort_sessions(study, protocol, knowledge, kept)
    if not done.sessions:
        lacking = "counts" if done.why else "has been recorded"
        raise UserError(
            f"no session of an account of [feed.accounts] {lacking}",
            f"record one with `evenhand proxy --account NAME`{done.why}",
        )
    arms = [each.session.arm for some in done.sessions.values() for each in some]
    try:
        sides = (
            resolve_side(study, knowledge, arms, names[0]),
            resolve_side(study, knowledge, arms, names[1]),
        )
    except UserError as error:
        raise UserError(error.message, f"{error.fix}{done.why}") from None
    apart(*sides)
    side_of = {
        label: side.name
        for label, arm in study.arms.items()
        for side in sides
        if _stands_on(side, arm)
    }
    declared = protocol.accounts.values()
    return Material(
        protocol=protocol,
        sides=sides,
        accounts=tuple((each, side_of[each.arm]) for each in declared if each.arm in side_of),
        sessions=done.sessions,
        elsewhere=tuple(each for each in declared if each.arm not in side_of),
        nameless=tuple(done.nameless),
        undeclared=tuple(sorted(done.undeclared)),
        elsewhere_recorded=tuple(sorted(done.astray)),
        otherwise=tuple(done.otherwise),
        away=tuple(done.away),
        broken=tuple(done.broken),
        unlogged=done.unlogged,
        order=done.order,
        running=len(kept.warnings),
        waived=dict(study.compare.waive),
    )


def states(material: Material) -> tuple[AccountState, ...]:
    """Return what there is of each account of the two sides."""
    return tuple(_state(material, account, side) for account, side in material.accounts)


def feed_accounts(material: Material) -> list[FeedAccount]:
    """Return the accounts that were recorded, as the measures take them."""
    return [
        measured_account(material.protocol, account, side, material.sessions[account.name])
        for account, side in material.accounts
        if material.sessions.get(account.name)
    ]


def batches(study: Study, material: Material) -> Iterator[pa.RecordBatch]:
    """Yield what was served to the accounts: of each its sessions in order, with its feed time.

    Only what the protocol measures: its surface, by its adapters. What is passed over is counted
    in `material.passed`, by surface. Columns: account, side, role, session and `_READ`.
    """
    material.passed.clear()
    for account, side in material.accounts:
        some = material.sessions.get(account.name, ())
        yield from batches_of(study, material.protocol, account, side, some, material.passed)


def batches_of(
    study: Study,
    protocol: Protocol,
    account: Account,
    side: str,
    some: Sequence[Recorded],
    passed: Counter[str],
) -> Iterator[pa.RecordBatch]:
    """Yield the same of one account, whose sessions are `some`."""
    before = 0.0
    for each in some:
        path = folder(study) / f"{each.items.session}.parquet"
        for batch in _stored(path):
            mine = pc.and_(
                pc.equal(batch.column("surface"), protocol.surface),
                pc.is_in(batch.column("platform"), pa.array(protocol.adapters)),
            )
            others = batch.filter(pc.invert(mine)).column("surface")
            passed.update(str(name) for name in others.to_pylist())
            same = {
                "account": account.name,
                "side": side,
                "role": account.role,
                "session": each.items.session,
            }
            yield _told(batch.filter(mine), same, before)
        before += each.items.feed_s


def _stands_on(side: Side, arm: Arm) -> bool:
    """Tell whether `arm` is on `side`, or would be, had it a session."""
    if side.kind == "arm":
        return arm.label == side.name
    place = {side.name} if side.kind == "country" else set(side.members)
    return arm.country in place and arm.age < ADULT


def _stored(path: Path) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(path) as file:
        yield from file.iter_batches(_ROWS, columns=list(_READ))


def _told(batch: pa.RecordBatch, same: Mapping[str, str], before_s: float) -> pa.RecordBatch:
    columns = {name: pa.repeat(pa.scalar(told), batch.num_rows) for name, told in same.items()}
    columns |= {name: batch.column(name) for name in _READ}
    columns["feed_s"] = pc.add(columns["feed_s"], before_s)
    return pa.RecordBatch.from_pydict(columns)


def _state(material: Material, account: Account, side: str) -> AccountState:
    some = material.sessions.get(account.name, ())
    answers, understood = _answers(material.protocol, some)
    return AccountState(
        name=account.name,
        side=side,
        arm=account.arm,
        role=account.role,
        interest=account.interest,
        block=account.block,
        sessions=len(some),
        started=some[0].session.started if some else "",
        ended=some[-1].items.ended if some else "",
        feed_s=sum(each.items.feed_s for each in some),
        answers=answers,
        understood=understood,
        driven=sum(each.drive is not None for each in some),
        incomplete=sum(not each.session.complete for each in some),
    )


def measured_account(
    protocol: Protocol, account: Account, side: str, some: Sequence[Recorded]
) -> FeedAccount:
    """Return an account, with its sessions `some` (one at least), as the measures take it."""
    answers, understood = _answers(protocol, some)
    interest = protocol.interest_of(account)
    return FeedAccount(
        name=account.name,
        arm=account.arm,
        side=side,
        role=account.role,
        interests=interest.categories if interest else (),
        block=account.block,
        feed_s=sum(each.items.feed_s for each in some),
        answers=answers,
        understood=understood,
        stopped=_stopped(protocol, some),
        country=some[0].session.arm.country,
        kind=f"{some[0].session.arm.age} {some[0].session.arm.consent}",
    )


def _stopped(protocol: Protocol, some: Sequence[Recorded]) -> str:
    """Return the rule that ended an account for good because of what it was shown; "" for none."""
    last = some[-1].drive
    whole = sum(each.items.feed_s for each in some) >= protocol.stop.feed_s
    return last.stopped if last and last.stopped in BY_CONTENT and not whole else ""


def _answers(protocol: Protocol, some: Sequence[Recorded]) -> tuple[int, int]:
    """Return how many answers of the measured feeds there were, and how many were understood."""
    health = [
        health
        for each in some
        for health in each.items.health
        if health.platform in protocol.adapters
    ]
    return sum(each.answers for each in health), sum(each.understood for each in health)
