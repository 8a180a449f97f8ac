"""What no recorder wrote is damage to whoever reads it, and to `verify` alike."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path

import pytest
from bundle_rig import resealed
from cli_rig import run
from recording import post, record, study

from analyzer.bundle import store, verify
from analyzer.errors import UserError
from analyzer.models import Event
from analyzer.readers.bundle import (
    read_checkups,
    read_connections,
    read_events,
    read_exchanges,
    read_measured,
    read_steps,
)
from analyzer.study import Study

CONNECTION = (
    "INSERT INTO connection(t_s, ended_s, phone, host, address, transport, outcome, bytes_up,"
    " bytes_down) VALUES({})"
)
MOST = 2**48 - 1


@pytest.fixture
def found(tmp_path: Path) -> Study:
    made = study(tmp_path / "study")
    record(made, "KE-13", 1, [post()], events=[Event(0.5, "tls_refused", "a.example", "", 1, 2)])
    record(made, "DE-13", 1, [post()])
    return made


def changed(bundle: Path, *statements: str) -> Path:
    """Change a sealed bundle, and seal it as if it had always been so."""
    database, description = bundle / store.DATABASE, bundle / "session.json"
    with contextlib.closing(sqlite3.connect(database)) as opened:
        for each in statements:
            opened.execute(each)
        opened.commit()
        raw = json.loads(description.read_text())
        for table in ("connection", "event", "step"):
            [(raw["counts"][f"{table}s"],)] = opened.execute(f"SELECT count(*) FROM {table}")
    description.write_text(json.dumps(raw))
    resealed(bundle)
    return bundle


def read_all(bundle: Path) -> None:
    for read in read_exchanges, read_events, read_connections, read_checkups, read_measured:
        list(read(bundle))
    read_steps(bundle)


def connection(
    *, t_s: str = "1.0", ended_s: str = "2.0", host: str = "'a.example'", transport: str = "'tcp'",
    outcome: str = "'passed'", up: int = 0, down: int = 0,
) -> str:  # fmt: skip
    phone, address = "'10.0.0.1'", "'192.0.2.1:443'"
    values = [t_s, ended_s, phone, host, address, transport, outcome, str(up), str(down)]
    return CONNECTION.format(", ".join(values))


SOUND = [
    connection(),
    connection(ended_s="NULL", up=MOST, down=MOST),
    "INSERT INTO checkup(t_s, phone, name, state, found) VALUES(1, 'p', 'dns', 'ok', '')",
    "INSERT INTO measured(t_s, topic, value, source) VALUES(1, 'locale', 'sw-KE', 'adb')",
]
NOT_SOUND = [
    connection(outcome="'exploded'"),
    connection(transport="'carrier pigeon'"),
    connection(t_s="9e999"),
    connection(ended_s="-9e999"),
    connection(t_s="-1.0"),
    connection(up=MOST + 1),
    connection(down=2**63 - 1),
    connection(down=-5),
    connection(host="cast(x'ff' AS text)"),
    "INSERT INTO checkup(t_s, phone, name, state, found) VALUES(1, 'p', 'dns', 'exploded', '')",
    "INSERT INTO checkup(t_s, phone, name, state, found) VALUES(1, 'p', 'd', 'ok', x'ff' || '')",
    "INSERT INTO measured(t_s, topic, value, source) VALUES(9e999, 'locale', '', '')",
    "INSERT INTO measured(t_s, topic, value, source) VALUES(1, 'x', cast(x'ff' AS text), '')",
    "UPDATE event SET bytes_up=9223372036854775807",
    "UPDATE event SET bytes_down=-1",
    "UPDATE event SET kind='exploded'",
    "UPDATE step SET name=cast(x'ff' AS text)",
    "UPDATE exchange SET request_cut=9223372036854775807",
    "UPDATE exchange SET response_headers='['",
    "INSERT INTO message(exchange, seq, t_s, from_client, cut) VALUES(1, 1, 1, 1, -1)",
]


@pytest.mark.parametrize("statement", SOUND)
def test_what_a_recorder_can_have_written_is_read(found: Study, statement: str) -> None:
    bundle = changed(next(found.captures.glob("KE-13-*")), statement)
    read_all(bundle)
    assert verify(bundle) == []


@pytest.mark.parametrize("statement", NOT_SOUND)
def test_verify_calls_damaged_what_cannot_be_read(found: Study, statement: str) -> None:
    bundle = changed(next(found.captures.glob("KE-13-*")), statement)
    with pytest.raises(UserError, match="is damaged"):
        read_all(bundle)
    [said] = verify(bundle)
    assert said.startswith("capture.sqlite is damaged: ")


def test_numbers_that_are_too_many_bytes_together_are_damage(found: Study) -> None:
    many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<5000)"
    one = connection(up=MOST).replace("VALUES(", "SELECT ").removesuffix(")")
    insert, _, values = one.partition(" SELECT ")
    bundle = changed(
        next(found.captures.glob("KE-13-*")), f"{many} {insert} SELECT {values} FROM n"
    )
    with pytest.raises(UserError, match="more bytes than there can be"):
        read_connections(bundle)
    assert "more bytes than there can be" in verify(bundle)[0]


def test_one_hostile_session_does_not_keep_the_others_from_being_analysed(found: Study) -> None:
    huge = connection(up=2**63 - 1, down=2**63 - 1)
    bundle = changed(next(found.captures.glob("KE-13-*")), huge, huge)
    result = run("analyze", root=found.root)
    assert "Traceback" not in result.stderr
    assert f"left out: {bundle.name}: capture.sqlite is damaged" in result.stderr
    assert result.exit_code == 0


def test_a_body_of_impossible_size_is_missing_and_no_more(found: Study) -> None:
    bundle = next(found.captures.glob("KE-13-*"))
    changed(bundle, "UPDATE body SET size=9223372036854775807, zstd=x'00'")
    [exchange] = read_exchanges(bundle)
    assert 0 < exchange.truncated <= 2 * store.KEEP
    assert not exchange.complete
