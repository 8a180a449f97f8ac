"""What study.toml says now, and the sessions do not: these were recorded as they say themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from analyzer.compare.recorded import Recorded
from analyzer.compare.telling import listed
from analyzer.said import Said, say
from analyzer.study import Study


def app_of(study: Study, sessions: Sequence[Recorded]) -> str:
    """Return the app that most of `sessions` were recorded with; the study's where none says."""
    apps = Counter(each.app for each in sessions if each.app)
    return min(apps, key=lambda app: (-apps[app], app)) if apps else study.app


def declared_cautions(study: Study, sessions: Sequence[Recorded]) -> list[Said]:
    """Return a sentence for each thing in which study.toml and some of `sessions` disagree.

    What counts is what the sessions say; what nobody wrote down of a session says nothing.
    """
    found = []
    for sentence, value, declared in _THINGS:
        wrong = [
            each
            for each in sessions
            if value(each) and declared(study, each) not in ("", value(each))
        ]
        if wrong:
            found.append(
                sentence(
                    declared=listed(sorted({declared(study, each) for each in wrong})),
                    recorded=listed(sorted({value(each) for each in wrong})),
                    sessions=listed([each.id for each in wrong]),
                )
            )
    return found


def _arm(country: str, age: int, consent: str) -> str:
    return f"{country}, {age}, {consent}"


def _declared_arm(study: Study, session: Recorded) -> str:
    arm = study.arms.get(session.arm.label)
    return _arm(arm.country, arm.age, arm.consent) if arm else ""


def _declared_phases(study: Study, session: Recorded) -> str:
    """Return the study's phases, of those that a session has; a session may have left some out."""
    if set(session.phases) <= set(study.phases):
        return " > ".join(each for each in study.phases if each in session.phases)
    return " > ".join(study.phases)


_THINGS: tuple[
    tuple[Callable[..., Said], Callable[[Recorded], str], Callable[[Study, Recorded], str]], ...
] = (
    (
        lambda **it: say(
            "study.toml says that the app is {declared}, but sessions were recorded with {recorded}"
            " ({sessions}): what is said here is said of the app that was recorded.",
            **it,
        ),
        lambda session: session.app,
        lambda study, _: study.app,
    ),
    (
        lambda **it: say(
            "study.toml says that the version of the app is {declared}, but sessions were recorded"
            " with {recorded} ({sessions}): what is said here is said of the version that was"
            " recorded.",
            **it,
        ),
        lambda session: session.app_version,
        lambda study, _: study.app_version,
    ),
    (
        lambda **it: say(
            "study.toml says other things of an arm ({declared}) than its sessions ({recorded}:"
            " {sessions}): country, age and consent are taken from the sessions.",
            **it,
        ),
        lambda session: _arm(session.arm.country, session.arm.age, session.arm.consent),
        _declared_arm,
    ),
    (
        lambda **it: say(
            "study.toml gives the arm of sessions another account than they were recorded with"
            " ({sessions}): the values looked for are those of the recorded account"
            " where study.toml still has it, else those of the other one.",
            **it,
        ),
        lambda session: session.persona,
        lambda study, session: study.persona_of.get(session.arm.label, ""),
    ),
    (
        lambda **it: say(
            "study.toml has the phases {declared}, but sessions were recorded with {recorded}"
            " ({sessions}): the phases are taken from the sessions.",
            **it,
        ),
        lambda session: " > ".join(session.phases),
        _declared_phases,
    ),
)
