"""The JSONPath expressions that TrackHAR uses, the other way round: putting values at their places.

A tree is of dictionaries and lists. Filters cannot be turned round in general: what each of them
asks for is said in `FILTERS`, and a new one is an error, so that nobody overlooks it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from analyzer.errors import UserError

Tree = dict[str, Any]
_TOKEN = re.compile(r"""\[\?\((?P<filter>.*?)\)\](?=\.|$)|\["(?P<key>[^"]+)"\]|(?P<name>[^.\[]+)""")


def _of_log(name: str) -> tuple[str, Mapping[str, Any]]:
    return "element", {"@parent": {"logSourceName": name}}


def _event(kind: str, state: str) -> tuple[str, Mapping[str, Any]]:
    return "element", {"identifier": kind, "state": state}


_LOGS = (
    "FIREPERF", "GDT_CLIENT_METRICS", "FIREBASE_INAPPMESSAGING", "PLAY_BILLING_LIBRARY",
    "FIREBASE_ML_SDK", "CAST_SENDER_SDK", "LE", "FIREBASE_CRASHLYTICS_REPORT",
    "FIREBASE_APPQUALITY_SESSION", "FIREBASE_ML_LOG_SDK",
)  # fmt: skip
_STATES = ("start", "enterForeground", "enterBackground", "becomeActive", "resignActive")

# What a filter asks for: a key of that name, an element with these entries, or one that begins so.
FILTERS: Mapping[str, tuple[str, Any]] = {
    "@property.match(/^eid_.*_1$/i)": ("key", "eid_example_1"),
    "@property.match(/^eid_.*_2$/i)": ("key", "eid_example_2"),
    "@property.match(/^eid_.*_3$/i)": ("key", "eid_example_3"),
    r"@property.match(/^promo\d+id$/)": ("key", "promo1id"),
    r"@property.match(/^promo\d+nm$/)": ("key", "promo1nm"),
    r"@property.match(/^promo\d+cr$/)": ("key", "promo1cr"),
    r"@property.match(/^promo\d+ps$/)": ("key", "promo1ps"),
    '@property.startsWith("KRTBCOOKIE_")': ("key", "KRTBCOOKIE_22"),
    '@property === "udid" && @.match(/ifa:/i)': ("key", "udid"),
    '@property === "udid" && !@.match(/ifa:/i)': ("key", "udid"),
    "@.type === 'Id5'": ("element", {"type": "Id5"}),
    "@.startsWith('device-brand/')": ("prefix", "device-brand/"),
    "@.startsWith('device-model/')": ("prefix", "device-model/"),
    "@.startsWith('device-name/')": ("prefix", "device-name/"),
    "@.startsWith('device/')": ("prefix", "device/"),
    **{f"@.identifier == 'application' && @.state == '{each}'": _event("application", each)
       for each in _STATES},
    "@.identifier == 'view' && @.state == 'appeared'": _event("view", "appeared"),
    "@.identifier == 'view' && @.state == 'refreshed'": _event("view", "refreshed"),
    **{f"@parent.logSourceName === '{each}'": _of_log(each) for each in _LOGS},
    **{f"@[2] === {number}": ("element", {"2": number})
       for number in (137, 462, 1326, 1710, 1974)},
}  # fmt: skip
# Where a value has another form because of the filter.
_WRITTEN: Mapping[str, str] = {'@property === "udid" && @.match(/ifa:/i)': "ifa:{}"}


def tokens(path: str) -> tuple[str, ...]:
    """Split `path`: names, ``*`` and ``?filter``.

    >>> tokens("$.a.*.b[?(@.type === 'Id5')].value")
    ('a', '*', 'b', "?@.type === 'Id5'", 'value')
    """
    bare = path if path == "$" or not path.startswith(("$.", "$[")) else path[1:]
    if bare == "$":
        return ()
    found = []
    for each in _TOKEN.finditer(bare):
        wanted = each["filter"]
        found.append(f"?{wanted}" if wanted is not None else each["key"] or each["name"])
    return tuple(found)


def put(tree: Any, path: tuple[str, ...], value: Any) -> Any:
    """Return `tree` (changed) with `value` at `path`; lists get one element, or one per filter."""
    if not path:
        return value
    head, rest = path[0], path[1:]
    if head.startswith("?"):
        return _filtered(tree, head[1:], rest, value)
    if head == "*":
        items: list[Any] = tree if isinstance(tree, list) else []
        if not items:
            items.append(None)
        items[0] = put(items[0], rest, value)
        return items
    branch: Tree = tree if isinstance(tree, dict) else {}
    branch[head] = put(branch.get(head), rest, value)
    return branch


def take(tree: Any, path: tuple[str, ...]) -> Any:
    """Remove what stands at `path` (names only) from `tree` and return it, or None."""
    for head in path[:-1]:
        tree = tree.get(head) if isinstance(tree, dict) else None
    return tree.pop(path[-1], None) if isinstance(tree, dict) else None


def _filtered(tree: Any, wanted: str, rest: tuple[str, ...], value: Any) -> Any:
    if wanted not in FILTERS:
        raise UserError(f"TrackHAR filters by {wanted}", "say in jsonpaths.py what that asks for")
    kind, what = FILTERS[wanted]
    if kind == "key":
        branch: Tree = tree if isinstance(tree, dict) else {}
        branch[what] = put(branch.get(what), rest, _WRITTEN.get(wanted, "{}").format(value))
        return branch
    items: list[Any] = tree if isinstance(tree, list) else []
    if kind == "prefix":
        items.append(f"{what}{value}")
        return items
    for item in items:
        if all(item.get(name) == given for name, given in what.items()):
            break
    else:
        item = dict(what)
        items.append(item)
    if rest != ("state",):  # the filter fixes it
        put(item, rest, value)
    return items
