"""A tunnel's configuration gets onto the phone, and its private key never stays there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_phone import FakePhone, connect, own_server

from analyzer.errors import UserError
from analyzer.joining.wireguard import Keys, android_config, make_key
from analyzer.phone import Adb, find_adb, pending_undo, undo_pending
from analyzer.phone.tunnel import APP, delivered

REMOTE = "/sdcard/Download/KE-13.conf"


@pytest.fixture(autouse=True)
def state(tmp_path: Path) -> Iterator[Path]:
    with own_server(tmp_path / "home") as folder:
        yield folder


@pytest.fixture
def phone() -> Iterator[FakePhone]:
    with FakePhone() as made:
        made.install(APP, "1.0.20260101", {"base.apk": b"x"})
        connect(made)
        yield made


@pytest.fixture
def adb() -> Adb:
    return find_adb()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "KE-13.conf"
    path.write_text(android_config(Keys(make_key(), make_key()), "192.0.2.7", 51820).text)
    return path


def test_the_file_is_there_and_the_app_open_until_the_end(
    phone: FakePhone, adb: Adb, config: Path, state: Path
) -> None:
    with delivered(adb, phone.serial, config) as there:
        assert phone.files[REMOTE] == config.read_bytes()
        assert there.name == "KE-13.conf"
        assert there.opened
        assert f"am start -n {APP}/.activity.MainActivity" in phone.ran
    assert REMOTE not in phone.files
    assert there.state.left == ""
    assert list(state.glob("*")) == []


def test_an_app_that_does_not_open_is_opened_by_the_person(
    phone: FakePhone, adb: Adb, config: Path
) -> None:
    phone.answers[f"am start -n {APP}/.activity.MainActivity"] = (
        b"Starting: Intent { }\nError type 3\nError: Activity class does not exist.\n"
    )
    with delivered(adb, phone.serial, config) as there:
        assert not there.opened
        assert REMOTE in phone.files


def test_a_key_that_could_not_be_removed_is_removed_when_the_phone_is_back(
    phone: FakePhone, adb: Adb, config: Path
) -> None:
    with delivered(adb, phone.serial, config) as there:
        phone.adbd.unplug()
    assert "cannot be reached" in there.state.left
    [change] = pending_undo()
    assert str(change).startswith(f"Pixel 7 has had a tunnel's private key in {REMOTE} since 20")
    assert REMOTE in phone.files
    phone.adbd.plug()
    connect(phone)
    assert undo_pending(adb) == ([change], [])
    assert REMOTE not in phone.files


def test_a_phone_that_keeps_the_file_is_not_called_clean(
    phone: FakePhone, adb: Adb, config: Path
) -> None:
    phone.answers[f"rm -f {REMOTE}"] = b"rm: Operation not permitted\n"
    with delivered(adb, phone.serial, config) as there:
        pass
    assert there.state.left.startswith(f"{REMOTE} cannot be removed from the phone")
    assert len(pending_undo()) == 1


def test_a_file_of_the_same_name_is_not_written_over(
    phone: FakePhone, adb: Adb, config: Path
) -> None:
    phone.files[REMOTE] = b"mine"
    with (
        pytest.raises(UserError, match=r"has a file KE-13\.conf in its Download folder"),
        delivered(adb, phone.serial, config),
    ):
        raise AssertionError("it must not begin")
    assert phone.files[REMOTE] == b"mine"


def test_without_the_app_nothing_is_put_on_the_phone(
    phone: FakePhone, adb: Adb, config: Path
) -> None:
    phone.apps.clear()
    before = dict(phone.files)
    with (
        pytest.raises(UserError, match="WireGuard is not installed on the phone"),
        delivered(adb, phone.serial, config),
    ):
        raise AssertionError("it must not begin")
    assert phone.files == before


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("x.conf", None, "cannot be read"),
        ("x.conf", "", "is not a configuration of WireGuard"),
        ("x.conf", "[Interface]\nPrivateKey = short\n", "is not a configuration of WireGuard"),
        ("x.conf", "[Interface]\n" + "#" * 70000, "is not a configuration of WireGuard"),
        ("x.txt", "good", r"takes no tunnel of the name x\.txt: rename"),
        ("much-too-long-name.conf", "good", "takes no tunnel of the name"),
        ("a b.conf", "good", r"takes no tunnel of the name a b\.conf"),
    ],
)
def test_what_wireguard_would_refuse_is_refused_before(
    phone: FakePhone, adb: Adb, config: Path, name: str, text: str | None, complaint: str
) -> None:
    path = config.with_name(name)
    if text is not None:
        path.write_text(config.read_text() if text == "good" else text)
    ran = len(phone.ran)
    with (
        pytest.raises(UserError, match=complaint),
        delivered(adb, phone.serial, path),
    ):
        raise AssertionError("it must not begin")
    assert len(phone.ran) == ran
