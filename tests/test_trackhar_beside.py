"""TrackHAR itself, run beside this program: on real recordings, and on all that it describes."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.data.trackhar.adapters import Adapter, read_adapters
from benchmarks.trackhar_parity import __main__ as command
from benchmarks.trackhar_parity.comparison import Adapters, Parity, compare
from benchmarks.trackhar_parity.reading import PACKAGE, missing, ours, theirs
from benchmarks.trackhar_parity.synthesis import write_har

RECORDINGS = (
    ("mobile-har/first-run.har", 153),
    ("mobile-har/second-run.har", 109),
    ("mobile-har/quizduel.har", 54),
    ("web-har/linkedin.har", 15),
    ("web-har/bbc.har", 0),  # all from before TrackHAR's trackers: nothing is listed
)


@pytest.fixture(scope="module")
def adapters() -> Adapters:
    """TrackHAR's description of itself; it needs node and its package."""
    if reason := missing():
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return Adapters()


@pytest.fixture(scope="module")
def described(adapters: Adapters, tmp_path_factory: pytest.TempPathFactory) -> Parity:
    """The comparison for a file that holds everything that TrackHAR describes."""
    har = tmp_path_factory.mktemp("parity") / "adapters.har"
    write_har(har)
    return compare(har.name, adapters, theirs(har), ours(har))


def told(result: Parity) -> str:
    """The misses, one a line, as a failing test shows them."""
    return "\n".join(f"{e.entry + 1} {e.adapter} {e.property} at {e.place}" for e in result.misses)


@pytest.mark.parametrize(("name", "listed"), RECORDINGS, ids=[name for name, _ in RECORDINGS])
def test_nothing_that_trackhar_finds_in_a_recording_is_missed(
    adapters: Adapters, shared_data: Path, name: str, listed: int
) -> None:
    har = shared_data / name
    result = compare(har.name, adapters, theirs(har), ours(har))
    assert result.listed == listed
    assert not result.misses, told(result)
    assert result.recall == 1
    assert sum(result.alone.values()) > 0


def test_everything_that_trackhar_describes_is_found(described: Parity) -> None:
    assert described.listed > 2_700
    assert not described.misses, told(described)
    assert described.recall == 1


def test_every_adapter_of_trackhar_has_its_requests_in_the_file_of_its_own(
    adapters: Adapters, tmp_path: Path
) -> None:
    har = tmp_path / "adapters.har"
    facts = write_har(har)
    found = {each.adapter for each in theirs(har).findings}
    assert found == {each.name for each in read_adapters(PACKAGE)[1]}
    assert facts > 2_700


def test_what_is_not_found_is_a_miss_with_its_place(adapters: Adapters, tmp_path: Path) -> None:
    har = tmp_path / "adapters.har"
    write_har(har)
    their = theirs(har)
    here = ours(har)
    blind = replace(here, found={at: each for at, each in here.found.items() if at})
    result = compare(har.name, adapters, their, blind)
    assert result.recall < 1
    assert {each.entry for each in result.misses} == {0}
    first = their.findings[0]
    assert (result.misses[0].adapter, result.misses[0].property) == (first.adapter, first.property)
    assert first.path in result.misses[0].place


def test_a_finding_of_another_kind_at_the_place_does_not_count(
    adapters: Adapters, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    har = tmp_path / "adapters.har"
    write_har(har)
    their = theirs(har)
    describe = adapters.describe
    contacts = frozenset({"soc.contacts"})
    monkeypatch.setattr(adapters, "describe", lambda finding: (contacts, describe(finding)[1]))
    result = compare(har.name, adapters, their, ours(har))
    assert result.recall == 0
    assert len(result.misses) == len(their.findings)


def test_the_command_prints_recall_rates_and_what_only_we_find(
    adapters: Adapters, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    har = str(shared_data / "web-har" / "linkedin.har")
    assert command.main([har]) == 0
    table = capsys.readouterr().out
    assert "linkedin.har: 23 requests, 15 findings of TrackHAR" in table
    assert "100.0% of 15 pairs" in table
    assert "demo.language" in table
    assert command.main(["--json", har]) == 0
    (result,) = json.loads(capsys.readouterr().out)
    assert result["recall"] == 1
    assert result["misses"] == []
    assert result["alone"]["rule"] > 0
    assert result["our_rate"] > 0
    assert result["their_rate"] > 0


@pytest.fixture(scope="module")
def adapter_named(adapters: Adapters) -> Callable[[str], Adapter]:
    """One of TrackHAR's adapters, by its name."""
    known = {each.name: each for each in read_adapters(PACKAGE)[1]}
    return lambda name: known[name]


@pytest.mark.parametrize(
    ("name", "hosts"),
    [
        ("adcolony/configure", ("*.adcolony.com",)),
        ("openx/w-1-0-cm", ("*.openx.net",)),
        ("branch-io/v1", ("api2.branch.io", "api.branch.io")),
        ("facebook/adnw-sync2", ("www.facebook.com", "web.facebook.com")),
    ],
)
def test_hosts_with_a_variable_part_become_patterns_of_ours(
    adapter_named: Callable[[str], Adapter], name: str, hosts: tuple[str, ...]
) -> None:
    assert adapter_named(name).hosts() == hosts


def test_a_closing_slash_is_allowed_where_trackhar_allows_it(
    adapter_named: Callable[[str], Adapter],
) -> None:
    assert adapter_named("openx/w-1-0-sd").paths() == ("/w/1.0/sd", "/w/1.0/sd/")
    assert adapter_named("equativ/smartadserver-rtb-csync-redir").paths() == ("/redir/",)
