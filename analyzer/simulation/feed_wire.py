"""The feed of the fictional app on the wire: the language of `data/feeds/tiktok_app.yaml`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from analyzer.simulation.feed_declaration import HOST, Form
from analyzer.simulation.feed_items import ServedItem

PATHS: Final[dict[Form, str]] = {"json": "/aweme/v1/feed/", "protobuf": "/aweme/v2/feed/"}
KINDS: Final[dict[Form, str]] = {
    "json": "application/json",
    "protobuf": "application/x-protobuf",
}
STATS: Final = "/aweme/v1/aweme/stats/"
FORM: Final = "application/x-www-form-urlencoded"
STATS_URL: Final = f"https://{HOST}{STATS}?aid=1233"
NOTED: Final = b'{"status_code":0}'  # what the log is answered
_RAW_AD: Final = '{"ad_id":1}'


def feed_url(form: Form, count: int) -> str:
    """Return the address that is asked for `count` items."""
    return f"https://{HOST}{PATHS[form]}?count={count}&aid=1233"


def answer(items: Sequence[ServedItem], form: Form) -> bytes:
    """Return the body of an answer with `items`."""
    if form == "protobuf":
        return _number(1, 0) + _number(4, 1) + b"".join(_piece(5, _binary(each)) for each in items)
    told = {"status_code": 0, "has_more": 1, "aweme_list": [_entry(each) for each in items]}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def stats_body(now: str, before: str, played_s: float, order: int) -> bytes:
    """Return a line of the app's log: `now` begins ("": the end), `before` had been played."""
    told = {"aid": "1233", "order": str(order), "tab_type": "0"}
    if before:
        told |= {"pre_item_id": before, "pre_item_playtime": str(round(played_s * 1000))}
    if now:
        told |= {"item_id": now}
    return urlencode(told).encode()


def read_stats(body: bytes) -> tuple[str, str, float]:
    """Return (now, before, seconds that it was played) of a line of the log."""
    told = dict(parse_qsl(body.decode("ascii", "replace")))
    played = float(told.get("pre_item_playtime", "0")) / 1000
    return told.get("item_id", ""), told.get("pre_item_id", ""), played


def _entry(served: ServedItem) -> dict[str, Any]:
    item = served.item
    told: dict[str, Any] = {
        "aweme_id": item.native,
        "desc": item.text,
        "create_time": item.created,
        "author": {"uid": item.author, "unique_id": item.handle},
        "music": {"id": int(item.music), "id_str": item.music},
        "video": {"duration": round(served.length_s * 1000)},
        "desc_language": item.language,
        "statistics": {
            "aweme_id": item.native,
            "comment_count": item.comments,
            "digg_count": item.likes,
            "play_count": item.plays,
            "share_count": item.shares,
        },
        "text_extra": [
            {"start": start, "end": end, "type": 1, "hashtag_name": name}
            for name, start, end in item.tags
        ],
        "is_ads": served.ad == "formal",
        "commerce_info": {
            "branded_content_type": 1 if served.ad == "disclosed" else 0,
            "ad_auth_status": 1 if served.ad == "hint" else 0,
        },
    }
    if served.ad == "formal":
        told["raw_ad_data"] = _RAW_AD
    if item.masked:
        told["mask_infos"] = [{"show_mask": True, "mask_type": 1, "status": 1}]
    return told


def _binary(served: ServedItem) -> bytes:
    """Return an item as a message `Aweme` of `data/schemas/tiktok_feed.yaml`."""
    item = served.item
    if served.ad == "disclosed":
        raise ValueError("the binary form has no place for what a creator discloses")
    numbers = (item.comments, item.likes, 0, item.plays, item.shares)
    told = [
        _text(1, item.native),
        _text(2, item.text),
        _number(3, item.created),
        _piece(4, _text(1, item.author) + _text(26, item.handle)),
        _piece(5, _number(1, int(item.music)) + _text(2, item.music)),
        _piece(7, _number(13, round(served.length_s * 1000))),
        _piece(
            10,
            _text(1, item.native)
            + b"".join(_number(place, number) for place, number in enumerate(numbers, 2)),
        ),
        *(
            _piece(14, _number(1, start) + _number(2, end) + _number(4, 1) + _text(5, name))
            for name, start, end in item.tags
        ),
        _number(27, served.ad == "formal"),
        *([_text(70, _RAW_AD)] if served.ad == "formal" else []),
        _text(91, item.language),
        _piece(116, _number(1, served.ad == "hint")),
        *([_piece(163, _number(1, 1) + _number(2, 1))] if item.masked else []),
    ]
    return b"".join(told)


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def _number(place: int, value: int) -> bytes:
    return _varint(place << 3) + _varint(int(value))


def _piece(place: int, content: bytes) -> bytes:
    return _varint(place << 3 | 2) + _varint(len(content)) + content


def _text(place: int, value: str) -> bytes:
    return _piece(place, value.encode())


def natives(tree: Any) -> list[str]:
    """Return the ids of the items of an answer, as the app reads it."""
    return [str(each["aweme_id"]) for each in tree["aweme_list"]]
