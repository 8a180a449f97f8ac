"""Connections, checkups and measurements in a bundle; bundles of the first version."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from bundle_rig import ARM, a_study, a_writer, an_exchange

from analyzer.bundle import (
    BundleWriter,
    add_measured,
    new_session,
    read_session,
    recover,
    store,
    verify,
)
from analyzer.errors import UserError
from analyzer.models import Connection, Event
from analyzer.readers.bundle import (
    read_checkups,
    read_connections,
    read_events,
    read_exchanges,
    read_measured,
)


@pytest.fixture
def writer(tmp_path: Path) -> BundleWriter:
    return a_writer(a_study(tmp_path))


def of_version_1(writer: BundleWriter) -> Path:
    """Turn a bundle under way into one that the first version wrote, and seal it."""
    with contextlib.closing(sqlite3.connect(writer.path / store.DATABASE)) as database:
        for table in ("connection", "checkup", "measured"):
            database.execute(f"DROP TABLE {table}")
        database.execute("ALTER TABLE exchange DROP COLUMN connection")
        database.execute("PRAGMA writable_schema=ON")
        database.execute(
            "UPDATE sqlite_schema SET sql=? WHERE name='exchange'", (store.EXCHANGE_1,)
        )
        database.execute("PRAGMA user_version=1")
        database.commit()
    writer.close("stopped")
    description = writer.path / "session.json"
    raw = json.loads(description.read_text())
    for name in ("mode", "instrumented", "beside", "policy"):
        del raw[name]
    description.write_text(json.dumps(raw | {"schema": 1}))
    (writer.path / "SHA256SUMS").unlink()
    recover(writer.path)
    return writer.path


def test_what_becomes_of_a_connection_is_read_back(writer: BundleWriter) -> None:
    number = writer.connections.open(
        t_s=0.5, phone="10.0.0.1", transport="tcp", address="192.0.2.7:443"
    )
    writer.connections.change(number, host="pinned.example", tls="TLSv1.3", alpn="h2")
    writer.connections.change(
        number, outcome="passed", reason="a reason", bytes_up=7, bytes_down=9, ended_s=2.5
    )
    writer.connections.change(number)
    other = writer.connections.open(t_s=1.0, phone="fd00:10::1", transport="quic", host="b.example")
    writer.close("stopped")
    assert read_connections(writer.path) == (
        Connection(
            number, 0.5, 2.5, "10.0.0.1", "pinned.example", "192.0.2.7:443", "tcp", "h2",
            "TLSv1.3", "passed", "a reason", 7, 9,
        ),
        Connection(other, 1.0, None, "fd00:10::1", "b.example", "", "quic", "", "", "open", "",
                   0, 0),
    )  # fmt: skip
    assert list(read_events(writer.path)) == [
        Event(0.5, "tls_passthrough", "pinned.example", "a reason", 7, 9)
    ]
    assert dict(read_session(writer.path).counts)["connections"] == 2
    assert verify(writer.path) == []


def test_an_exchange_knows_its_connection(writer: BundleWriter) -> None:
    number = writer.connections.open(t_s=0.0, phone="10.0.0.1", transport="tcp")
    writer.begin_exchange(
        t_s=0.1, method="GET", url="https://a.example/", headers=(), body=b"", transport="h2",
        connection=number,
    )  # fmt: skip
    writer.close("stopped")
    with contextlib.closing(store.open_to_read(writer.path / store.DATABASE)) as database:
        assert database.execute("SELECT connection FROM exchange").fetchall() == [(number,)]


def test_checkups_and_measurements_are_read_back(writer: BundleWriter) -> None:
    writer.add_checkup("10.0.0.1", "time_zone", "bad", "Europe/Berlin")
    writer.add_measured("locale", "sw-KE", "check page")
    add_measured(writer.path, "sim_country", "KE", "adb")
    [checkup] = read_checkups(writer.path)
    assert (checkup.name, checkup.state, checkup.found) == ("time_zone", "bad", "Europe/Berlin")
    assert [(each.topic, each.value, each.source) for each in read_measured(writer.path)] == [
        ("locale", "sw-KE", "check page"),
        ("sim_country", "KE", "adb"),
    ]
    writer.close("stopped")
    with pytest.raises(UserError, match="not being recorded"):
        add_measured(writer.path, "sim_country", "KE", "adb")


@pytest.mark.parametrize(
    ("countries", "egress"), [([], None), (["KE", "KE"], "KE"), (["KE", "US"], "disputed")]
)
@pytest.mark.parametrize("crash", [False, True])
def test_the_exit_country_is_what_the_measurements_agree_on(
    writer: BundleWriter,
    tmp_path: Path,
    countries: list[str],
    egress: str | None,
    crash: bool,
) -> None:
    for number, country in enumerate(countries):
        writer.add_measured("exit_country", country, f"geo:{number}.mmdb 2026-06-17")
    path = writer.path
    if crash:
        path = tmp_path / "crashed"
        shutil.copytree(writer.path, path)
        assert recover(path).egress == egress
    else:
        assert writer.close("stopped").egress == egress
    assert read_session(path).egress == egress


def test_a_bundle_of_the_first_version_is_read_and_verified(writer: BundleWriter) -> None:
    writer.add_exchange(an_exchange())
    writer.add_event(Event(1.0, "tls_refused", "pinned.example", "why", 0, 0))
    path = of_version_1(writer)
    assert verify(path) == []
    assert [each.url for each in read_exchanges(path)] == [an_exchange().url]
    assert [each.host for each in read_events(path)] == ["pinned.example"]
    assert (read_connections(path), read_checkups(path), read_measured(path)) == ((), (), ())
    assert read_session(path).mode == ""


def test_a_session_says_how_it_was_recorded(tmp_path: Path) -> None:
    session = new_session(
        a_study(tmp_path),
        ARM,
        origin="proxy",
        mode="wireguard",
        instrumented="frida",
        beside="another",
        policy=["QUIC refused"],
    )
    writer = BundleWriter.create(a_study(tmp_path).captures, session, phase="use")
    writer.close("stopped")
    found = read_session(writer.path)
    assert (found.mode, found.instrumented, found.beside) == ("wireguard", "frida", "another")
    assert found.policy == ("QUIC refused",)
