"""The same on a terminal: one panel for each session, as rich draws it.

Every text is a `Text`, so that nothing in it is taken for markup; control characters went when the
snapshot was made.
"""

from __future__ import annotations

from typing import Final

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from analyzer.live.view import View

_SIDE_BY_SIDE: Final = 78  # columns that a panel needs at least
_STYLES: Final = {"red": "bold red", "amber": "yellow", "note": "cyan", "bad": "yellow"}
_MARKS: Final = {"red": "✗ ", "amber": "! ", "note": ""}
_FIXED: Final = 20  # lines of a panel whose lists are empty
_MOST_ROWS: Final = 10
_MOST_REQUESTS: Final = 6


def screen(view: View, width: int, height: int | None, keys: str) -> RenderableType:
    """Return what fills a terminal of `width` columns and `height` lines (None: as many as needed).

    `keys` says what can be pressed.
    """
    sessions = view["sessions"]
    each = max(40, (width - 2) // max(1, min(len(sessions), width // _SIDE_BY_SIDE)))
    beside = len(sessions) > 1 and width >= 2 * _SIDE_BY_SIDE
    across = max(1, width // _SIDE_BY_SIDE)
    storeys = -(-len(sessions) // across) or 1
    room = _FIXED + 2 * _MOST_ROWS + _MOST_REQUESTS if height is None else (height - 2) // storeys
    panels = [_panel(session, each, room) for session in sessions]
    body = Columns(panels, padding=(0, 0)) if beside else Group(*panels)
    head = Text.assemble((view["status"], "bold"), ("  ·  ", "dim"), (view["study"], "dim"))
    foot = Text(keys, style="dim")
    if view["hint"]:
        foot.append(f"  {view['hint']}")
    return Group(head, body, foot)


def _panel(session: View, width: int, room: int) -> Panel:
    spare = max(0, room - _FIXED - len(session["alarms"]))
    rows, requests = min(_MOST_ROWS, spare * 2 // 5), min(_MOST_REQUESTS, spare // 5)
    title = Text.assemble((session["arm"], "bold"), f" · {session['who']} · {session['told']}")
    parts: list[RenderableType] = [Text(session["about"], style="dim")]
    for alarm in session["alarms"]:
        parts.append(Text(_MARKS[alarm["kind"]] + alarm["text"], style=_STYLES[alarm["kind"]]))
        if alarm["fix"]:
            parts.append(Text(f"  {alarm['fix']}", style="dim"))
    parts += [_phases(session), _amounts(session, width - 4)]
    parts += [_phone(phone) for phone in session["phones"]]
    if rows:
        parts += [Text(), _recipients(session, rows), Text(), _found(session, rows)]
    if requests:
        parts += [Text(), _requests(session, requests)]
    parts.append(Text(session["foot"], style="dim"))
    edge = {"recording": "green", "ended": "dim", "crashed": "red"}[session["condition"]]
    return Panel(Group(*parts), title=title, title_align="left", border_style=edge, width=width)


def _phases(session: View) -> Text:
    told = Text("phase ")
    styles = {"past": "dim", "now": "bold", "later": "dim"}
    for each in session["phases"]:
        left, right = ("[", "]") if each["kind"] == "now" else (" ", " ")
        told.append(f"{left}{each['name']}{right}", style=styles[each["kind"]]).append(" ")
    return told.append(session["since"], style="dim")


def _amounts(session: View, width: int) -> Group:
    counts = "   ".join(f"{each['value']} {each['label']}" for each in session["figures"])
    columns = max(10, width) if not session["none_width"] else 0
    filled = round(columns * session["read_width"] / 100)
    bar = Text("█" * filled, style="cyan").append("░" * (columns - filled), style="yellow")
    states = Text()
    for each in session["states"]:
        states.append(each["text"], style=_STYLES.get(each["kind"], "")).append("   ")
    amounts = Text(f"{session['read']}, {session['unread']}", style="bold")
    return Group(Text(counts), bar, amounts, states)


def _phone(phone: View) -> Text:
    told = Text(f"{phone['name']}: {phone['text']}")
    if phone["kind"] == "bad":
        told.stylize("red")
    for check in phone["checks"]:
        told.append("\n  ").append(check["text"], style="red" if check["kind"] == "bad" else "dim")
    return told


def _recipients(session: View, most: int) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", expand=True)
    table.add_column("recipient", overflow="ellipsis", no_wrap=True, ratio=3)
    for name in ("requests", "read", "unread"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("not readable", overflow="ellipsis", no_wrap=True, ratio=2)
    for party, style in (("first", "bold"), ("third", "")):
        for row in session[party][:most]:
            table.add_row(
                Text(row["owner"], style=style),
                *(Text(row[name]) for name in ("requests", "read", "unread")),
                Text(row["states"], style="yellow"),
            )
        if len(session[party]) > most:
            table.add_row(Text(f"and {len(session[party]) - most} more", style="dim"))
    return table


def _found(session: View, most: int) -> Group:
    rows = [
        Text.assemble(
            (f"{each['time']}  ", "dim"),
            (each["what"], "bold"),
            f" to {each['owner']}",
            (f"  {each['how']}", "dim"),
            no_wrap=True,
            overflow="ellipsis",
        )
        for each in session["found"][:most]
    ]
    rest = len(session["found"]) - most
    if rest > 0 or session["found_more"]:
        rows.append(Text("and more", style="dim"))
    head = "first seen in what was sent" if rows else "nothing recognised yet"
    return Group(Text(head, style="dim"), *rows)


def _requests(session: View, most: int) -> Group:
    rows = [
        Text.assemble(
            (f"{each['time']}  ", "dim"),
            f"{each['status']:>6} {each['method']:<6} {each['host']}",
            (each["path"], "dim"),
            no_wrap=True,
            overflow="ellipsis",
        )
        for each in session["requests"][:most]
    ]
    return Group(Text("latest requests", style="dim"), *rows)
