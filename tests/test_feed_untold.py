"""What a feed tells of items in other sessions and of none in one: a fact to check, not a fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from cli_rig import run
from feed_rig import aweme, problems, read, served
from recording import STUDY, record, study
from test_feed_audit import FEED, KNOWN
from test_feed_format_changes import keys, renamed

from analyzer.feed.audit import audit
from analyzer.feed.kept import SessionItems
from analyzer.feed.records import Told
from analyzer.feed.store import update
from analyzer.feed.untold import untold, with_untold
from analyzer.study import Study

LEAST, MANY = 20, 200


def told(
    items: int, said: Mapping[str, int] = {}, surface: str = "for_you", by: str = "tiktok_app"
) -> Told:
    return Told(by, surface, items, tuple(said.items()))


def names(group: str, **groups: Told) -> list[str]:
    """What `group` does not tell, of all groups."""
    return [each.name for each in untold({name: [each] for name, each in groups.items()})[group]]


def test_what_half_of_the_items_have_elsewhere_is_missed_among_twenty() -> None:
    usual = told(50, {"music": 25})
    assert names("b", a=usual, b=told(LEAST)) == ["music"]
    assert names("b", a=usual, b=told(LEAST - 1)) == []
    assert names("b", a=told(49, {"music": 49}), b=told(LEAST)) == []
    assert names("b", a=told(50, {"music": 24}), b=told(LEAST)) == []
    assert names("b", a=usual, b=told(LEAST, {"music": 1})) == []
    assert names("a", a=usual, b=told(LEAST)) == []


def test_what_is_rare_is_missed_among_many_only_where_that_none_has_it_is_improbable() -> None:
    rare = {"ad:is_ads": 30}
    assert names("b", a=told(500, rare), b=told(MANY)) == ["ad:is_ads"]
    assert names("b", a=told(500, rare), b=told(MANY - 1)) == []
    assert names("b", a=told(500, {"ad:is_ads": 5}), b=told(MANY)) == []
    # 5 of 20 and none of 200: the five are all among the twenty by chance in 15504 of 4 billion.
    assert names("b", a=told(20, {"ad:is_ads": 5}), b=told(MANY)) == ["ad:is_ads"]


def test_with_an_update_most_sessions_may_have_stopped_telling() -> None:
    after = {f"after_{number}": told(300) for number in range(9)}
    for name in after:
        assert names(name, before=told(300, {"music": 290}), **after) == ["music"]


def test_surfaces_and_platforms_are_set_against_themselves_only() -> None:
    whole = told(500, {"music": 500})
    assert names("b", a=whole, b=told(500, surface="search")) == []
    assert names("b", a=whole, b=told(500, by="tiktok_web")) == []


def test_what_most_should_have_counts_as_lacking(tmp_path: Path) -> None:
    def about(name: str, those: Told, problems: Mapping[str, int]) -> SessionItems:
        return replace(kept, session=name, problems=tuple(problems.items()), told=(those,))

    [kept] = update(recorded(tmp_path, lambda *_: False, 20), jobs=1).sessions[:1]

    a = about("a", told(60, {"music": 60, "ad:is_ads": 60, "ad:raw_ad_data": 20}), {})
    b = about("b", told(300), {"feed_entry": 1})
    [first, second] = with_untold([a, b], [a, b])
    assert (first.untold, first.problems) == ((), ())
    # What is rare may not be there: it is no item without a field that all should have.
    assert second.problems == (("feed_entry", 1), ("feed_lacking", 2))
    assert [each.name for each in second.untold] == ["ad:is_ads", "ad:raw_ad_data", "music"]
    assert [each.usual for each in second.untold] == [True, False, True]
    [alone] = with_untold([b], [a, b])
    assert alone == second


def rich(number: int) -> dict[str, Any]:
    """An item of the app with all that an adapter may read of it."""
    advertised: dict[str, Any] = {"raw_ad_data": "{}"} if number % 10 == 0 else {}
    return aweme(
        number,
        author={"uid": str(6_600_000_000_000_000_000 + number), "unique_id": f"invented.{number}"},
        music={"id_str": str(number + 1)},
        statistics={"digg_count": 1, "play_count": 2, "comment_count": 3, "share_count": 4},
        branded_content_accounts=None,
        commerce_info={"branded_content_type": 0, "auction_ad_invited": False},
        mask_infos=[{"show_mask": True, "mask_type": 1}] if number % 10 == 1 else [],
        risk_infos={"warn": False, "vote": False, "type": 0},
        **advertised,
    )


def telling(change: Callable[[dict[str, Any]], Any], items: int = 240) -> tuple[Told, ...]:
    answers = [served([change(rich(n)) for n in range(k, k + 20)]) for k in range(0, items, 20)]
    return read(answers)[1].told


# Where another place says the same, or nothing is read there.
SAME = {"aweme_id", "hashtag_name", "unique_id"}


def test_each_key_that_is_renamed_beside_sessions_where_it_is_not_is_told() -> None:
    whole = telling(lambda item: item)
    silent = []
    every = {key for number in range(2) for key in keys(rich(number))} - SAME
    for name in sorted(every):
        after = telling(partial(renamed, name=name))
        if not untold({"before": whole, "after": after})["after"]:
            silent.append(name)
    assert silent == []
    assert untold({"before": whole, "after": telling(lambda item: item)})["after"] == ()
    # A place that says no is no place that is gone.
    quiet = telling(lambda item: {**item, "is_ads": False})
    assert untold({"before": whole, "after": quiet})["after"] == ()


def test_what_nearly_every_item_has_is_missed_without_another_session() -> None:
    def without_music(items: int) -> list[str]:
        bare = [{**rich(number), "music": {}} for number in range(items)]
        return problems(read([served(bare)])[0])

    assert without_music(LEAST) == ["feed_lacking"]
    assert without_music(LEAST - 1) == []
    some = [*({**rich(number), "music": {}} for number in range(LEAST)), rich(LEAST)]
    assert problems(read([served(some)])[0]) == []


def recorded(root: Path, advertised: Callable[[str, int], bool], items: int) -> Study:
    """A study of four accounts a side with `items` each, some of which are advertisements."""
    found = study(root, STUDY + FEED)
    for repeat, name in enumerate(("ke-s1", "ke-c1", "de-s1", "de-c1", "de-c2", "ke-c2"), 1):
        answers = []
        for first in range(0, items, 20):
            some = [rich(number) for number in range(first, first + 20)]
            for number, item in enumerate(some, first):
                item.pop("raw_ad_data", None)
                if advertised(name, number):
                    item["raw_ad_data"] = "{}"
            answers.append(served(some, 1.0 + first))
        record(found, f"{name[:2].upper()}-13", repeat, answers, account=name)
    return found


def cautioned(found: Study) -> list[str]:
    told = audit(found, "KE", "DE", KNOWN).cautions
    return [str(each.text) for each in told if each.code == "ads_untold"]


def test_an_audit_says_where_signs_of_advertising_are_not_told(tmp_path: Path) -> None:
    def in_kenya(name: str, number: int) -> bool:
        return name.startswith("ke") and number % 10 == 0

    [text] = cautioned(recorded(tmp_path / "few", in_kenya, 80))
    assert "not told in these: DE. There may be none, or" in text
    assert cautioned(recorded(tmp_path / "fewer", in_kenya, 60)) == []
    [text] = cautioned(recorded(tmp_path / "many", lambda n, k: n != "ke-c1" and k % 9 == 0, 240))
    assert text.count("r0") == 1
    assert "KE-13-r02" in text
    assert cautioned(recorded(tmp_path / "all", lambda _, number: number % 10 == 0, 80)) == []


def test_items_of_a_feed_names_what_is_not_told(tmp_path: Path) -> None:
    found = recorded(tmp_path, lambda name, number: name == "ke-s1" and number % 9 == 0, 200)
    kept = update(found)
    assert [bool(each.untold) for each in kept.sessions].count(False) == 1
    again = update(found)
    assert again.done == ()
    assert again.sessions == kept.sessions
    said = run("feed", "items", "--study", str(found.root)).stderr
    assert said.count("raw_ad_data is not told of any of 200 items; in other sessions") == 5
    assert "feed_lacking" not in said
