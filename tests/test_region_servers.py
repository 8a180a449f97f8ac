"""The countries of servers, as databases have them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import recording
from geo_rig import GERMANY, KENYA, database
from recording import STUDY, post, record

from analyzer.errors import UserError
from analyzer.findings import Server
from analyzer.frames import analyse, load_frames
from analyzer.knowledge import load_knowledge
from analyzer.pipeline import analyse_bundle
from analyzer.region import servers as module
from analyzer.region.servers import Servers
from analyzer.study import Study

NAMED = STUDY.replace("[arms]", 'geo_databases = ["geo/country.mmdb"]\n\n[arms]')
SOURCE = "geo:country.mmdb 2026-06-17"


@pytest.fixture
def study(tmp_path: Path) -> Study:
    places = {f"{KENYA}/32": "KE", f"{GERMANY}/32": "DE"}
    database(tmp_path / "geo" / "country.mmdb", places)
    return recording.study(tmp_path, NAMED)


def sent(*addresses: str | None) -> list[object]:
    return [replace(post(t_s=1.0 + at), server_ip=each) for at, each in enumerate(addresses)]


def test_each_country_of_a_host_is_a_row_with_its_source(study: Study) -> None:
    bundle = record(study, "KE-13", exchanges=sent(GERMANY, KENYA, KENYA, "192.0.2.1", None))  # type: ignore[arg-type]
    found = analyse_bundle(bundle, study, load_knowledge()).servers
    host = "app.waymark.example"
    assert found == (
        Server(bundle.name, host, "", SOURCE, 1),
        Server(bundle.name, host, "DE", SOURCE, 1),
        Server(bundle.name, host, "KE", SOURCE, 2),
    )


def test_a_study_that_names_no_database_asks_none(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    database(tmp_path / "evenhand" / "geo" / "found.mmdb", {f"{KENYA}/32": "KE"})
    bundle = record(study, "KE-13", exchanges=sent(KENYA))  # type: ignore[arg-type]
    bare = replace(study, geo_databases=())
    assert analyse_bundle(bundle, bare, load_knowledge()).servers == ()


def test_another_database_makes_findings_stale(study: Study) -> None:
    record(study, "KE-13", exchanges=sent(KENYA))  # type: ignore[arg-type]
    analyse(study)
    assert list(load_frames(study).servers["country"]) == ["KE"]
    assert analyse(study).done == ()
    database(study.geo_databases[0], {f"{KENYA}/32": "UG"})
    with pytest.raises(UserError, match="not up to date"):
        load_frames(study)
    assert len(analyse(study).done) == 1
    assert list(load_frames(study).servers["country"]) == ["UG"]


@pytest.mark.parametrize("content", [None, b"not a database"])
def test_a_database_that_is_none_is_the_users_to_mend(study: Study, content: bytes | None) -> None:
    record(study, "KE-13", exchanges=sent(KENYA))  # type: ignore[arg-type]
    study.geo_databases[0].unlink()
    if content is not None:
        study.geo_databases[0].write_bytes(content)
    with pytest.raises(UserError, match=r"country\.mmdb"):
        analyse(study)


def test_too_many_addresses_are_a_counted_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    found = Servers()
    for at in range(5):
        found.exchange("a.example", f"192.0.2.{at}")
    found.exchange("a.example", "192.0.2.0")
    [problem] = found.problems
    assert (problem.code, problem.detail) == ("too_many_servers", "2 exchanges beyond 3 addresses")


@pytest.mark.parametrize("wrong", ["3", '["a", 3]', '[""]', '"country.mmdb"'])
def test_databases_are_named_in_a_list(tmp_path: Path, wrong: str) -> None:
    text = STUDY.replace("[arms]", f"geo_databases = {wrong}\n\n[arms]")
    with pytest.raises(UserError, match="geo_databases"):
        recording.study(tmp_path, text)
