"""Nothing of whoever made an item leaves the study: planted in every field, searched everywhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli_rig import analysed, done
from feed_rig import APP, aweme, logged, served
from recording import post, record, study

from analyzer.exporters.searching import READABLE, Search
from analyzer.models import Exchange

# What strangers wrote, and what leads to them.
TEXT = "nobody would miss me tonight"
TAG = "quietgoodbye"
HANDLE = "wambui.sings.low"
NICKNAME = "Wambui Sings Low"
NATIVE = "7391827364554637281"
AUTHOR = "6829173645546372819"
THUMBNAIL = "o0QbyFAfDzgEACkBQnIEtR8AhxGzwA2KsBkiiI"
COMMENT = "please write to me"
PLANTED = tuple(
    ("creator", each) for each in (TEXT, TAG, HANDLE, NICKNAME, NATIVE, AUTHOR, THUMBNAIL, COMMENT)
)
COVER = f"https://p16-sign.tiktokcdn.com/obj/{THUMBNAIL}~tplv-tiktokx.jpeg"


def item() -> dict[str, Any]:
    """An item of the app's feed with all of it, in every kind of field."""
    return aweme(
        1,
        aweme_id=NATIVE,
        desc=f"{TEXT} #{TAG}",
        author={"uid": AUTHOR, "unique_id": HANDLE, "nickname": NICKNAME, "signature": TEXT},
        text_extra=[{"hashtag_name": TAG, "start": 29, "end": 42}],
        video={"duration": 10_000, "cover": {"uri": THUMBNAIL, "url_list": [COVER]}},
        share_url=f"https://www.tiktok.com/@{HANDLE}/video/{NATIVE}",
        mentions={HANDLE: {"nickname": NICKNAME}},
        by_id={NATIVE: {"text": COMMENT}, AUTHOR: [COMMENT]},
        titles={TEXT: 1, TAG: {"views": 2}},
        raw_ad_data=json.dumps({"title": TEXT, "source": NICKNAME}),
    )


def page() -> Exchange:
    """A page of the web feed, whose state has ids and handles as keys."""
    state = {
        "ItemModule": {NATIVE: {"id": NATIVE, "desc": TEXT, "author": HANDLE, "authorId": AUTHOR}},
        "UserModule": {"users": {HANDLE: {"id": AUTHOR, "nickname": NICKNAME}}, "stats": {}},
        "SEOState": {"title": TEXT, "keywords": TAG},
    }
    script = f'<script id="SIGI_STATE" type="application/json">{json.dumps(state)}</script>'
    html = (
        f"<html><head><title>{TEXT}</title></head><body>{script}<img src='{COVER}'></body></html>"
    )
    return post(
        "a=1",
        host="www.tiktok.com",
        path=f"/@{HANDLE}/video/{NATIVE}?tag={TAG}",
        method="GET",
        answer=("text/html", html.encode()),
    )


def exchanges() -> list[Exchange]:
    image = post("", host="p16-sign.tiktokcdn.com", path=COVER.partition(".com")[2], method="GET")
    tags = post("", host="www.tiktok.com", path=f"/tag/{TAG}?q={TEXT.replace(' ', '+')}")
    sent = post(
        json.dumps({"seen": {NATIVE: {"author": HANDLE}}, "events": [{"item": NATIVE, "t": TEXT}]}),
        host="mon.tiktokv.com",
        request_headers=(("content-type", "application/json"), ("referer", f"{APP}/@{HANDLE}")),
    )
    log = logged(1, t_s=2.0)
    body = log.request_body.replace(b"7300000000000000001", NATIVE.encode())
    return [served([item(), aweme(2)], 1.0), page(), image, tags, sent, post(body.decode())]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = study(tmp_path_factory.mktemp("study"))
    for arm in found.arms:
        record(found, arm, 1, exchanges())
    return analysed(found)


def assert_clean(folder: Path) -> None:
    search = Search(PLANTED)
    assert not search.too_short
    readable = [each for each in folder.rglob("*") if each.suffix in READABLE]
    assert readable
    leaks = search.folder(folder)
    assert not [each for each in leaks if each.data_type]


def test_the_search_would_find_each_of_them(tmp_path: Path) -> None:
    (tmp_path / "feed.json").write_text(json.dumps(item()), encoding="utf-8")
    found = {each.transformed for each in Search(PLANTED).folder(tmp_path)}
    assert found
    for number, each in enumerate(PLANTED):
        (tmp_path / f"{number}.txt").write_text(f"x {each[1]} y", encoding="utf-8")
    named = {each.file for each in Search(PLANTED).folder(tmp_path)}
    assert {f"{number}.txt" for number in range(len(PLANTED))} <= named


def test_they_are_in_the_private_files_of_the_feed_only(root: Path) -> None:
    done("feed", "items", root=root)
    private = b"".join(path.read_bytes() for path in (root / "feed").rglob("*") if path.is_file())
    assert len(private) > 0
    assert_clean(root / "findings")


def test_a_published_copy_has_nothing_of_them(root: Path, tmp_path: Path) -> None:
    done("publish", tmp_path / "p", "KE", "DE", root=root)
    assert_clean(tmp_path / "p")


def test_redacted_sessions_have_nothing_of_them(root: Path, tmp_path: Path) -> None:
    done("redact", "--to", tmp_path / "r", root=root)
    assert_clean(tmp_path / "r")


def test_exported_findings_have_nothing_of_them(root: Path, tmp_path: Path) -> None:
    done("export", "findings", "-o", tmp_path / "findings.csv", root=root)
    done("export", "deltas", "DE", "KE", "-o", tmp_path / "deltas.json", root=root)
    assert_clean(tmp_path)
