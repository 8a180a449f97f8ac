"""What a drive needs of a study: the session that is being recorded, the orders, what is known."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from analyzer.bundle import list_bundles, read_session, running_bundles
from analyzer.errors import UserError
from analyzer.extract.shapes import digest
from analyzer.feed.coding.codes import load_codes
from analyzer.feed.driving.capture import LiveFeed
from analyzer.feed.driving.drive import Orders
from analyzer.feed.driving.dwelling import Dweller
from analyzer.feed.driving.matching import Matcher, known_codes
from analyzer.feed.protocol import Account, Protocol, load_protocol
from analyzer.feed.store import account_of, adapters_of, update
from analyzer.study import Study

_MOST_TIMES: Final = 2.0  # of a session's feed time that a drive may last in all


@dataclass(frozen=True, slots=True)
class Prepared:
    """A drive made ready. `seed` gives the same times again; `feed` is None in a dry run without
    a recording."""

    account: Account
    protocol: Protocol
    orders: Orders
    feed: LiveFeed | None
    matcher: Matcher
    dweller: Dweller
    chance: random.Random
    seed: str


def prepare(
    study: Study,
    account: str,
    *,
    minutes: float | None = None,
    seed: str | None = None,
    needs_recording: bool = True,
) -> Prepared:
    """Return what drives the account named `account`, by the protocol of `study`.

    `minutes`: how long at most; `seed` None: one of the study's key and the session. `UserError`
    where the protocol is wrong or lacks the account, a person scrolls it, or no session of it is
    being recorded.
    """
    protocol = load_protocol(study)
    found = protocol.account(account)
    if found.role == "observed":
        raise UserError(
            f"the account {account} is one that a person scrolls", 'its role is "observed"'
        )
    bundle = _recording(study, account)
    if bundle is None and needs_recording:
        raise UserError(
            f"no session of {account} is being recorded",
            f"run `evenhand proxy --account {account} --usb` in another terminal first",
        )
    own = seed or digest(f"drive/{bundle.name if bundle else account}", study.key)[:16]
    chance = random.Random(own)  # noqa: S311 - to be made again, not to be secret
    dwell, stop = protocol.dwell, protocol.stop
    most_s = _MOST_TIMES * stop.session_s if minutes is None else 60 * minutes
    adapters = [each for each in adapters_of(study) if each.id in protocol.adapters]
    orders = Orders(
        account=found,
        surface=protocol.surface,
        phases=protocol.phases,
        begins=(protocol.phases or study.phases)[0],
        stop=stop,
        pause_every_s=dwell.pause_every_s,
        pause_s=dwell.pause_s,
        most_s=most_s,
        before_s=_feed_time(study, account, bundle, protocol) if bundle else 0.0,
    )
    return Prepared(
        account=found,
        protocol=protocol,
        orders=orders,
        feed=LiveFeed(bundle, adapters, study.key) if bundle else None,
        matcher=Matcher(
            protocol.interest_of(found),
            protocol.codebook,
            protocol.positive,
            known_codes(load_codes(study.root, protocol.codebook)),
        ),
        dweller=Dweller(dwell, found.role, chance),
        chance=chance,
        seed=own,
    )


def _recording(study: Study, account: str) -> Path | None:
    """Return the session of `account` that is being recorded; the last one, of several."""
    running = [
        path for path in running_bundles(study.captures) if read_session(path).account == account
    ]
    return max(running, key=lambda path: read_session(path).started, default=None)


def _feed_time(study: Study, account: str, bundle: Path, protocol: Protocol) -> float:
    """Return the feed time of the account's other sessions, in seconds."""
    others = [
        path
        for path in list_bundles(study.captures)
        if path != bundle and account_of(read_session(path)) == account
    ]
    done = update(study, others, phases=protocol.phases) if others else None
    return sum(each.feed_s for each in done.sessions) if done else 0.0
