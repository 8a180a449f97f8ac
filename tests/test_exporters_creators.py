"""What leads to the items of a feed, and to who made them, is in nothing that is given away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli_rig import analysed, done, mistake
from feed_rig import ADAPTERS, aweme, served
from recording import post, record, study

from analyzer.exporters import creators, outline
from analyzer.exporters.creators import Creators, creators_of, left_in
from analyzer.extract.shapes import safe_host
from analyzer.models import Exchange

HANDLE = "leakuser.name"
THUMBNAIL = "LEAKPTHUMB1"
SECOND = "o0LeakFAfDzgEACk"
COVER = f"https://p16-sign.tiktokcdn.com/tos-alisg/{THUMBNAIL}~tplv.jpeg?x-expires=1"


def item() -> dict[str, Any]:
    author = {"uid": "6600000000000000001", "unique_id": HANDLE, "nickname": "Leak Person"}
    cover = {"uri": f"tos-alisg/{SECOND}", "url_list": [COVER]}
    return aweme(1, author=author, video={"duration": 10_000, "cover": cover})


def get(host: str, path: str) -> Exchange:
    return post("", host, path, method="GET", answer=("image/jpeg", b"x"), request_headers=())


def others() -> list[Exchange]:
    return [
        get("p16-sign.tiktokcdn.com", COVER.partition(".com")[2]),
        get("p16-sign.tiktokcdn.com", f"/obj/tos-alisg/{SECOND}.image"),
        get("api16-normal-c-useast1a.tiktokv.com", f"/aweme/v1/comment/list/{HANDLE}/"),
        get("i.instagram.com", "/api/v1/users/leakuname/usernameinfo/"),
        get("www.youtube.com", "/shorts/LeAkVid_0aZ"),
        get("leakhost-handle.tumblr.com", "/post/leak-slug-of-caption"),
    ]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = study(tmp_path_factory.mktemp("study"))
    for arm in found.arms:
        record(found, arm, 1, [served([item(), aweme(2)], 1.0), *others()])
    return analysed(found)


def assert_nothing_leads_to_anybody(folder: Path) -> None:
    assert list(folder.iterdir())
    for path in folder.iterdir():
        text = path.read_text(encoding="utf-8").casefold()
        assert "leak" not in text, path.name
        assert "7300000000000000001" not in text, path.name
        assert "6600000000000000001" not in text, path.name


def test_a_published_copy_leads_to_nobody(root: Path, tmp_path: Path) -> None:
    done("publish", tmp_path / "p", "KE", "DE", "--sessions", root=root)
    assert_nothing_leads_to_anybody(tmp_path / "p")
    [har, *_] = sorted((tmp_path / "p").glob("session-*.har"))
    urls = [each["request"]["url"] for each in json.loads(har.read_text())["log"]["entries"]]
    assert "https://www.youtube.com/shorts/{text}" in urls
    assert "https://{person}.tumblr.com/post/{text}" in urls
    assert "https://api16-normal-c-useast1a.tiktokv.com/aweme/v1/feed/" in urls


def test_a_redacted_session_leads_to_nobody(root: Path, tmp_path: Path) -> None:
    done("redact", "--to", tmp_path / "r", root=root)
    assert_nothing_leads_to_anybody(tmp_path / "r")
    done("verify", tmp_path / "r")


def test_tables_of_a_report_have_no_host_of_somebody(root: Path, tmp_path: Path) -> None:
    done("report", "KE", "DE", "-f", "html,json,csv", "-o", tmp_path / "o", root=root)
    assert_nothing_leads_to_anybody(tmp_path / "o")


@pytest.mark.parametrize("command", [("publish", "KE", "DE"), ("redact", "--to")])
def test_where_one_is_left_nothing_is_given_away(
    root: Path, tmp_path: Path, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outline, "creators_of", lambda *_: Creators())
    monkeypatch.setattr(creators, "_shown", lambda part: part)
    name, *more = command
    words = [name, tmp_path / "x", *more] if name == "publish" else [name, *more, tmp_path / "x"]
    assert "(feed, raw)" in mistake(*words, root=root)
    assert not (tmp_path / "x").exists()


def test_a_handle_that_is_a_host_of_a_report_keeps_it_from_being_published(tmp_path: Path) -> None:
    found = study(tmp_path / "s")
    for arm in found.arms:
        record(found, arm, 1, [served([item()], 1.0), get(f"{HANDLE}.example", "/api/v1/items")])
    words = ("publish", tmp_path / "x", "KE", "DE")
    assert "coverage.csv (feed, raw)" in mistake(*words, root=analysed(found))


def test_what_is_distinct_is_found_in_every_place(tmp_path: Path) -> None:
    found = study(tmp_path / "s")
    bundle = record(found, "KE-13", 1, [served([item()], 1.0)])
    distinct = creators_of(bundle, tuple(ADAPTERS.values())).distinct
    assert {"7300000000000000001", "6600000000000000001", HANDLE, THUMBNAIL.lower()} <= distinct
    out = tmp_path / "out"
    out.mkdir()
    for number, text in enumerate(
        (f'{{"u":"/a/{THUMBNAIL}~tplv.jpeg"}}', f"x,{HANDLE},y", "%2Fa%2F7300000000000000001%2F")
    ):
        (out / f"{number}.csv").write_text(text, encoding="utf-8")
    (out / f"{HANDLE}.txt").write_text("", encoding="utf-8")
    (out / "clean.txt").write_text("tiktok_app, aweme_list, 1751328001, video", encoding="utf-8")
    told = [leak.file for leak in left_in(out, distinct)]
    assert told == ["0.csv", "1.csv", "2.csv", f"{HANDLE}.txt"]


def test_what_others_are_called_too_keeps_nothing_from_being_published(tmp_path: Path) -> None:
    found = study(tmp_path)
    more = {
        "package_id": "com.pebblo.app",
        "screen_name": "for_you",
        "owner": {"name": "com.pebblo.app"},
        "status_code": "all_is_well",
        "nickname": "Nairobi",
        "channel_id": "87654321",
    }
    bundle = record(found, "KE-13", 1, [served([item() | more], 1.0)])
    known = creators_of(bundle, tuple(ADAPTERS.values()))
    assert not known.distinct & set(map(str, [*more.values(), "com.pebblo.app", "nairobi"]))
    assert known.without("a.nairobi.b") == "a.{id}.b"


def test_a_session_without_a_feed_shows_its_paths(tmp_path: Path) -> None:
    found = study(tmp_path)
    bundle = record(found, "KE-13", 1, [post(path="/quiet/lanterns")])
    known = creators_of(bundle, tuple(ADAPTERS.values()))
    assert known.distinct == frozenset()
    assert known.without("https://a.example/quiet/lanterns") == "https://a.example/quiet/lanterns"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example/api/v1/feed/?x={int}", "https://a.example/api/v1/feed/?x={int}"),
        ("https://a.example/quiet-lanterns/{int}", "https://a.example/{text}/{int}"),
        ("https://a.example/api/wambui-01.jpg", "https://a.example/api/{text}"),
        ("https://a.example", "https://a.example"),
        ("video.abc_def99.title", "video.{id}.title"),
        ("video.title", "video.title"),
    ],
)
def test_a_path_is_shown_as_far_as_known_words_go(url: str, shown: str) -> None:
    assert Creators(["abc_def99"]).without(url) == shown


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("quiet-girl.tumblr.com", "{person}.tumblr.com"),
        ("www.quiet-girl.tumblr.com", "www.{person}.tumblr.com"),
        ("wambui.carrd.co", "{person}.carrd.co"),
        ("64.media.tumblr.com", "64.media.tumblr.com"),
        ("www.tumblr.com", "www.tumblr.com"),
        ("tumblr.com", "tumblr.com"),
        ("tumblr.com.example", "tumblr.com.example"),
        ("app.waymark.example", "app.waymark.example"),
    ],
)
def test_a_host_that_is_the_name_of_somebody_is_masked(host: str, shown: str) -> None:
    assert safe_host(host) == shown
