"""Which sessions of a study count in an audit, each for its account, and which do not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from analyzer.bundle import list_bundles, read_session
from analyzer.custody import log
from analyzer.errors import UserError
from analyzer.feed.audit_order import Order, ordered
from analyzer.feed.audit_sessions import is_otherwise, misplaced_session
from analyzer.feed.custody import fault_of_seal, faults_of_drives, unlogged
from analyzer.feed.driven import Drive, drive_log, read_drive
from analyzer.feed.kept import SessionItems
from analyzer.feed.protocol import Account, Protocol
from analyzer.feed.store import ItemsSummary
from analyzer.gates import GateName
from analyzer.knowledge import Knowledge
from analyzer.models import Session
from analyzer.said import Said
from analyzer.study import Study


@dataclass(frozen=True, slots=True)
class Recorded:
    """A session, what is known of its items, and of the driver if there was one."""

    session: Session
    items: SessionItems
    drive: Drive | None
    misplaced: tuple[GateName, Said] | None  # the gate it fails for where it was recorded, and why


@dataclass(slots=True)
class Sorted:
    """The sessions that count, by account and in order; and what was left out."""

    sessions: Mapping[str, tuple[Recorded, ...]] = field(default_factory=dict)
    order: Order = field(default_factory=lambda: Order({}, (), (), ()))
    nameless: list[str] = field(default_factory=list)  # sessions with items that name no account
    undeclared: set[str] = field(default_factory=set)  # accounts that the study does not declare
    astray: set[str] = field(default_factory=set)  # accounts with a session in another arm
    otherwise: list[str] = field(default_factory=list)  # sessions of another protocol
    # Sessions that were recorded in another country, and those that were changed since; and how
    # that shows.
    away: list[tuple[str, Said]] = field(default_factory=list)
    broken: list[tuple[str, str]] = field(default_factory=list)
    unlogged: tuple[str, ...] = ()  # logs with lines of which the custody log says nothing

    @property
    def why(self) -> str:
        """The end of a sentence: of the first session that is left out for each kind of reason."""
        declared = "study.toml declares its account otherwise"
        otherwise = [(name, declared) for name in self.otherwise]
        firsts = (*self.broken[:1], *self.away[:1], *otherwise[:1])
        return "".join(f"; {name} is left out because {reason}" for name, reason in firsts)


def sort_sessions(
    study: Study, protocol: Protocol, knowledge: Knowledge, kept: ItemsSummary
) -> Sorted:
    """Return which sessions of `study` count; `kept` is what `store.update` has found of them."""
    done = Sorted(broken=list(kept.broken))
    waived = dict(study.compare.waive)
    counted: dict[str, Recorded] = {}
    others: list[Session] = []
    there = {path.name for path in list_bundles(study.captures)}
    custody = log.read(study.root)
    sealed = custody.sealed()
    changed = faults_of_drives(study.root, custody.entries)
    if custody.there:
        done.unlogged = unlogged(study.root, custody.entries)
    for name, _ in kept.broken:
        there.discard(name)
        with suppress(UserError):
            others.append(read_session(study.captures / name))
            there.add(others[-1].id)
    for items in sorted(kept.sessions, key=lambda each: (each.started, each.session)):
        bundle = study.captures / items.session
        session = read_session(bundle)
        there.add(session.id)
        account = protocol.accounts.get(session.account)
        if account is None:
            if session.account:
                done.undeclared.add(session.account)
            elif items.states:
                done.nameless.append(items.session)
        elif session.id in counted:
            done.broken.append((items.session, f"it is a copy of {session.id}"))
        elif wrong := fault_of_seal(bundle, sealed.get(session.id)):
            done.broken.append((items.session, wrong))
        elif items.session in changed:
            done.broken.append((items.session, changed[items.session].rstrip(".")))
        elif _may_count(study, protocol, account, session, items, done):
            where = misplaced_session(session, bundle, study, knowledge)
            if where and where[0] == "mislocated" and where[0] not in waived:
                done.away.append((items.session, where[1]))
            else:
                path = drive_log(study.root, items.session)
                drive = read_drive(path) if path.is_file() else None
                counted[session.id] = Recorded(session, items, drive, where)
                continue
        if account and items.states and session.id not in counted:
            others.append(session)
    done.order = ordered(study.root, [each.session for each in counted.values()], others, there)
    by_account: defaultdict[str, tuple[Recorded, ...]] = defaultdict(tuple)
    for name, those in done.order.sessions.items():
        if those:
            by_account[name] = tuple(counted[each] for each in those)
    done.sessions = dict(by_account)
    return done


def _may_count(
    study: Study,
    protocol: Protocol,
    account: Account,
    session: Session,
    items: SessionItems,
    done: Sorted,
) -> bool:
    """Tell whether a session is what the study says of its account; note where it is not."""
    if session.arm != study.arms[account.arm]:
        done.astray.add(account.name)
        return False
    if is_otherwise(session, drive_log(study.root, items.session), account, protocol.dwell):
        done.otherwise.append(items.session)
        return False
    return True
