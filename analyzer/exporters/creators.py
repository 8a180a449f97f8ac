"""What leads to the items of a feed, and to who made them, out of what is given away.

A session in which a feed was recognised holds thousands of strangers. Its answers say who they are:
ids of items, authors and sounds, handles, the files of thumbnails. These are taken out wherever
they stand. In such a session a path of a URL is shown only as far as it is made of words that rules
of feeds and trackers name, or that everybody uses in paths: all else may be a name or a caption.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from analyzer.decode import decode
from analyzer.exporters.people import is_named
from analyzer.exporters.searching import Leak
from analyzer.feed.adapters import Adapter, load_adapters
from analyzer.feed.reading import FeedReader
from analyzer.feed.records import Item, Serving
from analyzer.knowledge import load_knowledge
from analyzer.models import Exchange, Leaf
from analyzer.readers.bundle import read_exchanges

ID: Final = "{id}"
TEXT: Final = "{text}"
# Words that stand in paths everywhere, beside those that rules name.
_USUAL: Final = """
about account accounts action actions activity ad add ads agreement all android api apis app apps
article asset assets audio auth avatar banner base batch beacon begin bin blog body bundle cache
callback captions category cdn cfg channel chat check checkout city click client clip clips code
collect comment comments commit common config configuration connect consent content contents cookie
core count create css data debug default delete detail details device devices digg direct discover
discovery download edge embed end error errors event events explore export fav favicon feed feeds
file files fetch find follow follower followers following fonts form friend friends from game games
generate get gif global graph graphql group hash health help hls home html https icon icons id image
images img impression in index info init install ios item items jpeg jpg js json key keys lang legal
lib like likes link links list live load locale location log login logo logout logs manifest media
member message messages meta metric metrics mobile module multi music new news next notice
notification notifications of offline online open option options order page pages path photo photos
pic picture ping pixel play player playlist png policy poll popular post posts preload preview
privacy product profile profiles progress proto public pub push query ranking reaction read ready
recommend recommended reel reels refresh register related reply report request resource resources
response result results root rpc rule rules save script scripts sdk search send server service
services session sessions set setting settings share shop short shorts sign signin signup site sound
static stat stats status sticker stickers stop storage store stories story stream style styles
subscribe sync system tag tags template terms test text theme thumb thumbnail time timeline to token
top topic track tracking trending ts tv type ui update upload url use user users v verify version
video videos view views watch web webp widget xml
"""
_WORD: Final = re.compile(r"[A-Za-z]{2,}")
_PARTS: Final = re.compile(r"[-_.:~+!,;=%]+|(?<=[a-z])(?=[A-Z])")
_SHORT: Final = re.compile(r"v?[0-9]{1,4}|[a-z]", re.IGNORECASE)
_MASK: Final = re.compile(r"\{[^{}/]*\}")
# A field of an answer that names something by a sign of its own.
_IDS: Final = re.compile(
    r"(?:^|[.\[\]])(?:\w+_)?(?:u?id|ids|uri|vid|gid|mid|cid|pk|code|shortcode|slug)(?:[.\[][0-9]+\]?)?$"
    r"|[a-z](?:Id|Ids|Uid|Uri|Slug)(?:[.\[][0-9]+\]?)?$",
)
_TOKEN: Final = re.compile(r"\w[\w.-]*")
_URL: Final = re.compile(r"(?:https?:)?//[^/\s]+/(\S+)")
_LEAST: Final = 6  # characters of a sign
_MOST_LONG: Final = 256
_MOST: Final = 1_000_000  # signs of a session
_DOTS: Final = 4  # parts of a name with dots in it
_PACKAGES: Final = ("com.", "org.", "net.", "io.")
_DISTINCT: Final = 8  # characters with which a sign cannot be something else
_DIGITS: Final = 15  # likewise where it has nothing but digits


class Creators:
    """What the answers of one session's feed call items, and those who made them."""

    def __init__(self, signs: Iterable[str] = (), names: Iterable[str] = ()) -> None:
        self._signs = {_plain(each) for each in signs}
        self._names = {_plain(each) for each in names}
        self._known = self._signs | self._names

    def without(self, text: str) -> str:
        """Return a URL that is fit to be shown, or a path of names, without any of them."""
        if not self._known:
            return text
        where, separator, path = text.partition("://")
        if separator:
            host, slash, path = path.partition("/")
            path, question, query = path.partition("?")
            parts = slash + "/".join(map(_shown, path.split("/")))
            text = f"{where}://{host}{parts}{question}{query}"
        return _TOKEN.sub(self._masked, text)

    def _masked(self, found: re.Match[str]) -> str:
        text = found[0]
        if _plain(text) in self._known:
            return ID
        if "." not in text:
            return text
        return ".".join(ID if _plain(each) in self._known else each for each in text.split("."))

    @property
    def distinct(self) -> frozenset[str]:
        """Those that mean nothing else wherever they stand: none may be in what is given away."""
        signs = filter(_is_distinct, self._signs)
        return frozenset([*signs, *filter(_is_distinct_name, self._names)])


def creators_of(bundle: Path, adapters: Sequence[Adapter]) -> Creators:
    """Return what the session `bundle` says of the items of its feeds, if it has any."""
    signs: set[str] = set()
    names: set[str] = set()
    reader = FeedReader(bundle.name, adapters, b"", signs.add)
    for exchange in read_exchanges(bundle, wants=reader.wants):
        if any(isinstance(found, Serving | Item) for found in reader.read(exchange)):
            _learn(exchange, signs, names)
    fit = {each for each in signs if _LEAST <= len(each) <= _MOST_LONG}
    return Creators(fit, names)


def left_in(folder: Path, distinct: frozenset[str]) -> Iterator[Leak]:
    """Yield of each file of `folder` that it holds one of `distinct`, if it does."""
    if not distinct:
        return
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        content = f"{path.name}\n{path.read_bytes().decode('utf-8', 'replace')}"
        words = {
            *_TOKEN.findall(content),
            *(_TOKEN.findall(unquote(content)) if "%" in content else ()),
        }
        if any(not distinct.isdisjoint(_said(each)) for each in words):
            yield Leak(path.relative_to(folder).as_posix(), "feed", "raw")


def _learn(exchange: Exchange, signs: set[str], names: set[str]) -> None:
    for leaf in decode(exchange).leaves:
        if leaf.part != "response" or len(signs) + len(names) > _MOST:
            continue
        value = leaf.value.strip()
        if is_named(leaf.path):
            names.add(value.lstrip("@"))
        elif found := _URL.fullmatch(value):
            signs.update(_of_url(found[1]))
        elif _is_sign(leaf, value):
            signs.add(value)
            signs.update(_of_url(value) if "/" in value else ())


def _is_sign(leaf: Leaf, value: str) -> bool:
    if not _LEAST <= len(value) <= _MOST_LONG or any(char.isspace() for char in value):
        return False
    return _IDS.search(leaf.path) is not None


def _of_url(path: str) -> Iterator[str]:
    """Yield the parts of a path that no rule and no word explains, with and without an ending."""
    for part in unquote(path.partition("?")[0].partition("#")[0]).split("/"):
        if len(part) >= _LEAST and not _is_usual(part):
            yield part
            stem = part.partition("~")[0].partition(".")[0]
            if len(stem) >= _LEAST and not _is_usual(stem):
                yield stem


def _shown(part: str) -> str:
    return part if not part or _is_usual(_MASK.sub("", part)) else TEXT


def _is_usual(part: str) -> bool:
    """Tell whether every word in a part of a path is one that rules name, or everybody uses."""
    known = _words()
    return all(
        each.lower() in known or _SHORT.fullmatch(each) for each in _PARTS.split(part) if each
    )


@lru_cache(maxsize=1)
def _words() -> frozenset[str]:
    adapters = load_adapters()
    places = [each.place for adapter in adapters for each in adapter.surfaces]
    places += [each.place for adapter in adapters for each in adapter.watches]
    paths = [path for place in places for path in place.paths]
    for tracker in load_knowledge().trackers:
        paths += [path for endpoint in tracker.endpoints for path in endpoint.paths]
    # Of a regular expression what is written out; a class of letters is no word.
    named = (re.sub(r"\\[A-Za-z]|\[[^\]]*\]|\(\?[A-Za-z]*", " ", path) for path in paths)
    found = {word.lower() for path in named for word in _WORD.findall(path)}
    return frozenset(found | set(_USUAL.split()))


def _is_distinct(sign: str) -> bool:
    """Tell whether a sign is none of those that others use, too: of packages, versions, screens."""
    if sign.isdigit():
        return len(sign) >= _DIGITS
    return len(sign) >= _DISTINCT and "." not in sign and _is_odd(sign)


def _is_distinct_name(name: str) -> bool:
    """Tell it of a handle; most names are words."""
    if len(name) < _LEAST or name.isdigit() or name.startswith(_PACKAGES):
        return False
    return _is_odd(name) or ("." in name and _TOKEN.fullmatch(name) is not None)


def _is_odd(text: str) -> bool:
    return (
        any(char.isdigit() for char in text)
        and _TOKEN.fullmatch(text) is not None
        and not _is_usual(text)
    )


def _said(token: str) -> Iterator[str]:
    """Yield a word, and where dots are in it every run of its parts: names of hosts have more."""
    yield _plain(token)
    parts = token.split(".")
    for size in range(1, min(_DOTS, len(parts) - 1) + 1):
        for start in range(len(parts) - size + 1):
            yield _plain(".".join(parts[start : start + size]))


def _plain(text: str) -> str:
    return text.strip("-._ ").casefold()
