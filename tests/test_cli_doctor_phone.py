"""`doctor` on phones: how they join, what was left on them, where they leave from."""

from __future__ import annotations

import datetime
import shutil
import socket
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from recording import post, record, study

from analyzer.cli import health_phone
from analyzer.cli.health import Check
from analyzer.cli.health_phone import examine_phones
from analyzer.phone import journal


@pytest.fixture(autouse=True)
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person of whom nothing is on this machine yet."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def checks(name: str, folder: Path, port: int = 0) -> list[Check]:
    found = examine_phones(folder, folder / "conf", port)
    return [each for each in found if each.what.startswith(name)]


def check(name: str, folder: Path, port: int = 0) -> Check:
    [found] = checks(name, folder, port)
    return found


def authority(folder: Path) -> Path:
    """A certificate authority as the proxy makes it, with the key in a file of its own."""
    (folder / "conf").mkdir()
    issuer = trustme.CA()
    issuer.cert_pem.write_to_path(folder / "conf" / "mitmproxy-ca-cert.pem")
    key = folder / "conf" / "mitmproxy-ca.pem"
    issuer.private_key_pem.write_to_path(key)
    key.chmod(0o600)
    return key


def test_a_new_machine_lacks_nothing_that_it_must_have(tmp_path: Path) -> None:
    found = examine_phones(tmp_path, tmp_path / "conf", 0)
    assert {each.what.partition(",")[0] for each in found} == {
        "WireGuard", "IPv6", "certificate authority", "adb", "country databases", "packets"
    }  # fmt: skip
    for each in found:
        assert each.state != "bad"
        assert bool(each.fix) == (each.state == "note")


def test_a_tunnel_port_that_is_taken_is_bad(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("", 0))
        found = check("WireGuard", tmp_path, taken.getsockname()[1])
    assert (found.state, found.found) == ("bad", "Address already in use")
    assert "evenhand proxy --port" in found.fix


def test_an_authority_that_others_can_read_is_bad(tmp_path: Path) -> None:
    key = authority(tmp_path)
    assert check("certificate authority", tmp_path).state == "ok"
    key.chmod(0o644)
    found = check("certificate authority", tmp_path)
    assert (found.state, found.fix.partition(":")[0]) == ("bad", f"chmod 600 {key}")


def test_an_authority_that_ends_soon_is_bad(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority(tmp_path)
    raw = (tmp_path / "conf" / "mitmproxy-ca-cert.pem").read_bytes()
    end = x509.load_pem_x509_certificate(raw).not_valid_after_utc.date()
    for days, state in ((31, "ok"), (29, "bad"), (-1, "bad")):
        today = end - datetime.timedelta(days=days)
        monkeypatch.setattr(health_phone, "_today", lambda today=today: today)
        assert check("certificate authority", tmp_path).state == state


def test_an_authority_that_is_none_is_bad(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "mitmproxy-ca-cert.pem").write_text("junk", encoding="utf-8")
    assert check("certificate authority", tmp_path).state == "bad"


def test_what_was_left_on_a_phone_is_bad_until_it_is_undone(tmp_path: Path) -> None:
    assert checks("left", tmp_path) == []
    change = journal.Change("proxy", "0" * 32, "Pixel 7", journal.now(), 8080)
    journal.write(change).close()
    [found] = checks("left", tmp_path)
    assert (found.state, found.fix) == ("bad", "evenhand phone undo")
    assert "Pixel 7" in found.found


def test_without_adb_only_phones_at_a_cable_suffer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert check("adb", tmp_path).state == "note"


def test_a_database_that_is_none_is_bad(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "evenhand" / "geo"
    folder.mkdir(parents=True)
    (folder / "one.mmdb").write_bytes(b"junk")
    assert check("country databases", tmp_path).state == "bad"


def test_sessions_that_were_never_closed_are_named(tmp_path: Path) -> None:
    found = study(tmp_path)
    assert checks("sessions", tmp_path) == []
    bundle = record(found, "KE-13", 1, [post()], close=False)
    [crashed] = checks("sessions", tmp_path)
    assert (crashed.state, crashed.fix) == ("bad", "evenhand recover")
    assert bundle.name in crashed.found


def test_packets_need_an_administrator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert check("packets", tmp_path).state == "note"
