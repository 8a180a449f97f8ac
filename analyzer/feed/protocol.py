"""The protocol of an audit: `[feed]` of study.toml, checked.

Which feed is measured, what is counted, which accounts there are, and what each does. The driver
goes by it, the audit judges by it, and a report tells it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, get_args

from analyzer.errors import UserError
from analyzer.feed.codebook import Codebook, study_codebook
from analyzer.feed.measures import FeedSettings
from analyzer.feed.records import Role
from analyzer.feed.store import adapters_of
from analyzer.study import FILE, Study
from analyzer.study_entries import Entries

SURFACE: Final = "for_you"
BLOCK: Final = "1"
_ROLES: Final[tuple[Role, ...]] = get_args(Role)
_ENTRIES: Final = {
    "adapters", "surface", "phases", "positive", "window_minutes", "dwell", "stop", "interests",
    "accounts",
}  # fmt: skip
_MOST_TERMS: Final = 200


@dataclass(frozen=True, slots=True)
class Dwell:
    """How long an account looks. Times are seconds; all but those of pauses vary by `jitter`."""

    rounds: int = 2  # how often what matches its interest is watched
    skip_s: float = 3.0  # anything else is left after
    control_s: float = 10.0  # an account without an interest looks at everything so long
    most_s: float = 60.0  # at one item, all rounds together
    jitter: float = 0.2  # standard deviation of the logarithm of each time
    pause_every_s: float = 1200.0  # 0: no pauses
    pause_s: float = 120.0


@dataclass(frozen=True, slots=True)
class StopRules:
    """When a driver stops, for the sake of those who will see what it recorded."""

    session_s: float = 3600.0
    feed_s: float = 21_600.0  # feed time of an account, over all its sessions
    positive_in_a_row: int = 0  # 0: no such rule


@dataclass(frozen=True, slots=True)
class Interest:
    """What an account shows interest in. Hashtags have no sign and are in lower case."""

    name: str
    categories: tuple[str, ...]  # of the codebook
    terms: tuple[str, ...]  # words and phrases
    hashtags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """One invented person's account. Accounts of one block are exchanged by the tests."""

    name: str
    arm: str
    role: Role
    interest: str  # name of an `Interest`; "" for none
    block: str


@dataclass(frozen=True, slots=True)
class Protocol:
    """What is done and measured. No `phases`: the feed is on the screen in all but the set-up."""

    adapters: tuple[str, ...]
    surface: str
    phases: tuple[str, ...]
    positive: tuple[str, ...]  # categories, in the order of the codebook
    settings: FeedSettings
    dwell: Dwell
    stop: StopRules
    interests: Mapping[str, Interest]
    accounts: Mapping[str, Account]
    codebook: Codebook

    def account(self, name: str) -> Account:
        """Return the account `name`; `UserError` naming those there are."""
        try:
            return self.accounts[name]
        except KeyError:
            known = ", ".join(self.accounts)
            raise UserError(
                f"no account {name!r} in [feed.accounts] of {FILE}", f"use one of {known}"
            ) from None

    def interest_of(self, account: Account) -> Interest | None:
        """Return what `account` shows interest in; None of one that shows none."""
        return self.interests[account.interest] if account.interest else None


def load_protocol(study: Study) -> Protocol:
    """Read and check `[feed]` of `study`; `UserError` says which entry is wrong, and the remedy."""
    if study.feed is None:
        raise UserError(
            f"{study.root / FILE} has no [feed]: it declares no account whose feed is measured",
            "add a table for each account, as in [feed.accounts.ke-1], with arm and role;"
            " `evenhand init` writes an example",
        )
    return _Checked(study, study.feed).protocol()


class _Checked(Entries):
    """Takes the protocol out of `[feed]`."""

    def __init__(self, study: Study, raw: Mapping[str, Any]) -> None:
        super().__init__(study.root / FILE)
        self._study = study
        self._raw = dict(raw)
        self._codebook = study_codebook(study.root)

    def protocol(self) -> Protocol:
        raw, codebook = self._raw, self._codebook
        self.no_others("feed.", raw, _ENTRIES)
        adapters, surface = self._feeds()
        given = raw.get("positive", [key for key in codebook.keys if key in codebook.harmful])
        clear = [key for key in codebook.keys if key not in codebook.unclear]
        positive = self.some_of("feed.positive", given, clear)
        if len(positive) == len(clear):
            raise self.wrong("feed.positive", "names all categories", "leave some out")
        minutes = self.number("feed.window_minutes", raw.get("window_minutes", 60), 1, 1440)
        interests = {
            name: self._interest(name, body, clear)
            for name, body in self._part("interests").items()
        }
        return Protocol(
            adapters=adapters,
            surface=surface,
            phases=self.some_of("feed.phases", raw["phases"], self._study.phases)
            if "phases" in raw
            else (),
            positive=tuple(key for key in codebook.keys if key in positive),
            settings=FeedSettings(window_s=minutes * 60),
            dwell=self._dwell(self._part("dwell")),
            stop=self._stop(self._part("stop")),
            interests=interests,
            accounts=self._accounts(interests),
            codebook=codebook,
        )

    def _part(self, name: str) -> dict[str, Any]:
        return self.as_table(f"feed.{name}", self._raw.get(name, {}))

    def _feeds(self) -> tuple[tuple[str, ...], str]:
        """Return the adapters and the surface that is measured; some adapter has it."""
        known = {each.id: [one.id for one in each.surfaces] for each in adapters_of(self._study)}
        given = self._raw.get("adapters", list(known))
        adapters = self.some_of("feed.adapters", given, list(known))
        surfaces = dict.fromkeys(surface for each in adapters for surface in known[each])
        surface = self._raw.get("surface", SURFACE)
        return adapters, self.one_of("feed.surface", surface, surfaces)

    def _dwell(self, table: dict[str, Any]) -> Dwell:
        names = {
            "rounds", "skip_s", "control_s", "most_s", "jitter", "pause_every_minutes",
            "pause_minutes",
        }  # fmt: skip
        self.no_others("feed.dwell.", table, names)
        default = Dwell()

        def number(name: str, otherwise: float, least: float, most: float) -> float:
            return self.number(f"feed.dwell.{name}", table.get(name, otherwise), least, most)

        dwell = Dwell(
            rounds=self.whole("feed.dwell.rounds", table.get("rounds", default.rounds), 1, 10),
            skip_s=number("skip_s", default.skip_s, 0.5, 600),
            control_s=number("control_s", default.control_s, 0.5, 600),
            most_s=number("most_s", default.most_s, 1, 3600),
            jitter=number("jitter", default.jitter, 0, 1),
            pause_every_s=number("pause_every_minutes", default.pause_every_s / 60, 0, 1440) * 60,
            pause_s=number("pause_minutes", default.pause_s / 60, 0, 1440) * 60,
        )
        for name, seconds in (("skip_s", dwell.skip_s), ("control_s", dwell.control_s)):
            if seconds > dwell.most_s:
                raise self.wrong(
                    f"feed.dwell.{name}",
                    f"is {seconds:g}, which is more than most_s",
                    f"use at most {dwell.most_s:g}, or a larger most_s",
                )
        return dwell

    def _stop(self, table: dict[str, Any]) -> StopRules:
        self.no_others("feed.stop.", table, {"session_minutes", "feed_hours", "positive_in_a_row"})
        default = StopRules()
        minutes = table.get("session_minutes", default.session_s / 60)
        hours = table.get("feed_hours", default.feed_s / 3600)
        row = table.get("positive_in_a_row", default.positive_in_a_row)
        return StopRules(
            session_s=self.number("feed.stop.session_minutes", minutes, 1, 1440) * 60,
            feed_s=self.number("feed.stop.feed_hours", hours, 0.01, 1000) * 3600,
            positive_in_a_row=self.whole("feed.stop.positive_in_a_row", row, 0, 1000),
        )

    def _interest(self, name: str, body: object, clear: Sequence[str]) -> Interest:
        where = f"feed.interests.{name}"
        self.label(where, name)
        table = self.as_table(where, body)
        self.no_others(f"{where}.", table, {"categories", "terms", "hashtags"})
        if not any(table.get(each) for each in ("categories", "terms", "hashtags")):
            raise self.wrong(where, "matches nothing", "give it categories, terms or hashtags")
        categories = table.get("categories", [])
        return Interest(
            name,
            self.some_of(f"{where}.categories", categories, clear) if categories != [] else (),
            self._words(f"{where}.terms", table.get("terms", [])),
            tuple(
                self._hashtag(f"{where}.hashtags", each)
                for each in self._words(f"{where}.hashtags", table.get("hashtags", []))
            ),
        )

    def _words(self, where: str, value: object) -> tuple[str, ...]:
        if value == []:
            return ()
        found = tuple(self.line(where, each) for each in self.texts(where, value))
        if len(found) > _MOST_TERMS:
            raise self.wrong(where, f"has {len(found)} entries", f"use up to {_MOST_TERMS}")
        return found

    def _hashtag(self, where: str, given: str) -> str:
        name = given.removeprefix("#").casefold()
        if not name or any(letter.isspace() or letter == "#" for letter in name):
            raise self.wrong(where, f"holds {given!r}", "use single words, with or without #")
        return name

    def _accounts(self, interests: Mapping[str, Interest]) -> dict[str, Account]:
        found = {
            name: self._account(name, body, interests)
            for name, body in self._part("accounts").items()
        }
        if not found:
            raise self.wrong(
                "feed.accounts", "is missing or empty", "declare some, as in [feed.accounts.ke-1]"
            )
        return found

    def _account(self, name: str, body: object, interests: Mapping[str, Interest]) -> Account:
        where = f"feed.accounts.{name}"
        self.label(where, name)
        table = self.as_table(where, body)
        self.no_others(f"{where}.", table, {"arm", "role", "interest", "block"})
        arm = self.one_of(f"{where}.arm", table.get("arm"), self._study.arms)
        role = next(
            each
            for each in _ROLES
            if each == self.one_of(f"{where}.role", table.get("role"), _ROLES)
        )
        interest = table.get("interest", "")
        if interest != "":
            self.one_of(f"{where}.interest", interest, interests or {"[feed.interests.NAME]": ""})
        if role == "seeded" and not interest:
            raise self.wrong(
                f"{where}.interest", "is missing", "name what it shows interest in, or another role"
            )
        if role == "control" and interest:
            raise self.wrong(
                f"{where}.interest", "is given to a control", "leave it out: controls show none"
            )
        block = self.line(f"{where}.block", table.get("block", BLOCK))
        return Account(name, arm, role, interest, block)
