"""Whole studies of the simulated feed as bundles, written as a recorder would, without a network.

What accounts are served and watch is that of `feed_accounts.draw`, so that what is measured from
the bundles can be held against what is measured without them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analyzer.bundle import BundleWriter, new_session
from analyzer.feed.measures import Columns, FeedAccount
from analyzer.models import Exchange
from analyzer.simulation import feed_wire
from analyzer.simulation.feed_accounts import (
    Drawn,
    FeedDeclaration,
    accounts_of,
    columns_of_draw,
    draw,
)
from analyzer.simulation.feed_declaration import DeclaredFeed, Form
from analyzer.simulation.feed_items import Catalogue, ServedItem, ad_class
from analyzer.simulation.feed_study import PHASE, arm_of, prepare_feed_study
from analyzer.study import SETUP, Study

_FIRST: Final = 1_768_464_000.0  # 15 January 2026, 08:00 UTC: the first session begins
_DAY: Final = 86_400.0
_APART: Final = 15.0  # seconds between the beginnings of two accounts
_READY: Final = 5.0  # seconds of the set-up
# Two invented databases, which say that the phone was where its arm is.
_EXITS: Final = ("geo:simulated-a.mmdb 2026-06-17", "geo:simulated-b.mmdb 2026-06-17")


@dataclass(frozen=True, slots=True)
class StudyTruth:
    """A study that was written, and what is true of it: its accounts, and what they were shown."""

    study: Study
    accounts: tuple[FeedAccount, ...]
    columns: Columns


def write_study(
    root: Path,
    declaration: FeedDeclaration | None = None,
    seed: int = 1,
    *,
    each: int = 8,
    hours: float = 6.0,
    sides: Sequence[str] = ("KE", "US"),
    sessions: int = 2,
    form: Form = "json",
    masks: float = 0.0,
    window_minutes: float = 60.0,
    progress: Callable[[int, int, str], None] | None = None,
) -> StudyTruth:
    """Write a study of `each` accounts with an interest and controls of each side to `root`.

    An account's feed time of `hours` is divided among `sessions` recordings, one a day, which end
    with an answer's last item; the last one where the time is over. `masks`: share of the positive
    items with a warning over them. `progress` is told (accounts done, of, the last one's name).
    """
    own = declaration or FeedDeclaration()
    accounts = accounts_of(sides, each, hours)
    drawn = draw(own, accounts, seed)
    study = prepare_feed_study(
        root,
        {account.name: (account.side, account.role) for account in accounts},
        own,
        feed_hours=hours,
        window_minutes=window_minutes,
        seed=seed,
    )
    catalogue = Catalogue(DeclaredFeed(own, masks, form))
    turns = _turns(accounts)
    ends = np.cumsum(np.bincount(drawn.account, minlength=len(accounts)))
    for place, (account, end) in enumerate(zip(accounts, ends, strict=True)):
        rows = _rows(drawn, int(ends[place - 1]) if place else 0, int(end))
        for number, part in enumerate(_parts(rows, sessions, own.batch, account.feed_s)):
            started = _FIRST + _DAY * number + _APART * turns[place]
            repeat = number * len(accounts) + place + 1
            _write(study, account, part, catalogue, form, own.batch, started, repeat)
        if progress:
            progress(place + 1, len(accounts), account.name)
    return StudyTruth(study, accounts, columns_of_draw(own, drawn))


def _turns(accounts: Sequence[FeedAccount]) -> list[int]:
    """Return which place each account has in the order in which they begin: arms take turns."""
    before: Counter[tuple[str, str]] = Counter()
    rounds = []
    for each in accounts:
        rounds.append(before[each.side, each.role])
        before[each.side, each.role] += 1
    order = sorted(range(len(accounts)), key=lambda place: (rounds[place], place))
    return [order.index(place) for place in range(len(accounts))]


@dataclass(frozen=True, slots=True)
class _Part:
    """One recording of an account: its rows, from `begins` to `ends` in the account's feed time."""

    rows: Drawn
    begins: float
    ends: float


def _rows(drawn: Drawn, first: int, end: int) -> Drawn:
    return Drawn(*(getattr(drawn, name)[first:end] for name in Drawn.__dataclass_fields__))


def _parts(rows: Drawn, sessions: int, batch: int, feed_s: float) -> Iterator[_Part]:
    """Divide the rows of an account where an answer begins."""
    begun: NDArray[np.float64] = rows.starts[::batch]
    firsts = [int(np.searchsorted(begun, feed_s * part / sessions)) for part in range(sessions)]
    bounds = sorted({first for first in firsts if first < begun.size})
    for number, first in enumerate(bounds):
        is_last = number == len(bounds) - 1
        after = begun.size if is_last else bounds[number + 1]
        yield _Part(
            rows=_rows(rows, first * batch, after * batch),
            begins=float(begun[first]),
            ends=feed_s if is_last else float(begun[after]),
        )


def _write(
    study: Study,
    account: FeedAccount,
    part: _Part,
    catalogue: Catalogue,
    form: Form,
    batch: int,
    started: float,
    repeat: int,
) -> None:
    session = new_session(
        study,
        study.arm(arm_of(account.side)),
        repeat=repeat,
        device="simulated phone",
        origin="proxy",
        started=started,
        mode="regular",
        account=account.name,
    )
    session = replace(session, id=f"{session.arm.label}-r{repeat:02d}-simulated")
    writer = BundleWriter.create(study.captures, session, phase=SETUP)
    offset = _READY - part.begins
    with writer.together():
        for source in _EXITS:
            writer.add_measured("exit_country", account.side, source, 0.0)
        writer.add_step(PHASE, _READY)
        for number, exchange in enumerate(_exchanges(part, catalogue, form, batch, offset), 1):
            writer.add_exchange(replace(exchange, id=str(number)))
    writer.close("done", ended=started + part.ends + offset)


def _exchanges(
    part: _Part, catalogue: Catalogue, form: Form, batch: int, offset: float
) -> Iterator[Exchange]:
    """Yield the answers with items, and between them the app's log: `client.FeedApp` does so."""
    rows, before, played_s, order = part.rows, "", 0.0, 0
    kinds, numbers = rows.kind.tolist(), rows.number.tolist()
    lengths, starts, dwelt = rows.length.tolist(), rows.starts.tolist(), rows.dwelt.tolist()
    ads, shown = rows.ad.tolist(), rows.shown.tolist()
    for row, start in enumerate(starts):
        t_s = start + offset
        if row % batch == 0:
            those = range(row, min(row + batch, len(starts)))
            yield _answer(
                [
                    ServedItem(
                        catalogue.item(kinds[each], numbers[each]),
                        row // batch,
                        each - row,
                        lengths[each],
                        ad_class(ads[each]),
                    )
                    for each in those
                ],
                form,
                t_s,
            )
        if not shown[row]:
            continue
        now = catalogue.item(kinds[row], numbers[row]).native
        yield _line(now, before, played_s, order, t_s)
        before, played_s, order = now, dwelt[row], order + 1
    yield _line("", before, played_s, order, part.ends + offset)


def _answer(items: Sequence[ServedItem], form: Form, t_s: float) -> Exchange:
    body = feed_wire.answer(items, form)
    url = feed_wire.feed_url(form, len(items))
    return _exchange("GET", url, "", b"", feed_wire.KINDS[form], body, t_s)


def _line(now: str, before: str, played_s: float, order: int, t_s: float) -> Exchange:
    body = feed_wire.stats_body(now, before, played_s, order)
    return _exchange(
        "POST", feed_wire.STATS_URL, feed_wire.FORM, body, "application/json", feed_wire.NOTED, t_s
    )


def _exchange(
    method: str, url: str, sent: str, request: bytes, kind: str, answer: bytes, t_s: float
) -> Exchange:
    return Exchange(
        id="",
        session="",
        t_s=t_s,
        phase="",
        method=method,
        url=url,
        request_headers=(("content-type", sent),) if sent else (),
        request_body=request,
        status=200,
        response_headers=(("content-type", kind),),
        response_body=answer,
        server_ip=None,
        transport="h2",
        complete=True,
        truncated=0,
    )
