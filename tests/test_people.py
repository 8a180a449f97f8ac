"""Names of other people go; what an app calls its own things stays."""

from __future__ import annotations

import pytest

from analyzer.exporters.people import People
from analyzer.models import Leaf


def leaf(path: str, value: str) -> Leaf:
    return Leaf("", "response", path, value, ())


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("https://a.example/@maria.k/video/7", "https://a.example/@{person}/video/7"),
        ("https://a.example/u/maria?x={int}", "https://a.example/u/{person}?x={int}"),
        ("https://maria.users.example/", "https://{person}.users.example/"),
        ("users.maria.age", "users.{person}.age"),
        ("data.followers.maria", "data.followers.{person}"),
        ("@maria", "@{person}"),
    ],
)
def test_what_stands_where_people_stand_is_taken_out(text: str, left: str) -> None:
    assert People().without(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "https://a.example/v1/users/me/posts", "https://a.example/users/12", "users.0.age",
        "user.keywords", "https://a.example/users/{uuid}", "https://users.example/", "x.{email}",
        "https://a.example/v1/track?user={int}", "contacts.*.name",
    ],
)  # fmt: skip
def test_the_rest_stays(text: str) -> None:
    people = People()
    people.learn([leaf("event.name", "track"), leaf("user.id", "keywords"), leaf("nick", "me")])
    assert people.without(text) == text


@pytest.mark.parametrize(
    "path",
    ["nickname", "author.uniqueId", "items.3.author.name", "user_name", "mentions.2", "handle"],
)
def test_what_is_called_a_name_is_known_everywhere(path: str) -> None:
    people = People()
    people.learn([leaf(path, "@Kwame.Beats")])
    assert people.without("seen.kwame.beats.at") == "seen.{person}.at"
    assert people.without("https://a.example/x/kwame.beats?kwame.beats=1") == (
        "https://a.example/x/{person}?{person}=1"
    )
    assert people.without("kwame.drums") == "kwame.drums"


def test_hashtags_of_strangers_are_taken_out_of_keys_and_addresses() -> None:
    people = People()
    people.learn(
        [
            Leaf("", "response", "aweme_list.0.text_extra.0.hashtag_name", "QuietGoodbye", ()),
            Leaf("", "response", "itemList.0.challenges.0.title", "numbtok", ()),
            Leaf(
                "", "response", "items.0.desc", "so tired #nobodyknows\uff03 (#x) color:#ffffff", ()
            ),
        ]
    )
    assert people.without("views.quietgoodbye.count") == "views.{tag}.count"
    assert people.without("numbtok.0") == "{tag}.0"
    assert people.without("seen.nobodyknows") == "seen.{tag}"
    assert people.without("colors.ffffff") == "colors.ffffff"
    assert people.without("https://w.example/explore/tags/x9/") == (
        "https://w.example/explore/tags/{tag}/"
    )
    assert people.without("https://w.example/tag/quiet?a=1") == "https://w.example/tag/{tag}?a=1"
    assert people.without("https://w.example/stage/one") == "https://w.example/stage/one"
