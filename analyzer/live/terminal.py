"""The same on a terminal: one panel for each session, as rich draws it.

It always fits: where there is little room the less important lines go, then the frames; the line
with the keys stays. Every text is a `Text`, so that nothing in it is taken for markup; control
characters went when the snapshot was made.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Final

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from analyzer.live.fitting import Block, fit
from analyzer.live.view import View

_SIDE_BY_SIDE: Final = 78  # columns that a panel needs at least
_LEAST: Final = 8  # lines of a panel; with less there are no frames
_EDGES: Final = 2  # lines of a frame
_STYLES: Final = {"red": "bold red", "amber": "yellow", "note": "cyan", "bad": "yellow"}
_MARKS: Final = {"red": "✗ ", "amber": "! ", "note": ""}
_ALL: Final = 99
# Which lines a panel gets, the most important ones first: up to how many lines of which block.
_WISHES: Final = (
    ("alarms", 1), ("phase", 1), ("amounts", 1), ("phones", 1), ("recipients", 3), ("found", 2),
    ("alarms", 2), ("phones", 2), ("counts", 1), ("found", 3), ("alarms", 6), ("phones", 4),
    ("recipients", 5), ("found", 5), ("bar", 1), ("states", 1), ("foot", 1), ("about", 1),
    ("space", 1), ("another space", 1), ("alarms", _ALL), ("phones", _ALL),
    ("recipients", 11), ("found", 11), ("last space", 1), ("requests", 7),
)  # fmt: skip


def screen(view: View, width: int, height: int | None, keys: str) -> RenderableType:
    """Return what fills a terminal of `width` columns and `height` lines (None: as many as needed).

    `keys` says what can be pressed.
    """
    sessions = view["sessions"]
    across = max(1, min(len(sessions), width // _SIDE_BY_SIDE))
    storeys = -(-len(sessions) // across) or 1
    room = None if height is None else max(1, height - 2)
    head = _line((view["status"], "bold"), ("  ·  ", "dim"), (view["study"], "dim"))
    foot = _line(("  ".join(filter(None, (keys, view["hint"]))), "dim"))
    if room is not None and room // storeys < _LEAST:
        return Group(head, *_short(sessions, width, room), foot)
    each = None if room is None else room // storeys
    panels = [_panel(session, width // across, each) for session in sessions]
    body = Columns(panels, padding=(0, 0)) if across > 1 else Group(*panels)
    return Group(head, body, foot)


def _line(*parts: str | tuple[str, str]) -> Text:
    """Return a text that is never folded."""
    return Text.assemble(*parts, no_wrap=True, overflow="ellipsis")


# with little room


def _short(sessions: Sequence[View], width: int, room: int) -> list[Text]:
    """Return a few lines for each session, without frames; where even that is too much, a count."""
    each = room // len(sessions)
    if not each:
        rest = len(sessions) - room + 1
        shown = [line for session in sessions[: room - 1] for line in _few(session, width, 1)]
        return [*shown, _line((f"and {rest} more: enlarge the terminal", "yellow"))]
    return [line for session in sessions for line in _few(session, width, each)]


def _few(session: View, width: int, most: int) -> list[Text]:
    """Return at most `most` lines of a session, the most important ones."""
    arm = (session["arm"], "bold")
    told = f" {session['told']} [{session['phase']}] "
    amounts = f"{_counts(session, 1)}, {_read(session)}"
    worst = session["alarms"][:1]
    if most == 1:
        if worst and worst[0]["kind"] == "red":
            return [_line(arm, told, (f"✗ {worst[0]['text']}", _STYLES["red"]))]
        return [_line(arm, told, amounts)]
    lines = [_line(arm, told, (f"{session['who']}", "dim")), _line("  ", amounts)]
    lines[1:1] = [_line("  ").append_text(line) for line in _alarm_lines(worst, width - 2)[0][:1]]
    if session["phones"]:
        lines.append(_line("  ").append_text(_phone_lines(session, width - 2)[0]))
    for what in ("third", "first"):
        if session[what]:
            names = ", ".join(row["owner"] for row in session[what])
            lines.append(_line("  to ", names))
            break
    if session["found"]:
        seen = ", ".join(f"{row['what']} to {row['owner']}" for row in session["found"])
        lines.append(_line(("  seen ", "dim"), seen))
    return lines[:most]


# a panel


def _panel(session: View, width: int, height: int | None) -> Panel:
    inside = width - 4
    title = Text.assemble((session["arm"], "bold"), f" · {session['who']} · {session['told']}")
    room = None if height is None else height - _EDGES
    parts = fit(_blocks(session, inside), _WISHES, room)
    edge = {"recording": "green", "ended": "dim", "crashed": "red"}[session["condition"]]
    return Panel(Group(*parts), title=title, title_align="left", border_style=edge, width=width)


def _blocks(session: View, width: int) -> dict[str, Block]:
    texts, fixes = _alarm_lines(session["alarms"], width)
    states = [each["text"] for each in session["states"]]
    return {
        "about": _one(_line((session["about"], "dim")), bool(session["about"])),
        "alarms": _alarms(texts, fixes),
        "phase": _one(_phases(session, width)),
        "counts": _one(_line(_counts(session))),
        "bar": _one(_bar(session, width)),
        "amounts": _one(_line((_read(session), "bold"))),
        "states": _one(_line("   ".join(states)), bool(states)),
        "phones": _lines(_phone_lines(session, width)),
        "space": _one(Text()),
        "recipients": _recipients(session),
        "another space": _one(Text(), bool(session["found"])),
        "found": _found(session),
        "last space": _one(Text(), bool(session["requests"])),
        "requests": _requests(session),
        "foot": _one(_line((session["foot"], "dim"))),
    }


def _one(text: Text, there: bool = True) -> Block:
    return Block(lambda _: text, int(there))


def _lines(lines: Sequence[Text], *, headed: bool = False) -> Block:
    return Block(lambda most: Group(*lines[:most]), len(lines), headed)


def _wrapped(text: str, width: int, style: str, indent: str) -> list[Text]:
    told = textwrap.wrap(text, max(10, width), subsequent_indent=indent) or [""]
    return [_line((each, style)) for each in told]


def _alarm_lines(alarms: Sequence[View], width: int) -> tuple[list[Text], dict[int, list[Text]]]:
    """Return the lines of the alarms, and by the number of the line that they follow what to do."""
    texts: list[Text] = []
    fixes: dict[int, list[Text]] = {}
    told = set()
    for alarm in alarms:
        kind = alarm["kind"]
        texts += _wrapped(_MARKS[kind] + alarm["text"], width, _STYLES[kind], "  ")
        if alarm["fix"] and alarm["fix"] not in told:
            told.add(alarm["fix"])
            fixes[len(texts) - 1] = _wrapped(f"  {alarm['fix']}", width, "dim", "  ")
    return texts, fixes


def _alarms(texts: list[Text], fixes: dict[int, list[Text]]) -> Block:
    """What is wrong goes before what to do about it, where there is not room for both."""

    def draw(most: int) -> Group:
        left = most - len(texts)
        shown: list[Text] = []
        for at, text in enumerate(texts[:most]):
            shown.append(text)
            more = fixes.get(at, [])[: max(0, left)]
            left -= len(more)
            shown += more
        return Group(*shown)

    return Block(draw, len(texts) + sum(map(len, fixes.values())))


def _phases(session: View, width: int) -> Text:
    told = Text("phase ", no_wrap=True, overflow="ellipsis")
    for each in session["phases"]:
        name = {
            "now": f"[{each['name']}] {session['since']}",
            "past": f"✓ {each['name']}",
            "skipped": f"{each['name']} (skipped)",
        }.get(each["kind"], each["name"])
        told.append(name, style="bold" if each["kind"] == "now" else "dim").append("   ")
    if told.cell_len > width + 3:
        told = _line("phase ", (f"[{session['phase']}] {session['since']}", "bold"))
    return told


def _counts(session: View, most: int = _ALL) -> str:
    return "   ".join(f"{each['value']} {each['label']}" for each in session["figures"][:most])


def _read(session: View) -> str:
    return f"{session['read']}, {session['unread']}"


def _bar(session: View, width: int) -> Text:
    columns = max(10, width) if not session["none_width"] else 0
    filled = round(columns * session["read_width"] / 100)
    return _line(("█" * filled, "cyan"), ("░" * (columns - filled), "yellow"))


def _phone_lines(session: View, width: int) -> list[Text]:
    """Return what is wrong with the phones, and of those that are right, that they are."""
    lines: list[Text] = []
    several = len(session["phones"]) > 1
    for phone in session["phones"]:
        name = phone["name"] if several else "Phone"
        style = "green" if phone["kind"] == "good" and not phone["problems"] else "yellow"
        lines.append(_line((f"{name}: {phone['short']}", style)))
        for each in phone["problems"]:
            lines += _wrapped(f"  ✗ {each}", width, "red", "    ")
    return lines


def _recipients(session: View) -> Block:
    count = session["recipients"]

    def draw(most: int) -> Table:
        table = Table(box=None, pad_edge=False, header_style="dim", expand=True)
        title = f"{count} recipients" if count > 1 else "recipient"
        table.add_column(title, overflow="ellipsis", no_wrap=True, ratio=3)
        for name in ("requests", "read", "unread"):
            table.add_column(name, justify="right", no_wrap=True)
        table.add_column("not readable", overflow="ellipsis", no_wrap=True, ratio=2)
        rows = most - 1
        # The app's own servers do not push the others out of sight.
        first = session["first"][: max(rows // 2, rows - len(session["third"]))]
        third = session["third"][: rows - len(first)]
        for row in (*first, *third):
            table.add_row(
                Text(row["owner"], style="bold" if row in first else ""),
                *(Text(row[name]) for name in ("requests", "read", "unread")),
                Text(row["states"], style="yellow"),
            )
        return table

    shown = len(session["first"]) + len(session["third"])
    return Block(draw, shown + 1 if shown else 0, headed=True)


def _found(session: View) -> Block:
    rows = [
        _line(
            (f"{each['time']}  ", "dim"),
            (each["what"], "bold"),
            f" to {each['owner']}",
            (f"  {each['how']}", "dim"),
        )
        for each in session["found"]
    ]
    if not rows:
        return Block(lambda _: _line(("nothing recognised yet", "dim")), 1)
    head = f"first seen in what was sent: {session['sightings']}, the latest first"
    return _lines([_line((head, "dim")), *rows], headed=True)


def _requests(session: View) -> Block:
    rows = [
        _line(
            (f"{each['time']}  ", "dim"),
            f"{each['status']:>6} {each['method']:<6} {each['host']}",
            (each["path"], "dim"),
        )
        for each in session["requests"]
    ]
    return _lines([_line(("latest requests", "dim")), *rows] if rows else [], headed=True)
