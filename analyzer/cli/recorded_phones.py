"""Whose phones `evenhand proxy` records: of which arms, for which accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.errors import UserError
from analyzer.study_entries import LABEL

if TYPE_CHECKING:
    from analyzer.study import Study


@dataclass(frozen=True, slots=True)
class RecordedPhone:
    """One phone: its arm, and the account on it ("" for none), with its role and interest."""

    arm: str
    account: str = ""
    role: str = ""
    interest: str = ""

    @property
    def name(self) -> str:
        """What it is called: as its account, else as its arm."""
        return self.account or self.arm


def phones(study: Study, arms: Sequence[str], accounts: Sequence[str]) -> list[RecordedPhone]:
    """Return a phone for each account, else for each arm.

    The study says of which arm an account is. Where it declares none, `arms` has an arm for each
    account, in the same order. `UserError` for what does not fit.
    """
    if not accounts:
        return _each_once([RecordedPhone(study.arm(label).label) for label in arms], "an arm")
    if study.feed is not None:
        found = _declared(study, arms, accounts)
    elif len(arms) != len(accounts):
        raise UserError(
            "study.toml has no [feed] that says of which arm an account is",
            "declare it in [feed.accounts], or name an --arm for each --account",
        )
    else:
        found = [
            RecordedPhone(study.arm(label).label, _label(name))
            for label, name in zip(arms, accounts, strict=True)
        ]
    return _each_once(found, "an account")


def _declared(study: Study, arms: Sequence[str], accounts: Sequence[str]) -> list[RecordedPhone]:
    from analyzer.feed.protocol import load_protocol

    protocol = load_protocol(study)
    declared = [protocol.account(name) for name in accounts]
    found = [RecordedPhone(each.arm, each.name, each.role, each.interest) for each in declared]
    if arms and sorted(set(arms)) != sorted({each.arm for each in found}):
        told = ", ".join(f"{each.account} of {each.arm}" for each in found)
        raise UserError(f"--arm does not fit: study.toml has {told}", "leave out --arm")
    return found


def _label(name: str) -> str:
    if not LABEL.fullmatch(name):
        raise UserError(
            f"{name!r} is no name of an account", "use letters, digits, dot, dash, underscore"
        )
    return name


def _each_once(found: list[RecordedPhone], what: str) -> list[RecordedPhone]:
    if not found:
        raise UserError("nobody is named whose phone it is", "use --arm ARM, or --account NAME")
    if len({each.name for each in found}) < len(found):
        raise UserError(f"{what} is named twice", f"record one session of {what} at a time")
    return found
